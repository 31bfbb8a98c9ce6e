"""Random streams: several meters in several time zones, and everything that can befall their blocks on the way."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from models.contracts import Meter
from models.domain.times import DAY, SECOND, to_text
from models.state.partition import Partition
from tests import kit

METERS: Final = (
    kit.meter("madrid", "water", timezone="Europe/Madrid"),
    kit.meter("howe", "electricity", interval_s=1800, timezone="Australia/Lord_Howe"),
    kit.meter("daily", "gas", interval_s=86_400, timezone="Europe/Madrid"),
    kit.meter("kathmandu", "electricity", interval_s=900, timezone="Asia/Kathmandu", resolution=0.001),
    kit.meter("swapped", "water", timezone="UTC"),
    kit.meter("swapped", "water", interval_s=1800, timezone="UTC", effective_from="2024-03-30T00:00:00Z"),
)
IDS: Final = ("madrid", "howe", "daily", "kathmandu", "swapped")
_PRELUDE_DAYS: Final = 12
BEGIN: Final = _PRELUDE_DAYS * len(IDS)
FIRST: Final = kit.us("2024-03-17")
"""Fourteen days before Madrid's clocks change, twenty-one before Lord Howe's change by half an hour."""
_VALUES: Final = (0.0, -0.0, 1.0, 2.0, 3.0, 0.5, 12.25, 0.123456, 0.5000001, -0.004, -7.0, 900.0, 70_000.0, 1e12, None)
_QUALITIES: Final = (None, None, None, "valid", "edited", "estimated", "questionable", "missing", 11)

Move = tuple[int, str, int, int]
"""Meter, what befalls its next block, intervals in it, and a seed for values, lags and lengths."""
_KINDS: Final = ("next", "next", "next", "gap", "hole", "again", "revised", "late", "shifted", "absurd", "catch-up")
moves: Final = st.lists(
    st.tuples(st.integers(0, len(IDS) - 1), st.sampled_from(_KINDS), st.integers(1, 30), st.integers(0, 10_000)),
    max_size=30,
)


@dataclasses.dataclass
class _Head:
    """Where a meter's stream has come to."""

    meter: Meter
    at: int
    register: float = 0.0

    @property
    def interval(self) -> int:
        return self.meter.interval_s * SECOND


def _usual(meter_id: str, count: int, rng: np.random.Generator) -> list[float]:
    scale = {"daily": 100, "madrid": 20, "swapped": 20}.get(meter_id, 3)
    values = rng.integers(1, scale, count).astype(float)
    if scale == 20:
        values[::4] = 0.0  # water is off at times, or it is a leak
    return [float(v) for v in values]


def prelude() -> kit.Stream:
    """Twelve quiet days of every meter, so that rules have a past and scores a table: offsets 0 to `BEGIN`."""
    rng = np.random.default_rng(7)
    stream = []
    for day in range(_PRELUDE_DAYS):
        for at, meter_id in enumerate(IDS):
            count = DAY // (METERS[at].interval_s * SECOND)
            interval_s = METERS[at].interval_s
            stream.append(kit.block(FIRST + day * DAY, _usual(meter_id, count, rng), meter_id, interval_s=interval_s))
    return stream


def stream_of(moves: Sequence[Move]) -> kit.Stream:
    """What comes after the prelude, from offset `BEGIN` on."""
    heads = {meter_id: _Head(METERS[at], FIRST + _PRELUDE_DAYS * DAY) for at, meter_id in enumerate(IDS)}
    stream = prelude()
    for at, kind, count, seed in moves:
        stream.append(_block(heads[IDS[at]], kind, count, np.random.default_rng(seed), stream))
    return stream[BEGIN:]


@functools.cache
def _after_prelude() -> tuple[dict[str, Any], list[tuple[bytes, bytes]]]:
    partition = kit.run(METERS, prelude()).partition
    return partition.arrays(), partition.changes()


def started(arrays: Mapping[str, Any] | None = None) -> Partition:
    """The partition after the prelude, or of a snapshot, with its meters."""
    arrays = _after_prelude()[0] if arrays is None else arrays
    return told(Partition.from_arrays(0, {name: array.copy() for name, array in arrays.items()}))


def told(partition: Partition) -> Partition:
    """`ami.meters` is read again."""
    for meter in METERS:
        partition.put_meter(meter)
    return partition


def begun_log() -> list[tuple[bytes, bytes]]:
    """The changelog after the prelude."""
    return list(_after_prelude()[1])


def wild_days(seed: int, days: int = 8) -> kit.Stream:
    """The prelude, then every meter's days in time for their close; anything goes in values and qualities."""
    rng = np.random.default_rng(seed)
    stream = prelude()
    for day in range(_PRELUDE_DAYS, _PRELUDE_DAYS + days):
        for at, meter_id in enumerate(IDS):
            meter = METERS[-1] if meter_id == "swapped" and day >= 13 else METERS[at]
            count = DAY // (meter.interval_s * SECOND)
            values: list[float | None] = [*_usual(meter_id, count, rng)]
            wild = rng.integers(4)
            if wild == 0:
                values = [_VALUES[n] for n in rng.integers(0, len(_VALUES), count)]
            elif wild == 1:
                values = [v + 30 for v in _usual(meter_id, count, rng)]
            more = {"quality": _QUALITIES[rng.integers(len(_QUALITIES))], "interval_s": meter.interval_s}
            stream.append(kit.block(FIRST + day * DAY, values, meter_id, **more))
    return stream


def _block(head: _Head, kind: str, count: int, rng: np.random.Generator, stream: kit.Stream) -> kit.Block:
    meter_id = head.meter.meter_id
    if meter_id == "swapped" and head.at >= kit.us("2024-03-30"):
        head.meter = METERS[-1]
    if kind in ("late", "shifted"):
        count = min(count, 4 if kind == "shifted" else DAY // head.interval)
    own = [block for block in stream if block["meter_id"] == meter_id]
    values: list[float | None] = [*_usual(meter_id, count, rng)]
    if rng.integers(3) == 0:
        values = [_VALUES[n] for n in rng.integers(0, len(_VALUES), count)]
    elif rng.integers(4) == 0:
        values = [values[0]] * count
    more: dict[str, Any] = {
        "quality": _QUALITIES[rng.integers(len(_QUALITIES))],
        "interval_s": head.meter.interval_s,
    }
    if rng.integers(4) == 0:
        more["quality"] = [_QUALITIES[n] for n in rng.integers(0, len(_QUALITIES), count)]
    if rng.integers(3) == 0:
        head.register += 10 * count
        more["register"] = head.register
    if kind == "again":
        return own[-1 - rng.integers(min(len(own), 8))]
    if kind == "revised":
        old = own[-1 - rng.integers(min(len(own), 8))]
        return {**old, "values": [v if rng.integers(3) else values[0] for v in old["values"]], "quality": None}
    if kind == "late":
        start = head.at - int(rng.integers(1, 12)) * DAY
        start -= start % head.interval
        return kit.block(start, values, meter_id, **more, sent_at=to_text(head.at))
    if kind == "shifted":
        return kit.block(head.at - int(rng.integers(1, 3000)) * SECOND, values, meter_id, **more)
    if kind == "absurd":
        sent_at = to_text(head.at + int(rng.integers(2, 400)) * DAY)
        return kit.block(head.at, values, meter_id, **more, sent_at=sent_at)
    if kind in ("gap", "hole"):
        head.at += int(rng.integers(1, 5 if kind == "gap" else 100)) * head.interval
    if kind == "catch-up":
        hole = int(rng.integers(2, 30))
        head.at += hole * head.interval
        values[0] = 8.0 * hole
    start, head.at = head.at, head.at + count * head.interval
    return kit.block(start, values, meter_id, **more)
