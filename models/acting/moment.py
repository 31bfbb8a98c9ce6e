"""One moment of deciding: when it is, what is in force, and what comes out."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from models.acting.cases import Cases, Known
from models.acting.losses import Loss
from models.contracts import Account, BillingHold, Decision, Notification, WorkOrder
from models.domain.times import DAY, HOUR, to_datetime, to_text, to_us
from models.scoring.policy import Policy


@dataclasses.dataclass(slots=True)
class Actions:
    """What came of a batch, each list in the order of deciding."""

    orders: list[WorkOrder] = dataclasses.field(default_factory=list)
    notifications: list[Notification] = dataclasses.field(default_factory=list)
    holds: list[BillingHold] = dataclasses.field(default_factory=list)
    decisions: list[Decision] = dataclasses.field(default_factory=list)
    lost: list[Loss] = dataclasses.field(default_factory=list)
    """By anomalies that closed and are not part of an incident"""


@dataclasses.dataclass(slots=True)
class Moment:
    """Event time `now`, microseconds, with the policy and accounts in force; decisions are added to `actions`."""

    now: int
    cases: Cases
    policy: Policy
    version: str
    """Of the policy"""
    accounts: Mapping[str, Account]
    actions: Actions

    @property
    def time(self) -> dt.datetime:
        """`now` for a contract."""
        return to_datetime(self.now)

    def hours(self, name: str) -> int:
        """A setting in hours, as microseconds."""
        return int(self.policy.acting[name] * HOUR)

    def days(self, name: str) -> int:
        """A setting in days, as microseconds."""
        return int(self.policy.acting[name] * DAY)

    def decide(self, decision: str, subject: str, known: Known | None, **inputs: Any) -> None:
        """A decision for the audit trail, with the anomaly it is about; inputs that are None are left out."""
        given = {name: value for name, value in inputs.items() if value is not None}
        versions = {"policy": self.version}
        if "wording" in given:
            versions["wording"] = given.pop("wording")
        about = {} if known is None else _facts(known)
        self.actions.decisions.append(Decision(self.now, decision, subject, {**about, **given}, versions))


def _facts(known: Known) -> dict[str, Any]:
    event, meter = known.event, known.meter
    return {
        "anomaly": {
            "id": event.id,
            "sequence": event.sequence,
            "cause": event.cause,
            "status": event.status,
            "confidence": event.confidence,
            "start": to_text(to_us(event.start)),
            "detected_at": to_text(to_us(event.detected_at)),
            "updated_at": to_text(to_us(event.updated_at)),
            "since": to_text(known.since),
        },
        "meter": {
            "meter_id": meter.meter_id,
            "service": meter.service,
            "customer_class": meter.customer_class,
            "timezone": meter.timezone,
            "premise": meter.premise,
            "account": meter.account,
        },
    }
