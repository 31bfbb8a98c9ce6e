"""What the demo sends: the scene's messages with the partition that is theirs, and a few that nobody can read.

The unreadable ones are sent on purpose, each a spoiled copy right after the message it is a copy of, so that nothing
is lost and dead letters are seen.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Self

import numpy as np

from models.domain.ids import partition_of
from models.domain.times import to_us
from simulators.headend import Message
from simulators.scene import Scene

SPOILS: Final[dict[str, Callable[[Message], bytes]]] = {
    "not_json": lambda message: _encoded(message)[:-20],
    "naive_time": lambda message: _encoded({**message, "start": message["start"].removesuffix("Z")}),
    "absurd_time": lambda message: _encoded({**message, "start": f"18{message['start'][2:]}"}),
    "unknown_unit": lambda message: _encoded({**message, "unit": "hogshead"}),
    "schema": lambda message: _encoded({**message, "quality": [0] * 999}),  # of other length than the values
}
"""The reason a dead letter must give -> how a message is spoiled to get it."""


class Parcel(NamedTuple):
    """One record of `ami.readings`."""

    partition: int
    key: str
    value: bytes
    readings: int
    """0 for one that cannot be read."""
    sent_at: int
    """Microseconds UTC."""


class Handled(NamedTuple):
    """What is done with by now."""

    messages: int
    readings: int
    event_time: int
    """Microseconds UTC, of the partition that is behind the others; 0 = there is one in which nothing is done yet."""


class Feed:
    """Parcels in order of `sent_at`, and how far a consumer is in them, told from its offsets."""

    def __init__(self, parcels: list[Parcel], partitions: int) -> None:
        self.parcels = parcels
        self.partitions = partitions
        self._passed = [[Handled(0, 0, 0)] for _ in range(partitions)]
        for parcel in parcels:
            passed = self._passed[parcel.partition]
            passed.append(Handled(passed[-1].messages + 1, passed[-1].readings + parcel.readings, parcel.sent_at))
        self.readings = sum(parcel.readings for parcel in parcels)

    @classmethod
    def of(cls, scene: Scene, partitions: int, seed: int) -> Self:
        """The scene's messages, `seed` choosing which of them have a spoiled copy."""
        parcels = []
        sent = list(scene.messages())
        blocks = [at for at, message in enumerate(sent) if "values" in message]
        chosen = np.random.default_rng(seed).choice(blocks, len(SPOILS), replace=False).tolist()
        spoil_at = dict(zip(chosen, SPOILS.values(), strict=True))
        for at, message in enumerate(sent):
            parcel = _parcel(message, partitions)
            parcels.append(parcel)
            if spoil := spoil_at.get(at):
                parcels.append(parcel._replace(value=spoil(message), readings=0))
        return cls(parcels, partitions)

    def handled(self, offsets: Mapping[int, int]) -> Handled:
        """`offsets`: partition -> the offset of the next record there that is not done with."""
        each = [passed[offsets.get(number, 0)] for number, passed in enumerate(self._passed)]
        return Handled(
            messages=sum(handled.messages for handled in each),
            readings=sum(handled.readings for handled in each),
            event_time=min(
                handled.event_time for handled, passed in zip(each, self._passed, strict=True) if len(passed) > 1
            ),
        )


def _parcel(message: Message, partitions: int) -> Parcel:
    meter_id = message["meter_id"]
    return Parcel(
        partition=partition_of(meter_id, partitions),
        key=meter_id,
        value=_encoded(message),
        readings=len(message.get("values", (0,))),
        sent_at=to_us(dt.datetime.fromisoformat(message["sent_at"])),
    )


def _encoded(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
