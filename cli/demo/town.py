"""A town to play: clean days that workers learn from, three weeks of faults, some quiet days in which they come due."""

import dataclasses
import datetime as dt
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pydantic
from rich.console import Console

from cli.demo.feed import SPOILS, Feed, Parcel, parcels_of, spoiled
from cli.demo.show import Show
from cli.simulate import Fleet, Simulation, fleet_of
from evaluation.judge import GRACE
from models.contracts import BillingHold, WorkOrder
from models.domain.times import DAY, to_us
from simulators.faults import Injected
from simulators.headend import events_of, messages_of
from simulators.receivers.billing import Verdict as Decided
from simulators.receivers.field_ops import Found
from simulators.world import Member

START: Final = to_us(dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
CLEAN_DAYS: Final = 60
FAULT_DAYS: Final = 21
QUIET_DAYS: Final = 3
"""The judge's grace, and a day for uploads and day closes."""
HABIT_DAYS: Final = 2
"""Before anything may be said: an archive that comes once a day looks like silence in a meter that sends hourly."""
ENCORE_DAYS: Final = 30
"""Of the town's life after the play."""


@dataclasses.dataclass(frozen=True, slots=True)
class Town:
    """A simulated fleet as something to play, with what its figures need."""

    fleet: Fleet
    show: Show

    @property
    def live_days(self) -> float:
        """Days of the play in which something may be said."""
        return (self.show.until - self.show.live_from) / DAY

    @property
    def sound(self) -> int:
        """Meters without a fault, and without anything that looks like one."""
        touched = {fault.meter_id for fault in self.show.truth}
        return sum(member.meter.meter_id not in touched for member in self.fleet.town.members)

    def write_labels(self, path: Path) -> None:
        """The truth, as on `sim.labels`."""
        lines = (label.model_dump_json(exclude_none=True) for label in self.fleet.labels)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def build(meters: int, seed: int, partitions: int, *, encore: bool = False) -> Town:
    """Raises UnusableError where so few meters have no room for all faults."""
    days = CLEAN_DAYS + FAULT_DAYS + QUIET_DAYS
    quiet = QUIET_DAYS + ENCORE_DAYS * encore
    wanted = Simulation(
        meters, CLEAN_DAYS + FAULT_DAYS + quiet, CLEAN_DAYS, seed=seed, start=START, faults=True, quiet_days=quiet
    )
    fleet = fleet_of(wanted)
    midnight = fleet.town.calendar.midnight
    since, until = int(midnight[0]), int(midnight[days])
    truth = tuple(Injected.of(label) for label in fleet.labels)
    moments = np.random.default_rng(seed).integers(fleet.live_from, until - QUIET_DAYS * DAY, len(SPOILS)).tolist()
    people = People(truth)
    show = Show(
        meters=len(fleet.town.members),
        reference=tuple(_reference(fleet)),
        feed=Feed(spoiled(parcels(fleet), moments), partitions),
        truth=truth,
        since=since,
        until=until,
        live_from=fleet.live_from,
        kill_at=fleet.live_from + FAULT_DAYS * DAY // 2,
        crew=people.crew,
        clerk=people.clerk,
    )
    return Town(fleet, show)


def introduce(console: Console, town: Town) -> None:
    """What will be played."""
    faults = [fault for fault in town.show.truth if fault.role == "fault"]
    alone = [fault for fault in faults if fault.fleet is None]
    fleets = Counter((fault.fleet, fault.kind) for fault in faults if fault.fleet is not None)
    console.print(
        f"{town.show.meters:,} meters of a simulated town: {CLEAN_DAYS} days to learn from, then {FAULT_DAYS} with "
        f"{len(alone)} faults of {len({fault.kind for fault in alone})} kinds, "
        f"{len(town.show.truth) - len(faults)} lives that only look like one, and "
        + ", ".join(f"head-end {fleet} with a {kind} in all its {n} meters" for (fleet, kind), n in fleets.items())
        + f". {len(SPOILS)} messages are spoiled on purpose, and the worker will be killed on the way.",
        soft_wrap=True,
    )


def _reference(fleet: Fleet) -> Iterator[Parcel]:
    town = fleet.town
    for meter in town.meters:
        yield Parcel("meters", meter.meter_id, _json(meter), 0)
    for account in town.accounts:
        yield Parcel("accounts", account.account_id, _json(account), 0)
    for context in town.contexts:
        yield Parcel("context", context.premise_id, _json(context), 0)
    for label in fleet.labels:
        yield Parcel("labels", label.meter_id, _json(label), 0)


def parcels(fleet: Fleet) -> Iterator[Parcel]:
    """History as an archive has it, a block a day for each meter; its last days and all after by meters' habits."""
    members, split = fleet.town.members, fleet.live_from - HABIT_DAYS * DAY
    history = parcels_of(messages_of(_archived(member, split) for member in members))
    live = parcels_of(messages_of(_without(member, before=split) for member in members))
    events = (
        Parcel("meter_events", event["meter_id"], json.dumps(event).encode(), _us(event["received_at"]))
        for event in events_of(members)
    )
    return heapq.merge(history, live, events, key=lambda parcel: parcel.sent_at)


def _archived(member: Member, until: int) -> Member:
    """Its reads before `until`, whole and in order."""
    upload = dataclasses.replace(member.upload, form="daily", outages=(), late=0.0, repeated=0.0, revised=0.0)
    lost = member.reads.lost | (member.reads.start >= until)
    return dataclasses.replace(member, reads=dataclasses.replace(member.reads, lost=lost), upload=upload)


def _without(member: Member, before: int) -> Member:
    lost = member.reads.lost | (member.reads.start < before)
    return dataclasses.replace(member, reads=dataclasses.replace(member.reads, lost=lost))


class People:
    """Crews and clerks who see what is really there."""

    def __init__(self, truth: Iterable[Injected]) -> None:
        self._faults: dict[str, list[Injected]] = {}
        for fault in truth:
            if fault.role == "fault":
                self._faults.setdefault(fault.meter_id, []).append(fault)

    def crew(self, order: WorkOrder) -> Found:
        """Found where the meter has a fault, or had one a moment ago."""
        at = to_us(order.created_at)
        for fault in self._faults.get(order.meter_id, ()):
            if fault.onset <= at <= fault.end + GRACE:
                cause = order.problem if order.problem in fault.expected_causes else fault.expected_causes[0]
                return Found("confirmed", cause)
        return Found("not_found")

    def clerk(self, hold: BillingHold) -> Decided | None:
        """Approves what touches a fault; releases it when right reads can be billed, which stolen energy has not."""
        if hold.status == "draft":
            begin, end = to_us(hold.from_), to_us(hold.to)
            true = any(f.onset < end and begin < f.end for f in self._faults.get(hold.meter_id, ()))
            return Decided("approve" if true else "reject")
        return None if hold.reason in ("theft", "meter_fault") else Decided("release")


def _json(contract: pydantic.BaseModel) -> bytes:
    return contract.model_dump_json(exclude_none=True, by_alias=True).encode()


def _us(text: str) -> int:
    return to_us(dt.datetime.fromisoformat(text))
