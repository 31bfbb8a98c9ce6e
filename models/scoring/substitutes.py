"""Substitute values for what a closed day lacks: proposals for billing, marked derived. Nothing here learns from them.

Holes of two hours are interpolated, longer ones take the average of reference days: the same slot of days of the same
kind, of the week before. A catch-up read is spread over its hole, shaped like those days, to the very sum. What lies in
a power outage is left alone, and is no end point. Source: California VEE rules.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Int64
from models.domain.causes import FAMILIES
from models.domain.localtime import FIRST_DAY
from models.domain.quality import ABSENT, EDITED, ESTIMATED, MISSING, QUESTIONABLE, VALID
from models.domain.times import HOUR, NEVER, SECOND
from models.state import ring as r
from models.state.jit import kernel
from models.state.layout import FACTS, RING_DAYS, ROW
from models.state.partition import Partition

INTERPOLATED, REFERENCE_DAYS, CATCH_UP = "interpolated", "reference_days", "catch_up"
_SHORT: Final = 2 * HOUR
_READS: Final = FAMILIES.index("reads")
_ROWS, _FACTS, _EXACT = nb.from_dtype(ROW)[::1], nb.from_dtype(FACTS)[::1], nb.from_dtype(r.EXACT)[::1]
_i4, _i8, _f8, _u1, _u2 = nb.int32[::1], nb.int64[::1], nb.float64[::1], nb.uint8[::1], nb.uint16[::1]


@dataclasses.dataclass(frozen=True, slots=True)
class Substitute:
    """A value that is proposed for an interval; a later one of the same interval takes its place."""

    meter_id: str
    start: int
    """Microseconds"""
    value: float
    method: str


@dataclasses.dataclass(frozen=True, slots=True)
class Slots:
    """What a ring holds, slot by slot in order of time: [n] each."""

    day: NDArray[np.int32]
    slot: NDArray[np.int32]
    start: Int64
    value: NDArray[np.float64]
    """NaN = none"""
    rank: NDArray[np.uint8]


def of_day(partition: Partition, zone: int, day: int) -> Iterator[Substitute]:
    """For every meter of time zone number `zone` that lacks something of local day `day`, by meter id."""
    p, count = partition, len(partition)
    lacking = np.empty(count, np.int32)
    meters = (p.rows, p.ring, p.ring_at, p.facts, p.fact_of, p.midnights[zone], count, zone, day)
    found = lacking[: _lacking(*meters, lacking)].tolist()
    for meter in sorted(found, key=p.meter_ids.__getitem__):
        row, fact = p.rows[meter], p.facts[p.fact_of[meter]]
        outage = (int(row["outage_at"]) * SECOND, int(row["outage_until"]) * SECOND)
        if outage[0] > outage[1]:
            outage = (outage[0], p.event_time)
        proposed = propose(
            _slots(p, meter, zone, day),
            day,
            interval=int(row["interval_s"]) * SECOND,
            grid=max(float(fact["resolution"]), float(row["resolution"])),
            outage=outage,
            doubtful=row["episodes"]["opened"][_READS] != NEVER,
        )
        yield from (Substitute(p.meter_ids[meter], *one) for one in proposed if one[0] >= row["first"])


def propose(
    slots: Slots, day: int, *, interval: int, grid: float, outage: tuple[int, int], doubtful: bool = False
) -> Iterator[tuple[int, float, str]]:
    """(start, value, method) for what `day` lacks, in order of time; of a catch-up read for all of its hole.

    `interval` and `outage`, begin and end, in microseconds; `grid`: values are multiples of it, 0 = any. `doubtful`:
    estimates are not believed either.
    """
    dark = (slots.start + interval > outage[0]) & (slots.start < outage[1])
    solid = ((slots.rank == VALID) | (slots.rank == EDITED)) & ~dark
    lacks = np.isin(slots.rank, (ABSENT, MISSING, QUESTIONABLE)) | (doubtful & (slots.rank == ESTIMATED))
    at = 0
    while at < len(lacks):
        end = at + 1
        if not lacks[at] and slots.rank[at] != r.CATCH_UP:
            at = end
            continue
        while lacks[at] and end < len(lacks) and lacks[end]:
            end += 1
        caught = end if lacks[at] else at
        if caught < len(lacks) and slots.rank[caught] == r.CATCH_UP:
            end = caught + 1
            if slots.day[caught] == day:
                run = np.flatnonzero(~dark[at:end]) + at
                shares = _spread(float(slots.value[caught]), _references(slots, solid, run), grid)
                yield from zip(slots.start[run].tolist(), shares.tolist(), [CATCH_UP] * len(run), strict=True)
        else:
            yield from _hole(slots, day, np.arange(at, end), solid, dark, interval, grid)
        at = end


def _hole(
    slots: Slots,
    day: int,
    run: NDArray[np.intp],
    solid: NDArray[np.bool_],
    dark: NDArray[np.bool_],
    interval: int,
    grid: float,
) -> Iterator[tuple[int, float, str]]:
    before, after = int(run[0]) - 1, int(run[-1]) + 1
    ends = before >= 0 and after < len(solid) and solid[before] and solid[after]
    if ends and len(run) * interval <= _SHORT and not dark[run].any():
        values = np.interp(run, (before, after), (slots.value[before], slots.value[after]))
        method = INTERPOLATED
    else:
        values, method = _references(slots, solid, run), REFERENCE_DAYS
    for n, value in zip(run.tolist(), _on_grid(values, grid).tolist(), strict=True):
        if slots.day[n] == day and not dark[n] and not np.isnan(value):
            yield int(slots.start[n]), value, method


def _references(slots: Slots, solid: NDArray[np.bool_], run: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each slot of a run the mean of that slot on the days before it, of the same kind if there are; else NaN."""
    days = solid & (slots.day < slots.day[run[0]]) & (slots.value >= 0) if len(run) else solid
    found = _means(slots, days, run)
    for weekend in (False, True):
        alike = _means(slots, days & (_weekend(slots.day) == weekend), run)
        mine = (_weekend(slots.day[run]) == weekend) & ~np.isnan(alike)
        found[mine] = alike[mine]
    return found


def _means(slots: Slots, days: NDArray[np.bool_], run: NDArray[np.intp]) -> NDArray[np.float64]:
    most = int(slots.slot.max()) + 1
    count = np.bincount(slots.slot[days], minlength=most).astype(np.float64)
    total = np.bincount(slots.slot[days], slots.value[days], minlength=most)
    mean = np.divide(total, count, out=np.full(most, np.nan), where=count > 0)
    return np.asarray(mean[slots.slot[run]])


def _weekend(day: Any) -> Any:
    return (day + 3) % 7 >= 5


def _spread(total: float, shape: NDArray[np.float64], grid: float) -> NDArray[np.float64]:
    """`total` in parts like `shape`, evenly where that is nothing; their sum is `total`."""
    weights = np.nan_to_num(shape)
    if not weights.sum() > 0:
        weights = np.ones(len(shape))
    upto = _on_grid(total * np.cumsum(weights) / weights.sum(), grid)
    upto[-1] = total
    return np.round(np.diff(upto, prepend=0.0), 9)


def _on_grid(values: NDArray[np.float64], grid: float) -> NDArray[np.float64]:
    return np.round(np.rint(values / grid) * grid, 9) if grid > 0 else values


@kernel(nb.int64(_ROWS, _u2, _i8, _FACTS, _i4, _i8, nb.int64, nb.int64, nb.int64, _i4))
def _lacking(rows, ring, ring_at, facts, fact_of, midnights, count, zone, day, lacking):
    """Meters that have read something and not all of a local day, into `lacking`; their number."""
    found = 0
    for m in range(count):
        row = rows[m]
        if fact_of[m] < 0 or facts[fact_of[m]].zone != zone or row.first == NEVER:
            continue
        slots = r.slots_in_day(day, row.interval_s, midnights)
        at = r.slab(ring_at[m], day, row.interval_s)
        held = r.holds(ring, at, day)
        for slot in range(slots):
            rank = r.rank_at(ring, at, slot, row.interval_s) if held else ABSENT
            if rank != VALID and rank != EDITED:
                lacking[found] = m
                found += 1
                break
    return found


@kernel(
    nb.int64(
        _ROWS, _u2, _i8, _EXACT, _i8, _i8, nb.int64, nb.int64, _i4, _i4, _i8, _f8, _u1,
    )
)  # fmt: skip
def _window(rows, ring, ring_at, exact, exact_at, midnights, m, last, days, numbers, starts, values, ranks):
    """All slots of a meter's ring up to local day `last` into the last five; their number."""
    row, n = rows[m], 0
    interval_s = np.int64(row.interval_s)
    for day in range(last - RING_DAYS + 1, last + 1):
        at = r.slab(ring_at[m], day, interval_s)
        held = r.holds(ring, at, day)
        for slot in range(r.slots_in_day(day, interval_s, midnights)):
            days[n], numbers[n], starts[n] = day, slot, midnights[day - FIRST_DAY] + slot * interval_s * SECOND
            ranks[n] = r.rank_at(ring, at, slot, interval_s) if held else ABSENT
            values[n] = np.nan
            if ranks[n] != ABSENT and ranks[n] != MISSING:
                values[n] = r.value_at(ring, exact, at, exact_at[m], day, slot, interval_s, row.decimals)
            n += 1
    return n


def _slots(p: Partition, meter: int, zone: int, day: int) -> Slots:
    """Of a meter's ring, up to the day after `day`."""
    most = RING_DAYS * r.slots_of(int(p.rows[meter]["interval_s"]))
    days, numbers, starts = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int64)
    values, ranks = np.empty(most), np.empty(most, np.uint8)
    place = (p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.midnights[zone], meter, day + 1)
    n = _window(*place, days, numbers, starts, values, ranks)
    return Slots(days[:n], numbers[:n], starts[:n], values[:n], ranks[:n])
