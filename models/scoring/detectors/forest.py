"""The online isolation forest, after Leveni, Weigert Cassales, Pfahringer, Bifet and Boracchi, ICML 2024.

Each tree is a histogram of the last `window` vectors that changes with them. A leaf that holds enough splits at a
random place between its vectors; a vector that leaves the window is forgotten, and a node that holds too few becomes
a leaf again. A vector is odd where it ends in few splits.

Unlike the paper's, a node's vectors are not guessed from its bounding box when it splits: the window is kept anyway,
to forget from, so counts and boxes are those of the vectors themselves.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.domain.errors import VersionError
from models.scoring.detectors.grow import learn
from models.scoring.detectors.trees import LEAF, NODE, frozen, oddness_of

VERSION: Final = 1
SETTINGS: Final = {
    "trees": (64.0, "trees", "ours: from there on more did not rank better"),
    "window": (2048.0, "vectors", "Online Isolation Forest, ICML 2024"),
    "leaf": (32.0, "vectors", "Online Isolation Forest, ICML 2024: a leaf that holds so many splits"),
}
"""Default, unit and source."""


class OnlineIsolationForest:
    """A `models.scoring.detectors.base.Detector` in bounded memory: 4 bytes a value, 2 a vector and tree.

    `leaf` vectors split a leaf, as deep as log2(window / leaf). Vectors are signed and bounded by the caller, about
    -6 to 6: one value far out leaves the splits no room. Not for attacks that fill the window: it learns them.
    """

    def __init__(self, features: int, trees: int = 64, window: int = 2048, leaf: int = 32, seed: int = 0) -> None:
        self.features, self.leaf, self.seed = features, leaf, seed
        self.depth = max(1, int(np.ceil(np.log2(window / leaf))))
        nodes = 2 ** (self.depth + 1) - 1
        self._nodes = np.zeros((trees, nodes), NODE)
        self._nodes["feature"] = LEAF
        self._count = np.zeros((trees, nodes), np.int32)
        self._place = np.zeros((trees, window), np.int16)
        self._window = np.zeros((window, features), np.float32)
        self._chance = np.random.SeedSequence(seed).generate_state(trees, np.uint64).astype(np.uint64)
        self.learnt = 0
        self._compiled: NDArray[np.void] | None = None

    def partial_fit(self, vectors: ArrayLike) -> Self:
        """Learn vectors [n, features], one after the other."""
        given = self._rows(vectors)
        learn(self._nodes, self._count, self._place, self._window, self._chance, self.leaf, self.learnt, given)
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
            self._compiled = frozen(self._nodes, _says(self._count, self.leaf))
        return self._compiled

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state for a snapshot; no pickle is needed to read it."""
        return {
            "version": np.array(VERSION),
            "settings": np.array([self.leaf, self.seed, self.learnt]),
            "threshold": self._nodes["value"].copy(),
            "feature": self._nodes["feature"].astype(np.int16),
            "count": self._count.copy(),
            "place": self._place.copy(),
            "window": self._window.copy(),
            "chance": self._chance.copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Back from `arrays`. Raises VersionError when another layout wrote them."""
        if int(arrays["version"]) != VERSION:
            raise VersionError(f"a forest of layout {arrays['version']}, this program reads {VERSION}")
        leaf, seed, learnt = arrays["settings"].tolist()
        (trees, window), features = arrays["place"].shape, arrays["window"].shape[1]
        forest = cls(features, trees, window, leaf, seed)
        forest._nodes["value"], forest._nodes["feature"] = arrays["threshold"], arrays["feature"]
        for name in ("count", "place", "window", "chance"):
            getattr(forest, f"_{name}")[:] = arrays[name]
        forest.learnt = learnt
        return forest

    def _rows(self, vectors: ArrayLike) -> NDArray[np.float32]:
        rows = np.ascontiguousarray(vectors, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.features:
            raise ValueError(f"OnlineIsolationForest: vectors [n, {self.features}] expected, got {list(rows.shape)}")
        return rows


def _says(count: NDArray[np.int32], leaf: int) -> NDArray[np.float64]:
    """Of a leaf in each node: its depth and what more splits its vectors were worth, over what a usual vector has."""
    if not count[0, 0]:
        return np.full(count.shape, np.nan)
    depth = np.floor(np.log2(np.arange(1, count.shape[1] + 1)))
    usual = max(1.0, np.log2(count[0, 0] / leaf))
    says: NDArray[np.float64] = (depth + np.log2(np.maximum(count / leaf, 1.0))) / usual
    return says
