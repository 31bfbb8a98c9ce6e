"""The weather: seasons, days, fronts, and its records by the hour."""

import datetime as dt
import itertools

import numpy as np

from models.domain.times import HOUR, to_us
from simulators.world.calendar import Calendar
from simulators.world.weather import weather_of


def test_a_year_in_berlin() -> None:
    calendar = Calendar.of("Europe/Berlin", to_us(dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)), 365)
    weather = weather_of(np.random.default_rng(1), calendar)
    by_day = np.bincount(calendar.day, weather.temp_c) / np.bincount(calendar.day)
    assert 8 < by_day.mean() < 13
    assert by_day[181:212].mean() - by_day[:31].mean() > 14
    afternoon, night = ((calendar.clock > hour) & (calendar.clock < hour + 2) for hour in (14, 3))
    assert 2 < weather.temp_c[afternoon].mean() - weather.temp_c[night].mean() < 12
    assert 1.5 < np.abs(by_day[5:] - by_day[:-5]).mean() < 6
    assert not weather.sun[(calendar.clock < 3) | (calendar.clock > 23)].any()
    hours = weather.hours(calendar)
    assert len(hours) == 365 * 24
    assert {after - before for (before, _), (after, _) in itertools.pairwise(hours)} == {HOUR}
