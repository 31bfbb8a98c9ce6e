"""Balances: what is missing behind a transformer or in a district, and on whom it falls."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from models.contracts import GroupDay
from models.deciding.balance import Balance
from models.domain.times import to_us
from tests import kit
from tests.support.grouped import Stage, close_of, day_of, finding, line, read, start_of

GROUP = "transformer:T1"
CHILDREN = [kit.meter(f"c{n}", "electricity", transformer_id="T1") for n in range(10)]
TOTAL = kit.meter("total", "electricity", transformer_id="T1", is_total=True)
QUIET = 20
"""Days before anything is wrong."""
Bent = Callable[[int, int], float]
"""(child, day) -> share of its use that its meter reads."""


def honest(_child: int, _day: int) -> float:
    return 1.0


def grid(day: int, reads: Bent = honest, loss: float = 0.04, **of_total: float) -> GroupDay:
    """Ten homes of about 10 kWh a day, read as `reads` says, and the meter that feeds them."""
    chance = np.random.default_rng(day)
    used = chance.normal(10, 1, len(CHILDREN))
    meters = [read(child, used[n] * reads(n, day), 10.0) for n, child in enumerate(CHILDREN)]
    supply = float(used.sum()) / (1 - loss + chance.normal(0, 0.003))
    return day_of(GROUP, day, [*meters, read(TOTAL, supply, **of_total)])


def run(reads: Bent, days: int = 40, stage: Stage | None = None, loss: float = 0.04) -> Stage:
    stage = stage or Stage()
    for day in range(days):
        stage.take(grid(day, reads, loss))
    return stage


def known(stage: Stage, group: str = GROUP) -> Balance:
    found = stage.groups.balances.get(group)
    assert found is not None
    return found


def by(child: int, left: float, since: int = QUIET, until: int = 10_000) -> Bent:
    """One child's meter reads only `left` of what it uses, from a day on."""
    return lambda n, day: left if n == child and since <= day < until else 1.0


def by_four(left: float, until: int = 10_000) -> Bent:
    """Four meters read only `left` of what they use, from a day on."""
    return lambda n, day: left if n < 4 and QUIET <= day < until else 1.0


def test_an_honest_grid_is_quiet_and_its_loss_is_learnt() -> None:
    stage = run(honest, 60, loss=0.06)
    assert stage.lines == []
    assert known(stage).loss == pytest.approx(0.06, abs=0.005)
    assert known(stage).spread < 0.015


def test_the_child_whose_drop_matches_is_named() -> None:
    stage = run(by(3, 0.2))
    (event,) = stage.said.events
    assert (event.meter_id, event.cause, event.status) == ("c3", "theft", "opened")
    assert [e.rule for e in event.evidence] == ["E6"]
    assert to_us(event.start) == start_of(QUIET)
    assert start_of(QUIET + 2) < to_us(event.detected_at) <= close_of(QUIET + 8)
    assert event.confidence > 0.6
    assert event.expected == pytest.approx(10)
    (said,) = stage.said.cases
    assert said.kind == "anomaly"
    assert said.meter == CHILDREN[3]


def test_a_larger_loss_is_found_sooner_but_not_from_a_single_day() -> None:
    found = [to_us(run(by_four(left)).said.events[0].detected_at) for left in (0.8, 0.5, 0.0)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == close_of(QUIET + 2)
    one_day = run(by_four(0.0, until=QUIET + 1))
    assert one_day.lines == []


def test_a_loss_on_nobody_in_particular_falls_on_the_total_meter() -> None:
    stage = run(honest, 15)
    for day in range(15, 40):
        stage.take(grid(day, loss=0.14))
    (event,) = stage.said.events
    assert (event.meter_id, event.cause, event.severity) == ("total", "theft", "medium")
    assert event.confidence < 0.4


def test_a_loss_older_than_the_readings_is_found_too() -> None:
    assert run(honest, 20, loss=0.15).lines == [("total", "theft", "opened")]


def test_it_ends_when_nothing_is_missing_any_more() -> None:
    stage = run(by(3, 0.2, until=35), 60)
    opened, closed = stage.said.events
    assert (closed.status, closed.id, closed.sequence) == ("closed", opened.id, 2)
    assert closed.end is not None
    assert to_us(closed.end) == start_of(35)
    assert to_us(closed.updated_at) == close_of(37)
    again = run(by(3, 0.2), 60)
    assert len(again.said.events) == 1


def test_a_child_with_a_loss_of_its_own_explains_it() -> None:
    stage = run(honest, QUIET)
    stage.take(finding(CHILDREN[3], line(CHILDREN[3], "theft", close_of(QUIET - 1) + 10), GROUP))
    run(by(3, 0.2, since=0), 1, stage)  # a day that was judged already
    for day in range(QUIET, 40):
        stage.take(grid(day, by(3, 0.2)))
    assert stage.lines == []
    assert "balance.explained" in {decision.decision for decision in stage.said.decisions}


@pytest.mark.parametrize("what", ["children", "total", "no total", "no children"])
def test_what_was_not_read_is_not_judged(what: str) -> None:
    stage = run(honest, QUIET)
    for day in range(QUIET, 40):
        whole = grid(day, by(3, 0.0))
        meters = dict(whole.meters)
        if what == "children":
            meters |= {f"c{n}": meters[f"c{n}"].model_copy(update={"coverage": 0.4}) for n in (0, 1)}
        elif what == "total":
            meters["total"] = meters["total"].model_copy(update={"coverage": 0.9})
        else:
            meters = {name: read for name, read in meters.items() if read.meter.is_total == (what == "no children")}
        stage.take(whole.model_copy(update={"meters": meters}))
    assert stage.lines == []


def test_what_customers_feed_in_is_supply() -> None:
    stage = Stage()
    solar = CHILDREN[0]
    for day in range(40):
        whole = grid(day)
        fed = 8.0 if day > QUIET else 0.0
        meters = dict(whole.meters)
        meters[solar.meter_id] = meters[solar.meter_id].model_copy(update={"received": fed})
        total = meters["total"]
        meters["total"] = total.model_copy(update={"total": total.total - fed})
        stage.take(whole.model_copy(update={"meters": meters}))
    assert stage.lines == []


def test_nothing_is_said_before_live_from_and_all_is_learnt() -> None:
    policy = dataclasses.replace(kit.POLICY, live_from=start_of(30))
    stage = run(by(3, 0.2), 29, Stage(policy=policy))
    assert stage.lines == []
    run_on = [grid(day, by(3, 0.2)) for day in range(29, 33)]
    stage.take(*run_on)
    assert stage.lines == [("c3", "theft", "opened")]
    assert to_us(stage.said.events[0].start) == start_of(QUIET)


DISTRICT = "transformer:D1"
TAPS = [kit.meter(f"w{n}", "water", transformer_id="D1") for n in range(10)]
MAIN = kit.meter("main", "water", unit="m3", transformer_id="D1", is_total=True)


def district(day: int, leaking: float) -> GroupDay:
    """Ten homes of about 300 L, and what runs away in the street: a sixth always, `leaking` more."""
    used = np.random.default_rng(day).normal(300, 30, len(TAPS))
    meters = [read(tap, used[n], 300.0) for n, tap in enumerate(TAPS)]
    return day_of(DISTRICT, day, [*meters, read(MAIN, (float(used.sum()) + 600 + leaking) / 1000)])


def test_a_leak_in_the_street_falls_on_the_main() -> None:
    stage = Stage()
    for day in range(40):
        stage.take(district(day, 480.0 if day >= QUIET else 0.0))
    (event,) = stage.said.events
    assert (event.meter_id, event.cause, event.evidence[0].rule) == ("main", "leak", "W12")
    assert event.rate == pytest.approx(20, rel=0.3)  # L/h


def test_what_always_leaks_in_a_district_is_usual() -> None:
    stage = Stage()
    for day in range(40):
        stage.take(district(day, 0.0))
    assert stage.lines == []
