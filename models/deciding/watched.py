"""What is remembered of a transformer or premise, whatever is judged of it day by day."""

import datetime as dt
from typing import Final

import numpy as np
import pydantic

from models.contracts import AnomalyEvent, Finding, GroupDay, Meter
from models.domain.causes import FAMILY
from models.domain.localtime import FIRST_DAY, midnights

_EPOCH: Final = dt.date(1970, 1, 1)


class Open(pydantic.BaseModel):
    """An anomaly that the group has open: its last line, and the meter it is about."""

    event: AnomalyEvent
    meter: Meter


class Waiting(pydantic.BaseModel):
    """A closed day of the group, of which not every partition has said its part."""

    until: int
    """Event time at which it is judged as it is, microseconds"""
    parts: dict[str, GroupDay] = pydantic.Field(default_factory=dict)
    """By source"""


class Watched(pydantic.BaseModel):
    """A group whose closed days are judged one after the other."""

    judged: dt.date = dt.date.min
    """Its last day that was"""
    sources: list[str] = pydantic.Field(default_factory=list)
    """Those that had a part in it, or had one later"""
    waiting: dict[dt.date, Waiting] = pydantic.Field(default_factory=dict)
    """Days after it"""
    own: dict[str, str] = pydantic.Field(default_factory=dict)
    """Meter id -> the open `loss` anomaly that the meter's own readings led to"""
    open: Open | None = None

    def hear(self, finding: Finding) -> bool:
        """A line in the life of a meter's own anomaly; whether it matters."""
        event, meter_id = finding.event, finding.meter.meter_id
        if event.status != "closed" and FAMILY[event.cause] == "loss":
            self.own[meter_id] = event.id
            return True
        return self.own.get(meter_id) == event.id and self.own.pop(meter_id) == event.id


def midnight(day: dt.date, timezone: str) -> int:
    """Start of a local day, microseconds UTC."""
    starts = midnights(timezone)
    return int(starts[np.clip((day - _EPOCH).days - FIRST_DAY, 0, len(starts) - 1)])
