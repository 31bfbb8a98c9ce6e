"""The fleet gate: one signature on many meters of a head-end, model or firmware is one incident (rule F1).

A signature is silence, or wrong values of any kind: a unit step shows as read errors on one meter, as bursts and
losses on others. An incident claims its meters' anomalies, so that nobody is sent out or written to about them.
Which anomalies are its own follows from its group and times alone; they are never listed in the state.

All groups of the fleet are judged side by side. Where several would do, the one with the most meters is named among
those whose share is nearly the highest; and when meters outside the named group show the same, the incident moves to
the group that holds them too.
"""

import statistics
from typing import Any, Final

import pydantic

from models.contracts import AnomalyEvent, Evidence, Finding, GroupDay
from models.deciding.members import Member, Members
from models.deciding.outcome import GroupOutcome, next_line
from models.domain.causes import FAMILY, Cause, Status
from models.domain.ids import anomaly_id
from models.domain.times import HOUR, to_datetime
from models.scoring.policy import Policy
from models.state.ledger import Ledger
from models.state.merge import END

_NEARLY: Final = 0.8
_NEARLY_ALL: Final = 0.9
_LEAST_SURE: Final = 0.8
_MOST_SURE: Final = 0.99
"""Confidence, ours: as the share goes from the least that makes an incident to all meters"""


class Incident(pydantic.BaseModel):
    """An open incident; key: its id. Its anomalies are those of its signature and group, from `since` to `until`.

    As long as it is open silence and read errors join it later, too: they show when a meter uploads, or is used.
    """

    signature: str
    group: str
    since: int
    until: int
    due: int
    """When its meters are looked at again"""
    event: AnomalyEvent
    """The last line, without its meters"""
    listed: int
    """Meters in it"""

    @property
    def moved(self) -> bool:
        """Whether it is about another group than was said."""
        return self.event.incident != self.group

    def holds(self, member: Member, at: int) -> bool:
        """Whether a member that is there at event time `at` is one of its own."""
        late = member.at > self.until and FAMILY[member.cause] not in ("silence", "reads")
        there = self.since <= member.at <= at and not late
        return there and self.group in member.groups and member.signature == self.signature


class Fleet:
    """Members, and the incidents that they are part of. Only its methods change it, and recovery."""

    def __init__(self) -> None:
        self.members = Members()
        self.incidents = Ledger(b"i", Incident)

    @property
    def ledgers(self) -> tuple[Ledger[Any], ...]:
        """In order of writing: cut off between them, incidents are known before the members that led to them."""
        return self.members.heard, self.incidents, self.members.ledger

    def day(self, said: GroupDay, policy: Policy) -> None:
        """A closed day of one source and time zone; members that no incident can follow from any more are forgotten."""
        self.members.hear_day(said)
        incidents = [incident for _, incident in self.incidents]
        self.members.forget(
            said.time - 2 * _window(policy), lambda member: any(i.holds(member, END) for i in incidents)
        )

    def hear(self, finding: Finding, policy: Policy, outcome: GroupOutcome) -> None:
        """A line in the life of a meter's own anomaly."""
        member = self.members.hear(finding)
        if member is None or self._join(finding.event.id, member, outcome):
            return
        if member.at >= policy.live_from:
            self._gate(member, policy, outcome)

    def next_look(self) -> int:
        """Event time at which an incident is to be looked at; END for never."""
        return min((incident.due for _, incident in self.incidents), default=END)

    def look(self, at: int, policy: Policy, outcome: GroupOutcome) -> None:
        """Incidents that are due at event time `at`: who joined them since, and whether it is all over."""
        for key, incident in self._open_ones():
            if incident.due > at:
                continue
            own = self._own(incident, at)
            if at >= incident.until and not any(member.open for member in own.values()):
                self._say(incident, own, "closed", at, policy, outcome)
                self.incidents.drop(key)
                continue
            if len({member.meter_id for member in own.values()}) > incident.listed or incident.moved:
                incident = self._say(incident, own, "updated", at, policy, outcome)
            self.incidents.put(key, incident.model_copy(update={"due": at + HOUR}))

    # The gate ---------------------------------------------------------------------------------------------------------

    def _join(self, key: str, member: Member, outcome: GroupOutcome) -> bool:
        """Whether an open incident takes a new member in."""
        for incident_id, incident in self._open_ones():
            if incident.holds(member, member.at):
                outcome.claim(member.at, member.premise_id, key, incident_id)
                return True
        return False

    def _gate(self, member: Member, policy: Policy, outcome: GroupOutcome) -> None:
        """A new member may make an incident of those before it, or move one to the group that holds them all."""
        own = {key: self._own(i, member.at) for key, i in self._open_ones() if i.signature == member.signature}
        group = self._named(member, frozenset(), policy)
        if group is None:
            return
        within = [(k, i) for k, i in self._open_ones() if k in own and _lies_in(own[k], group)]
        if within:
            self._move(within, group, member.at, policy, outcome)
            return
        group = self._named(member, frozenset(key for members in own.values() for key in members), policy)
        if group is not None:
            self._open(member.signature, group, member.at, policy, outcome)

    def _named(self, member: Member, apart: frozenset[str], policy: Policy) -> str | None:
        """Of the member's groups in which enough meters show the same, the one to name; `apart` are told already."""
        settings, found = policy.groups, {}
        for group in member.groups:
            heard = self.members.heard_of(group)
            since = member.at - _window(policy)
            members = [m for key, m in self.members.up_to(member, group, since).items() if key not in apart]
            least = min(settings["fleet_share"], settings["fleet_step_share"])
            if not heard or len(members) < max(settings["fleet_least"], heard * least):
                continue
            meters = {m.meter_id for m in members}
            plain = {m.meter_id for m in members if FAMILY[m.cause] in ("silence", "reads")}
            if any(
                len(those) >= max(settings["fleet_least"], heard * settings[share])
                for those, share in ((plain, "fleet_share"), (meters, "fleet_step_share"))
            ):
                found[group] = (len(meters) / heard, len(meters))
        highest = max((share for share, _ in found.values()), default=0.0)
        nearly = [group for group, (share, _) in found.items() if share >= _NEARLY * highest]
        return max(nearly, key=lambda group: found[group][1], default=None)

    def _open(self, signature: str, group: str, at: int, policy: Policy, outcome: GroupOutcome) -> None:
        since, until = at - _window(policy), at + _window(policy)
        own = self.members.between(signature, group, since, at)
        judged = self._judged(signature, group, own, policy)
        event = AnomalyEvent(
            id=anomaly_id(group, FAMILY[judged["cause"]], at),
            meter_id=None,
            status="opened",
            detected_at=to_datetime(at),
            updated_at=to_datetime(at),
            sequence=1,
            severity="critical",
            **judged,
        )
        outcome.say(event, None, group=group, meters=len(event.meters), heard=self.members.heard_of(group))
        for key, member in own.items():
            outcome.claim(at, member.premise_id, key, event.id)
        incident = Incident(
            signature=signature,
            group=group,
            since=since,
            until=until,
            due=at + HOUR,
            event=event.model_copy(update={"meters": ()}),
            listed=len(event.meters),
        )
        self.incidents.put(event.id, incident)

    def _move(
        self, incidents: list[tuple[str, Incident]], group: str, at: int, policy: Policy, outcome: GroupOutcome
    ) -> None:
        """The first of the incidents is about another group, or goes on for longer; the others end in it."""
        (first, incident), *others = incidents
        before = self._own(incident, at)
        window = {"since": min(incident.since, at - _window(policy)), "until": at + _window(policy)}
        incident = incident.model_copy(update={"group": group, **window})
        after = self._own(incident, at)
        self.incidents.put(first, incident)
        for key, member in after.items():
            if key not in before:
                outcome.claim(at, member.premise_id, key, first)
        for other_id, other in [(first, None), *others]:
            theirs = before if other is None else self._own(other, at)
            for key, member in theirs.items():
                if key not in after:
                    outcome.claim(at, member.premise_id, key, other_id, holds=False)
            if other is not None:
                self._say(other, theirs, "closed", at, policy, outcome)
                self.incidents.drop(other_id)

    def _say(
        self, incident: Incident, own: dict[str, Member], status: Status, at: int, policy: Policy, outcome: GroupOutcome
    ) -> Incident:
        judged = self._judged(incident.signature, incident.group, own, policy)
        event = next_line(incident.event, status, at, **judged)
        outcome.say(
            event, None, group=incident.group, meters=len(event.meters), heard=self.members.heard_of(incident.group)
        )
        return incident.model_copy(
            update={"event": event.model_copy(update={"meters": ()}), "listed": len(event.meters)}
        )

    def _judged(self, signature: str, group: str, own: dict[str, Member], policy: Policy) -> dict[str, Any]:
        """What an incident's line says of its members."""
        meters = sorted({member.meter_id for member in own.values()})
        cause: Cause = "communication_fault" if signature == "silence" else "data_error"
        heard = self.members.heard_of(group)
        share = min(1.0, len(meters) / max(1, heard))
        text = f"{len(meters)} of {heard} meters of {group} within {policy.groups['fleet_window_h']:g} h"
        evidence = Evidence(
            rule="F1", value=round(share, 6), threshold=policy.groups["fleet_share"], unit="share of meters", text=text
        )
        return {
            "cause": cause,
            "start": to_datetime(statistics.median_low(member.start for member in own.values())),
            "confidence": round(_LEAST_SURE + (_MOST_SURE - _LEAST_SURE) * share, 4),
            "evidence": (evidence,),
            "meters": tuple(meters),
            "incident": group,
        }

    def _open_ones(self) -> list[tuple[str, Incident]]:
        return sorted(self.incidents, key=lambda item: item[0])

    def _own(self, incident: Incident, at: int) -> dict[str, Member]:
        """An incident's members that are there at event time `at`."""
        near = self.members.between(incident.signature, incident.group, incident.since, at)
        return {key: member for key, member in near.items() if incident.holds(member, at)}


def _lies_in(own: dict[str, Member], group: str) -> bool:
    """Whether nearly all members of an incident are of a group, so that it may be about that group as well."""
    return sum(group in member.groups for member in own.values()) >= _NEARLY_ALL * len(own)


def _window(policy: Policy) -> int:
    return int(policy.groups["fleet_window_h"] * HOUR)
