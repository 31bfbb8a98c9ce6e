"""The kernels of what happens with time, and not with a reading: local days close, and meters stay silent.

A close goes in three steps: `survey` takes the day's statistics of all meters, what is learnt of many meters is frozen
from them (`models.scoring.sample`), and `close` teaches every row its day. `watch` looks for meters that have not been
heard of.
"""

from typing import Final

import numba as nb
import numpy as np

from models.baseline.day import COVERAGE, MOST_SLOTS, fingerprint, is_copy, read_day, statistics
from models.baseline.departures import accumulate
from models.baseline.expect import clock_shift, expected_in
from models.baseline.learn import GATE_LEAST, learn_day, settle_resolution
from models.baseline.patterns import keep_copy, look_at_night, look_for_shift
from models.baseline.slope import learn_slope
from models.domain.quality import ABSENT, EDITED, MISSING, VALID
from models.domain.times import HOUR, NEVER
from models.scoring.detectors.theft import SEEN, beyond_usual, odds_of, remember
from models.scoring.detectors.trees import NODE
from models.scoring.suspicion import WARM_DAYS
from models.state import ring as r
from models.state.closed import cohort_number, peers_of
from models.state.jit import kernel
from models.state.layout import COHORT, COPIED, FACTS, HOURS, ROW

DAY: Final = np.dtype([("meter", "i4"), ("total", "f8"), ("expected", "f8"), ("coverage", "f8"), ("received", "f8")])
"""A meter's local day, meter's unit: NaN where nothing was read, expected while warming up, received by none."""
_NONE_OPEN: Final = 2**62
_ROWS, _FACTS, _EXACT = nb.from_dtype(ROW)[::1], nb.from_dtype(FACTS)[::1], nb.from_dtype(r.EXACT)[::1]
_i4, _i8, _f4, _u1, _u2 = nb.int32[::1], nb.int64[::1], nb.float32[:, ::1], nb.uint8[::1], nb.uint16[::1]
_DAYS = nb.from_dtype(DAY)[::1]
_zones, _flags = nb.int64[:, ::1], nb.boolean[::1]
_cohorts = nb.from_dtype(COHORT)[:, ::1]


@kernel(nb.int64(_ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _i4, _zones, nb.int64, nb.int64, nb.int64, nb.int64, _f4))
def survey(rows, ring, ring_at, exact, exact_at, facts, fact_of, midnights, count, zone, day, last, values):
    """Statistics of local day `day` of every meter that has yet to learn it, into `values` [count, STATS]; else NaN.

    `last` is the day that closes: rows that a life before a crash has written after that close know later reads, and
    learn nothing by it. Returns how many there are.
    """
    rates, hour_sum, hour_count = np.empty(MOST_SLOTS), np.empty(24), np.empty(24)
    found = 0
    for m in range(count):
        values[m, :] = np.nan
        if fact_of[m] < 0 or facts[fact_of[m]].zone != zone:
            continue
        row = rows[m]
        if row.first == NEVER or row.closed_day >= last or row.learnt_day >= day:
            continue
        slots, there = read_day(
            row, ring, ring_at[m], exact, exact_at[m], day, midnights[zone], rates, hour_sum, hour_count
        )
        if there > 0 and there >= COVERAGE * slots:
            digest = fingerprint(rates[:slots])
            copied = is_copy(
                row, ring, ring_at[m], exact, exact_at[m], day, midnights[zone], rates, there < slots, digest
            )
            statistics(row, day, rates[:slots], hour_sum, hour_count, copied, values[m])
            found += 1
    return found


@kernel(
    nb.void(
        _ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _i4, _zones,
        nb.int64, nb.int64, nb.int64, nb.int64, nb.int64, _f4, _cohorts, _f4,
    )
)  # fmt: skip
def close(
    rows, ring, ring_at, exact, exact_at, facts, fact_of, midnights,
    count, zone, day, last, rebaseline, values, medians, paged,
):  # fmt: skip
    """Teach local day `day` of time zone number `zone` to the first `count` meters that have yet to learn it.

    `last` is the day that closes: days before it came too late for their own close, and are learnt now unless a later
    one is learnt already. `rebaseline`: event time before which an open anomaly was detected that is the new normal.
    `medians` [COHORTS, STATS] of the day. `paged` [count, PAGED] gets the day's departures for the drift detectors.
    """
    rates, hour_sum, hour_count, flows = np.empty(MOST_SLOTS), np.empty(HOURS), np.empty(HOURS), np.empty(HOURS)
    for m in range(count):
        paged[m, :] = np.nan
        if fact_of[m] < 0 or facts[fact_of[m]].zone != zone:
            continue
        row, fact = rows[m], facts[fact_of[m]]
        if row.first == NEVER or row.closed_day >= last or row.learnt_day >= day:
            continue
        open_since = np.int64(_NONE_OPEN)
        for episode in row.episodes:
            if episode.opened != NEVER:
                open_since = min(open_since, episode.detected_at)
        weight = 1.0
        if row.days >= WARM_DAYS and open_since >= rebaseline:
            if open_since < _NONE_OPEN:
                weight = 0.0
            elif row.fired_day[day % 2] == day:
                weight = GATE_LEAST
        slots, there = read_day(
            row, ring, ring_at[m], exact, exact_at[m], day, midnights[zone], rates, hour_sum, hour_count
        )
        if not learn_day(row, day, weight, rates[:slots], there, hour_sum, hour_count):
            continue
        row.learnt_day = day
        peers = peers_of(medians, fact.service, cohort_number(fact.service, fact.customer_class))
        accumulate(row, day, values[m], peers, weight, paged[m])
        look_for_shift(row, day, weight, hour_sum, hour_count)
        litres = fact.base_units
        for hour in range(HOURS):
            flows[hour] = litres * hour_sum[hour] / hour_count[hour] if hour_count[hour] > 0 else np.nan
        look_at_night(row, weight, flows, litres * max(fact.resolution, row.resolution))
        learn_slope(row, weight)
        keep_copy(row, day, fingerprint(rates[:slots]), values[m, COPIED] == 1.0)


@kernel(nb.void(_ROWS, _FACTS, _i4, _flags, nb.int64, nb.int64, nb.int64, nb.from_dtype(NODE)[:, ::1]))
def closed(rows, facts, fact_of, changed, count, zone, last, theft):
    """The days up to `last` are closed: how theft-like they look, by the trees `theft`."""
    looks = np.empty(SEEN, np.float32)
    for m in range(count):
        if fact_of[m] < 0 or facts[fact_of[m]].zone != zone:
            continue
        row = rows[m]
        if row.first == NEVER or row.closed_day >= last:
            continue
        settle_resolution(row)
        odds = odds_of(row, facts[fact_of[m]], last, theft, looks)
        remember(row, last, odds)
        row.theft = beyond_usual(row, odds)
        row.closed_day = last
        changed[m] = True


@kernel(nb.int64(_ROWS, _FACTS, _i4, nb.int64, nb.int64, nb.float64, nb.float64, nb.int64, _i4))
def watch(rows, facts, fact_of, count, now, least_h, times, family, silent):
    """Meters not heard of for `times` their usual, and at least `least_h` hours, into `silent`; their number.

    Left out: those in an outage, and those of which it is said already in episode `family`.
    """
    found = 0
    for m in range(count):
        row = rows[m]
        if fact_of[m] < 0 or row.heard_at == NEVER or row.value_at == NEVER or row.outage_at > row.outage_until:
            continue
        if row.episodes[family].opened != NEVER:
            continue
        usual = facts[fact_of[m]].upload_h if facts[fact_of[m]].upload_h > 0 else row.upload_h
        if (now - row.heard_at) / HOUR >= max(least_h, times * usual):
            silent[found] = m
            found += 1
    return found


@kernel(
    nb.int64(_ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _i4, _zones, nb.int64, nb.int64, nb.int64, nb.from_dtype(DAY)[::1])
)
def totals(rows, ring, ring_at, exact, exact_at, facts, fact_of, midnights, count, zone, day, out):
    """What the ring holds of a local day, of every meter of the zone that was ever heard of; their number."""
    found = 0
    for m in range(count):
        row = rows[m]
        if fact_of[m] < 0 or facts[fact_of[m]].zone != zone or row.first == NEVER:
            continue
        of = out[found]
        found += 1
        of.meter, of.total, of.expected, of.coverage, of.received = m, np.nan, np.nan, 0.0, np.nan
        if row.received_day == day:
            of.received = row.received
        elif row.received_day == day + 1:
            of.received = row.received_before
        at, starts = r.slab(ring_at[m], day, row.interval_s), midnights[zone]
        if not r.holds(ring, at, day):
            continue
        total, expected, seen, solid = 0.0, 0.0, 0, 0
        shift, slots = clock_shift(day, starts), r.slots_in_day(day, row.interval_s, starts)
        for slot in range(slots):
            rank = r.rank_at(ring, at, slot, row.interval_s)
            if rank == ABSENT or rank == MISSING:
                continue
            total += r.value_at(ring, exact, at, exact_at[m], day, slot, row.interval_s, row.decimals)
            expected += expected_in(row.level, row.profile, slot, row.interval_s, shift)
            seen += 1
            solid += rank == VALID or rank == EDITED
        if seen:
            of.total, of.coverage = total, solid / slots
            if row.days >= WARM_DAYS:
                of.expected = expected
    return found
