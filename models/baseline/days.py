"""Day statistics: how a meter's closed day departs from its own past, peers taken out.

Four of them, logarithms of rates, so that a fraction stolen is a step: the least two hours, the night, the whole day,
the evening. A statistic's departure r is its value less its slow mean, less the median departure of the meter's other
peers of the partition on that day; in deviations it is accumulated over about 3 and 7 days. Means and deviations learn
slowly, and hardly at all from a meter that looks odd. Source: the design study, `statistics that work on real meters`.

A day's medians are frozen when it is first closed: a row's next state depends on nothing that may come later.
"""

from typing import Final

import numpy as np

from models.baseline.expect import clock_shift, wall_hour
from models.baseline.learn import COVERAGE, GATE_LEAST, MEMORY_DAYS
from models.domain.causes import FAMILIES
from models.domain.quality import EDITED, VALID
from models.domain.times import NEVER
from models.state.jit import inner
from models.state.layout import BASE, EVENING, HASHES, HOURS, LEVEL, NIGHT, NO_DAY, STATS
from models.state.ring import holds, rank_at, slab, slots_in_day, value_at

STEADY_DAYS: Final = 14
"""Days learnt before departures are counted."""
_PEERS_WEIGHT: Final = 5.0
_LEAST_DEVIATION: Final = 0.1
"""Of a logarithm: what a day differs by anyhow."""
_COHORT_DEVIATION: Final = 0.4
_BOUND: Final = 6.0
_FAST, _SLOW = 0.5, 0.25
_GATE_FROM, _GATE_TO = 1.6, 2.6
_FLOOR: Final = 0.02
"""Of the level: rates below it are as good as none."""
_FALLEN, _RISEN = -0.8, -0.4
_RECENT: Final = 0.3
_FARTHEST: Final = 6
_SHAPE, _MARGIN = 0.65, 0.3
"""Correlation with the shifted profile that a shift needs at least, and by how much it must beat the unshifted one."""
_READS: Final = FAMILIES.index("reads")
_DISTINCT: Final = 8
"""Different values in a day from which on another day like it is no chance."""
_SAME_LEVEL: Final = 1.0
"""Deviations of the level within which a day is the same one shifted, and not another life: an electric car adds."""
_NIGHT_HOURS: Final = 6
_WET: Final = 0.3
"""Share of the night from which on it counts as one with flow: two hours of six."""
WET_PACE: Final = 1 / 3


@inner
def hours_of_day(row, ring, ring_at, exact, exact_at, day, midnights, hour_sum, hour_count):
    """Rates of the hours of a local day, summed and counted; whether enough of the day is there."""
    interval_s = row.interval_s
    at = slab(ring_at, day, interval_s)
    if not holds(ring, at, day):
        return False
    hour_sum[:] = 0.0
    hour_count[:] = 0.0
    slots, shift, hours, count = (
        slots_in_day(day, interval_s, midnights),
        clock_shift(day, midnights),
        interval_s / 3600.0,
        0,
    )
    for slot in range(slots):
        rank = rank_at(ring, at, slot, interval_s)
        if rank != VALID and rank != EDITED:
            continue
        value = value_at(ring, exact, at, exact_at, day, slot, interval_s, row.decimals)
        if value < 0:
            continue
        hour = wall_hour(slot, interval_s, shift)
        hour_sum[hour] += value / hours
        hour_count[hour] += 1
        count += 1
    return count >= COVERAGE * slots


@inner
def statistics(row, hour_sum, hour_count, out):
    """The day's statistics into `out` [STATS]; NaN where hours are missing, or all is zero."""
    floor = max(_FLOOR * row.level, 1e-6)
    out[:] = np.nan
    total, count, night, night_count, evening, evening_count = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    least, before = np.inf, np.nan
    for hour in range(HOURS):
        if hour_count[hour] == 0:
            before = np.nan
            continue
        rate = hour_sum[hour] / hour_count[hour]
        total += rate
        count += 1
        if 1 <= hour <= 5:
            night += rate
            night_count += 1
        elif 17 <= hour <= 21:
            evening += rate
            evening_count += 1
        if before == before:
            least = min(least, 0.5 * (before + rate))
        before = rate
    if total <= 0:
        return  # a meter at rest tells nothing of how much is taken
    out[BASE] = np.log(max(least, floor)) if least < np.inf else np.nan
    out[NIGHT] = np.log(max(night / night_count, floor)) if night_count >= 3 else np.nan
    out[LEVEL] = np.log(max(total / count, floor)) if count >= 12 else np.nan
    out[EVENING] = np.log(max(evening / evening_count, floor)) if evening_count >= 3 else np.nan


@inner
def _median_of_others(cohort, own):
    if cohort.peers < 2:
        return 0.0
    if cohort.peers % 2 == 0:
        return cohort.mid if own <= cohort.low else cohort.low
    if own < cohort.mid:
        return 0.5 * (cohort.mid + cohort.high)
    if own > cohort.mid:
        return 0.5 * (cohort.low + cohort.mid)
    return 0.5 * (cohort.low + cohort.high)


@inner
def accumulate(row, day, values, cohort, weight):
    """Move the departures of `row` on by a day that `learn_day` has taken. `cohort` [STATS], `weight` 0 to 1.

    Days of reads that are known to be wrong are left out.
    """
    if row.episodes[_READS].opened != NEVER:
        return
    odd, seen = 0.0, 0
    for n in range(STATS):
        if not np.isnan(values[n]):
            odd += row.stats[n].slow ** 2
            seen += 1
    odd = np.sqrt(odd / max(seen, 1))
    gate = weight * min(1.0, max(GATE_LEAST, 1.0 - (odd - _GATE_FROM) / (_GATE_TO - _GATE_FROM)))
    rate = gate / min(max(np.float64(row.days), 1.0), MEMORY_DAYS)
    for n in range(STATS):
        if np.isnan(values[n]):
            continue
        stat = row.stats[n]
        if stat.mean == 0.0 and stat.variance == 0.0:
            stat.mean = values[n]
            continue
        own = values[n] - stat.mean
        others = np.float64(max(cohort[n].peers - 1, 0))
        r = own - _median_of_others(cohort[n], np.float32(own)) * others / (others + _PEERS_WEIGHT)
        if row.days >= STEADY_DAYS:
            deviation = max(np.sqrt(stat.variance), _COHORT_DEVIATION * cohort[n].deviation, _LEAST_DEVIATION)
            z = min(max(r / deviation, -_BOUND), _BOUND)
            stat.fast += _FAST * (z - stat.fast)
            stat.slow += _SLOW * (z - stat.slow)
            if n == LEVEL:
                row.drop += _SLOW * (r - row.drop)
                if stat.slow > _RISEN:
                    row.drop_day = NO_DAY
                elif stat.slow < _FALLEN and row.drop_day == NO_DAY:
                    row.drop_day = day - 1
        stat.variance += rate * (min(r * r, 9.0 * stat.variance + 1.0) - stat.variance)
        stat.mean += rate * own


@inner
def look_for_shift(row, day, hour_sum, hour_count):
    """The profile of the last days against the usual one, turned by whole hours: does it fit better shifted?"""
    for hour in range(HOURS):
        if hour_count[hour] == 0:
            return
    first, mean = row.days <= 1, 0.0
    for hour in range(HOURS):
        mean += hour_sum[hour] / hour_count[hour] / HOURS
    if mean <= 0:
        return
    for hour in range(HOURS):
        seen = min(24.0 * hour_sum[hour] / hour_count[hour] / mean, 255.0)
        row.recent[hour] = np.uint8(seen if first else np.rint(row.recent[hour] + _RECENT * (seen - row.recent[hour])))
    if row.days < STEADY_DAYS:
        return
    here = _correlation(row, 0)
    best, most = 0, here
    for lag in range(-_FARTHEST, _FARTHEST + 1):
        if abs(lag) >= 2:
            fit = _correlation(row, lag)
            if fit > most:
                best, most = lag, fit
    if most < _SHAPE or most - here < _MARGIN or abs(row.stats[LEVEL].slow) > _SAME_LEVEL:
        best = 0
    if best == 0:
        row.shift_day = NO_DAY
    elif row.shift == 0 or abs(best - row.shift) > 1:
        row.shift_day = day
    row.shift = best


@inner
def _correlation(row, lag):
    """Of the recent profile with the usual one `lag` hours earlier."""
    x_mean, y_mean = 0.0, 0.0
    for hour in range(HOURS):
        x_mean += row.recent[hour]
        y_mean += row.profile[hour]
    x_mean /= HOURS
    y_mean /= HOURS
    xy, xx, yy = 0.0, 0.0, 0.0
    for hour in range(HOURS):
        x = row.recent[hour] - x_mean
        y = row.profile[(hour - lag) % HOURS] - y_mean
        xy += x * y
        xx += x * x
        yy += y * y
    return xy / np.sqrt(xx * yy) if xx > 0 and yy > 0 else 0.0


@inner
def look_for_copy(row, ring, ring_at, exact, exact_at, day, midnights):
    """Whether the day equals one of the last `HASHES`, and its hash kept. Days with little in them say nothing."""
    interval_s = row.interval_s
    at = slab(ring_at, day, interval_s)
    slots = slots_in_day(day, interval_s, midnights)
    digest, active, distinct = np.uint32(2166136261), 0, 0
    seen = np.full(_DISTINCT, np.nan)
    for slot in range(slots):
        rank = rank_at(ring, at, slot, interval_s)
        if rank != VALID and rank != EDITED:
            active = 0
            break
        value = value_at(ring, exact, at, exact_at, day, slot, interval_s, row.decimals)
        code = np.int64(np.rint(value * 1e6))
        for byte in range(0, 48, 8):
            digest = np.uint32((digest ^ np.uint32((code >> byte) & 255)) * np.uint32(16777619))
        active += value != 0
        if distinct < _DISTINCT:
            new = True
            for n in range(distinct):
                new = new and seen[n] != value
            if new:
                seen[distinct] = value
                distinct += 1
    place = day % HASHES
    if active < 8 or distinct < _DISTINCT:
        row.hashes[place] = 0
        return
    copied = False
    for other in range(HASHES):
        if other != place and row.hashes[other] == digest:
            copied = True
    row.hashes[place] = digest
    if copied:
        if row.copied_day < day - 3:
            row.copied_since = day
        row.copied_day = day


@inner
def look_at_night(row, day, hour_sum, hour_count):
    """Hours of the night with flow: how many is usual, how many it is of late, and for how many nights in a row."""
    wet, seen = 0.0, 0
    for hour in range(_NIGHT_HOURS):
        if hour_count[hour] > 0:
            wet += hour_sum[hour] > 0
            seen += 1
    if seen < 4:
        return
    share = wet / seen
    row.wet += WET_PACE * (share - row.wet)
    if share >= _WET:
        row.wet_nights = min(row.wet_nights + 1, 255)
    else:
        row.wet_nights = 0
    if row.wet_nights <= 2 or row.days < 7:
        row.night += (share - row.night) / min(max(np.float64(row.days), 1.0), MEMORY_DAYS)
