"""A head-end: turns a meter's reads into the messages of `ami.readings`."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np

from models.contracts import Meter
from models.domain.blocks import Int64
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, SECOND, to_text
from simulators.faults import Reads
from simulators.series import snap

Message = dict[str, Any]
"""An `IntervalBlock` or, with `value` for `values`, a `LoneReading`: JSON-able, fields as in the contract."""
_RESOLUTIONS_IN_ZERO: Final = 123_456
"""Where a register stands before the first read: no meter starts to live at zero."""


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """How a meter's reads get to the head-end and out of it."""

    form: Literal["daily", "lone"] = "daily"
    """a block for each local day, or every interval by itself"""
    delay_s: int = 3600
    """from the end of the day, or of the interval, to `sent_at`"""
    register: bool = False
    """whether the cumulative register goes with it"""
    head_end: str = "he-1"


def messages(meter: Meter, reads: Reads, upload: Upload) -> Iterator[Message]:
    """What is sent for a meter, in order of `sent_at` and `start`. A hole in a day parts it into several blocks."""
    interval_us = reads.interval_s * SECOND
    register = snap(np.cumsum(reads.metered) + _RESOLUTIONS_IN_ZERO * reads.resolution, reads.resolution)
    if upload.form == "lone":
        bounds, sent = np.arange(len(reads.start) + 1), reads.start + interval_us
    else:
        bounds, sent = _days(reads.start, interval_us, meter.timezone)
    for k, (a, b) in enumerate(itertools.pairwise(bounds)):
        message: Message = {
            "meter_id": meter.meter_id,
            "start": to_text(int(reads.start[a])),
            "interval_s": reads.interval_s,
            "unit": meter.unit,
            "head_end": upload.head_end,
            "sent_at": to_text(int(sent[k]) + upload.delay_s * SECOND),
        }
        values = [None if np.isnan(value) else float(value) for value in reads.value[a:b]]
        codes = reads.quality[a:b].tolist()
        if upload.form == "lone":
            message |= {"value": values[0], "quality": codes[0]}
        else:
            message |= {"values": values, "quality": codes[0] if len(set(codes)) == 1 else codes}
        if upload.register:
            message["register"] = float(register[b - 1])
        yield message


def _days(start: Int64, interval_us: int, timezone: str) -> tuple[Int64, Int64]:
    """Bounds [k + 1] of the k blocks: local days, parted at holes; and the end of each one's day, [k] microseconds."""
    midnight = midnights(timezone)
    around = midnight[int(start[0] // DAY) - FIRST_DAY - 1 : int(start[-1] // DAY) - FIRST_DAY + 3]
    day = np.searchsorted(around, start, side="right")
    cuts = np.flatnonzero((np.diff(day) != 0) | (np.diff(start) != interval_us)) + 1
    bounds = np.concatenate(([0], cuts, [len(start)]))
    return bounds, around[day[bounds[:-1]]]
