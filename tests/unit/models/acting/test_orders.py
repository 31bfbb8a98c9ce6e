"""Work orders: what is ordered for which cause, one at a time, and how orders end."""

from typing import Any

import pytest

from models.contracts import Meter, action_id
from tests.unit.models.acting.story import (
    GAS,
    POWER,
    Story,
    anomaly_id,
    at,
    claim,
    closed,
    hours,
    meter,
    names,
    said,
    updated,
    whys,
)

SHOP = meter("w9", customer_class="commercial")


@pytest.mark.parametrize(
    ("cause", "of", "more", "expected"),
    [
        ("leak", meter(), {}, None),
        ("leak", SHOP, {}, ("inspect", 3, 11)),
        ("leak", GAS, {}, ("safety", 1, 10)),
        ("burst", meter(), {}, ("repair", 1, 10)),
        ("burst", GAS, {}, ("safety", 1, 10)),
        ("meter_fault", POWER, {}, ("exchange", 3, 34)),
        ("meter_fault", meter(), {"rules": ("W13",)}, None),
        ("meter_fault", meter(), {"rules": ("W13", "D17")}, ("exchange", 3, 1426)),
        ("theft", POWER, {}, ("inspect", 2, 34)),
        ("theft", POWER, {"firm": False}, None),
        ("theft", POWER, {"firm": False, "rules": ("E1",)}, ("inspect", 2, 10)),
        ("unusual_use", POWER, {"rules": ("E1",)}, ("inspect", 2, 10)),
        ("unusual_use", POWER, {"rules": ("W7",)}, None),
        ("estimated_read_error", POWER, {}, None),
        ("estimated_read_error", POWER, {"rules": ("D1",)}, ("communication", 4, 34)),
        ("data_error", POWER, {}, ("inspect", 4, 34)),
        ("data_error", POWER, {"rules": ("D12",)}, None),
        ("data_error", POWER, {"rules": ("D12", "D2")}, ("inspect", 4, 34)),
        ("communication_fault", POWER, {}, ("communication", 4, 154)),
        ("meter_fault", POWER, {"rules": ("D17",)}, ("exchange", 3, 1426)),
    ],
)
def test_what_is_ordered_by_cause(cause: str, of: Meter, more: dict[str, Any], expected: object) -> None:
    story = Story()
    story.until(1500, said("x", 10, cause, of=of, **more))
    orders = [(order.work_type, order.priority, hours(order.created_at)) for order in story.all.orders]
    assert orders == ([] if expected is None else [expected])
    for order in story.all.orders:
        assert order.id == action_id(anomaly_id("x"), "work_order", 1)
        assert (order.problem, order.anomaly_ids, order.reported_at) == (cause, (anomaly_id("x"),), at(10))
        assert of.meter_id in order.summary


def test_evidence_is_appended_to_the_one_open_order() -> None:
    story = Story()
    story.until(
        80,
        said("x", 10, "burst", rules=("W6",)),
        updated("x", 12, "burst", opened=10, rules=("W6", "W15")),
        updated("x", 13, "burst", opened=10, sequence=3, rules=("W6",)),
        said("y", 20, "leak", of=meter(customer_class="industrial"), rules=("W2",)),
    )
    lines = [([e.rule for e in o.evidence], len(o.anomaly_ids), o.priority, o.status) for o in story.all.orders]
    assert lines == [
        (["W6"], 1, 1, "open"),
        (["W6", "W15"], 1, 1, "open"),
        (["W6", "W15", "W2"], 2, 1, "open"),
    ]
    assert [order.sequence for order in story.all.orders] == [1, 2, 3]
    assert len({order.id for order in story.all.orders}) == 1


def test_cancelled_when_all_have_closed() -> None:
    story = Story()
    story.until(30, said("x", 10, "burst"), said("y", 12, "burst"), closed("x", 20, "burst", opened=10))
    assert [order.status for order in story.all.orders] == ["open", "open"]
    story.until(40, closed("y", 35, "burst", opened=12))
    assert (story.all.orders[-1].status, story.all.orders[-1].reason) == ("cancelled", "cleared by itself")
    assert len({order.id for order in story.all.orders}) == 1


def test_a_claim_cancels_and_what_is_given_back_waits_again() -> None:
    story = Story()
    story.until(80, said("x", 10, "data_error", of=POWER), claim("x", 50), claim("x", 51, incident="i2"))
    assert [(o.status, hours(o.updated_at)) for o in story.all.orders] == [("open", 34), ("cancelled", 50)]
    assert [(h.status, hours(h.updated_at)) for h in story.all.holds] == [("draft", 34), ("expired", 50)]
    story.until(100, claim("x", 90, holds=False), updated("x", 95, "data_error", opened=10, of=POWER))
    assert len(story.all.orders) == 2
    story.until(200, claim("x", 110, holds=False, incident="i2"))
    assert [(o.status, hours(o.updated_at)) for o in story.all.orders][2:] == [("open", 134)]
    assert story.all.orders[2].id == action_id(anomaly_id("x"), "work_order", 2)
    assert story.all.holds[-1].id == action_id(anomaly_id("x"), "hold", 2)


def test_claimed_within_the_hold_off_nothing_is_ever_done() -> None:
    story = Story()
    story.until(400, said("x", 10, "data_error", of=POWER), claim("x", 10), claim("late", 10))
    story.until(900, said("late", 420, "meter_fault", of=POWER), closed("x", 450, "data_error", opened=10, of=POWER))
    assert names(story.all)[:2] == ["action.claimed", "action.claimed"]
    assert [order.problem for order in story.all.orders] == ["meter_fault"], "a claim that nothing followed runs out"
    before = Story()
    before.until(400, claim("x", 10), said("x", 11, "burst"))
    assert names(before.all) == ["action.claimed", "action.claimed"]


def test_a_crew_that_confirms_completes() -> None:
    story = Story()
    story.until(40, said("x", 10, "meter_fault", of=POWER))
    story.outcome(story.all.orders[0], "no_access", "o1")
    story.outcome(story.all.orders[0], "no_access", "o1")
    story.outcome(story.all.orders[0], "meter_changed", "o2")
    assert [(o.status, o.reason) for o in story.all.orders] == [
        ("open", ""),
        ("open", "no access"),
        ("completed", "meter changed"),
    ]
    story.until(100, updated("x", 50, "meter_fault", opened=10, confidence=0.95, of=POWER))
    story.outcome(story.all.orders[0], "confirmed", "o3")
    assert len(story.all.orders) == 3
    assert names(story.all)[-1] == "answer.ignored"


def test_after_not_found_nobody_is_sent_for_a_while() -> None:
    story = Story()
    story.until(40, said("x", 10, "meter_fault", of=POWER))
    story.outcome(story.all.orders[0], "not_found")
    story.until(80, closed("x", 41, "meter_fault", opened=10, of=POWER), said("y", 50, "theft", of=POWER))
    assert [order.status for order in story.all.orders] == ["open", "completed"]
    assert whys(story.all) == ["a crew found nothing"]
    later = 40 + 24 * 14 + 1
    story.until(later + 40, closed("y", 90, "theft", opened=50, of=POWER), said("z", later, "theft", of=POWER))
    assert [order.status for order in story.all.orders] == ["open", "completed", "open"]


def test_tampering_where_a_crew_is_or_was_is_no_news() -> None:
    there, gone = Story(), Story()
    there.until(60, said("x", 10, "burst"), said("t", 20, "unusual_use", of=POWER, rules=("E1",)))
    assert [order.problem for order in there.all.orders] == ["burst"]
    gone.until(12, said("x", 10, "burst"))
    gone.outcome(gone.all.orders[0], "confirmed")
    gone.until(30, said("t", 20, "unusual_use", of=POWER, rules=("E1",)))
    gone.until(60, said("u", 37, "unusual_use", of=POWER, rules=("E1",)))
    assert [(o.problem, hours(o.created_at)) for o in gone.all.orders if o.status == "open"] == [
        ("burst", 10),
        ("unusual_use", 37),
    ]
    assert whys(there.all) == whys(gone.all) == ["a crew is or was at the premise"]


def test_an_order_follows_the_cause() -> None:
    story = Story()
    story.until(80, said("x", 10, "meter_fault", of=POWER), updated("x", 40, "theft", opened=10, of=POWER))
    assert [(o.work_type, o.problem, o.sequence) for o in story.all.orders] == [
        ("exchange", "meter_fault", 1),
        ("inspect", "theft", 2),
    ]
    assert len({order.id for order in story.all.orders}) == 1
    story.until(99, updated("x", 85, "unusual_use", opened=10, sequence=3, of=POWER))
    assert (story.all.orders[-1].status, story.all.orders[-1].reason) == ("cancelled", "cause is now unusual_use")


def test_a_total_meter_has_no_customer() -> None:
    story = Story()
    district, transformer = meter("d1", is_total=True), POWER.model_copy(update={"is_total": True})
    story.until(80, said("x", 10, "leak", of=district), said("y", 10, "theft", of=transformer))
    assert [order.problem for order in story.all.orders] == ["leak", "theft"]
    assert not story.all.notifications
    assert not story.all.holds


def test_an_order_is_kept_while_its_cause_stays() -> None:
    less_sure, another = Story(), Story()
    less_sure.until(80, said("x", 10, "theft", of=POWER), updated("x", 40, "theft", opened=10, of=POWER, firm=False))
    assert [order.status for order in less_sure.all.orders] == ["open"]
    fault = said("x", 10, "meter_fault", of=POWER)
    another.until(80, fault, updated("x", 40, "theft", opened=10, of=POWER, firm=False))
    assert [order.status for order in another.all.orders] == ["open", "cancelled"]


def test_evidence_that_a_later_line_leaves_out_still_counts() -> None:
    story = Story()
    story.until(
        80,
        said("t", 10, "unusual_use", of=POWER, rules=("E1",)),
        updated("t", 20, "unusual_use", opened=10, of=POWER, severity="high"),
    )
    assert [order.status for order in story.all.orders] == ["open"]


def test_old_problems_go_to_review() -> None:
    story = Story()
    story.until(900, said("x", 10, "data_error", of=POWER), claim("x", 11), claim("x", 400, holds=False))
    assert [name for name in names(story.all) if name.startswith(("action.rev", "work"))] == ["action.review"]


def test_what_its_rules_say_too_often_a_person_looks_at_first() -> None:
    story = Story()
    story.until(
        80,
        said("x", 10, "data_error", of=POWER, review=True),
        updated("x", 40, "data_error", opened=10, of=POWER, review=True),
    )
    assert not story.all.orders
    assert not story.all.holds
    assert names(story.all) == ["action.review"]
    story.until(160, updated("x", 90, "data_error", opened=10, of=POWER, sequence=3))
    assert [order.status for order in story.all.orders] == ["open"], "another rule says so, too"
    assert [hold.status for hold in story.all.holds] == ["draft"]
    again = updated("x", 170, "data_error", opened=10, of=POWER, sequence=4, review=True)
    story.until(240, again)
    assert [order.status for order in story.all.orders] == ["open"], "it is out already"
    assert [hold.status for hold in story.all.holds if hold.status != "draft"] == []


def test_vacation_makes_a_leak_more_urgent() -> None:
    story = Story()
    story.context("vacation", 0, None)
    story.until(30, said("x", 10, "leak", of=SHOP))
    assert story.all.orders[0].priority == 2


def test_fleet_incidents_themselves_are_left_to_others() -> None:
    story = Story()
    incident = said("f", 10, "communication_fault")
    story.until(200, incident.model_copy(update={"event": incident.event.model_copy(update={"meter_id": None})}))
    assert not story.all.decisions
    assert not len(story.cases.cases)
