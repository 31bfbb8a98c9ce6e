"""Rules that cry wolf in this very fleet: on their word nothing is done before a person has looked.

False rates of fleets lie up to a hundredfold apart, and nobody knows one before its meters are read. But the policy
says how many faults are to be expected (`prior`), and what share of them a rule finds was measured. What a rule opens
beyond that, and beyond chance, is false. All rules together may have `false_per_1000` of it, the quietest first.

A flow that never stops and a meter that is silent are facts, and so are left out; so is what nobody acts on anyway.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.domain.causes import FAMILY
from models.scoring.learnt import Learnt
from models.scoring.policy import Policy
from models.scoring.rules.measured import SHARES
from models.scoring.rules.registry import RULES

_FACTS: Final = ("flow", "silence")
_TAMPERING: Final = "tampering"
ACTED_ON: Final = np.array(
    [
        FAMILY[rule.cause] not in _FACTS
        and (rule.firm or rule.sees == _TAMPERING or rule.cause not in ("theft", "unusual_use"))
        for rule in RULES
    ]
)
"""[rules] that orders and holds rest on, and that may be wrong; D12 and W13 among them, of which alone nothing comes"""
_CHANCE: Final = 2.33
"""Deviations above what is expected that chance has once in a hundred times"""


def restrained(begun: NDArray[np.int32], days: int, service: int, policy: Policy) -> NDArray[np.bool_]:
    """[rules] that a person has to look at first.

    `begun` [rules]: anomalies that opened with the rule in `days` meter-days of the service.
    """
    expected = days * (SHARES[service] @ policy.priors) / 1000
    false = np.clip(begun - expected - _CHANCE * np.sqrt(expected) - 1, 0, None) * ACTED_ON
    order = np.argsort(false, kind="stable")
    over = np.empty(len(false), np.bool_)
    over[order] = np.cumsum(false[order]) > policy.acting["false_per_1000"] * days / 1000
    return np.asarray(over & (false > 0))


def to_review(named: Iterable[int], service: int, learnt: Learnt | None, policy: Policy) -> bool:
    """Whether an anomaly rests on restrained rules alone, of those (numbers) that are acted on."""
    acted_on = [number for number in named if ACTED_ON[number]]
    if learnt is None or not acted_on:
        return False
    return bool(restrained(learnt.begun[service], int(learnt.days[service]), service, policy)[acted_on].all())
