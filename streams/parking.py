"""Blocks of meters that `ami.meters` has not told of yet: kept for a day of event time, then dead letters.

Bounded by count and bytes; what comes when it is full is refused at once. Durable in the partition's changelog under
keys that start with ``k``: one record a block, a tombstone when it has gone.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Rejected
from models.domain.times import DAY, NEVER
from streams.codecs.json import Message, Unknown

KEY: Final = b"k"
KEPT_FOR: Final = DAY
_OFFSET: Final = struct.Struct(">q")
_HEAD: Final = struct.Struct(">qiH")
"""Of a record: event time at which it was parked, readings, length of the meter id that follows. Then the bytes."""

Record = tuple[bytes, bytes | None]


class Parking:
    """The parked blocks of one partition, in order of offset."""

    def __init__(self, max_blocks: int, max_bytes: int) -> None:
        self._max_blocks = max_blocks
        self._max_bytes = max_bytes
        self._blocks: dict[int, tuple[int, Unknown]] = {}
        self._by_meter: dict[str, list[int]] = {}
        self._bytes = 0
        self._new: list[int] = []
        self._gone: list[int] = []

    def __len__(self) -> int:
        return len(self._blocks)

    def park(self, block: Unknown, event_time: int) -> Rejected | None:
        """Keep a block; the dead letter if there is no room. A block that is already here stays as it is."""
        if block.offset in self._blocks:
            return None
        if len(self) >= self._max_blocks or self._bytes + len(block.value) > self._max_bytes:
            return _rejected(block, "no room to wait for ami.meters")
        self._put(block, event_time)
        self._new.append(block.offset)
        return None

    def waiting_for(self, known: Callable[[str], bool]) -> bool:
        """Whether `release` would give anything."""
        return any(known(meter_id) for meter_id in self._by_meter)

    def release(self, known: Callable[[str], bool]) -> list[Message]:
        """Takes out the blocks of meters that are known by now, in order of offset."""
        meters = [meter_id for meter_id in self._by_meter if known(meter_id)]
        offsets = sorted(offset for meter_id in meters for offset in self._by_meter[meter_id])
        return [Message(offset, self._remove(offset).value) for offset in offsets]

    def expire(self, event_time: int) -> list[Rejected]:
        """Takes out the blocks that have waited for `KEPT_FOR` of event time."""
        late = [offset for offset, (since, _) in self._blocks.items() if event_time - since >= KEPT_FOR]
        return [_rejected(self._remove(offset), "ami.meters did not tell of it within 24 h") for offset in late]

    def date(self, event_time: int) -> None:
        """Blocks that were parked before the partition had an event time count from now."""
        if event_time == NEVER:
            return
        for offset, (since, block) in self._blocks.items():
            if since == NEVER:
                self._blocks[offset] = (event_time, block)
                self._new.append(offset)

    # Durability -------------------------------------------------------------------------------------------------------

    def arrivals(self) -> list[Record]:
        """Records of what was parked since `settle`: to be written before the partition's own."""
        return [
            (KEY + _OFFSET.pack(o), _encode(*self._blocks[o])) for o in dict.fromkeys(self._new) if o in self._blocks
        ]

    def departures(self) -> list[Record]:
        """Tombstones of what has gone since `settle`: to be written after the partition's own."""
        return [(KEY + _OFFSET.pack(offset), None) for offset in self._gone]

    def settle(self) -> None:
        """What `arrivals` and `departures` gave is acked."""
        self._new.clear()
        self._gone.clear()

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in."""
        (offset,) = _OFFSET.unpack(key[len(KEY) :])
        if offset in self._blocks:
            self._remove(offset)
            self._gone.pop()
        if value is not None:
            since, block = _decode(offset, value)
            self._put(block, since)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a snapshot."""
        records = [(offset, _encode(*block)) for offset, block in self._blocks.items()]
        return {
            "parked_offsets": np.array([offset for offset, _ in records], np.int64),
            "parked_sizes": np.array([len(body) for _, body in records], np.int64),
            "parked": np.frombuffer(b"".join(body for _, body in records), np.uint8),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Back from `arrays`."""
        whole, at = arrays["parked"].tobytes(), 0
        for offset, size in zip(arrays["parked_offsets"].tolist(), arrays["parked_sizes"].tolist(), strict=True):
            since, block = _decode(offset, whole[at : at + size])
            self._put(block, since)
            at += size

    def _put(self, block: Unknown, since: int) -> None:
        self._blocks[block.offset] = (since, block)
        self._by_meter.setdefault(block.meter_id, []).append(block.offset)
        self._bytes += len(block.value)

    def _remove(self, offset: int) -> Unknown:
        _, block = self._blocks.pop(offset)
        offsets = self._by_meter[block.meter_id]
        offsets.remove(offset)
        if not offsets:
            del self._by_meter[block.meter_id]
        self._bytes -= len(block.value)
        self._gone.append(offset)
        return block


def _rejected(block: Unknown, why: str) -> Rejected:
    return Rejected(block.offset, "unknown_meter", f"meter {block.meter_id}: {why}", block.value, block.readings)


def _encode(since: int, block: Unknown) -> bytes:
    meter_id = block.meter_id.encode()
    return _HEAD.pack(since, block.readings, len(meter_id)) + meter_id + block.value


def _decode(offset: int, body: bytes) -> tuple[int, Unknown]:
    since, readings, length = _HEAD.unpack_from(body)
    meter_id = body[_HEAD.size : _HEAD.size + length]
    return since, Unknown(offset, meter_id.decode(), body[_HEAD.size + length :], readings)
