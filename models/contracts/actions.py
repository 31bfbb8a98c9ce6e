"""What is done about an anomaly, and what people answer: orders, notices and holds out; outcomes and decisions in.

Every action has an `id` for life, UUIDv5(anomaly, kind, sequence), and lines with a growing `sequence`: a consumer
keeps the highest sequence it has seen of an id and drops the rest. No name, no address, no number of a person.
"""

import uuid
from typing import Annotated, Literal

import pydantic

from models.contracts.anomaly import Evidence
from models.contracts.base import Contract, Instant
from models.domain.causes import Cause

Kind = Literal["work_order", "notification", "hold"]


def action_id(anomaly_id: str, kind: Kind, sequence: int) -> str:
    """UUIDv5(anomaly.id, kind, sequence): however often an action is decided again, it is the same one."""
    return str(uuid.uuid5(uuid.UUID(anomaly_id), f"{kind}\x1f{sequence}"))


class _Line(Contract):
    """One line in the life of an action."""

    id: str
    sequence: int = 1
    """Of the line; grows."""
    meter_id: str
    premise_id: str
    created_at: Instant
    """Event time of the release, after the hold-off."""
    updated_at: Instant
    """Event time of this line."""

    @property
    def ce_id(self) -> str:
        """CloudEvents id: the same for every repeat of this very line."""
        return str(uuid.uuid5(uuid.UUID(self.id), str(self.sequence)))


class WorkOrder(_Line):
    """`field.work-orders`, key premise: one open order per meter and problem family; evidence is appended to it."""

    anomaly_ids: tuple[str, ...]
    status: Literal["open", "cancelled", "completed"]
    """An `open` line with a higher sequence has evidence appended, or another priority."""
    priority: Annotated[int, pydantic.Field(ge=1, le=5)]
    """1 = at once, by safety dispatch where `work_type` says so; 5 = when somebody is near"""
    work_type: Literal["inspect", "repair", "exchange", "communication", "safety"]
    problem: Cause
    summary: str
    """One or two sentences for the crew."""
    service: str
    reported_by: str = "meterwatch"
    reported_at: Instant
    """Event time at which the anomaly was detected."""
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    """Why it was cancelled or completed."""


class Notification(_Line):
    """`customer.notifications`, key account: a text for a customer, in their language, to be sent once."""

    anomaly_id: str
    account_id: str
    channel: Literal["email", "sms", "phone", "post"]
    template: str
    """Name and version of the wording."""
    language: str
    text: str


class BillingHold(_Line):
    """`billing.holds`, key account: intervals that should not be billed as they are. A draft until a person decides."""

    anomaly_id: str
    account_id: str
    status: Literal["draft", "approved", "rejected", "released", "expired"]
    from_: Annotated[Instant, pydantic.Field(alias="from")]
    to: Instant
    reason: Cause
    volume_at_stake: float
    """Meter's unit, difference between what was read and what is usual; 0 where that is not known."""
    volume_low: float = 0.0
    volume_high: float = 0.0
    """The range of `volume_at_stake`, nine times in ten, as days differ from what is usual."""
    unit: str
    amount_at_stake: float
    """`currency`; 0 where the tariff is not known."""
    amount_low: float = 0.0
    amount_high: float = 0.0
    """Its range"""
    currency: str
    decided_by: str | None = None
    """Pseudonym of the person who approved, rejected or released it."""

    model_config = pydantic.ConfigDict(populate_by_name=True, serialize_by_alias=True)


class FieldOutcome(Contract):
    """`field.outcomes`, key premise: what the crew found."""

    id: Annotated[str, pydantic.StringConstraints(min_length=1)]
    """The sender's own; one that was seen before is dropped."""
    order_id: str
    meter_id: str
    premise_id: str
    at: Instant
    outcome: Literal["confirmed", "not_found", "no_access", "meter_changed"]
    cause: Cause | None = None
    """What it was, where the crew can tell."""
    note: str = ""
    """Locked gate, dog, seal missing; nothing about a person."""


class BillingDecision(Contract):
    """`billing.decisions`, key premise: what a person decided about a hold."""

    id: Annotated[str, pydantic.StringConstraints(min_length=1)]
    """The sender's own; one that was seen before is dropped."""
    hold_id: str
    premise_id: str
    at: Instant
    decision: Literal["approve", "reject", "release"]
    by: Annotated[str, pydantic.StringConstraints(min_length=1)]
    """Pseudonym of the person."""
