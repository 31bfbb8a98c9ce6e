"""What the head-end has of one meter, before it is made into messages."""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Float64, Int64
from models.domain.times import SECOND

VALID: Final = 0
ESTIMATED: Final = 8
"""ESPI quality codes: valid; estimated by reference day."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reads:
    """What the head-end has of one meter: n intervals in order of time.

    The register at the end of an interval is the cumulative sum of `metered`.
    """

    start: Int64
    """[n] microseconds UTC"""
    value: Float64
    """[n] consumption in the interval, meter's unit; NaN = a message says that it is missing"""
    quality: NDArray[np.int16]
    """[n] ESPI codes"""
    metered: Float64
    """[n] what passed through the register in the interval: differs from `value` where the reads lie about it"""
    lost: NDArray[np.bool_]
    """[n] no message ever carries the interval: the meter is silent"""
    interval_s: int
    resolution: float
    voltage: Float64 | None = None
    """[n] mean volts"""
    received: Float64 | None = None
    """[n] energy received from the customer, meter's unit"""
    timezone: str = "UTC"
    """IANA, of the meter's local days"""
    events: tuple[tuple[int, str], ...] = ()
    """What the meter reports, in order of time: microseconds UTC, IEC 61968-9 code"""

    @classmethod
    def valid(
        cls,
        start: Int64,
        value: Float64,
        interval_s: int,
        resolution: float,
        *,
        voltage: Float64 | None = None,
        received: Float64 | None = None,
        timezone: str = "UTC",
    ) -> "Reads":
        """Reads that nothing is wrong with."""
        n = len(start)
        return cls(
            start=start,
            value=value,
            quality=np.full(n, VALID, np.int16),
            metered=np.nan_to_num(value),
            lost=np.zeros(n, np.bool_),
            interval_s=interval_s,
            resolution=resolution,
            voltage=voltage,
            received=received,
            timezone=timezone,
        )

    @property
    def ends(self) -> Int64:
        """[n] microseconds UTC, the intervals' ends."""
        return self.start + self.interval_s * SECOND

    def span(self, onset: int, end: int) -> NDArray[np.bool_]:
        """[n] intervals that start in [onset, end), microseconds UTC."""
        return (self.start >= onset) & (self.start < end)
