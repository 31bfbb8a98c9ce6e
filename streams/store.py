"""The state of the partitions this worker owns, as a Faust store: Faust recovers it, the detect agent writes it.

Faust calls in this order when partitions come and go: `on_rebalance` (what is gone is dropped, snapshots are loaded),
`persisted_offset` (where the changelog is to be read from), `apply_changelog_batch` (what is in it),
`on_recovery_completed` (readings wait for its end). It is all one thread, so nothing here needs a lock but `hold`.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import faust
from faust.stores.base import Store
from faust.types import TP, EventT

from models.domain.errors import VersionError
from models.state.partition import Partition
from streams.parking import KEY, Parking
from streams.settings import Settings
from streams.snapshots import Arrays, Snapshots
from streams.transport import raw_topic

log = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True, eq=False)
class Slot:
    """One partition in memory."""

    partition: Partition
    parking: Parking
    changelog_offset: int = -1
    """Last changelog record that memory knows of."""
    meters_offset: int | None = None
    """Last record of `ami.meters` that is in it, -1 = there was none; None = it was not read yet."""
    ahead: bool = False
    """Memory is ahead of the changelog: a step is under way. If ownership is in doubt now, memory is thrown away."""
    snapshot_offset: int = -1
    beyond_hole: int | None = None
    """Offset of the message that came too early: what is between has been asked for again."""

    @property
    def number(self) -> int:
        """Of the Kafka partition."""
        return self.partition.number

    @property
    def recovered(self) -> bool:
        """The changelog and `ami.meters` have been read to their ends."""
        return self.meters_offset is not None

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Changelog records since `settle`, in the order in which they must be written.

        What is parked first, for the partition's record says that its input is dealt with; tombstones last, for the
        block that they remove must be in its meter's row by then.
        """
        return [*self.parking.arrivals(), *self.partition.changes(), *self.parking.departures()]

    def settle(self, changelog_offset: int) -> None:
        """`changes` are in the changelog."""
        self.partition.settle()
        self.parking.settle()
        self.changelog_offset = changelog_offset
        self.ahead = False

    def arrays(self) -> dict[str, Any]:
        """For a snapshot: copies, so that it can be written while the partition goes on."""
        own = {name: array.copy() for name, array in self.partition.arrays().items()}
        return {**own, **self.parking.arrays(), "changelog_offset": self.changelog_offset}


class PartitionStore(Store[bytes, bytes]):
    """Slots by partition number. Not for keyed access: the agent works on whole partitions."""

    settings: Settings
    snapshots: Snapshots
    before_readings: Callable[[list[Slot]], Awaitable[None]]
    """What must be done with recovered slots before readings flow: reading `ami.meters`."""

    def set_up(
        self, settings: Settings, snapshots: Snapshots, before_readings: Callable[[list[Slot]], Awaitable[None]]
    ) -> None:
        """To be called once, before the app starts: Faust makes stores with arguments of its own."""
        self.settings = settings
        self.snapshots = snapshots
        self.before_readings = before_readings
        self.slots: dict[int, Slot] = {}
        self.lock = asyncio.Lock()
        """Held by whoever changes slots over an await: a step, a meter's record, a snapshot."""

    def slot(self, number: int) -> Slot | None:
        """None when the partition is not ours."""
        return self.slots.get(number)

    # What Faust calls -------------------------------------------------------------------------------------------------

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop what is gone or in doubt, load snapshots of what is new."""
        mine = {tp.partition for tp in assigned if tp.topic == self.settings.topics.state}
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
                key, value = message.key, message.value
                if slot is None or key is None:
                    continue
                if key.startswith(KEY):
                    slot.parking.apply(key, value)
                elif value is not None:
                    slot.partition.apply(key, value)
                slot.changelog_offset = max(slot.changelog_offset, message.offset)
        except Exception as error:
            self._fail(error)
            raise

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Faust lets readings flow when this returns. It drops what is raised here, so a failure ends the app."""
        try:
            numbers = sorted(tp.partition for tp in active_tps)
            await self.before_readings([self.slots[number] for number in numbers if number in self.slots])
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
        tps = {TP(self.settings.topics.state, number): number for number in numbers}
        ends = await self.app.consumer.highwaters(*tps) if tps else {}
        return {tps[TP(tp.topic, tp.partition)]: end or 0 for tp, end in ends.items()}

    def _restored(self, number: int, arrays: Arrays | None, changelog_end: int) -> Slot:
        slot = self._empty(number)
        if arrays is None:
            return slot
        try:
            slot.partition = Partition.from_arrays(number, arrays)
            slot.parking.restore(arrays)
            slot.changelog_offset = slot.snapshot_offset = int(arrays["changelog_offset"])
            if slot.changelog_offset >= changelog_end:
                raise ValueError(f"its changelog ends at {changelog_end}, before {slot.changelog_offset}")
        except (VersionError, KeyError, ValueError) as error:
            log.warning("ignoring the snapshot of partition %d, the changelog will be read whole: %s", number, error)
            return self._empty(number)
        return slot

    def _empty(self, number: int) -> Slot:
        return Slot(Partition(number), Parking(self.settings.parked_blocks, self.settings.parked_bytes))

    # A table's keys are not used --------------------------------------------------------------------------------------

    def __getitem__(self, key: bytes) -> bytes:
        raise KeyError(key)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        raise NotImplementedError("written by the detect agent only")

    def __delitem__(self, key: bytes) -> None:
        raise NotImplementedError("written by the detect agent only")

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def __len__(self) -> int:
        return sum(len(slot.partition.meter_ids) for slot in self.slots.values())

    def _clear(self, **kwargs: Any) -> None:
        self.slots.clear()

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """Faust's own backups: snapshots do that here."""

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """See `backup_partition`."""

    def reset_state(self) -> None:
        """Faust asks for it on a reset from its own command line."""
        self.slots.clear()


def state_store(app: faust.App, settings: Settings) -> PartitionStore:
    """The store of a table whose changelog already exists: the table makes Faust recover it."""
    changelog = raw_topic(app, settings.topics.state, acks=False, partitions=settings.partitions)
    table = app.Table(
        "state",
        store="meterwatch://",
        key_type=bytes,
        value_type=bytes,
        partitions=settings.partitions,
        changelog_topic=changelog,
        recovery_buffer_size=1000,
    )
    return cast(PartitionStore, table.data)
