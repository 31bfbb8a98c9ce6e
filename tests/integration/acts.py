"""What the same functions say and do in one process, and what workers did about it."""

from collections.abc import Sequence
from typing import Any

from models.acting.audit import verify
from models.acting.cases import Cases
from models.acting.respond import respond
from models.contracts import AuditEntry, BillingHold, Mark, Meter, Notification, WorkOrder
from models.deciding.groups import Groups, balance
from models.deciding.relay import case_records, findings
from models.domain.ids import partition_of
from models.domain.times import to_datetime
from models.pipeline import detect
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.codecs.json import Message, decode
from tests.integration.stage import PARTITIONS, Said, Stage, facts

Acts = set[tuple[str, str, int, str]]
"""(kind, id, sequence, status)"""
_MODELS: dict[str, Any] = {"work_orders": WorkOrder, "notifications": Notification, "holds": BillingHold}


def acts(play: Stage) -> Acts:
    """Lines of actions on Kafka, repeats dropped by ce_id. A repeat says the same."""
    seen: dict[str, tuple[str, Any]] = {}
    for kind, model in _MODELS.items():
        for record in play.records(getattr(play.settings.topics, kind)):
            line = model.model_validate_json(record.value)
            headers = dict(record.headers)
            assert headers["ce_id"].decode() == line.ce_id
            assert headers["ce_type"].startswith(b"meterwatch.")
            key = line.premise_id if kind == "work_orders" else line.account_id
            assert (record.key.decode(), record.partition) == (key, partition_of(key, PARTITIONS))
            assert seen.setdefault(line.ce_id, (kind, line)) == (kind, line)
    return {_fact(kind, line) for kind, line in seen.values()}


def trail(play: Stage) -> list[AuditEntry]:
    """`ami.audit`, in order within a chain, repeats and all."""
    return [AuditEntry.model_validate_json(record.value) for record in play.records(play.settings.topics.audit)]


def whole(play: Stage) -> dict[str, int]:
    """Writer -> entries of its chains; each chain is whole, and no decision is twice in it."""
    entries = trail(play)
    assert verify(entries) == []
    own = {(e.writer, e.partition, e.sequence): (e.at, e.decision, e.subject, str(e.inputs)) for e in entries}
    assert len({(key[:2], what) for key, what in own.items()}) == len(own)
    return {writer: sum(key[0] == writer for key in own) for writer in {key[0] for key in own}}


def expected(of: Sequence[Meter], messages: Sequence[tuple[str, bytes]]) -> tuple[Said, dict[str, str]]:
    """What the pipeline makes of messages in process, partition by partition, each in one batch."""
    policy = Policy.default()
    said: Said = set()
    rows: dict[str, str] = {}
    for number in range(PARTITIONS):
        partition = Partition(number)
        for meter in of:
            if partition_of(meter.meter_id, PARTITIONS) == number:
                partition.put_meter(meter)
        own = [value for key, value in messages if partition_of(key, PARTITIONS) == number]
        decoded = decode([Message(n, value) for n, value in enumerate(own)], partition, PARTITIONS, 1_000_000)
        said |= facts(event for _, event in detect(decoded.blocks, partition, policy).events)
        rows |= partition.digests()
    return said, rows


def expected_acts(of: Sequence[Meter], messages: Sequence[tuple[str, bytes]]) -> tuple[Acts, dict[str, int]]:
    """What the stages do in process, each partition in one batch; and how many decisions each takes."""
    policy, sources = Policy.default(), [f"detect-{n}" for n in range(PARTITIONS)]
    for_groups: dict[int, list[Any]] = {n: [] for n in range(PARTITIONS)}
    for_cases: dict[int, list[Any]] = {n: [] for n in range(PARTITIONS)}
    decided = {"detect": 0, "groups": 0, "respond": 0}
    for number in range(PARTITIONS):
        partition = Partition(number)
        for meter in of:
            if partition_of(meter.meter_id, PARTITIONS) == number:
                partition.put_meter(meter)
        own = [value for key, value in messages if partition_of(key, PARTITIONS) == number]
        decoded = decode([Message(n, value) for n, value in enumerate(own)], partition, PARTITIONS, 1_000_000)
        outcome = detect(decoded.blocks, partition, policy)
        decided["detect"] += len(outcome.events)
        for finding in [*findings(outcome.events, partition), *getattr(outcome, "days", [])]:
            for_groups[partition_of(finding.group, PARTITIONS)].append(finding)
        for said in case_records(outcome.events, partition):
            for_cases[partition_of(said.meter.premise, PARTITIONS)].append(said)
        mark = Mark(source=f"detect-{number}", at=to_datetime(partition.event_time))
        for records in (*for_groups.values(), *for_cases.values()):
            records.append(mark)
    for number, records in for_groups.items():
        groups = Groups(number, sources)
        found = balance(list(enumerate(records)), groups, policy)
        decided["groups"] += len(found.decisions)
        for case in found.cases:
            premise = case.premise_id if case.kind == "claim" else case.meter.premise
            for_cases[partition_of(premise, PARTITIONS)].append(case)
        for cases in for_cases.values():
            cases.append(Mark(source=f"groups-{number}", at=to_datetime(groups.event_time)))
    lines: Acts = set()
    for number, records in for_cases.items():
        state = Cases(number, [*sources, *(f"groups-{n}" for n in range(PARTITIONS))])
        actions = respond(list(enumerate(records)), state, policy, {})
        decided["respond"] += len(actions.decisions)
        lines |= {_fact("work_orders", line) for line in actions.orders}
        lines |= {_fact("notifications", line) for line in actions.notifications}
        lines |= {_fact("holds", line) for line in actions.holds}
    return lines, {writer: count for writer, count in decided.items() if count}


def _fact(kind: str, line: Any) -> tuple[str, str, int, str]:
    return kind, line.id, line.sequence, getattr(line, "status", "due")
