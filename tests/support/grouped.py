"""Records of `meterwatch.groups` for tests: days of groups, lines of anomalies, and the stage that takes them."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from models.contracts import FLEET, AnomalyEvent, Claim, Finding, GroupDay, GroupRecord, Mark, Meter, MeterDay
from models.deciding.groups import GroupOutcome, Groups, balance
from models.deciding.relay import fleet_groups
from models.domain.causes import FAMILY, Cause
from models.domain.ids import anomaly_id
from models.domain.times import DAY, HOUR, to_datetime, to_us
from models.scoring.policy import Policy
from tests import kit

DAY_ONE: Final = dt.date(2024, 3, 1)
CLOSES: Final = 6 * HOUR
"""After the end of the day."""


def start_of(day: int) -> int:
    """Microseconds, UTC: start of a day, 0 = the first."""
    return kit.us(DAY_ONE.isoformat()) + day * DAY


def close_of(day: int) -> int:
    """When a day is closed."""
    return start_of(day + 1) + CLOSES


def read(meter: Meter, total: float, expected: float | None = None, **more: Any) -> MeterDay:
    """A meter's day, read in full unless `more` says otherwise."""
    return MeterDay(**{"meter": meter, "total": total, "expected": expected, "coverage": 1.0, **more})


def day_of(
    group: str, day: int, meters: Iterable[MeterDay], source: str = "detect-0", at: int | None = None
) -> GroupDay:
    """What a source says of a group's day."""
    reads = {each.meter.meter_id: each for each in meters}
    said = to_datetime(close_of(day) if at is None else at)
    return GroupDay(
        source=source, at=said, group=group, day=DAY_ONE + dt.timedelta(days=day), timezone="UTC",
        known=len(reads), heard=len(reads), meters=reads,
    )  # fmt: skip


def fleet_day(day: int, heard_of: Mapping[str, int], source: str = "detect-0") -> GroupDay:
    """How many meters of each head-end, model and firmware a source heard."""
    heard = max(heard_of.values(), default=0)
    return GroupDay(
        source=source, at=to_datetime(close_of(day)), group=FLEET, day=DAY_ONE + dt.timedelta(days=day),
        timezone="UTC", known=heard, heard=heard, heard_of=dict(heard_of),
    )  # fmt: skip


def line(
    meter: Meter, cause: Cause, at: int, *, sequence: int = 1, status: str = "opened", opened: int | None = None
) -> AnomalyEvent:
    """A line in the life of a meter's own anomaly."""
    opened = at if opened is None else opened
    return AnomalyEvent.model_validate(
        {
            "id": anomaly_id(meter.meter_id, FAMILY[cause], opened), "meter_id": meter.meter_id, "cause": cause,
            "status": status, "start": to_datetime(opened - HOUR), "detected_at": to_datetime(opened),
            "updated_at": to_datetime(at), "sequence": sequence, "confidence": 0.8, "severity": "medium",
            "end": to_datetime(at) if status == "closed" else None,
        }
    )  # fmt: skip


def finding(meter: Meter, event: AnomalyEvent, group: str = FLEET, source: str = "detect-0") -> Finding:
    """A line told to a group."""
    return Finding(source=source, at=event.updated_at, group=group, event=event, meter=meter)


@dataclasses.dataclass
class Stage:
    """A partition of `groups`, fed by hand."""

    groups: Groups = dataclasses.field(default_factory=lambda: Groups(0, ["detect-0"]))
    policy: Policy = kit.POLICY
    said: GroupOutcome = dataclasses.field(default_factory=lambda: GroupOutcome("groups-0", kit.POLICY))

    def take(self, *records: GroupRecord, until: int | None = None) -> GroupOutcome:
        """Records in, and marks up to `until`; None = just past the last of them."""
        if until is None:
            until = max((to_us(r.at) for r in records if r.at is not None), default=start_of(0)) + 1
        marks = [Mark(source=source, at=to_datetime(until)) for source in self.groups.merge.marks]
        first = self.groups.offset + 1
        outcome = balance(list(enumerate([*records, *marks], first)), self.groups, self.policy)
        self.said.events += outcome.events
        self.said.cases += outcome.cases
        self.said.decisions += outcome.decisions
        self.said.late += outcome.late
        return outcome

    @property
    def lines(self) -> list[tuple[str | None, str, str]]:
        """(meter, cause, status) of all that was said."""
        return [(event.meter_id, event.cause, event.status) for event in self.said.events]

    @property
    def claimed(self) -> set[str]:
        """Anomalies that an incident holds."""
        held: set[tuple[str, str]] = set()
        for case in self.said.cases:
            if isinstance(case, Claim):
                (held.add if case.holds else held.discard)((case.anomaly_id, case.incident_id))
        return {anomaly for anomaly, _ in held}


def fleet_meter(meter_id: str, head_end: str | None = "H1", model: str | None = None, **more: Any) -> Meter:
    """A meter that may share a fault with others."""
    facts = {name: value for name, value in (("head_end", head_end), ("model", model)) if value is not None}
    return kit.meter(meter_id, "electricity", **facts, **more)


def heard_of(meters: Iterable[Meter]) -> dict[str, int]:
    """Group -> meters in it."""
    counts: dict[str, int] = {}
    for meter in meters:
        for group in fleet_groups(meter):
            counts[group] = counts.get(group, 0) + 1
    return counts
