"""The state of a stage's partitions that this worker owns, as a Faust store: Faust recovers it, the stage writes it.

Faust calls in this order when partitions come and go: `on_rebalance` (what is gone is dropped, snapshots are loaded),
`persisted_offset` (where the changelog is to be read from), `apply_changelog_batch` (what is in it),
`on_recovery_completed` (input waits for its end). It is all one thread, so nothing here needs a lock but `lock`.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import faust
from faust.stores.base import Store
from faust.types import TP, EventT
from numpy.typing import NDArray

from models.domain.errors import VersionError
from models.domain.times import NEVER
from streams.settings import Settings
from streams.snapshots import Arrays, Snapshots
from streams.trail import KEY, Trail, new_trail
from streams.transport import raw_topic

log = logging.getLogger(__name__)
UNMARKED: Final = NEVER


class State(Protocol):
    """What one partition of a stage keeps."""

    number: int
    """Of the Kafka partition."""

    @property
    def offset(self) -> int:
        """Last input offset that is in it."""

    @property
    def event_time(self) -> int:
        """All before it has been said; NEVER while that cannot be told, END where nothing is to be waited for."""

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Changelog records since `settle`, in the order in which they must be written."""

    def settle(self) -> None:
        """`changes` are written."""

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole of it, for a snapshot."""

    def restore(self, arrays: Arrays) -> None:
        """From `arrays`, into a new one. VersionError, KeyError or ValueError for what cannot be used."""


S = TypeVar("S", bound=State)


@dataclasses.dataclass(slots=True, eq=False)
class Slot(Generic[S]):
    """One partition of a stage in memory."""

    state: S
    trail: Trail
    changelog_offset: int = -1
    """Last changelog record that memory knows of."""
    recovered: bool = False
    """The changelog has been read to its end, and so has what must be known before input flows."""
    ahead: bool = False
    """Memory is ahead of the changelog: a step is under way. If ownership is in doubt now, memory is thrown away."""
    snapshot_offset: int = -1
    beyond_hole: int | None = None
    """See `streams.intake.Place`."""
    marked: int = UNMARKED
    """The last mark that was sent."""

    @property
    def number(self) -> int:
        """Of the Kafka partition."""
        return self.state.number

    @property
    def offset(self) -> int:
        """Last input offset that is done."""
        return self.state.offset

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Changelog records since `settle`, in the order in which they must be written."""
        return [*self.trail.arrivals(), *self.state.changes(), *self.trail.departures()]

    def settle(self, changelog_offset: int) -> None:
        """`changes` are in the changelog."""
        self.state.settle()
        self.trail.settle()
        self.changelog_offset = changelog_offset
        self.ahead = False

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in."""
        if key.startswith(KEY):
            self.trail.apply(key, value)
        else:
            self.state.apply(key, value)

    def arrays(self) -> dict[str, Any]:
        """For a snapshot: copies, so that it can be written while the partition goes on."""
        own = {name: array.copy() for name, array in self.state.arrays().items()}
        return {**own, **self.trail.arrays(), "changelog_offset": self.changelog_offset}

    def restore(self, arrays: Arrays) -> None:
        """From `arrays`, into a new one."""
        self.state.restore(arrays)
        self.trail.restore(arrays)
        self.changelog_offset = self.snapshot_offset = int(arrays["changelog_offset"])


class PartitionStore(Store[bytes, bytes], Generic[S]):
    """Slots by partition number. Not for keyed access: a stage works on whole partitions."""

    topic: str
    """The changelog."""
    snapshots: Snapshots
    new: Callable[[int], Slot[S]]
    before_input: Callable[[list[Slot[S]]], Awaitable[None]]
    """What must be done with recovered slots before input flows."""

    def set_up(
        self,
        topic: str,
        snapshots: Snapshots,
        new: Callable[[int], Slot[S]],
        before_input: Callable[[list[Slot[S]]], Awaitable[None]],
    ) -> None:
        """To be called once, before the app starts: Faust makes stores with arguments of its own."""
        self.topic = topic
        self.snapshots = snapshots
        self.new = new
        self.before_input = before_input
        self.slots: dict[int, Slot[S]] = {}
        self.lock = asyncio.Lock()
        """Held by whoever changes slots over an await: a step, a meter's record, a snapshot."""

    def slot(self, number: int) -> Slot[S] | None:
        """None when the partition is not ours."""
        return self.slots.get(number)

    def usable(self, number: int) -> Slot[S] | None:
        """None when the partition is not ours, not recovered, or in doubt."""
        slot = self.slots.get(number)
        return None if slot is None or slot.ahead or not slot.recovered else slot

    # What Faust calls -------------------------------------------------------------------------------------------------

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop what is gone or in doubt, load snapshots of what is new."""
        mine = {tp.partition for tp in assigned if tp.topic == self.topic}
        for number, slot in list(self.slots.items()):
            if number not in mine or slot.ahead:
                del self.slots[number]
        new = sorted(mine - self.slots.keys())
        ends = await self._ends(new)
        for number in new:
            arrays = await asyncio.to_thread(self.snapshots.read, number)
            self.slots[number] = self._restored(number, arrays, ends[number])

    def persisted_offset(self, tp: TP) -> int:
        """Never None: for that Faust would go on from where an earlier recovery in this process ended."""
        slot = self.slots.get(tp.partition)
        return -1 if slot is None else slot.changelog_offset

    def apply_changelog_batch(
        self, batch: Iterable[EventT[Any]], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]
    ) -> None:
        """Recovered records. Faust only logs what is raised here and then waits for ever, so a failure ends the app."""
        try:
            for event in batch:
                message = event.message
                slot = self.slots.get(message.partition)
                if slot is None or message.key is None:
                    continue
                slot.apply(message.key, message.value)
                slot.changelog_offset = max(slot.changelog_offset, message.offset)
        except Exception as error:
            self._fail(error)
            raise

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Faust lets input flow when this returns. It drops what is raised here, so a failure ends the app."""
        try:
            numbers = sorted(tp.partition for tp in active_tps)
            slots = [self.slots[number] for number in numbers if number in self.slots]
            for slot in slots:
                if not slot.recovered:
                    slot.trail.recovered()
            await self.before_input(slots)
            for slot in slots:
                slot.recovered = True
        except Exception as error:
            self._fail(error)
            raise

    def _fail(self, error: Exception) -> None:
        log.critical("recovery failed: %s", error)
        self._ending = asyncio.get_running_loop().create_task(self.crash(error))

    # Snapshots --------------------------------------------------------------------------------------------------------

    async def write_snapshots(self) -> None:
        """Of every slot that has moved since its last one."""
        for slot in list(self.slots.values()):
            async with self.lock:
                if (
                    slot.ahead
                    or slot.changelog_offset == slot.snapshot_offset
                    or self.slots.get(slot.number) is not slot
                ):
                    continue
                arrays, offset = slot.arrays(), slot.changelog_offset
            await asyncio.to_thread(self.snapshots.write, slot.number, arrays)
            slot.snapshot_offset = offset

    async def _ends(self, numbers: Sequence[int]) -> dict[int, int]:
        """Where the changelogs end."""
        tps = {TP(self.topic, number): number for number in numbers}
        ends = await self.app.consumer.highwaters(*tps) if tps else {}
        return {tps[TP(tp.topic, tp.partition)]: end or 0 for tp, end in ends.items()}

    def _restored(self, number: int, arrays: Arrays | None, changelog_end: int) -> Slot[S]:
        slot = self.new(number)
        if arrays is None:
            return slot
        try:
            slot.restore(arrays)
            if slot.changelog_offset >= changelog_end:
                raise ValueError(f"its changelog ends at {changelog_end}, before {slot.changelog_offset}")
        except (VersionError, KeyError, ValueError) as error:
            log.warning("ignoring the snapshot of partition %d, the changelog will be read whole: %s", number, error)
            return self.new(number)
        return slot

    # A table's keys are not used --------------------------------------------------------------------------------------

    def __getitem__(self, key: bytes) -> bytes:
        raise KeyError(key)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        raise NotImplementedError("written by its stage only")

    def __delitem__(self, key: bytes) -> None:
        raise NotImplementedError("written by its stage only")

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def __len__(self) -> int:
        return len(self.slots)

    def _clear(self, **kwargs: Any) -> None:
        self.slots.clear()

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """Faust's own backups: snapshots do that here."""

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """See `backup_partition`."""

    def reset_state(self) -> None:
        """Faust asks for it on a reset from its own command line."""
        self.slots.clear()


def stage_store(app: faust.App, settings: Settings, stage: str, topic: str) -> "PartitionStore[Any]":
    """The store of a table whose changelog `topic` already exists: the table makes Faust recover it."""
    changelog = raw_topic(app, topic, acks=False, partitions=settings.partitions)
    table = app.Table(
        stage,
        store="meterwatch://",
        key_type=bytes,
        value_type=bytes,
        partitions=settings.partitions,
        changelog_topic=changelog,
        recovery_buffer_size=1000,
    )
    return cast("PartitionStore[Any]", table.data)


def new_slot(stage: str, state: S) -> Slot[S]:
    """A partition of which nothing is known."""
    return Slot(state, new_trail(stage, state.number))
