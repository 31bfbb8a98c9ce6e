"""The grid that everything happens on: quarters of an hour of whole local days, some of 23 or 25 hours."""

import dataclasses
import datetime as dt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Float64, Int64
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import HOUR, SECOND

BIN_S: Final = 900
BIN: Final = BIN_S * SECOND
PER_HOUR: Final = 4
Bools = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, slots=True)
class Calendar:
    """d local days of one time zone as n quarters of an hour."""

    timezone: str
    midnight: Int64
    """[d + 1] start of each day and the end of the last, microseconds UTC"""
    start: Int64
    """[n] microseconds UTC"""
    day: Int64
    """[n] index of the local day"""
    clock: Float64
    """[n] what the clock shows in the middle of the quarter, hours"""
    free: Bools
    """[d] Sundays and public holidays"""
    weekday: Int64
    """[d] 0 = Monday"""
    year_day: Int64
    """[d] 0 = 1 January"""

    @classmethod
    def of(cls, timezone: str, start: int, days: int) -> "Calendar":
        """`days` local days from the one in which `start`, microseconds, falls."""
        every = midnights(timezone)
        first = int(np.searchsorted(every, start, side="right")) - 1
        midnight = every[first : first + days + 1]
        quarters = np.arange(midnight[0], midnight[-1], BIN)
        day = np.searchsorted(midnight, quarters, side="right") - 1
        passed = (quarters - midnight[day] + BIN // 2) / HOUR
        clock = passed + (24 - np.diff(midnight) / HOUR)[day] * (passed >= 2.5)
        dates = [dt.date(1970, 1, 1) + dt.timedelta(days=first + FIRST_DAY + n) for n in range(days)]
        weekday = np.array([date.weekday() for date in dates], np.int64)
        return cls(
            timezone=timezone,
            midnight=midnight,
            start=quarters,
            day=day,
            clock=clock,
            free=(weekday == 6) | np.array([is_holiday(date, timezone) for date in dates], np.bool_),
            weekday=weekday,
            year_day=np.array([date.timetuple().tm_yday - 1 for date in dates], np.int64),
        )

    @property
    def days(self) -> int:
        """d"""
        return len(self.weekday)

    @property
    def bins(self) -> int:
        """n"""
        return len(self.start)

    @property
    def rest(self) -> Bools:
        """[d] days without work: free ones and Saturdays."""
        resting: Bools = self.free | (self.weekday == 5)
        return resting

    def position(self, day: Int64, clock: Float64) -> Float64:
        """Where local times of day stand on the grid, in quarters; past midnight is the next day."""
        passed = clock + (np.diff(self.midnight) / HOUR - 24)[day] * (clock >= 3)
        quarters: Float64 = (self.midnight[day] - self.midnight[0]) / BIN + passed * PER_HOUR
        return quarters

    def span(self, first_day: int, until_day: int) -> tuple[int, int]:
        """Microseconds from the start of one day to the start of another, both cut to the window."""
        ends = np.clip([first_day, until_day], 0, self.days)
        return int(self.midnight[ends[0]]), int(self.midnight[ends[1]])


def is_holiday(date: dt.date, timezone: str) -> bool:
    """Public holidays that empty offices: those of Germany, or of the United States for zones in America."""
    if timezone.startswith("America/"):
        fixed = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}
        thursday = date.month == 11 and date.weekday() == 3 and 22 <= date.day <= 28
        monday = date.weekday() == 0
        memorial, labor = monday and date.month == 5 and date.day > 24, monday and date.month == 9 and date.day < 8
        return (date.month, date.day) in fixed or thursday or memorial or labor
    fixed = {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}
    return (date.month, date.day) in fixed or (date - easter(date.year)).days in (-2, 1, 39, 50)


def easter(year: int) -> dt.date:
    """Easter Sunday, by the Gregorian computus for 1900 to 2099."""
    moon = (19 * (year % 19) + 24) % 30
    sunday = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    days = moon + sunday
    if (days == 35) or (days == 34 and moon == 28 and year % 19 > 10):
        days -= 7
    return dt.date(year, 3, 22) + dt.timedelta(days=days)
