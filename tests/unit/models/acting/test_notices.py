"""Notices: when they go out, to whom, in which words, and when they do not."""

import datetime as dt
import re
from typing import Literal

import pytest

from models.acting.notices import opens
from models.acting.wording import text
from models.contracts import Account
from models.domain.times import to_datetime, to_us
from models.scoring.policy import Policy
from tests.unit.models.acting.story import (
    GAS,
    Story,
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


def test_a_leak_is_told_after_the_hold_off() -> None:
    story = Story()
    assert not story.until(10.9, said("x", 10, "leak", rate=11.7)).notifications
    notice = story.until(12).notifications[0]
    assert (hours(notice.created_at), notice.channel, notice.language, notice.template) == (11, "email", "en", "leak/1")
    assert re.search("since 2026-03-01 10:00, about 12 litres an hour.*may indicate a leak.*toilet.*taps", notice.text)
    assert names(story.all) == ["notification.sent"]
    assert story.all.decisions[0].versions == {"policy": story.policy.digest, "wording": "leak/1"}


@pytest.mark.parametrize(
    ("rules", "told"),
    [(("W1", "W14"), 34), (("W4",), 34), (("W16",), 106), (("W16", "W1"), 34), (("W6",), 11)],
)
def test_a_leak_is_told_when_it_has_lasted(rules: tuple[str, ...], told: float) -> None:
    """Since a day before it was detected: for two days, for five if it comes and goes."""
    story = Story()
    story.until(120, said("x", 10, "leak", rules=rules, evidence_end=at(10)))
    assert [hours(notice.created_at) for notice in story.all.notifications] == [told]
    stopped = Story()
    stopped.until(120, said("x", 10, "leak", rules=rules), closed("x", 10.5, "leak", opened=10))
    assert whys(stopped.all) == ["closed within its hold-off"]


def test_what_closes_within_its_hold_off_leads_to_an_audit_entry_only() -> None:
    story = Story()
    story.until(20, said("x", 10, "leak"), closed("x", 10.5, "leak", opened=10))
    assert names(story.all) == ["action.withheld"]
    assert whys(story.all) == ["closed within its hold-off"]


def test_nights_are_waited_for_and_mornings_look_again() -> None:
    story = Story()
    story.until(100, said("x", 20, "leak"))
    assert [hours(notice.created_at) for notice in story.all.notifications] == [32]
    closing, claiming = Story(), Story()
    closing.until(100, said("x", 20, "leak"), closed("x", 30, "leak", opened=20))
    claiming.until(100, said("x", 20, "leak"), claim("x", 31))
    assert not closing.all.notifications
    assert whys(closing.all) == ["closed before it was sent"]
    assert names(claiming.all) == ["action.claimed"]


@pytest.mark.parametrize(
    ("zone", "given", "opening"),
    [
        ("UTC", "2026-03-02T07:59:59Z", "2026-03-02T08:00:00Z"),
        ("UTC", "2026-03-02T19:59:59Z", "2026-03-02T19:59:59Z"),
        ("UTC", "2026-03-02T20:00:00Z", "2026-03-03T08:00:00Z"),
        ("America/Denver", "2026-03-08T04:30:00Z", "2026-03-08T14:00:00Z"),
        ("America/Denver", "2026-03-07T04:30:00Z", "2026-03-07T15:00:00Z"),
        ("Asia/Shanghai", "2026-03-02T12:30:00Z", "2026-03-03T00:00:00Z"),
    ],
)
def test_mornings_are_those_of_the_meter(zone: str, given: str, opening: str) -> None:
    time = to_us(dt.datetime.fromisoformat(given))
    assert to_datetime(opens(time, zone, Policy.default())) == dt.datetime.fromisoformat(opening)


def test_weekly_while_the_flow_persists() -> None:
    story = Story()
    story.until(24 * 16, said("x", 10, "leak"))
    week = 24 * 7
    assert [hours(notice.created_at) for notice in story.all.notifications] == [11, 11 + week, 11 + 2 * week]
    assert len({notice.id for notice in story.all.notifications}) == 3
    story.until(24 * 40, closed("x", 24 * 16, "leak", opened=10))
    assert len(story.all.notifications) == 3


def test_a_new_leak_within_a_week_is_a_repeat() -> None:
    story = Story()
    story.until(24 * 8, said("x", 10, "leak"), closed("x", 20, "leak", opened=10), said("y", 50, "leak"))
    assert [hours(notice.created_at) for notice in story.all.notifications] == [11, 11 + 24 * 7]


def test_a_repeat_is_withheld_while_the_meter_is_silent() -> None:
    story = Story()
    story.until(24 * 8, said("x", 10, "leak"), said("s", 30, "communication_fault"))
    assert len(story.all.notifications) == 1
    assert whys(story.all) == ["the meter is silent"]


def test_a_burst_after_a_leak_is_news_but_not_within_a_day() -> None:
    story = Story()
    story.until(60, said("x", 10, "leak"), updated("x", 12, "burst", opened=10))
    assert [(notice.template, hours(notice.created_at)) for notice in story.all.notifications] == [
        ("leak/1", 11),
        ("burst/1", 35),
    ]


def test_what_is_pending_follows_the_new_cause() -> None:
    story = Story()
    story.until(60, said("x", 21, "leak"), updated("x", 30, "unusual_use", opened=21))
    assert not story.all.notifications
    assert names(story.all) == ["action.none"]


def test_one_notice_a_day_over_all_meters_of_an_account() -> None:
    story = Story()
    other = meter("w2", premise_id="p2")
    story.until(100, said("x", 10, "leak"), said("y", 12, "leak", of=other))
    assert [(n.meter_id, hours(n.created_at)) for n in story.all.notifications] == [("w1", 11), ("w2", 35)]


def test_old_trouble_goes_to_review() -> None:
    backlog, late, slow, waited = Story(), Story(), Story(), Story("[acting]\nhold_off_h = 49")
    backlog.until(300, said("x", 200, "leak", start=at(200 - 121)))
    late.until(300, said("x", 200, "leak", evidence_end=at(150)))
    slow.until(300, said("x", 200, "leak", start=at(200 - 500), evidence_end=at(199)))
    waited.until(300, said("x", 200, "leak"))
    assert names(slow.all) == ["notification.sent"]
    for story in (backlog, late, waited):
        assert names(story.all) == ["action.review"]


def test_opt_outs_and_channels() -> None:
    def sent(**account: object) -> list[tuple[str, str]]:
        story = Story(accounts=[Account.model_validate({"account_id": "a1", **account})])
        story.until(30, said("x", 10, "leak"))
        return [(notice.channel, notice.language) for notice in story.all.notifications] or [
            ("none", whys(story.all)[0])
        ]

    assert sent() == [("email", "en")]
    assert sent(channels="sms,email", language="es-MX") == [("sms", "es")]
    assert sent(channels="sms,phone", opt_out="sms", language="zh") == [("phone", "zh")]
    assert sent(channels="fax,post", language="fr") == [("post", "en")]
    assert sent(opt_out="burst") == [("email", "en")]
    for refused in ("leak", "all", "email"):
        assert sent(opt_out=refused) == [("none", "opted out")]


def test_irrigation_explains_a_leak_and_vacation_does_not() -> None:
    ended, endless, vacation = Story(), Story(), Story()
    for story, kind, end in ((ended, "irrigation", 20), (endless, "pool", None), (vacation, "vacation", 90)):
        story.context(kind, 0, end)
        story.until(60, said("x", 10, "leak", evidence_end=at(10)))
    assert [hours(notice.created_at) for notice in ended.all.notifications] == [56]
    assert whys(ended.all) == whys(endless.all) == ["it is explained"]
    assert not endless.all.notifications
    assert ended.all.decisions[0].inputs["contexts"][0]["kind"] == "irrigation"
    assert "nobody is at home" in vacation.all.notifications[0].text


def test_gas_and_theft_are_never_told() -> None:
    story = Story()
    story.until(100, said("x", 10, "leak", of=GAS), said("y", 10, "burst", of=GAS), said("z", 10, "theft", of=GAS))
    assert not story.all.notifications
    assert [(order.work_type, order.priority, hours(order.created_at)) for order in story.all.orders][:1] == [
        ("safety", 1, 10)
    ]


@pytest.mark.parametrize("language", ["en", "es", "zh", None])
@pytest.mark.parametrize("kind", ["leak", "burst"])
@pytest.mark.parametrize("rate", [None, 0.004, 1.26, 99_999.0, 3e9])
def test_texts_fit_and_say_what_they_must(
    language: str | None, kind: Literal["leak", "burst"], rate: float | None
) -> None:
    spoken, short = text(kind, language, "2026-03-02 10:00", rate, short=True, away=True)
    _, long = text(kind, language, "2026-03-02 10:00", rate, short=False, away=False)
    assert len(short) <= 160
    assert "STOP" in short
    assert {"en": "HELP", "es": "HELP", "zh": "HELP"}[spoken] in short
    for words in (short, long):
        assert "2026-03-02 10:00" in words
        assert {"en": "may indicate a", "es": "uede indicar una", "zh": "可能表示"}[spoken] in words
        assert ({"en": "litres", "es": "litros", "zh": "升"}[spoken] in words) == (rate is not None)
        assert "{" not in words
