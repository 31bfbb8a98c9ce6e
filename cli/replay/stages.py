"""The stages behind detection, in process: what `meterwatch.groups` and `meterwatch.cases` carry between the agents.

There are as many partitions of each as lanes, and a record goes where Kafka would send its key.
"""

import dataclasses
import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from cli.replay.lanes import Lane
from models.acting.cases import Cases
from models.acting.respond import respond
from models.contracts import (
    Account,
    AnomalyEvent,
    BillingHold,
    CaseRecord,
    Claim,
    Context,
    ContextGiven,
    GroupDay,
    GroupRecord,
    Mark,
    Notification,
    WorkOrder,
)
from models.deciding.groups import Groups, balance
from models.deciding.relay import case_records, findings, source_of
from models.domain.ids import partition_of
from models.domain.times import NEVER, to_datetime
from models.scoring.policy import Policy
from models.state.merge import END

R = TypeVar("R", GroupRecord, CaseRecord)


@dataclasses.dataclass(slots=True)
class Said:
    """What the stages said to the world, each list in order of event time."""

    events: list[AnomalyEvent] = dataclasses.field(default_factory=list)
    orders: list[WorkOrder] = dataclasses.field(default_factory=list)
    notifications: list[Notification] = dataclasses.field(default_factory=list)
    holds: list[BillingHold] = dataclasses.field(default_factory=list)


class _Topic(Generic[R]):
    """Records on their way to the partitions of a topic, numbered as Kafka would."""

    def __init__(self, partitions: int) -> None:
        self._ends = [0] * partitions
        self._records: list[list[tuple[int, R]]] = [[] for _ in range(partitions)]

    def put(self, key: str, record: R) -> None:
        """To the partition of its key."""
        self._append(partition_of(key, len(self._ends)), record)

    def put_all(self, record: R) -> None:
        """To every partition."""
        for number in range(len(self._ends)):
            self._append(number, record)

    def take(self, number: int) -> Sequence[tuple[int, R]]:
        """(offset, record) of a partition since the last time."""
        taken, self._records[number] = self._records[number], []
        return taken

    def _append(self, number: int, record: R) -> None:
        self._records[number].append((self._ends[number], record))
        self._ends[number] += 1


class Stages:
    """`groups` and `respond` behind the lanes of detection."""

    def __init__(
        self, lanes: Sequence[Lane], policy: Policy, accounts: Mapping[str, Account], contexts: Iterable[Context]
    ) -> None:
        self._policy, self._accounts = policy, accounts
        sources = [source_of(lane.partition) for lane in lanes]
        self._groups = [Groups(number, sources) for number in range(len(lanes))]
        self._cases = [
            Cases(number, [*sources, *(f"groups-{n}" for n in range(len(lanes)))]) for number in range(len(lanes))
        ]
        self._to_groups: _Topic[GroupRecord] = _Topic(len(lanes))
        self._to_cases: _Topic[CaseRecord] = _Topic(len(lanes))
        for context in contexts:
            self._to_cases.put(context.premise_id, ContextGiven(context=context))

    def tell(self, lane: Lane, events: Sequence[tuple[int, AnomalyEvent]], days: Iterable[GroupDay]) -> None:
        """What a lane found in a chunk, and the local days that closed in it."""
        for said in case_records(events, lane.partition):
            self._to_cases.put(said.meter.premise, said)
        for finding in findings(events, lane.partition):
            self._to_groups.put(finding.group, finding)
        for day in days:
            self._to_groups.put(day.group, day)

    def advance(self, lanes: Iterable[Lane]) -> Said:
        """All lanes told what there was: time moves on to where they are, and what there is to say comes back."""
        for lane in lanes:
            now = lane.partition.event_time
            mark = Mark(source=source_of(lane.partition), at=None if now == NEVER else to_datetime(now))
            self._to_groups.put_all(mark)
            self._to_cases.put_all(mark)
        said = Said()
        for groups in self._groups:
            outcome = balance(self._to_groups.take(groups.number), groups, self._policy)
            said.events += outcome.events
            for case in outcome.cases:
                self._to_cases.put(case.premise_id if isinstance(case, Claim) else case.meter.premise, case)
            if groups.event_time != NEVER:
                final = None if groups.event_time == END else to_datetime(groups.event_time)
                self._to_cases.put_all(Mark(source=outcome.source, at=final))
        for cases in self._cases:
            actions = respond(self._to_cases.take(cases.number), cases, self._policy, self._accounts)
            said.orders += actions.orders
            said.notifications += actions.notifications
            said.holds += actions.holds
        for lines in (said.events, said.orders, said.notifications, said.holds):
            lines.sort(key=lambda line: line.updated_at)
        return said


def in_time(found: Iterable[AnomalyEvent], said: Iterable[AnomalyEvent]) -> list[AnomalyEvent]:
    """Events of detection and of the stages behind it as one life: by time, detection first."""
    return list(heapq.merge(found, said, key=lambda event: event.updated_at))
