"""Found against injected."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from models.domain.times import to_us
from simulators.faults import Injected
from simulators.judge import Likeness, judge


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
        ({"detected_at": at(14)}, 1, 1),
        ({"detected_at": at(14, 1)}, 0, 0),
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


def test_the_first_line_decides_whether_it_is_the_one() -> None:
    assert judge([line(start=at(1)), line(start=at(10))], [LEAK]).kinds["leak"].found == 0


def test_what_else_was_said_is_listed_apart() -> None:
    elsewhere, untouched = line(id="b", detected_at=at(2)), line(id="c", meter_id="m2")
    verdict = judge([line(), elsewhere, untouched, {**untouched, "cause": "burst"}], [LEAK])
    assert verdict.elsewhere == (elsewhere,)
    assert verdict.untouched == (untouched,)


def test_a_fault_is_shown_with_the_anomaly_that_names_it_rightly() -> None:
    wrong, right = line(cause="burst"), line(id="b")
    assert judge([wrong], [LEAK]).found == ((LEAK, wrong),)
    assert judge([wrong, right], [LEAK]).found == ((LEAK, right),)


def test_thefts_show_by_the_day_and_may_be_said_to_begin_three_days_early() -> None:
    theft = dataclasses.replace(LEAK, kind="bypass_50", expected_causes=("theft",))
    assert judge([line(cause="theft", start=at(7))], [theft]).kinds["bypass_50"].found == 1
    assert judge([line(cause="theft", start=at(6, 23))], [theft]).kinds["bypass_50"].found == 0


def test_the_delay_is_that_of_the_first_anomaly_with_the_right_cause() -> None:
    other = dataclasses.replace(LEAK, meter_id="m2")
    said = [
        line(cause="burst", detected_at=at(10, 1)),
        line(id="b", detected_at=at(10, 6)),
        line(id="c", detected_at=at(10, 4)),
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
