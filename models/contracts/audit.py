"""`ami.audit`: every decision with what went into it, as a chain of hashes per writer and partition."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

import pydantic

from models.contracts.base import Contract, Instant

Digest = Annotated[str, pydantic.StringConstraints(pattern=r"^[0-9a-f]{64}$")]


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What a stage decided, on its way to the audit trail: an `AuditEntry` without its place in a chain."""

    at: int
    """Event time, microseconds"""
    decision: str
    subject: str
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What JSON can hold"""
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


class AuditEntry(Contract):
    """One decision. `hash` = SHA-256 over `previous` and the entry without `hash`, as `models.acting.audit` writes it.

    After a crash an entry may be written again, equal to the last byte: a chain with repeats is whole.
    """

    writer: str
    """Stage that decided: detect, groups, respond, feedback"""
    partition: int
    sequence: int
    """From 0, without holes"""
    previous: Digest
    """`hash` of the entry before; of the first one 64 zeros"""
    at: Instant
    """Event time of the decision"""
    decision: str
    """What was decided: `anomaly.opened`, `cohort.drift`, `work_order.open`, `notification.sent`, `hold.draft`"""
    subject: str
    """What it is about: the id of an anomaly or action; of a drift its cohort, what drifted, and the day"""
    inputs: dict[str, Any] = pydantic.Field(default_factory=dict)
    """What it was decided from: ids with sequences, times, context and account as they were"""
    versions: dict[str, str] = pydantic.Field(default_factory=dict)
    """Of program and policy, and of the wording of a notice"""
    hash: Digest
