"""What is kept of a meter, as structured rows: 1 KiB for what is learnt, and a ring of its recent intervals.

The row's layout has a version. A changelog or snapshot of another version is refused, see `models.state.partition`.
"""

from typing import Final

import numpy as np

from models.domain.causes import FAMILIES
from models.domain.times import NEVER
from models.state.page import PAGE

VERSION: Final = 8
NO_DAY: Final = -(2**31)
RING_DAYS: Final = 8
"""Local days in the ring, today's included."""
HOURS: Final = 24
RATIO: Final = 2048
"""The profile is kept in such parts of the level; deviations in such parts of one."""
GRIDS: Final = 10
"""Decimal grids tried for the resolution: 1000 down to 0.000001 of the meter's unit."""

TURNS: Final = 13
"""Turns of the profile that days are compared with: -6 to 6 hours."""
HASHES: Final = 28
"""Local days of which a hash is kept, to know a copied day by."""

(
    LEAST,  # base: log of the least two hours
    LOW,  # log mean of the 4th to 7th lowest of 48
    MIDDLE,  # log median
    NIGHT,  # log mean 01:00-06:00
    LEVEL,  # level: log day mean
    TOP,  # log mean of the 4 highest of 48
    EVENING,  # log mean 17:00-22:00
    VARIATION,  # flatness: log coefficient of variation
    PEAK,  # log of the highest over the mean
    STEADINESS,  # autocorrelation of log x at a lag of one interval
    DISTINCT,  # share of distinct values
    STEP_MIDDLE,  # log of the median step over the mean
    STEP_MEAN,  # log of the mean step over the mean
    SPAN,  # log of the 95 % quantile over the 5 % quantile
    BASE_SHARE,  # least two hours less level, both logs
    ZEROS,  # runs: share of zeros
    ZERO_RUN,  # log of 1 + hours of the longest run of zeros
    FLAT_RUN,  # log of 1 + hours of the longest run of one value that is not zero
    COPIED,  # 1 = equals one of the last `HASHES` days
    LIKE,  # shape: correlation with the own slow profile
    REVERSED,  # with its reverse
    TURNED,  # the former less the latter
    BLOCKS,  # L1 distance from it over eight blocks of 3 h
    ORDER,  # logs of the hours along what tells the profile from its reverse
    STATS,
) = range(25)
"""Day statistics in five groups, see `models.baseline.day`. Source: the design study."""
GROUPS: Final = (LEAST, LEVEL, VARIATION, ZEROS, LIKE, STATS)
"""Where each group of statistics begins: base, level, flatness, runs, shape."""
STAT: Final = np.dtype(
    [
        ("mean", "f4"),  # slow mean; NaN = none yet
        ("deviation", "u2"),  # in parts of `RATIO`
        ("fast", "i1"),  # departure from the mean in deviations, over about 3 days; in parts of `FINE`
        ("slow", "i1"),  # over about 7 days
    ]
)
FINE: Final = 20.0
PAGED: Final = (LEVEL, LEAST)
COHORT: Final = np.dtype([("peers", "i4"), ("low", "f4"), ("mid", "f4"), ("high", "f4"), ("deviation", "f4")])
"""Of one statistic over a partition's meters: their number, the elements about the middle, the median deviation."""
EPISODE: Final = np.dtype(
    [
        ("opened", "i8"),  # start of the interval that opened it, for its id; NEVER = none is open
        ("start", "i8"),  # when the trouble began, as judged
        ("detected_at", "i8"),
        ("rules", "i8"),  # bit per rule that supports it
        ("last", "u4"),  # seconds; start of the last interval in which one of its rules fired
        ("named", "u4"),  # seconds; start of the last interval in which a rule of its present cause fired
        ("sequence", "u4"),  # of the last line said
        ("confidence", "f4"),
        ("cause", "u1"),
        ("severity", "u1"),
    ]
)
ROW: Final = np.dtype(
    [
        # where it stands in its input
        ("offset", "i8"),  # last input offset that is in this row
        ("first", "i8"),  # start of the first reading
        ("head", "i8"),  # start of the newest slot
        ("value_at", "i8"),  # start of the newest slot with a value
        ("phase", "i8"),  # microseconds from a slot's start to its readings' start
        ("interval_s", "i4"),
        ("closed_day", "i4"),  # last local day that is closed, days since 1970
        ("learnt_day", "i4"),  # last local day that is learnt
        ("fired_day", "i4", 2),  # last local days in which a rule fired, by parity of the day
        ("decimals", "u1"),  # of the ring's codes
        ("finest", "u1"),  # most decimals of a reading so far
        ("exact", "u1"),  # 1 = the ring keeps whole floats, see `models.state.ring`
        ("conflicts", "u1"),
        ("days", "u2"),  # days learnt
        ("grid_values", "u1"),
        ("largest", "f8"),  # largest absolute value ever
        ("register", "f8"),
        ("register_at", "i8"),  # end of the interval at which it was read
        ("zero_since", "i8"),  # start of the present run of zeros
        ("dry_at", "i8"),  # last full hour without flow
        ("heard_at", "i8"),  # event time of the last block
        ("upload_h", "f4"),  # usual longest time between blocks, hours
        ("tamper_at", "i8"),  # last tamper event
        ("estimated_since", "i8"),  # start of the present run of estimates
        ("unmatched_since", "i8"),  # since when register and intervals disagree
        ("pending", "f8"),  # sum of values since the register was read
        ("pending_slots", "i4"),  # their number; below 0 = revised, not to be compared
        ("pending_estimated", "i4"),  # of them, estimates
        ("received_day", "i4"),  # local day of `received`
        ("received", "f4"),  # energy received from the customer in that day, meter's unit
        ("received_before", "f4"),  # in the day before
        ("reverse_days", "u1"),  # days in a row before it with reverse energy
        ("voltage", "f4"),
        # what is learnt at the close of a day; per hour, meter's unit
        ("resolution", "f8"),  # learnt grid of values; 0 = not yet
        ("level", "f4"),  # mean
        ("spread", "f4"),  # mean absolute difference of a day's mean from what was expected
        ("base", "f4"),  # slow level of the day's least hour
        ("base_top", "f4"),  # decaying maximum of the day's least hour
        ("peak", "f4"),  # decaying maximum of two hours' minimum
        ("top", "f4"),  # decaying maximum of one interval, as a rate
        ("day_top", "f4"),  # usual largest interval of a day, as a rate
        ("active", "f4"),  # usual share of intervals that are not zero
        ("zero_run", "f4"),  # decaying maximum of a run of zeros, hours
        ("zeros_ended", "f4"),  # longest run of zeros that ended since the last day learnt, hours
        ("profile", "u2", HOURS),  # by hour of the wall clock, in parts of `RATIO` of the level
        ("noise", "f4"),  # mean absolute difference from the profile
        ("grids", "u1", GRIDS),  # first week: values that lie on each grid
        ("episodes", EPISODE, len(FAMILIES)),
        ("stats", STAT, STATS),
        ("drop", "f4"),  # log of the level over what is usual, about 7 days
        ("drop_day", "i4"),  # local day on which the present drop of the level began
        ("pages", PAGE, len(PAGED)),  # PageHinkley over the day's departure of each of `PAGED`
        ("hashes", "u1", (HASHES, 3)),  # of local days, by day
        ("copied_day", "i4"),  # last local day that equals an earlier one
        ("copied_since", "i4"),  # first day of the present run of them
        ("turned", "i1", TURNS),  # how like the last days are to the profile turned by hours, in parts of 127
        ("turn", "f4"),  # usual gain of a day by the best turn
        ("turn_off", "f4"),  # mean absolute difference from it
        ("unmatched", "f4"),  # what intervals have beyond the register since `unmatched_since`, meter's unit
        ("shift_day", "i4"),  # local day since when the last days fit better turned
        ("shift", "i1"),  # hours by which it does; 0 = not
        ("wet_nights", "u1"),  # nights in a row that speak for a running toilet
        ("wet", "f4"),  # log likelihood ratio of a running toilet, summed over the last nights
        ("night", "f4"),  # usual share of night hours with a flow of a toilet at least
        ("fell_day", "i4"),  # local day in which one of them fell for the last time
        # seconds, 0 = never
        ("outage_at", "u4"),  # begin of the latest power outage
        ("outage_until", "u4"),  # end of the latest that is over
        ("conflict_at", "u4"),  # start of the last reading that came again with another value
        ("inactive_since", "u4"),  # start of the present run of use on an inactive account
        ("low_at", "u4"),  # last hour in which the flow was no more than the meter's own level allows
        ("tier_at", "u4"),  # last hour in which the flow was below what is worth a place on a work list
        ("shadow", "i8"),  # bit per rule in shadow that fires
        ("shadow_day", "u2"),  # local day in which it was last looked whether they still do
        ("sag", "f4", 2),  # today's sums over steps of use from one interval to the next: V kW, kW squared
        ("slope", "f4"),  # volts that a kW more pulls the voltage down, usually; 0 = not known
        ("slope_now", "f4"),  # over about 7 days
        ("theft", "f4"),  # how theft-like its closed days are, see `models.scoring.detectors.theft`; NaN = not known
        ("looked", "u1", 3),  # at most like theft, log odds / 16: on settled days, fading; on those after; of late
    ]
)
FACTS: Final = np.dtype(
    [
        ("effective_from", "i8"),
        ("resolution", "f8"),  # 0 = unknown, as below
        ("size", "f8"),  # m3/h
        ("dial_max", "f8"),
        ("multiplier", "f8"),
        ("base_units", "f8"),  # kWh or litres in one unit
        ("interval_s", "i4"),
        ("zone", "i4"),  # row of the partition's midnights
        ("service", "u1"),
        ("customer_class", "u1"),  # position + 1
        ("status", "u1"),
        ("has_generation", "u1"),
        ("upload_h", "f4"),  # 0 = unknown
        ("is_total", "u1"),
    ]
)
"""What the MDM says of a meter from `effective_from` on; nothing here is learnt."""


def new_rows(count: int) -> np.ndarray:
    """Rows of meters that nothing has been read of."""
    rows = np.zeros(count, ROW)
    for name in ("first", "head", "value_at", "register_at", "zero_since", "dry_at"):
        rows[name] = NEVER
    for name in (
        "heard_at",
        "tamper_at",
        "estimated_since",
        "unmatched_since",
    ):
        rows[name] = NEVER
    rows["offset"] = -1
    rows["register"] = rows["voltage"] = rows["theft"] = np.nan
    for name in ("closed_day", "learnt_day", "fired_day", "received_day", "drop_day", "shift_day", "fell_day"):
        rows[name] = NO_DAY
    rows["copied_day"] = rows["copied_since"] = NO_DAY
    rows["episodes"]["opened"] = NEVER
    rows["stats"]["mean"] = np.nan
    return rows
