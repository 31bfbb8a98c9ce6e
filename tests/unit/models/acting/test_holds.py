"""Billing holds: drafts with money at stake, moved on by people only."""

import pytest

from models.contracts import Account
from tests.unit.models.acting.story import POWER, Story, at, closed, hours, names, said, updated

ACCOUNT = Account(account_id="a1", tariff_per_unit=0.3, currency="EUR")


def _story() -> Story:
    story = Story(accounts=[ACCOUNT])
    story.until(40, said("x", 10, "meter_fault", of=POWER, observed=2.0, expected=12.0))
    return story


def test_a_draft_holds_the_intervals_and_the_money() -> None:
    hold = _story().all.holds[0]
    assert (hold.status, hold.from_, hold.to, hold.reason) == ("draft", at(-14), at(10), "meter_fault")
    assert (hold.volume_at_stake, hold.unit, hold.amount_at_stake, hold.currency) == (10.0, "kWh", 3.0, "EUR")
    unknown = Story()
    unknown.until(40, said("x", 10, "meter_fault", of=POWER))
    assert (unknown.all.holds[0].amount_at_stake, unknown.all.holds[0].currency) == (0.0, "")


def test_a_draft_follows_its_anomaly_and_an_approved_one_does_not() -> None:
    story = _story()
    story.until(60, updated("x", 50, "meter_fault", opened=10, observed=3.0, expected=33.0, of=POWER))
    assert (story.all.holds[-1].to, story.all.holds[-1].amount_at_stake) == (at(50), 24.0)
    story.decision(story.all.holds[0], "approve")
    story.until(90, closed("x", 80, "meter_fault", opened=10, sequence=3, of=POWER))
    assert story.all.holds[-1].amount_at_stake == 24.0
    assert [(hold.sequence, hold.status) for hold in story.all.holds] == [(1, "draft"), (2, "draft"), (3, "approved")]
    drafted = _story()
    drafted.until(90, closed("x", 80, "meter_fault", opened=10, of=POWER))
    assert (drafted.all.holds[-1].status, drafted.all.holds[-1].to) == ("draft", at(80))


@pytest.mark.parametrize(
    ("decisions", "statuses"),
    [
        (["approve", "release"], ["approved", "released"]),
        (["reject"], ["rejected"]),
        (["release"], ["released"]),
        (["approve", "reject"], ["approved"]),
        (["reject", "approve"], ["rejected"]),
    ],
)
def test_people_move_it_on(decisions: list[str], statuses: list[str]) -> None:
    story = _story()
    hold = story.all.holds[0]
    for number, decision in enumerate(decisions):
        story.decision(hold, decision, f"d{number}")
        story.decision(hold, decision, f"d{number}")
    assert [line.status for line in story.all.holds[1:]] == statuses
    assert {line.decided_by for line in story.all.holds[1:]} == {"ann"}
    assert names(story.all).count("answer.ignored") == len(decisions) - len(statuses)
    story.until(24 * 40, updated("x", 60, "theft", opened=10, of=POWER))
    assert len(story.all.holds) == len(statuses) + 1, "what a person decided is not drafted again"


def test_a_draft_says_how_far_it_may_be_off() -> None:
    story = Story()
    line = said("x", 72, "meter_fault", of=POWER, start=at(0), observed=0.0, expected=10.0, expected_within=4.0)
    story.until(110, line)
    (hold,) = story.all.holds
    days = hours(hold.to) / 24
    assert hold.volume_at_stake == pytest.approx(10 * days)
    assert hold.volume_high - hold.volume_at_stake == pytest.approx(4 * days**0.5)
    assert hold.volume_low == pytest.approx(2 * hold.volume_at_stake - hold.volume_high)


def test_a_draft_that_nobody_decides_expires() -> None:
    story = _story()
    story.until(24 * 30)
    assert [(hold.status, hours(hold.updated_at)) for hold in story.all.holds] == [("draft", 34), ("expired", 34 + 336)]
    assert story.all.decisions[-1].inputs["reason"] == "nobody decided"


def test_a_draft_is_withdrawn_when_the_cause_is_another() -> None:
    story = _story()
    story.until(60, updated("x", 45, "unusual_use", opened=10, of=POWER))
    assert [(hold.status, hold.decided_by) for hold in story.all.holds] == [("draft", None), ("expired", None)]


def test_nothing_is_done_about_theft_that_is_unsure() -> None:
    story = Story()
    story.until(40, said("x", 10, "theft", of=POWER, firm=False))
    assert not story.all.holds
    assert not story.all.orders
    assert names(story.all) == ["action.none"]
