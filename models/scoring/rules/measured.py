"""How often each rule opens, by what is wrong with the meter: what confidence is made of.

Measured on labelled fleets, `openings` in `evaluation.json` of `meterwatch evaluate --first-seed 0 --seeds 3` of

    --scenario electricity, simulated, packaged (5 seeds), and real homes of the Smart Grid, Smart City trial (New South
    Wales) and of Fontana (California), each with trees that were not shown its homes: 119,468 meter-days;
    --scenario water, simulated, and real homes of DAIAD (Alicante): 107,925 meter-days.

A false rate is the geometric mean of the fleets' (0.01 at least, for none is long enough to show less): they lie up
to a hundredfold apart, and another utility lies somewhere between. Shares are of all events together. Of what no label
covers, or no event long enough, figures are ours, and say so.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.domain.causes import CAUSES, Cause
from models.domain.units import SERVICES
from models.scoring.rules.catalogue import model
from models.scoring.rules.registry import NUMBER, RULES

_LASTS_DAYS: Final = 7.0
"""A rule that speaks falsely goes on about so long."""
STORY_DAYS: Final = 14
"""Findings of so many days are evidence of one thing: that a rule speaks falsely once more meanwhile is chance."""


class Openings(NamedTuple):
    """Of one rule and service."""

    false_rate: float
    """per 1,000 meter-days on which nothing is wrong"""
    of: Mapping[Cause, float]
    """for each event of a cause: of the rule's own it is the recall, of others how often it is mistaken"""
    source: str = "measured"


def _ours(false_rate: float, own: float, rule: str) -> Openings:
    return Openings(false_rate, {RULES[NUMBER[rule]].cause: own}, "ours")


_MEASURED: Final[Mapping[str, Mapping[str, Openings]]] = {
    "electricity": {
        "D1": Openings(0.01, {"estimated_read_error": 0.21}),
        "D2": Openings(0.017, {"data_error": 0.48, "estimated_read_error": 0.031}),
        "D3": Openings(0.075, {"data_error": 0.03, "estimated_read_error": 0.03}),
        "D5": Openings(0.014, {"data_error": 0.34, "theft": 0.05}),
        "D12": Openings(0.33, {"data_error": 0.29, "theft": 0.066}),
        "D13": Openings(0.072, {"estimated_read_error": 0.79}),
        "D16": Openings(0.027, {"estimated_read_error": 0.17}),
        "D17": Openings(0.019, {"meter_fault": 0.97}),
        "E3": Openings(0.25, {"theft": 0.05, "unusual_use": 0.012}),
        "S1": Openings(0.037, {"unusual_use": 0.003, "meter_fault": 0.17}),
        "S2": Openings(0.4, {"theft": 0.48, "meter_fault": 0.034, "unusual_use": 0.018}),
    },
    "water": {
        "D1": Openings(0.01, {"estimated_read_error": 0.94}),
        "D2": Openings(0.01, {"data_error": 0.49, "burst": 0.019}),
        "D3": Openings(0.044, {"data_error": 0.03, "unusual_use": 0.025}),
        "D5": Openings(0.01, {"data_error": 0.53, "burst": 0.037}),
        "D10": Openings(0.12, {"data_error": 0.3}, "measured; the share is ours, for no event has negative intervals"),
        "D12": Openings(0.038, {"data_error": 0.02}, "measured; none was found"),
        "D13": Openings(0.01, {"estimated_read_error": 0.083, "leak": 0.033}),
        "D17": Openings(0.37, {"meter_fault": 0.1}, "measured; the share is ours, for events end before it speaks"),
        "W1": Openings(0.088, {"leak": 0.38}),
        "W4": Openings(0.044, {"leak": 0.2, "unusual_use": 0.014}),
        "W8": Openings(0.01, {"leak": 0.17}),
        "W10": Openings(0.028, {"leak": 0.01}, "measured; none was so large"),
        "W13": Openings(2.4, {"meter_fault": 0.96, "unusual_use": 0.21, "leak": 0.007}),
        "W14": Openings(0.088, {"leak": 0.57}),
        "W15": Openings(0.01, {"burst": 0.96}),
        "W16": Openings(0.039, {"leak": 0.21, "unusual_use": 0.018}),
    },
}
_OURS: Final = {
    **{rule: _ours(0.03, 0.9, rule) for rule in ("D14", "D15")},
    **{rule: _ours(0.02, 0.3, rule) for rule in ("D1", "D2", "D5", "D6", "D8", "D13", "D16", "D18")},
    **{rule: _ours(0.1, 0.3, rule) for rule in ("D3", "D9", "D10", "D12", "D19", "E7", "E8")},
    **{rule: _ours(0.3, 0.5, rule) for rule in ("D17", "E1", "G5", "W9")},
    **{rule: _ours(0.02, 0.1, rule) for rule in ("E2", "E4", "E5", "E9")},
    **{rule: _ours(0.5, 0.3, rule) for rule in ("W2b", "W3", "W5", "G2", "G3", "G6")},
    **{rule: _ours(0.05, 0.1, rule) for rule in ("W8", "W10", "W10b")},
    **{rule: _ours(0.05, 0.5, rule) for rule in ("W6", "G1")},
    **{rule: _ours(0.3, 1.0, rule) for rule in ("W15",)},
    **{rule: _ours(10.0, 1.0, rule) for rule in ("W7", "W17")},
    **{rule: _ours(100.0, 1.0, rule) for rule in ("D4",)},
}


def openings(rule: str, service: str) -> Openings:
    """What is known of a rule; where it was not measured, ours."""
    return _MEASURED.get(service, {}).get(rule) or _OURS[rule]


def _every() -> Iterator[tuple[int, int, Openings]]:
    """Numbers of service and rule, and what is known of the two."""
    for service, name in enumerate(SERVICES):
        for number, rule in enumerate(RULES):
            if name in rule.services:
                yield service, number, openings(rule.id, name)


def _odds() -> NDArray[np.float64]:
    odds = np.zeros((len(SERVICES), len(RULES), len(CAUSES)))
    for service, number, known in _every():
        for cause, share in known.of.items():
            odds[service, number, CAUSES.index(cause)] = share / known.false_rate
    return odds


ODDS: Final = _odds()
"""[services, rules, causes] for a rule that opened: true against false, at one event in 1,000 meter-days"""
OWN: Final = np.array([CAUSES.index(rule.cause) for rule in RULES])
"""[rules] place of its cause"""


def _rarity() -> NDArray[np.float64]:
    rarity = np.zeros((len(SERVICES), len(RULES)))
    for service, number, known in _every():
        if RULES[number] not in model.RULES:
            rarity[service, number] = max(-np.log(known.false_rate * _LASTS_DAYS / 1000), 0.0)
    return rarity


RARITY: Final = _rarity()
"""[services, rules] surprise (`models.scoring.calibrate`) of a finding: how few clean days have one of the rule; 0 of
what only passes on what the models say, for the score has that already"""
