"""A lane: one partition of a replay, and the blocks that it is fed.

A place is a reading's position in order of replay over all lanes, an offset its position among those of its own lane:
what Kafka would number. Both start at 0.
"""

import dataclasses
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cli.replay.readings import Readings
from cli.replay.reference import Fleet
from models.contracts import MAX_INTERVALS
from models.domain.blocks import Blocks, Float64, Int64
from models.domain.ids import partition_of
from models.domain.quality import MISSING, VALID
from models.state.partition import Partition

CHUNK: Final = 1 << 17
"""Readings that are detected at once, about: it ends where the time of arrival changes."""


@dataclasses.dataclass(slots=True)
class Lane:
    """One partition, which meters are its own, and which readings it has been given."""

    partition: Partition
    index: NDArray[np.int32]
    """[fleet] place in the partition; -1 = not its own."""
    places: Int64
    """[readings of this lane] offset -> place, filled as they are given."""
    fed: int = 0
    """Readings given so far."""


def lanes_of(fleet: Fleet, readings: Readings, partitions: int) -> list[Lane]:
    """The meters told to their partitions by murmur2, as Kafka would."""
    lane_of = np.zeros(len(fleet), np.int32)
    if partitions > 1:
        lane_of[:] = [partition_of(meter_id, partitions) for meter_id in fleet.ids]
    sizes = np.bincount(lane_of[readings.meter], minlength=partitions)
    lanes = []
    for number in range(partitions):
        partition = Partition(number)
        own = np.flatnonzero(lane_of == number)
        for meter in own:
            for version in fleet.versions[meter]:
                partition.put_meter(version)
        index = np.full(len(fleet), -1, np.int32)
        index[own] = [partition.lookup(fleet.ids[meter]) for meter in own]
        lanes.append(Lane(partition, index, np.empty(sizes[number], np.int64)))
    return lanes


def chunks(readings: Readings) -> Iterator[slice]:
    """Places to detect at once: a delivery, which arrives at one moment, is never cut."""
    begin = 0
    while begin < len(readings):
        last = readings.received_at[min(begin + CHUNK, len(readings)) - 1]
        end = int(np.searchsorted(readings.received_at, last, side="right"))
        yield slice(begin, end)
        begin = end


def feed(lane: Lane, readings: Readings, fleet: Fleet, chunk: slice) -> Blocks:
    """The lane's blocks of a chunk: what a meter delivers at one moment, as far as it stands together, is one."""
    meter = lane.index[readings.meter[chunk]]
    own = np.flatnonzero(meter >= 0)
    places, meter = own + chunk.start, meter[own]
    received_at, start = readings.received_at[places], readings.start[places]
    new = np.ones(len(places), np.bool_)
    new[1:] = (meter[1:] != meter[:-1]) | (received_at[1:] != received_at[:-1])
    if not new.all():
        order = np.lexsort((start, np.cumsum(new)))
        places, start = places[order], start[order]
        new |= _position_in_run(new) % MAX_INTERVALS == 0
    first = np.append(np.flatnonzero(new), len(places)).astype(np.int64)
    offset = lane.fed + first[:-1]
    lane.places[lane.fed : lane.fed + len(places)] = places
    lane.fed += len(places)
    value = readings.value[places]
    rank = np.full(len(places), VALID, np.uint8) if readings.rank is None else readings.rank[places]
    rank[np.isnan(value)] = MISSING

    def raw(block: int) -> bytes:
        at = places[first[block] : first[block + 1]]
        return "\n".join(readings.raw(int(place), fleet) for place in at).encode()

    return Blocks(
        meter=meter[first[:-1]],
        sent_at=received_at[first[:-1]],
        offset=offset,
        interval_s=np.zeros(len(offset), np.int32),
        first=first,
        start=start,
        value=value,
        rank=rank,
        register=_optional(readings.register, places),
        voltage=_optional(readings.voltage, places),
        received=_optional(readings.received, places),
        raw=raw,
    )


def _position_in_run(new: NDArray[np.bool_]) -> Int64:
    at = np.arange(len(new))
    return at - np.maximum.accumulate(np.where(new, at, 0))


def _optional(column: Float64 | None, places: Int64) -> Float64:
    return np.full(len(places), np.nan) if column is None else column[places]
