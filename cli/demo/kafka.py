"""The way through Kafka: a worker and the receivers beside it, messages in, anomalies and actions out."""

import asyncio
import contextlib
import dataclasses
import json
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from cli.audit import from_kafka as verify_audit
from cli.demo.feed import READINGS
from cli.demo.guest import at as guest_at
from cli.demo.receiving import Receiving, groups_of
from cli.demo.seen import Seen
from cli.demo.show import ACTIONS, PARTITIONS
from cli.demo.worker import Worker
from cli.errors import UnusableError
from cli.kafka.broker import free_ports
from cli.sending import Sender
from cli.settings import read_settings
from models.contracts import DeadLetter
from models.domain.times import NEVER, SECOND
from streams.settings import Settings, Topics

_HOST: Final = "127.0.0.1"
_AHEAD: Final = 12_000
"""Messages that may wait for the worker: the screen shows what happens, not what was queued."""
_LOOK_MS: Final = 150
_STAGES: Final = {
    "detect": (READINGS,),
    "groups": ("groups",),
    "respond": ("cases", "outcomes", "decisions", "context"),
}
"""Stage -> fields of `Topics` that it takes in."""


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """What only shows when everything is drained."""

    effects: dict[str, Counter[str]]
    """Kind of action -> line id -> how often it took effect in the receiving system"""
    received: dict[str, Counter[str]]
    """Receiver -> what it did, how often"""
    audit_entries: int
    audit_problems: list[str]
    kills: int


def settings_for(bootstrap: str, health_port: int | None, *, guest: bool) -> Settings:
    """The worker's settings; its health port any free one if none is given. A guest on a cluster uses names of its own
    for topics and groups.
    """
    name = f"meterwatch-demo-{uuid.uuid4().hex[:8]}"
    names = {topic: f"{name}.{own}" for topic, own in Topics().model_dump().items()} if guest else {}
    settings = read_settings(
        bootstrap_servers=bootstrap,
        app_id=name,
        instance_id="demo",
        partitions=PARTITIONS,
        health_host=_HOST,
        health_port=health_port or free_ports(1)[0],
        tick_after_s=0,  # time runs a million times faster here: not by itself, in larger batches, with fewer marks
        batch_messages=4000,
        batch_wait_s=0.4,
        mark_every_s=900,
        snapshot_every_s=15,
    )
    return settings.model_copy(update={"topics": Topics(**names)})


@contextlib.asynccontextmanager
async def opened(seen: Seen, settings: Settings, log: Path, *, guest: bool) -> AsyncIterator["Stream"]:
    """Ready to play. Leaves no process behind, and as a guest nothing on the cluster."""
    bootstrap = settings.bootstrap_servers
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(guest_at(settings, [settings.app_id, *groups_of(settings)], guest=guest))
            worker = await stack.enter_async_context(Worker(settings, seen.show.live_from, log))
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="meterwatch-demo-"))
            receiving = await stack.enter_async_context(Receiving(settings, seen.show, Path(scratch)))
            sender = await stack.enter_async_context(Sender(bootstrap))
            await stack.enter_async_context(consumer)
            stack.push_async_callback(admin.close)
            await admin.start()
            yield Stream(seen, settings, worker, receiving, sender, consumer, admin)
    except (KafkaError, OSError) as error:
        raise UnusableError(f"Kafka at {bootstrap}: {error or type(error).__name__}") from error


class Stream:
    """One run through a cluster whose topics are there and whose worker is starting."""

    def __init__(
        self,
        seen: Seen,
        settings: Settings,
        worker: Worker,
        receiving: Receiving,
        sender: Sender,
        consumer: AIOKafkaConsumer,
        admin: AIOKafkaAdminClient,
    ) -> None:
        self._seen = seen
        self._settings = settings
        self._worker = worker
        self._receiving = receiving
        self._sender = sender
        self._consumer = consumer
        self._admin = admin
        self._moved = asyncio.Event()
        """Set whenever the worker got on."""
        own = settings.topics
        self._outputs = {getattr(own, name): name for name in ("anomalies", "dead_letters", *ACTIONS)}
        self._inputs = {stage: self._partitions(*names) for stage, names in _STAGES.items()}
        consumer.assign(self._partitions(*self._outputs.values()))

    async def play(self, paint: Callable[[], None]) -> None:
        """Ends when all that was sent is done with, by the worker and the receivers, and what they said is read."""
        show = self._seen.show
        await self._send_all(show.reference)
        await self._sender.settle()  # a worker knows a meter before it sees its readings
        await self._worker.until_ready()
        self._seen.begin()
        await self._while_sending(self._send(show.until, 0), paint)
        await self._settle(paint)
        self._seen.over = True
        paint()

    async def go_on(self, speed: float, paint: Callable[[], None]) -> None:
        """What comes after the play, so many times as fast as the clock; ends when there is no more of it."""
        self._receiving.run()
        await self._while_sending(self._send(None, speed), paint)

    async def proof(self) -> Proof:
        """Of a play that is over."""
        trail = await asyncio.to_thread(verify_audit, self._settings)
        return Proof(
            effects=self._receiving.effects(),
            received=self._receiving.counts(),
            audit_entries=sum(trail.chains.values()),
            audit_problems=trail.problems,
            kills=self._worker.starts - 1,
        )

    async def _while_sending(self, sending: Any, paint: Callable[[], None]) -> None:
        task = asyncio.create_task(sending)
        try:
            while not task.done():
                await self._look(paint)
            await task  # raises what it ended with
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _send_all(self, parcels: Any) -> None:
        for parcel in parcels:
            await self._sender.send(getattr(self._settings.topics, parcel.topic), parcel.key, parcel.value)

    async def _send(self, until: int | None, speed: float) -> None:
        """Parcels in order: as fast as the worker takes them, or `speed` times as fast as the clock."""
        feed = self._seen.show.feed
        clock, began, first = asyncio.get_running_loop().time, 0.0, NEVER
        for parcel in feed.until() if until is None else feed.until(until):
            if first == NEVER:
                began, first = clock(), parcel.sent_at
            if speed and (ahead := (parcel.sent_at - first) / SECOND / speed - (clock() - began)) > 0:
                await asyncio.sleep(ahead)
            while feed.sent - self._seen.handled.messages >= _AHEAD:
                self._moved.clear()
                await self._moved.wait()
            await self._send_all([parcel])
        await self._sender.settle()

    async def _look(self, paint: Callable[[], None]) -> None:
        """Reads what has come out, sees how far the worker has committed, and kills it when its time has come."""
        await self._read()
        self._worker.check()
        committed = await self._admin.list_consumer_group_offsets(self._settings.app_id)
        ends = await self._consumer.end_offsets([tp for tps in self._inputs.values() for tp in tps])
        done = {tp: max(0, committed[tp].offset) if tp in committed else 0 for tp in ends}
        self._seen.lag = {stage: sum(ends[tp] - done[tp] for tp in tps) for stage, tps in self._inputs.items()}
        self._seen.progress(self._seen.show.feed.handled({tp.partition: done[tp] for tp in self._inputs["detect"]}))
        self._moved.set()
        self._receiving.advance(self._seen.handled.event_time)
        if self._seen.handled.event_time >= self._seen.show.kill_at and self._worker.starts == 1:
            await self._worker.kill()
        paint()

    async def _settle(self, paint: Callable[[], None]) -> None:
        """Answers of the receivers are more work for the worker, and that is more for them: until neither has any."""
        ends: Any = None
        while True:
            await self._look(paint)
            if any(self._seen.lag.values()):
                continue
            await self._receiving.drain()
            before, ends = (
                ends,
                await self._consumer.end_offsets([*self._consumer.assignment(), *self._inputs["respond"]]),
            )
            if before == ends:
                break
        while any([await self._consumer.position(tp) < ends[tp] for tp in self._consumer.assignment()]):
            await self._read()

    async def _read(self) -> None:
        """What has come out; waits a moment for it."""
        for tp, records in (await self._consumer.getmany(timeout_ms=_LOOK_MS)).items():
            kind = self._outputs[tp.topic]
            for record in records:
                if kind == "dead_letters":
                    letter = DeadLetter.model_validate_json(record.value)
                    self._seen.letter(letter.topic, letter.partition, letter.offset, letter.reason)
                    continue
                ce_id = dict(record.headers)["ce_id"].decode()
                if kind == "anomalies":
                    self._seen.event(ce_id, json.loads(record.value))
                else:
                    self._seen.action(kind, ce_id, json.loads(record.value))

    def _partitions(self, *names: str) -> list[TopicPartition]:
        topics = (getattr(self._settings.topics, name) for name in names)
        return [TopicPartition(topic, n) for topic in topics for n in range(self._settings.partitions)]
