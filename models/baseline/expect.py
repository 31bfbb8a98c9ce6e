"""What a meter is expected to read: a seasonal baseline in local time, learnt at the close of each day.

Rates are per hour in the meter's unit. The profile has 24 hours of the wall clock: on a 23-hour day the hour that is
skipped is left out, on a 25-hour day the doubled one counts twice.
"""

from models.domain.localtime import FIRST_DAY
from models.domain.times import HOUR, SECOND
from models.state.jit import inner

_CHANGE_H = 2
"""Hours after midnight at which clocks change, near enough: Europe at 2 or 3, North America at 2."""


@inner
def wall_hour(day, slot, interval_s, midnights):
    """Hour of the wall clock, 0 to 23, at the middle of a slot."""
    elapsed = (2 * slot + 1) * interval_s * SECOND // 2
    length = midnights[day + 1 - FIRST_DAY] - midnights[day - FIRST_DAY]
    hour = elapsed // HOUR
    if hour >= _CHANGE_H and length < 24 * HOUR:
        hour += 1
    elif hour > _CHANGE_H and length > 24 * HOUR:
        hour -= 1
    return min(max(hour, 0), 23)


@inner
def expected_in(row, day, slot, midnights):
    """Expected consumption in a slot, meter's unit; 0 until something is learnt."""
    interval_s = row.interval_s
    hours = interval_s / 3600.0
    if hours >= 12:
        return row.level * hours
    return row.profile[wall_hour(day, slot, interval_s, midnights)] * hours
