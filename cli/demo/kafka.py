"""The way through Kafka: a worker in a process of its own, messages in, events and dead letters out."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import urllib.request
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from cli.demo.guest import at as guest_at
from cli.demo.seen import Seen
from cli.errors import UnusableError
from cli.kafka.broker import free_ports
from cli.settings import PREFIX, as_environment, read_settings
from models.contracts import DeadLetter, Meter
from models.domain.errors import MeterwatchError
from models.domain.ids import partition_of
from streams.settings import Settings, Topics

_HOST: Final = "127.0.0.1"
_AHEAD: Final = 4000
"""Messages that may wait for the worker: the screen shows what happens, not what was queued."""
_LOOK_MS: Final = 100
_READY_S: Final = 300.0
"""For a worker to start, kernels compiled and all, on a slow machine."""
_STOP_S: Final = 20.0


class WorkerError(MeterwatchError):
    """The worker has ended or does not start; with its last words."""


def settings_for(bootstrap: str, *, guest: bool) -> Settings:
    """The worker's settings. A guest on a cluster uses names of its own for topics and group."""
    name = f"meterwatch-demo-{uuid.uuid4().hex[:8]}"
    names = {topic: f"{name}.{own}" for topic, own in Topics().model_dump().items()} if guest else {}
    settings = read_settings(
        bootstrap_servers=bootstrap,
        app_id=name,
        instance_id="demo",
        health_host=_HOST,
        health_port=free_ports(1)[0],
    )
    return settings.model_copy(update={"topics": Topics(**names)})


async def stream(seen: Seen, settings: Settings, log: Path, paint: Callable[[], None], *, guest: bool) -> None:
    """The whole feed, to the last acked event. Leaves no process behind, and as a guest nothing on the cluster."""
    try:
        async with guest_at(settings, guest=guest), _worker(settings, log) as worker:
            await _Stream(seen, settings, worker, log).run(paint)
    except (KafkaError, OSError) as error:
        raise UnusableError(f"Kafka at {settings.bootstrap_servers}: {error or type(error).__name__}") from error


@contextlib.asynccontextmanager
async def _worker(settings: Settings, log: Path) -> AsyncIterator[Process]:
    """`meterwatch worker`, told everything through its environment, stopped at the end as an operator would."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with tempfile.TemporaryDirectory(prefix="meterwatch-demo-") as scratch, log.open("wb") as output:
        own = as_environment(settings.model_copy(update={"state_dir": Path(scratch)}))
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "worker", env=others | own, stdout=output, stderr=output
        )
        try:
            yield worker
        finally:
            if worker.returncode is None:
                worker.terminate()
                try:
                    async with asyncio.timeout(_STOP_S):
                        await worker.wait()
                except TimeoutError:
                    worker.kill()
                    await worker.wait()


class _Stream:
    """One run through a cluster whose topics are there and whose worker is starting."""

    def __init__(self, seen: Seen, settings: Settings, worker: Process, log: Path) -> None:
        self._seen = seen
        self._settings = settings
        self._worker = worker
        self._log = log
        self._moved = asyncio.Event()
        """Set whenever the worker got on."""
        own = settings.topics
        self._outputs = [
            TopicPartition(topic, n) for topic in (own.anomalies, own.dead_letters) for n in range(settings.partitions)
        ]

    async def run(self, paint: Callable[[], None]) -> None:
        """Ends when the worker has committed all that was sent and what it said of it is read."""
        bootstrap = self._settings.bootstrap_servers
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", group_id=None
        )
        async with _producer(bootstrap) as producer, consumer:
            consumer.assign(self._outputs)
            await admin.start()
            try:
                await self._introduce(self._seen.scene.meters, producer)
                await self._until_ready()
                self._seen.begin()
                sending = asyncio.create_task(self._send(producer))
                try:
                    while not self._seen.done:
                        await self._read(consumer)
                        await self._look(admin)
                        paint()
                        if sending.done():
                            await sending  # raises what it ended with
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
                await self._drain(consumer)
                paint()
            finally:
                await admin.close()

    async def _introduce(self, meters: tuple[Meter, ...], producer: AIOKafkaProducer) -> None:
        """`ami.meters`, before the first reading."""
        for meter in meters:
            number = partition_of(meter.meter_id, self._settings.partitions)
            record = meter.model_dump_json(exclude_none=True).encode()
            await producer.send(self._settings.topics.meters, record, key=meter.meter_id.encode(), partition=number)
        await producer.flush()

    async def _until_ready(self) -> None:
        url = f"http://{_HOST}:{self._settings.health_port}/readyz"
        try:
            async with asyncio.timeout(_READY_S):
                while not await asyncio.to_thread(_answers, url):
                    self._check_worker()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise WorkerError(f"the worker is not ready after {_READY_S:g} s, see {self._log}") from None

    async def _send(self, producer: AIOKafkaProducer) -> None:
        """`ami.readings`, in order, as fast as the worker takes it."""
        for sent, parcel in enumerate(self._seen.feed.parcels):
            while sent - self._seen.handled.messages >= _AHEAD:
                self._moved.clear()
                await self._moved.wait()
            key = parcel.key.encode()
            await producer.send(self._settings.topics.readings, parcel.value, key=key, partition=parcel.partition)
        await producer.flush()

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        """What has come on `ami.anomalies` and `ami.readings.dlq`; waits a moment for it."""
        for tp, records in (await consumer.getmany(timeout_ms=_LOOK_MS)).items():
            for record in records:
                if tp.topic == self._settings.topics.anomalies:
                    self._seen.event(dict(record.headers)["ce_id"].decode(), json.loads(record.value))
                else:
                    letter = DeadLetter.model_validate_json(record.value)
                    self._seen.letter(letter.partition, letter.offset, letter.reason)

    async def _look(self, admin: AIOKafkaAdminClient) -> None:
        """How far the worker has committed."""
        self._check_worker()
        offsets = await admin.list_consumer_group_offsets(self._settings.app_id)
        readings = self._settings.topics.readings
        committed = {tp.partition: max(0, at.offset) for tp, at in offsets.items() if tp.topic == readings}
        self._seen.progress(self._seen.feed.handled(committed))
        self._moved.set()

    async def _drain(self, consumer: AIOKafkaConsumer) -> None:
        """Outputs are acked before their input is committed: what is there now is all that there will be."""
        ends = await consumer.end_offsets(self._outputs)
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            await self._read(consumer)

    def _check_worker(self) -> None:
        if self._worker.returncode is not None:
            words = self._log.read_text(errors="replace").strip()[-1500:]
            raise WorkerError(f"the worker has ended with exit code {self._worker.returncode}:\n{words}")


def _producer(bootstrap: str) -> AIOKafkaProducer:
    """Idempotent, for offsets tell how far the worker is: nothing may be sent twice."""
    return AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own worker, on this machine
            return bool(answer.status == 200)
    except OSError:
        return False
