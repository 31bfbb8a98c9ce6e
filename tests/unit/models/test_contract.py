"""The rules of the replay contract on single readings: what is kept, dropped, revised, late, missing, absurd."""

from typing import Any

import numpy as np
import pytest

from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, HOUR, to_text
from models.scoring.judge import STATE_MISSING
from tests import kit

TWO = (kit.meter("a"), kit.meter("b"))


def counts(text: str, **facts: Any) -> dict[str, int]:
    """What a table of blocks of one meter comes to."""
    return +kit.run([kit.meter(**facts)], kit.table(text)).counts


# Repeats and revisions ------------------------------------------------------------------------------------------------


def test_an_equal_value_again_is_dropped() -> None:
    assert counts("""
        start             values quality
        2024-03-20T00:00  1,2,3  valid
        2024-03-20T00:00  1,2,3  estimated
        2024-03-20T01:00  2      valid
    """) == {"readings": 7, "accepted": 3, "duplicates": 4}


@pytest.mark.parametrize(
    ("first", "again", "value"),
    [
        ("valid", "valid", 5),
        ("estimated", "valid", 5),
        ("estimated", "derived", 5),
        ("estimated", "12", 5),
        ("questionable", "estimated", 5),
        ("valid", "edited", 1),
        ("edited", "derived", 1),
        ("valid", "10", 1),
    ],
)
def test_the_better_quality_wins_and_the_later_among_equals(first: str, again: str, value: int) -> None:
    run = kit.run(
        [kit.meter()],
        kit.table(f"""
            start             values quality
            2024-03-20T00:00  1      {first}
            2024-03-20T00:00  5      {again}
        """),
    )
    assert +run.counts == {"readings": 2, "accepted": 1, "revisions": 1}
    assert kit.kept(run.partition) == {kit.us("2024-03-20"): value}
    assert len(run.scores) == 1, "a revision is no second score"


@pytest.mark.parametrize(
    ("values", "again", "what"),
    [
        ("0.5", "0.5000001", "revisions"),
        ("0.5000001", "0.5", "revisions"),
        ("0.5000001", "0.5000001", "duplicates"),
        ("65.5351", "65.5351", "duplicates"),
        ("70000", "70000", "duplicates"),
        ("70000", "70000.5", "revisions"),
        ("-3", "3", "revisions"),
        ("-0.25", "-0.25", "duplicates"),
        ("0", "-0.0", "duplicates"),
        ("0", "_", "revisions"),
        ("_", "0", "revisions"),
        ("_", "_", "duplicates"),
        ("1e300", "1e300", "duplicates"),
        ("0.1,0.2,0.3000000001", "0.1,0.2,0.3", "revisions"),
    ],
)
def test_values_are_compared_as_they_came(values: str, again: str, what: str) -> None:
    found = counts(f"""
        start             values
        2024-03-20T00:00  {values}
        2024-03-20T00:00  {again}
    """)
    assert found[what] == 1
    assert found["accepted"] == len(values.split(","))


def test_a_missing_value_yields_to_a_value_but_takes_no_place() -> None:
    run = kit.run(
        [kit.meter()],
        kit.table("""
            start             values quality
            2024-03-20T00:00  _,1    valid
            2024-03-20T00:00  7      estimated
            2024-03-20T01:00  _      valid
        """),
    )
    assert +run.counts == {"readings": 4, "accepted": 2, "revisions": 2}
    assert kit.kept(run.partition) == {kit.us("2024-03-20T00:00"): 7, kit.us("2024-03-20T01:00"): 1}


def test_a_value_of_quality_missing_is_missing() -> None:
    run = kit.run(
        [kit.meter()],
        kit.table("""
            start             values quality
            2024-03-20T00:00  -900   missing
        """),
    )
    assert [state for *_, state in run.scores] == [STATE_MISSING]
    assert run.events == []


# Two starts in one slot -----------------------------------------------------------------------------------------------


def test_two_starts_in_a_slot_are_two_readings_and_the_slot_holds_their_sum() -> None:
    run = kit.run(
        [kit.meter()],
        kit.table("""
            start             values
            2024-03-20T00:00  1,2
            2024-03-20T01:10  4
            2024-03-20T01:10  4
            2024-03-20T01:00  2
        """),
    )
    assert +run.counts == {"readings": 5, "accepted": 3, "duplicates": 2}
    assert kit.kept(run.partition) == {kit.us("2024-03-20T00:00"): 1, kit.us("2024-03-20T01:00"): 6}
    assert [start for _, _, start, *_ in run.scores][-1] == kit.us("2024-03-20T01:10"), "the start as given"


def test_a_third_start_in_a_slot_is_added() -> None:
    run = kit.run(
        [kit.meter()],
        kit.table("""
            start             values
            2024-03-20T01:00  1
            2024-03-20T01:10  2
            2024-03-20T01:20  4
            2024-03-20T01:00  1
        """),
    )
    assert +run.counts == {"readings": 4, "accepted": 3, "duplicates": 1}
    assert kit.kept(run.partition) == {kit.us("2024-03-20T01:00"): 7}


def test_a_meter_off_its_slots_is_recognised_as_well() -> None:
    assert counts("""
        start             values
        2024-03-20T00:07  1,2,3
        2024-03-20T00:07  1,2,9
    """) == {"readings": 6, "accepted": 3, "duplicates": 2, "revisions": 1}


def test_the_slot_is_that_of_the_midpoint() -> None:
    run = kit.run([kit.meter()], [kit.block("2024-03-20T00:29:59", [1]), kit.block("2024-03-20T01:31", [2])])
    assert kit.kept(run.partition) == {kit.us("2024-03-20T00:00"): 1, kit.us("2024-03-20T02:00"): 2}


# Late, missing, absurd ------------------------------------------------------------------------------------------------


def test_what_is_older_than_the_ring_is_counted_and_changes_nothing() -> None:
    run = kit.run([kit.meter()], [kit.block(f"2024-03-{day}T00:00", [1] * 24) for day in range(20, 30)])
    assert run.counts["accepted"] == 240
    before = kit.kept(run.partition), run.scores[:], run.events[:]
    run.feed(kit.table("start values\n2024-03-21T05:00 900,1,-5"), offset=100)
    assert run.counts["late"] == 3
    assert (kit.kept(run.partition), run.scores, run.events) == before
    run.feed(kit.table("start values\n2024-03-22T05:00 900"), offset=200)
    assert run.counts["revisions"] == 1, "eight local days are within the ring"


def test_a_late_first_arrival_within_the_ring_is_accepted_and_is_no_head() -> None:
    days = [kit.block(f"2024-03-{day}T00:00", [1] * 24, meter_id) for day in range(20, 25) for meter_id in "ab"]
    late = days.pop(4)
    run = kit.run(TWO, days)
    row = run.partition.rows[0].copy()
    run.feed([{**late, "sent_at": "2024-03-25T00:00:00Z"}], offset=9)
    assert run.counts["accepted"] == 10 * 24
    assert run.partition.rows[0]["head"] == row["head"]
    assert run.partition.rows[0]["value_at"] == row["value_at"]


def test_missing_is_not_zero() -> None:
    stream = [kit.block(f"2024-03-{day:02}T00:00", [2, 3] * 12) for day in range(1, 12)]
    silent = kit.run([kit.meter()], [*stream, *(kit.block(f"2024-03-{d}T00:00", [None] * 24) for d in range(12, 30))])
    zero = kit.run([kit.meter()], [*stream, *(kit.block(f"2024-03-{d}T00:00", [0] * 24) for d in range(12, 30))])
    assert {event.cause for _, event in silent.events} == {"leak", "communication_fault"}
    assert "meter_fault" in {event.cause for _, event in zero.events}


@pytest.mark.parametrize("start", ["1989-12-31T23:00:00", "2100-01-01T00:00:00"])
def test_absurd_starts_are_dead_letters(start: str) -> None:
    run = kit.run([kit.meter()], [kit.block("2024-03-20", [1]), kit.block(start, [1, 2])])
    assert run.rejected == [(1, "absurd_time")]
    assert +run.counts == {"readings": 3, "accepted": 1, "rejected": 2}


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("start", ["1990-01-01T00:00", "2099-12-31T23:59"])
def test_the_ends_of_time_are_believed(timezone: str, start: str) -> None:
    for interval_s in (3600, 86_400):
        run = kit.run([kit.meter(timezone=timezone, interval_s=interval_s)], [kit.block(start, [1])])
        assert run.counts["accepted"] == 1


def test_intervals_of_another_length_are_a_dead_letter() -> None:
    run = kit.run([kit.meter()], [kit.block("2024-03-20", [1], interval_s=900), kit.block("2024-03-20", [1])])
    assert run.rejected == [(0, "wrong_interval")]


# Event time -----------------------------------------------------------------------------------------------------------


def guarded(*blocks: tuple[str, str, int]) -> tuple[list[str], list[tuple[int, str]]]:
    """(meter, day of March, values) -> event time after each block, as days and hours; and dead letters."""
    run = kit.Run(kit.partition(TWO))
    times = []
    for offset, (meter_id, sent_at, count) in enumerate(blocks):
        start = kit.us(f"2024-03-{sent_at}") - count * HOUR
        run.feed([kit.block(start, [1] * count, meter_id, sent_at=f"2024-03-{sent_at}:00Z")], offset=offset)
        times.append(to_text(run.partition.event_time)[8:16])
    return times, run.finish().rejected


def test_event_time_never_goes_back() -> None:
    times, rejected = guarded(("a", "02T00:00", 1), ("b", "01T00:00", 1), ("a", "03T00:00", 1))
    assert times == ["02T00:00", "02T00:00", "03T00:00"]
    assert rejected == []


def test_a_block_too_far_ahead_waits_for_another_meter() -> None:
    times, rejected = guarded(("a", "01T00:00", 1), ("a", "09T00:00", 1), ("b", "09T20:00", 1))
    assert times == ["01T00:00", "01T00:00", "09T20:00"]
    assert rejected == []


def test_or_for_a_third_of_the_same() -> None:
    times, rejected = guarded(*[("a", f"{day}T00:00", 2) for day in ("01", "09", "10", "11", "12")])
    assert times == ["01T00:00", "01T00:00", "01T00:00", "11T00:00", "12T00:00"]
    assert rejected == []


def test_what_the_next_falls_back_behind_is_absurd() -> None:
    times, rejected = guarded(("a", "01T00:00", 1), ("a", "20T00:00", 3), ("b", "01T01:00", 1), ("a", "01T02:00", 1))
    assert times[-1] == "01T02:00"
    assert rejected == [(1, "absurd_time")]


def test_what_is_held_at_the_end_is_absurd() -> None:
    times, rejected = guarded(("a", "01T00:00", 1), ("a", "20T00:00", 3), ("b", "10T00:00", 2))
    assert times[-1] == "01T00:00"
    assert rejected == [(1, "absurd_time"), (2, "absurd_time")]


def test_the_absurd_one_stays_held_when_others_are_borne_out() -> None:
    _, rejected = guarded(("a", "01T00:00", 1), ("a", "28T00:00", 3), ("b", "10T00:00", 2), ("a", "10T01:00", 2))
    assert rejected == [(1, "absurd_time")]


def test_three_are_held_at_most() -> None:
    _, rejected = guarded(*[("a", f"{day}T00:00", 1) for day in ("01", "05", "10", "15", "20")])
    assert rejected[0] == (1, "absurd_time")
    assert len(rejected) == 4


def test_a_reading_in_the_future_of_its_own_sending_is_absurd() -> None:
    run = kit.run([kit.meter()], [kit.block("2024-03-05T00:00", [1] * 24, sent_at="2024-03-05T00:00:00Z")])
    assert run.rejected == []
    run = kit.run([kit.meter()], [kit.block("2024-03-05T00:00", [1] * 24, sent_at="2024-03-02T00:00:00Z")])
    assert run.rejected == [(0, "absurd_time")]


# Local days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Madrid", "2024-03-31", 23),
        ("Europe/Madrid", "2024-10-27", 25),
        ("Australia/Sydney", "2024-10-06", 23),
        ("Australia/Sydney", "2024-04-07", 25),
        ("Australia/Lord_Howe", "2024-10-06", 23.5),
        ("Australia/Lord_Howe", "2024-04-07", 24.5),
        ("Asia/Kathmandu", "2024-04-07", 24),
    ],
)
@pytest.mark.parametrize("interval_s", [900, 1800, 3600, 86_400])
def test_days_of_any_length_are_kept_whole(timezone: str, day: str, hours: float, interval_s: int) -> None:
    known = kit.partition([kit.meter(timezone=timezone, interval_s=interval_s)])
    at = kit.us(day) // DAY - FIRST_DAY
    begin, end = midnights(timezone)[at : at + 2].tolist()
    assert (end - begin) / HOUR == hours
    step = interval_s * 1_000_000
    starts = list(range(begin - 3 * step, end + 3 * step, step))
    if interval_s == 86_400:
        starts = midnights(timezone)[at - 3 : at + 4].tolist()
    stream = [kit.block(start, [n + 1], starts=[start]) for n, start in enumerate(starts)]
    run = kit.Run(known).feed(stream)
    assert +run.counts == {"readings": len(starts), "accepted": len(starts)}
    if interval_s <= 1800 or hours % 1 == 0:
        assert sorted(kit.kept(known).values()) == [n + 1 for n in range(len(starts))]
    assert run.feed(stream, offset=1000).counts["duplicates"] == len(starts)


def test_a_day_of_more_than_25_hours_ends_after_25() -> None:
    lengths = {int(d) // HOUR for d in midnights("Antarctica/Troll")[1:] - midnights("Antarctica/Troll")[:-1]}
    assert lengths == {22, 24, 25}
    known = [kit.meter("a", interval_s=900, timezone="Antarctica/Troll"), kit.meter("b", interval_s=900)]
    begin = kit.us("2024-10-20")
    stream = [kit.block(begin + d * DAY, [1 + d] * 96, meter_id) for d in range(14) for meter_id in "ab"]
    run = kit.run(known, stream)
    assert +run.counts == {"readings": 14 * 192, "accepted": 14 * 192}
    assert run.feed(stream[-14:], offset=100).counts["duplicates"] == 7 * 192


# A changed interval ---------------------------------------------------------------------------------------------------

SWAPPED = (
    kit.meter(interval_s=3600),
    kit.meter(interval_s=1800, effective_from="2024-03-03T00:00:00Z"),
)


def test_a_meter_with_a_history_is_read_by_the_version_of_each_block() -> None:
    days = [kit.block(f"2024-03-0{day}", [1] * 24, interval_s=3600) for day in (1, 2)]
    days += [kit.block(f"2024-03-0{day}", [1] * 48, interval_s=1800) for day in (3, 4)]
    run = kit.run(SWAPPED, days)
    assert +run.counts == {"readings": 144, "accepted": 144}
    assert len(kit.kept(run.partition)) == 96, "the ring is of the new interval"
    run.feed([kit.block("2024-03-02T00:00", [5] * 24, interval_s=3600)], offset=10)
    assert run.counts["late"] == 24, "what comes from before the change has no ring any more"
    assert len(kit.kept(run.partition)) == 96
    run.feed([kit.block("2024-03-04T12:00", [1] * 24, interval_s=3600)], offset=20)
    assert run.rejected == [(20, "wrong_interval")]


def test_saying_a_meter_again_changes_nothing() -> None:
    known = kit.partition(SWAPPED)
    kit.Run(known).feed([kit.block("2024-03-05", [1] * 48, interval_s=1800)])
    before = known.digests()
    for each in (*SWAPPED, *reversed(SWAPPED)):
        known.put_meter(each)
    assert known.digests() == before
    assert known.unit(0) == "L"


# What is learnt -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "quality"),
    [([-8.0] * 24, None), ([90.0] * 24, "estimated"), ([90.0] * 24, "questionable")],
)
def test_what_is_not_to_be_trusted_is_not_learnt(values: list[float], quality: str | None) -> None:
    usual = [kit.block(f"2024-03-0{day}", [2.0, 4.0] * 12) for day in range(1, 6)]
    odd = kit.block("2024-03-06", values, quality=quality)
    after = [kit.block(f"2024-03-{day:02}", [2.0, 4.0] * 12) for day in range(7, 12)]
    row = kit.run([kit.meter()], [*usual, odd, *after]).partition.rows[0]
    assert row["level"] == pytest.approx(3)
    assert row["top"] <= 4


@pytest.mark.parametrize("day", [2, 6])
def test_an_absurd_value_is_learnt_within_bounds(day: int) -> None:
    usual = [
        kit.block(f"2024-03-{d:02}", [1e39 if d == day and h == 5 else 2.0 + h % 3 for h in range(24)])
        for d in range(1, 12)
    ]
    row = kit.run([kit.meter()], usual).partition.rows[0]
    for name in ("level", "spread", "base", "peak", "top"):
        assert np.isfinite(row[name])
    assert day == 2 or row["top"] <= 40


def test_a_clean_history_is_expected_again() -> None:
    day = [float(hour % 7) for hour in range(24)]
    stream = [kit.block(f"2024-02-{d:02}", day) for d in range(1, 20)]
    run = kit.run([kit.meter(timezone="Europe/Madrid")], stream)
    *_, (_, _, _, score, expected, state) = run.scores
    assert expected == pytest.approx(day[-1], abs=0.1)
    assert state == 2
    assert score is not None
    assert 0 <= score <= 1


@pytest.mark.parametrize(("every_h", "span_h"), [(25, 25), (24.5, 24), (168, 168)])
def test_a_lone_meter_may_upload_as_seldom_as_its_blocks_are_long(every_h: float, span_h: int) -> None:
    """ADR 7: a block is no more ahead of time than it tells of."""
    begin = kit.us("2024-03-01")
    stream = [
        kit.block(
            begin + int(n * every_h) * HOUR, [1.0] * span_h, sent_at=to_text(begin + int((n + 1) * every_h * HOUR))
        )
        for n in range(6)
    ]
    assert not kit.run([kit.meter()], stream).rejected
