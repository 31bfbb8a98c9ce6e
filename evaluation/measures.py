"""How well scores tell attacked days from clean ones, how soon, and how sure a figure is."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

FOUND_DAYS: Final = 7
ROUNDS: Final = 400
"""Of a bootstrap over meters"""
LOWEST: Final = float(np.finfo(np.float32).min)
"""Of a day without a score, as while warming: it is the least odd."""
_CURVE: Final = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, *(n / 20 for n in range(2, 20)))
"""Shares of clean days at which a curve is drawn"""
Bools = NDArray[np.bool_]
Scores = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Days:
    """Scores of a fleet's days after the onset, and which of them something was wrong on."""

    score: Scores
    """[homes, days] higher is odder; NaN, as while warming, is the least odd"""
    attacked: Bools
    """[homes]"""
    days: int
    """so many from the onset on, the rest is not judged for attacked homes"""

    @property
    def clean(self) -> Scores:
        """[n] scores of untouched homes."""
        return known(self.score[~self.attacked, : self.days])

    @property
    def odd(self) -> Scores:
        """[n] scores of attacked homes."""
        return known(self.score[self.attacked, : self.days])

    def roc(self) -> float:
        """Area under the ROC curve: attacked days against the same days of untouched homes."""
        return roc(self.clean, self.odd)

    def precision(self) -> float:
        """Average precision of the same."""
        return precision(self.clean, self.odd)

    def found(self, threshold: float, within: int = FOUND_DAYS) -> float:
        """Share of attacked homes with a score above the threshold in the first days."""
        first = self.score[self.attacked, : min(within, self.days)]
        return float(np.mean((first > threshold).any(axis=1)))


def roc(clean: Scores, odd: Scores) -> float:
    """Area under the ROC curve of [n] clean against [m] odd days."""
    return float(roc_auc_score(*_labelled(clean, odd)))


def precision(clean: Scores, odd: Scores) -> float:
    """Average precision of the same."""
    return float(average_precision_score(*_labelled(clean, odd)))


def curve(clean: Scores, odd: Scores) -> list[tuple[float, float]]:
    """The ROC curve: shares of clean and of odd days at or above some scores, from (0, 0) to (1, 1)."""
    at = np.unique(np.quantile(clean, 1 - np.array(_CURVE)))[::-1]
    points = [(round(float(np.mean(clean >= t)), 4), round(float(np.mean(odd >= t)), 4)) for t in at]
    return [(0.0, 0.0), *points, (1.0, 1.0)]


def threshold_at(clean: Iterable[Scores], rate: float) -> float:
    """The lowest score that a share of at most `rate` of clean days exceeds."""
    ordered = np.sort(np.concatenate(list(clean)))
    return float(ordered[len(ordered) - 1 - int(rate * len(ordered))])


def known(score: Scores) -> Scores:
    """[n] of any shape, in one row."""
    return np.nan_to_num(score.ravel(), nan=LOWEST)


# How sure -------------------------------------------------------------------------------------------------------------


def ratio(hits: NDArray[Any], of: NDArray[Any], seed: int = 0) -> dict[str, float] | None:
    """Sum of `hits` [meters] over sum of `of` [meters], with the middle 95 % of a bootstrap over meters.

    None where there is nothing to hit.
    """
    if not of.sum():
        return None
    drawn = np.random.default_rng(seed).integers(len(of), size=(ROUNDS, len(of)))
    below = of[drawn].sum(axis=1)
    spread = hits[drawn].sum(axis=1)[below > 0] / below[below > 0]
    return _interval(float(hits.sum() / of.sum()), spread)


def roc_of_meters(
    clean: Scores, clean_meter: NDArray[np.int32], odd: Scores, odd_meter: NDArray[np.int32], seed: int = 0
) -> dict[str, float] | None:
    """`roc`, with the middle 95 % of a bootstrap over both kinds of meters. None where there is only one kind."""
    if not len(clean) or not len(odd):
        return None
    rng = np.random.default_rng(seed)
    _, bad = np.unique(odd_meter, return_inverse=True)
    _, good = np.unique(clean_meter, return_inverse=True)
    bads, goods = int(bad.max()) + 1, int(good.max()) + 1
    wins = np.empty((bads, goods))
    for column in range(goods):
        own = np.sort(clean[good == column])
        above = np.searchsorted(own, odd, side="left") + np.searchsorted(own, odd, side="right")
        wins[:, column] = np.bincount(bad, above / 2, bads)
    pairs = np.outer(np.bincount(bad, minlength=bads), np.bincount(good, minlength=goods))
    bad_w = rng.multinomial(bads, np.full(bads, 1 / bads), ROUNDS)
    good_w = rng.multinomial(goods, np.full(goods, 1 / goods), ROUNDS)
    spread = ((bad_w @ wins) * good_w).sum(axis=1) / ((bad_w @ pairs) * good_w).sum(axis=1)
    return _interval(float(wins.sum() / pairs.sum()), spread)


def _interval(value: float, spread: NDArray[Any]) -> dict[str, float]:
    low, high = np.quantile(spread, (0.025, 0.975))
    return {"value": value, "low": float(low), "high": float(high)}


def _labelled(clean: Scores, odd: Scores) -> tuple[Bools, Scores]:
    return np.repeat([False, True], [len(clean), len(odd)]), np.concatenate((clean, odd))
