"""However sources interleave, batches are cut and crashes repeat records: the same actions and the same audit trail."""

import dataclasses
import itertools
import random
from collections.abc import Sequence
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from models.acting.audit import Chain, verify
from models.acting.cases import Cases
from models.acting.respond import Actions, respond
from models.contracts import (
    Account,
    AnomalySaid,
    AuditEntry,
    BillingDecision,
    CaseRecord,
    Claim,
    Context,
    ContextGiven,
    DecisionGiven,
    FieldOutcome,
    Mark,
    OutcomeGiven,
    action_id,
)
from models.domain.causes import CAUSES, FAMILY
from models.scoring.policy import Policy
from tests.unit.models.acting.story import GAS, POWER, SOURCES, anomaly_id, at, claim, closed, meter, said, updated

METERS = (meter(), POWER, GAS, meter("w2", customer_class="commercial"), meter("w3", premise_id="p3"))
ACCOUNTS = {"a1": Account(account_id="a1", tariff_per_unit=0.2, currency="EUR", channels=["sms"])}
END_H = 24 * 45
Numbered = list[tuple[int, CaseRecord]]


@st.composite
def _lives(draw: st.DrawFn) -> list[AnomalySaid | Claim]:
    """Lives of a few anomalies, with claims; hours on a coarse grid, so that things often happen at the same time."""
    records: list[AnomalySaid | Claim] = []
    for number in range(draw(st.integers(1, 6))):
        name, of = f"x{number}", draw(st.sampled_from(METERS))
        hour = opened = draw(st.integers(0, 60)) * 6
        source = draw(st.sampled_from(SOURCES[:2]))
        more: dict[str, Any] = {"of": of, "source": source, "observed": 5.0, "expected": 9.0}
        more["rules"] = draw(st.sampled_from([(), ("E1",), ("D1", "W1")]))
        cause = draw(st.sampled_from(CAUSES))
        records.append(said(name, hour, cause, rate=12.0, **more))
        for sequence in range(2, draw(st.integers(2, 5))):
            hour += draw(st.integers(0, 20)) * 6
            cause = draw(st.sampled_from(CAUSES))
            records.append(updated(name, hour, cause, opened=opened, sequence=sequence, **more))
        if draw(st.booleans()):
            hour += draw(st.integers(0, 20)) * 6
            records.append(closed(name, hour, cause, opened=opened, sequence=9, **more))
        holds = True
        for _ in range(draw(st.integers(0, 3))):
            begin = opened + draw(st.integers(0, 30)) * 6
            incident = draw(st.sampled_from(["i1", "i2"]))
            one = claim(name, begin, holds=holds, incident=incident)
            records.append(one.model_copy(update={"premise_id": of.premise}))
            holds = not holds
    return records


def _log(lives: Sequence[AnomalySaid | Claim], luck: random.Random, crashes: int) -> Numbered:
    """An input: each source in order of time with marks in between, interleaved, with stretches said again."""
    queues: list[list[CaseRecord]] = []
    for source in SOURCES:
        mine: list[CaseRecord] = []
        own = sorted((r for r in lives if r.source == source), key=lambda r: (r.at, r.name))
        for record in own:
            if luck.random() < 0.6:
                mine.append(Mark(source=source, at=record.at))
            mine.append(record)
        mine.append(Mark(source=source, at=at(END_H)))
        for _ in range(crashes):
            begin = luck.randrange(len(mine))
            end = luck.randrange(begin, len(mine)) + 1
            mine[end:end] = mine[begin:end]
        queues.append(mine)
    log: list[CaseRecord] = []
    while any(queues):
        log.append(luck.choice([queue for queue in queues if queue]).pop(0))
    return list(enumerate(log))


def _run(
    log: Numbered, luck: random.Random, restart: Literal["never", "changes", "arrays"] = "never"
) -> tuple[Actions, list[AuditEntry], Cases]:
    """Through `respond` in random batches; what was read may come again. Optionally from new state after each batch."""
    policy, cases, chain = Policy.default(), Cases(0, SOURCES), Chain("respond", 0)
    written: dict[bytes, bytes | None] = {}
    everything, trail, done = Actions(), [], 0
    while done < len(log):
        end = min(len(log), done + luck.choice([1, 2, 5, 40]))
        actions = respond(log[max(0, done - luck.randrange(3)) : end], cases, policy, ACCOUNTS)
        for field in dataclasses.fields(Actions):
            getattr(everything, field.name).extend(getattr(actions, field.name))
        trail += [chain.write(decision) for decision in actions.decisions]
        done = end
        changes = cases.changes()
        cases.settle()
        if restart == "changes":
            for key, value in changes:
                written.pop(key, None)
                written[key] = value
            cases = Cases(0, SOURCES)
            for key, value in written.items():
                cases.apply(key, value)
        elif restart == "arrays":
            arrays = cases.arrays()
            cases = Cases(0, SOURCES)
            cases.restore(arrays)
    return everything, trail, cases


@settings(max_examples=40, deadline=None)
@given(_lives(), st.integers(0, 1000))
def test_order_batches_and_crashes_do_not_matter(lives: list[AnomalySaid | Claim], seed: int) -> None:
    luck = random.Random(seed)
    plain, trail, _ = _run(_log(lives, luck, 0), luck)
    for crashes in (0, 2):
        again, same_trail, _ = _run(_log(lives, luck, crashes), luck)
        assert again == plain
        assert same_trail == trail
    assert verify(trail) == []
    _sound(plain)


def _sound(actions: Actions) -> None:
    """What must hold for whatever comes: lines in sequence, one open order, hours kept, one notice a day, no person."""
    last: dict[str, int] = {}
    for line in (*actions.orders, *actions.holds):
        assert line.sequence == last.get(line.id, 0) + 1
        last[line.id] = line.sequence
    open_orders: dict[str, tuple[str, str]] = {}
    for order in actions.orders:
        open_orders.pop(order.id, None)
        if order.status == "open":
            assert (order.meter_id, FAMILY[order.problem]) not in open_orders.values()
            open_orders[order.id] = (order.meter_id, FAMILY[order.problem])
    assert len({notice.id for notice in actions.notifications}) == len(actions.notifications)
    assert all(8 <= notice.created_at.hour < 20 for notice in actions.notifications)
    assert all(notice.meter_id != GAS.meter_id for notice in actions.notifications)
    times = [notice.created_at for notice in actions.notifications]
    assert all((later - before).total_seconds() >= 24 * 3600 for before, later in itertools.pairwise(times))
    assert all(hold.status in ("draft", "expired") for hold in actions.holds)
    subjects = {decision.subject for decision in actions.decisions}
    assert {line.id for line in (*actions.orders, *actions.holds, *actions.notifications)} <= subjects


@settings(max_examples=30, deadline=None)
@given(_lives(), st.integers(0, 1000), st.sampled_from(["changes", "arrays"]))
def test_going_on_from_state_is_as_never_stopping(
    lives: list[AnomalySaid | Claim], seed: int, restart: Literal["changes", "arrays"]
) -> None:
    log = _answered(_log(lives, random.Random(seed), 1), seed)
    plain, trail, cases = _run(log, random.Random(seed))
    again, same_trail, restarted = _run(log, random.Random(seed + 1), restart)
    assert again == plain
    assert same_trail == trail
    assert dict(restarted.cases) == dict(cases.cases)


def _answered(log: Numbered, seed: int) -> Numbered:
    """People answer in between: at fixed places of the input."""
    luck = random.Random(seed)
    records: list[CaseRecord] = [record for _, record in log]
    for number in range(5):
        anomaly = anomaly_id(f"x{number}")
        order, hold = action_id(anomaly, "work_order", 1), action_id(anomaly, "hold", 1)
        outcome = luck.choice(["confirmed", "not_found", "no_access"])
        crew = FieldOutcome.model_validate(
            {
                "id": f"o{number}",
                "order_id": order,
                "meter_id": "w1",
                "premise_id": "p1",
                "at": at(0),
                "outcome": outcome,
            }
        )
        person = BillingDecision(id=f"d{number}", hold_id=hold, premise_id="p1", at=at(0), decision="approve", by="ann")
        pool = Context(premise_id="p1", kind="pool", from_=at(number * 50), until=at(number * 50 + 30))
        for record in (
            OutcomeGiven(outcome=crew),
            DecisionGiven(decision=person),
            ContextGiven(context=pool),
        ):
            records.insert(luck.randrange(len(records) + 1), record)
    return list(enumerate(records))


@settings(max_examples=30, deadline=None)
@given(_lives(), st.integers(0, 1000))
def test_a_changelog_that_is_cut_off_anywhere(lives: list[AnomalySaid | Claim], seed: int) -> None:
    luck = random.Random(seed)
    log = _answered(_log(lives, luck, 0), seed)
    plain, same_trail, _ = _run(log, luck)
    changelog: list[tuple[bytes, bytes | None]] = []
    durable = Chain("respond", 0).plain()
    actions, trail, done = Actions(), [], 0
    while done < len(log):
        cases = Cases(0, SOURCES)
        for key, value in changelog:
            cases.apply(key, value)
        end = min(len(log), done + luck.choice([1, 5, 40]))
        new = respond(log[done:end], cases, Policy.default(), ACCOUNTS)
        actions.orders += new.orders
        actions.holds += new.holds
        chain = Chain.from_plain(durable)
        trail += [chain.write(decision) for decision in new.decisions]
        changes = cases.changes()
        cut = luck.choice([len(changes), luck.randrange(len(changes))])
        changelog += changes[:cut]
        if cut == len(changes):
            done, durable = end, chain.plain()
    assert {order.ce_id: order for order in actions.orders} == {order.ce_id: order for order in plain.orders}
    assert {hold.ce_id: hold for hold in actions.holds} == {hold.ce_id: hold for hold in plain.holds}
    assert {entry.sequence: entry for entry in trail} == {entry.sequence: entry for entry in same_trail}
    assert verify(trail) == []


@settings(max_examples=30, deadline=None)
@given(_lives(), st.integers(0, 1000))
def test_nothing_is_remembered_of_what_is_over(lives: list[AnomalySaid | Claim], seed: int) -> None:
    first = {r.event.id: r for r in lives if isinstance(r, AnomalySaid) and r.event.status == "opened"}
    ends = [
        closed(name, 24 * 40, "unusual_use", opened=0, sequence=99, of=one.meter, source=one.source)
        for name, one in ((f"x{n}", first[anomaly_id(f"x{n}")]) for n in range(len(first)))
    ]
    every = [*lives, *ends]
    luck = random.Random(seed)
    _, _, cases = _run(_log(every, luck, 0), luck)
    marks: list[CaseRecord] = [Mark(source=source, at=at(END_H * 2)) for source in SOURCES]
    respond([(cases.offset + 1 + n, mark) for n, mark in enumerate(marks)], cases, Policy.default(), ACCOUNTS)
    assert dict(cases.cases) == {}
    assert dict(cases.accounts) == {}


def test_time_stands_still_until_every_source_has_spoken() -> None:
    cases, policy = Cases(0, SOURCES), Policy.default()
    records: Numbered = [(0, said("x", 10, "burst")), (1, Mark(source="detect-0", at=at(50)))]
    assert respond(records, cases, policy, {}) == Actions()
    muted: Numbered = [(2, Mark(source="detect-1", at=None)), (3, Mark(source="groups-0", at=at(50)))]
    assert [order.status for order in respond(muted, cases, policy, {}).orders] == ["open"]
    assert respond(records + muted, cases, policy, {}) == Actions(), "offsets that were seen"
