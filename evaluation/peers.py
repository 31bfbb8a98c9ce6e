"""Other people's detectors, and ours taken out of the pipeline, behind one face: the same vectors for all of them."""

import copy
import dataclasses
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from river.anomaly import HalfSpaceTrees as RiverHalfSpaceTrees
from sklearn.covariance import EmpiricalCovariance
from sklearn.ensemble import IsolationForest

from models.scoring.detectors.base import Detector

Vectors = NDArray[np.float32]
Score = Callable[[Vectors], NDArray[Any]]
KEPT_DAYS: Final = 28
"""Of samples that refits see."""
_REFIT_VECTORS: Final = 5_000
"""At most; scikit-learn draws 256 of them for each tree."""


class Peer(Protocol):
    """A detector of vectors."""

    gated: bool
    """Whether it learns the pipeline's sample of each day, of meters that look usual, or else all that comes"""

    def learn(self, vectors: Vectors) -> None:
        """Of a day [n, features]."""

    def score(self, vectors: Vectors) -> NDArray[Any]:
        """[n] higher is odder."""

    def copy(self) -> Self:
        """One that learns on by itself."""


@dataclasses.dataclass(slots=True)
class Scale:
    """Where the features of a fleet's history lie."""

    low: Vectors
    high: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> "Scale":
        """All but the outermost hundredth."""
        return cls(*np.quantile(vectors, (0.005, 0.995), axis=0).astype(np.float32))

    def unit(self, vectors: Vectors) -> Vectors:
        """The range between the quantiles as 0 to 1."""
        width = np.maximum(self.high - self.low, 1e-6)
        inside: Vectors = np.clip((vectors - self.low) / width, 0, 1)
        return inside


class RiverTrees:
    """River's HalfSpaceTrees. It asks for features from 0 to 1, and is given those by the quantiles of the history."""

    def __init__(self, scale: Scale, seed: int, *, gated: bool, trees: int = 25, window: int = 250) -> None:
        self.gated = gated
        self._scale = scale
        self._trees: Any = RiverHalfSpaceTrees(n_trees=trees, window_size=window, seed=seed)

    def learn(self, vectors: Vectors) -> None:
        for x in self._scale.unit(vectors).tolist():
            self._trees.learn_one(dict(enumerate(x)))

    def score(self, vectors: Vectors) -> NDArray[Any]:
        return np.array([self._trees.score_one(dict(enumerate(x))) for x in self._scale.unit(vectors).tolist()])

    def copy(self) -> Self:
        return copy.deepcopy(self)


class Refit:
    """A detector that knows nothing of streams: fitted anew each day to the samples of the last ones."""

    gated = True

    def __init__(self, fit: Callable[[Vectors], Score], seed: int) -> None:
        self._fit, self._seed = fit, seed
        self._days: deque[Vectors] = deque(maxlen=KEPT_DAYS)

    def learn(self, vectors: Vectors) -> None:
        self._days.append(vectors)

    def score(self, vectors: Vectors) -> NDArray[Any]:
        known = np.concatenate(self._days)
        some = np.random.default_rng(self._seed).permutation(len(known))[:_REFIT_VECTORS]
        return self._fit(known[some])(vectors)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._days = self._days.copy()
        return other


def isolation_forest(seed: int) -> Callable[[Vectors], Score]:
    """scikit-learn's, with its own settings."""

    def fit(vectors: Vectors) -> Score:
        forest = IsolationForest(random_state=seed).fit(vectors)
        return lambda others: -forest.score_samples(others)

    return fit


def mahalanobis(vectors: Vectors) -> Score:
    """Squared distance from the mean, in terms of the covariance; scikit-learn's."""
    return EmpiricalCovariance().fit(vectors.astype(np.float64)).mahalanobis  # type: ignore[no-any-return]


def robust_z(vectors: Vectors) -> Score:
    """The largest deviation from the median, in median absolute deviations, of any feature."""
    middle = np.median(vectors, axis=0)
    spread = np.maximum(np.median(np.abs(vectors - middle), axis=0), 1e-3)
    return lambda others: (np.abs(others - middle) / spread).max(axis=1)


class Ours:
    """A detector of `models.scoring.detectors`."""

    gated = True

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def learn(self, vectors: Vectors) -> None:
        self._detector.partial_fit(vectors)

    def score(self, vectors: Vectors) -> NDArray[Any]:
        return self._detector.score_samples(vectors)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._detector = type(self._detector).from_arrays(self._detector.arrays())
        return other


class Chance:
    """Any number, or always the same: what a figure is worth nothing below."""

    gated = True

    def __init__(self, seed: int | None) -> None:
        self._rng = None if seed is None else np.random.default_rng(seed)

    def learn(self, vectors: Vectors) -> None:
        """Nothing."""

    def score(self, vectors: Vectors) -> NDArray[Any]:
        return np.zeros(len(vectors)) if self._rng is None else self._rng.random(len(vectors))

    def copy(self) -> Self:
        return copy.deepcopy(self)
