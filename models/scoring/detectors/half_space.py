"""Half-space trees after Tan, Ting and Liu, IJCAI 2011: what the forest is compared with, and a switch instead of it.

The trees are drawn before a vector is seen, each from a range of its own about that of the vectors, and halve it again
and again. A vector is odd where few of the last whole window were.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.domain.errors import VersionError
from models.scoring.detectors.base import Trees
from models.scoring.detectors.trees import LEAF, NODE, frozen
from models.state.jit import kernel

VERSION: Final = 1
_FEW: Final = 0.1
"""Share of the window; a node with fewer is as good as a leaf, after Tan, Ting and Liu."""


@kernel(
    nb.void(nb.from_dtype(NODE)[:, ::1], nb.int32[:, ::1], nb.int32[:, ::1], nb.int64, nb.int64, nb.float32[:, ::1])
)
def learn(
    nodes: NDArray[np.void],
    filling: NDArray[np.int32],
    last: NDArray[np.int32],
    window: int,
    learnt: int,
    given: NDArray[np.float32],
) -> None:
    for i in range(len(given)):
        for t in range(len(nodes)):
            at = 0
            filling[t, 0] += 1
            while nodes[t, at].feature != LEAF:
                value = given[i, nodes[t, at].feature]
                value = np.float32(0) if value != value else value
                at = 2 * at + 1 + (value >= nodes[t, at].value)
                filling[t, at] += 1
        if (learnt + i + 1) % window == 0:
            for t in range(len(nodes)):
                for at in range(nodes.shape[1]):
                    last[t, at], filling[t, at] = filling[t, at], 0


class HalfSpaceTrees(Trees):
    """A `models.scoring.detectors.base.Detector` in bounded memory; it knows nothing before a window is whole.

    Vectors are within -`reach` to `reach`. Not for many features of which few matter: most splits say nothing.

    `trees` and `window` are those of Tan, Ting and Liu; `depth` is River's, for theirs of 15 takes 13 MB; `reach` is
    that of day statistics, deviations. Scores are 0.5-1.
    """

    def __init__(
        self,
        features: int,
        trees: int = 25,
        depth: int = 8,
        window: int = 250,
        reach: float = 6.0,
        seed: int = 0,
    ) -> None:
        self.features, self.window = features, window
        self._nodes = _drawn(features, trees, depth, reach, np.random.default_rng(seed))
        self._filling, self._last = np.zeros((2, *self._nodes.shape), np.int32)

    def _learn(self, given: NDArray[np.float32]) -> None:
        learn(self._nodes, self._filling, self._last, self.window, self.learnt, given)

    def _frozen(self) -> NDArray[np.void]:
        trees, nodes = self._nodes.copy(), self._nodes.shape[1]
        depth = np.floor(np.log2(np.arange(1, nodes + 1)))
        says = self._last * 2.0**depth / (self.window * (nodes + 1) / 2)
        if self.learnt < self.window:
            says[:] = np.nan
        trees["feature"][self._last < _FEW * self.window] = LEAF
        return frozen(trees, says)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state for a snapshot; no pickle is needed to read it."""
        return {
            "version": np.array(VERSION),
            "settings": np.array([self.features, self.window, self.learnt]),
            "nodes": self._nodes.view(np.uint8).copy(),
            "filling": self._filling.copy(),
            "last": self._last.copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Back from `arrays`. Raises VersionError when another layout wrote them."""
        if int(arrays["version"]) != VERSION:
            raise VersionError(f"half-space trees of layout {arrays['version']}, this program reads {VERSION}")
        features, window, learnt = arrays["settings"].tolist()
        detector = cls(features, 1, 1, window)
        detector.learnt = learnt
        detector._nodes = np.ascontiguousarray(arrays["nodes"]).view(NODE).copy()
        detector._filling, detector._last = arrays["filling"].copy(), arrays["last"].copy()
        return detector


def _drawn(features: int, trees: int, depth: int, reach: float, chance: np.random.Generator) -> NDArray[np.void]:
    """Trees of random features, each halved in the middle of what is left of the tree's range."""
    nodes = np.zeros((trees, 2 ** (depth + 1) - 1), NODE)
    nodes["feature"] = LEAF
    middle = chance.random((trees, features))
    half = 2 * np.maximum(middle, 1 - middle)
    low, high = np.empty((2, nodes.shape[1], trees, features))
    low[0], high[0] = reach * (2 * (middle - half) - 1), reach * (2 * (middle + half) - 1)
    every = np.arange(trees)
    for at in range(2**depth - 1):
        feature = chance.integers(features, size=trees)
        cut = (low[at, every, feature] + high[at, every, feature]) / 2
        nodes["feature"][:, at], nodes["value"][:, at] = feature, cut
        for child in (2 * at + 1, 2 * at + 2):
            low[child], high[child] = low[at], high[at]
        high[2 * at + 1, every, feature] = cut
        low[2 * at + 2, every, feature] = cut
    return nodes
