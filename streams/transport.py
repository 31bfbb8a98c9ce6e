"""What we change about Faust's consumer, and what we ask it: where reading starts, and whether partitions are ours."""

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

if TYPE_CHECKING:
    from streams.store import PartitionStore

_PULSE_S: Final = 0.5


class Consumer(driver.Consumer):
    """Reads on from where the state says, should the committed offset be further than that.

    The state knows exactly what input is in it; Faust can commit past work that was never done (ADR 0003).
    """

    async def perform_seek(self) -> None:
        await super().perform_seek()
        transport = cast(Transport, self.transport)
        back = {}
        for tp in self.assignment():
            slot = transport.store.slot(tp.partition) if tp.topic == transport.readings else None
            committed = self._committed_offset[tp]
            if slot is not None and committed is not None and committed > slot.partition.offset + 1:
                back[tp] = slot.partition.offset + 1
        if back:
            self.log.warning("committed offsets are past the state, reading from %r", back)
            await self.seek_wait(back)
            self._read_offset.update({tp: offset or None for tp, offset in back.items()})
            self._committed_offset.update(dict.fromkeys(back))


class Transport(driver.Transport):
    """Faust's aiokafka transport with the consumer above."""

    Consumer = Consumer
    store: "PartitionStore"
    readings: str


class GroupOwnership:
    """Ownership as the consumer group has it.

    Faust's consumer beats in a thread of its own, so a batch that takes long loses nothing. A process that was stopped
    altogether may have lost its partitions without knowing: after such a stall the broker is asked.
    """

    def __init__(self, app: faust.App, topic: str, stall_s: float) -> None:
        self._app = app
        self._topic = topic
        self._stall_s = stall_s
        self._beat = time.monotonic()
        self._doubt = False
        self.flowing = False
        """False from the moment partitions are being taken until the new assignment is recovered."""

    @property
    def generation(self) -> int:
        """Of the consumer group, as this process knows it."""
        return int(self._app.consumer_generation_id)

    def current(self, generation: int) -> bool:
        """Nothing was reassigned since `generation`. True while partitions are being taken: a step may end then."""
        return generation == self.generation

    async def confirmed(self, first: Mapping[int, int]) -> bool:
        """A commit of what is committed or about to be: the broker refuses it from a member it has given up."""
        if time.monotonic() - self._beat > self._stall_s:
            self._doubt = True
        if not self._doubt or not first:
            return True
        consumer = cast(Consumer, self._app.consumer)
        if not await consumer._commit({TP(self._topic, number): offset for number, offset in first.items()}):
            return False
        self._doubt, self._beat = False, time.monotonic()
        return True

    async def watch(self) -> None:
        """To be run beside the app: notices that the process stood still."""
        while True:
            now = time.monotonic()
            self._doubt |= now - self._beat > self._stall_s
            self._beat = now
            await asyncio.sleep(_PULSE_S)


def urls(bootstrap_servers: str) -> list[Any]:
    """Bootstrap servers as Faust wants them."""
    return [f"kafka://{server.strip()}" for server in bootstrap_servers.split(",")]
