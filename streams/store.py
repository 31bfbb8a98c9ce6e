"""The state of a stage's partitions that this worker owns, as a Faust store: Faust recovers it, the stage writes it.

Faust calls in this order when partitions come and go: `on_rebalance` (what is gone is dropped, snapshots are loaded),
`persisted_offset` (where the changelog is to be read from), `apply_changelog_batch` (what is in it),
`on_recovery_completed` (input waits for its end). It is all one thread, so nothing here needs a lock but `lock`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, cast

import faust
from faust.stores.base import Store
from faust.types import TP, EventT

from models.domain.errors import VersionError
from streams.settings import Settings
from streams.slots import S, Slot
from streams.snapshots import Arrays, Snapshots
from streams.transport import raw_topic

log = logging.getLogger(__name__)


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
        self.recovering_since = time.monotonic()
        """When partitions last came or went."""
        self.recovered_records = 0
        """Read from the changelog since then"""
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
        self.recovering_since, self.recovered_records = time.monotonic(), 0
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
                self.recovered_records += 1
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
                if slot.ahead or self.slots.get(slot.number) is not slot:
                    continue
                now, offset = time.monotonic(), slot.changelog_offset
                arrays = None if offset == slot.snapshot_offset else slot.arrays()
            if arrays is not None:
                await asyncio.to_thread(self.snapshots.write, slot.number, arrays)
            slot.snapshot_offset, slot.snapshot_at = offset, now

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
