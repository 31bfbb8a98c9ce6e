"""Found against injected."""

import datetime as dt
from typing import Any

import pytest

from models.domain.times import to_us
from simulators.faults import Injected
from simulators.judge import judge


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


def test_nothing_said() -> None:
    assert judge([], [LEAK, LEAK]).summary() == {
        "injected": {"leak": 2},
        "found": {"leak": 0},
        "found_right_cause": {"leak": 0},
    }
