"""What a meter is expected to read: a seasonal baseline in local time, learnt at the close of each day.

Rates are per hour in the meter's unit. The profile has 24 hours of the wall clock: on a 23-hour day the hour that is
skipped is left out, on a 25-hour day the doubled one counts twice.
"""

import numpy as np

from models.domain.localtime import FIRST_DAY
from models.domain.times import HOUR
from models.state.jit import inner
from models.state.layout import RATIO

_CHANGE_H = 2
"""Hours after midnight at which clocks change, near enough: Europe at 2 or 3, North America at 2."""


@inner
def clock_shift(day, midnights):
    """Hours by which the wall clock jumps on a local day: 1 in spring, -1 in autumn, else 0."""
    length = midnights[day + 1 - FIRST_DAY] - midnights[day - FIRST_DAY]
    if length < 24 * HOUR:
        return 1
    return -1 if length > 24 * HOUR else 0


@inner
def wall_hour(slot, interval_s, shift):
    """Hour of the wall clock, 0 to 23, at the middle of a slot; `shift` as `clock_shift` says of its day."""
    hour = (2 * np.int64(slot) + 1) * interval_s // 7200
    if hour >= _CHANGE_H + (shift < 0):
        hour += shift
    return min(hour, 23)


@inner
def expected_in(level, profile, slot, interval_s, shift):
    """Expected consumption in a slot, meter's unit; 0 until something is learnt. `level`, `profile`: of the row."""
    hours = interval_s / 3600.0
    if hours >= 12:
        return level * hours
    return level * profile[wall_hour(slot, interval_s, shift)] / RATIO * hours
