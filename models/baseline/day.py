"""A closed local day of a meter: read from its ring once, told in 24 statistics.

Five groups of statistics: how little is used at the least (base), how much (level), how evenly (flatness), in which
runs, and at which hours (shape). Most are logarithms, so that a fraction stolen is a step in any home.
Source: the design study, `statistics that work on real meters`.
"""

from typing import Final

import numpy as np

from models.baseline.expect import clock_shift, wall_hour
from models.domain.quality import EDITED, VALID
from models.state import layout as s
from models.state.jit import inner
from models.state.layout import HASHES, HOURS, RING_DAYS
from models.state.ring import holds, rank_at, slab, slots_in_day, value_at

MOST_SLOTS: Final = 1500
"""Of a day: 25 hours of minutes."""
COVERAGE: Final = 0.5
"""Share of a day's slots that must be there for it to count."""
SHAPED_DAYS: Final = 7
"""Days learnt before the profile is one to compare with."""
DISTINCT: Final = 8
"""Different values in a day from which on another day like it is no chance."""
_KNOWN_AGAIN: Final = 0.75
"""Share of a day's slots that must be there on both days for one with holes to be known again."""
_FLOOR: Final = 0.02
"""Of the level: rates below it are as good as none."""
_LEAST_STEP: Final = 0.005
_FEWEST: Final = 12
"""Readings that a statistic of single intervals needs."""
_ROUNDING: Final = 1e-9
"""Sum of squares about the mean, relative or of logarithms, below which a day is flat."""
_BLOCK: Final = 3
_FAINT: Final = 0.1
"""Of the mean: differences between hours below it tell little."""
_EVEN: Final = 0.01
"""Mean square of a profile's order that tells hardly anything."""


@inner
def read_day(row, ring, ring_at, exact, exact_at, day, midnights, rates, hour_sum, hour_count):
    """Valid and edited rates of a local day, per hour: `rates` by slot, NaN where there is none, and by hour.

    Returns the slots of the day, and how many have a rate; 0 slots if the ring does not hold it. Scratch: `rates`
    [MOST_SLOTS], `hour_sum` and `hour_count` [24].
    """
    interval_s = row.interval_s
    at = slab(ring_at, day, interval_s)
    hour_sum[:] = 0.0
    hour_count[:] = 0.0
    if not holds(ring, at, day):
        return 0, 0
    slots, shift = slots_in_day(day, interval_s, midnights), clock_shift(day, midnights)
    hours, count = interval_s / 3600.0, 0
    for slot in range(slots):
        rates[slot] = np.nan
        rank = rank_at(ring, at, slot, interval_s)
        if rank != VALID and rank != EDITED:
            continue
        value = value_at(ring, exact, at, exact_at, day, slot, interval_s, row.decimals)
        if value < 0:
            continue
        rates[slot] = value / hours
        hour = wall_hour(slot, interval_s, shift)
        hour_sum[hour] += rates[slot]
        hour_count[hour] += 1
        count += 1
    return slots, count


@inner
def _add_distinct(seen, distinct, rate):
    """How many of the first `DISTINCT` different rates are in `seen` once this one is looked at."""
    for n in range(distinct):
        if seen[n] == rate:
            return distinct
    if distinct < DISTINCT:
        seen[distinct] = rate
        distinct += 1
    return distinct


@inner
def fingerprint(rates):
    """24 bits that tell a day from others; 0 for one that has holes, or too little in it to be known again."""
    digest, active, distinct = np.uint64(14695981039346656037), 0, 0
    seen = np.empty(DISTINCT)
    for slot in range(len(rates)):
        rate = rates[slot]
        if np.isnan(rate):
            return np.int64(0)
        digest = (digest ^ np.uint64(np.int64(np.rint(rate * 1e6)))) * np.uint64(1099511628211)
        digest ^= digest >> np.uint64(29)
        active += rate != 0
        distinct = _add_distinct(seen, distinct, rate)
    if active < DISTINCT or distinct < DISTINCT:
        return np.int64(0)
    return max(np.int64((digest >> np.uint64(40)) & np.uint64(0xFFFFFF)), np.int64(1))


@inner
def kept_print(row, place):
    """Fingerprint of the day in a place of `hashes`; 0 = none."""
    kept = row.hashes
    return (np.int64(kept[place, 0]) << 16) | (np.int64(kept[place, 1]) << 8) | np.int64(kept[place, 2])


@inner
def is_copy(row, ring, ring_at, exact, exact_at, day, midnights, rates, holes, digest):
    """Whether the day equals one of the last `HASHES`, by its fingerprint; or one that the ring holds, where either of
    the two has holes. `holes`: whether this one has."""
    if digest != 0:
        for place in range(HASHES):
            if place != day % HASHES and kept_print(row, place) == digest:
                return True
    elif not holes:
        return False  # too little in it to be known again
    for back in range(1, RING_DAYS):
        if (holes or kept_print(row, (day - back) % HASHES) == 0) and _repeats(
            row, ring, ring_at, exact, exact_at, day, day - back, midnights, rates
        ):
            return True
    return False


@inner
def _repeats(row, ring, ring_at, exact, exact_at, day, earlier, midnights, rates):
    """Whether a day of `rates` equals an `earlier` one wherever both were read, which is enough to be no chance."""
    interval_s = row.interval_s
    at = slab(ring_at, earlier, interval_s)
    slots = slots_in_day(day, interval_s, midnights)
    if not holds(ring, at, earlier) or slots_in_day(earlier, interval_s, midnights) != slots:
        return False
    hours, both, active, distinct = interval_s / 3600.0, 0, 0, 0
    seen = np.empty(DISTINCT)
    for slot in range(slots):
        rate, rank = rates[slot], rank_at(ring, at, slot, interval_s)
        if np.isnan(rate) or (rank != VALID and rank != EDITED):
            continue
        if value_at(ring, exact, at, exact_at, earlier, slot, interval_s, row.decimals) / hours != rate:
            return False
        both += 1
        active += rate != 0
        distinct = _add_distinct(seen, distinct, rate)
    return both >= _KNOWN_AGAIN * slots and active >= DISTINCT and distinct >= DISTINCT


@inner
def statistics(row, day, rates, hour_sum, hour_count, copied, out):
    """The day's statistics into `out` [STATS]; NaN where too much is missing. `rates`: of the day's slots, NaN = none.

    `copied`: as `is_copy` says. A day without any use tells of runs alone.
    """
    out[:] = np.nan
    hours = row.interval_s / 3600.0
    values = np.empty(len(rates))
    count = _runs(rates, hours, values, out)
    out[s.COPIED] = 1.0 if copied else 0.0
    total, there = 0.0, 0.0
    for hour in range(HOURS):
        if hour_count[hour] > 0:
            total += hour_sum[hour] / hour_count[hour]
            there += 1
    if total <= 0:
        return
    floor = max(_FLOOR * row.level, 1e-6)
    mean = total / there
    out[s.LEVEL] = np.log(max(mean, floor)) if there >= 12 or hours >= 12 else np.nan
    _base(hour_sum, hour_count, floor, out)
    if count >= _FEWEST:
        _sort(values, count)
        _spread_of(rates, values[:count], floor, out)
    if row.days >= SHAPED_DAYS and there == HOURS:
        _shape(row, hour_sum, hour_count, mean, out)


@inner
def _sort(values, count):
    """The first `count` in place, ascending (Shell; a day is short)."""
    gap = count // 2
    while gap > 0:
        for n in range(gap, count):
            value, at = values[n], n
            while at >= gap and values[at - gap] > value:
                values[at] = values[at - gap]
                at -= gap
            values[at] = value
        gap //= 2


@inner
def _runs(rates, hours, values, out):
    """Zeros and repetitions; the rates that are there go to `values`. Returns their number."""
    count, zeros, zero_run, longest_zero, flat_run, longest_flat, before = 0, 0, 0, 0, 0, 0, np.nan
    for slot in range(len(rates)):
        rate = rates[slot]
        if np.isnan(rate):
            continue
        values[count] = rate
        count += 1
        zeros += rate == 0
        zero_run = zero_run + 1 if rate == 0 else 0
        longest_zero = max(longest_zero, zero_run)
        flat_run = flat_run + 1 if rate == before else 1
        if rate != 0:
            longest_flat = max(longest_flat, flat_run)
        before = rate
    out[s.ZEROS] = zeros / count if count else np.nan
    out[s.ZERO_RUN] = np.log1p(longest_zero * hours)
    out[s.FLAT_RUN] = np.log1p(longest_flat * hours)
    return count


@inner
def _base(hour_sum, hour_count, floor, out):
    """What whole hours tell: the least two in a row, the night, the evening."""
    least, before = np.inf, np.nan
    night, night_count, evening, evening_count = 0.0, 0.0, 0.0, 0.0
    for hour in range(HOURS):
        if hour_count[hour] == 0:
            before = np.nan
            continue
        rate = hour_sum[hour] / hour_count[hour]
        if 1 <= hour <= 5:
            night += rate
            night_count += 1
        elif 17 <= hour <= 21:
            evening += rate
            evening_count += 1
        if before == before:
            least = min(least, 0.5 * (before + rate))
        before = rate
    if least < np.inf:
        out[s.LEAST] = np.log(max(least, floor))
        out[s.BASE_SHARE] = out[s.LEAST] - out[s.LEVEL]
    if night_count >= 3:
        out[s.NIGHT] = np.log(max(night / night_count, floor))
    if evening_count >= 3:
        out[s.EVENING] = np.log(max(evening / evening_count, floor))


@inner
def _spread_of(rates, ordered, floor, out):
    """What single intervals tell: lowest, median and highest rates, and how they follow on each other."""
    count = len(ordered)
    mean, square = 0.0, 0.0
    for rate in ordered:
        mean += rate / count
    for rate in ordered:
        square += (rate - mean) * (rate - mean) / count
    first, last = 3 * count // 48, max(7 * count // 48, 3 * count // 48 + 1)
    out[s.LOW] = np.log(max(_mean(ordered, first, last), floor))
    out[s.MIDDLE] = np.log(max(0.5 * (ordered[(count - 1) // 2] + ordered[count // 2]), floor))
    out[s.TOP] = np.log(max(_mean(ordered, min(44 * count // 48, count - 1), count), floor))
    out[s.VARIATION] = np.log(max(np.sqrt(square) / mean, _LEAST_STEP))
    out[s.PEAK] = np.log(ordered[-1] / mean)
    out[s.SPAN] = np.log(max(ordered[95 * (count - 1) // 100], floor) / max(ordered[5 * (count - 1) // 100], floor))
    distinct = 1
    for n in range(1, count):
        distinct += ordered[n] != ordered[n - 1]
    out[s.DISTINCT] = distinct / count
    steps = np.empty(count)
    found, total, x_mean = 0, 0.0, 0.0
    for n in range(count):
        x_mean += np.log(max(ordered[n], floor)) / count
    xy, xx, before = 0.0, 0.0, np.nan
    for slot in range(len(rates)):
        x = np.log(max(rates[slot], floor)) - x_mean if rates[slot] == rates[slot] else np.nan
        if x == x:
            xx += x * x
        if x == x and before == before:
            xy += x * before
            steps[found] = abs(rates[slot] - rates[slot - 1])
            total += steps[found]
            found += 1
        before = x
    if found >= _FEWEST - 1:
        out[s.STEP_MEAN] = np.log(max(total / found / mean, _LEAST_STEP))
        _sort(steps, found)
        out[s.STEP_MIDDLE] = np.log(max(0.5 * (steps[(found - 1) // 2] + steps[found // 2]) / mean, _LEAST_STEP))
        out[s.STEADINESS] = xy / xx if xx > _ROUNDING else 1.0


@inner
def _mean(values, first, end):
    total = 0.0
    for n in range(first, end):
        total += values[n]
    return total / (end - first)


@inner
def _shape(row, hour_sum, hour_count, mean, out):
    """The hours of the day against the usual ones, and against those turned round."""
    profile = row.profile
    usual = 0.0
    for hour in range(HOURS):
        usual += profile[hour] / HOURS
    if usual <= 0:
        return
    own, other, turned, here, back = 0.0, 0.0, 0.0, 0.0, 0.0
    order, told, blocks, block = 0.0, 0.0, 0.0, 0.0
    for hour in range(HOURS):
        x = hour_sum[hour] / hour_count[hour] / mean
        y, z = profile[hour] / usual, profile[HOURS - 1 - hour] / usual
        own += (x - 1.0) * (x - 1.0)
        other += (y - 1.0) * (y - 1.0)
        turned += (z - 1.0) * (z - 1.0)
        here += (x - 1.0) * (y - 1.0)
        back += (x - 1.0) * (z - 1.0)
        usually = np.log((y + _FAINT) / (z + _FAINT))
        order += np.log(x + _FAINT) * usually / HOURS
        told += usually * usually / HOURS
        block += x - y
        if hour % _BLOCK == _BLOCK - 1:
            blocks += abs(block) / HOURS
            block = 0.0
    out[s.LIKE] = here / np.sqrt(own * other) if own > _ROUNDING and other > 0 else 0.0
    out[s.REVERSED] = back / np.sqrt(own * turned) if own > _ROUNDING and turned > 0 else 0.0
    out[s.TURNED] = out[s.LIKE] - out[s.REVERSED]
    out[s.BLOCKS] = blocks
    out[s.ORDER] = order / np.sqrt(told + _EVEN)
