"""The stage that sees across meters: balances of transformers, districts and premises, and the fleet gate.

Records come from all partitions of `detect`, and are taken in order of event time once no earlier one can come. A
group's day is judged when all partitions that had a part in its last day have said theirs, or `part_wait_h` after the
first did. So where the input is interleaved or cut never matters, and what is said twice changes nothing.
"""

import datetime as dt
import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Final

import pydantic

from models.contracts import FLEET, Finding, GroupDay, GroupRecord, Mark
from models.deciding.balance import Balance
from models.deciding.balance import judge as judge_balance
from models.deciding.fleet import Fleet
from models.deciding.outcome import GroupOutcome
from models.deciding.premise import Premise
from models.deciding.premise import judge as judge_premise
from models.deciding.watched import Waiting, Watched
from models.domain.times import HOUR, to_us
from models.scoring.policy import Policy
from models.state.ledger import Ledger
from models.state.merge import END
from models.state.stage import Stage

__all__ = ["GroupOutcome", "Groups", "balance"]

_RECORD: Final[pydantic.TypeAdapter[GroupDay | Finding]] = pydantic.TypeAdapter(
    Annotated[GroupDay | Finding, pydantic.Field(discriminator="kind")]
)


class Groups(Stage[GroupDay | Finding]):
    """What one partition of `meterwatch.groups` keeps. `sources`: `detect-<n>` of all partitions of `ami.readings`."""

    def __init__(self, number: int, sources: Iterable[str]) -> None:
        self.fleet = Fleet()
        self.balances = Ledger(b"t", Balance)
        self.premises = Ledger(b"h", Premise)
        self._alarms: list[tuple[int, str]] | None = None
        super().__init__(number, sources, _RECORD, (self.balances, self.premises, *self.fleet.ledgers))

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in, in the order of writing."""
        super().apply(key, value)
        self.fleet.members.recovered()
        self._alarms = None

    def of(self, group: str) -> tuple[Ledger[Any], type[Watched], Callable[..., None]]:
        """Where a group is remembered, as what, and how its days are judged."""
        if group.startswith("transformer:"):
            return self.balances, Balance, judge_balance
        return self.premises, Premise, judge_premise

    @property
    def alarms(self) -> list[tuple[int, str]]:
        """(event time, group) at which a day is judged as it is, as a heap; some are of days that were since."""
        if self._alarms is None:
            ledgers: tuple[Ledger[Any], ...] = (self.balances, self.premises)
            self._alarms = [
                (waiting.until, group)
                for ledger in ledgers
                for group, known in ledger
                for waiting in known.waiting.values()
            ]
            heapq.heapify(self._alarms)
        return self._alarms


def balance(records: Sequence[tuple[int, GroupRecord]], groups: Groups, policy: Policy) -> GroupOutcome:
    """Take (input offset, record) in: `groups` moves on, and what there is to say comes back."""
    for offset, record in records:
        if offset <= groups.offset:
            continue
        groups.offset = offset
        if isinstance(record, Mark):
            groups.merge.mark(record.source, None if record.at is None else to_us(record.at))
        else:
            groups.put(record)
    outcome = GroupOutcome(f"groups-{groups.number}", policy)
    for final in groups.due():
        _wait(final.time, groups, policy, outcome)
        if isinstance(final, Finding):
            _hear(final, groups, policy, outcome)
        elif final.group == FLEET:
            groups.fleet.day(final, policy)
        else:
            _put(final, groups, policy, outcome)
    _wait(groups.event_time - 1, groups, policy, outcome)
    return outcome


def _wait(until: int, groups: Groups, policy: Policy, outcome: GroupOutcome) -> None:
    """Everything that is due by event time `until`, in order."""
    while True:
        look = groups.fleet.next_look()
        alarm, group = groups.alarms[0] if groups.alarms else (END, "")
        if min(look, alarm) > until or min(look, alarm) == END:
            return
        if look <= alarm:
            groups.fleet.look(look, policy, outcome)
            continue
        heapq.heappop(groups.alarms)
        ledger, _, _ = groups.of(group)
        known = ledger.get(group)
        if known is None:
            continue
        due = [day for day, waiting in known.waiting.items() if waiting.until <= alarm]
        if due:
            _judge(group, known, max(due), alarm, groups, policy, outcome)


def _hear(finding: Finding, groups: Groups, policy: Policy, outcome: GroupOutcome) -> None:
    if finding.group == FLEET:
        groups.fleet.hear(finding, policy, outcome)
        return
    ledger, kind, _ = groups.of(finding.group)
    known = ledger.get(finding.group) or kind()
    if known.hear(finding):
        ledger.put(finding.group, known)


def _put(part: GroupDay, groups: Groups, policy: Policy, outcome: GroupOutcome) -> None:
    """A partition's part of a group's day: it is judged if it is the last one."""
    ledger, kind, _ = groups.of(part.group)
    known: Watched = ledger.get(part.group) or kind()
    if part.day <= known.judged:
        outcome.late += 1
        known.sources = sorted({*known.sources, part.source})
        ledger.put(part.group, known)
        return
    if part.day not in known.waiting:
        known.waiting[part.day] = Waiting(until=part.time + int(policy.groups["part_wait_h"] * HOUR))
        heapq.heappush(groups.alarms, (known.waiting[part.day].until, part.group))
    parts = known.waiting[part.day].parts
    parts[part.source] = part
    if parts.keys() >= groups.merge.marks.keys() or (known.sources and parts.keys() >= set(known.sources)):
        _judge(part.group, known, part.day, part.time, groups, policy, outcome)
    else:
        ledger.put(part.group, known)


def _judge(
    group: str, known: Watched, last: dt.date, at: int, groups: Groups, policy: Policy, outcome: GroupOutcome
) -> None:
    """The group's days up to `last` that wait, as they are at event time `at`."""
    ledger, _, judge = groups.of(group)
    for day in sorted(day for day in known.waiting if day <= last):
        parts = known.waiting.pop(day).parts
        known.judged, known.sources = day, sorted(parts)
        judge(group, known, [parts[source] for source in sorted(parts)], at, policy, outcome)
    ledger.put(group, known)
