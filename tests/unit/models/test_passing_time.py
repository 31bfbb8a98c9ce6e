"""What happens with time and not with a reading: ticks, days that close by the peers' medians, silence, own events."""

import itertools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pytest

from models.domain.times import DAY, HOUR, SECOND, to_text
from models.state.closed import KEPT_DAYS
from models.state.partition import Partition
from tests import kit
from tests.unit.models.test_recovery import compacted, state_of

FIRST: Final = kit.us("2024-03-04")
IDS: Final = ("a", "b", "c", "d", "e")
METERS: Final = tuple(kit.meter(meter_id, "electricity") for meter_id in IDS)
DAYS: Final = 18
TAMPER: Final = "3.12.141.212"
Record = tuple[bytes, bytes]


def days(begin: int, end: int, ids: Sequence[str] = IDS) -> kit.Stream:
    """A block a day of each meter, sent when it ends; all use more on the same days."""
    stream = []
    for day in range(begin, end):
        common = 1 + 0.3 * np.random.default_rng(day).random()
        for meter_id in ids:
            rng = np.random.default_rng([day, ord(meter_id)])
            values = np.round(common * rng.uniform(0.2, 1.0, 24), 3)
            sent_at = to_text(FIRST + (day + 1) * DAY)
            stream.append(kit.block(FIRST + day * DAY, values, meter_id, sent_at=sent_at))
    return stream


def told(partition: Partition, meters: Sequence[Any] = METERS) -> Partition:
    """`ami.meters` is read again."""
    for meter in meters:
        partition.put_meter(meter)
    return partition


def replayed(log: Sequence[Record]) -> Partition:
    """Out of the changelog."""
    partition = Partition()
    for key, value in log:
        partition.apply(key, value)
    return told(partition)


def restored(partition: Partition) -> Partition:
    """Out of a snapshot."""
    arrays = {name: array.copy() for name, array in partition.arrays().items()}
    return told(Partition.from_arrays(0, arrays))


def begun() -> kit.Run:
    """Five neighbours after `DAYS` days; the last of them is not closed yet."""
    return kit.run(METERS, days(0, DAYS))


# Recovery -------------------------------------------------------------------------------------------------------------


def test_closed_days_survive() -> None:
    run = begun()
    closed = run.partition.closed["UTC"]
    newest = max(closed)
    assert sorted(closed) == [*range(FIRST // DAY, newest + 1)]
    assert closed[newest].medians["peers"].max() == len(IDS)
    assert len(closed[newest].hash), "and its sample"
    log = run.partition.changes()
    for again in (replayed(log), replayed(compacted(log)), restored(run.partition)):
        assert state_of(again) == state_of(run.partition)
        assert again.closed["UTC"][newest].body == closed[newest].body


@pytest.mark.parametrize("by", ["block", "tick"])
def test_killed_in_the_midst_of_writing_a_close(by: str) -> None:
    """Rows that were written have learnt their day, the others learn it by the same medians when it is done again."""
    before = begun()
    log = before.partition.changes()
    before.partition.settle()

    def close(partition: Partition) -> kit.Run:
        run = kit.Run(partition)
        if by == "tick":
            return run.tick(len(IDS) * DAYS, "2024-03-22T07:00")
        block = kit.block(FIRST + DAYS * DAY, [0.5] * 7, "c")
        return run.feed([block], offset=len(IDS) * DAYS)

    whole = close(before.partition)
    records = whole.partition.changes()
    keys = [key for key, _ in records]
    today = b"c%cUTC" % (max(whole.partition.closed["UTC"]) % KEPT_DAYS)
    assert (keys[0], keys[-1], sum(key[:1] == b"m" for key in keys)) == (today, b"p", len(IDS))
    for written in range(len(records) + 1):
        partition = replayed([*log, *records[:written]])
        close(partition)
        assert state_of(partition) == state_of(whole.partition), written
        assert state_of(replayed([*log, *records[:written], *partition.changes()])) == state_of(whole.partition)


def test_closed_days_that_a_zombie_writes_later_do_no_harm() -> None:
    run = begun()
    old = [record for record in run.partition.changes() if record[0][:1] == b"c"]
    assert old
    run.feed(days(DAYS, DAYS + 4), offset=len(IDS) * DAYS)
    partition = run.partition
    assert state_of(replayed([*partition.changes(), *old])) == state_of(partition)


def test_pending_events_survive() -> None:
    partition = begun().partition
    at, received = FIRST + DAYS * DAY - HOUR, FIRST + DAYS * DAY + 2 * HOUR
    for meter_id, code in (("b", TAMPER), ("d", "3.26.0.85"), ("a", "3.2.1.99"), ("b", TAMPER)):
        partition.put_event(meter_id, at, received, code)
    assert len(partition.events) == 2, "what changes nothing is not kept, and nothing is twice"
    for again in (replayed(partition.changes()), restored(partition), partition):
        assert again.events == partition.events
        later = kit.Run(again).tick(len(IDS) * DAYS, "2024-03-22T01:59")
        assert again.rows["tamper_at"][again.lookup("b")] < at
        later.tick(len(IDS) * DAYS + 1, "2024-03-22T02:00")
        assert again.events == []
        assert again.rows["tamper_at"][again.lookup("b")] == at
        assert again.rows["outage_at"][again.lookup("d")] == at // SECOND


def test_events_are_told_before_what_is_read_after_them() -> None:
    """Wherever the stream is cut."""
    said = []
    for cuts in ((), (1, 7, 30, 88)):
        partition = kit.partition(METERS)
        at = FIRST + DAYS * DAY
        partition.put_event("b", at, at, TAMPER)
        run = kit.Run(partition).feed(days(0, DAYS + 1), cuts)
        said.append([(offset, event.to_json()) for offset, event in run.events])
        assert run.said == ["opened unusual_use"]
    assert said[0] == said[1]


# Ticks ----------------------------------------------------------------------------------------------------------------


def test_a_tick_moves_time_and_closes_days() -> None:
    run = begun()
    learnt = run.partition.rows["days"][: len(IDS)].copy()
    run.tick(len(IDS) * DAYS, "2024-03-22T05:59")
    assert run.partition.event_time == kit.us("2024-03-22T05:59")
    assert (run.partition.rows["days"][: len(IDS)] == learnt).all()
    run.tick(len(IDS) * DAYS + 1, "2024-03-22T06:00")
    assert (run.partition.rows["days"][: len(IDS)] == learnt + 1).all()
    assert (run.said, run.rejected) == ([], [])


def test_a_tick_never_moves_time_back() -> None:
    run = begun().tick(len(IDS) * DAYS, "2024-03-01T00:00")
    assert run.partition.event_time == FIRST + DAYS * DAY
    assert run.rejected == []


def test_a_tick_tells_the_groups_of_the_closed_day() -> None:
    meters = [kit.meter(meter_id, "electricity", transformer_id="t") for meter_id in IDS]
    run = kit.run(meters, days(0, DAYS))
    before = len(run.days)
    run.tick(len(IDS) * DAYS, "2024-03-22T06:00")
    assert len(run.days) > before


def test_ticks_find_a_silent_meter_once() -> None:
    run = begun()
    offset = itertools.count(len(IDS) * DAYS)
    for hour in range(1, 60):
        run.tick(next(offset), to_text(FIRST + DAYS * DAY + hour * HOUR))
    assert run.said == ["opened communication_fault"] * len(IDS)
    assert [event.meter_id for _, event in run.events] == [*IDS], "in order of their ids"
    assert {event.detected_at for _, event in run.events} == {run.events[0][1].detected_at}
    assert run.partition.changed[: len(IDS)].all()


def test_a_tick_a_day_ahead_is_refused() -> None:
    run = begun()
    before = state_of(run.partition)
    run.tick(len(IDS) * DAYS, "2024-03-23T00:01")
    assert run.rejected == [(len(IDS) * DAYS, "absurd_time")]
    assert run.partition.offset == len(IDS) * DAYS, "it is seen all the same"
    assert state_of(run.partition)[0] == before[0]
    assert run.partition.event_time == FIRST + DAYS * DAY
    fresh = kit.Run(kit.partition(METERS)).tick(0, "2024-03-22T00:00")
    assert fresh.rejected == [(0, "absurd_time")], "nothing is known to be ahead of"


def test_a_tick_that_was_seen_is_skipped() -> None:
    run = begun().tick(len(IDS) * DAYS, "2024-03-22T06:00")
    before = state_of(run.partition)
    for offset in (0, len(IDS) * DAYS):
        run.tick(offset, "2024-03-22T23:00")
    assert state_of(run.partition) == before


def test_ticks_and_blocks_come_to_the_same_close() -> None:
    """Whether a tick closes the day or the block that comes after it."""
    rest = [kit.block(FIRST + DAYS * DAY, [0.5] * 8, meter_id) for meter_id in IDS]
    with_tick, without = begun(), begun()
    with_tick.tick(len(IDS) * DAYS, "2024-03-22T06:30")
    for run in (with_tick, without):
        run.feed(rest, offset=len(IDS) * DAYS + 1)
    stats, expected = (run.partition.rows["stats"][: len(IDS)] for run in (with_tick, without))
    assert np.array_equal(stats, expected)
    assert [run.said for run in (with_tick, without)] == [[], []]


# Order of meters ------------------------------------------------------------------------------------------------------


def test_the_order_of_meters_does_not_matter() -> None:
    """Places in memory depend on who is told of first; closed days, scores, silence do not. Two fall silent at once."""
    stream = [*days(0, 14), *days(14, DAYS + 2, "bde")]
    runs = [
        kit.run(order, stream).tick(999, "2024-03-24T09:00")
        for order in (METERS, METERS[::-1], METERS[2:] + METERS[:2])
    ]
    first = runs[0]
    assert first.said.count("opened communication_fault") == 2
    closed = {day: kept.body for day, kept in first.partition.closed["UTC"].items()}
    for run in runs[1:]:
        assert run.events == first.events
        assert run.partition.digests() == first.partition.digests()
        assert {day: kept.body for day, kept in run.partition.closed["UTC"].items()} == closed
        assert sorted(score[1:] for score in run.scores) == sorted(score[1:] for score in first.scores)
