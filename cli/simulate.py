"""`meterwatch simulate`: a head-end whose town of `simulators.world` misbehaves as `simulators.scenario` has it."""

import asyncio
import dataclasses
import datetime as dt
import heapq
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import pydantic

from cli.cluster import ask
from cli.errors import UnusableError
from cli.sending import Sender
from models.contracts import Label
from models.domain.times import DAY, SECOND, to_text, to_us
from simulators.headend import events_of, payloads_of
from simulators.scenario import WINDOW_DAYS, inject
from simulators.world import Town, build
from streams.settings import Settings, Topics

Progress = Callable[[str, int, int], None]
"""Called with a step, how much of it is done, and of how much (0 = not known)."""
LEARN_DAYS: Final = 28
"""Before the first fault, at least: `simulators.scenario` picks meters by what they did in them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Simulation:
    """What is simulated."""

    meters: int
    days: int
    """Local days, the clean ones among them"""
    clean_days: int
    """At the beginning, with nothing wrong"""
    seed: int
    start: int
    """Microseconds UTC"""
    faults: bool
    quiet_days: int = 0
    """At the end, when all faults are over: what is left of them comes to light"""

    def check(self) -> None:
        """Raises UnusableError where there is no time to find what is put in."""
        if self.faults and self.clean_days < LEARN_DAYS:
            raise UnusableError(f"--clean-days {self.clean_days}: faults need {LEARN_DAYS} at least, or --no-faults")
        least = self.clean_days + WINDOW_DAYS + self.quiet_days
        if self.faults and self.days < least:
            raise UnusableError(f"--days {self.days}: {least} at least after --clean-days, or --no-faults")


class Message(NamedTuple):
    """One message of a head-end."""

    at: int
    """When it is sent, microseconds"""
    topic: str
    meter_id: str
    value: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Fleet:
    """A town as it will be, and the truth about it."""

    town: Town
    labels: tuple[Label, ...]
    live_from: int
    """When the first fault may begin, microseconds"""

    def messages(self, topics: Topics) -> Iterator[Message]:
        """All that its head-ends send, in order of time."""
        blocks = (Message(at, topics.readings, meter, value) for meter, at, value in payloads_of(self.town.members))
        events = (
            Message(_us(event["received_at"]), topics.meter_events, event["meter_id"], json.dumps(event).encode())
            for event in events_of(self.town.members)
        )
        return heapq.merge(blocks, events, key=lambda message: message.at)


def fleet_of(wanted: Simulation) -> Fleet:
    """The town, and what goes wrong in it. Raises UnusableError where the town is too small for it."""
    wanted.check()
    try:
        town = build(wanted.seed, wanted.meters, wanted.start, wanted.days)
        live_from, end = (
            int(town.calendar.midnight[day])
            for day in (min(wanted.clean_days, wanted.days), wanted.days - wanted.quiet_days)
        )
        if not wanted.faults:
            return Fleet(town, town.labels, live_from)
        scenario = inject(
            [(member.meter, member.reads) for member in town.members],
            live_from,
            end,
            wanted.seed,
            spare={label.meter_id for label in town.labels},
            registers={m.meter.meter_id for m in town.members if m.upload.register != "never"},
        )
    except ValueError as error:
        raise UnusableError(f"--meters {wanted.meters}: {error}") from None
    later = {meter.meter_id: meter for meter in scenario.meters}
    town = town.with_reads(scenario.reads, scenario.used)
    members = tuple(
        dataclasses.replace(member, versions=(*member.versions, later[member.meter.meter_id]))
        if member.meter.meter_id in later
        else member
        for member in town.members
    )
    labels = (*town.labels, *(injected.label() for injected in scenario.truth))
    return Fleet(dataclasses.replace(town, members=members), labels, live_from)


def simulate(wanted: Simulation, settings: Settings, speed: float, progress: Progress) -> dict[str, Any]:
    """Sends it all. `speed`: times the clock, 0 = as fast as Kafka takes it. Raises UnusableError."""
    fleet = fleet_of(wanted)
    sent = ask(_send(fleet, settings, speed, progress), settings.bootstrap_servers)
    return {
        "meters": len(fleet.town.members),
        "accounts": len(fleet.town.accounts),
        "readings": fleet.town.readings,
        "messages": sent,
        "faults": dict(sorted(Counter(label.kind for label in fleet.labels if label.role == "fault").items())),
        "look_alikes": dict(sorted(Counter(label.kind for label in fleet.labels if label.role != "fault").items())),
        "live_from": to_text(fleet.live_from),
    }


async def _send(fleet: Fleet, settings: Settings, speed: float, progress: Progress) -> dict[str, int]:
    """Messages by topic."""
    topics, sent = settings.topics, Counter[str]()
    async with Sender(settings.bootstrap_servers) as sender:

        async def send(topic: str, key: str, value: bytes) -> None:
            await sender.send(topic, key, value)
            sent[topic] += 1

        for meter in fleet.town.meters:
            await send(topics.meters, meter.meter_id, _json(meter))
        for account in fleet.town.accounts:
            await send(topics.accounts, account.account_id, _json(account))
        for context in fleet.town.contexts:
            await send(topics.context, context.premise_id, _json(context))
        for label in fleet.labels:
            await send(topics.labels, label.meter_id, _json(label))
        await sender.settle()  # workers know a meter before they see its readings

        began, first = time.monotonic(), 0
        for message in fleet.messages(topics):
            first = first or message.at
            if speed and (ahead := (message.at - first) / SECOND / speed - (time.monotonic() - began)) > 0:
                await asyncio.sleep(ahead)
            await send(message.topic, message.meter_id, message.value)
            progress("send", (message.at - first) // DAY, len(fleet.town.calendar.midnight) - 1)
    return dict(sent)


def _json(contract: pydantic.BaseModel) -> bytes:
    return contract.model_dump_json(exclude_none=True, by_alias=True).encode()


def _us(text: str) -> int:
    return to_us(dt.datetime.fromisoformat(text))
