"""Frozen trees say what the trees say that they are made of."""

import hypothesis
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.scoring.detectors.trees import LEAF, NODE, frozen, oddness_of


def _said(tree: NDArray[np.void], says: NDArray[np.float32], vector: NDArray[np.float32]) -> float:
    at = 0
    while tree[at]["feature"] != LEAF:
        at = 2 * at + 1 + int(vector[tree[at]["feature"]] >= tree[at]["value"])
    return float(says[at])


@hypothesis.settings(max_examples=30, derandomize=True)
@hypothesis.given(seed=st.integers(0, 10**6), depth=st.integers(1, 6), pruned=st.floats(0, 1))
def test_leaves_anywhere_say_the_same_at_the_bottom(seed: int, depth: int, pruned: float) -> None:
    chance = np.random.default_rng(seed)
    trees = np.zeros((3, 2 ** (depth + 1) - 1), NODE)
    trees["value"] = chance.normal(size=trees.shape)
    trees["feature"] = np.where(chance.random(trees.shape) < pruned, LEAF, chance.integers(0, 4, trees.shape))
    trees["feature"][:, 2**depth - 1 :] = LEAF
    says = np.asarray(chance.random(trees.shape), np.float32)
    vectors = chance.normal(size=(20, 4)).astype(np.float32)
    expected = [2 ** -np.mean([_said(trees[t], says[t], vector) for t in range(3)]) for vector in vectors]
    assert np.allclose(oddness_of(frozen(trees, says), vectors), expected, rtol=1e-6)
