"""Records that go into the partitions of `detect` beside the readings: what meters are, and what they report."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from faust.types import TP

from models.domain.blocks import Rejected
from streams.codecs.json import Message
from streams.intake import Places, take
from streams.metered import Metered
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.records import Records, Said
from streams.slots import Slot
from streams.steps import Steps
from streams.transport import GroupOwnership

Put = Callable[[Slot[Metered], Message], Rejected | None]
"""One record into its partition; what is wrong with it, if anything."""


class Beside:
    """The loop's body for such a topic: into memory, dead letters and state written, acks."""

    def __init__(
        self,
        name: str,
        topic: str,
        put: Put,
        needs_step: Callable[[Metered], bool],
        steps: Steps[Metered],
        publisher: Publisher,
        records: Records,
        ownership: GroupOwnership,
        metrics: Metrics,
    ) -> None:
        self.last_ack = time.monotonic()
        self._name = name
        self._topic = topic
        self._put = put
        self._needs_step = needs_step
        self._steps = steps
        self._publisher = publisher
        self._records = records
        self._ownership = ownership
        self._metrics = metrics
        self._places = Places((topic,), ownership)

    def positions(self) -> dict[TP, int]:
        """Last offset that is done, by partition."""
        return self._places.positions()

    async def run(self, events: Sequence[Any], generation: int) -> None:
        """A batch of Faust events. What is not ours any more stays unacked."""
        store = self._steps.store
        async with store.lock:
            began = time.monotonic()
            usable = [event for event in events if store.usable(event.message.partition) is not None]
            mine, done = await take(usable, generation, self._places.of, self._ownership)
            rejected: dict[Slot[Metered], list[Rejected]] = {}
            for place, messages in mine.items():
                slot = store.slots[place.tp.partition]
                self._metrics.heard.came(place.tp, began)
                letters = (self._put(slot, Message(m.offset, m.value or b"")) for m in messages)
                rejected[slot] = [letter for letter in letters if letter is not None]
            await self.set_aside(rejected)
            if not await self._steps.again([s for s in rejected if self._needs_step(s.state)], generation):
                return
            for place, messages in mine.items():
                place.offset = messages[-1].offset
            for event in done:
                event.ack()
            self.last_ack = time.monotonic()
            self._metrics.batch(self._name, len(done), self.last_ack - began)

    async def set_aside(self, rejected: Mapping[Slot[Metered], Sequence[Rejected]]) -> None:
        """Dead letters of what could not be put."""
        said = [
            Said(self._topic, slot.number, slot.state.partition.event_time, rejected=letters)
            for slot, letters in rejected.items()
        ]
        await self._publisher.write(record for one in said for record in self._records.of(one))
        self._metrics.said(said, time.time())
