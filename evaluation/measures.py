"""How well scores tell attacked days from clean ones, and how soon."""

import dataclasses
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from evaluation.branches import Grid

FOUND_DAYS: Final = 7
Bools = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, slots=True)
class Days:
    """Scores of a fleet's days after the onset, and which of them something was wrong on."""

    score: Grid
    """[homes, days] higher is odder; NaN, as while warming, is the least odd"""
    attacked: Bools
    """[homes]"""
    days: int
    """so many from the onset on, the rest is not judged for attacked homes"""

    @property
    def clean(self) -> Grid:
        """[n] scores of untouched homes."""
        return _known(self.score[~self.attacked, : self.days])

    @property
    def odd(self) -> Grid:
        """[n] scores of attacked homes."""
        return _known(self.score[self.attacked, : self.days])

    def roc(self) -> float:
        """Area under the ROC curve: attacked days against the same days of untouched homes."""
        return float(roc_auc_score(*self._labelled()))

    def precision(self) -> float:
        """Average precision of the same."""
        return float(average_precision_score(*self._labelled()))

    def found(self, threshold: float, within: int = FOUND_DAYS) -> float:
        """Share of attacked homes with a score above the threshold in the first days."""
        first = self.score[self.attacked, : min(within, self.days)]
        return float(np.mean((first > threshold).any(axis=1)))

    def _labelled(self) -> tuple[Bools, Grid]:
        clean, odd = self.clean, self.odd
        return np.repeat([False, True], [len(clean), len(odd)]), np.concatenate((clean, odd))


def threshold_at(clean: Iterable[Grid], rate: float) -> float:
    """The lowest score that a share of at most `rate` of clean days exceeds."""
    ordered = np.sort(np.concatenate(list(clean)))
    return float(ordered[len(ordered) - 1 - int(rate * len(ordered))])


def _known(score: Grid) -> Grid:
    return np.nan_to_num(score.ravel(), nan=float(np.finfo(np.float32).min))
