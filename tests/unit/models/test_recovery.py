"""Killed anywhere between two records, and started again from the changelog: nothing is lost, nothing said twice."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from models.contracts import AnomalyEvent
from models.domain.errors import VersionError
from models.state.layout import VERSION
from models.state.partition import Partition
from tests import kit
from tests.unit.models.streams import BEGIN, Move, begun_log, moves, started, stream_of, told

_MANY: Final = hypothesis.settings(max_examples=20, derandomize=True)
_SOME: Final = hypothesis.settings(max_examples=12, derandomize=True)
Record = tuple[bytes, bytes]


@dataclasses.dataclass(frozen=True)
class Step:
    """A batch of `size` blocks, and where the worker is killed in it."""

    size: int
    killed: str
    """never, or in the midst of: outputs, state, acks (all is written)."""
    share: float
    """Of the outputs or records that are written before."""
    recovery: str
    """log, compacted, or snapshot: its tail on top of the last snapshot."""


steps: Final = st.lists(
    st.builds(
        Step,
        st.integers(1, 25),
        st.sampled_from(("never", "outputs", "state", "state", "state", "acks")),
        st.floats(0, 1),
        st.sampled_from(("log", "compacted", "snapshot")),
    ),
    max_size=12,
)


class Worker:
    """A worker and the topics about it: outputs and state are written in order, then input is acked.

    `scores` has what each reading was given, by every life that came to judge it.
    """

    def __init__(self, stream: kit.Stream) -> None:
        self.stream = stream
        self.log: list[Record] = begun_log()
        self.said: list[AnomalyEvent] = []
        self.scores: set[tuple[Any, ...]] = set()
        self.acked = 0
        self.partition = replayed(self.log)
        self.snapshot = (len(self.log), copied(self.partition))

    def step(self, step: Step) -> None:
        """One batch, and the next life after a kill."""
        end = min(self.acked + step.size, len(self.stream))
        run = kit.Run(self.partition).feed(self.stream[self.acked : end], offset=BEGIN + self.acked)
        events = [event for _, event in run.events]
        self.scores |= set(run.scores)
        records = self.partition.changes()
        if step.killed == "outputs":
            self.said += events[: round(step.share * len(events))]
            return self.recover(step.recovery)
        self.said += events
        if step.killed == "state":
            self.log += records[: round(step.share * len(records))]
            return self.recover(step.recovery)
        self.log += records
        if step.killed == "acks":
            return self.recover(step.recovery)
        self.partition.settle()
        self.acked = end
        if step.share < 0.2:
            self.snapshot = (len(self.log), copied(self.partition))
        return None

    def recover(self, how: str) -> None:
        """Memory is gone."""
        begin, arrays = self.snapshot if how == "snapshot" else (0, Partition().arrays())
        log = compacted(self.log) if how == "compacted" else self.log[begin:]
        self.partition = replayed(log, Partition.from_arrays(0, arrays))

    def finish(self) -> "Worker":
        while self.acked < len(self.stream):
            self.step(Step(40, "never", 1, "log"))
        return self


def copied(partition: Partition) -> dict[str, Any]:
    return {name: array.copy() for name, array in partition.arrays().items()}


def compacted(log: Sequence[Record]) -> list[Record]:
    """The last record of each key, in order of the log."""
    last = {key: at for at, (key, _) in enumerate(log)}
    return [log[at] for at in sorted(last.values())]


def replayed(log: Sequence[Record], partition: Partition | None = None) -> Partition:
    """A partition out of its changelog, with `ami.meters` read again."""
    partition = partition or Partition()
    for key, value in log:
        partition.apply(key, value)
    return told(partition)


def state_of(partition: Partition) -> tuple[Any, ...]:
    """All of it, however it came about."""
    clock = json.dumps(partition.clock.to_plain(partition.meter_ids), sort_keys=True)
    closed = {(zone, day): kept.body for zone, days in partition.closed.items() for day, kept in days.items()}
    return partition.digests(), partition.offset, clock, closed, partition.events


def uninterrupted(stream: kit.Stream) -> Worker:
    worker = Worker(stream)
    worker.step(Step(len(stream), "never", 1, "log"))
    return worker


@_MANY
@hypothesis.given(moves, steps)
@hypothesis.example([(2, "next", 3, 2)], [Step(1, "state", 0.75, "log")])  # written: a row that closed its days early
def test_killed_anywhere(moves: list[Move], steps: list[Step]) -> None:
    stream = stream_of(moves)
    worker = Worker(stream)
    for step in steps:
        worker.step(step)
    worker.finish()
    expected = uninterrupted(stream)
    assert list(dict.fromkeys(event.to_json() for event in worker.said)) == [e.to_json() for e in expected.said]
    assert len({event.ce_id for event in worker.said}) == len(expected.said)
    assert worker.scores == expected.scores
    assert state_of(worker.partition) == state_of(expected.partition)
    for log in (worker.log, compacted(worker.log)):
        assert state_of(replayed(log)) == state_of(expected.partition)


@_SOME
@hypothesis.given(moves, st.integers(1, 20), st.integers(1, 20))
def test_what_a_zombie_writes_later_does_no_harm(moves: list[Move], size: int, more: int) -> None:
    stream = stream_of(moves)
    worker = Worker(stream)
    worker.step(Step(size, "never", 1, "log"))
    zombie = Worker(stream)
    zombie.acked, zombie.partition = worker.acked, replayed(worker.log)
    zombie.step(Step(more, "never", 1, "log"))
    worker.finish()
    assert state_of(replayed([*worker.log, *zombie.log])) == state_of(uninterrupted(stream).partition)


@_MANY
@hypothesis.given(moves, st.integers(0, 30))
def test_a_snapshot_goes_on_like_the_partition_it_was_taken_of(moves: list[Move], cut: int) -> None:
    stream = stream_of(moves)
    run = kit.Run(started()).feed(stream[:cut], offset=BEGIN)
    run.partition.settle()
    restored = started(run.partition.arrays())
    assert state_of(restored) == state_of(run.partition)
    rest, again = (kit.Run(p).feed(stream[cut:], offset=BEGIN + cut) for p in (run.partition, restored))
    assert again.whole == rest.whole
    assert restored.changes() == run.partition.changes()


@_MANY
@hypothesis.given(moves)
def test_offsets_that_were_seen_change_nothing(moves: list[Move]) -> None:
    stream = stream_of(moves)
    run = kit.Run(started()).feed(stream, offset=BEGIN)
    before = state_of(run.partition)
    again = kit.Run(run.partition).feed(stream, range(0, len(stream), 7), offset=BEGIN)
    assert (again.events, again.scores, again.rejected, +again.counts) == ([], [], [], {})
    assert state_of(run.partition) == before


def test_nothing_is_recovered_from_nothing() -> None:
    fresh = Partition.from_arrays(0, Partition().arrays())
    assert fresh.digests() == {}
    assert fresh.event_time == Partition().event_time


def test_state_of_another_layout_is_refused() -> None:
    for key, value in begun_log():
        other = value.replace(b'"version": %d' % VERSION, b'"version": 9') if key == b"p" else b"\x09\x00" + value[2:]
        with pytest.raises(VersionError, match="layout 9"):
            Partition().apply(key, other)
    with pytest.raises(VersionError, match="layout 9"):
        Partition.from_arrays(0, {**started().arrays(), "version": np.array(9)})


def test_a_parked_block_is_taken_in_whatever_its_offset() -> None:
    stream = kit.table("""
        start             values
        2024-03-20T00:00  1,2,3
        2024-03-20T03:00  4,5,6
    """)
    run = kit.Run(kit.partition([kit.meter()]))
    run.partition.offset = 100
    assert run.feed(stream).counts["accepted"] == 0
    assert run.feed(stream, parked=True).counts["accepted"] == 6
    assert run.partition.offset == 100
    assert run.feed(stream, parked=True).counts["accepted"] == 6
