"""The close of a local day: what it teaches of a meter, and with what weight.

Only valid and edited values teach. A day with an anomaly open teaches nothing until the anomaly is judged benign or has
lasted so long that it is the new normal; a day in which a rule fired, or that looks odd, teaches little, so that a new
habit is got used to. A day that comes late is learnt at the next close while no later day is. While
warming up every day teaches, for there is nothing yet to be odd against.
"""

from typing import Final

import numpy as np

from models.baseline.expect import clock_shift, wall_hour
from models.domain.quality import EDITED, VALID
from models.state.jit import inner
from models.state.layout import BINS, GRIDS, HOURS
from models.state.ring import holds, rank_at, slab, slots_in_day, value_at

MEMORY_DAYS: Final = 45
"""Baseline memory. Source: the design study, 45 to 90 days beat 21."""
COVERAGE: Final = 0.5
"""Share of a day's slots that must be there for it to be learnt."""
_GATE_FROM, _GATE_TO, GATE_LEAST = 3.0, 6.0, 0.05
"""Day deviation in mean absolute deviations from which the weight falls, where it is least, and that least."""
_PEAK_DECAY: Final = 0.995
_BOUND: Final = 10.0
"""A value counts for no more than this times the largest so far: one absurd read ruins nothing."""
_BOUND_DAYS: Final = 3
_LARGEST: Final = 1e12
"""And never for more than this, per hour."""
_GRID_TENS: Final = 3
"""The coarsest grid tried is 10 to this power."""
_GRID_VALUES: Final = 20
_FIT_SHARE: Final = 0.99


@inner
def learn_day(row, ring, ring_at, exact, exact_at, day, midnights, weight, hour_sum, hour_count):
    """Teach `row` one closed local day; whether enough of it is there. `hour_sum`, `hour_count`: scratch, 24 floats."""
    interval_s = row.interval_s
    at = slab(ring_at, day, interval_s)
    if not holds(ring, at, day):
        return False
    slots = slots_in_day(day, interval_s, midnights)
    hours = interval_s / 3600.0
    hour_sum[:] = 0.0
    hour_count[:] = 0.0
    total, count, top, active = 0.0, 0, 0.0, 0
    shift = clock_shift(day, midnights)
    bound = _LARGEST
    if row.days >= _BOUND_DAYS and row.top > 0:
        bound = min(bound, _BOUND * row.top)
    for slot in range(slots):
        rank = rank_at(ring, at, slot, interval_s)
        if rank != VALID and rank != EDITED:
            continue
        value = value_at(ring, exact, at, exact_at, day, slot, interval_s, row.decimals)
        if value < 0:
            continue
        rate = min(value / hours, bound)
        hour = wall_hour(slot, interval_s, shift)
        hour_sum[hour] += rate
        hour_count[hour] += 1
        total += rate
        count += 1
        top = max(top, rate)
        if value != 0:
            active += 1
            _grid(row, value)
    if count < COVERAGE * slots:
        return False
    if weight <= 0:
        return True
    mean = total / count
    day_expected = _expected(row, hour_count, hours)
    given = weight
    if row.days >= 7:
        spread = max(row.spread, 0.05 * row.level)
        if spread > 0:
            odd = abs(mean - day_expected) / spread
            weight *= max(GATE_LEAST, 1.0 - max(0.0, odd - _GATE_FROM) / (_GATE_TO - _GATE_FROM))
    rate = weight / min(row.days + 1.0, MEMORY_DAYS)
    if row.days > 0:
        row.spread += weight / min(np.float64(row.days), MEMORY_DAYS) * (abs(mean - day_expected) - row.spread)
    least, two_hours, before = np.inf, 0.0, np.nan
    off, off_hours = 0.0, 0
    for hour in range(HOURS):
        if hour_count[hour] > 0:
            seen = hour_sum[hour] / hour_count[hour]
            if row.days > 0:
                off += abs(seen - row.profile[hour])
                off_hours += 1
            row.profile[hour] += rate * (seen - row.profile[hour])
            least = min(least, seen)
            two_hours = max(two_hours, min(before, seen) if before == before else 0.0)
            before = seen
        else:
            before = np.nan
            if row.days == 0:
                row.profile[hour] = mean
    if off_hours:
        row.noise += weight / min(np.float64(row.days), MEMORY_DAYS) * (off / off_hours - row.noise)
    if hours > 1:
        two_hours = top
    row.level += rate * (mean - row.level)
    row.base += rate * (least - row.base) if least < np.inf else 0.0
    if least < np.inf:
        row.base_top = _decayed(row.base_top, least, given)
    row.day_top += rate * (top - row.day_top)
    row.active += rate * (active / count - row.active)
    row.peak = _decayed(row.peak, two_hours, given)
    row.top = _decayed(row.top, top, given)
    row.zero_run = _decayed(row.zero_run, row.zeros_ended, given)
    row.zeros_ended = 0.0
    row.days = min(row.days + 1, 60_000)
    _remember(row, day)
    return True


@inner
def _decayed(most, seen, weight):
    """A decaying maximum moved on by a day, as far as the day's weight lets it."""
    most *= _PEAK_DECAY
    return most + weight * (seen - most) if seen > most else most


@inner
def _expected(row, hour_count, hours):
    if hours >= 12:
        return row.level
    total, count = 0.0, 0.0
    for hour in range(HOURS):
        total += row.profile[hour] * hour_count[hour]
        count += hour_count[hour]
    return total / count


@inner
def _grid(row, value):
    """First week: count on which decimal grids values lie; the coarsest that fits 99 % is the resolution."""
    if row.resolution > 0 or row.grid_values >= 60_000:
        return
    row.grid_values += 1
    for n in range(GRIDS):
        step = 10.0 ** np.float64(_GRID_TENS - n)
        if abs(value / step - np.rint(value / step)) < 1e-6 * max(1.0, abs(value / step)):
            row.grids[n] += 1


@inner
def settle_resolution(row):
    """After the first week: the learnt resolution."""
    if row.resolution > 0 or row.grid_values < _GRID_VALUES or row.days < 7:
        return
    for n in range(GRIDS):
        if row.grids[n] >= _FIT_SHARE * row.grid_values:
            row.resolution = 10.0 ** np.float64(_GRID_TENS - n)
            return


@inner
def _remember(row, day):
    """The day's suspicions join the histogram that scores are ranked in."""
    if row.today_day[day % 2] != day:
        return
    full = False
    for n in range(BINS):
        more = row.suspicion[n] + row.today[day % 2, n]
        row.suspicion[n] = more
        full = full or more > 50_000
    if full:
        for n in range(BINS):
            row.suspicion[n] //= 2
