"""The story of a batch, in the order it happens.

Interval blocks come in as columns, each of a known meter of one partition. They are admitted; event time moves on, and
as it does local days close and silent meters are noticed; in between every reading is kept in its meter's ring,
measured, scored and held against the rules; what the rules find becomes anomalies that open, change and close. Where
the input is cut into batches never matters, and what was seen before is recognised.

That is `detect`, keyed by meter. What it says goes two ways on: to `models.deciding.groups.balance`, which looks across
meters, and with what that adds to `models.acting.respond.respond`, which acts.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.contracts import AnomalyEvent, GroupDay
from models.deciding.decide import decide_all, silence
from models.deciding.relay import group_days
from models.domain.blocks import Blocks, Int64, Rejected
from models.domain.drifts import CohortDrift
from models.domain.times import DAY, NEVER, day_of, to_text
from models.domain.units import SERVICES
from models.intake.admit import Admitted, admit
from models.scoring.close import DAY as DAY_OF
from models.scoring.close import close, closed, survey, totals
from models.scoring.cohort_drift import told
from models.scoring.drift import watch_pages
from models.scoring.judge import MOST_FINDINGS, STATE_SCORED, VERDICT, judge
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.scoring.rules.findings import FINDING
from models.scoring.rules.registry import RULES
from models.scoring.sample import close_day
from models.scoring.substitutes import Substitute, of_day
from models.scoring.vector import FEATURES, PARTS
from models.state import ring
from models.state.fit import fit
from models.state.layout import PAGED, RING_DAYS, STATS
from models.state.partition import Partition

SCORE_BOUNDS: Final = (0.5, 0.9, 0.99, 0.999, 1.0)


@dataclasses.dataclass(slots=True)
class Scores:
    """One entry per accepted reading, in the order in which they were judged."""

    row: Int64
    """Input offset of its block plus its position in the block."""
    meter: NDArray[np.int32]
    start: Int64
    score: NDArray[np.float32]
    """0-1, higher is odder; NaN unless scored."""
    expected: NDArray[np.float32]
    """Meter's unit; NaN while warming up."""
    state: NDArray[np.uint8]
    """0 missing, 1 warming, 2 scored"""
    vector: NDArray[np.float32]
    """[n, FEATURES] of `models.scoring.vector`; NaN unless scored"""
    parts: NDArray[np.float32]
    """[n, PARTS] surprise of each detector, see `models.scoring.calibrate`; NaN unless scored"""


@dataclasses.dataclass(slots=True)
class Outcome:
    """What came of a batch."""

    events: list[tuple[int, AnomalyEvent]] = dataclasses.field(default_factory=list)
    """(input offset that brought it about, event), in order of saying"""
    rejected: list[Rejected] = dataclasses.field(default_factory=list)
    days: list[GroupDay] = dataclasses.field(default_factory=list)
    """closed days of transformers, premises and the like, for `groups`"""
    drifts: list[CohortDrift] = dataclasses.field(default_factory=list)
    """Of the days that closed"""
    fell: Counter[str] = dataclasses.field(default_factory=Counter)
    """Meters by service that fell by their own measure, see `models.scoring.drift`, in the days that closed"""
    shadow: Counter[str] = dataclasses.field(default_factory=Counter)
    """Rule in shadow -> how often it would have begun to say something: on a meter at most once a local day"""
    scored: dict[str, NDArray[np.float64]] = dataclasses.field(default_factory=dict)
    """By service how many scores lie up to each of `SCORE_BOUNDS`, each without those before, and last their sum"""
    substitutes: list[Substitute] | None = None
    """For what closed days lack; None = not asked for"""
    scores: list[Scores] = dataclasses.field(default_factory=list)
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    """readings = accepted + rejected + duplicates + revisions + late; replayed ones were counted before"""


def detect(
    blocks: Blocks,
    partition: Partition,
    policy: Policy,
    *,
    scores: bool = False,
    substitutes: bool = False,
    parked: bool = False,
) -> Outcome:
    """Take a batch in: `partition` moves on, and what there is to say comes back.

    `blocks` are of known meters, in order of input offset; offsets the partition has seen are skipped. `parked` blocks
    waited for their meter to become known: they are taken in now, whatever their offsets.
    """
    partition.seal_facts()
    admitted = admit(blocks, partition, parked=parked)
    outcome = Outcome(rejected=admitted.rejected, substitutes=[] if substitutes else None)
    for part in _between_moments(admitted, partition, policy, outcome):
        _take_in(part, partition, policy, outcome, scores=scores)
    outcome.counts["rejected"] = sum(r.readings for r in outcome.rejected)
    outcome.counts["readings"] += outcome.counts["rejected"]
    return outcome


def advance(partition: Partition, policy: Policy, offset: int, time: int) -> Outcome:
    """A tick: time passes, microseconds, and no block comes. It is refused if it is a day ahead."""
    if offset <= partition.offset:
        return Outcome()
    partition.offset = offset
    now = partition.event_time
    if now == NEVER or time - now > DAY:
        detail = f"a tick of {to_text(time)} with event time {'unknown' if now == NEVER else to_text(now)}"
        return Outcome(rejected=[Rejected(offset, "absurd_time", detail, readings=0)])
    partition.seal_facts()
    partition.clock.event_time = max(now, time)
    outcome = Outcome()
    _let_pass(partition.event_time, offset, partition, policy, outcome)
    return outcome


def finish(partition: Partition) -> Outcome:
    """The input ended: what was still held is refused. Event time stays where it is."""
    rejected = partition.clock.finish()
    return Outcome(rejected=rejected, counts=Counter(rejected=sum(r.readings for r in rejected)))


def _between_moments(admitted: Admitted, partition: Partition, policy: Policy, outcome: Outcome) -> Iterator[Admitted]:
    """The batch in runs between which something is due, see `_let_pass`, or a meter changes its interval."""
    done, count = 0, len(admitted.blocks)
    while done < count:
        now = int(admitted.event_time[done])
        due = _let_pass(now, int(admitted.blocks.offset[done]), partition, policy, outcome)
        end = int(np.searchsorted(admitted.event_time, due, side="left"))
        changed = _of_another_interval(admitted, done, end, partition)
        if len(changed) and changed[0] == 0:
            partition.change_interval(
                int(admitted.blocks.meter[done]), int(partition.facts["interval_s"][admitted.fact[done]])
            )
            continue
        end = done + int(changed[0]) if len(changed) else end
        run = np.arange(done, end)
        yield Admitted(admitted.blocks.take(run), admitted.event_time[run], admitted.fact[run], [])
        done = end


def _let_pass(now: int, offset: int, partition: Partition, policy: Policy, outcome: Outcome) -> int:
    """Event time reaches `now`: days close, meters' own events are told, silent meters are looked for.

    Returns the event time at which the next of these is due. `offset`: of the input that moved time on.
    """
    clock, lag, every = partition.clock, policy.day_close_lag, policy.watch_every
    for number, zone in enumerate(partition.zones):
        if now >= clock.next_close(zone, lag, now):
            _close_days(number, zone, now, partition, policy, outcome)
    partition.take_events(now)
    if now >= clock.next_watch(every, now):
        clock.watch(every, now)
        outcome.events += [(offset, event) for event in silence(now, partition, policy, outcome.shadow)]
    closes = [clock.next_close(zone, lag, now) for zone in partition.zones]
    return min([*closes, clock.next_watch(every, now), *(received for received, *_ in partition.events[:1])])


def _of_another_interval(admitted: Admitted, begin: int, end: int, partition: Partition) -> NDArray[np.intp]:
    """Which blocks of a run are new, newer than all before, and of another interval than their meter's ring.

    What came late from before a change is left to `judge`, for the ring that it belongs to is gone.
    """
    blocks, rows = admitted.blocks, partition.rows
    meter = blocks.meter[begin:end]
    other = partition.facts["interval_s"][admitted.fact[begin:end]] != rows["interval_s"][meter]
    if not other.any():
        return np.empty(0, np.intp)
    newer = blocks.start[blocks.first[begin + 1 : end + 1] - 1] > rows["head"][meter]
    return np.flatnonzero(other & newer & (blocks.offset[begin:end] > rows["offset"][meter]))


def _close_days(number: int, zone: str, now: int, partition: Partition, policy: Policy, outcome: Outcome) -> None:
    """Close the local days of a time zone that are over: drifts of cohorts, and the day before for groups of meters."""
    p, count = partition, len(partition)
    learnt, before = in_force(p, policy.models), p.clock.closed.get(zone)
    last, due = p.clock.close(zone, now, policy.day_close_lag)
    rebaseline = due - int(policy.general["rebaseline_days"] * DAY)
    meters = (p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, count, number)
    values, paged = np.empty((count, STATS), np.float32), np.empty((count, len(PAGED)), np.float32)
    for day in range(last - RING_DAYS + 1, last + 1):
        if not survey(*meters, day, last, values):
            continue
        if day not in p.closed.get(zone, {}):
            p.freeze(zone, day, close_day(p, number, day, last, values, learnt))
            outcome.drifts += dict.fromkeys(told(zone, day, p.closed[zone][day]))  # no class and whole service are one
        close(*meters, day, last, rebaseline, values, p.closed[zone][day].medians, paged)
        fell = np.flatnonzero((watch_pages(p.rows["pages"][:count], paged) < 0).any(axis=1))
        p.rows["fell_day"][fell] = day
        outcome.fell.update(SERVICES[n] for n in p.facts["service"][p.fact_of[fell]].tolist())
    closed(p.rows, p.facts, p.fact_of, p.changed, count, number, last, learnt.theft)
    if outcome.substitutes is not None and before is not None and now >= policy.live_from:
        for day in range(max(before, last - RING_DAYS + 1) + 1, last + 1):
            outcome.substitutes += of_day(p, number, day)
    if not p.grouped:
        return
    days = np.empty(count, DAY_OF)
    told_of = last - 1  # by now late uploads are in
    outcome.days += group_days(p, day_of(told_of), now, days[: totals(*meters, told_of, days)])


def _take_in(part: Admitted, partition: Partition, policy: Policy, outcome: Outcome, *, scores: bool) -> None:
    blocks, p = part.blocks, partition
    count = len(blocks.start)
    lengths = np.diff(blocks.first)
    meter = np.repeat(blocks.meter, lengths)
    fit(p, meter, blocks.start, blocks.value, np.repeat(p.facts["zone"][part.fact], lengths))
    verdicts = np.zeros(count, VERDICT)
    findings = np.empty(count * MOST_FINDINGS, FINDING)
    vectors = np.full((count, len(FEATURES)), np.nan, np.float32)
    parts = np.full((count, len(PARTS)), np.nan, np.float32)
    known, shadow = in_force(p, policy.models), np.zeros(len(RULES), np.int64)
    found = judge(
        p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.midnights, p.touched, p.changed,
        blocks.meter, part.fact, blocks.offset, part.event_time, blocks.first,
        blocks.start, blocks.value, blocks.rank, blocks.register, blocks.voltage, blocks.received,
        known.nodes, known.grown, known.tables, known.medians, known.model_of, known.many, known.theft,
        policy.settings, known.rarity, policy.rules_on, policy.in_shadow, policy.live_from, shadow,
        verdicts, findings, vectors, parts,
    )  # fmt: skip
    outcome.shadow.update({RULES[n].id: int(shadow[n]) for n in np.flatnonzero(shadow)})
    outcome.events += decide_all(blocks, part.event_time, verdicts, findings[:found], p, policy)
    _count(verdicts["fate"], outcome.counts)
    _tally(verdicts, p.facts["service"][part.fact], lengths, outcome.scored)
    if scores:
        rows = np.repeat(blocks.offset - blocks.first[:-1], lengths) + np.arange(count)
        kept = np.flatnonzero(verdicts["fate"] <= ring.SECOND_START)
        v = verdicts[kept]
        outcome.scores.append(
            Scores(
                rows[kept],
                meter[kept],
                blocks.start[kept],
                v["score"],
                v["expected"],
                v["state"],
                vectors[kept],
                parts[kept],
            )
        )


def _count(fates: NDArray[np.uint8], counts: Counter[str]) -> None:
    by = np.bincount(fates, minlength=ring.REPLAYED + 1)
    counts["readings"] += int(by[: ring.REPLAYED].sum())
    counts["accepted"] += int(by[ring.NEW] + by[ring.SECOND_START])
    counts["duplicates"] += int(by[ring.DUPLICATE])
    counts["revisions"] += int(by[ring.REVISED] + by[ring.OUTRANKED])
    counts["late"] += int(by[ring.LATE])
    counts["replayed"] += int(by[ring.REPLAYED])


def _tally(
    verdicts: NDArray[np.void], service: NDArray[np.uint8], lengths: Int64, scored: dict[str, NDArray[np.float64]]
) -> None:
    """Into `Outcome.scored`. `service`, `lengths`: of each block."""
    score = np.where(verdicts["state"] == STATE_SCORED, verdicts["score"], np.float32(2))
    up_to = [score <= bound for bound in SCORE_BOUNDS]
    of = np.repeat(service, lengths)
    for number in np.flatnonzero(np.bincount(service)).tolist():
        name, mine = SERVICES[number], of == number
        counts = np.diff([np.count_nonzero(mine & under) for under in up_to], prepend=0)
        scored[name] = scored.get(name, 0.0) + np.append(counts, score @ (mine & up_to[-1]))
