"""What a meter looks like as of a reading, in numbers without a unit: the input of the detectors.

The vector is what the forest sees: signed residuals at several horizons, runs, and how closed days depart, by group of
statistics. Base and level count where they fall, since what is taken away makes a home look more usual to a forest,
not less. With groups a forest ranks better than with the 24 statistics one by one, see docs/adr/0011. The parts are
the raw values of the single detectors, each higher where it is odder; `models.scoring.calibrate` makes them comparable.
Nothing here changes a row.
"""

from typing import Final

import numba as nb
import numpy as np

from models.baseline.departures import STEADY_DAYS, fast, slow, turned_round
from models.baseline.measure import (
    ACTIVE,
    EXPECTED,
    FLAT,
    HERE,
    HOURLY,
    LEAST_HOUR,
    SEEN,
    SLOTS,
    SOLID_HOURS,
    TOP,
    TOTAL,
    TWO_HOURS,
)
from models.scoring.calibrate import combined, score, surprise
from models.scoring.detectors.trees import leaf_mean
from models.scoring.drift import LEAST_DAYS, strength
from models.state import layout as s
from models.state.jit import inner, kernel
from models.state.layout import HOURS, NO_DAY, RATIO

FEATURES: Final = (
    "interval", "six_hours", "day", "least_hour", "two_hours", "highest", "active", "zeros", "flat", "level_3d",
    "base_7d", "level_7d", "flatness_7d", "runs_7d", "copied_7d", "shape_7d",
)  # fmt: skip
"""Of the vector: the last interval, 6 h and 24 h against what is expected, the least hour of 24, the lesser of the last
two, the highest interval, the share of use, the present runs; the day level over 3 days, groups over 7."""
(
    INTERVAL, SIX_HOURS, WHOLE_DAY, LEAST_OF_DAY, LAST_TWO, HIGHEST, ACTIVITY, ZEROS_NOW, FLAT_NOW, LEVEL_3D,
    BASE_7D, LEVEL_7D, FLATNESS_7D, RUNS_7D, COPIED_7D, SHAPE_7D,
) = range(16)  # fmt: skip
PARTS: Final = ("now", "base", "level", "flatness", "runs", "shape", "drift", "forest", "theft")
"""Detectors: this very reading, the five groups of statistics, PageHinkley, the forest; the trees trained on theft."""
NOW, BASE, LEVEL, FLATNESS, RUNS, SHAPE, DRIFT, FOREST, THEFT = range(9)
WITH_TREES: Final = (THEFT, FOREST)
"""Parts that count where trees trained on theft speak; what else nobody trained is what trees and forest look at, and a
reading far above the others is a car more often than anything wrong."""
DOUBT: Final = (0.0, 4.0)
"""Taken off the surprise of each: most that is merely unusual is nothing wrong. Measured on real homes, see
docs/adr/0015."""


@inner
def vector(row, features, hour, value, resolution, out):
    """Into `out` [FEATURES]; 0 where it cannot be told. `hour`: of the wall clock at the reading's end."""
    hours = row.interval_s / 3600.0
    level = max(row.level, resolution)
    noise, spread = max(row.noise, 0.05 * level), max(row.spread, 0.05 * level)
    out[:] = 0.0
    if row.days == 0:
        return
    if not np.isnan(value):
        out[INTERVAL] = np.arcsinh((value - features[HERE]) / (noise * hours))
    total, expected, there = 0.0, 0.0, 0
    for n in range(6):
        if not np.isnan(features[HOURLY + n]):
            total += features[HOURLY + n]
            expected += row.level * row.profile[(hour - n) % HOURS] / RATIO
            there += 1
    if there >= 4:
        out[SIX_HOURS] = np.arcsinh((total - expected) / (there * noise))
    if features[SEEN] >= 0.5 * features[SLOTS]:
        out[WHOLE_DAY] = np.arcsinh((features[TOTAL] - features[EXPECTED]) / (features[SEEN] * hours * spread))
        out[HIGHEST] = np.log((features[TOP] / hours + 0.05 * level) / (row.day_top + 0.05 * level))
        out[ACTIVITY] = features[ACTIVE] / features[SEEN] - row.active
    if features[SOLID_HOURS] >= 18:
        out[LEAST_OF_DAY] = np.arcsinh((features[LEAST_HOUR] - row.base) / max(0.33 * row.base, 0.1 * level))
    if not np.isnan(features[TWO_HOURS]):
        out[LAST_TWO] = np.log((features[TWO_HOURS] + 0.05 * level) / (row.peak + 0.05 * level))
    run = np.log1p(features[FLAT] * hours)
    if value == 0:
        out[ZEROS_NOW] = max(run - np.log1p(row.zero_run), 0.0)
    elif not np.isnan(value):
        out[FLAT_NOW] = run - np.log1p(hours)
    out[LEVEL_3D] = fast(row, s.LEVEL)
    out[BASE_7D] = min(_mean(row, s.LEAST, s.LEVEL), 0.0)
    out[LEVEL_7D] = min(_mean(row, s.LEVEL, s.VARIATION), 0.0)
    out[FLATNESS_7D] = _size(row, s.VARIATION, s.ZEROS)
    out[RUNS_7D] = max(slow(row, s.ZEROS), slow(row, s.ZERO_RUN), slow(row, s.FLAT_RUN), 0.0)
    out[COPIED_7D] = slow(row, s.COPIED)
    out[SHAPE_7D] = max(turned_round(row, slow), 0.0)


@inner
def raw_parts(row, now, nodes, grown, x, out):
    """Raw values of the detectors into `out` [PARTS]. `now`: `models.scoring.suspicion`; `nodes`: the forest, if
    `grown`; `x`: the vector."""
    out[:] = np.nan
    out[NOW] = now
    if row.days > STEADY_DAYS:
        out[BASE] = -_mean(row, s.LEAST, s.LEVEL)
        out[LEVEL] = -_mean(row, s.LEVEL, s.VARIATION)
        out[FLATNESS] = x[FLATNESS_7D]
        out[RUNS] = max(x[RUNS_7D], x[COPIED_7D])
        out[SHAPE] = turned_round(row, slow)
        out[FOREST] = -leaf_mean(nodes, x) if grown else np.nan
        out[THEFT] = row.theft
    if row.fell_day != NO_DAY and row.learnt_day - row.fell_day < LEAST_DAYS:
        out[DRIFT] = 1.0
    elif row.pages[0].n >= LEAST_DAYS:
        out[DRIFT] = max(-strength(row.pages[0]), -strength(row.pages[1]), 0.0)


@inner
def _mean(row, first, end):
    """Of a group's departures; below 0 where something is missing."""
    total = 0.0
    for n in range(first, end):
        total += slow(row, n)
    return total / (end - first)


@inner
def _size(row, first, end):
    """Root mean square of a group's departures, whichever way."""
    total = 0.0
    for n in range(first, end):
        total += slow(row, n) ** 2
    return np.sqrt(total / (end - first))


@inner
def surprises(parts, tables, out):
    """Surprise of each part into `out` [PARTS], by `tables` [parts and the largest surprise of them, 2, KNOTS]."""
    for n in range(len(PARTS)):
        out[n] = surprise(tables[n], np.float64(parts[n]))


@inner
def largest(surprises):
    """Surprise of the oddest part; NaN of none. Where the trees trained on theft speak, of those `WITH_TREES`."""
    if surprises[THEFT] != surprises[THEFT]:
        return combined(surprises)
    doubted = np.empty(len(WITH_TREES))
    for n in range(len(WITH_TREES)):
        doubted[n] = surprises[WITH_TREES[n]] - DOUBT[n]
    return combined(doubted)


@kernel(nb.void(nb.float32[:, ::1], nb.float32[:, :, ::1], nb.float64[::1]))
def largest_of(raw, tables, out):
    """The `largest` surprise of each row of `raw` [n, PARTS] parts into `out` [n]."""
    rare = np.empty(len(PARTS), np.float32)
    for i in range(len(raw)):
        surprises(raw[i], tables, rare)
        out[i] = largest(rare)


@inner
def score_of(surprises, found, tables):
    """0-1, higher is odder; NaN while nothing is calibrated. `found`: surprise of the rarest finding, 0 of none.

    It is 1 - tail probability of the `largest` surprise. Until there is a table of largest surprises, that of parts
    counts as one of so many.
    """
    most = np.float64(largest(surprises))
    if np.isnan(most):
        return np.nan
    most = max(most, found)
    calibrated = surprise(tables[len(PARTS)], most)
    if np.isnan(calibrated):
        calibrated = max(most - np.log(np.float64(len(PARTS))), 0.0)
    return score(calibrated)
