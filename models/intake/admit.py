"""What is let in: blocks that were not seen before, at a believable time, of the interval that the meter has."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Blocks, Int64, Rejected
from models.domain.times import DAY, EARLIEST, LATEST, SECOND, to_text
from models.state.partition import Partition


@dataclasses.dataclass(frozen=True, slots=True)
class Admitted:
    """Blocks that go on, in the order in which they do, with the event time and the meter's facts of each."""

    blocks: Blocks
    event_time: Int64
    """[b] microseconds, never falling"""
    fact: NDArray[np.int32]
    """[b] place in the partition's facts"""
    rejected: list[Rejected]


def admit(blocks: Blocks, partition: Partition, *, parked: bool) -> Admitted:
    """Let blocks in or say why not. `parked`: they waited for their meter, so their offsets lie in the past."""
    if not parked:
        blocks = blocks.take(np.flatnonzero(blocks.offset > partition.offset))
        partition.offset = int(max(partition.offset, *blocks.offset[-1:])) if len(blocks) else partition.offset
    interval_s = partition.facts["interval_s"][_facts(blocks, partition)]
    blocks, rejected = _check(blocks, interval_s)
    interval_s = partition.facts["interval_s"][_facts(blocks, partition)]
    blocks, event_time, absurd = partition.clock.admit(blocks, interval_s)
    fact = _facts(blocks, partition)
    reach = np.maximum(DAY, 2 * SECOND * partition.facts["interval_s"][fact].astype(np.int64))
    ahead = blocks.start[blocks.first[1:] - 1] > event_time + reach
    for block in np.flatnonzero(ahead):
        rejected.append(_reject(blocks, int(block), "absurd_time", "a reading starts in the future of its own sending"))
    keep = np.flatnonzero(~ahead)
    return Admitted(blocks.take(keep), event_time[keep], fact[keep], rejected + absurd)


def _facts(blocks: Blocks, partition: Partition) -> NDArray[np.int32]:
    """What the MDM says of each block's meter as of the block's start."""
    fact = partition.fact_of[blocks.meter]
    if partition.history:
        for block in np.flatnonzero(np.isin(blocks.meter, list(partition.history))):
            since, numbers = partition.history[int(blocks.meter[block])]
            version = int(np.searchsorted(since, blocks.start[blocks.first[block]], side="right")) - 1
            fact[block] = numbers[max(version, 0)]
    return fact


def _check(blocks: Blocks, interval_s: NDArray[np.int32]) -> tuple[Blocks, list[Rejected]]:
    earliest, latest = blocks.start[blocks.first[:-1]], blocks.start[blocks.first[1:] - 1]
    absurd = (earliest < EARLIEST) | (latest >= LATEST) | ((blocks.sent_at >= 0) & (blocks.sent_at >= LATEST))
    other = (blocks.interval_s != 0) & (blocks.interval_s != interval_s)
    rejected = []
    for block in np.flatnonzero(absurd | other):
        if absurd[block]:
            detail = f"not between {to_text(EARLIEST)} and {to_text(LATEST)}"
            rejected.append(_reject(blocks, int(block), "absurd_time", detail))
        else:
            detail = f"intervals of {blocks.interval_s[block]} s from a meter of {interval_s[block]} s"
            rejected.append(_reject(blocks, int(block), "wrong_interval", detail))
    return blocks.take(np.flatnonzero(~(absurd | other))), rejected


def _reject(blocks: Blocks, block: int, reason: str, detail: str) -> Rejected:
    readings = int(blocks.first[block + 1] - blocks.first[block])
    return Rejected(int(blocks.offset[block]), reason, detail, blocks.raw(block), readings)
