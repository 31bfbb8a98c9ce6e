"""Half-space trees of our own rank as River's do."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import anomaly
from sklearn.metrics import roc_auc_score

from models.scoring.detectors.half_space import HalfSpaceTrees

FEATURES = 6


def _told_apart(scores: NDArray[np.floating]) -> float:
    return float(roc_auc_score(np.arange(len(scores)) >= len(scores) // 2, scores))


def test_as_good_as_those_of_river() -> None:
    ours, theirs = [], []
    for seed in range(3):
        chance = np.random.default_rng(seed)
        learnt, usual, odd = chance.normal(size=(3, 300, FEATURES)).astype(np.float32)
        odd[:, : FEATURES // 2] -= 2
        scored = np.concatenate([usual, odd])
        trees = HalfSpaceTrees(FEATURES, trees=15, depth=6, seed=seed).partial_fit(learnt)
        river: Any = anomaly.HalfSpaceTrees(
            n_trees=15, height=6, seed=seed, limits=dict.fromkeys(range(FEATURES), (-6, 6))
        )
        for vector in learnt.tolist():
            river.learn_one(dict(enumerate(vector)))
        ours.append(_told_apart(trees.score_samples(scored)))
        theirs.append(_told_apart(np.array([river.score_one(dict(enumerate(v))) for v in scored.tolist()])))
    assert min(ours) > 0.85
    assert np.mean(ours) > np.mean(theirs) - 0.02


def test_masses_are_those_of_the_last_whole_window() -> None:
    chance = np.random.default_rng(0)
    old, new, begun = chance.normal(size=(3, 250, FEATURES)).astype(np.float32)
    once = HalfSpaceTrees(FEATURES).partial_fit(new)
    later = HalfSpaceTrees(FEATURES).partial_fit(old).partial_fit(new).partial_fit(begun[:100] + 3)
    assert later.score_samples(begun).tolist() == once.score_samples(begun).tolist()
