"""`meterwatch.groups` and `meterwatch.cases`: what the stages tell each other.

A source is a partition of the stage that writes (`detect-3`, `groups-0`). What it says is in order of `at`, its event
time; a `Mark` of it says that all before that time has been said. `models.state.merge` puts the sources together.
"""

import datetime as dt
from typing import Annotated, Any, Final, Literal

import pydantic

from models.contracts.actions import BillingDecision, FieldOutcome
from models.contracts.anomaly import AnomalyEvent
from models.contracts.base import Contract, Instant
from models.contracts.customer import Context
from models.contracts.meter import Meter
from models.domain.times import to_us

FLEET: Final = "fleet"
"""The group that all meters with a head-end, model or firmware belong to."""


class Mark(Contract):
    """A source has said everything from before `at`. Sent to every partition of the topic."""

    kind: Literal["mark"] = "mark"
    source: str
    at: Instant | None
    """Event time; None = the source has no meters and is not to be waited for until it speaks."""


class _Said(Contract):
    source: str
    at: Instant
    """Event time at which the source said it."""

    @property
    def time(self) -> int:
        """`at` in microseconds."""
        return to_us(self.at)


# On meterwatch.groups, key group --------------------------------------------------------------------------------------


def _short(meter: Meter, write: pydantic.SerializerFunctionWrapHandler) -> Any:
    """Meters go out a million times a day: what is none stays away."""
    return {name: value for name, value in write(meter).items() if value is not None}


class MeterDay(Contract):
    """A meter's closed local day."""

    meter: Annotated[Meter, pydantic.WrapSerializer(_short, return_type=dict[str, Any])]
    """As it was known at the close"""
    total: float
    """Meter's unit, sum of the day's reads"""
    expected: float | None = None
    """Meter's unit, for the same slots by its own past; None while warming up"""
    coverage: Annotated[float, pydantic.Field(ge=0, le=1)]
    """Share of the day's slots with a valid or edited read"""
    received: float = 0.0
    """Meter's unit, energy received from the customer"""


class GroupDay(_Said):
    """What one partition knows of a group at the close of a local day."""

    kind: Literal["day"] = "day"
    group: str
    """`transformer:T1`, `premise:P1`, or `fleet`"""
    day: dt.date
    timezone: str
    """IANA: whose local day it is"""
    known: int
    """Meters of the group in this partition"""
    heard: int
    """Of them, those with any read in the day"""
    heard_of: dict[str, int] = pydantic.Field(default_factory=dict)
    """Of the fleet: `head_end:H1`, `model:M1`, `firmware:F1` -> meters heard"""
    meters: dict[str, MeterDay] = pydantic.Field(default_factory=dict)
    """Of transformers and premises: meter id -> its day. Empty for the fleet."""

    @property
    def name(self) -> str:
        """Of this record among those of its source."""
        return f"{self.group} {self.day} {self.timezone}"


class Finding(_Said):
    """A line in the life of a meter's anomaly, told to each group the meter belongs to."""

    kind: Literal["finding"] = "finding"
    group: str
    """As of `GroupDay`: head-ends, models and firmwares are judged side by side, as `fleet`, so that one is named."""
    event: AnomalyEvent
    meter: Meter

    @property
    def name(self) -> str:
        """Of this record among those of its source."""
        return f"{self.group} {self.event.ce_id}"


GroupRecord = Annotated[Mark | GroupDay | Finding, pydantic.Field(discriminator="kind")]

# On meterwatch.cases, key premise -------------------------------------------------------------------------------------


class AnomalySaid(_Said):
    """A line of `ami.anomalies` on its way to an action, with the meter as it is at that time."""

    kind: Literal["anomaly"] = "anomaly"
    event: AnomalyEvent
    meter: Meter

    @property
    def name(self) -> str:
        """Of this record among those of its source."""
        return self.event.ce_id


class Claim(_Said):
    """An anomaly is part of a fleet incident (or is no longer): nothing is done about it by itself."""

    kind: Literal["claim"] = "claim"
    premise_id: str
    anomaly_id: str
    incident_id: str
    holds: bool = True
    """False: the incident gives it back."""

    @property
    def name(self) -> str:
        """Of this record among those of its source."""
        return f"{self.anomaly_id} {self.incident_id} {self.holds}"


class OutcomeGiven(Contract):
    """`field.outcomes`, passed on by the feedback agent."""

    kind: Literal["outcome"] = "outcome"
    outcome: FieldOutcome


class DecisionGiven(Contract):
    """`billing.decisions`, passed on by the feedback agent."""

    kind: Literal["decision"] = "decision"
    decision: BillingDecision


class ContextGiven(Contract):
    """`cis.context`, passed on by the feedback agent."""

    kind: Literal["context"] = "context"
    context: Context


CaseRecord = Annotated[
    Mark | AnomalySaid | Claim | OutcomeGiven | DecisionGiven | ContextGiven, pydantic.Field(discriminator="kind")
]
