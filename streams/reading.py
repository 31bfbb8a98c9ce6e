"""Compacted topics are read whole, without a group: nothing is committed."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.settings import Settings


def consumer_of(settings: Settings) -> AIOKafkaConsumer:
    """A consumer that begins at the beginning. Start and stop are the caller's, or `async with` it."""
    return AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )


async def ends_of(settings: Settings, topic: str, numbers: Sequence[int]) -> dict[int, int]:
    """Where partitions end now. Faust's own consumer would take a second to answer, being in a long poll."""
    async with consumer_of(settings) as consumer:
        ends = await consumer.end_offsets([TopicPartition(topic, number) for number in numbers])
    return {tp.partition: end for tp, end in ends.items()}


async def to_the_end(consumer: AIOKafkaConsumer, tps: Sequence[TopicPartition]) -> AsyncIterator[Any]:
    """Every record of these partitions up to where they end now."""
    consumer.assign(tps)
    ends = await consumer.end_offsets(tps)
    while any([await consumer.position(tp) < end for tp, end in ends.items()]):
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                yield record
