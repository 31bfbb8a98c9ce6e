"""What we change about Faust's consumer, and what we ask it: where reading starts, and whether partitions are ours."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

if TYPE_CHECKING:
    from streams.store import PartitionStore

_PULSE_S: Final = 0.5


class Consumer(driver.Consumer):
    """Starts reading where the state says, and goes back there when asked.

    The state knows exactly what input is in it. Faust does not: it can commit work that was never done, and for a
    group that has committed nothing it does not seek at all, whatever it has fetched and dropped by then (ADR 0003).
    """

    async def perform_seek(self) -> None:
        """Called by Faust when partitions are recovered, before readings flow."""
        starts, apart = {}, {}
        for tp, committed in (await self.seek_to_committed()).items():
            if self._is_changelog_tp(tp):
                continue
            tp = TP(tp.topic, tp.partition)
            start = starts[tp] = self._after_state(tp, max(committed or 0, 0))
            if start != max(committed or 0, 0):
                self.log.info("%r is committed to %s, the state ends before %d: it counts", tp, committed, start)
                apart[tp] = start
        await self.read_from(starts)
        cast(Transport, self.transport).starts = starts
        self._committed_offset.update(starts)
        if apart:
            await self._commit(apart)

    def _after_state(self, tp: TP, otherwise: int) -> int:
        store = cast(Transport, self.transport).stores.get(tp.topic)
        slot = None if store is None else store.slot(tp.partition)
        return otherwise if slot is None or not slot.recovered else slot.offset + 1

    async def read_from(self, starts: Mapping[TP, int]) -> None:
        """What comes next from these partitions begins here, after what is on its way already."""
        await self.seek_wait(starts)
        self._read_offset.update({tp: start or None for tp, start in starts.items()})


class Transport(driver.Transport):
    """Faust's aiokafka transport with the consumer above."""

    Consumer = Consumer
    stores: "Mapping[str, PartitionStore[Any]]"
    """By input topic."""
    starts: Mapping[TP, int]
    """Where reading began after the last rebalance; empty from the moment partitions are being taken."""


class GroupOwnership:
    """Ownership as the consumer group has it.

    Faust's consumer beats in a thread of its own, so a batch that takes long loses nothing. A process that was stopped
    altogether may have lost its partitions without knowing: after such a stall the broker is asked.
    """

    def __init__(self, app: faust.App, stores: Iterable[str], stall_s: float) -> None:
        self._app = app
        self._stores = frozenset(stores)
        self._waiting = set(self._stores)
        self._stall_s = stall_s
        self._beat = time.monotonic()
        self._doubt = False

    @property
    def flowing(self) -> bool:
        """False from the moment partitions are being taken until every store of the new assignment is recovered."""
        return not self._waiting

    def stop_flow(self) -> None:
        """Partitions are being taken, or the worker ends."""
        self._waiting = set(self._stores)
        cast(Transport, self._app.transport).starts = {}

    def recovered(self, store: str) -> None:
        """One store is, with all that must be known before its input flows."""
        self._waiting.discard(store)

    @property
    def generation(self) -> int:
        """Of the consumer group, as this process knows it."""
        return int(self._app.consumer_generation_id)

    @property
    def starts(self) -> Mapping[TP, int]:
        """Where reading of our partitions began in this generation; empty before it did."""
        return cast(Transport, self._app.transport).starts

    def current(self, generation: int) -> bool:
        """Nothing was reassigned since `generation`. True while partitions are being taken: a step may end then."""
        return generation == self.generation

    async def confirmed(self, first: Mapping[TP, int]) -> bool:
        """A commit of what is committed or about to be: the broker refuses it from a member it has given up."""
        if time.monotonic() - self._beat > self._stall_s:
            self._doubt = True
        if not self._doubt or not first:
            return True
        consumer = cast(Consumer, self._app.consumer)
        if not await consumer._commit(dict(first)):
            return False
        self._doubt, self._beat = False, time.monotonic()
        return True

    async def read_again(self, starts: Mapping[TP, int]) -> None:
        """Asks for input from an offset on, by partition."""
        await cast(Consumer, self._app.consumer).read_from(starts)

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


def raw_topic(app: faust.App, *names: str, **options: Any) -> Any:
    """Topics whose keys and values are left as bytes. Without a serializer by name Faust would read values as JSON."""
    return app.topic(*names, key_serializer="raw", value_serializer="raw", allow_empty=True, **options)
