"""What all homes do at once, which is no fault: the false alarms that it brings, with drift of cohorts and without.

Without drift a cohort's tables and forests are made of the same window as ever, until what came before has left it.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from unittest import mock

import numpy as np

from evaluation.attacks import Attack
from evaluation.branches import Branch, Trunk
from evaluation.fleets import ATTACKED_DAYS, Fleet
from models.domain.times import DAY
from models.scoring import sample
from models.state.closed import COHORTS
from simulators.faults import Reads
from simulators.faults.changes import local_time, scaled

HIGH: Final = 0.99
"""Of a calibrated score one clean reading in a hundred is above it."""
_HOT_DAYS: Final = 7
_Change = Callable[[Reads, int], Reads]


@dataclasses.dataclass(frozen=True, slots=True)
class Alarms:
    """Of homes that nothing is wrong with."""

    high: tuple[float, float]
    """Share of scores above `HIGH`, in the first week and in the second"""
    opened: int
    """Anomalies"""
    drifts: int
    """Reported"""
    home_days: int


def changed(trunk: Trunk) -> dict[str, dict[str, Alarms]]:
    """By change, and by whether cohorts drift."""
    found: dict[str, dict[str, Alarms]] = {}
    for name, change in CHANGES.items():
        reads = tuple(change(home.reads, trunk.fleet.onset) for home in trunk.fleet.homes)
        done = Attack(name, reads, {})
        found[name] = {"with drift": _alarms(trunk.fleet, trunk.branch(done))}
        with _nothing_drifts():
            found[name]["without"] = _alarms(trunk.fleet, trunk.branch(done))
    return found


def _alarms(fleet: Fleet, branch: Branch) -> Alarms:
    day, score = fleet.day(branch.read.start), branch.read.score
    weeks = [score[(day >= first) & (day < first + 7) & ~np.isnan(score)] for first in (0, 7)]
    high = [float(np.mean(week > HIGH)) for week in weeks]
    opened = sum(event.status == "opened" for event in branch.events)
    return Alarms((high[0], high[1]), opened, branch.drifts, len(fleet.homes) * ATTACKED_DAYS)


@contextlib.contextmanager
def _nothing_drifts() -> Iterator[None]:
    with mock.patch.object(sample, "drifted", return_value=np.zeros(COHORTS, np.uint8)):
        yield


def _nothing(reads: Reads, onset: int) -> Reads:
    return reads


def _hotter(reads: Reads, onset: int) -> Reads:
    return scaled(reads, reads.span(onset, onset + _HOT_DAYS * DAY), 1.4)


def _moved(reads: Reads, onset: int) -> Reads:
    """Evenings become cheaper to avoid."""
    clock = local_time(reads)
    share = np.where(clock.between(17, 21), 0.6, np.where(clock.between(23, 5), 1.6, 1.0))
    return scaled(reads, reads.start >= onset, share)


CHANGES: Final[Mapping[str, _Change]] = {
    "nothing": _nothing,
    "a week of 40 % more": _hotter,
    "evenings of 40 % less, nights of 60 % more": _moved,
}
