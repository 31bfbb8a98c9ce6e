"""`ami.readings` as JSON: an interval block or a lone reading a message. What cannot be read becomes `Rejected`.

Reasons are stable names, for dead letters and metrics: `REASONS`.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Final, Protocol

import pydantic
import pydantic_core

from models.contracts import IntervalBlock, LoneReading, Meter
from models.domain.blocks import Blocks, BlocksBuilder, Rejected
from models.domain.ids import partition_of
from models.domain.quality import MISSING, VALID, rank_of
from models.domain.times import EARLIEST, LATEST, NEVER, SECOND, to_us
from models.domain.units import BASE

REASONS: Final = (
    "empty",  # no bytes at all
    "too_large",  # more bytes than the setting allows
    "not_json",
    "schema",  # JSON, but not a block: the detail names the field
    "naive_time",  # a time without zone
    "absurd_time",  # before 1990 or after 2099, or far from all other input
    "unknown_unit",
    "unit_mismatch",  # a unit, but not the meter's
    "wrong_interval",  # an interval, but not the meter's
    "wrong_partition",  # not where murmur2 of the meter id puts it
    "unknown_meter",  # ami.meters did not tell of it within a day
)


class Meters(Protocol):
    """What the codec asks of a `Partition`."""

    number: int
    meters: dict[int, list[Meter]]

    def lookup(self, meter_id: str) -> int:
        """Place of a meter, -1 when it is not known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One Kafka record of `ami.readings`."""

    offset: int
    value: bytes
    at: float = 0.0
    """Time of the record, seconds since 1970; 0 = not known"""


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """A sound block of a meter that is not known yet: to be parked."""

    offset: int
    meter_id: str
    value: bytes
    readings: int


@dataclasses.dataclass(slots=True)
class Decoded:
    """What became of some messages of one partition; each is in just one of the three."""

    blocks: Blocks
    rejected: list[Rejected]
    unknown: list[Unknown]


def decode(messages: Iterable[Message], meters: Meters, partitions: int, max_bytes: int) -> Decoded:
    """Messages of the partition `meters.number`, in order of offset. Never raises for what a message holds."""
    builder, rejected, unknown = BlocksBuilder(), [], []
    for message in messages:
        try:
            block = _parse(message.value, max_bytes)
            meter = meters.lookup(block.meter_id)
            if meter < 0:
                _check_partition(block.meter_id, meters.number, partitions)
                unknown.append(Unknown(message.offset, block.meter_id, message.value, _size(block)))
            else:
                _add(builder, meter, meters.meters[meter][-1], message, block)
        except _RefusedError as refused:
            rejected.append(Rejected(message.offset, refused.reason, refused.detail, message.value, refused.readings))
    return Decoded(builder.build(), rejected, unknown)


class _RefusedError(Exception):
    """Stays in this module."""

    def __init__(self, reason: str, detail: str, readings: int = 1) -> None:
        self.reason, self.detail, self.readings = reason, detail, readings


def _size(block: IntervalBlock | LoneReading) -> int:
    return len(block.values) if isinstance(block, IntervalBlock) else 1


def _parse(raw: bytes, max_bytes: int) -> IntervalBlock | LoneReading:
    if not raw:
        raise _RefusedError("empty", "a message without bytes")
    if len(raw) > max_bytes:
        raise _RefusedError("too_large", f"{len(raw)} bytes, at most {max_bytes} are read")
    try:
        block = _validate(raw)
    except pydantic.ValidationError as error:
        raise _refusal(error, raw) from None
    if block.unit is not None and block.unit not in BASE:
        raise _RefusedError("unknown_unit", f"unit {block.unit[:40]!r}, known are {', '.join(BASE)}", _size(block))
    return block


def _validate(raw: bytes) -> IntervalBlock | LoneReading:
    if b'"values"' in raw:  # a look at the bytes is cheaper than trying both
        try:
            return IntervalBlock.model_validate_json(raw)
        except pydantic.ValidationError as error:
            if not any(e["type"] == "missing" and e["loc"] == ("values",) for e in error.errors(include_url=False)):
                raise
    return LoneReading.model_validate_json(raw)


def _refusal(error: pydantic.ValidationError, raw: bytes) -> _RefusedError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return _RefusedError("not_json", first["msg"][:200])
    path = ".".join(str(part) for part in first["loc"])
    detail = f"{path}: {first['msg']}"[:200] if path else first["msg"][:200]
    reason = "naive_time" if first["type"] == "timezone_aware" else "schema"
    return _RefusedError(reason, detail, _count(raw))


def _count(raw: bytes) -> int:
    """Readings in a block that did not fit the schema, as far as can be told."""
    try:
        block: Any = pydantic_core.from_json(raw)
        return max(1, len(block["values"]))
    except (ValueError, TypeError, KeyError):
        return 1


def _check_partition(meter_id: str, here: int, partitions: int) -> None:
    """Known meters need no such check: `ami.meters` has the same partitions, and is checked by `reference`."""
    right = partition_of(meter_id, partitions)
    if right != here:
        raise _RefusedError(
            "wrong_partition", f"meter {meter_id} belongs to partition {right} (murmur2 of {partitions})"
        )


def _add(builder: BlocksBuilder, at: int, meter: Meter, message: Message, block: IntervalBlock | LoneReading) -> None:
    size = _size(block)
    if block.unit is not None and block.unit != meter.unit:
        raise _RefusedError("unit_mismatch", f"unit {block.unit}, the meter's is {meter.unit}", size)
    start = to_us(block.start)
    interval = (block.interval_s or meter.interval_s) * SECOND
    if not EARLIEST <= start <= LATEST - size * interval:
        raise _RefusedError("absurd_time", f"start {block.start.isoformat()}", size)
    sent_at = NEVER if block.sent_at is None else to_us(block.sent_at)
    if block.sent_at is not None and not EARLIEST <= sent_at < LATEST:
        raise _RefusedError("absurd_time", f"sent_at {block.sent_at.isoformat()}", size)
    register = None if block.register_ is None else [math.nan] * (size - 1) + [block.register_]
    builder.add(
        at,
        message.offset,
        range(start, start + size * interval, interval),
        *_columns(block),
        sent_at=sent_at,
        interval_s=block.interval_s or 0,
        registers=register,
        voltages=_floats(block.voltages) if isinstance(block, IntervalBlock) else _float(block.voltage),
        received=_floats(block.received) if isinstance(block, IntervalBlock) else _float(block.received),
        raw=message.value,
    )


def _columns(block: IntervalBlock | LoneReading) -> tuple[list[float], list[int]]:
    """Values, and ranks: a value that is missing has the rank `MISSING` whatever its code says."""
    if isinstance(block, LoneReading):
        values: list[float | None] = [block.value]
        codes = [block.quality]
    else:
        values = block.values
        codes = block.quality if isinstance(block.quality, list) else [block.quality]
    ranks = [VALID] if codes == [None] else [MISSING if (rank := rank_of(code)) is None else rank for code in codes]
    if len(ranks) != len(values):
        ranks *= len(values)
    if None in values:
        ranks = [MISSING if value is None else rank for value, rank in zip(values, ranks, strict=True)]
        return [math.nan if value is None else value for value in values], ranks
    return values, ranks  # type: ignore[return-value]  # no None in it


def _floats(values: list[float | None] | None) -> list[float] | None:
    return None if values is None else [math.nan if value is None else value for value in values]


def _float(value: float | None) -> list[float] | None:
    return None if value is None else [value]
