"""Meters of the fleet whose anomalies look alike, in order, and how many meters of each group can be heard."""

import datetime as dt
from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Final

import pydantic

from models.contracts import Finding, GroupDay
from models.deciding.relay import fleet_groups
from models.domain.causes import FAMILY, Cause
from models.domain.times import to_us
from models.state.ledger import Ledger

SIGNATURES: Final = {"silence": "silence", "reads": "values", "flow": "values", "loss": "values"}
"""Problem family -> signature. Unusual use has none: weather makes it, on many meters at once."""
_DAYS: Final = 7
"""Closed days over which the meters of a group that can be heard are counted"""
_LAST: Final = "~"
"""After every key"""

_Place = tuple[int, str, str, str]
"""Of a member in the order in which findings are dealt with: event time, source, line; and its key"""


class Heard(pydantic.BaseModel):
    """What one source heard of the fleet in one time zone."""

    days: dict[dt.date, dict[str, int]] = pydantic.Field(default_factory=dict)
    """Closed day -> group -> meters"""


class Member(pydantic.BaseModel):
    """A meter's own anomaly that may be part of an incident; key: its id."""

    at: int
    """Event time of the finding, microseconds"""
    source: str
    line: str
    """`ce_id` of the finding"""
    meter_id: str
    premise_id: str
    groups: list[str]
    start: int
    cause: Cause
    open: bool = True

    @property
    def signature(self) -> str:
        """What it has in common with others."""
        return SIGNATURES[FAMILY[self.cause]]

    @property
    def place(self) -> tuple[int, str, str]:
        """In the order in which findings are dealt with."""
        return self.at, self.source, self.line


class Members:
    """Both ledgers, and the members in order. Only its methods change it, and recovery."""

    def __init__(self) -> None:
        self.heard = Ledger(b"f", Heard)
        self.ledger = Ledger(b"m", Member)
        self._order: dict[tuple[str, str], list[_Place]] | None = None

    def recovered(self) -> None:
        """Records were applied to the ledgers."""
        self._order = None

    def hear_day(self, said: GroupDay) -> None:
        """A closed day of one source and time zone."""
        key = f"{said.source} {said.timezone}"
        heard = self.heard.get(key) or Heard()
        heard.days[said.day] = said.heard_of
        for old in sorted(heard.days)[:-_DAYS]:
            del heard.days[old]
        self.heard.put(key, heard)

    def heard_of(self, group: str) -> int:
        """Meters of the group that can be heard."""
        return sum(max((day.get(group, 0) for day in heard.days.values()), default=0) for _, heard in self.heard)

    def hear(self, finding: Finding) -> Member | None:
        """A line in the life of a meter's own anomaly; the member that it is, if it is a new one."""
        event = finding.event
        known = self.ledger.get(event.id)
        fits = FAMILY[event.cause] in SIGNATURES
        if known is not None:
            cause = event.cause if fits and SIGNATURES[FAMILY[event.cause]] == known.signature else known.cause
            self.ledger.put(event.id, known.model_copy(update={"cause": cause, "open": event.status != "closed"}))
            return None
        if not fits or event.status == "closed":
            return None
        member = Member(
            at=finding.time,
            source=finding.source,
            line=event.ce_id,
            meter_id=finding.meter.meter_id,
            premise_id=finding.meter.premise,
            groups=fleet_groups(finding.meter),
            start=to_us(event.start),
            cause=event.cause,
        )
        self.ledger.put(event.id, member)
        for group in member.groups:
            insort(self._places(member.signature, group), (*member.place, event.id))
        return member

    def between(self, signature: str, group: str, since: int, until: int) -> dict[str, Member]:
        """Members of a group from event time `since` to `until`, in order, by key."""
        return self._slice(signature, group, since, (until + 1,))

    def up_to(self, member: Member, group: str, since: int) -> dict[str, Member]:
        """A member and those of its group and signature before it, in order, by key."""
        return self._slice(member.signature, group, since, (*member.place, _LAST))

    def forget(self, before: int, keep: Callable[[Member], bool]) -> None:
        """Drop the members from before an event time, but for those to keep."""
        past = [key for key, member in self.ledger if member.at < before and not keep(member)]
        for key in past:
            self.ledger.drop(key)
        if past:
            self._order = None

    def _slice(self, signature: str, group: str, since: int, end: tuple[int | str, ...]) -> dict[str, Member]:
        places = self._places(signature, group)
        found = {}
        for *_, key in places[bisect_left(places, (since,)) : bisect_left(places, end)]:
            member = self.ledger.get(key)
            if member is not None:
                found[key] = member
        return found

    def _places(self, signature: str, group: str) -> list[_Place]:
        if self._order is None:
            self._order = {}
            for place, member in sorted(((*m.place, key), m) for key, m in self.ledger):
                for each in member.groups:
                    self._order.setdefault((member.signature, each), []).append(place)
        return self._order.setdefault((signature, group), [])
