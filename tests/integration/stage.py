"""A stage for plays with real workers on a real Kafka: topics of their own, readings to send, and what came of them."""

import asyncio
import contextlib
import json
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from models.contracts import AnomalyEvent, Meter
from models.domain.ids import partition_of
from models.domain.times import DAY, to_text
from models.state.partition import Partition
from streams import topics
from streams.settings import Settings, Topics

T = TypeVar("T")
PARTITIONS = 4
ANSWER_S = 60.0
FIRST_DAY = 19_800 * DAY
Said = set[tuple[str, str, str, str, int]]
"""(id, cause, status, start, sequence) of events, repeats dropped by ce_id."""


def meters(count: int = 20) -> list[Meter]:
    """Water meters in litres at 15 minutes."""
    return [
        Meter(
            meter_id=f"meter-{n}", service="water", unit="L", interval_s=900, timezone="Europe/Madrid", resolution=1.0
        )
        for n in range(count)
    ]


def blocks(of: Sequence[Meter], days: int = 24, seed: int = 1) -> list[tuple[str, bytes]]:
    """(meter, message) by day and meter: homes, every third begins to leak, every fifth to be estimated flat."""
    rng = random.Random(seed)
    out = []
    for day in range(days):
        for n, meter in enumerate(of):
            values = [float(rng.choice((0, 0, 0, 0, 2, 9, 31)) if 24 <= i < 92 else 0) for i in range(96)]
            if n % 3 == 0 and day >= 14:
                values = [value + 6 for value in values]
            if n % 5 == 1 and day >= 16:
                values = [40.0] * 96
            block = {"meter_id": meter.meter_id, "start": to_text(FIRST_DAY + day * DAY), "values": values}
            out.append((meter.meter_id, json.dumps(block).encode()))
    return out


class Stage:
    """Topics under a prefix; workers are started with `worker` and told apart by their names."""

    def __init__(self, bootstrap: str, prefix: str, folder: pathlib.Path, **settings: Any) -> None:
        names = {name: f"{prefix}.{name}" for name in Topics.model_fields}
        self.folder = folder
        self.settings = Settings(
            app_id=prefix,
            bootstrap_servers=bootstrap,
            topics=Topics(**names),
            **{
                "partitions": PARTITIONS,
                "batch_messages": 40,
                "record_batch_bytes": 8 * 1024,
                "batch_wait_s": 0.05,
                "tick_after_s": 0,
                **settings,
            },
        )
        self.running: list[subprocess.Popen[bytes]] = []
        run(topics.create(self.settings))

    # Input ------------------------------------------------------------------------------------------------------------

    def know(self, of: Sequence[Meter]) -> None:
        """`ami.meters` tells of meters."""
        records = [
            (partition_of(m.meter_id, self.settings.partitions), m.meter_id, m.model_dump_json().encode()) for m in of
        ]
        run(self._send(self.settings.topics.meters, records))

    def send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Messages to the partition of their meter."""
        self.tell(self.settings.topics.readings, messages)

    def tell(self, topic: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """Messages to the partition of their key."""
        run(self._send(topic, [(partition_of(key, self.settings.partitions), key, value) for key, value in messages]))

    def send_raw(self, partition: int, value: bytes | None) -> None:
        """Any bytes, anywhere."""
        run(self._send(self.settings.topics.readings, [(partition, "raw", value)]))

    async def _send(self, topic: str, records: Sequence[tuple[int, str, bytes | None]]) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.bootstrap_servers, max_request_size=2_000_000, linger_ms=5
        ) as producer:
            for partition, key, value in records:
                await producer.send(topic, value, key=key.encode(), partition=partition)

    # Workers ----------------------------------------------------------------------------------------------------------

    def worker(self, name: str = "w1", **order: Any) -> subprocess.Popen[bytes]:
        """A worker process; `order` as in `worker_process`, and settings of its own under `settings`."""
        own = {"instance_id": name, "state_dir": str(self.folder / name), **order.pop("settings", {})}
        settings = {**self.settings.model_dump(mode="json"), **own}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.worker_process", json.dumps({"settings": settings, **order})],
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def log(self, name: str = "w1") -> str:
        """What a worker has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_for_word(self, word: str, name: str = "w1") -> None:
        """Until a worker has said something."""
        began = time.monotonic()
        while word not in self.log(name):
            assert time.monotonic() - began < ANSWER_S, f"{name} did not say {word!r}"
            time.sleep(0.05)

    def wait_until(self, so: Callable[[], bool]) -> None:
        """Until something is so."""
        began = time.monotonic()
        while not so():
            assert time.monotonic() - began < ANSWER_S, "it did not come about"
            time.sleep(0.1)

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """SIGTERM, and the exit code."""
        process.send_signal(signal.SIGTERM)
        return process.wait(ANSWER_S)

    def lose_state(self) -> None:
        """The changelog is deleted and made anew, empty."""

        async def delete() -> None:
            async with admin(self.settings) as client:
                await client.delete_topics([self.settings.topics.state])

        run(delete())
        time.sleep(1)
        assert run(topics.create(self.settings)) == [self.settings.topics.state]

    def close(self) -> None:
        """Nothing is left running."""
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()

    def wait_until_read(self, *, alive: Sequence[subprocess.Popen[bytes]] = ()) -> float:
        """Until every message of all input is committed; seconds. Fails when a process in `alive` ends before."""
        began = time.monotonic()
        while (unread := run(self._unread())) is not None:
            assert time.monotonic() - began < ANSWER_S, f"{unread} not read within {ANSWER_S} s"
            assert all(process.poll() is None for process in alive), "a worker has ended"
            time.sleep(0.1)
        return time.monotonic() - began

    async def _unread(self) -> str | None:
        """The first topic that is not; each is complete once those before it are read."""
        topics = self.settings.topics
        asked = (topics.outcomes, topics.decisions, topics.context, topics.meter_events)
        for topic in (*asked, topics.readings, topics.groups, topics.cases):
            if await self.committed(topic) != await self._ends(topic):
                return topic
        return None

    async def committed(self, topic: str | None = None) -> dict[int, int]:
        """Offsets of the group by partition of a topic, `ami.readings` where none is named, where there are any."""
        async with admin(self.settings) as client:
            try:
                offsets = await client.list_consumer_group_offsets(self.settings.app_id)
            except GroupCoordinatorNotAvailableError:  # a broker that has just come up
                return {}
        topic = topic or self.settings.topics.readings
        return {tp.partition: o.offset for tp, o in offsets.items() if tp.topic == topic and o.offset > 0}

    async def _ends(self, topic: str) -> dict[int, int]:
        async with AIOKafkaConsumer(bootstrap_servers=self.settings.bootstrap_servers) as consumer:
            ends = await consumer.end_offsets([TopicPartition(topic, n) for n in range(self.settings.partitions)])
        return {tp.partition: end for tp, end in ends.items() if end}

    # Output -----------------------------------------------------------------------------------------------------------

    def said(self) -> Said:
        """What is on `ami.anomalies`."""
        events = {}
        for record in self.records(self.settings.topics.anomalies):
            headers = {name: value.decode() for name, value in record.headers}
            event = AnomalyEvent.model_validate_json(record.value)
            assert headers["ce_id"] == event.ce_id
            assert record.partition == partition_of(event.meter_id or "", self.settings.partitions)
            events[event.ce_id] = event
        return facts(events.values())

    def letters(self) -> list[dict[str, Any]]:
        """What is on the dead-letter topic."""
        return [json.loads(record.value) for record in self.records(self.settings.topics.dead_letters)]

    def rows(self) -> dict[str, str]:
        """Meters' digests as the changelog alone gives them."""
        partitions = [Partition(n) for n in range(self.settings.partitions)]
        for record in self.records(self.settings.topics.state):
            if not record.key.startswith((b"k", b"\0")):
                partitions[record.partition].apply(record.key, record.value)
        return {meter: digest for partition in partitions for meter, digest in partition.digests().items()}

    def records(self, topic: str) -> list[Any]:
        """All of a topic, in order within a partition."""
        return run(self._records(topic))

    async def _records(self, topic: str) -> list[Any]:
        tps = [TopicPartition(topic, n) for n in range(self.settings.partitions)]
        async with AIOKafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign(tps)
            ends, out = await consumer.end_offsets(tps), []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    out += records
        return out


@contextlib.contextmanager
def stage(bootstrap: str, prefix: str, folder: pathlib.Path, **settings: Any) -> Iterator[Stage]:
    """A stage, cleared of its workers at the end."""
    play = Stage(bootstrap, prefix, folder, **settings)
    try:
        yield play
    finally:
        play.close()


def facts(events: Any) -> Said:
    """What must not depend on how often a worker died."""
    return {(e.id, e.cause, e.status, e.start.isoformat(), e.sequence) for e in events}


@contextlib.asynccontextmanager
async def admin(settings: Settings) -> Any:
    """An admin client for a moment."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


def free_port() -> int:
    """One that nobody listens on right now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body of a worker's health server; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def run(work: Coroutine[Any, Any, T]) -> T:
    """A coroutine, to its end."""
    return asyncio.run(work)
