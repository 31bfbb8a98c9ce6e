"""Time goes on where no record comes: a partition of `ami.readings` that is silent gets a tick from its worker.

A tick has an offset like any record, so it is read again after a crash, and every replay of the topic sees it.
"""

import asyncio
import time
from typing import Final

from models.domain.times import NEVER, SECOND
from streams.metered import Metered
from streams.publish import Publisher
from streams.records import Records
from streams.settings import Settings
from streams.store import PartitionStore
from streams.transport import GroupOwnership

_LOOK_S: Final = 1.0


class Ticks:
    """Writes ticks to the partitions that are ours."""

    def __init__(
        self, settings: Settings, store: PartitionStore[Metered], publisher: Publisher, ownership: GroupOwnership
    ) -> None:
        self._after_s = settings.tick_after_s
        self._store = store
        self._publisher = publisher
        self._ownership = ownership
        self._records = Records(settings, "detect")

    async def watch(self) -> None:
        """To be run beside the app."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._after_s and self._ownership.flowing:
                await self.look(time.monotonic())

    async def look(self, now: float) -> None:
        """A tick for each partition that has been silent for long enough: event time plus the time passed since."""
        silent = [
            slot
            for number in self._store.slots
            if (slot := self._store.usable(number)) is not None
            and slot.state.partition.event_time != NEVER
            and now - slot.heard >= self._after_s
        ]
        ticks = []
        for slot in silent:
            ticks.append(
                self._records.tick(slot.number, slot.state.partition.event_time + int((now - slot.heard) * SECOND))
            )
            slot.heard = now
        await self._publisher.write(ticks)
