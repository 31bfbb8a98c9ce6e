"""The messages on our topics, one model each. JSON Schema of all of them is generated into `docs/contracts/`."""

from models.contracts.actions import BillingDecision, BillingHold, FieldOutcome, Notification, WorkOrder, action_id
from models.contracts.anomaly import Alternative, AnomalyEvent, Evidence
from models.contracts.audit import AuditEntry, Decision
from models.contracts.base import Contract
from models.contracts.customer import Account, Context
from models.contracts.dead_letter import DeadLetter
from models.contracts.device import MeterEvent
from models.contracts.internal import (
    FLEET,
    AnomalySaid,
    CaseRecord,
    Claim,
    ContextGiven,
    DecisionGiven,
    Finding,
    GroupDay,
    GroupRecord,
    Mark,
    MeterDay,
    OutcomeGiven,
)
from models.contracts.label import Label
from models.contracts.meter import Meter
from models.contracts.readings import MAX_INTERVALS, IntervalBlock, LoneReading

__all__ = [
    "FLEET",
    "MAX_INTERVALS",
    "Account",
    "Alternative",
    "AnomalyEvent",
    "AnomalySaid",
    "AuditEntry",
    "BillingDecision",
    "BillingHold",
    "CaseRecord",
    "Claim",
    "Context",
    "ContextGiven",
    "Contract",
    "DeadLetter",
    "Decision",
    "DecisionGiven",
    "Evidence",
    "FieldOutcome",
    "Finding",
    "GroupDay",
    "GroupRecord",
    "IntervalBlock",
    "Label",
    "LoneReading",
    "Mark",
    "Meter",
    "MeterDay",
    "MeterEvent",
    "Notification",
    "OutcomeGiven",
    "WorkOrder",
    "action_id",
]
