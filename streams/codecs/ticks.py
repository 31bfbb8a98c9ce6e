"""Ticks on `ami.readings`: `{"tick": "2024-05-01T12:00:00Z"}`, written by `streams.ticks`."""

from typing import Final

import pydantic

from models.contracts import Contract
from models.contracts.base import Instant
from models.domain.blocks import Rejected
from models.domain.times import EARLIEST, LATEST, to_us
from streams.codecs.documents import read
from streams.codecs.json import Message

_BEGINS: Final = b'{"tick"'


class Tick(Contract):
    """Time has passed, and no block came."""

    tick: Instant


_CONTRACT: Final = pydantic.TypeAdapter(Tick)


def is_tick(message: Message) -> bool:
    """By its first bytes: every message is asked."""
    return message.value.startswith(_BEGINS)


def tick_time(message: Message) -> int | Rejected:
    """Event time, microseconds."""
    tick = read(message, _CONTRACT)
    if isinstance(tick, Rejected):
        return tick
    time = to_us(tick.tick)
    if not EARLIEST <= time < LATEST:
        return Rejected(message.offset, "absurd_time", f"a tick of {tick.tick.isoformat()}", message.value)
    return time
