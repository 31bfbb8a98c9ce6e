"""What came of a batch of group records, and the next line in the life of an anomaly that a group has open."""

import dataclasses
from typing import Any

from models.contracts import AnomalyEvent, AnomalySaid, Claim, Decision, Meter
from models.domain.causes import Status
from models.domain.times import to_datetime, to_us
from models.scoring.policy import Policy


@dataclasses.dataclass(slots=True)
class GroupOutcome:
    """All in order of event time."""

    source: str
    """`groups-<partition>`"""
    policy: Policy
    """In force"""
    events: list[AnomalyEvent] = dataclasses.field(default_factory=list)
    """For `ami.anomalies`"""
    cases: list[AnomalySaid | Claim] = dataclasses.field(default_factory=list)
    """For `meterwatch.cases`"""
    decisions: list[Decision] = dataclasses.field(default_factory=list)
    """For `ami.audit`"""
    late: int = 0
    """Parts of a group's day that came after it was judged"""

    def say(self, event: AnomalyEvent, meter: Meter | None, **inputs: Any) -> None:
        """A line in the life of an anomaly of `meter`, or of an incident, which has none; `inputs` led to it.

        Of a rule in shadow it goes to the audit trail alone, as `shadow.anomaly.opened` and so on.
        """
        quiet = self.policy.quiet.get(event.evidence[0].rule)
        if quiet == "off":
            return
        kind = "anomaly" if event.incident is None else "incident"
        if quiet is None:
            self.events.append(event)
            if meter is not None:
                self.cases.append(AnomalySaid(source=self.source, at=event.updated_at, event=event, meter=meter))
        else:
            kind = f"shadow.{kind}"
        self.note(to_us(event.updated_at), f"{kind}.{event.status}", event.id, sequence=event.sequence, **inputs)

    def note(self, at: int, decision: str, subject: str, **inputs: Any) -> None:
        """A decision for the audit trail at event time `at`, microseconds."""
        self.decisions.append(Decision(at, decision, subject, inputs, {"policy": self.policy.digest}))

    def claim(self, at: int, premise_id: str, anomaly_id: str, incident_id: str, *, holds: bool = True) -> None:
        """An anomaly is part of an incident from event time `at` on, or is no longer."""
        if "F1" in self.policy.quiet:
            return
        self.cases.append(
            Claim(
                source=self.source,
                at=to_datetime(at),
                premise_id=premise_id,
                anomaly_id=anomaly_id,
                incident_id=incident_id,
                holds=holds,
            )
        )


def next_line(last: AnomalyEvent, status: Status, at: int, **changes: Any) -> AnomalyEvent:
    """The line after `last`, said at event time `at`; a closed one ends then, unless `changes` say when."""
    end = {"end": to_datetime(at)} if status == "closed" else {}
    line = {"status": status, "sequence": last.sequence + 1, "updated_at": to_datetime(at)}
    return last.model_copy(update=line | end | changes)
