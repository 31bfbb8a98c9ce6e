"""The story of a batch, in the order it happens.

Interval blocks come in as columns, each of a known meter of one partition. They are admitted; event time moves on, and
local days close as it passes their end; between two closes every reading is kept in its meter's ring, measured,
scored and held against the rules; what the rules find becomes anomalies that open, change and close. Where the input
is cut into batches never matters, and what was seen before is recognised.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.contracts import AnomalyEvent
from models.deciding.decide import decide_all
from models.domain.blocks import Blocks, Int64, Rejected
from models.domain.times import DAY
from models.intake.admit import Admitted, admit
from models.scoring.judge import MOST_FINDINGS, VERDICT, close, judge
from models.scoring.policy import Policy
from models.scoring.rules.findings import FINDING
from models.state import ring
from models.state.fit import fit
from models.state.partition import Partition


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


@dataclasses.dataclass(slots=True)
class Outcome:
    """What came of a batch."""

    events: list[tuple[int, AnomalyEvent]] = dataclasses.field(default_factory=list)
    """(input offset that brought it about, event), in order of saying"""
    rejected: list[Rejected] = dataclasses.field(default_factory=list)
    scores: list[Scores] = dataclasses.field(default_factory=list)
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    """readings = accepted + rejected + duplicates + revisions + late; replayed ones were counted before"""


def detect(
    blocks: Blocks, partition: Partition, policy: Policy, *, scores: bool = False, parked: bool = False
) -> Outcome:
    """Take a batch in: `partition` moves on, and what there is to say comes back.

    `blocks` are of known meters, in order of input offset; offsets the partition has seen are skipped. `parked` blocks
    waited for their meter to become known: they are taken in now, whatever their offsets.
    """
    partition.seal_facts()
    admitted = admit(blocks, partition, parked=parked)
    outcome = Outcome(rejected=admitted.rejected)
    for part in _between_closes(admitted, partition, policy):
        _take_in(part, partition, policy, outcome, scores=scores)
    outcome.counts["rejected"] = sum(r.readings for r in outcome.rejected)
    outcome.counts["readings"] += outcome.counts["rejected"]
    return outcome


def finish(partition: Partition) -> Outcome:
    """The input ended: what was still held is refused. Event time stays where it is."""
    rejected = partition.clock.finish()
    return Outcome(rejected=rejected, counts=Counter(rejected=sum(r.readings for r in rejected)))


def _between_closes(admitted: Admitted, partition: Partition, policy: Policy) -> Iterator[Admitted]:
    """The batch in runs between which local days close, or a meter changes its interval."""
    done, count = 0, len(admitted.blocks)
    lag = policy.day_close_lag
    while done < count:
        now = int(admitted.event_time[done])
        for number, zone in enumerate(partition.zones):
            if now >= partition.clock.next_close(zone, lag, now):
                _close_days(number, zone, now, partition, policy)
        due = min(partition.clock.next_close(zone, lag, now) for zone in partition.zones)
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


def _close_days(number: int, zone: str, now: int, partition: Partition, policy: Policy) -> None:
    last, due = partition.clock.close(zone, now, policy.day_close_lag)
    p = partition
    close(
        p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, p.touched, p.changed,
        len(p), number, last, due - int(policy.general["rebaseline_days"] * DAY),
    )  # fmt: skip


def _take_in(part: Admitted, partition: Partition, policy: Policy, outcome: Outcome, *, scores: bool) -> None:
    blocks, p = part.blocks, partition
    count = len(blocks.start)
    lengths = np.diff(blocks.first)
    meter = np.repeat(blocks.meter, lengths)
    fit(p, meter, blocks.start, blocks.value, np.repeat(p.facts["zone"][part.fact], lengths))
    verdicts = np.zeros(count, VERDICT)
    findings = np.empty(count * MOST_FINDINGS, FINDING)
    found = judge(
        p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.midnights, p.touched, p.changed,
        blocks.meter, part.fact, blocks.offset, blocks.first,
        blocks.start, blocks.value, blocks.rank, blocks.register, blocks.voltage,
        policy.settings, policy.rules_on, verdicts, findings,
    )  # fmt: skip
    outcome.events += decide_all(blocks, part.event_time, verdicts, findings[:found], p, policy)
    _count(verdicts["fate"], outcome.counts)
    if scores:
        rows = np.repeat(blocks.offset - blocks.first[:-1], lengths) + np.arange(count)
        kept = np.flatnonzero(verdicts["fate"] <= ring.SECOND_START)
        v = verdicts[kept]
        outcome.scores.append(
            Scores(rows[kept], meter[kept], blocks.start[kept], v["score"], v["expected"], v["state"])
        )


def _count(fates: NDArray[np.uint8], counts: Counter[str]) -> None:
    by = np.bincount(fates, minlength=ring.REPLAYED + 1)
    counts["readings"] += int(by[: ring.REPLAYED].sum())
    counts["accepted"] += int(by[ring.NEW] + by[ring.SECOND_START])
    counts["duplicates"] += int(by[ring.DUPLICATE])
    counts["revisions"] += int(by[ring.REVISED] + by[ring.OUTRANKED])
    counts["late"] += int(by[ring.LATE])
    counts["replayed"] += int(by[ring.REPLAYED])
