"""Figures of labelled data on records that can be worked out by hand."""

import dataclasses
from typing import Any

import pytest

from evaluation.kinds import Service, placebo
from evaluation.labelled import figures
from evaluation.page import page
from evaluation.record import Plain, Record
from evaluation.side import side_by_side
from tests.support.records import DAY_0, act, event, line, record

QUIET = [0.1] * 10


def one_theft(**more: Any) -> Record:
    """A theft from the third day on, found a day later; three clean meters, one of which is called stuck."""
    return record(
        {"t": [0.1, 0.1, 0.1, *[0.9] * 7], "a": QUIET, "b": QUIET, "c": [*QUIET[:5], 0.95, *QUIET[:4]]},
        [event("t", "h1", 3, 10, "theft")],
        [line("x", "t", "theft", 4), line("y", "c", "meter_fault", 6)],
        actions={"work_orders": [act("o", "c", 7)], "notifications": [], "holds": []},
        **more,
    )


def electricity(*records: Record) -> Plain:
    found: Plain = figures(records)["services"]["electricity"]
    return found


def test_found_how_soon_and_against_clean_meters() -> None:
    h1 = electricity(one_theft())["kinds"]["h1"]
    assert (h1["events"], h1["right"]["value"], h1["any"]["value"]) == (1, 1.0, 1.0)
    assert h1["delay_h"] == {"median": 24.0, "each": [24.0]}
    assert {hours: share["value"] for hours, share in h1["within_h"].items() if hours in ("2", "25")} == {
        "2": 0,
        "25": 1,
    }
    assert h1["placebo"] == {"right": 0.0, "any": pytest.approx(1 / 3)}


def test_placebo_asks_for_the_same_window_and_cause_on_clean_meters() -> None:
    said = [line("x", "a", "theft", 4), line("y", "b", "theft", 2.5), line("z", "c", "leak", 4)]
    of = record({"t": QUIET, "a": QUIET, "b": QUIET, "c": QUIET}, [event("t", "h1", 3, 5, "theft")], said)
    service = Service("electricity", [of])
    assert placebo(service.events, service) == {"right": pytest.approx(1 / 3), "any": pytest.approx(2 / 3)}


def test_days_with_an_event_are_held_against_the_same_days_of_clean_meters() -> None:
    days = electricity(one_theft())["kinds"]["h1"]["days"]
    assert (days["odd_days"], days["clean_days"]) == (7, 21)
    assert days["roc"]["value"] == pytest.approx(20 / 21)
    assert days["found_7_at_1"]["value"] == 0
    assert days["curve"][0] == (0, 0)
    assert days["curve"][-1] == (1, 1)


def test_false_alarms_and_actions_are_per_thousand_days_of_clean_meters() -> None:
    alarms = electricity(one_theft())["false_alarms"]
    assert (alarms["clean_meters"], alarms["clean_days"], alarms["anomalies"]) == (3, 30, 1)
    assert alarms["any"]["value"] == pytest.approx(1000 / 30)
    assert alarms["any"]["low"] == 0
    assert alarms["by_rule"] == {"R1": pytest.approx(1000 / 30)}
    assert alarms["by_cause"].keys() == {"meter_fault"}
    assert (alarms["actions"]["work_orders"], alarms["visible"]["value"]) == (1, pytest.approx(1000 / 30))


def test_what_is_said_of_a_labelled_meter_and_not_of_its_event_stands_apart() -> None:
    said = [line("x", "t", "theft", 2), line("y", "a", "theft", 2)]
    alarms = electricity(record({"t": QUIET, "a": QUIET}, [event("t", "h1", 3, 10, "theft")], said))["false_alarms"]
    assert (alarms["anomalies"], alarms["elsewhere"]) == (1, 1)


def test_what_was_before_the_system_is_live_does_not_count() -> None:
    alarms = electricity(one_theft(live_from=DAY_0 + 8 * 86_400_000_000))["false_alarms"]
    assert (alarms["clean_days"], alarms["anomalies"], alarms["actions"]["work_orders"]) == (6, 0, 0)


def test_several_records_are_one_sample() -> None:
    two = electricity(one_theft(), one_theft())
    assert two["kinds"]["h1"]["events"] == 2
    assert two["false_alarms"]["clean_days"] == 60
    assert two["kinds"]["h1"]["days"]["roc"]["value"] == pytest.approx(20 / 21)


def test_look_alikes_may_be_called_unusual_and_nothing_worse() -> None:
    of = record(
        {"a": QUIET, "b": QUIET, "c": QUIET},
        [event("a", "vacation", 3, 6), event("b", "vacation", 3, 6)],
        [line("x", "a", "unusual_use", 4), line("y", "b", "theft", 4)],
        actions={"work_orders": [act("o", "b", 5)]},
    )
    vacation = electricity(of)["look_alikes"]["vacation"]
    assert [vacation[name]["value"] for name in ("flagged", "theft", "visible")] == [0.5, 0.5, 0.5]
    assert vacation["said"] == {"theft": 1, "unusual_use": 1}


def test_of_water_meters_those_that_leak_by_themselves_are_left_out() -> None:
    said = [line("x", "a", "leak", 4), line("y", "b", "leak", 4)]
    actions = {"notifications": [act("n", "a", 4), act("m", "b", 4)]}
    of = record({"a": QUIET, "b": QUIET}, [], said, service="water", own_flow=frozenset({"a"}), actions=actions)
    alarms = figures([of])["services"]["water"]["false_alarms"]
    leaks = alarms["leaks_without_own"]
    assert (leaks["meters"], leaks["days"]) == (1, 10)
    assert (leaks["leak"]["value"], leaks["notices"]["value"], alarms["any"]["value"]) == (100, 100, 100)
    unknown = record({"a": QUIET}, service="water", own_flow=None)
    assert figures([unknown])["services"]["water"]["false_alarms"]["leaks_without_own"] is None


def test_what_was_never_said_falsely_of_gas_is_a_figure_too() -> None:
    of = record({"a": QUIET, "b": QUIET}, [event("b", "leak_60", 3, 6, "leak")], service="gas")
    asked = {one["name"]: one["value"] for one in figures([of])["figures"]}
    assert asked["false leaks per 1,000 clean days"] == 0
    assert "stopped: right cause" not in asked


def test_a_group_has_its_kinds_together_and_their_mean() -> None:
    of = record(
        {"t": [0.9] * 10, "u": [0.05] * 10, "a": QUIET},
        [event("t", "h1", 3, 10, "theft"), event("u", "h6", 3, 10, "theft")],
    )
    group = electricity(of)["groups"]["h1-h6"]
    assert (group["events"], group["days"]["roc"]["value"], group["roc_mean_of_kinds"]) == (2, 0.5, 0.5)


def test_an_incident_of_a_fleet_is_told_with_what_was_done_about_it() -> None:
    meters = {f"m{n}": QUIET for n in range(8)}
    incident = {**line("x", "", "data_error", 4), "meter_id": None, "meters": list(meters)}
    old, new = line("old", "m1", "leak", 1), line("new", "m2", "leak", 4)
    of = record(
        meters,
        [event(meter, "unit_step", 3, 5, "data_error") for meter in meters],
        [old, incident, new],
        actions={"work_orders": [act("o", "m1", 4, "old"), act("p", "m2", 4, "new"), act("q", "m2", 9, "new")]},
    )
    (fault,) = figures([of])["fleet_faults"]
    assert (fault["meters"], fault["right"], fault["actions"]["work_orders"]) == (8, 8, 1)


def test_calibration_holds_confidence_against_what_is_so() -> None:
    said = [
        line("x", "t", "leak", 4, confidence=0.6),
        line("x", "t", "theft", 5, confidence=0.9, detected_at=line("", "", "", 4)["detected_at"]),
        line("y", "a", "theft", 4, confidence=0.9),
        line("z", "v", "unusual_use", 4, confidence=0.5),
    ]
    of = record(
        {"t": QUIET, "a": QUIET, "v": QUIET}, [event("t", "h1", 3, 8, "theft"), event("v", "vacation", 3, 8)], said
    )
    found = figures([of])["calibration"]
    assert found["bins"] == [(0.5, 1.0, 1), (0.9, 0.5, 2)]
    assert found["ece"] == pytest.approx((0.5 + 2 * 0.4) / 3)
    assert found["mean_over_causes"] == pytest.approx((0.4 + 0.5) / 2)


def test_the_figures_asked_for_first_have_names() -> None:
    named = {one["name"]: one for one in figures([one_theft()])["figures"]}
    assert named["orders, notices and holds per 1,000 clean days"]["value"] == pytest.approx(1000 / 30)
    assert named["clock shift: false per 1,000 clean days"]["value"] == 0
    assert "running toilet: right cause within 5 days" not in named


def test_nothing_labelled_and_nothing_said() -> None:
    alone = figures([record({"a": QUIET})])
    assert alone["services"]["electricity"]["kinds"] == {}
    assert alone["services"]["electricity"]["false_alarms"]["any"]["value"] == 0
    all_odd = figures([record({"t": QUIET}, [event("t", "h1", 3, 10, "theft")])])
    assert all_odd["services"]["electricity"]["kinds"]["h1"]["days"]["roc"] is None
    assert all_odd["services"]["electricity"]["false_alarms"]["any"] is None
    for result in (alone, all_odd):
        assert page(result, "meterwatch evaluate").endswith("</html>\n")


def test_ways_stand_side_by_side() -> None:
    whole, nothing = figures([one_theft()]), figures([dataclasses.replace(one_theft(), lines=(), actions={})])
    sides = side_by_side({"all": whole, "nothing": nothing})["electricity"]
    assert sides["ways"] == ["all", "nothing"]
    assert [sides["kinds"]["h1"][way]["named"]["value"] for way in sides["ways"]] == [1, 0]
    assert sides["alarms"]["anomalies"]["nothing"]["value"] == 0
    assert side_by_side({"all": whole}, said=False)["electricity"]["alarms"] == {}
