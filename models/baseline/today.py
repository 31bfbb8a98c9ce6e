"""A row as it will stand when the day that is ending is learnt: what the day has shown counts before it closes.

Days close hours after their end, since uploads may be late, but the last reading of a day has all of it to look at.
Its peers are not known yet, so that those of the last closed day stand in for them.
"""

import numpy as np

from models.baseline.day import COVERAGE, MOST_SLOTS, fingerprint, is_copy, read_day, statistics
from models.baseline.departures import accumulate
from models.baseline.patterns import keep_copy
from models.state.jit import inner
from models.state.layout import HOURS, PAGED, STATS
from models.state.ring import slots_in_day


@inner
def ends_day(row, day, slot, midnights):
    """Whether a slot is the last of a local day that the row has yet to learn."""
    return slot == slots_in_day(day, row.interval_s, midnights) - 1 and row.learnt_day < day


@inner
def add_today(ahead, ring, ring_at, exact, exact_at, day, midnights, medians):
    """Move the departures and copies of `ahead`, a copy of the row, on by local day `day`, if enough of it is there.

    `medians` [STATS] COHORT, of the last closed day.
    """
    rates, hour_sum, hour_count = np.empty(MOST_SLOTS), np.empty(HOURS), np.empty(HOURS)
    slots, there = read_day(ahead, ring, ring_at, exact, exact_at, day, midnights, rates, hour_sum, hour_count)
    if there == 0 or there < COVERAGE * slots:
        return
    values, paged = np.empty(STATS, np.float32), np.empty(len(PAGED), np.float32)
    digest = fingerprint(rates[:slots])
    copied = is_copy(ahead, ring, ring_at, exact, exact_at, day, midnights, rates, there < slots, digest)
    statistics(ahead, day, rates[:slots], hour_sum, hour_count, copied, values)
    accumulate(ahead, day, values, medians, 1.0, paged)
    keep_copy(ahead, day, digest, copied)
