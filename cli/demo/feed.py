"""What the demo sends: messages of head-ends in order of time, and a few that nobody can read.

The unreadable ones are sent on purpose, each a spoiled copy right after the message it is a copy of, so that nothing
is lost and dead letters are seen.
"""

import datetime as dt
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from models.domain.ids import partition_of
from models.domain.times import LATEST, to_us
from simulators.headend import Message

SPOILS: Final[dict[str, Callable[[Message], bytes]]] = {
    "not_json": lambda message: _encoded(message)[:-20],
    "naive_time": lambda message: _encoded({**message, "start": message["start"].removesuffix("Z")}),
    "absurd_time": lambda message: _encoded({**message, "start": f"18{message['start'][2:]}"}),
    "unknown_unit": lambda message: _encoded({**message, "unit": "hogshead"}),
    "schema": lambda message: _encoded({**message, "quality": [0] * 999}),  # of other length than the values
}
"""The reason a dead letter must give -> how a message is spoiled to get it."""
READINGS: Final = "readings"
_encode: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_place: Final = functools.cache(partition_of)


class Parcel(NamedTuple):
    """One record."""

    topic: str
    """A field of `streams.settings.Topics`"""
    key: str
    value: bytes
    sent_at: int
    """Microseconds UTC"""
    readings: int = 0
    """In it; 0 also for one that cannot be read"""


class Handled(NamedTuple):
    """What of `ami.readings` is done with by now."""

    messages: int
    readings: int
    event_time: int
    """Microseconds UTC, of the partition that is behind the others; 0 = there is one in which nothing is done yet."""


class Feed:
    """Parcels in order of `sent_at`, made as they are asked for, and how far a consumer is, told from its offsets."""

    def __init__(self, parcels: Iterable[Parcel], partitions: int) -> None:
        self.partitions = partitions
        self.sent = 0
        """Records of `ami.readings`"""
        self._parcels = iter(parcels)
        self._next = next(self._parcels, None)
        self._passed = [[Handled(0, 0, 0)] for _ in range(partitions)]

    def until(self, time: int = LATEST) -> Iterator[Parcel]:
        """What has not been sent yet and is to be sent before `time`, microseconds."""
        while (parcel := self._next) is not None and parcel.sent_at < time:
            if parcel.topic == READINGS:
                passed = self._passed[self.place(parcel)]
                passed.append(Handled(len(passed), passed[-1].readings + parcel.readings, parcel.sent_at))
                self.sent += 1
            yield parcel
            self._next = next(self._parcels, None)

    def place(self, parcel: Parcel) -> int:
        """Its partition."""
        return _place(parcel.key, self.partitions)

    def handled(self, offsets: Mapping[int, int]) -> Handled:
        """`offsets`: partition -> the offset of the next record of `ami.readings` there that is not done with."""
        each = [passed[offsets.get(number, 0)] for number, passed in enumerate(self._passed)]
        used = [one.event_time for one, passed in zip(each, self._passed, strict=True) if len(passed) > 1]
        return Handled(sum(one.messages for one in each), sum(one.readings for one in each), min(used, default=0))


def parcels_of(messages: Iterable[Message]) -> Iterator[Parcel]:
    """Interval blocks and lone readings as records."""
    for message in messages:
        sent_at = to_us(dt.datetime.fromisoformat(message["sent_at"]))
        yield Parcel(READINGS, message["meter_id"], _encoded(message), sent_at, len(message.get("values", (0,))))


def spoiled(parcels: Iterable[Parcel], moments: Sequence[int]) -> Iterator[Parcel]:
    """With a copy spoiled in each way of `SPOILS`, after the first block of several readings from its moment on."""
    waiting = list(zip(sorted(moments), SPOILS.values(), strict=True))
    for parcel in parcels:
        yield parcel
        if waiting and parcel.sent_at >= waiting[0][0] and parcel.readings > 1:
            _, spoil = waiting.pop(0)
            yield parcel._replace(value=spoil(json.loads(parcel.value)), readings=0)


def _encoded(message: Message) -> bytes:
    return _encode(message).encode()
