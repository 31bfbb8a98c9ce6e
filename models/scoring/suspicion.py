"""How odd a meter looks as of a reading, and how often it looks so: the score.

Suspicion is unsigned here, since any departure is worth a look; rules and episodes tell departures apart. The score
is 1 - tail probability of the suspicion under the meter's own past, from a histogram of quarter octaves: 0-1, higher
is odder, comparable across meters.
"""

from typing import Final

import numpy as np

from models.baseline.measure import EXPECTED, HERE, LEAST_HOUR, SEEN, SLOTS, SOLID_HOURS, TOTAL
from models.state.jit import inner
from models.state.layout import BINS

WARM_DAYS: Final = 7
"""Days learnt before a score is given; with `PATIENCE_DAYS` gone by, one is enough."""
PATIENCE_DAYS: Final = 14
ENOUGH: Final = 24
"""Readings in the histogram before a score is given, fewer where a day has fewer."""
_PER_OCTAVE: Final = 4
_LOWEST: Final = -4.0


@inner
def suspicion(row, features, value, resolution):
    """Of the last interval, of the last 24 h, and of their least hour: the strongest, in mean absolute deviations."""
    hours = row.interval_s / 3600.0
    level = max(row.level, resolution)
    most = 0.0
    if not np.isnan(value):
        noise = max(row.noise, 0.05 * level)
        most = 0.25 * abs(value - features[HERE]) / (noise * hours)
    if features[SEEN] >= 0.5 * features[SLOTS]:
        span = features[SEEN] * hours
        spread = max(row.spread, 0.05 * level)
        most = max(most, abs(features[TOTAL] - features[EXPECTED]) / (span * spread))
    if features[SOLID_HOURS] >= 18:
        most = max(most, (features[LEAST_HOUR] - row.base) / max(0.33 * row.base, 0.1 * level))
    return most


@inner
def bin_of(value):
    """Histogram bin of a suspicion."""
    if not value > 0:
        return 0
    return min(max(int((np.log2(value) - _LOWEST) * _PER_OCTAVE), 0), BINS - 1)


@inner
def score_of(row, place):
    """1 - tail probability of a suspicion in bin `place`; NaN while the histogram is too thin."""
    above, total = 0.0, 0.0
    counts = row.suspicion
    for n in range(BINS):
        count = counts[n]
        total += count
        if n > place:
            above += count
        elif n == place:
            above += 0.5 * count
    if total < min(ENOUGH, 7 * 86_400 // row.interval_s):
        return np.nan
    return 1.0 - (above + 0.5) / (total + 1.0)


@inner
def is_warm(row, day, first_day):
    """Whether enough is learnt for a score."""
    return row.days >= WARM_DAYS or (row.days >= 1 and day - first_day >= PATIENCE_DAYS)
