"""Puts a worker together. Nothing happens at import, nothing is discovered: `create_app(settings, deps)`."""

import asyncio
import contextlib
import dataclasses
import logging
import pathlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from mode.supervisors import CrashingSupervisor

from models.acting.cases import Cases
from streams.accounts import Accounts
from streams.agents.detect import Detect
from streams.agents.device import Device
from streams.agents.feedback import Feedback
from streams.agents.groups import Groups
from streams.agents.reference import Reference, read_meters
from streams.agents.respond import Respond
from streams.agents.stage import batch_agent
from streams.beside import Beside
from streams.deps import Deps
from streams.health import Reader
from streams.metered import Metered
from streams.metrics import Metrics
from streams.metrics.affairs import Affairs
from streams.publish import Publisher, producer
from streams.reading import ends_of
from streams.records import Records
from streams.settings import Settings
from streams.slots import Slot, new_slot
from streams.snapshots import Snapshots
from streams.steps import StageOf, Steps
from streams.store import PartitionStore, stage_store
from streams.ticks import Ticks
from streams.transport import GroupOwnership, Transport, urls

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A worker's parts, wired and not yet started."""

    settings: Settings
    faust: faust.App
    producer: AIOKafkaProducer
    accounts: Accounts
    ticks: Ticks
    affairs: Affairs
    meters: PartitionStore[Metered]
    cases: PartitionStore[Cases]
    stores: Mapping[str, PartitionStore[Any]]
    """By stage"""
    readers: tuple[Reader, ...]
    """All that take input."""
    ownership: GroupOwnership
    metrics: Metrics


def create_app(settings: Settings, deps: Deps, *, cluster_id: str) -> App:
    """`cluster_id` keeps the snapshots of different clusters apart. Needs a running event loop."""
    app = _faust(settings)
    transport = Transport(app.conf.broker_consumer, app)
    transport.starts = {}
    app.transport = transport
    topics = settings.topics
    metrics = Metrics(deps.registry)
    bulk = (deps.producer or producer)(settings)
    publisher = Publisher(bulk)
    folder = settings.state_dir / cluster_id / settings.app_id

    accounts = Accounts(settings, publisher, metrics)

    ownership = GroupOwnership(app, ["detect", "groups", "respond"], settings.session_timeout_s / 2)

    def steps_of(stage: StageOf[Any]) -> Steps[Any]:
        store = stage_store(app, settings, stage.name, stage.changelog)
        return Steps(stage, settings, deps, store, publisher, ownership, metrics)

    detecting: Steps[Metered] = steps_of(Detect(settings, deps).stage())
    grouping = steps_of(Groups(settings, deps).stage())
    responding = steps_of(Respond(settings, deps, accounts).stage())
    stages = (detecting, grouping, responding)
    reference, records = Reference(settings), Records(settings, "detect")
    rest = (detecting, publisher, records, ownership, metrics)
    meters = Beside("reference", topics.meters, reference.put, Metered.waits_for_meters, *rest)
    device = Device(settings)
    events = Beside("device", topics.meter_events, device.put, lambda _: True, *rest)
    feedback = Feedback(settings, publisher, ownership, metrics)

    async def before_readings(slots: list[Slot[Metered]]) -> None:
        await read_meters(reference, slots, meters)
        await detecting.again([slot for slot in slots if slot.state.waits_for_meters()], ownership.generation)
        ends = await ends_of(settings, topics.readings, [slot.number for slot in slots])
        await detecting.recovered(slots, lambda slot: ends[slot.number] <= slot.offset + 1)

    async def before_groups(slots: list[Slot[Any]]) -> None:
        await grouping.recovered(slots, lambda _slot: True)

    async def before_cases(slots: list[Slot[Any]]) -> None:
        await accounts.set_aside(responding.store.slots)
        await responding.recovered(slots, lambda _slot: True)

    befores = (before_readings, before_groups, before_cases)
    for steps, before in zip(stages, befores, strict=True):
        _set_up(steps, before, folder, ownership, metrics)
        batch_agent(app, settings, steps.stage.name, [steps.stage.topic], steps.run, ownership)
    batch_agent(app, settings, "reference", [topics.meters], meters.run, ownership)
    batch_agent(app, settings, "device", [topics.meter_events], events.run, ownership)
    batch_agent(app, settings, feedback.name, feedback.topics, feedback.run, ownership)

    transport.stores = {steps.stage.topic: steps.store for steps in stages}
    _let_go(app, settings, ownership, [*(steps.store.lock for steps in stages), feedback.lock])
    readers = (*stages, meters, events, feedback)
    ticks = Ticks(settings, detecting.store, publisher, ownership)
    affairs = Affairs(metrics, detecting.store, grouping.store, responding.store, accounts, settings.districts)
    return App(
        settings=settings,
        faust=app,
        producer=bulk,
        accounts=accounts,
        ticks=ticks,
        affairs=affairs,
        meters=detecting.store,
        cases=responding.store,
        stores={steps.stage.name: steps.store for steps in stages},
        readers=readers,
        ownership=ownership,
        metrics=metrics,
    )


def _set_up(
    steps: Steps[Any],
    before: Callable[[list[Slot[Any]]], Awaitable[None]],
    folder: pathlib.Path,
    ownership: GroupOwnership,
    metrics: Metrics,
) -> None:
    """Gives a stage's store what it needs."""
    store, stage = steps.store, steps.stage

    async def before_input(slots: list[Slot[Any]]) -> None:
        async with store.lock:
            await before(slots)
        ownership.recovered(stage.name)
        metrics.recovered(stage.name, time.monotonic() - store.recovering_since, store.recovered_records)

    snapshots = Snapshots(folder / stage.changelog)
    store.set_up(stage.changelog, snapshots, lambda number: new_slot(stage.name, stage.new(number)), before_input)


def _faust(settings: Settings) -> faust.App:
    return faust.App(
        settings.app_id,
        broker=urls(settings.bootstrap_servers),
        store="meterwatch://",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        table_standby_replicas=0,
        agent_supervisor=CrashingSupervisor,
        stream_wait_empty=False,  # we wait for the step in hand ourselves; a dead agent would be waited for for ever
        stream_buffer_maxsize=2 * settings.batch_messages,
        broker_commit_interval=settings.commit_every_s,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.heartbeat_s,
        broker_rebalance_timeout=3 * settings.session_timeout_s,
        broker_request_timeout=settings.request_timeout_s,
        broker_client_id=f"{settings.app_id}-{settings.instance_id}",
        consumer_group_instance_id=settings.instance_id,
        consumer_auto_offset_reset="earliest",
        logging_config=None,
        datadir=str(settings.state_dir),
    )


def _let_go(app: faust.App, settings: Settings, ownership: GroupOwnership, locks: list[asyncio.Lock]) -> None:
    """What is done before partitions are given back."""

    async def revoked(*_: Any, **__: Any) -> None:
        """Faust waits for this: the steps in hand end, and their acks are committed."""
        ownership.stop_flow()
        try:
            async with asyncio.timeout(settings.session_timeout_s), contextlib.AsyncExitStack() as held:
                for lock in locks:
                    await held.enter_async_context(lock)
                await app.consumer.commit()
        except TimeoutError:
            log.warning("partitions go while a batch is in hand; it will be abandoned")

    app.on_partitions_revoked.connect(revoked)
