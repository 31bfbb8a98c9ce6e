"""Cases told as a story: what is said, in hours since a Monday 00:00 UTC, and what is done about it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from models.acting.cases import Cases
from models.acting.respond import Actions, respond
from models.contracts import (
    Account,
    AnomalyEvent,
    AnomalySaid,
    BillingDecision,
    BillingHold,
    CaseRecord,
    Claim,
    Context,
    ContextGiven,
    DecisionGiven,
    Evidence,
    FieldOutcome,
    Mark,
    Meter,
    OutcomeGiven,
    WorkOrder,
)
from models.scoring.policy import Policy

MONDAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SOURCES = ("detect-0", "detect-1", "groups-0")


def at(hours: float) -> dt.datetime:
    """Hours since Monday."""
    return MONDAY + dt.timedelta(hours=hours)


def hours(time: dt.datetime) -> float:
    """And back."""
    return (time - MONDAY) / dt.timedelta(hours=1)


def meter(name: str = "w1", **changes: Any) -> Meter:
    """A water meter of a home in UTC."""
    plain = {"meter_id": name, "service": "water", "unit": "L", "interval_s": 3600, "timezone": "UTC"}
    return Meter.model_validate({**plain, "account_id": "a1", "premise_id": "p1", **changes})


POWER = meter("e1", service="electricity", unit="kWh")
GAS = meter("g1", service="gas", unit="m3")


def said(name: str, hour: float, cause: Any, *, of: Meter | None = None, **changes: Any) -> AnomalySaid:
    """A line of the anomaly `name` at an hour: its opening, detected then with a start a day before, unless changed."""
    of = of or meter()
    rules = changes.pop("rules", ())
    source = changes.pop("source", "detect-0")
    plain: dict[str, Any] = {
        "id": anomaly_id(name),
        "meter_id": of.meter_id,
        "cause": cause,
        "status": "opened",
        "start": at(hour - 24),
        "detected_at": at(hour),
        "updated_at": at(hour),
        "sequence": 1,
        "confidence": 0.9,
        "firm": True,
        "severity": "medium",
        "evidence": tuple(Evidence(rule=r, value=1.0, threshold=1.0, unit="", text=f"{r} fired") for r in rules),
    }
    return AnomalySaid(source=source, at=at(hour), event=AnomalyEvent(**{**plain, **changes}), meter=of)


def anomaly_id(name: str) -> str:
    """Ids are UUIDs."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def closed(name: str, hour: float, cause: Any, *, opened: float, sequence: int = 2, **changes: Any) -> AnomalySaid:
    """The last line of an anomaly."""
    times = {"start": at(opened - 24), "detected_at": at(opened), "end": at(hour)}
    return said(name, hour, cause, **{**times, "status": "closed", "sequence": sequence, **changes})


def updated(name: str, hour: float, cause: Any, *, opened: float, sequence: int = 2, **changes: Any) -> AnomalySaid:
    """A line in between."""
    times = {"start": at(opened - 24), "detected_at": at(opened)}
    return said(name, hour, cause, **{**times, "status": "updated", "sequence": sequence, **changes})


def claim(name: str, hour: float, *, holds: bool = True, incident: str = "i1") -> Claim:
    """A fleet incident claims an anomaly at premise p1, or gives it back."""
    return Claim(
        source="groups-0",
        at=at(hour),
        premise_id="p1",
        anomaly_id=anomaly_id(name),
        incident_id=anomaly_id(incident),
        holds=holds,
    )


def marks(hour: float) -> list[Mark]:
    """All sources have said everything before an hour."""
    return [Mark(source=source, at=at(hour)) for source in SOURCES]


class Story:
    """One partition of `respond` and all that came of it so far."""

    def __init__(self, policy: str = "", accounts: Sequence[Account] = ()) -> None:
        self.cases = Cases(0, SOURCES)
        self.policy = Policy.from_toml(policy)
        self.accounts = {account.account_id: account for account in accounts}
        self.offset = -1
        self.all = Actions()

    def take(self, *records: CaseRecord) -> Actions:
        """The next records of the input, as one batch."""
        numbered = [(self.offset + 1 + n, record) for n, record in enumerate(records)]
        self.offset += len(records)
        new = respond(numbered, self.cases, self.policy, self.accounts)
        for name in ("orders", "notifications", "holds", "decisions"):
            getattr(self.all, name).extend(getattr(new, name))
        return new

    def until(self, hour: float, *records: CaseRecord) -> Actions:
        """Records, then nothing else up to an hour."""
        return self.take(*records, *marks(hour))

    def outcome(self, order: WorkOrder, outcome: Any, name: str = "o1") -> Actions:
        """A crew answers."""
        given = FieldOutcome(
            id=name, order_id=order.id, meter_id=order.meter_id, premise_id="p1", at=at(0), outcome=outcome
        )
        return self.take(OutcomeGiven(outcome=given))

    def decision(self, hold: BillingHold, decision: Any, name: str = "d1") -> Actions:
        """A person decides."""
        given = BillingDecision(id=name, hold_id=hold.id, premise_id="p1", at=at(0), decision=decision, by="ann")
        return self.take(DecisionGiven(decision=given))

    def context(self, kind: str, begin: float, end: float | None) -> None:
        """Something is known of the premise."""
        until = None if end is None else at(end)
        self.take(ContextGiven(context=Context(premise_id="p1", kind=kind, from_=at(begin), until=until)))


def names(actions: Actions) -> list[str]:
    """What was decided, in order."""
    return [decision.decision for decision in actions.decisions]


def whys(actions: Actions) -> list[str]:
    """Why nothing was done, in order."""
    return [decision.inputs["why"] for decision in actions.decisions if "why" in decision.inputs]
