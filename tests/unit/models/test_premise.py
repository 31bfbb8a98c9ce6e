"""Premises with several commodities: electricity near zero while water is used as usual."""

import pytest

from models.contracts import GroupDay
from models.domain.times import to_datetime, to_us
from models.scoring.policy import Policy
from tests import kit
from tests.support.grouped import Stage, close_of, day_of, finding, line, read, start_of

GROUP = "premise:P1"
POWER = kit.meter("power", "electricity", premise_id="P1")
WATER = kit.meter("water", "water", premise_id="P1")


def home(day: int, power: float = 10.0, water: float | None = 300.0, **of_power: float) -> GroupDay:
    """A day of a home that usually takes 10 kWh and 300 L; None = no water meter."""
    meters = [read(POWER, power, **{"expected": 10.0, **of_power})]
    return day_of(GROUP, day, meters if water is None else [*meters, read(WATER, water, 300.0)])


def days(stage: Stage, first: int, last: int, **what: float | None) -> Stage:
    for day in range(first, last):
        stage.take(home(day, **what))  # type: ignore[arg-type]
    return stage


@pytest.mark.parametrize(("power", "cause"), [(0.0, "meter_fault"), (0.4, "theft")])
def test_a_meter_that_stands_still_in_a_home_that_is_lived_in(power: float, cause: str) -> None:
    stage = days(days(Stage(), 0, 5), 5, 10, power=power)
    (event,) = stage.said.events
    assert (event.meter_id, event.cause, event.status) == ("power", cause, "opened")
    assert to_us(event.start) == start_of(5)
    assert to_us(event.detected_at) == close_of(7)
    assert event.evidence[0].rule == "X1"
    assert event.observed == pytest.approx(power)
    assert event.expected == 10.0
    days(stage, 10, 12)
    closed = stage.said.events[-1]
    assert (closed.status, closed.end, len(stage.said.events)) == ("closed", to_datetime(start_of(10)), 2)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param({"power": 0.0, "water": 0.0}, id="vacant"),
        pytest.param({"power": 0.0, "water": 60.0}, id="hardly used"),
        pytest.param({"power": 0.0, "water": None}, id="nothing to hold it against"),
        pytest.param({"power": 0.0, "received": 5.0}, id="solar"),
        pytest.param({"power": 3.0}, id="low but not near zero"),
        pytest.param({"power": 0.0, "coverage": 0.5}, id="not read"),
        pytest.param({"power": 0.0, "expected": 0.2}, id="never much"),
    ],
)
def test_what_is_no_evidence(what: dict[str, float | None]) -> None:
    stage = days(days(Stage(), 0, 5), 5, 20, **what)
    assert stage.lines == []


def test_a_vacant_home_is_known() -> None:
    stage = days(days(Stage(), 0, 5), 5, 9, power=0.0, water=0.0)
    known = stage.groups.premises.get(GROUP)
    assert known is not None
    assert known.vacant == 4


def test_nothing_is_added_to_a_loss_that_the_meter_itself_showed() -> None:
    stage = days(Stage(), 0, 5)
    stage.take(finding(POWER, line(POWER, "meter_fault", close_of(5)), GROUP))
    days(stage, 6, 12, power=0.0)
    assert stage.lines == []
    closed = line(POWER, "meter_fault", close_of(12) - 1, sequence=2, status="closed", opened=close_of(5))
    stage.take(finding(POWER, closed, GROUP))
    days(stage, 12, 16, power=0.0)
    assert stage.lines == [("power", "meter_fault", "opened")]


@pytest.mark.parametrize(("table", "noted"), [("on = false", []), ("shadow = true", ["opened", "closed"])])
def test_a_rule_that_is_off_or_in_shadow(table: str, noted: list[str]) -> None:
    stage = days(days(Stage(policy=Policy.from_toml(f"[rules.X1]\n{table}")), 0, 5), 5, 10, power=0.0)
    days(stage, 10, 12)
    assert (stage.lines, stage.said.cases) == ([], [])
    assert [one.decision for one in stage.said.decisions] == [f"shadow.anomaly.{status}" for status in noted]
