"""Times are int64 microseconds since 1970-01-01T00:00Z; text and `datetime` exist only at the edges."""

import datetime as dt
from typing import Final

SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
NEVER: Final = -(2**63)
"""No time at all, in a column of times."""
EARLIEST: Final = 631_152_000 * SECOND
"""1990-01-01: readings from before it are absurd."""
LATEST: Final = 4_102_444_800 * SECOND
"""2100-01-01: readings from then on are absurd."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def to_us(time: dt.datetime) -> int:
    """Microseconds since the epoch of an aware datetime; ValueError for a naive one."""
    if time.tzinfo is None:
        raise ValueError("a time without zone")
    return (time - _EPOCH) // dt.timedelta(microseconds=1)


def to_datetime(us: int) -> dt.datetime:
    """The aware UTC datetime of microseconds since the epoch."""
    return _EPOCH + dt.timedelta(microseconds=int(us))


def day_of(number: int) -> dt.date:
    """Date of a local day that is counted since 1970-01-01."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)


def to_text(us: int) -> str:
    """ISO 8601 with Z, microseconds only where there are any."""
    return to_datetime(us).isoformat().replace("+00:00", "Z")
