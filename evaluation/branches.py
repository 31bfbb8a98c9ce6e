"""The pipeline over a fleet: its history once, and from the onset on a branch for each thing that is done to it."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.attacks import Attack
from evaluation.fleets import ATTACKED_DAYS, Fleet, blocks
from models.contracts import AnomalyEvent
from models.domain.blocks import Int64
from models.domain.times import DAY, NEVER
from models.pipeline import Outcome, Scores, detect
from models.scoring.policy import Policy
from models.state.partition import Partition
from simulators.faults import Reads

Grid = NDArray[np.float32]
"""[homes, days] a value a day, NaN where there is none."""
_BATCH_DAYS: Final = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Branch:
    """What came of the days after the onset."""

    attack: Attack
    scores: tuple[Scores, ...]
    events: tuple[AnomalyEvent, ...]


class Trunk:
    """A fleet's history streamed to its onset."""

    def __init__(self, fleet: Fleet, policy: Policy) -> None:
        self.fleet = fleet
        self._policy = policy
        partition = fleet.partition()
        self.scores: list[Scores] = []
        for outcome in _stream(partition, policy, [home.reads for home in fleet.homes], NEVER, fleet.onset):
            self.scores += outcome.scores
        self._arrays = partition.arrays()

    def branch(self, attack: Attack) -> Branch:
        """The same partition from the onset on, with what is done to it."""
        partition = Partition.from_arrays(0, self._arrays)
        self.fleet.introduce(partition)
        outcomes = list(_stream(partition, self._policy, attack.reads, self.fleet.onset, self.fleet.end + DAY))
        return Branch(
            attack,
            tuple(scores for outcome in outcomes for scores in outcome.scores),
            tuple(event for outcome in outcomes for _, event in outcome.events),
        )


def _stream(partition: Partition, policy: Policy, reads: Sequence[Reads], since: int, until: int) -> Iterator[Outcome]:
    """Day by day what arrives in [since, until), microseconds."""
    begin = since
    if begin == NEVER:
        begin = min(int(r.start[0]) for r in reads)
    while begin < until:
        end = min(begin + _BATCH_DAYS * DAY, until)
        yield detect(blocks(reads, begin, end, partition.offset + 1), partition, policy, scores=True)
        begin = end


def last_of_days(fleet: Fleet, meter: NDArray[np.int32], start: Int64, value: NDArray[np.float32]) -> Grid:
    """A grid of `value` [n] by what stands last in each day, in order of time."""
    grid: Grid = np.full((len(fleet.homes), ATTACKED_DAYS), np.nan, np.float32)
    day = fleet.day(start)
    inside = (day >= 0) & (day < ATTACKED_DAYS)
    grid[meter[inside], day[inside]] = value[inside]
    return grid
