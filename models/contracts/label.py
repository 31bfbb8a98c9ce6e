"""`sim.labels`: the truth about a simulated fleet, for judging what was found."""

from typing import Literal

from models.contracts.base import Contract, Instant


class Label(Contract):
    """One fault, or one thing that looks like a fault and is none."""

    meter_id: str
    kind: str
    """Name of the family"""
    start: Instant
    end: Instant
    expected_cause: str
    """Causes that are a right answer, with `|` between them; `none` for look-alikes"""
    fleet: str | None = None
    """The incident it is part of, where a whole head-end, firmware or unit is at fault"""
    role: Literal["fault", "look_alike"] = "fault"
