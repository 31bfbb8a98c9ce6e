"""The two kernels that everything per meter goes through: a reading arrives, a local day closes.

`judge` takes readings in order of arrival, each through the same stages: kept in the ring, validated, measured
against what is expected, scored, held against the rules. Nothing is learnt here: that is `close`.
"""

from typing import Final

import numba as nb
import numpy as np

from models.baseline.learn import GATE_LEAST, learn_day, settle_resolution
from models.baseline.measure import HERE, LAST_HOUR, WET_REACH, WIDTH, measure
from models.domain.localtime import FIRST_DAY
from models.domain.quality import DERIVED, EDITED, MISSING, VALID
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import GAS, WATER
from models.scoring.rules.data import data_rules
from models.scoring.rules.findings import FINDING
from models.scoring.rules.pipe import pipe_rules
from models.scoring.suspicion import WARM_DAYS, bin_of, is_warm, score_of, suspicion
from models.state import ring as r
from models.state.jit import inner, kernel
from models.state.layout import BINS, FACTS, RING_DAYS, ROW

VERDICT: Final = np.dtype(
    [("score", "f4"), ("expected", "f4"), ("calm", "u4"), ("fate", "u1"), ("state", "u1"), ("solid", "u1")]
)
"""What became of a reading (`models.state.ring`), how odd it is, and which rules it speaks against."""
STATE_MISSING, STATE_WARMING, STATE_SCORED = range(3)
MOST_FINDINGS: Final = 24
"""Findings that one reading can have, at most."""

_NONE_OPEN: Final = 2**62
_ZERO_BRIDGE: Final = 6 * HOUR
"""Longest hole that a run of zeros goes on over."""

_ROWS, _FACTS = nb.from_dtype(ROW)[::1], nb.from_dtype(FACTS)[::1]
_EXACT, _VERDICTS, _FINDINGS = nb.from_dtype(r.EXACT)[::1], nb.from_dtype(VERDICT)[::1], nb.from_dtype(FINDING)[::1]
_i4, _i8, _f8, _u1, _u2 = nb.int32[::1], nb.int64[::1], nb.float64[::1], nb.uint8[::1], nb.uint16[::1]
_zones, _flags = nb.int64[:, ::1], nb.boolean[::1]


@inner
def _rank_to_keep(row, value, rank, start, register, resolution):
    """`CATCH_UP` for a read that holds the use of the hole before it, by the register or by the meter's own maximum."""
    interval = row.interval_s * SECOND
    if row.value_at == NEVER or value <= 0 or rank < DERIVED:
        return rank
    hole = (start - row.value_at) // interval - 1
    if hole < 1:
        return rank
    if not np.isnan(register) and not np.isnan(row.register):
        step = register - row.register
        if abs(step - value) <= 2 * resolution + 1e-9 * abs(register):
            return r.CATCH_UP
        return rank
    most = row.top * row.interval_s / 3600.0
    if row.days > 0 and most < value <= (hole + 1) * most:
        return r.CATCH_UP
    return rank


@inner
def _place(start, interval, interval_s, zone):
    """Local day and slot of an interval: those of its midpoint. `interval`: microseconds."""
    day = r.local_day(start + interval // 2, zone)
    return day, r.slot_in_day(start + interval // 2, day, interval_s, zone)


@inner
def _advance(row, slot_time, value, rank, features, new_slot):
    """What a reading at the head moves on: newest slot, runs of zeros and of flow."""
    if slot_time > row.head:
        row.head = slot_time
    if rank == MISSING or not new_slot:
        return
    if slot_time > row.value_at:
        interval = row.interval_s * SECOND
        if value != 0 or rank < EDITED:
            if row.zero_since != NEVER:
                row.zeros_ended = max(row.zeros_ended, (slot_time - row.zero_since) / HOUR)
            row.zero_since = NEVER
        elif row.zero_since == NEVER or slot_time - row.value_at > interval + _ZERO_BRIDGE:
            row.zero_since = slot_time
        if row.dry_at == NEVER or features[LAST_HOUR] == 0:
            row.dry_at = slot_time + interval - HOUR
        row.value_at = slot_time


@inner
def _count_today(row, day, place):
    """Into the histogram of a day not yet closed; the later of two days that share a place has it."""
    if day > row.today_day[day % 2]:
        row.today_day[day % 2] = day
        for n in range(BINS):
            row.today[day % 2, n] = 0
    if day == row.today_day[day % 2] and row.today[day % 2, place] < 255:
        row.today[day % 2, place] += 1


@kernel(
    nb.int64(
        _ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _zones, _u1, _flags,
        _i4, _i4, _i8, _i8, _i8, _f8, _u1, _f8, _f8,
        _f8, nb.uint32, _VERDICTS, _FINDINGS,
    )
)  # fmt: skip
def judge(
    rows, ring, ring_at, exact, exact_at, facts, midnights, touched, changed,
    meter, fact_of, offset, first, start, value, rank, register, voltage,
    settings, rules_on, verdicts, findings,
):  # fmt: skip
    """Blocks (meter, fact, offset; readings `first[b]:first[b + 1]`) through all stages; the number of findings."""
    features = np.empty(WIDTH)
    count = 0
    for b in range(len(meter)):
        m = meter[b]
        row, fact = rows[m], facts[fact_of[b]]
        if offset[b] <= row.offset:
            for i in range(first[b], first[b + 1]):
                verdicts[i].fate = r.REPLAYED
            continue
        row.offset = offset[b]
        changed[m] = True
        if fact.interval_s != row.interval_s:
            for i in range(first[b], first[b + 1]):
                verdicts[i].fate = r.LATE
            continue
        zone = midnights[fact.zone]
        interval = row.interval_s * SECOND
        reach = WET_REACH if fact.service == WATER else 24
        resolution = max(fact.resolution, row.resolution)
        if resolution <= 0:
            for i in range(first[b], first[b + 1]):
                if not np.isnan(value[i]):
                    row.finest = max(row.finest, r.decimals_of(value[i]))
            resolution = 10.0 ** -np.float64(min(row.finest, 6))
        for i in range(first[b], first[b + 1]):
            verdict = verdicts[i]
            day, slot = _place(start[i], interval, row.interval_s, zone)
            slot_time = zone[day - FIRST_DAY] + slot * interval
            missing = np.isnan(value[i]) or rank[i] == MISSING

            # Keep
            at = r.slab(ring_at[m], day, row.interval_s)
            if not r.holds(ring, at, day):
                head_day = r.local_day(row.head, zone) if row.head != NEVER else day
                if day <= head_day - RING_DAYS:
                    verdict.fate = r.LATE
                    continue
                r.open_day(ring, exact, at, exact_at[m], day, row.interval_s)
            touched[m] |= 1 << (day % RING_DAYS)
            value_before = row.value_at
            kept = np.int64(MISSING) if missing else np.int64(rank[i])
            if slot_time > row.head:
                kept = _rank_to_keep(row, value[i], kept, slot_time, register[i], resolution)
            amount = 0.0 if missing else value[i] + 0.0  # no negative zero
            there = np.int64(r.rank_at(ring, at, slot, row.interval_s))
            fate = r.put(ring, exact, at, exact_at[m], day, slot, row.interval_s, row.decimals, start[i], amount, kept)
            verdict.fate = fate
            if fate == r.DUPLICATE or fate == r.OUTRANKED:
                continue
            if fate == r.REVISED and (there == VALID or there == EDITED) and rank[i] == there:
                if start[i] - row.conflict_at > DAY or row.conflict_at == NEVER:
                    row.conflicts = 0
                row.conflict_at = start[i]
                row.conflicts = min(row.conflicts + 1, 255)
            follows = abs(register[i] - row.register - amount) <= 2 * resolution + 1e-9 * abs(register[i])
            if not np.isnan(register[i]) and start[i] + interval >= row.register_at:
                row.register = register[i]
                row.register_at = start[i] + interval
            if not np.isnan(voltage[i]):
                row.voltage = voltage[i]

            # Measure, then score
            measure(row, ring, ring_at[m], exact, exact_at[m], day, slot, zone, resolution, reach, features)
            _advance(row, slot_time, amount, kept, features, fate == r.NEW or fate == r.SECOND_START)
            odd = suspicion(row, features, np.nan if missing or kept == r.CATCH_UP else amount, resolution)
            place = bin_of(odd)
            verdict.solid = kept == VALID or kept == EDITED
            warm = is_warm(row, day, r.local_day(row.first, zone))
            verdict.expected = features[HERE] if warm else np.nan
            verdict.score = score_of(row, place) if warm and not missing else np.nan
            verdict.state = STATE_WARMING if np.isnan(verdict.score) else STATE_SCORED
            if missing:
                verdict.state = STATE_MISSING
            if verdict.solid and day > row.learnt_day:
                _count_today(row, day, place)

            # Hold against the rules
            said, calm = count, np.int64(0)
            count, calm = data_rules(
                row, fact, features, slot_time, np.nan if missing else amount, resolution,
                value_before, follows, settings, findings, count, i, calm,
            )  # fmt: skip
            if verdict.solid and (fact.service == WATER or fact.service == GAS):
                count, calm = pipe_rules(row, fact, features, slot_time, settings, findings, count, i, calm)
                later = slot_time + max(1, 7200 // row.interval_s - 1) * interval
                if later <= row.head:  # it fills a hole: the two hours that begin with it may be whole now
                    day, slot = _place(later, interval, row.interval_s, zone)
                    measure(row, ring, ring_at[m], exact, exact_at[m], day, slot, zone, resolution, reach, features)
                    count, _ = pipe_rules(row, fact, features, later, settings, findings, count, i, 0)
            on = said
            for n in range(said, count):
                if rules_on >> np.int64(findings[n].rule) & 1:
                    findings[on] = findings[n]
                    on += 1
            count = on
            if count > said:
                row.fired_day[day % 2] = max(row.fired_day[day % 2], day)
            verdict.calm = calm if verdict.solid else 0
    return count


@kernel(nb.void(_ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _i4, _zones, _u1, _flags, nb.int64, nb.int64, nb.int64, nb.int64))
def close(
    rows,
    ring,
    ring_at,
    exact,
    exact_at,
    facts,
    fact_of,
    midnights,
    touched,
    changed,
    count,
    zone,
    last,
    rebaseline,
):
    """Close the local days up to `last` of time zone number `zone` for the first `count` meters.

    Days in the ring that came too late for their own close are learnt now, unless a later day is learnt already.
    `rebaseline`: event time before which an open anomaly was detected that is the new normal by now.
    """
    hour_sum, hour_count = np.empty(24), np.empty(24)
    for m in range(count):
        if fact_of[m] < 0 or facts[fact_of[m]].zone != zone:
            continue
        row = rows[m]
        if row.first == NEVER or row.closed_day >= last:
            continue
        open_since = np.int64(_NONE_OPEN)
        for episode in row.episodes:
            if episode.opened != NEVER:
                open_since = min(open_since, episode.detected_at)
        for day in range(max(last - RING_DAYS + 1, row.learnt_day + 1), last + 1):
            weight = 1.0
            if row.days >= WARM_DAYS and open_since >= rebaseline:
                if open_since < _NONE_OPEN:
                    weight = 0.0
                elif row.fired_day[day % 2] == day:
                    weight = GATE_LEAST
            if learn_day(row, ring, ring_at[m], exact, exact_at[m], day, midnights[zone], weight, hour_sum, hour_count):
                row.learnt_day = day
        settle_resolution(row)
        row.closed_day = last
        changed[m] = True
