"""The pipeline over a fleet: its history once, and from the onset on a branch for each thing that is done to it."""

import dataclasses
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.attacks import Attack
from evaluation.fleets import ATTACKED_DAYS, Fleet, blocks
from models.contracts import AnomalyEvent
from models.domain.blocks import Int64
from models.domain.times import DAY, NEVER
from models.domain.units import SERVICES
from models.pipeline import Outcome, Scores, detect
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.state.closed import ClosedDay
from models.state.partition import Partition
from simulators.faults import Reads

Grid = NDArray[np.float32]
"""[homes, days] a value a day, NaN where there is none."""
Closed = Mapping[int, ClosedDay]
"""By local day from the onset."""


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What the pipeline made of n readings, in order of time."""

    meter: NDArray[np.int32]
    """[n] number of the home"""
    start: Int64
    """[n] microseconds"""
    score: NDArray[np.float32]
    """[n] combined; NaN while warming"""
    parts: NDArray[np.float32]
    """[n, PARTS] surprise of each detector"""
    vector: NDArray[np.float32]
    """[n, FEATURES] what the forest sees"""

    @classmethod
    def of(cls, scores: Sequence[Scores]) -> "Read":
        """All of them, one after the other."""
        return cls(*(np.concatenate([getattr(one, name) for one in scores]) for name in cls.__slots__))


@dataclasses.dataclass(frozen=True, slots=True)
class Branch:
    """What came of the days after the onset."""

    attack: Attack
    read: Read
    closed: Closed
    events: tuple[AnomalyEvent, ...]
    drifts: int
    """Of cohorts"""


class Trunk:
    """A fleet's history streamed to its onset.

    `read`, `closed` and `events` are what came of it; `rarity`: [rules] surprise of their findings by then; `speed`:
    readings a second of processor time.
    """

    def __init__(self, fleet: Fleet, policy: Policy) -> None:
        self.fleet = fleet
        self._policy = policy
        partition = fleet.partition()
        begin = time.process_time()
        outcomes = list(stream(partition, policy, [home.reads for home in fleet.homes], NEVER, fleet.onset))
        seconds = time.process_time() - begin
        self.read = Read.of([scores for outcome in outcomes for scores in outcome.scores])
        self.speed = len(self.read.start) / seconds
        self.closed = closed_days(fleet, partition)
        self.events = _events(outcomes)
        self.rarity = in_force(partition, policy.models).rarity[SERVICES.index(fleet.service)]
        self._arrays = partition.arrays()

    def branch(self, attack: Attack) -> Branch:
        """The same partition from the onset on, with what is done to it."""
        partition = Partition.from_arrays(0, self._arrays)
        self.fleet.introduce(partition)
        outcomes = list(stream(partition, self._policy, attack.reads, self.fleet.onset, self.fleet.end + DAY))
        return Branch(
            attack,
            Read.of([scores for outcome in outcomes for scores in outcome.scores]),
            closed_days(self.fleet, partition),
            _events(outcomes),
            sum(len(outcome.drifts) for outcome in outcomes),
        )


def _events(outcomes: Iterable[Outcome]) -> tuple[AnomalyEvent, ...]:
    return tuple(event for outcome in outcomes for _, event in outcome.events)


def stream(partition: Partition, policy: Policy, reads: Sequence[Reads], since: int, until: int) -> Iterator[Outcome]:
    """Day by day what arrives in [since, until), microseconds."""
    begin = max(since, min(int(r.start[0]) for r in reads))
    while begin < until:
        end = min(begin + DAY, until)
        yield detect(blocks(reads, begin, end, partition.offset + 1), partition, policy, scores=True)
        begin = end


def closed_days(fleet: Fleet, partition: Partition) -> Closed:
    """What a partition keeps of them, with the sample that its forests learn."""
    first = fleet.first_day
    return {day - first: of for day, of in partition.closed.get(fleet.timezone, {}).items()}


def last_of_days(fleet: Fleet, meter: NDArray[np.int32], start: Int64, value: NDArray[np.float32]) -> Grid:
    """A grid of `value` [n] by what stands last in each day, in order of time."""
    grid: Grid = np.full((len(fleet.homes), ATTACKED_DAYS), np.nan, np.float32)
    day = fleet.day(start)
    inside = (day >= 0) & (day < ATTACKED_DAYS)
    grid[meter[inside], day[inside]] = value[inside]
    return grid
