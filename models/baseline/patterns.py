"""What closed days of a meter look like side by side: a clock that has shifted, a day that is a copy, wet nights."""

from typing import Final

import numpy as np

from models.baseline.day import is_copy
from models.baseline.departures import STEADY_DAYS, slow
from models.baseline.learn import MEMORY_DAYS
from models.state.jit import inner
from models.state.layout import HASHES, HOURS, LEVEL, NO_DAY

_RECENT: Final = 0.3
_FARTHEST: Final = 6
_SHAPE, _MARGIN = 0.65, 0.3
"""Correlation with the shifted profile that a shift needs at least, and by how much it must beat the unshifted one."""
_SAME_LEVEL: Final = 1.0
"""Deviations of the level within which a day is the same one shifted, and not another life: an electric car adds."""
_NIGHT_HOURS: Final = 6
_WET: Final = 0.3
"""Share of the night from which on it counts as one with flow: two hours of six."""
WET_PACE: Final = 1 / 3


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
    if most < _SHAPE or most - here < _MARGIN or abs(slow(row, LEVEL)) > _SAME_LEVEL:
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
def look_for_copy(row, day, digest):
    """Whether the day equals one of the last `HASHES`; it is kept. A day with little in it says nothing."""
    place = day % HASHES
    copied = is_copy(row, day, digest)
    row.hashes[place, 0], row.hashes[place, 1], row.hashes[place, 2] = (
        np.uint8(digest >> 16), np.uint8(digest >> 8 & 255), np.uint8(digest & 255),
    )  # fmt: skip
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
