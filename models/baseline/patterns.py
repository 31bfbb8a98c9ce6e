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
NIGHT_HOURS: Final = 6
_RUNS_L_H: Final = 4.0
"""A flow by which a toilet may be said to run in an hour: a tap that drips gives less."""
_RUNS_MOST_L_H: Final = 200.0
"""More is no toilet, and says nothing of one: a garden watered by night."""
_STEPS: Final = 4
"""Of the meter's grid, at least: of fewer nobody can say whether two flows are alike."""
_RUNS: Final = 0.7
"""Share of hours with flow that a running toilet gives a dry home: it fills, and is dry for an hour or three."""
_ALIKE, _BY_CHANCE = 0.6, 0.16
"""Share of hours with flow that are like the one before them, to a tenth or a litre: of a toilet, and of people."""
_USUAL_LEAST: Final = 0.15
"""Nobody sleeps so well that flow in an hour of the night is rarer."""
_QUIET_HOURS: Final = 5
"""No running toilet lets a home be dry for longer."""
_MOST_A_NIGHT, _MOST = 3.0, 12.0
"""One night with guests is no toilet; and so much is enough to be forgotten in two dry nights."""
_GOT_USED_TO: Final = 30
"""Nights"""


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
def told_by_night(flows, grid, usual):
    """What a night says of a toilet that runs: the log of how much likelier it is with one than without.

    `flows`: of 24 hours, L/h, the six of the night first, forwards or backwards; NaN = unknown. `grid`: of the meter,
    litres. `usual`: share of night hours in which this home has flow. A toilet adds flow to hours that would be dry,
    hours alike, and leaves no time quiet. Returns that and the night's share of hours with flow, NaN where it is
    unknown. Source: ours, tuned on 46 Spanish homes.
    """
    least = max(_RUNS_L_H, _STEPS * grid)
    seen, wet, before, told = 0, 0, np.nan, 0.0
    p = min(max(usual, _USUAL_LEAST), 1.0 - _USUAL_LEAST)
    for hour in range(NIGHT_HOURS):
        flow = flows[hour]
        if np.isnan(flow):
            continue
        seen += 1
        if flow > _RUNS_MOST_L_H:
            wet, before = wet + 1, np.nan
            continue
        if flow < least:
            told += np.log(1.0 - _RUNS)
            continue
        wet += 1
        told += np.log(1.0 + (1.0 - p) / p * _RUNS)
        if abs(flow - before) <= max(1.0, grid, 0.1 * max(flow, before)):
            told += np.log(_ALIKE / _BY_CHANCE)
        elif before == before:
            told += np.log((1.0 - _ALIKE) / (1.0 - _BY_CHANCE))
        before = flow
    if seen < 4:
        return 0.0, np.nan
    quiet, longest = 0, 0
    for hour in range(HOURS):
        quiet = 0 if flows[hour] >= least else quiet + 1
        longest = max(longest, quiet)
    most = -1.0 if longest > _QUIET_HOURS else _MOST_A_NIGHT
    return min(max(told, -2.0 * _MOST_A_NIGHT), most), wet / seen


@inner
def look_at_night(row, weight, flows, grid):
    """What the nights say together of a toilet that runs, for how many in a row, and how often flow is usual by night.

    `flows`, `grid`: as of `told_by_night`, of the day that closes, which teaches with `weight`.
    """
    told, share = told_by_night(flows, grid, row.night)
    if np.isnan(share):
        return
    row.wet = min(max(row.wet + told, 0.0), _MOST)
    row.wet_nights = min(row.wet_nights + 1, 255) if row.wet > 0 else 0
    if row.wet < _MOST_A_NIGHT or row.days < STEADY_DAYS or row.wet_nights > _GOT_USED_TO:
        row.night += weight * (share - row.night) / min(max(np.float64(row.days), 1.0), MEMORY_DAYS)
