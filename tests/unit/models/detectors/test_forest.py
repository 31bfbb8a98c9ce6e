"""The forest is exactly a histogram of its window, and puts what is far from it first."""

from typing import Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.scoring.detectors.forest import OnlineIsolationForest
from models.scoring.detectors.trees import LEAF, attribution

_MANY: Final = hypothesis.settings(max_examples=25, derandomize=True)


def _vectors(n: int, features: int = 6, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(n, features)).astype(np.float32)


def _under(forest: OnlineIsolationForest, tree: int, kept: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many of the vectors `kept` go through each node."""
    nodes = forest._nodes[tree]
    counts = np.zeros(len(nodes), np.int64)
    for vector in kept:
        at = 0
        counts[0] += 1
        while nodes[at]["feature"] != LEAF:
            at = 2 * at + 1 + int(vector[nodes[at]["feature"]] >= nodes[at]["value"])
            counts[at] += 1
    return counts


@_MANY
@hypothesis.given(n=st.integers(1, 200), seed=st.integers(0, 9), grid=st.sampled_from((0.0, 1.0, 0.1)))
def test_counts_are_those_of_the_window(n: int, seed: int, grid: float) -> None:
    given = _vectors(n, 3, seed)
    given[n // 2 :] += 4  # what was learnt first is odd later, and forgotten
    if grid:
        given = np.round(given / np.float32(grid)) * np.float32(grid)
    forest = OnlineIsolationForest(3, trees=4, window=64, leaf=4, seed=seed).partial_fit(given)
    for tree in range(4):
        assert forest._count[tree].tolist() == _under(forest, tree, given[-64:]).tolist()
        inner = np.flatnonzero(forest._nodes[tree]["feature"] != LEAF)
        assert (forest._count[tree][inner] >= 4 * 2 ** np.floor(np.log2(inner + 1))).all()


def test_far_out_is_odd_and_the_middle_is_not() -> None:
    forest = OnlineIsolationForest(6).partial_fit(_vectors(2048))
    far = np.zeros((1, 6), np.float32)
    far[0, 2] = -5
    among = forest.score_samples(_vectors(500, seed=1))
    assert forest.score_one(far[0]) > np.quantile(among, 0.95)
    assert forest.score_one(np.zeros(6)) < np.quantile(among, 0.05)


def test_what_was_normal_long_ago_is_odd_now() -> None:
    old, new = _vectors(512), _vectors(512, seed=1) + 6
    forest = OnlineIsolationForest(6, window=512, leaf=16).partial_fit(old)
    assert forest.score_samples(old).mean() < forest.score_samples(new).mean()
    forest.partial_fit(new)
    assert forest.score_samples(old).mean() > forest.score_samples(new).mean()


def test_the_feature_that_is_off_gets_the_blame() -> None:
    forest = OnlineIsolationForest(6).partial_fit(_vectors(2048))
    vector = np.array([0.1, 0, 0.2, -5, np.nan, 0.1], np.float32)
    shares = attribution(forest.compiled(), vector)
    assert shares.sum() == pytest.approx(1)
    assert shares.argmax() == 3
    assert shares[3] > 0.8
    assert shares[4] == 0


def test_nothing_odd_is_blamed_on_all_alike() -> None:
    forest = OnlineIsolationForest(4, trees=8).partial_fit(_vectors(100, 4))
    assert attribution(forest.compiled(), np.zeros(4, np.float32)).tolist() == [0.25] * 4


def test_vectors_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"vectors \[n, 6\] expected, got \[2, 5\]"):
        OnlineIsolationForest(6).partial_fit(_vectors(2, 5))


def test_a_window_smaller_than_a_leaf_is_refused() -> None:
    with pytest.raises(ValueError, match="got 16 and 32"):
        OnlineIsolationForest(6, window=16)


def test_a_missing_feature_goes_the_way_of_0() -> None:
    forest = OnlineIsolationForest(6).partial_fit(_vectors(2048) + 1)
    holed = _vectors(50, seed=1)
    holed[::2, 3] = np.nan
    assert forest.score_samples(holed).tolist() == forest.score_samples(np.nan_to_num(holed)).tolist()


def test_a_feature_that_never_differed_is_seen_to_differ() -> None:
    learnt, vector = _vectors(2048), np.zeros(6, np.float32)
    learnt[:, 2] = 0
    forest = OnlineIsolationForest(6).partial_fit(learnt)
    before = forest.score_one(vector)
    vector[2] = 3
    assert forest.score_one(vector) > before


def test_what_is_compiled_stays_as_it_was() -> None:
    forest = OnlineIsolationForest(6, trees=8).partial_fit(_vectors(300))
    nodes = forest.compiled()
    before = nodes.tobytes()
    forest.partial_fit(_vectors(3000, seed=1))
    assert nodes.tobytes() == before
    assert forest.compiled().tobytes() != before
