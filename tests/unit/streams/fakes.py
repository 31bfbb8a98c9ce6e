"""Small stand-ins at the producer and ownership boundary."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from faust.types import TP


class Batch:
    """Holds `room` records."""

    def __init__(self, room: int) -> None:
        self.records: list[tuple[Any, Any, Any]] = []
        self._room = room

    def append(self, *, timestamp: None, key: Any, value: Any, headers: list[Any]) -> object | None:
        if len(self.records) >= self._room:
            return None
        assert isinstance(headers, list)
        self.records.append((key, value, headers))
        return self

    def close(self) -> None:
        pass


class FakeProducer:
    """Keeps what is sent in `topics`; fails for the topic in `broken`. Acks come a turn of the loop later."""

    def __init__(self, said: list[str], room: int = 3) -> None:
        self.said = said
        self.topics: dict[tuple[str, int], list[tuple[Any, Any, Any]]] = {}
        self.broken = ""
        self._room = room

    def create_batch(self) -> Batch:
        return Batch(self._room)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        log = self.topics.setdefault((topic, partition), [])

        def ack() -> None:
            if topic == self.broken:
                future.set_exception(OSError("the broker is gone"))
                return
            self.said.append(f"{topic} acked")
            log.extend(batch.records)
            future.set_result(SimpleNamespace(offset=len(log) - len(batch.records)))

        self.said.append(f"{topic} sent")
        asyncio.get_running_loop().call_soon(ack)
        return future


class FakeOwnership:
    """Owns everything until told otherwise."""

    def __init__(self) -> None:
        self.ours = True
        self.confirms = True
        self.asked_again: list[dict[TP, int]] = []
        self.flowing = True
        self.starts: dict[TP, int] = {}
        """Where reading began"""

    @property
    def generation(self) -> int:
        return 1

    def current(self, generation: int) -> bool:
        return self.ours and generation == 1

    async def confirmed(self, first: Mapping[TP, int]) -> bool:
        return self.confirms

    async def read_again(self, starts: Mapping[TP, int]) -> None:
        self.asked_again.append(dict(starts))


class FakeEvent:
    """A Faust event of generation 1."""

    def __init__(
        self,
        said: list[str],
        partition: int,
        offset: int,
        value: bytes | None,
        generation: int = 1,
        topic: str = "ami.readings",
        timestamp: float | None = None,
    ) -> None:
        self.message = SimpleNamespace(
            topic=topic, partition=partition, offset=offset, value=value, generation_id=generation, timestamp=timestamp
        )
        self._said = said
        self.acked = False

    def ack(self) -> None:
        self.acked = True
        self._said.append("input acked")
