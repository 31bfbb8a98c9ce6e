"""Readings of meters that something is said of, one by one into their episodes."""

import numpy as np
from numpy.typing import NDArray

from models.contracts import AnomalyEvent
from models.deciding.episodes import Reading, decide
from models.domain.blocks import Blocks, Int64
from models.domain.times import NEVER, SECOND
from models.scoring.policy import Policy
from models.state.partition import Partition
from models.state.ring import NEW, REVISED, SECOND_START


def decide_all(
    blocks: Blocks,
    event_time: Int64,
    verdicts: NDArray[np.void],
    findings: NDArray[np.void],
    partition: Partition,
    policy: Policy,
) -> list[tuple[int, AnomalyEvent]]:
    """Move on the episodes of all meters with findings or open episodes; (input offset, event) in order of input."""
    found_in = np.searchsorted(blocks.first, findings["reading"], side="right") - 1
    spoken_of = np.zeros(len(partition), np.bool_)
    spoken_of[blocks.meter[found_in]] = True
    is_open = (partition.rows["episodes"]["opened"][: len(partition)] != NEVER).any(axis=1)
    events: list[tuple[int, AnomalyEvent]] = []
    for block in np.flatnonzero((spoken_of | is_open)[blocks.meter]):
        meter = int(blocks.meter[block])
        interval = int(partition.rows["interval_s"][meter]) * SECOND
        for i in range(int(blocks.first[block]), int(blocks.first[block + 1])):
            verdict = verdicts[i]
            if verdict["fate"] not in (NEW, SECOND_START, REVISED):
                continue
            low, high = np.searchsorted(findings["reading"], (i, i + 1))
            if low == high and not (verdict["solid"] and is_open[meter]):
                continue
            reading = Reading(
                meter,
                int(blocks.start[i]),
                interval,
                int(event_time[block]),
                int(verdict["calm"]),
                tuple(findings[low:high]),
            )
            events += [(int(blocks.offset[block]), event) for event in decide(reading, partition, policy)]
            is_open[meter] = (partition.rows["episodes"]["opened"][meter] != NEVER).any()
    return events
