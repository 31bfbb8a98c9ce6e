"""What the last day looks like from a reading: one walk back through the ring.

Hours are counted back from the reading, so that they are whole whatever the interval. Holes are left out, never
filled; a catch-up read is spread over the hole before it.
"""

from typing import Final

import numpy as np

from models.baseline.expect import clock_shift, expected_in
from models.domain.quality import ABSENT, EDITED, MISSING
from models.state.jit import inner
from models.state.layout import RING_DAYS
from models.state.ring import (
    CATCH_UP,
    MAX_DECIMALS,
    codes_of,
    decoded,
    holds,
    nibble_at,
    nibbles_of,
    power_of,
    rank_at,
    slab,
    slots_in_day,
    value_at,
)

(
    TOTAL,  # over the last 24 h, meter's unit
    EXPECTED,  # over the same slots
    SEEN,  # slots of 24 h with a value
    SLOTS,  # slots of 24 h
    TOP,  # largest interval of 24 h
    ACTIVE,  # slots of 24 h that are not zero
    SOLID_HOURS,  # hours of 24 in which every slot is valid or edited
    LEAST_HOUR,  # least of them, per hour
    LAST_HOUR,  # the latest hour, per hour; NaN unless solid
    TWO_HOURS,  # lesser of the latest two hours, per hour; NaN unless both solid
    WET_HOURS,  # hours back to the last solid one without flow; up to WET_REACH
    FLAT,  # intervals equal to this one to the last digit, this one included; within 24 h
    BEFORE,  # the interval before; NaN where there is none
    BEFORE_2,  # and the one before that
    HERE,  # expected in this very interval
    COARSE,  # slots of 24 h that are not zero and lie on ten times the meter's grid
    FEATURES,
) = range(17)
WET_REACH: Final = 48
HOURLY: Final = FEATURES
"""From here on the 24 hours themselves, latest first, per hour; NaN unless solid."""
WIDTH: Final = FEATURES + 24
_LOST_HOURS: Final = 12
"""Hours without a solid reading that a run of flow may bridge."""


@inner
def hole_before(ring, ring_at, day, slot, interval_s, midnights, most):
    """Empty slots just before (day, slot), at most `most`."""
    count = 0
    while count < most:
        slot -= 1
        if slot < 0:
            day -= 1
            slot = slots_in_day(day, interval_s, midnights) - 1
        at = slab(ring_at, day, interval_s)
        if holds(ring, at, day):
            rank = rank_at(ring, at, slot, interval_s)
            if rank != ABSENT and rank != MISSING:
                break
        count += 1
    return count


@inner
def measure(row, ring, ring_at, exact, exact_at, day, slot, midnights, resolution, wet_reach, out):
    """Fill `out` (WIDTH floats) with what the 24 h up to the end of (day, slot) look like.

    `wet_reach`: hours to walk back while there is flow; at least 24.
    """
    interval_s = np.int64(row.interval_s)
    per_day = max(1, 86_400 // interval_s)
    per_hour = max(1, 3600 // interval_s)
    hours = per_hour * interval_s / 3600.0
    ring_slots = (RING_DAYS - 1) * per_day
    out[:FEATURES] = 0.0
    out[HOURLY:] = np.nan
    out[LEAST_HOUR] = np.inf
    out[LAST_HOUR] = out[TWO_HOURS] = out[BEFORE] = out[BEFORE_2] = np.nan
    here = np.nan
    flat, wet, lost, passed = True, True, 0.0, 0.0
    hour_sum, hour_solid, in_hour, hour_number = 0.0, True, 0, 0
    spread, spread_left = 0.0, 0
    level, profile, decimals = row.level, row.profile, row.decimals
    at = slab(ring_at, day, interval_s)
    codes, nibbles, held = codes_of(at), nibbles_of(at, interval_s), holds(ring, at, day)
    power = power_of(min(decimals, MAX_DECIMALS))
    reach = max(per_day, np.int64(wet_reach * 3600 // interval_s))
    tenth = 0.1 / resolution
    shift = clock_shift(day, midnights)
    for j in range(reach):
        if j >= per_day and not wet:
            break
        nibble = nibble_at(ring, nibbles, slot) if held else np.int64(ABSENT)
        rank = nibble & 7
        value = np.nan
        if rank == ABSENT or rank == MISSING:
            if spread_left > 0:
                value = spread
                spread_left -= 1
        else:
            if exact_at >= 0:
                value = value_at(ring, exact, at, exact_at, day, slot, interval_s, decimals)
            else:
                value = decoded(ring[codes + slot], nibble, power)
            spread_left = 0
            if rank == CATCH_UP:
                hole = hole_before(ring, ring_at, day, slot, interval_s, midnights, ring_slots)
                spread = value / (hole + 1)
                value = np.nan if hole >= ring_slots else spread
                spread_left = hole if hole < ring_slots else 0
        solid = (rank == EDITED or rank == EDITED + 1) and value >= 0
        if j == 0:
            here = value
        elif j == 1:
            out[BEFORE] = value
        elif j == 2:
            out[BEFORE_2] = value
        if j < per_day:
            expected = expected_in(level, profile, slot, interval_s, shift)
            if j == 0:
                out[HERE] = expected
            out[SLOTS] += 1
            if not np.isnan(value):
                out[TOTAL] += value
                out[EXPECTED] += expected
                out[SEEN] += 1
                out[TOP] = max(out[TOP], value)
                if value != 0:
                    out[ACTIVE] += 1
                    tens = value * tenth
                    if abs(tens - np.rint(tens)) < 1e-6:
                        out[COARSE] += 1
            if flat and value == here and rank != CATCH_UP and rank != ABSENT and rank != MISSING:
                out[FLAT] += 1
            else:
                flat = False
        hour_solid = hour_solid and solid
        hour_sum += value if solid else 0.0
        in_hour += 1
        if in_hour == per_hour:
            rate = hour_sum / hours
            passed += hours
            if hour_solid:
                if j < per_day:
                    out[SOLID_HOURS] += hours
                    out[LEAST_HOUR] = min(out[LEAST_HOUR], rate)
                    out[HOURLY + hour_number] = rate
                if hour_number == 0:
                    out[LAST_HOUR] = rate
                elif hour_number == 1:
                    out[TWO_HOURS] = min(out[LAST_HOUR], rate)
                wet = wet and rate > 0
                if wet:
                    out[WET_HOURS] = passed
            else:
                lost += hours
                wet = wet and lost <= _LOST_HOURS
            hour_number += 1
            hour_sum, hour_solid, in_hour = 0.0, True, 0
        slot -= 1
        if slot < 0:
            day -= 1
            slot = slots_in_day(day, interval_s, midnights) - 1
            at = slab(ring_at, day, interval_s)
            codes, nibbles, held = codes_of(at), nibbles_of(at, interval_s), holds(ring, at, day)
            shift = clock_shift(day, midnights)
