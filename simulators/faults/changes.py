"""What the families are made of: changes to what passes the register, and to what the head-end says of it."""

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Float64, Int64
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, HOUR
from simulators.faults.reads import Reads
from simulators.series import snap

Mask = NDArray[np.bool_]


def counted(use: Float64, resolution: float) -> Float64:
    """[n] as a register counts it: whole steps, the rest carried to the next interval, nothing lost by rounding."""
    steps = np.floor(np.cumsum(use) / resolution + 1e-6)
    return snap(np.diff(steps, prepend=0.0) * resolution, resolution)


def with_value(reads: Reads, where: Mask, value: Float64) -> Reads:
    """The head-end says `value` there, whatever the register does; what is missing stays missing."""
    return dataclasses.replace(reads, value=np.where(where & ~np.isnan(reads.value), value, reads.value))


def with_metered(reads: Reads, where: Mask, metered: Float64) -> Reads:
    """`metered` passes the register there; values that came of the register follow, made up ones stay as they are."""
    follows = where & (reads.value == reads.metered)
    return dataclasses.replace(
        reads,
        value=np.where(follows, metered, reads.value),
        metered=np.where(where, metered, reads.metered),
    )


def scaled(reads: Reads, where: Mask, share: Float64 | float) -> Reads:
    """A share, from 0 to 1 or more, of the use passes the register there."""
    return with_metered(reads, where, counted(np.where(where, reads.metered * share, 0.0), reads.resolution))


def more(reads: Reads, where: Mask, use: Float64 | float) -> Reads:
    """That much more, meter's unit an interval, passes the register there."""
    added = counted(np.where(where, use, 0.0), reads.resolution)
    return with_metered(reads, where, snap(reads.metered + added, reads.resolution))


def reordered(reads: Reads, onset: int, end: int, order: Callable[[Int64, Int64], Int64]) -> Reads:
    """The use of each local day in another order.

    `order`: the places from which it comes, by [n] place in the day and [n] intervals of the day.
    """
    span = np.flatnonzero(reads.span(onset, end))
    _, begins, lengths = np.unique(local_time(reads).day[span], return_index=True, return_counts=True)
    first, count = np.repeat(begins, lengths), np.repeat(lengths, lengths)
    metered = reads.metered.copy()
    metered[span] = reads.metered[span[first + order(np.arange(len(span)) - first, count)]]
    return with_metered(reads, reads.span(onset, end), metered)


def hours(reads: Reads) -> float:
    """Of one interval."""
    return reads.interval_s / 3600


def mean_before(reads: Reads, onset: int, column: Float64) -> float:
    """Mean of a column over the 28 days before the onset; ValueError when there is not a day of it."""
    before = column[reads.span(onset - 28 * DAY, onset) & ~np.isnan(column)]
    if len(before) * reads.interval_s < 86_400:
        raise ValueError("a day of reads before the onset is needed")
    return float(before.mean())


@dataclasses.dataclass(frozen=True, slots=True)
class LocalTime:
    """When n intervals start, by the clock of the house."""

    day: Int64
    """[n] days since 1970-01-01"""
    hour: Float64
    """[n] hours since local midnight"""

    @property
    def weekday(self) -> Int64:
        """[n] Monday is 0."""
        return (self.day + 3) % 7

    def between(self, first: float, last: float) -> Mask:
        """[n] from the hour `first` until `last`, over midnight where the second is less."""
        if first <= last:
            return (self.hour >= first) & (self.hour < last)
        return (self.hour >= first) | (self.hour < last)


def local_time(reads: Reads) -> LocalTime:
    """Of a meter's intervals."""
    midnight = midnights(reads.timezone)
    day = np.searchsorted(midnight, reads.start, side="right") - 1
    return LocalTime(day + FIRST_DAY, (reads.start - midnight[day]) / HOUR)
