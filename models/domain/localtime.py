"""Local days of a time zone: 23, 24 or 25 hours between one local midnight and the next, but for rare decrees."""

import datetime as dt
import functools
import zoneinfo

import numpy as np
from numpy.typing import NDArray

from models.domain.times import DAY, EARLIEST, HOUR, LATEST, to_us

FIRST_DAY = EARLIEST // DAY - 1
"""Days are counted since 1970-01-01 in local time; this one stands first in `midnights`."""


@functools.cache
def midnights(timezone: str) -> NDArray[np.int64]:
    """Start of every local day from `FIRST_DAY` into 2100, microseconds UTC, growing.

    Where a change of the clock skips midnight the day starts at the first moment it has. A day of more than 25 hours,
    as Antarctica/Troll has every autumn, ends after 25 of them: the rings have room for no more.
    Raises `zoneinfo.ZoneInfoNotFoundError` for a zone that IANA does not know.
    """
    zone = zoneinfo.ZoneInfo(timezone)
    days = LATEST // DAY + 4 - FIRST_DAY
    first = dt.date(1970, 1, 1) + dt.timedelta(days=FIRST_DAY)
    starts = [to_us(dt.datetime.combine(first + dt.timedelta(days=n), dt.time(), tzinfo=zone)) for n in range(days)]
    for n in range(1, days):
        starts[n] = min(starts[n], starts[n - 1] + 25 * HOUR)
    return np.array(starts, np.int64)
