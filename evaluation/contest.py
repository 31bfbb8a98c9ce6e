"""Detectors side by side on the very vectors that the pipeline's forest scores, taught what it is taught."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.branches import Closed, Grid, Read, last_of_days
from evaluation.fleets import ATTACKED_DAYS, Fleet
from evaluation.peers import (
    Chance,
    Ours,
    Peer,
    Refit,
    RiverTrees,
    Scale,
    Vectors,
    isolation_forest,
    mahalanobis,
    robust_z,
)
from models.domain.blocks import Int64
from models.domain.times import HOUR
from models.scoring.detectors.forest import OnlineIsolationForest
from models.scoring.detectors.half_space import HalfSpaceTrees
from models.scoring.vector import BASE, DOUBT, FOREST, PARTS, SHAPE, THEFT, WITH_TREES

EVERY_H: Final = 3
"""Hours from one vector of a meter to the next, for who learns all that comes: River takes 0.2 ms for each, and most
of what is in a vector is about a whole day."""
_SPEED_VECTORS: Final = 20_000
_WARM: Final = 500
_LONG_S: Final = 0.3
TREES: Final = PARTS[THEFT]
"""The part that trained trees have in the score"""
_FOREST: Final = PARTS[FOREST]
_ALONE: Final = ("rules", *PARTS[BASE : SHAPE + 1])
_WITH_TREES: Final = {"rules": 0.0} | {PARTS[n]: doubt for n, doubt in zip(WITH_TREES, DOUBT, strict=True)}
"""Parts that count where the trees speak, and what is taken off each"""


@dataclasses.dataclass(frozen=True, slots=True)
class Stream:
    """Vectors of a fleet in order of time: those `EVERY_H` apart, and the last of each day."""

    meter: NDArray[np.int32]
    """[n]"""
    start: Int64
    """[n] of the reading, microseconds"""
    day: Int64
    """[n] local, from the onset"""
    vector: Vectors
    """[n, features]"""
    last: NDArray[np.bool_]
    """[n] the last of its meter's day"""

    @classmethod
    def of(cls, fleet: Fleet, read: Read) -> "Stream":
        """Of what was scored."""
        day = fleet.day(read.start)
        of_slot = read.meter + read.start // (EVERY_H * HOUR) * len(fleet.homes)
        of_day = read.meter + day * len(fleet.homes)
        last = len(day) - 1 - np.unique(of_day[::-1], return_index=True)[1]
        kept = np.union1d(np.unique(of_slot, return_index=True)[1], last)
        kept = kept[np.isfinite(read.vector[kept]).all(axis=1)]
        return cls(read.meter[kept], read.start[kept], day[kept], read.vector[kept], np.isin(kept, last))


class Contest:
    """Detectors that have learnt a fleet's history; each branch goes on from there."""

    def __init__(self, fleet: Fleet, history: Read, closed: Closed, seed: int) -> None:
        self._fleet, self._seed = fleet, seed
        self._history = Stream.of(fleet, history)
        self.peers = contenders(self._history.vector, seed)
        self._taught = {day: of.vector[of.taught].astype(np.float32) for day, of in closed.items()}
        for day in np.unique(self._history.day).tolist():
            _teach(self.peers, self._history, day, self._taught.get(day))

    def grids(self, read: Read, closed: Closed) -> dict[str, Grid]:
        """The score of each home's last vector of each day, by detector: then learnt is all from before that day."""
        branch = Stream.of(self._fleet, read)
        peers = {name: peer.copy() for name, peer in self.peers.items()}
        scores = {name: np.full(len(branch.day), np.nan, np.float32) for name in peers}
        for day in np.unique(branch.day).tolist():
            last = np.flatnonzero(branch.last & (branch.day == day))
            for name, peer in peers.items():
                scores[name][last] = peer.score(branch.vector[last]) if len(last) else np.nan
            of = closed.get(day)
            _teach(peers, branch, day, of.vector[of.taught].astype(np.float32) if of else None)
        kept = branch.last & (branch.day >= 0) & (branch.day < ATTACKED_DAYS)
        return {
            name: last_of_days(self._fleet, branch.meter[kept], branch.start[kept], score[kept])
            for name, score in scores.items()
        }

    def speeds(self) -> dict[str, float]:
        """Vectors a second of processor time that each detector scores and learns, of the end of the history."""
        vectors = self._history.vector[-_SPEED_VECTORS:]
        new = contenders(self._history.vector, self._seed)
        return {name: _speed(peer, vectors) for name, peer in new.items() if not isinstance(peer, Chance)}


def _teach(peers: Mapping[str, Peer], stream: Stream, day: int, taught: Vectors | None) -> None:
    """A day: its sample to those that are gated, all its vectors to the others."""
    for peer in peers.values():
        if not peer.gated:
            peer.learn(stream.vector[stream.day == day])
        elif taught is not None and len(taught):
            peer.learn(taught)


def contenders(history: Vectors, seed: int) -> Mapping[str, Peer]:
    """All detectors, new; River's must know beforehand where features lie, and is told by the history."""
    scale, features = Scale.of(history), history.shape[1]
    return {
        "online isolation forest": Ours(OnlineIsolationForest(features, seed=seed)),
        "half-space trees": Ours(HalfSpaceTrees(features, seed=seed)),
        "River HalfSpaceTrees": RiverTrees(scale, seed, gated=False),
        "River HalfSpaceTrees, gated": RiverTrees(scale, seed, gated=True),
        "scikit-learn IsolationForest, fitted daily": Refit(isolation_forest(seed), seed),
        "Mahalanobis distance, fitted daily": Refit(mahalanobis, seed),
        "robust z, fitted daily": Refit(robust_z, seed),
        "constant": Chance(None),
        "random": Chance(seed),
    }


def _speed(peer: Peer, vectors: Vectors) -> float:
    """Of some thousands, fewer of the slow; what is fitted anew is so once for all of them."""
    peer.learn(vectors[:_WARM])
    count = _WARM
    while True:
        begin = time.process_time()
        peer.learn(vectors[:count])
        peer.score(vectors[:count])
        seconds = time.process_time() - begin
        if seconds > _LONG_S or count == len(vectors):
            return count / max(seconds, 1e-9)
        count = min(4 * count, len(vectors))


def with_forest(parts: Mapping[str, Grid]) -> dict[str, Grid]:
    """The largest surprise of rules and groups of statistics, and of these and the forest."""
    alone = {name: grid for name, grid in parts.items() if name in _ALONE}
    return {"rules and groups": _largest(alone), "and the forest": _largest(alone | {_FOREST: parts[_FOREST]})}


def without(parts: Mapping[str, Grid]) -> dict[str, Grid]:
    """What the score is made of, and that less each of its parts: the largest surprise, see `models.scoring.vector`.

    What is calibrated keeps its order. A part that does not count beside the others is not taken away.
    """
    speak = TREES in parts and not np.isnan(parts[TREES]).all()
    counts = [name for name in parts if name in _WITH_TREES or not speak]
    return {"all parts": _largest(parts)} | {
        f"without {name}": _largest({other: grid for other, grid in parts.items() if other != name}) for name in counts
    }


def _largest(parts: Mapping[str, Grid]) -> Grid:
    every: Grid = np.fmax.reduce(list(parts.values()))
    if TREES not in parts:
        return every
    with_trees = np.fmax.reduce([parts[name] - doubt for name, doubt in _WITH_TREES.items() if name in parts])
    return np.where(np.isnan(parts[TREES]), every, with_trees)
