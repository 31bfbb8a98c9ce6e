"""The local Kafka itself, and that aiokafka and Faust work with it."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.kafka import Cluster, LocalKafka, LocalKafkaError

pytestmark = pytest.mark.kafka

IN_2009 = 1_230_768_000_000
VALUES = [b"reading %d" % i for i in range(20)]


@asynccontextmanager
async def admin_of(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def create(bootstrap: str, topic: str, partitions: int = 1) -> None:
    async with admin_of(bootstrap) as admin:
        answer = await admin.create_topics([NewTopic(topic, partitions, 1)])
    assert [error for _, error, _ in answer.topic_errors] == [0]


async def send(bootstrap: str, topic: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        for value in VALUES:
            await producer.send_and_wait(topic, value, key=value, timestamp_ms=IN_2009)


async def receive(bootstrap: str, topic: str) -> list[tuple[bytes, int]]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        records = [await asyncio.wait_for(consumer.getone(), 20) for _ in VALUES]
    return [(record.value, record.timestamp) for record in records]


SENT = [(value, IN_2009) for value in VALUES]


def test_old_timestamps_come_back_as_sent(kafka: Cluster, unique: str) -> None:
    async def scenario() -> None:
        await create(kafka.bootstrap, unique)
        await send(kafka.bootstrap, unique)
        assert await receive(kafka.bootstrap, unique) == SENT

    asyncio.run(scenario())


def test_a_faust_agent_reads_raw_bytes_and_commits(kafka: Cluster, unique: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        await create(kafka.bootstrap, unique, partitions=2)
        app = faust.App(
            unique,
            datadir=tmp_path,
            broker=f"kafka://{kafka.bootstrap}",
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            broker_commit_interval=0.1,
        )
        topic = app.topic(unique, key_serializer="raw", value_serializer="raw")
        seen: list[bytes] = []

        @app.agent(topic)
        async def do_nothing(stream: faust.StreamT[bytes]) -> None:
            async for value in stream:
                seen.append(value)

        await app.start()
        try:
            await send(kafka.bootstrap, unique)
            async with asyncio.timeout(30), admin_of(kafka.bootstrap) as admin:
                committed = 0
                while committed < len(VALUES):
                    offsets = await admin.list_consumer_group_offsets(unique)
                    committed = sum(offsets[TopicPartition(unique, p)].offset for p in range(2) if offsets)
                    await asyncio.sleep(0.05)
        finally:
            await app.stop()
        assert sorted(seen) == sorted(VALUES)
        assert committed == len(VALUES)

    asyncio.run(scenario())


def test_data_outlives_restart_and_crash(local_kafka: LocalKafka, unique: str) -> None:
    bootstrap = local_kafka.bootstrap
    asyncio.run(create(bootstrap, unique))
    asyncio.run(send(bootstrap, unique))
    local_kafka.restart()
    assert local_kafka.bootstrap == bootstrap
    assert asyncio.run(receive(bootstrap, unique)) == SENT
    local_kafka.kill()
    local_kafka.start()
    assert asyncio.run(receive(bootstrap, unique)) == SENT


def test_kill_frees_the_port_and_ends_that_process(local_kafka: LocalKafka) -> None:
    pid = local_kafka.pid
    local_kafka.kill()
    assert not alive(pid)
    with pytest.raises(LocalKafkaError, match="not running"):
        _ = local_kafka.pid
    host, port = local_kafka.bootstrap.split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_another_kafka_on_the_port_is_not_taken_for_ours(local_kafka: LocalKafka) -> None:
    second = LocalKafka()
    second._port = local_kafka._port
    with pytest.raises(LocalKafkaError, match=re.escape(f"{local_kafka.bootstrap} is taken")):
        second.start()
    assert alive(local_kafka.pid)


def test_the_broker_goes_when_the_program_that_started_it_is_killed() -> None:
    starts = "from cli.kafka import LocalKafka; k = LocalKafka(); k.start(); print(k.pid, flush=True); k.wait()"
    with subprocess.Popen([sys.executable, "-c", starts], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert alive(pid)
        program.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
