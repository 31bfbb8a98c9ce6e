"""Puts a worker together. Nothing happens at import, nothing is discovered: `create_app(settings, deps)`."""

import asyncio
import contextlib
import dataclasses
import logging
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from mode.supervisors import CrashingSupervisor

from streams.agents.detect import Detect
from streams.agents.reference import Reference, read_meters
from streams.agents.stage import batch_agent
from streams.beside import Beside
from streams.deps import Deps
from streams.health import Reader
from streams.metered import Metered
from streams.metrics import Metrics
from streams.publish import Publisher, producer
from streams.reading import ends_of
from streams.records import Records
from streams.settings import Settings
from streams.snapshots import Snapshots
from streams.steps import StageOf, Steps
from streams.store import PartitionStore, Slot, new_slot, stage_store
from streams.transport import GroupOwnership, Transport, urls

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A worker's parts, wired and not yet started."""

    settings: Settings
    faust: faust.App
    producer: AIOKafkaProducer
    meters: PartitionStore[Metered]
    stores: tuple[PartitionStore[Any], ...]
    readers: tuple[Reader, ...]
    """All that take input."""
    ownership: GroupOwnership
    metrics: Metrics


def create_app(settings: Settings, deps: Deps, *, cluster_id: str) -> App:
    """`cluster_id` keeps the snapshots of different clusters apart. Needs a running event loop."""
    app = _faust(settings)
    transport = Transport(app.conf.broker_consumer, app)
    app.transport = transport
    topics = settings.topics
    metrics = Metrics(deps.registry)
    bulk = (deps.producer or producer)(settings)
    publisher = Publisher(bulk)
    folder = settings.state_dir / cluster_id / settings.app_id

    detect = Detect(settings, deps).stage()
    ownership = GroupOwnership(app, [detect.name], settings.session_timeout_s / 2)

    def steps_of(stage: StageOf[Any], changelog: str) -> Steps[Any]:
        store = stage_store(app, settings, stage.name, changelog)
        return Steps(stage, settings, deps, store, publisher, ownership, metrics)

    detecting: Steps[Metered] = steps_of(detect, topics.state)
    reference = Reference(settings)
    records = Records(settings, detect.name)
    meters = Beside(
        topics.meters,
        reference.put,
        lambda slot: slot.state.waits_for_meters(),
        detecting,
        publisher,
        records,
        ownership,
    )

    async def before_readings(slots: list[Slot[Metered]]) -> None:
        async with detecting.store.lock:
            await read_meters(reference, slots, meters)
            await detecting.again([slot for slot in slots if slot.state.waits_for_meters()], ownership.generation)
            ends = await ends_of(settings, topics.readings, [slot.number for slot in slots])
            await detecting.recovered(slots, lambda slot: ends[slot.number] <= slot.offset + 1)
        ownership.recovered(detect.name)

    detecting.store.set_up(
        topics.state,
        Snapshots(folder / topics.state),
        lambda number: new_slot(detect.name, Metered(number, settings)),
        before_readings,
    )
    stages = (detecting,)
    transport.stores = {steps.stage.topic: steps.store for steps in stages}
    for steps in stages:
        batch_agent(app, settings, steps.stage.name, [steps.stage.topic], steps.run, ownership)
    batch_agent(app, settings, "reference", [topics.meters], meters.run, ownership)
    stores = tuple(steps.store for steps in stages)
    _let_go(app, settings, ownership, [store.lock for store in stores])
    return App(settings, app, bulk, detecting.store, stores, (*stages, meters), ownership, metrics)


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
