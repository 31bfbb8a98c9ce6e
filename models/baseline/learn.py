"""The close of a local day: what it teaches of a meter, and with what weight.

Only valid and edited values teach. A day with an anomaly open teaches nothing until the anomaly is judged benign or has
lasted so long that it is the new normal; a day in which a rule fired, or that looks odd, teaches little, so that a new
habit is got used to. A day that comes late is learnt at the next close while no later day is. While
warming up every day teaches, for there is nothing yet to be odd against.
"""

from typing import Final

import numpy as np

from models.baseline.day import COVERAGE
from models.state.jit import inner
from models.state.layout import GRIDS, HOURS, RATIO

MEMORY_DAYS: Final = 45
"""Baseline memory. Source: the design study, 45 to 90 days beat 21."""
_GATE_FROM, _GATE_TO, GATE_LEAST = 3.0, 6.0, 0.05
"""Day deviation in mean absolute deviations from which the weight falls, where it is least, and that least."""
_PEAK_DECAY: Final = 0.995
_ENDED: Final = 0.5
"""What is over by itself when the day closes may come again: so much of it is taken for a peak of the meter's own."""
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
def learn_day(row, day, weight, rates, count, hour_sum, hour_count):
    """Teach `row` one closed local day as `models.baseline.day.read_day` gives it; whether enough of it is there."""
    if count == 0 or count < COVERAGE * len(rates):
        return False
    hours = row.interval_s / 3600.0
    bound = _LARGEST
    if row.days >= _BOUND_DAYS and row.top > 0:
        bound = min(bound, _BOUND * row.top)
    total, top, active = 0.0, 0.0, 0
    for slot in range(len(rates)):
        rate = rates[slot]
        if np.isnan(rate):
            continue
        if rate != 0:
            active += 1
            _grid(row, rate * hours)
        rate = min(rate, bound)
        total += rate
        top = max(top, rate)
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
    level = row.level + rate * (mean - row.level)
    least, two_hours, before = np.inf, 0.0, np.nan
    off, off_hours = 0.0, 0
    for hour in range(HOURS):
        usual = row.level * row.profile[hour] / RATIO
        if hour_count[hour] > 0:
            seen = min(hour_sum[hour] / hour_count[hour], bound)
            if row.days > 0:
                off += abs(seen - usual)
                off_hours += 1
            usual += rate * (seen - usual)
            least = min(least, seen)
            two_hours = max(two_hours, min(before, seen) if before == before else 0.0)
            before = seen
        else:
            before = np.nan
            if row.days == 0:
                usual = mean
        row.profile[hour] = np.uint16(min(np.rint(usual / level * RATIO), 65535.0)) if level > 0 else 0
    if off_hours:
        row.noise += weight / min(np.float64(row.days), MEMORY_DAYS) * (off / off_hours - row.noise)
    if hours > 1:
        two_hours = top
    row.level = level
    row.base += rate * (least - row.base) if least < np.inf else 0.0
    if least < np.inf:
        row.base_top = _decayed(row.base_top, least, given)
    row.day_top += rate * (top - row.day_top)
    row.active += rate * (active / count - row.active)
    row.peak = _decayed(row.peak, two_hours, max(given, _ENDED))
    row.top = _decayed(row.top, top, given)
    row.zero_run = _decayed(row.zero_run, row.zeros_ended, 1.0)  # it ended: so long may they be away
    row.zeros_ended = 0.0
    row.days = min(row.days + 1, 60_000)
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
        total += row.level * row.profile[hour] / RATIO * hour_count[hour]
        count += hour_count[hour]
    return total / count


@inner
def _grid(row, value):
    """First week: count on which decimal grids values lie; the coarsest that fits 99 % is the resolution."""
    if row.resolution > 0 or row.grid_values == 255:
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
