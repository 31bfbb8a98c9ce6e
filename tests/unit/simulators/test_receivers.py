"""Receiving systems without Kafka: what lines do, what is dropped, what is answered and when."""

import asyncio
import contextlib
import datetime as dt
import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from aiokafka.errors import KafkaConnectionError

from models.contracts import Contract
from models.domain.times import DAY, HOUR, to_datetime
from simulators.receivers.billing import Billing, Verdict
from simulators.receivers.consumer import Receiver
from simulators.receivers.field_ops import FieldOps, Found
from simulators.receivers.journal import Journal
from simulators.receivers.notifier import Notifier
from tests.support.actions import RELEASED, action, hold, notification, work_order

R = TypeVar("R", bound=Receiver[Any])


class Record(NamedTuple):
    """What is looked at of a Kafka record."""

    value: bytes | None
    offset: int = 0
    headers: Sequence[tuple[str, bytes]] = ()
    topic: str = "topic"
    partition: int = 0


@contextlib.contextmanager
def opened(receiver: R, state: Path) -> Iterator[R]:
    """A receiver with its journal and without its Kafka."""
    receiver.journal = Journal(state, receiver.tables)
    with contextlib.closing(receiver.journal):
        yield receiver


def give(receiver: Receiver[Any], *lines: Any) -> None:
    """Lines, as one poll brings them."""
    with receiver.journal:
        for offset, line in enumerate(lines):
            value = line.model_dump_json().encode() if isinstance(line, Contract) else line
            receiver.take_record(Record(value, offset))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "made" / "on" / "demand.db"


def test_every_line_takes_effect_once_however_often_it_comes(state: Path) -> None:
    lines = [work_order(1), work_order(2), work_order(1, 2, priority=1), work_order(2, 2, status="cancelled")]
    with opened(FieldOps("", state), state) as ops:
        give(ops, *lines, *lines, lines[0])
        assert (ops.repeats, ops.counts()) == (5, {"ordered": 2, "updated": 1, "cancelled": 1, "repeats": 5})
    with opened(FieldOps("", state), state) as again:
        give(again, *lines)
        assert again.effects() == {line.ce_id: 1 for line in lines}
        assert [(order.status, order.priority) for order in again.lines()] == [("open", 1), ("cancelled", 2)]


def test_a_poll_that_does_not_end_has_not_been(state: Path) -> None:
    with opened(Notifier("", state), state) as notifier:
        no_record: Any = None
        poll = [Record(notification(1).model_dump_json().encode()), no_record]
        with pytest.raises(AttributeError), notifier.journal:
            list(map(notifier.take_record, poll))
        assert (notifier.effects(), notifier.outbox()) == ({}, [])


def test_what_is_no_line_of_ours_is_set_aside(state: Path) -> None:
    good = notification(1)
    text = good.model_dump_json().encode()
    with opened(Notifier("", state), state) as notifier, notifier.journal:
        for offset, record in enumerate(
            (
                Record(None),
                Record(b"{"),
                Record(text.replace(b"email", b"pigeon")),
                Record(text, headers=[("ce_id", b"another")]),
                Record(text, headers=[("ce_specversion", b"0.3")]),
            )
        ):
            notifier.take_record(record._replace(offset=offset))
        assert notifier.counts() == {"refused": 5}
        notifier.take_record(Record(text, headers=[("ce_specversion", b"1.0"), ("ce_id", good.ce_id.encode())]))
        assert notifier.counts() == {"refused": 5, "sent": 1}


def test_a_notice_is_one_text_to_an_address_that_only_the_notifier_knows(state: Path) -> None:
    known = {("account-1", "email"): "one@homes.example"}

    def directory(account_id: str, channel: str) -> str | None:
        return known.get((account_id, channel))

    with opened(Notifier("", state, directory=directory), state) as notifier:
        give(notifier, notification(1), notification(2), notification(1, 2, text="Still."))
        assert notifier.outbox() == [(action(1), "email", "one@homes.example", "en", notification(1).text)]
        assert notifier.counts() == {"sent": 1, "undeliverable": 1, "not sent again": 1}


def due(receiver: Receiver[Any], time: int) -> list[Any]:
    """The answers that are due by `time`, marked as said."""
    answers = []
    for text in receiver.journal.due(time):
        line = receiver.contract.model_validate_json(text)
        answer = receiver.answer(line)
        receiver.journal.answered(line.id, None if answer is None else (answer.id, answer.model_dump_json()))
        answers += [answer] if answer else []
    return answers


def test_an_order_is_worked_when_its_time_has_come_and_answered_once(state: Path) -> None:
    def truth(order: Any) -> Found:
        return Found("confirmed", "theft", "seal broken") if order.meter_id == "meter-1" else Found("not_found")

    with opened(FieldOps("", state, outcome_for=truth, work_h={1: 2, 2: 24}), state) as ops:
        give(ops, work_order(1), work_order(2), work_order(3), work_order(3, 2, status="cancelled"))
        assert due(ops, RELEASED + 24 * HOUR - 1) == []
        give(ops, work_order(2, 2, priority=1))
        (first,) = due(ops, RELEASED + 2 * HOUR)
        assert (first.order_id, first.outcome, first.cause) == (action(2), "not_found", None)
        (second,) = due(ops, RELEASED + 30 * DAY)
        assert (second.outcome, second.cause, second.note) == ("confirmed", "theft", "seal broken")
        assert second.at == to_datetime(RELEASED + 24 * HOUR)
        assert second.premise_id == "premise-1"
        give(ops, work_order(1, 2), work_order(2, 3, status="completed"))
        assert due(ops, RELEASED + 30 * DAY) == []


def test_an_answer_said_again_is_the_same_one(state: Path) -> None:
    ops, clerk = FieldOps("", state), Billing("", state)
    assert ops.answer(work_order(1)) == ops.answer(work_order(1))
    assert clerk.answer(hold(1)) == clerk.answer(hold(1))
    approved = clerk.answer(hold(1, 2, status="approved"))
    assert approved is not None
    assert clerk.answer(hold(1)) != approved


def test_a_clerk_approves_and_releases_and_may_leave_it(state: Path) -> None:
    def clerk(of: Any) -> Verdict | None:
        if of.meter_id == "meter-3":
            return None
        return Verdict("release" if of.status == "approved" else "reject" if of.meter_id == "meter-2" else "approve")

    week = 168 * HOUR
    with opened(Billing("", state, clerk=clerk), state) as billing:
        give(billing, hold(1), hold(2), hold(3))
        said = due(billing, RELEASED + 24 * HOUR)
        assert {(decision.hold_id, decision.decision) for decision in said} == {
            (action(1), "approve"), (action(2), "reject"),
        }  # fmt: skip
        within = to_datetime(RELEASED - HOUR)
        assert not billing.held("account-1", within)
        give(billing, hold(1, 2, status="approved"), hold(2, 2, status="rejected"))
        assert billing.held("account-1", within)
        assert not billing.held("account-1", within + dt.timedelta(days=1))
        assert not billing.held("account-2", within)
        assert due(billing, RELEASED + week) == []
        (release,) = due(billing, RELEASED + week + HOUR)
        assert (release.decision, release.hold_id) == ("release", action(1))
        give(billing, hold(1, 3, status="released"))
        assert not billing.held("account-1", within)
        assert billing.counts() == {"draft": 3, "approved": 1, "rejected": 1, "released": 1, "answered": 3}


def test_time_is_what_lines_tell_and_what_it_is_told(state: Path) -> None:
    with opened(FieldOps("", state), state) as ops:
        give(ops, work_order(1, 3))
        assert ops.time == RELEASED + 2 * HOUR
        ops.advance(RELEASED)
        assert ops.time == RELEASED + 2 * HOUR
        ops.advance(RELEASED + DAY)
        assert ops.time == RELEASED + DAY


async def _start(receiver: Receiver[Any]) -> None:
    async with receiver:
        raise AssertionError("there is no Kafka")


def test_without_a_kafka_it_says_so_and_leaves_nothing_open(state: Path) -> None:
    with pytest.raises(KafkaConnectionError):
        asyncio.run(_start(FieldOps("127.0.0.1:1", state)))
    gc.collect()
