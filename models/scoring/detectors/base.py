"""What every detector over vectors offers, and what its score means."""

import abc
from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.scoring.detectors.trees import oddness_of


class Detector(Protocol):
    """Learns vectors and says how odd others are; scikit-learn's names.

    The score contract: f4, 0-1, **higher is odder** (scikit-learn's `score_samples` has the other sign), NaN while
    nothing is learnt, which is a state of its own and never a low score. Scoring changes nothing. A missing feature
    is NaN and never an error. The same seed and the same vectors in the same order give the same bits, however they
    are split into calls. Memory does not grow with what is learnt.

    Scores of different detectors are not comparable, nor is a fixed cut on one: calibrate first.
    """

    features: int

    def partial_fit(self, vectors: ArrayLike) -> Self:
        """Learn vectors [n, features], one after the other."""

    def score_samples(self, vectors: ArrayLike) -> NDArray[Any]:
        """Scores f4 [n] of vectors [n, features]."""

    def score_one(self, vector: ArrayLike) -> float:
        """Score of one vector [features]: for convenience, not for speed."""

    def compiled(self) -> NDArray[np.void]:
        """What is learnt so far as frozen trees, for `models.scoring.detectors.trees`."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state for a snapshot; no pickle is needed to read it."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Back from `arrays`. Raises VersionError when another layout wrote them."""


class Trees(abc.ABC):
    """What detectors of trees share: they learn vectors one after the other, and are frozen when they are to score."""

    features: int
    learnt: int = 0
    """Vectors so far"""
    _compiled: NDArray[np.void] | None = None

    def partial_fit(self, vectors: ArrayLike) -> Self:
        """Learn vectors [n, features], one after the other."""
        given = self._rows(vectors)
        self._learn(given)
        self.learnt += len(given)
        self._compiled = None
        return self

    def score_samples(self, vectors: ArrayLike) -> NDArray[np.float32]:
        """Scores [n] of vectors [n, features]: 0-1, higher is odder (scikit-learn's sign turned round)."""
        return oddness_of(self.compiled(), self._rows(vectors))

    def score_one(self, vector: ArrayLike) -> float:
        """Score of one vector [features]."""
        return float(self.score_samples(np.asarray(vector)[None])[0])

    def compiled(self) -> NDArray[np.void]:
        """The trees as they are now, for `models.scoring.detectors.trees`; not changed by what is learnt later."""
        if self._compiled is None:
            self._compiled = self._frozen()
        return self._compiled

    @abc.abstractmethod
    def _learn(self, given: NDArray[np.float32]) -> None:
        """Vectors that come after `learnt` others."""

    @abc.abstractmethod
    def _frozen(self) -> NDArray[np.void]:
        """See `compiled`."""

    def _rows(self, vectors: ArrayLike) -> NDArray[np.float32]:
        """As kernels take them. ValueError where they are not [n, features]."""
        rows = np.ascontiguousarray(vectors, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.features:
            owner, got = type(self).__name__, list(rows.shape)
            raise ValueError(f"{owner}: vectors [n, {self.features}] expected, got {got}")
        return rows
