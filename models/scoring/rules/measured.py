"""How often each rule opens, by what is wrong with the meter: what confidence is made of.

Measured on labelled fleets, `openings` in `evaluation.json` of `meterwatch evaluate --first-seed 0` of

    --scenario electricity, simulated (3 seeds), packaged, and real homes of the Smart Grid, Smart City trial (New South
    Wales), of Fontana (California) and of opengrid (Belgium) (5 seeds), each with trees that were not shown its homes:
    154,389 meter-days;
    --scenario water, simulated (3 seeds), and real homes of DAIAD (Alicante, 5 seeds): 124,941 meter-days;
    --scenario gas, simulated (5 seeds): 136,499 meter-days.

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

LASTS_DAYS: Final = 7.0
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


_NO_SPIKES: Final = "measured; the share is ours, for no event is a spike"
_MEASURED: Final[Mapping[str, Mapping[str, Openings]]] = {
    "electricity": {
        "D1": Openings(0.01, {"estimated_read_error": 0.18}),
        "D2": Openings(0.01, {"data_error": 0.49, "estimated_read_error": 0.057}),
        "D3": Openings(0.01, {"data_error": 0.3}, _NO_SPIKES),
        "D5": Openings(0.013, {"data_error": 0.32, "theft": 0.066, "unusual_use": 0.0035}),
        "D12": Openings(0.32, {"data_error": 0.3, "theft": 0.064, "unusual_use": 0.031}),
        "D13": Openings(0.014, {"estimated_read_error": 0.8}),
        "D16": Openings(0.01, {"estimated_read_error": 0.21}),
        "D17": Openings(0.015, {"meter_fault": 0.95}),
        "E3": Openings(0.42, {"theft": 0.09, "unusual_use": 0.024}),
        "S1": Openings(0.051, {"unusual_use": 0.035, "meter_fault": 0.024}),
        "S2": Openings(0.25, {"theft": 0.51, "unusual_use": 0.024}),
    },
    "water": {
        "D1": Openings(0.01, {"estimated_read_error": 1.0}),
        "D2": Openings(0.01, {"data_error": 0.5}),
        "D3": Openings(0.01, {"data_error": 0.3}, _NO_SPIKES),
        "D5": Openings(0.01, {"data_error": 0.51}),
        "D10": Openings(0.12, {"data_error": 0.3}, "measured; the share is ours, for no event has negative intervals"),
        "D12": Openings(0.037, {"data_error": 0.02, "unusual_use": 0.062}, "measured; no shift was found"),
        "D13": Openings(0.01, {"estimated_read_error": 0.037, "leak": 0.027}),
        "D17": Openings(0.39, {"meter_fault": 0.1}, "measured; the share is ours, for events end before it speaks"),
        "W1": Openings(0.093, {"leak": 0.39}),
        "W4": Openings(0.043, {"leak": 0.21, "unusual_use": 0.017}),
        "W8": Openings(0.01, {"leak": 0.014}),
        "W10": Openings(0.015, {"leak": 0.01}, "measured; none was so large"),
        "W13": Openings(2.5, {"meter_fault": 0.96, "unusual_use": 0.24, "leak": 0.0068}),
        "W14": Openings(0.086, {"leak": 0.6}),
        "W15": Openings(0.026, {"burst": 1.0}),
        "W16": Openings(0.04, {"leak": 0.2, "unusual_use": 0.011}),
    },
    "gas": {
        "D1": Openings(0.01, {"estimated_read_error": 0.4}),
        "D2": Openings(0.01, {"data_error": 0.57, "estimated_read_error": 0.042}),
        "D3": Openings(0.01, {"data_error": 0.3}, _NO_SPIKES),
        "D5": Openings(0.01, {"data_error": 0.32}),
        "D6": Openings(0.01, {"estimated_read_error": 0.092}),
        "D13": Openings(0.01, {"estimated_read_error": 0.58, "leak": 0.042}),
        "D16": Openings(0.01, {"estimated_read_error": 0.2}),
        "D17": Openings(0.073, {"meter_fault": 0.89, "unusual_use": 0.0037}),
        "D18": Openings(0.01, {"estimated_read_error": 0.1, "data_error": 0.066}),
        "G5": Openings(0.059, {"meter_fault": 0.89}),
        "G6": Openings(0.16, {"leak": 0.93, "data_error": 0.013}),
        "W6": Openings(0.01, {"burst": 1.0}),
        "W15": Openings(0.029, {"burst": 1.0, "data_error": 0.079}),
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


def _shares() -> NDArray[np.float64]:
    shares = np.zeros((len(SERVICES), len(RULES), len(CAUSES)))
    for service, number, known in _every():
        for cause, share in known.of.items():
            shares[service, number, CAUSES.index(cause)] = share
    return shares


def _false_rates() -> NDArray[np.float64]:
    """[services, rules] per 1,000 meter-days; infinite where a service has no such rule."""
    rates = np.full((len(SERVICES), len(RULES)), np.inf)
    for service, number, known in _every():
        rates[service, number] = known.false_rate
    return rates


SHARES: Final = _shares()
"""[services, rules, causes] of the events of a cause, those on which the rule opens"""
ODDS: Final = SHARES / _false_rates()[:, :, None]
"""[services, rules, causes] for a rule that opened: true against false, at one event in 1,000 meter-days"""
OWN: Final = np.array([CAUSES.index(rule.cause) for rule in RULES])
"""[rules] place of its cause"""


def _false_days() -> NDArray[np.float64]:
    days = np.zeros((len(SERVICES), len(RULES)))
    for service, number, known in _every():
        if RULES[number] not in model.RULES:
            days[service, number] = known.false_rate * LASTS_DAYS / 1000
    return days


FALSE_DAYS: Final = _false_days()
"""[services, rules] share of clean meter-days that have a finding of the rule; 0 of what only passes on what the models
say, for the score has that already"""
