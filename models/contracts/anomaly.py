"""`ami.anomalies`: one line in the life of an anomaly. Several share an `id`; `sequence` orders them."""

from typing import Annotated

import pydantic

from models.contracts.base import Contract, Instant
from models.domain.causes import Cause, Severity, Status
from models.domain.ids import event_id

Probability = Annotated[float, pydantic.Field(ge=0, le=1)]


class Evidence(Contract):
    """What a rule saw."""

    rule: str
    value: float
    threshold: float
    unit: str
    text: str


class Alternative(Contract):
    """Another cause that fits the same readings."""

    cause: Cause
    confidence: Probability


class AnomalyEvent(Contract):
    """An anomaly opened, updated or closed, as of `updated_at`."""

    id: str
    """UUIDv5 of (meter, problem family, start of the interval that opened it), for life."""
    meter_id: str | None
    """None for a fleet incident, which lists its `meters`."""
    cause: Cause
    status: Status
    start: Instant
    """When the trouble began, as judged; may be judged again."""
    end: Instant | None = None
    """Closed only."""
    detected_at: Instant
    """The event time that decided it; fixed at opening."""
    updated_at: Instant
    """Event time of this line."""
    evidence_end: Instant | None = None
    """End of the last interval that speaks for it: long before `updated_at` where the reads came late."""
    sequence: int
    confidence: Probability
    """That the cause is so, calibrated under the policy's prior."""
    benign: Probability | None = None
    """That nothing is wrong: what is left by the cause and its alternatives, those of a few per cent counted in."""
    firm: bool = False
    """Of theft: whether somebody may be sent on this evidence, however rare theft is."""
    review: bool = False
    """Whether a person looks before anything is done: its rules say more in this fleet than there can be faults."""
    severity: Severity
    alternatives: tuple[Alternative, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    against: tuple[str, ...] = ()
    """What speaks against the cause, where that is known, a sentence each."""
    meters: tuple[str, ...] = ()
    incident: str | None = None
    """Of a fleet incident: the group it is about, such as `head_end:H1`."""
    observed: float | None = None
    """Meter's unit: sum of what was read in the 24 h up to the reading that this line is said at."""
    expected: float | None = None
    """Meter's unit: what the meter's own past says of the same intervals."""
    expected_within: float | None = None
    """Meter's unit: nine days in ten differ from `expected` by no more; the range of what is lost."""
    rate: float | None = None
    """Base units an hour (L or kWh) beyond what is usual, of leaks and bursts."""

    @property
    def ce_id(self) -> str:
        """CloudEvents id: the same for every repeat of this very line."""
        return event_id(self.id, self.sequence)

    def to_json(self) -> str:
        """The line as JSON; `end` only where there is one."""
        optional = ("end", "benign", "evidence_end", "incident", "observed", "expected", "expected_within", "rate")
        return self.model_dump_json(exclude={name for name in optional if getattr(self, name) is None})
