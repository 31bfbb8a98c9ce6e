"""Moving readings by weeks keeps the time of day."""

import datetime as dt
import zoneinfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.domain.times import HOUR, to_datetime, to_us
from simulators.copies import WEEK, longest_zero_s, shift_weeks, weeks_that_fill

ROME = "Europe/Rome"


def hours(first: dt.datetime, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return to_us(first) + np.arange(count, dtype=np.int64) * HOUR


def clock(us: int) -> tuple[int, int, int]:
    local = to_datetime(us).astimezone(zoneinfo.ZoneInfo(ROME))
    return local.weekday(), local.hour, local.minute


@given(st.integers(-60, 60), st.integers(0, 400))
def test_weekday_and_local_time_stay(weeks: int, day: int) -> None:
    start = hours(dt.datetime(2021, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day), 72)
    moved, value = shift_weeks(start, np.arange(72.0), weeks, ROME)
    assert (np.diff(moved) > 0).all()
    assert 70 <= len(moved) <= 72
    for time, origin in zip(moved, value, strict=True):
        assert clock(int(time)) == clock(int(start[int(origin)]))


def test_the_hour_that_a_day_skips_is_lost() -> None:
    start = hours(dt.datetime(2022, 3, 19, 23, tzinfo=dt.UTC), 24)  # Sunday 20 March in Rome
    moved, value = shift_weeks(start, np.arange(24.0), 1, ROME)  # 27 March has no 02:00
    assert value.tolist() == [0.0, 1.0, *map(float, range(3, 24))]
    assert (np.diff(moved) == HOUR).all()


def test_of_an_hour_that_comes_twice_one_stays() -> None:
    start = hours(dt.datetime(2022, 10, 29, 22, tzinfo=dt.UTC), 25)  # Sunday 30 October in Rome, 25 hours
    _, value = shift_weeks(start, np.arange(25.0), 1, ROME)
    assert value.tolist() == [0.0, 1.0, 2.0, *map(float, range(4, 25))]


def test_only_shifts_that_cover_the_window() -> None:
    start = np.arange(0, 10 * WEEK + HOUR, HOUR)
    assert list(weeks_that_fill(start, 20 * WEEK, 28 * WEEK)) == [18, 19, 20]
    assert list(weeks_that_fill(start, 20 * WEEK, 31 * WEEK)) == []


def test_longest_run_of_zeros() -> None:
    assert longest_zero_s(np.array([0.0, 1.0, 0.0, 0.0, 2.0, 0.0]), 1800) == 3600
    assert longest_zero_s(np.array([1.0]), 1800) == 0
