"""`ami.readings`: the IntervalBlock of ESPI and IEC 61968-9, and a lone reading, which is a block of one."""

from typing import Annotated, Final, Self

import pydantic

from models.contracts.base import Contract, Instant, MeterId
from models.domain.quality import rank_of

MAX_INTERVALS: Final = 3000
"""Intervals in one block: a month at 15 minutes, 31 x 96 = 2,976."""


def _known_quality(code: str | int | None) -> str | int | None:
    if rank_of(code) is None:
        raise ValueError(f"{code!r} is neither a quality name nor an ESPI code")
    return code


Quality = Annotated[str | int | None, pydantic.AfterValidator(_known_quality)]
"""A name (valid, edited, derived, estimated, questionable, missing) or an ESPI code; none = valid."""
IntervalSeconds = Annotated[int, pydantic.Field(ge=60, le=86_400)]
Values = Annotated[list[float | None], pydantic.Field(min_length=1, max_length=MAX_INTERVALS)]


class _Delivery(Contract):
    meter_id: MeterId
    start: Instant
    """Start of the first interval."""
    interval_s: IntervalSeconds | None = None
    """Seconds; none = the meter's own."""
    register_: float | None = pydantic.Field(default=None, alias="register")
    """Cumulative register at the end of the last interval, meter's unit."""
    unit: str | None = None
    """For checks; none = the meter's own."""
    head_end: str | None = None
    sent_at: Instant | None = None
    """When the head-end sent it; none = end of the last interval."""


class IntervalBlock(_Delivery):
    """Consecutive intervals of one meter."""

    values: Values
    """Consumption in each interval, meter's unit; null = the head-end says missing."""
    quality: Quality | list[Quality] = None
    """One code for all intervals, or one each."""
    voltages: Values | None = None
    """Mean volts of each interval."""
    received: Values | None = None
    """Energy received from the customer in each interval, meter's unit."""

    @pydantic.model_validator(mode="after")
    def _equal_lengths(self) -> Self:
        for name in ("quality", "voltages", "received"):
            column = getattr(self, name)
            if isinstance(column, list) and len(column) != len(self.values):
                raise ValueError(f"{name} has {len(column)} entries for {len(self.values)} values")
        return self


class LoneReading(_Delivery):
    """One interval of one meter."""

    value: float | None
    """Consumption in the interval, meter's unit; null = the head-end says missing."""
    quality: Quality = None
    voltage: float | None = None
    received: float | None = None
