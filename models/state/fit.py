"""Before readings go into the ring: does it hold them just as they come, or must it be laid out anew?

Whether a meter is exact depends on all it ever sent (slot phase, most decimals, largest value), each of which only
grows, so that it does not matter how readings are split into batches.
"""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.domain.localtime import FIRST_DAY
from models.domain.quality import ABSENT
from models.domain.times import NEVER, SECOND
from models.state import ring as r
from models.state.jit import kernel
from models.state.layout import RING_DAYS, ROW
from models.state.partition import Partition
from models.state.places import ALL_DAYS

_ROWS = nb.from_dtype(ROW)[::1]
_EXACT = nb.from_dtype(r.EXACT)[::1]
_i4, _i8, _f8, _u1, _u2 = nb.int32[::1], nb.int64[::1], nb.float64[::1], nb.uint8[::1], nb.uint16[::1]
_FINER, _WHOLE = 1, 2


@kernel(nb.void(_ROWS, _i4, _i8, _f8, nb.int64[:, ::1], _i4, _u1))
def _survey(rows, meter, start, value, midnights, zone, misfits):
    for i in range(len(meter)):
        row = rows[meter[i]]
        interval = row.interval_s * SECOND
        day = r.local_day(start[i] + interval // 2, midnights[zone[i]])
        slot = r.slot_in_day(start[i] + interval // 2, day, row.interval_s, midnights[zone[i]])
        phase = start[i] - midnights[zone[i], day - FIRST_DAY] - slot * interval
        if row.first == NEVER:
            row.first = start[i]
            row.phase = phase
        if not np.isnan(value[i]):
            row.largest = max(row.largest, abs(value[i]))
            decimals = r.decimals_of(value[i])
            if decimals > row.decimals:
                row.decimals = decimals
                misfits[meter[i]] = max(misfits[meter[i]], _FINER)
        too_much = row.decimals > r.MAX_DECIMALS or row.largest * 10.0 ** np.float64(row.decimals) > r.MAX_CODE
        if phase != row.phase or too_much:
            misfits[meter[i]] = _WHOLE


@kernel(nb.void(_u2, _EXACT, nb.int64, nb.int64, nb.int32, nb.int64, nb.int64, nb.int64, _i8))
def _recode(ring, exact, ring_at, exact_at, interval_s, before, decimals, phase, midnights):
    for place in range(RING_DAYS):
        at = r.slab(ring_at, place, interval_s)
        day = r.day_at(ring, at)
        if day % RING_DAYS != place or day < FIRST_DAY:
            continue
        for slot in range((90_000 + interval_s - 1) // interval_s):
            rank = r.rank_at(ring, at, slot, interval_s)
            if rank != ABSENT:
                value = r.value_at(ring, exact, at, -1, day, slot, interval_s, before)
                start = midnights[day - FIRST_DAY] + slot * interval_s * SECOND + phase
                r.store(ring, exact, at, exact_at, day, slot, interval_s, decimals, 0, start, value, rank)


def fit(
    partition: Partition,
    meter: NDArray[np.int32],
    start: NDArray[np.int64],
    value: NDArray[np.float64],
    zone: NDArray[np.int32],
) -> None:
    """Make each meter's ring fit for these readings: finer codes, or whole floats. Columns: one entry a reading."""
    count = len(partition)
    misfits = np.zeros(count, np.uint8)
    before = partition.rows["decimals"][:count].copy()
    zone_of = np.zeros(count, np.int32)
    zone_of[meter] = zone
    _survey(partition.rows, meter, start, value, partition.midnights, zone, misfits)
    empty = partition.rows["head"][:count] == NEVER
    coded = partition.exact_at[:count] < 0
    for at in np.flatnonzero(coded & ((misfits == _WHOLE) | ((misfits == _FINER) & ~empty))):
        row = partition.rows[at]
        if misfits[at] == _WHOLE:
            partition.lay_exact(int(at), int(row["interval_s"]))
        if empty[at]:
            continue
        _recode(
            partition.ring,
            partition.exact,
            partition.ring_at[at],
            partition.exact_at[at],
            row["interval_s"],
            before[at],
            row["decimals"],
            row["phase"],
            partition.midnights[zone_of[at]],
        )
        partition.touched[at] = ALL_DAYS
        partition.changed[at] = True
