"""How sure a cause is: Bayes' rule over what is open of a meter, under the policy's prior.

Each rule that spoke has likelihood ratios: how much more often it opens on a meter with a cause than on a sound one.
Rules that look at the same thing count once, the strongest. Of kinds of evidence that are independent
the strongest counts in full, each other makes a cause up to `AGREES` times as likely; that one is silent on a cause
does not speak against it. What is left for no cause is the chance that nothing is wrong.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.domain.causes import Cause
from models.scoring.policy import Policy
from models.scoring.rules.measured import ODDS, OWN, STORY_DAYS
from models.scoring.rules.registry import RULES

AGREES: Final = 100.0
_STORY: Final = STORY_DAYS / 1000
_USUAL: Final = Policy.default().prior
_LIKELIHOOD: Final = ODDS / _STORY
"""[services, rules, causes] in the days of one story"""


def chances(rules: Iterable[int], service: int, policy: Policy) -> NDArray[np.float64]:
    """[causes] probability of each, given the rules (numbers, one or more) that speak of a meter; together below 1."""
    seen: dict[str, list[int]] = {}
    for number in rules:
        seen.setdefault(RULES[number].sees, []).append(number)
    ratios = np.array([_strongest(of, _LIKELIHOOD[service]) for of in seen.values()])
    ratios = np.sort(ratios, axis=0)[::-1]
    prior = policy.priors * _STORY
    odds = prior * ratios[0] * np.clip(ratios[1:], 1.0, AGREES).prod(axis=0)
    return np.asarray(odds / (1.0 + odds.sum()))


def _strongest(rules: list[int], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """[causes] of rules that look at the same: what the surest one says of each, and each rule of its own cause."""
    own = OWN[rules]
    ratios: NDArray[np.float64] = of[max(rules, key=lambda number: (of[number, OWN[number]], number))].copy()
    np.maximum.at(ratios, own, of[rules, own])
    return ratios


def under(sure: float, cause: Cause, policy: Policy) -> float:
    """Confidence of what was judged across meters, `sure` at the prior by default, under the prior of the policy."""
    prior = policy.prior[cause] / _USUAL[cause]
    return sure * prior / (sure * prior + 1.0 - sure) if sure < 1 else float(prior > 0)
