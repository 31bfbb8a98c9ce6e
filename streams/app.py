"""Puts a worker together. Nothing happens at import, nothing is discovered: `create_app(settings, deps)`."""

import asyncio
import dataclasses
import logging
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from mode.supervisors import CrashingSupervisor

from streams.agents.detect import detect_agent
from streams.agents.reference import Reference, reference_agent
from streams.deps import Deps
from streams.metrics import Metrics
from streams.publish import Publisher, producer
from streams.settings import Settings
from streams.snapshots import Snapshots
from streams.steps import Steps
from streams.store import PartitionStore, Slot, state_store
from streams.transport import GroupOwnership, Transport, urls

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """A worker's parts, wired and not yet started."""

    settings: Settings
    faust: faust.App
    producer: AIOKafkaProducer
    store: PartitionStore
    steps: Steps
    ownership: GroupOwnership
    metrics: Metrics


def create_app(settings: Settings, deps: Deps, *, cluster_id: str) -> App:
    """`cluster_id` keeps the snapshots of different clusters apart. Needs a running event loop."""
    app = faust.App(
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
    transport = Transport(app.conf.broker_consumer, app)
    app.transport = transport
    store = state_store(app, settings)
    transport.store, transport.readings = store, settings.topics.readings

    metrics = Metrics(deps.registry)
    bulk = (deps.producer or producer)(settings)
    ownership = GroupOwnership(app, settings.topics.readings, settings.session_timeout_s / 2)
    steps = Steps(settings, deps, store, Publisher(bulk, settings, deps.reached), ownership, metrics)
    reference = Reference(settings, store)

    async def before_readings(slots: list[Slot]) -> None:
        async with store.lock:
            await reference.read_all(slots)
            await steps.release(slots, ownership.generation)
        ownership.flowing = True

    folder = settings.state_dir / cluster_id / settings.app_id / settings.topics.state
    store.set_up(settings, Snapshots(folder), before_readings)
    detect_agent(app, settings, steps, ownership)
    reference_agent(app, settings, reference, steps, ownership)

    async def revoked(*_: Any, **__: Any) -> None:
        """Faust waits for this before it gives partitions back: the step in hand ends, and its acks are committed."""
        ownership.flowing = False
        try:
            async with asyncio.timeout(settings.session_timeout_s), store.lock:
                await app.consumer.commit()
        except TimeoutError:
            log.warning("partitions go while a batch is in hand; it will be abandoned")

    app.on_partitions_revoked.connect(revoked)
    return App(settings, app, bulk, store, steps, ownership, metrics)
