"""What is said, as records of the topics it goes to: keys, partitions, headers."""

import base64
import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pydantic
from numpy.typing import NDArray

from models.acting.losses import Loss
from models.contracts import (
    AnomalyEvent,
    AnomalySaid,
    AuditEntry,
    BillingHold,
    Claim,
    ContextGiven,
    DeadLetter,
    Decision,
    DecisionGiven,
    Finding,
    GroupDay,
    Mark,
    Notification,
    OutcomeGiven,
    WorkOrder,
)
from models.contracts.actions import Kind
from models.domain.blocks import Rejected
from models.domain.drifts import CohortDrift
from models.domain.ids import partition_of
from models.domain.times import NEVER, to_datetime, to_text, to_us
from models.state.merge import END
from streams.settings import Settings

Header = tuple[str, bytes]
Action = WorkOrder | Notification | BillingHold
ForCases = AnomalySaid | Claim | OutcomeGiven | DecisionGiven | ContextGiven
ForGroups = Finding | GroupDay
JSON: Final = "application/json"


class Record(NamedTuple):
    """One record on its way to Kafka."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[Header]


@dataclasses.dataclass(slots=True)
class Said:
    """What one partition's batch says to the world."""

    topic: str
    """Where the batch came from"""
    partition: int
    event_time: int = NEVER
    events: Sequence[AnomalyEvent] = ()
    rejected: Sequence[Rejected] = ()
    groups: Sequence[ForGroups] = ()
    cases: Sequence[ForCases] = ()
    actions: Sequence[Action] = ()
    decided_by: Sequence[float] = ()
    """Times of the records that brought events about, seconds since 1970, where they are known"""
    lost: Sequence[Loss] = ()
    """By cases that ended"""
    decisions: Sequence[Decision] = ()
    """Not written here: they go to the audit trail with the state."""
    drifts: Sequence[CohortDrift] = ()
    fell: Mapping[str, int] = dataclasses.field(default_factory=dict)
    shadow: Mapping[str, int] = dataclasses.field(default_factory=dict)
    scored: Mapping[str, NDArray[np.float64]] = dataclasses.field(default_factory=dict)
    """These four as in `models.pipeline.Outcome`"""
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    """Readings by what became of them"""
    services: Counter[str] = dataclasses.field(default_factory=Counter)
    """Readings of known meters by service"""


class Records:
    """Makes records. `stage` says who speaks, in the CloudEvents source of what others read."""

    def __init__(self, settings: Settings, stage: str) -> None:
        self._topics = settings.topics
        self._partitions = settings.partitions
        self._source = f"/meterwatch/{stage}"

    def of(self, said: Said) -> Iterator[Record]:
        """All that is said, but for decisions: for each topic in the order of saying."""
        topics = self._topics
        yield from (self._event(event) for event in said.events)
        yield from (self._letter(said, rejected) for rejected in said.rejected)
        yield from (self._to(topics.groups, record.group, record.model_dump_json()) for record in said.groups)
        yield from (self._to(topics.cases, _premise(record), record.model_dump_json()) for record in said.cases)
        yield from (self._action(action) for action in said.actions)

    def marks(self, topics: Iterable[str], source: str, time: int) -> Iterator[Record]:
        """To every partition of `topics`: `source` has said all before `time`; END = it is not to be waited for."""
        mark = Mark(source=source, at=None if time == END else to_datetime(time)).model_dump_json().encode()
        for topic in topics:
            yield from (Record(topic, number, source.encode(), mark, []) for number in range(self._partitions))

    def audit(self, entries: Iterable[AuditEntry]) -> Iterator[Record]:
        """Entries of one chain, in their order."""
        for entry in entries:
            yield self._to(self._topics.audit, f"{entry.writer}-{entry.partition}", entry.model_dump_json())

    def tick(self, partition: int, time: int) -> Record:
        """A partition of `ami.readings` is told what time it is."""
        return Record(self._topics.readings, partition, None, json.dumps({"tick": to_text(time)}).encode(), [])

    def _to(self, topic: str, key: str, value: str, headers: list[Header] | None = None) -> Record:
        return Record(topic, partition_of(key, self._partitions), key.encode(), value.encode(), headers or [])

    def _event(self, event: AnomalyEvent) -> Record:
        headers = self._cloud_event(event.ce_id, f"anomaly.{event.status}", to_us(event.updated_at))
        return self._to(self._topics.anomalies, event.meter_id or event.id, event.to_json(), headers)

    def _action(self, action: Action) -> Record:
        kind, status = kind_of(action), action.status if not isinstance(action, Notification) else "due"
        topic = {
            "work_order": self._topics.work_orders,
            "notification": self._topics.notifications,
            "hold": self._topics.holds,
        }[kind]
        key = action.premise_id if isinstance(action, WorkOrder) else action.account_id
        headers = self._cloud_event(action.ce_id, f"{kind}.{status}", to_us(action.updated_at))
        return self._to(topic, key, action.model_dump_json(exclude_none=True), headers)

    def _letter(self, said: Said, rejected: Rejected) -> Record:
        letter = DeadLetter(
            reason=rejected.reason,
            detail=rejected.detail,
            topic=said.topic,
            partition=said.partition,
            offset=rejected.offset,
            event_time=None if said.event_time in (NEVER, END) else to_datetime(said.event_time),
            raw=base64.b64encode(rejected.raw).decode(),
        )
        value = letter.model_dump_json(exclude_none=True).encode()
        return Record(self._topics.dead_letters, said.partition, None, value, [("reason", rejected.reason.encode())])

    def _cloud_event(self, ce_id: str, kind: str, time: int) -> list[Header]:
        """CloudEvents 1.0 in binary mode: attributes in headers, the contract as the value."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": ce_id,
            "ce_source": self._source,
            "ce_type": f"meterwatch.{kind}",
            "ce_time": to_text(time),
            "content-type": JSON,
        }
        return [(name, value.encode()) for name, value in headers.items()]


def kind_of(action: Action) -> Kind:
    """As in the ids of actions."""
    if isinstance(action, WorkOrder):
        return "work_order"
    return "notification" if isinstance(action, Notification) else "hold"


def brief(error: pydantic.ValidationError) -> str:
    """The first thing that is wrong, beginning with the field."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))[:200]


def _premise(record: ForCases) -> str:
    if isinstance(record, AnomalySaid):
        return record.meter.premise
    if isinstance(record, OutcomeGiven):
        return record.outcome.premise_id
    if isinstance(record, DecisionGiven):
        return record.decision.premise_id
    if isinstance(record, ContextGiven):
        return record.context.premise_id
    return record.premise_id
