"""How odd a meter looks at this very reading: unsigned, since any departure is worth a look."""

from typing import Final

import numpy as np

from models.baseline.measure import EXPECTED, HERE, LEAST_HOUR, SEEN, SLOTS, SOLID_HOURS, TOTAL
from models.state.jit import inner

WARM_DAYS: Final = 7
"""Days learnt before a score is given; with `PATIENCE_DAYS` gone by, one is enough."""
PATIENCE_DAYS: Final = 14


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
def is_warm(row, day, first_day):
    """Whether enough is learnt for a score."""
    return row.days >= WARM_DAYS or (row.days >= 1 and day - first_day >= PATIENCE_DAYS)
