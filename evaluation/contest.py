"""Detectors side by side on the very vectors that the pipeline's own forest scores."""

import dataclasses
import time
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.branches import Grid, Read, last_of_days
from evaluation.fleets import ATTACKED_DAYS, Fleet
from evaluation.peers import (
    Bools,
    Chance,
    Ours,
    Peer,
    Refit,
    RiverTrees,
    Scale,
    Vectors,
    isolation_forest,
    robust_z,
)
from models.domain.blocks import Int64
from models.domain.times import HOUR
from models.scoring.detectors.forest import OnlineIsolationForest
from models.scoring.detectors.half_space import HalfSpaceTrees

EVERY_H: Final = 3
"""Hours from one vector of a meter to the next that is learnt: River takes 0.2 ms for each, and most of what is in a
vector is about a whole day."""
SUSPECTED: Final = 0.95
"""Combined score from which on a vector is not clean."""
_SPEED_VECTORS: Final = 20_000
_WARM: Final = 500
_LONG_S: Final = 0.3


@dataclasses.dataclass(frozen=True, slots=True)
class Stream:
    """Vectors of a fleet in order of time."""

    meter: NDArray[np.int32]
    """[n]"""
    start: Int64
    """[n] of the reading, microseconds"""
    day: Int64
    """[n] local, from the onset"""
    vector: Vectors
    """[n, features]"""
    clean: Bools
    """[n] nothing was suspected"""
    last: Bools
    """[n] the last of its meter's day"""

    @classmethod
    def of(cls, fleet: Fleet, read: Read) -> "Stream":
        """Vectors of which half is known at least: those `EVERY_H` apart, and the last of each day."""
        day = fleet.day(read.start)
        of_slot = read.meter + read.start // (EVERY_H * HOUR) * len(fleet.homes)
        of_day = read.meter + day * len(fleet.homes)
        last = len(day) - 1 - np.unique(of_day[::-1], return_index=True)[1]
        kept = np.union1d(np.unique(of_slot, return_index=True)[1], last)
        kept = kept[np.isfinite(read.vector[kept]).mean(axis=1) >= 0.5]
        return cls(
            meter=read.meter[kept],
            start=read.start[kept],
            day=day[kept],
            vector=read.vector[kept],
            clean=~(read.score[kept] >= SUSPECTED),
            last=np.isin(kept, last),
        )

    def days(self) -> Iterator[NDArray[np.intp]]:
        """What belongs to each day, in order."""
        for day in np.unique(self.day):
            yield np.flatnonzero(self.day == day)


class Contest:
    """Detectors that have learnt a fleet's history; each branch goes on from there."""

    def __init__(self, fleet: Fleet, history: Read, seed: int) -> None:
        self._fleet, self._seed = fleet, seed
        self._history = Stream.of(fleet, history)
        self.peers = contenders(self._history.vector, seed)
        for peer in self.peers.values():
            for at in self._history.days():
                peer.learn(self._history.vector[at], self._history.clean[at])

    def grids(self, read: Read) -> dict[str, Grid]:
        """The score of each home's last vector of each day, by detector: then learnt is all from before that day."""
        branch = Stream.of(self._fleet, read)
        kept = branch.last & (branch.day >= 0) & (branch.day < ATTACKED_DAYS)
        found = {}
        for name, peer in self.peers.items():
            own = peer.copy()
            score = np.full(len(branch.day), np.nan, np.float32)
            for at in branch.days():
                last = at[branch.last[at]]
                score[last] = own.score(branch.vector[last])
                own.learn(branch.vector[at], branch.clean[at])
            found[name] = last_of_days(self._fleet, branch.meter[kept], branch.start[kept], score[kept])
        return found

    def speeds(self) -> dict[str, float]:
        """Vectors a second of processor time that each detector scores and learns, of the end of the history."""
        some = slice(-_SPEED_VECTORS, None)
        vectors, clean = self._history.vector[some], self._history.clean[some]
        new = contenders(self._history.vector, self._seed)
        return {name: _speed(peer, vectors, clean) for name, peer in new.items() if not isinstance(peer, Chance)}


def contenders(history: Vectors, seed: int) -> Mapping[str, Peer]:
    """All detectors, new; those that must know beforehand where features lie are told by the history."""
    scale, features = Scale.of(history), history.shape[1]
    return {
        "online isolation forest": Ours(OnlineIsolationForest(features, seed=seed), seed),
        "half-space trees": Ours(HalfSpaceTrees(features, seed=seed), seed),
        "River HalfSpaceTrees": RiverTrees(scale, seed, gated=False),
        "River HalfSpaceTrees, gated": RiverTrees(scale, seed, gated=True),
        "scikit-learn IsolationForest, fitted daily": Refit(isolation_forest(scale, seed), seed),
        "robust z": Refit(robust_z, seed),
        "constant": Chance(None),
        "random": Chance(seed),
    }


def _speed(peer: Peer, vectors: Vectors, clean: Bools) -> float:
    """Of some thousands, fewer of the slow; what is fitted anew is so once for all of them."""
    peer.learn(vectors[:_WARM], clean[:_WARM])
    count = _WARM
    while True:
        begin = time.process_time()
        peer.learn(vectors[:count], clean[:count])
        peer.score(vectors[:count])
        seconds = time.process_time() - begin
        if seconds > _LONG_S or count == len(vectors):
            return count / max(seconds, 1e-9)
        count = min(4 * count, len(vectors))


def without(parts: Mapping[str, Grid]) -> dict[str, Grid]:
    """The combined surprise of all parts, and of all but one.

    The combined score is the largest surprise, calibrated; what is calibrated keeps its order.
    """
    kept = {"all parts": list(parts)} | {
        f"without {name}": [other for other in parts if other != name] for name in parts
    }
    return {name: np.fmax.reduce([parts[other] for other in others]) for name, others in kept.items()}
