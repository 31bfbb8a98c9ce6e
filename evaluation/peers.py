"""Other people's detectors, and ours taken out of the pipeline, behind one face: the same vectors for all of them."""

import copy
import dataclasses
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from river.anomaly import HalfSpaceTrees as RiverHalfSpaceTrees
from sklearn.ensemble import IsolationForest

from models.scoring.detectors.base import Detector

Vectors = NDArray[np.float32]
Bools = NDArray[np.bool_]
Score = Callable[[Vectors], NDArray[Any]]
KEPT_DAYS: Final = 28
"""Of clean vectors that refits see."""
A_DAY: Final = 64
"""Clean vectors that our own detectors learn."""
_REFIT_VECTORS: Final = 5_000
"""At most; scikit-learn draws 256 of them for each tree."""


class Peer(Protocol):
    """A detector of vectors, NaN where a feature is not known."""

    def learn(self, vectors: Vectors, clean: Bools) -> None:
        """A day's vectors [n, features] in order of time, and which of them [n] nothing was suspected of."""

    def score(self, vectors: Vectors) -> NDArray[Any]:
        """[n] higher is odder."""

    def copy(self) -> Self:
        """One that learns on by itself."""


@dataclasses.dataclass(slots=True)
class Scale:
    """Where the features of a fleet's history lie."""

    low: Vectors
    middle: Vectors
    high: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> "Scale":
        """Median and all but the outermost hundredth; a feature that is never known lies at 0."""
        known = np.where(np.isfinite(vectors).any(axis=0), vectors, np.float32(0))
        return cls(*np.nanquantile(known, (0.005, 0.5, 0.995), axis=0).astype(np.float32))

    def filled(self, vectors: Vectors) -> Vectors:
        """With the median where nothing is known."""
        filled: Vectors = np.where(np.isfinite(vectors), vectors, self.middle)
        return filled

    def unit(self, vectors: Vectors) -> Vectors:
        """Filled, and the range between the quantiles as 0 to 1."""
        width = np.maximum(self.high - self.low, 1e-6)
        inside: Vectors = np.clip((self.filled(vectors) - self.low) / width, 0, 1)
        return inside


class RiverTrees:
    """River's HalfSpaceTrees: it learns each vector as it comes, those suspected too unless it is `gated`.

    It asks for features from 0 to 1, and is given those by the quantiles of the history.
    """

    def __init__(self, scale: Scale, seed: int, *, gated: bool, trees: int = 25, window: int = 250) -> None:
        self._scale, self._gated = scale, gated
        self._trees: Any = RiverHalfSpaceTrees(n_trees=trees, window_size=window, seed=seed)

    def learn(self, vectors: Vectors, clean: Bools) -> None:
        for x in self._scale.unit(vectors[clean] if self._gated else vectors).tolist():
            self._trees.learn_one(dict(enumerate(x)))

    def score(self, vectors: Vectors) -> NDArray[Any]:
        return np.array([self._trees.score_one(dict(enumerate(x))) for x in self._scale.unit(vectors).tolist()])

    def copy(self) -> Self:
        return copy.deepcopy(self)


class Refit:
    """A detector that knows nothing of streams: fitted anew each day to the last clean ones."""

    def __init__(self, fit: Callable[[Vectors], Score], seed: int) -> None:
        self._fit, self._seed = fit, seed
        self._days: deque[Vectors] = deque(maxlen=KEPT_DAYS)

    def learn(self, vectors: Vectors, clean: Bools) -> None:
        self._days.append(vectors[clean])

    def score(self, vectors: Vectors) -> NDArray[Any]:
        known = np.concatenate(self._days)
        some = np.random.default_rng(self._seed).permutation(len(known))[:_REFIT_VECTORS]
        return self._fit(known[some])(vectors)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._days = self._days.copy()
        return other


def isolation_forest(scale: Scale, seed: int) -> Callable[[Vectors], Score]:
    """scikit-learn's, with its own settings."""

    def fit(vectors: Vectors) -> Score:
        forest = IsolationForest(random_state=seed).fit(scale.filled(vectors))
        return lambda others: -forest.score_samples(scale.filled(others))

    return fit


def robust_z(vectors: Vectors) -> Score:
    """The largest deviation from the median, in median absolute deviations, of any feature."""
    known = vectors[:, np.isfinite(vectors).any(axis=0)]
    columns = np.isfinite(vectors).any(axis=0)
    middle = np.nanmedian(known, axis=0)
    spread = np.maximum(np.nanmedian(np.abs(known - middle), axis=0), 1e-3)
    return lambda others: np.nan_to_num(np.abs(others[:, columns] - middle) / spread).max(axis=1)


class Ours:
    """A detector of `models.scoring.detectors`: it learns `A_DAY` of a day's clean vectors, drawn by chance."""

    def __init__(self, detector: Detector, seed: int) -> None:
        self._detector = detector
        self._rng = np.random.default_rng(seed)

    def learn(self, vectors: Vectors, clean: Bools) -> None:
        drawn = self._rng.permutation(np.flatnonzero(clean))[:A_DAY]
        self._detector.partial_fit(vectors[np.sort(drawn)])

    def score(self, vectors: Vectors) -> NDArray[Any]:
        return self._detector.score_samples(vectors)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._detector = type(self._detector).from_arrays(self._detector.arrays())
        other._rng = copy.deepcopy(self._rng)
        return other


class Chance:
    """Any number, or always the same: what a figure is worth nothing below."""

    def __init__(self, seed: int | None) -> None:
        self._rng = None if seed is None else np.random.default_rng(seed)

    def learn(self, vectors: Vectors, clean: Bools) -> None:
        """Nothing."""

    def score(self, vectors: Vectors) -> NDArray[Any]:
        return np.zeros(len(vectors)) if self._rng is None else self._rng.random(len(vectors))

    def copy(self) -> Self:
        return copy.deepcopy(self)
