"""A topic read from start to end by a command, and what is said when Kafka does not answer."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from cli.errors import UnusableError

T = TypeVar("T")


def ask(question: Coroutine[Any, Any, T], bootstrap_servers: str) -> T:
    """The answer to one question. Raises UnusableError when Kafka cannot be reached or refuses."""
    with asyncio.Runner() as runner, _spoken(bootstrap_servers):
        return runner.run(question)


def whole(topic: str, bootstrap_servers: str) -> Iterator[Any]:
    """Every record that is on a topic now, in order within each partition. Raises UnusableError."""
    with asyncio.Runner() as runner, _spoken(bootstrap_servers):
        consumer = runner.run(_consumer(bootstrap_servers))
        try:
            runner.run(consumer.start())
            ends = runner.run(_ends(consumer, topic, runner.run(partitions_of(topic, bootstrap_servers))))
            while runner.run(_behind(consumer, ends)):
                for records in runner.run(consumer.getmany(timeout_ms=500)).values():
                    yield from records
        finally:
            runner.run(consumer.stop())


async def partitions_of(topic: str, bootstrap_servers: str) -> int:
    """How many a topic has. Raises UnusableError where there is no such topic; asking does not make it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if described["error_code"]:
        raise UnusableError(f"topic {topic} does not exist: run `meterwatch topics create`")
    return len(described["partitions"])


async def _consumer(bootstrap_servers: str) -> AIOKafkaConsumer:
    """Made inside the loop it will live in."""
    return AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest")


async def _ends(consumer: AIOKafkaConsumer, topic: str, count: int) -> dict[TopicPartition, int]:
    partitions = [TopicPartition(topic, number) for number in range(count)]
    consumer.assign(partitions)
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    return ends


async def _behind(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return any([await consumer.position(tp) < end for tp, end in ends.items()])


@contextlib.contextmanager
def _spoken(bootstrap_servers: str) -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError, OverflowError) as error:  # a port beyond 65535 overflows
        raise UnusableError(f"Kafka at {bootstrap_servers}: {error or type(error).__name__}") from error
