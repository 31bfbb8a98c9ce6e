"""The weather over the town: hourly temperature with seasons, days and fronts, and how much sun there is."""

import dataclasses
from typing import Final

import numpy as np

from models.domain.blocks import Float64
from simulators.world.calendar import PER_HOUR, Calendar
from simulators.world.draws import wander


@dataclasses.dataclass(frozen=True, slots=True)
class Climate:
    """What is usual somewhere, degrees C."""

    mean: float
    seasons: float
    """half the difference between July and January"""
    latitude: float


CLIMATES: Final = {
    "Europe/Berlin": Climate(10.0, 9.5, 52.5),
    "Europe/London": Climate(11.0, 6.5, 51.5),
    "Europe/Madrid": Climate(15.0, 9.5, 40.4),
    "America/New_York": Climate(12.5, 12.5, 40.7),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Weather:
    """One zone's weather on the grid of a `Calendar` of n quarters of an hour."""

    zone: str
    temp_c: Float64
    """[n]"""
    sun: Float64
    """[n] 0-1: of what falls at noon in a cloudless June"""
    dry: Float64
    """[d] 0-1: how much a garden wants water on each day"""

    def hours(self, calendar: Calendar) -> list[tuple[int, float]]:
        """Start of each UTC hour, microseconds, and its temperature: records of `ami.weather`."""
        means = self.temp_c.reshape(-1, PER_HOUR).mean(axis=1)
        return [(int(t), round(float(c), 1)) for t, c in zip(calendar.start[::PER_HOUR], means, strict=True)]


def weather_of(rng: np.random.Generator, calendar: Calendar) -> Weather:
    """Weather of the calendar's zone; an unknown zone has that of Berlin."""
    climate = CLIMATES.get(calendar.timezone, CLIMATES["Europe/Berlin"])
    day = calendar.year_day[calendar.day] + calendar.clock / 24
    season = -np.cos(2 * np.pi * (day - 20) / 365.25)
    sun = _height(climate.latitude, day, calendar.clock)
    clouds = np.clip(0.45 + 0.3 * wander(rng, calendar.bins, 2.5 * 96) + 0.12 * wander(rng, calendar.bins, 8), 0, 1)
    shine = sun * (1 - 0.75 * clouds)
    front = 3.2 * wander(rng, calendar.bins, 3.5 * 96)
    warmed = np.convolve(shine, np.exp(-np.arange(40) / 14) / 14)[: calendar.bins]
    temp = climate.mean + climate.seasons * season + front + 11 * (warmed - 0.18)
    temp += 0.3 * wander(rng, calendar.bins, 6)
    daily = np.bincount(calendar.day, temp) / np.bincount(calendar.day)
    dull = np.bincount(calendar.day, clouds) / np.bincount(calendar.day)
    return Weather(
        zone=calendar.timezone.split("/")[-1].lower(),
        temp_c=temp,
        sun=shine,
        dry=np.clip((daily - 12) / 10, 0, 1) * (dull < 0.65),
    )


def _height(latitude: float, day: Float64, clock: Float64) -> Float64:
    """Sine of the sun's height, 0 at night; solar noon is taken at 12:30 by the clock, summer time or not."""
    tilt = np.radians(-23.44 * np.cos(2 * np.pi * (day + 10) / 365.25))
    turn = np.radians(15 * (clock - 12.5))
    phi = np.radians(latitude)
    height: Float64 = np.sin(phi) * np.sin(tilt) + np.cos(phi) * np.cos(tilt) * np.cos(turn)
    return np.maximum(height, 0.0)
