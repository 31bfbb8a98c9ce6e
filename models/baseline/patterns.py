"""What closed days of a meter look like side by side: a clock that has shifted, a day that is a copy, wet nights."""

from typing import Final

import numpy as np

from models.baseline.day import SHAPED_DAYS
from models.baseline.departures import STEADY_DAYS, slow
from models.baseline.learn import MEMORY_DAYS
from models.state.jit import inner
from models.state.layout import (
    HASHES,
    HOURS,
    LEAST,
    LEVEL,
    LOW,
    MIDDLE,
    NO_DAY,
    PEAK,
    SPAN,
    STEP_MEAN,
    TOP,
    TURNS,
    VARIATION,
)  # fmt: skip

_RECENT: Final = 0.3
_NEAREST: Final = 3
"""Hours from which on a turn is told from habits that change."""
_FLOOR: Final = 0.1
"""Added to hours relative to their mean before logarithms: what lies below it is as good as none."""
_FLAT: Final = 1e-9
"""Sum of squares of logarithms below which a day has no shape."""
_PARTS: Final = 127.0
_FITS, _GAIN = 0.3, 0.1
"""Correlation with the turned profile that a shift needs at least, and by how much it must beat the unturned one."""
_LEAST_OFF, _MOST_OFF = 0.05, 4.0
"""And a mean absolute difference beyond the usual gain; the least of these, and how many a day counts at most."""
_UNTURNED: Final = (LOW, MIDDLE, LEVEL, LEAST, TOP, VARIATION, PEAK, STEP_MEAN, SPAN)
_SAME: Final = 0.8
"""Deviations, root mean square over statistics that no turn changes, up to which a life is the same: a car adds."""
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
def look_for_shift(row, day, weight, hour_sum, hour_count):
    """Whether the hours of the last days are the usual ones, turned: another clock since some day, and the same life.

    Days are compared one by one and by logarithms, so that the base load and the rise of the morning count as much as
    peaks. Every home has days that fit better turned: a shift has to be more than that. `weight`: of what is learnt.
    """
    for hour in range(HOURS):
        if hour_count[hour] == 0:
            return
    now, usual = np.empty(HOURS), np.empty(HOURS)
    mean, level = 0.0, 0.0
    for hour in range(HOURS):
        now[hour] = hour_sum[hour] / hour_count[hour]
        usual[hour] = row.profile[hour]
        mean += now[hour] / HOURS
        level += usual[hour] / HOURS
    if mean <= 0 or level <= 0:
        return
    for hour in range(HOURS):
        now[hour] = np.log(max(now[hour] / mean, 0.0) + _FLOOR)
        usual[hour] = np.log(usual[hour] / level + _FLOOR)
    far, here, most, best, fit = TURNS // 2, _correlation(now, usual, 0), -1.0, 0, -_PARTS
    for place in range(TURNS):
        lag = place - far
        like = here if lag == 0 else _correlation(now, usual, lag)
        of_late = row.turned[place]
        row.turned[place] = np.int8(np.rint(of_late + _RECENT * (_PARTS * like - of_late)))
        if abs(lag) >= _NEAREST:
            most = max(most, like)
            if row.turned[place] > fit:
                best, fit = lag, np.float64(row.turned[place])
    gain = (fit - row.turned[far]) / _PARTS
    if gain <= 0:
        row.shift_day = NO_DAY
    elif row.shift_day == NO_DAY:
        row.shift_day = day
    odd = row.turn + max(row.turn_off, _LEAST_OFF)
    other = 0.0
    for statistic in _UNTURNED:
        other += slow(row, statistic) ** 2 / len(_UNTURNED)
    shifted = fit >= _FITS * _PARTS and gain >= odd and np.sqrt(other) <= _SAME
    row.shift = best if gain >= _GAIN and row.days >= STEADY_DAYS and (shifted or row.shift != 0) else 0
    if row.days >= SHAPED_DAYS:
        rate, off = weight / min(np.float64(row.days), MEMORY_DAYS), most - here - row.turn
        row.turn += rate * off
        row.turn_off += rate * (min(abs(off), _MOST_OFF * max(row.turn_off, _LEAST_OFF)) - row.turn_off)


@inner
def _correlation(now, usual, lag):
    """Of the hours of a day with the usual ones `lag` hours earlier."""
    x_mean, y_mean = 0.0, 0.0
    for hour in range(HOURS):
        x_mean += now[hour] / HOURS
        y_mean += usual[hour] / HOURS
    xy, xx, yy = 0.0, 0.0, 0.0
    for hour in range(HOURS):
        x = now[hour] - x_mean
        y = usual[(hour - lag) % HOURS] - y_mean
        xy += x * y
        xx += x * x
        yy += y * y
    return xy / np.sqrt(xx * yy) if xx > _FLAT and yy > _FLAT else 0.0


@inner
def keep_copy(row, day, digest, copied):
    """Keep a day's fingerprint, and whether it equals an earlier one, as `is_copy` says."""
    place = day % HASHES
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
