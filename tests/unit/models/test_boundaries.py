"""Where the input is cut never matters, nothing depends on what comes later, and meters do not depend on each other."""

import itertools
from collections import Counter
from collections.abc import Iterable
from typing import Final

import hypothesis
from hypothesis import strategies as st

from models.contracts import AnomalyEvent, Meter
from models.domain.ids import partition_of
from tests import kit
from tests.unit.models.streams import BEGIN, METERS, Move, moves, prelude, started, stream_of, wild_days

_MANY: Final = hypothesis.settings(max_examples=25, derandomize=True)
_FEW: Final = hypothesis.settings(max_examples=6, derandomize=True)


def run(stream: kit.Stream, cuts: Iterable[int] = ()) -> kit.Run:
    return kit.Run(started()).feed(stream, cuts, BEGIN)


@_MANY
@hypothesis.given(moves, st.sets(st.integers(0, 30)))
def test_batches_never_matter(moves: list[Move], cuts: set[int]) -> None:
    stream = stream_of(moves)
    once = run(stream).finish()
    assert run(stream, cuts).finish().whole == once.whole
    assert run(stream, range(len(stream))).finish().whole == once.whole


@_MANY
@hypothesis.given(moves, st.integers(0, 30))
def test_nothing_depends_on_what_comes_later(moves: list[Move], cut: int) -> None:
    stream = stream_of(moves)
    part, whole = run(stream[:cut]), run(stream)
    assert whole.events[: len(part.events)] == part.events
    assert whole.scores[: len(part.scores)] == part.scores
    assert all(offset >= BEGIN + cut for offset, _ in whole.events[len(part.events) :])


@_MANY
@hypothesis.given(moves)
def test_anomalies_open_change_and_close(moves: list[Move]) -> None:
    lives: dict[str, list[AnomalyEvent]] = {}
    for _, event in run(stream_of(moves)).events:
        lives.setdefault(event.id, []).append(event)
    for events in lives.values():
        statuses = [event.status for event in events]
        begun = events[0].sequence  # above 1 for what was opened in the prelude
        assert [event.sequence for event in events] == [*range(begun, begun + len(events))]
        assert [status == "opened" for status in statuses] == [event.sequence == 1 for event in events]
        assert "closed" not in statuses[:-1]
        assert len({(event.detected_at, event.meter_id) for event in events}) == 1
        for before, event in itertools.pairwise(events):
            assert before.updated_at <= event.updated_at
        for event in events:
            assert event.start <= event.detected_at <= event.updated_at
            assert (event.end is not None) == (event.status == "closed")
            assert event.end is None or event.start <= event.end <= event.updated_at
            assert event.cause not in {other.cause for other in event.alternatives}


@_FEW
@hypothesis.given(moves, st.permutations(METERS))
def test_the_order_of_meters_never_matters(moves: list[Move], meters: list[Meter]) -> None:
    stream = [*prelude(), *stream_of(moves)]
    assert kit.run(meters, stream).whole == kit.run(METERS, stream).whole


@_FEW
@hypothesis.given(st.integers(0, 2**32), st.integers(2, 4))
def test_partitions_give_the_union(seed: int, partitions: int) -> None:
    stream = wild_days(seed)
    whole = kit.run(METERS, stream)
    parts = []
    for number in range(partitions):
        own = [meter for meter in METERS if partition_of(meter.meter_id, partitions) == number]
        ids = {meter.meter_id for meter in own}
        parts.append(kit.run(own, [block for block in stream if block["meter_id"] in ids]))
    assert events_of(parts) == events_of([whole])
    assert scores_of(parts) == scores_of([whole])
    assert sum((part.counts for part in parts), start=Counter()) == whole.counts


def events_of(runs: Iterable[kit.Run]) -> list[str]:
    return sorted(event.to_json() for run in runs for _, event in run.events)


def scores_of(runs: Iterable[kit.Run]) -> list[str]:
    return sorted(str(score[1:]) for run in runs for score in run.scores)
