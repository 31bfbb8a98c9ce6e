"""Messages onto topics by a command, each where murmur2 of its key says, and each acked."""

import functools
from collections import deque
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer

from cli.cluster import partitions_of
from models.domain.ids import partition_of

_UNACKED: Final = 5000
_place: Final = functools.cache(partition_of)


class Sender:
    """An idempotent producer. `async with` starts it, and at the end waits for what is not acked yet."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap = bootstrap_servers
        self._counts: dict[str, int] = {}
        self._unacked: deque[Any] = deque()
        self.ends: dict[str, dict[int, int]] = {}
        """topic -> partition -> offset after the last message that was acked there"""

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            linger_ms=5,
            max_request_size=4 * 1024 * 1024,
        )
        try:
            await self._producer.start()
        except BaseException:
            await self._producer.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                await self.settle()
        finally:
            await self._producer.stop()

    async def send(self, topic: str, key: str, value: bytes) -> None:
        """Queues a message; waits while too many are not acked. Raises UnusableError for a topic that is not there."""
        if topic not in self._counts:
            self._counts[topic] = await partitions_of(topic, self._bootstrap)
        number = _place(key, self._counts[topic])
        self._unacked.append(await self._producer.send(topic, value, key=key.encode(), partition=number))
        if len(self._unacked) > _UNACKED:
            await self._ack()

    async def settle(self) -> None:
        """Until everything is acked; raises what went wrong."""
        while self._unacked:
            await self._ack()

    async def _ack(self) -> None:
        metadata = await self._unacked.popleft()
        self.ends.setdefault(metadata.topic, {})[metadata.partition] = metadata.offset + 1
