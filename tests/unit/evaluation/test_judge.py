"""Found against injected."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from evaluation.judge import Likeness, judge
from models.domain.causes import CAUSES
from models.domain.times import to_us
from simulators.faults import Injected


def at(day: int, hour: int = 0) -> str:
    return f"2022-03-{day:02d}T{hour:02d}:00:00Z"


LEAK = Injected(
    "leak",
    "m1",
    to_us(dt.datetime(2022, 3, 10, tzinfo=dt.UTC)),
    to_us(dt.datetime(2022, 3, 12, tzinfo=dt.UTC)),
    ("leak",),
)


def line(**changed: Any) -> dict[str, Any]:
    said = {"id": "a", "meter_id": "m1", "cause": "leak", "start": at(10), "detected_at": at(11), "updated_at": at(11)}
    return {**said, **changed}


@pytest.mark.parametrize(
    ("changed", "found", "right"),
    [
        ({}, 1, 1),
        ({"cause": "burst"}, 1, 0),
        ({"meter_id": "m2"}, 0, 0),
        ({"meter_id": None, "meters": ["m1", "m2"]}, 1, 1),
        ({"detected_at": at(9, 23)}, 0, 0),
        ({"detected_at": at(14), "updated_at": at(14)}, 1, 1),
        ({"detected_at": at(14, 1), "updated_at": at(14, 1)}, 0, 0),
        ({"start": at(9)}, 1, 1),
        ({"start": at(8, 23)}, 0, 0),
        ({"start": at(12)}, 1, 1),
        ({"start": at(12, 1)}, 0, 0),
    ],
)
def test_what_counts(changed: dict[str, Any], found: int, right: int) -> None:
    verdict = judge([line(**changed)], [LEAK])
    tally = verdict.kinds["leak"]
    assert (tally.injected, tally.found, tally.found_right_cause) == (1, found, right)
    assert verdict.missed == (() if found else (LEAK,))


def test_a_better_cause_may_come_by_an_update_in_time() -> None:
    first = line(cause="burst")
    assert judge([first, line(updated_at=at(14))], [LEAK]).kinds["leak"].found_right_cause == 1
    assert judge([first, line(updated_at=at(15))], [LEAK]).kinds["leak"].found_right_cause == 0


def test_the_line_that_first_names_the_cause_dates_it() -> None:
    said = [line(cause="burst"), line(updated_at=at(12)), line(updated_at=at(13))]
    (match,) = judge(said, [LEAK]).found
    assert (match.right, match.delay_s) == (True, 48 * 3600)
    (late,) = judge([line(cause="burst"), line(updated_at=at(15))], [LEAK]).found
    assert (late.right, late.delay_s) == (False, 24 * 3600)


def test_one_anomaly_is_found_for_one_event_of_its_meter() -> None:
    again = dataclasses.replace(LEAK, onset=LEAK.onset + 6 * 3_600_000_000)
    assert judge([line()], [LEAK, again]).kinds["leak"].found == 1
    assert judge([line(), line(id="b")], [LEAK, again]).kinds["leak"].found == 2


def test_right_causes_choose_before_wrong_ones() -> None:
    burst = dataclasses.replace(LEAK, kind="burst", onset=LEAK.onset - 1, expected_causes=("burst",))
    verdict = judge([line(), line(id="b", cause="data_error", detected_at=at(11, 5))], [burst, LEAK])
    assert verdict.kinds["leak"].found_right_cause == 1
    assert (verdict.kinds["burst"].found, verdict.kinds["burst"].found_right_cause) == (1, 0)


def test_any_cause_and_several_are_right() -> None:
    anything = dataclasses.replace(LEAK, expected_causes=CAUSES)
    either = dataclasses.replace(LEAK, kind="h2", expected_causes=("theft", "meter_fault"))
    for cause in ("unusual_use", "meter_fault"):
        assert judge([line(cause=cause)], [anything]).kinds["leak"].found_right_cause == 1
        assert judge([line(cause=cause)], [either]).kinds["h2"].found_right_cause == (cause == "meter_fault")
    assert judge([line(start=at(8))], [anything]).kinds["leak"].found == 0
    assert judge([line(start=at(8))], [either]).kinds["h2"].found == 1


def test_an_incident_counts_for_a_meter_from_the_line_that_lists_it() -> None:
    other = dataclasses.replace(LEAK, meter_id="m2")
    said = [line(meter_id=None, meters=["m1"]), line(meter_id=None, meters=["m1", "m2"], updated_at=at(12))]
    assert [match.delay_s for match in judge(said, [LEAK, other]).found] == [24 * 3600, 48 * 3600]


def test_the_first_line_decides_whether_it_is_the_one() -> None:
    assert judge([line(start=at(1)), line(start=at(10))], [LEAK]).kinds["leak"].found == 0


def test_what_else_was_said_is_listed_apart() -> None:
    elsewhere, untouched = line(id="b", detected_at=at(2)), line(id="c", meter_id="m2")
    verdict = judge([line(), elsewhere, untouched, {**untouched, "cause": "burst"}], [LEAK])
    assert verdict.elsewhere == (elsewhere,)
    assert verdict.untouched == (untouched,)


def test_a_fault_is_shown_with_the_anomaly_that_names_it_rightly() -> None:
    wrong, right = line(cause="burst"), line(id="b")
    for said, first, is_right in (([wrong], wrong, False), ([wrong, right], right, True)):
        (match,) = judge(said, [LEAK]).found
        assert (match.event, match.life.first, match.right) == (LEAK, first, is_right)


def test_thefts_show_by_the_day_and_may_be_said_to_begin_three_days_early() -> None:
    theft = dataclasses.replace(LEAK, kind="bypass_50", expected_causes=("theft",))
    assert judge([line(cause="theft", start=at(7))], [theft]).kinds["bypass_50"].found == 1
    assert judge([line(cause="theft", start=at(6, 23))], [theft]).kinds["bypass_50"].found == 0


def test_the_delay_is_that_of_the_first_anomaly_with_the_right_cause() -> None:
    other = dataclasses.replace(LEAK, meter_id="m2")
    said = [
        line(cause="burst", detected_at=at(10, 1), updated_at=at(10, 1)),
        line(id="b", detected_at=at(10, 6), updated_at=at(10, 6)),
        line(id="c", detected_at=at(10, 4), updated_at=at(10, 4)),
        line(id="d", meter_id="m2", cause="burst", detected_at=at(10, 2)),
    ]
    tally = judge(said, [LEAK, other]).kinds["leak"]
    assert tally.delays_s == [4 * 3600, 2 * 3600]
    assert tally.median_delay_s == 3 * 3600


def test_a_look_alike_is_flagged_by_anything_worse_than_unusual_use() -> None:
    vacation = dataclasses.replace(LEAK, kind="vacation", expected_causes=(), role="look_alike")
    for said, flagged in (([], 0), ([line(cause="unusual_use")], 0), ([line(cause="theft")], 1)):
        verdict = judge(said, [vacation])
        assert verdict.look_alikes["vacation"] == Likeness(injected=1, flagged=flagged)
        assert not verdict.kinds
        assert not verdict.missed
        assert not verdict.untouched
    assert judge([line(start=at(1))], [vacation]).elsewhere == (line(start=at(1)),)


def test_false_alarms_count_from_the_day_the_system_is_live() -> None:
    early, late = line(id="b", meter_id="m2", detected_at=at(2)), line(id="c", meter_id="m2", detected_at=at(4))
    verdict = judge([early, late, line()], [LEAK], live_from=to_us(dt.datetime(2022, 3, 3, tzinfo=dt.UTC)))
    assert verdict.untouched == (late,)
    assert verdict.false_alarms_per_1000(500) == 2.0
    assert verdict.false_alarms_per_1000(0) == 0.0


def test_an_incident_counts_for_each_of_its_meters() -> None:
    fleet = [dataclasses.replace(LEAK, kind="unit_step", meter_id=f"m{k}", fleet="he-1") for k in range(5)]
    incident = line(meter_id=None, meters=["m0", "m1", "m2", "m3", "m9"])
    verdict = judge([incident], fleet)
    assert verdict.kinds["unit_step"].found == 4
    assert verdict.untouched == ()


def test_nothing_said() -> None:
    assert judge([], [LEAK, LEAK]).summary() == {
        "injected": {"leak": 2},
        "found": {"leak": 0},
        "found_right_cause": {"leak": 0},
        "median_delay_s": {"leak": None},
        "expected_cause": {"leak": "leak"},
    }
