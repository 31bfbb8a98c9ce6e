"""Making one real series into several meters: other weeks of it, at another scale, in one common window of time."""

import datetime as dt
import zoneinfo

import numpy as np

from models.domain.blocks import Float64, Int64
from models.domain.times import DAY, to_datetime, to_us

WEEK = 7 * DAY


def shift_weeks(start: Int64, value: Float64, weeks: int, timezone: str) -> tuple[Int64, Float64]:
    """The readings as if they had been made `weeks` later (or, negative, earlier) at the same local time of day.

    By the local clock and not by UTC, so that mornings stay mornings when the clocks change on another date. A local
    time that the new day skips loses its reading; of two that fall together the first stays.
    """
    zone, by = zoneinfo.ZoneInfo(timezone), dt.timedelta(weeks=weeks)
    local = [to_datetime(int(time)).astimezone(zone) for time in start]
    moved = [time + by for time in local]  # Python adds to the wall clock and keeps `fold`
    there = np.array([to_us(time) for time in moved], np.int64)
    exists = np.array([_exists(time) for time in moved], np.bool_)
    times, first = np.unique(there[exists], return_index=True)
    return times, value[exists][first]


def weeks_that_fill(start: Int64, first: int, until: int) -> range:
    """Shifts in weeks after which readings at `start` [n] cover [first, until); empty when they are too short."""
    lowest = -((int(start[-1]) - until) // WEEK)
    highest = (first - int(start[0])) // WEEK
    return range(lowest, highest + 1)


def longest_zero_s(value: Float64, interval_s: int) -> int:
    """Length of the longest run of zeros, seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (value == 0).astype(np.int8), [0]))))
    return int(np.max(edges[1::2] - edges[::2], initial=0)) * interval_s


def _exists(time: dt.datetime) -> bool:
    """Whether clocks show this local time at all."""
    return time.astimezone(dt.UTC).astimezone(time.tzinfo).replace(tzinfo=None) == time.replace(tzinfo=None)
