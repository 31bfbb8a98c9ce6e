"""The kernel that every reading goes through; the others are in `models.scoring.close`.

`judge` takes readings in order of arrival, each through the same stages: kept in the ring, validated, measured
against what is expected, held against the rules, scored. Nothing is learnt here: that is `close`.
"""

from typing import Final

import numba as nb
import numpy as np

from models.baseline.expect import clock_shift, wall_hour
from models.baseline.keep import advance, heard, pend, place_of, rank_to_keep, receive, settle
from models.baseline.measure import BEFORE, EXPECTED, HERE, SOLID_HOURS, TOTAL, WET_REACH, WIDTH, measure
from models.baseline.slope import pull
from models.baseline.today import add_today, ends_day
from models.domain.localtime import FIRST_DAY
from models.domain.quality import EDITED, MISSING, VALID
from models.domain.times import DAY, NEVER, SECOND
from models.domain.units import ELECTRICITY, GAS, WATER
from models.scoring.detectors.theft import SEEN, likeness
from models.scoring.detectors.trees import NODE
from models.scoring.rarity import NEWS
from models.scoring.rules.data import data_rules
from models.scoring.rules.findings import FINDING
from models.scoring.rules.limits import limit_rules
from models.scoring.rules.model import model_rules, theft_rules
from models.scoring.rules.norm import norm_rules
from models.scoring.rules.pipe import SOLID, pipe_rules
from models.scoring.rules.reads import read_rules, register_rules
from models.scoring.rules.use import use_rules
from models.scoring.suspicion import is_warm, suspicion
from models.scoring.vector import FEATURES, PARTS, THEFT, raw_parts, score_of, surprises, vector
from models.state import ring as r
from models.state.closed import cohort_number, peers_of
from models.state.jit import kernel
from models.state.layout import COHORT, FACTS, RING_DAYS, ROW

VERDICT: Final = np.dtype(
    [("score", "f4"), ("expected", "f4"), ("calm", "i8"), ("fate", "u1"), ("state", "u1"), ("solid", "u1")]
)
"""What became of a reading (`models.state.ring`), how odd it is, and which rules it speaks against."""
STATE_MISSING, STATE_WARMING, STATE_SCORED = range(3)
MOST_FINDINGS: Final = 64
"""Findings that one reading can have, at most."""

_ROWS, _FACTS = nb.from_dtype(ROW)[::1], nb.from_dtype(FACTS)[::1]
_EXACT, _VERDICTS, _FINDINGS = nb.from_dtype(r.EXACT)[::1], nb.from_dtype(VERDICT)[::1], nb.from_dtype(FINDING)[::1]
_i4, _i8, _f8, _u1, _u2 = nb.int32[::1], nb.int64[::1], nb.float64[::1], nb.uint8[::1], nb.uint16[::1]
_f4, _zones, _flags = nb.float32[:, ::1], nb.int64[:, ::1], nb.boolean[::1]


@kernel(
    nb.int64(
        _ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _zones, _u1, _flags,
        _i4, _i4, _i8, _i8, _i8, _i8, _f8, _u1, _f8, _f8, _f8,
        nb.from_dtype(NODE)[:, :, ::1], _flags, nb.float32[:, :, :, ::1], nb.from_dtype(COHORT)[:, :, ::1],
        nb.int32[:, ::1], nb.boolean[:, ::1], nb.from_dtype(NODE)[:, ::1],
        _f8, nb.float64[:, ::1], nb.int64, nb.int64, nb.int64, _i8, _VERDICTS, _FINDINGS, _f4, _f4,
    )
)  # fmt: skip
def judge(
    rows, ring, ring_at, exact, exact_at, facts, midnights, touched, changed,
    meter, fact_of, offset, event_time, first, start, value, rank, register, voltage, received,
    nodes, grown, tables, medians, model_of, many, theft, settings, rarity, rules_on, in_shadow, live_from, shadow,
    verdicts, findings, vectors, parts,
):  # fmt: skip
    """Blocks (meter, fact, offset, event time; readings `first[b]:first[b + 1]`) through all stages.

    `nodes` to `theft`, and `rarity`: `models.scoring.learnt`. `rules_on` and `in_shadow`: a bit a rule; from event time
    `live_from` on `shadow` counts, by rule, how often one of the latter began to fire. `vectors` and `parts`: what the
    detectors saw, one entry a reading. Returns the number of findings.
    """
    features, ahead, looks = np.empty(WIDTH), np.empty(1, ROW), np.empty(SEEN, np.float32)
    x, raw, rare = (
        np.zeros(len(FEATURES), np.float32),
        np.zeros(len(PARTS), np.float32),
        np.zeros(len(PARTS), np.float32),
    )
    count = np.int64(0)
    for b in range(len(meter)):
        m = meter[b]
        row, fact = rows[m], facts[fact_of[b]]
        if offset[b] <= row.offset:
            for i in range(first[b], first[b + 1]):
                verdicts[i].fate = r.REPLAYED
            continue
        row.offset = offset[b]
        changed[m] = True
        heard(row, event_time[b])
        if row.register_at != NEVER and fact.effective_from > row.register_at:
            row.register, row.pending_slots = np.nan, 0  # another meter hangs there now
        if fact.interval_s != row.interval_s:
            for i in range(first[b], first[b + 1]):
                verdicts[i].fate = r.LATE
            continue
        zone, own = midnights[fact.zone], fact.is_total == 0  # what feeds others is a matter of balances
        cohort = cohort_number(fact.service, fact.customer_class)
        model = model_of[fact.zone, cohort]
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
            verdict.score = np.nan
            day, slot = place_of(start[i], interval, row.interval_s, zone)
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
                kept = rank_to_keep(row, value[i], kept, slot_time, register[i], resolution)
            amount = 0.0 if missing else value[i] + 0.0  # no negative zero
            there = np.int64(r.rank_at(ring, at, slot, row.interval_s))
            fate = r.put(ring, exact, at, exact_at[m], day, slot, row.interval_s, row.decimals, start[i], amount, kept)
            verdict.fate = fate
            if fate == r.DUPLICATE or fate == r.OUTRANKED:
                continue
            if fate == r.REVISED and (there == VALID or there == EDITED) and rank[i] == there:
                if start[i] - row.conflict_at * SECOND > DAY:
                    row.conflicts = 0
                row.conflict_at = start[i] // SECOND
                row.conflicts = min(row.conflicts + 1, 255)
            follows = abs(register[i] - row.register - amount) <= 2 * resolution + 1e-9 * abs(register[i])
            estimated_since = row.estimated_since
            pend(row, start[i], amount, rank[i], fate, missing)
            volts = voltage[i] - row.voltage
            if not np.isnan(voltage[i]):
                row.voltage = voltage[i]
            if received[i] >= 0:
                receive(row, day, received[i])

            # Measure
            measure(row, ring, ring_at[m], exact, exact_at[m], day, slot, zone, resolution, reach, features)
            advance(row, slot_time, amount, kept, features, fate == r.NEW or fate == r.SECOND_START)
            clean = np.nan if missing or kept == r.CATCH_UP else amount
            verdict.solid = kept == VALID or kept == EDITED
            if verdict.solid and volts == volts and slot_time == value_before + interval:
                kw = (amount - features[BEFORE]) * fact.base_units * 3600.0 / row.interval_s
                if kw == kw:
                    pull(row, kw, volts)
            warm = is_warm(row, day, r.local_day(row.first, zone))
            ends = warm and not missing and ends_day(row, day, slot, zone)
            copied_day, copied_since = row.copied_day, row.copied_since
            verdict.expected = features[HERE] if warm else np.nan
            verdict.state = STATE_WARMING
            if missing:
                verdict.state = STATE_MISSING
            elif warm:
                now = suspicion(row, features, clean, resolution)
                hour = wall_hour(slot, row.interval_s, clock_shift(day, zone))
                seen = row
                if ends:
                    ahead[0] = row
                    seen = ahead[0]
                    peers = peers_of(medians[fact.zone], fact.service, cohort)
                    add_today(seen, ring, ring_at[m], exact, exact_at[m], day, zone, peers)
                    copied_day, copied_since = seen.copied_day, seen.copied_since
                    seen.theft = likeness(seen, fact, day, theft, looks)
                vector(seen, features, hour, clean, resolution, x)
                raw_parts(seen, now, nodes[model], grown[model], x, raw)
                surprises(raw, tables[model], rare)
                for n in range(len(x)):
                    vectors[i, n] = x[n]
                for n in range(len(rare)):
                    parts[i, n] = rare[n]

            # Hold against the rules
            said, calm = count, np.int64(0)
            total, usual = features[TOTAL], features[EXPECTED]
            if ends and verdict.solid and own and fact.has_generation == 0:
                before, now = row.theft, ahead[0].theft
                count, calm = theft_rules(before, now, rare[THEFT], day, zone, settings, findings, count, i, calm)
            if warm and verdict.solid and fact.service == ELECTRICITY and own and many[fact.zone, cohort]:
                count, calm = model_rules(rare, x, nodes[model], slot_time, settings, findings, count, i, calm)
            count, calm = data_rules(
                row, fact, features, slot_time, np.nan if missing else amount, resolution,
                value_before, follows, settings, findings, count, i, calm,
            )  # fmt: skip
            count, calm = read_rules(
                row, fact, features, slot_time, day, zone, np.nan if missing else amount, kept, estimated_since,
                register[i], copied_day, copied_since, settings, findings, count, i, calm,
            )  # fmt: skip
            if not np.isnan(register[i]) and start[i] + interval >= row.register_at:
                count, calm = register_rules(
                    row, fact, features, start[i], register[i], day, resolution, copied_day,
                    settings, findings, count, i, calm,
                )  # fmt: skip
                settle(row, register[i], start[i] + interval)
            if own:
                count, calm = use_rules(row, fact, features, slot_time, day, zone, settings, findings, count, i, calm)
                count, calm = norm_rules(
                    row, fact, features, slot_time, many[fact.zone, cohort], settings, findings, count, i, calm
                )
            if own and verdict.solid and (fact.service == WATER or fact.service == GAS):
                at_six = (slot + 1) * row.interval_s == 6 * 3600
                count, calm = pipe_rules(
                    row, fact, features, slot_time, day, at_six, settings, findings, count, i, calm
                )
                day_seen = features[SOLID_HOURS] >= SOLID and slot_time + interval - row.first >= DAY
                count, calm = limit_rules(
                    row, fact, features, slot_time, amount, resolution, day_seen, settings, findings, count, i, calm
                )
                later = slot_time + max(1, 7200 // row.interval_s - 1) * interval
                if later <= row.head:  # it fills a hole: the two hours that begin with it may be whole now
                    day, slot = place_of(later, interval, row.interval_s, zone)
                    measure(row, ring, ring_at[m], exact, exact_at[m], day, slot, zone, resolution, reach, features)
                    at_six, no_calm = np.bool_(False), np.int64(0)
                    count, _ = pipe_rules(
                        row, fact, features, later, day, at_six, settings, findings, count, i, no_calm
                    )
            on = said
            for n in range(said, count):
                findings[n].total, findings[n].usual = total, usual
            if row.shadow and verdict.solid and day > row.shadow_day:
                row.shadow &= ~calm
                row.shadow_day = day
            for n in range(said, count):
                bit = np.int64(1) << np.int64(findings[n].rule)
                if rules_on & bit:
                    findings[on] = findings[n]
                    on += 1
                elif in_shadow & ~row.shadow & bit and event_time[b] >= live_from:
                    row.shadow |= bit
                    row.shadow_day = max(row.shadow_day, day)
                    shadow[findings[n].rule] += 1
            count = on
            if count > said:
                row.fired_day[day % 2] = max(row.fired_day[day % 2], day)
            verdict.calm = calm if verdict.solid else 0

            # Score
            if warm and not missing:
                found = 0.0
                for n in range(said, count):
                    if slot_time - findings[n].since < NEWS:
                        found = max(found, rarity[fact.service, findings[n].rule])
                verdict.score = score_of(rare, found, tables[model])
                verdict.state = STATE_WARMING if np.isnan(verdict.score) else STATE_SCORED
    return count
