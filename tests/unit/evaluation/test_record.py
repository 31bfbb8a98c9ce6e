"""Plain values of a replay: a day's score, and meters that flow by themselves."""

import numpy as np

from evaluation.record import DayScores, flows_on
from models.domain.times import HOUR
from tests import kit

MIDNIGHT = kit.us("2024-03-30T23:00")
"""In Berlin, before the day on which the clocks go forward"""


def test_a_days_score_is_that_of_its_last_reading_by_the_local_clock() -> None:
    start = MIDNIGHT + np.arange(-1, 24) * HOUR
    score = np.arange(25, dtype=np.float32)
    order = np.random.default_rng(0).permutation(25)
    meter = np.zeros(25, np.int32)
    days = DayScores.of(meter, start[order], score[order], ["Europe/Berlin"])
    assert days.score.tolist() == [0, 23, 24]
    assert (days.midnight[1:] - MIDNIGHT).tolist() == [0, 23 * HOUR]


def test_meters_in_several_zones_are_told_apart() -> None:
    start = np.array([MIDNIGHT - HOUR, MIDNIGHT] * 2)
    days = DayScores.of(
        np.array([0, 0, 1, 1], np.int32), start, np.arange(4, dtype=np.float32), ["UTC", "Europe/Berlin"]
    )
    assert days.meter.tolist() == [0, 1, 1]
    assert days.score.tolist() == [1, 2, 3]


def test_a_day_belongs_to_what_goes_on_in_a_part_of_it() -> None:
    first = kit.us("2024-01-01")
    days = DayScores.of(np.zeros(72, np.int32), first + np.arange(72) * HOUR, np.zeros(72, np.float32), ["UTC"])
    for begin, end in ((25, 26), (24, 48)):
        assert days.between(first + begin * HOUR, first + end * HOUR).tolist() == [False, True, False]


def test_a_meter_flows_by_itself_when_no_hour_of_two_days_is_dry() -> None:
    start = np.arange(100) * HOUR
    value = np.zeros(100)
    value[10:58] = 1
    assert flows_on(start, value, 3600)
    value[30] = 0
    assert not flows_on(start, value, 3600)
    value[30] = np.nan
    assert flows_on(start, value, 3600)
    value[28:34] = np.nan
    assert not flows_on(start, value, 3600)
    assert not flows_on(start[:0], value[:0], 3600)


def test_an_hour_is_wet_when_any_of_its_quarters_is() -> None:
    start = np.arange(4 * 50) * HOUR // 4
    assert flows_on(start, (np.arange(200) % 4 == 1).astype(float), 900)
