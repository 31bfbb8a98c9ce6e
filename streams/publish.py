"""What leaves a worker, in whole record batches, each acked by the broker before the next step begins.

Faust's producer is not used: it costs a Python object and a future a record. Ours fills record batches itself.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer

from streams.records import Record
from streams.settings import Settings


class Producer(Protocol):
    """What is used of `AIOKafkaProducer`."""

    def create_batch(self) -> Any:
        """An empty record batch."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        """Queues a batch; the future resolves when the broker has it."""


def producer(settings: Settings) -> AIOKafkaProducer:
    """Idempotent: a retry after a broken connection neither repeats nor reorders. Start and stop are the caller's."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id=f"{settings.app_id}-{settings.instance_id}",
        enable_idempotence=True,
        acks="all",
        max_batch_size=settings.record_batch_bytes,
        max_request_size=4 * 1024 * 1024,
        request_timeout_ms=int(settings.request_timeout_s * 1000),
    )


class Publisher:
    """Writes records in whole batches and waits for the acks. Any failure is raised, and ends the worker."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def write(self, records: Iterable[Record]) -> None:
        """All of them; those of one partition in their order."""
        by_place: dict[tuple[str, int], list[Record]] = {}
        for record in records:
            by_place.setdefault((record.topic, record.partition), []).append(record)
        await gather(*(self._write(place) for place in by_place.values()))

    async def state(
        self, topic: str, number: int, changes: Sequence[tuple[bytes, bytes | None]], between: Callable[[], None]
    ) -> int:
        """Changelog records of one partition, in their order. Returns the offset of the last one."""
        return await self._write([Record(topic, number, key, value, []) for key, value in changes], between)

    async def _write(self, records: Sequence[Record], between: Callable[[], None] = lambda: None) -> int:
        """One batch after the other, for a batch that fails must not be followed by one that succeeds."""
        at, last = 0, -1
        while at < len(records):
            batch = self._producer.create_batch()
            first = at
            while at < len(records):
                record = records[at]
                taken = batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers)
                if taken is None:
                    break
                at += 1
            batch.close()
            metadata = await (
                await self._producer.send_batch(batch, records[first].topic, partition=records[first].partition)
            )
            last = metadata.offset + at - first - 1
            if at < len(records):
                between()
        return last


async def gather(*work: Any) -> list[Any]:
    """All of it, and the first failure once all have ended: nothing goes on in the background."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
