"""The online isolation forest on one core, as it is used and learning everything, and its peers on the same vectors."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from river.anomaly import HalfSpaceTrees as RiverTrees
from sklearn.ensemble import IsolationForest

from benchmarks.harness import RUNS, Result, result
from models.scoring.detectors.forest import OnlineIsolationForest
from models.scoring.detectors.half_space import HalfSpaceTrees

FEATURES: Final = 30
DAY: Final = 96_000
"""Readings of a local day: 1,000 meters at 15 min."""
LEARNT: Final = 256
"""Of them; the rest is scored alone."""
WINDOW: Final = 2048
SINGLE: Final = 2_000
"""Readings for what takes them one by one, in Python."""
_ASKED: Final = 250_000
_REBUILD_MS: Final = 15.0

Vectors = NDArray[np.float32]


def forest(day: int = DAY, single: int = SINGLE, runs: int = RUNS) -> Iterator[Result]:
    """Readings a second, scored and learnt from, and milliseconds of a forest made anew at a day's close."""
    history, vectors = _vectors(WINDOW, 0), _vectors(day, 1)
    ours = OnlineIsolationForest(FEATURES).partial_fit(history)
    halves = HalfSpaceTrees(FEATURES).partial_fit(history)
    river: Any = RiverTrees(n_trees=25, seed=0, limits=dict.fromkeys(range(FEATURES), (-6, 6)))
    for vector in history.tolist():
        river.learn_one(dict(enumerate(vector)))

    def as_used(detector: OnlineIsolationForest | HalfSpaceTrees) -> None:
        detector.score_samples(vectors)
        detector.partial_fit(vectors[:LEARNT]).compiled()

    def every_row() -> None:
        ours.score_samples(vectors[: 10 * single])
        ours.partial_fit(vectors[: 10 * single])

    def refit() -> None:
        IsolationForest(n_estimators=100, random_state=0).fit(history).score_samples(vectors[: 10 * single])

    def one_by_one() -> None:
        for vector in vectors[:single].tolist():
            named = dict(enumerate(vector))
            river.score_one(named)
            river.learn_one(named)

    def rebuilt() -> None:
        OnlineIsolationForest(FEATURES).partial_fit(history).compiled()

    used = [day / s for s in _seconds(lambda: as_used(ours), runs)]
    yield result("forest_as_used", used, "readings/s", _ASKED, f"asked for {_ASKED}")
    reference = float(np.median(used))
    for case, work, count in (
        ("forest_half_space_as_used", lambda: as_used(halves), day),
        ("forest_learns_every_row", every_row, 10 * single),
        ("forest_sklearn_refit_daily", refit, 10 * single),
        ("forest_river_half_space", one_by_one, single),
    ):
        yield result(case, [count / s for s in _seconds(work, runs)], "readings/s", reference, "forest_as_used")
    made = [1000 * s for s in _seconds(rebuilt, runs)]
    yield result("forest_rebuilt_ms", made, "ms", _REBUILD_MS, f"at most {_REBUILD_MS:g}")


def _vectors(count: int, seed: int) -> Vectors:
    """Signed deviations with something in common, as a meter's have."""
    chance = np.random.default_rng(seed)
    common = chance.normal(size=(count, 1))
    return np.clip(common + chance.normal(size=(count, FEATURES)), -6, 6).astype(np.float32)


def _seconds(work: Callable[[], None], runs: int) -> list[float]:
    """Each run's, after one that warms up: those of the one core that it has, whatever else the machine does."""
    work()
    took = []
    for _ in range(runs):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return took
