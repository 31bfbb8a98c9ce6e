"""What leaves a worker. In this order, each step acked by the broker before the next: outputs, state, acks.

Faust's producer is not used: it costs a Python object and a future a record. Ours fills record batches itself.
"""

import asyncio
import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaProducer

from models.contracts import AnomalyEvent, DeadLetter
from models.domain.blocks import Rejected
from models.domain.ids import partition_of
from models.domain.times import NEVER, to_datetime, to_text, to_us
from streams.settings import Settings

Header = tuple[str, bytes]
Record = tuple[bytes | None, bytes | None, list[Header]]
"""Key, value, headers."""
TYPE: Final = "meterwatch.anomaly."
SOURCE: Final = "/meterwatch/detect"


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

    def __init__(self, producer: Producer, settings: Settings, reached: Callable[[str], None]) -> None:
        self._producer = producer
        self._topics = settings.topics
        self._partitions = settings.partitions
        self._reached = reached

    async def outputs(self, outputs: "Iterable[Outputs]") -> None:
        """Events to the partition of their meter, dead letters to the partition they came from."""
        events: dict[int, list[Record]] = {}
        letters: dict[int, list[Record]] = {}
        for output in outputs:
            for event in output.events:
                key = event.meter_id or event.id
                events.setdefault(partition_of(key, self._partitions), []).append(event_record(key, event))
            if output.rejected:
                letters.setdefault(output.partition, []).extend(output.letters(self._topics.readings))
        await gather(
            *(self._write(self._topics.anomalies, number, records) for number, records in events.items()),
            *(self._write(self._topics.dead_letters, number, records) for number, records in letters.items()),
        )

    async def state(self, number: int, records: Sequence[tuple[bytes, bytes | None]]) -> int:
        """Changelog records of one partition, in their order. Returns the offset of the last one."""
        return await self._write(
            self._topics.state, number, [(key, value, []) for key, value in records], lambda: self._reached("mid_state")
        )

    async def _write(
        self, topic: str, number: int, records: Sequence[Record], between: Callable[[], None] = lambda: None
    ) -> int:
        """One batch after the other, for a batch that fails must not be followed by one that succeeds."""
        at, last = 0, -1
        while at < len(records):
            batch = self._producer.create_batch()
            first = at
            while at < len(records):
                key, value, headers = records[at]
                if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                    break
                at += 1
            batch.close()
            metadata = await (await self._producer.send_batch(batch, topic, partition=number))
            last = metadata.offset + at - first - 1
            if at < len(records):
                between()
        return last


class Outputs:
    """What one partition's batch says to the world."""

    def __init__(
        self, partition: int, events: Sequence[AnomalyEvent], rejected: Sequence[Rejected], event_time: int
    ) -> None:
        self.partition = partition
        self.events = events
        self.rejected = rejected
        self.event_time = event_time

    def letters(self, topic: str) -> list[Record]:
        """Dead letters of what was rejected."""
        time = None if self.event_time == NEVER else to_datetime(self.event_time)
        return [
            (
                None,
                DeadLetter(
                    reason=rejected.reason,
                    detail=rejected.detail,
                    topic=topic,
                    partition=self.partition,
                    offset=rejected.offset,
                    event_time=time,
                    raw=base64.b64encode(rejected.raw).decode(),
                )
                .model_dump_json(exclude_none=True)
                .encode(),
                [("reason", rejected.reason.encode())],
            )
            for rejected in self.rejected
        ]


def event_record(key: str, event: AnomalyEvent) -> Record:
    """An event as a CloudEvent 1.0 in binary mode: attributes in headers, the contract as the value."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.ce_id,
        "ce_source": SOURCE,
        "ce_type": TYPE + event.status,
        "ce_time": to_text(to_us(event.updated_at)),
        "content-type": "application/json",
    }
    return key.encode(), event.to_json().encode(), [(name, value.encode()) for name, value in headers.items()]


async def gather(*work: Any) -> list[Any]:
    """All of it, and the first failure once all have ended: nothing goes on in the background."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
