"""The loop's body: one batch from messages to acks.

In this order, each step acked by the broker before the next begins: outputs (events, dead letters), state, input.
Killed anywhere, the batch is read again: what is in a row's or the partition's offset is recognised, the rest is done
again with the same result. See docs/adr/0003-outputs-state-acks.md.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from models.pipeline import Outcome
from streams.codecs.json import Message, decode
from streams.deps import Deps
from streams.metrics import Metrics
from streams.publish import Outputs, Publisher, gather
from streams.settings import Settings
from streams.store import PartitionStore, Slot

log = logging.getLogger(__name__)
POINTS: Final = (
    "before_outputs",
    "after_outputs",
    "before_state",
    "mid_state",  # between two record batches of one partition's state
    "after_state",
    "before_acks",
    "after_acks",
)


class Ownership(Protocol):
    """Whether the partitions are still ours."""

    def current(self, generation: int) -> bool:
        """Nothing has been given to or taken from us since `generation`, as far as this process knows."""

    async def confirmed(self, first: Mapping[int, int]) -> bool:
        """Asks the broker after a stall; at once True without one. `first` is the batch's first offset by partition."""

    async def read_again(self, starts: Mapping[int, int]) -> None:
        """Asks for readings from an offset on, by partition."""


@dataclasses.dataclass(slots=True)
class _Work:
    """One partition's part of a batch."""

    slot: Slot
    counts: Mapping[str, int]
    outputs: Outputs


class Steps:
    """Runs one step at a time."""

    def __init__(
        self,
        settings: Settings,
        deps: Deps,
        store: PartitionStore,
        publisher: Publisher,
        ownership: Ownership,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._deps = deps
        self._store = store
        self._publisher = publisher
        self._ownership = ownership
        self._metrics = metrics
        self.last_ack = time.monotonic()

    async def run(self, events: Sequence[Any], generation: int) -> None:
        """A batch of Faust events, in order of offset within a partition. What is not ours any more stays unacked."""
        async with self._store.lock:
            began = time.monotonic()
            mine, done = await self._take(events, generation)
            works = await self._works(mine)
            if not await self._finish(works, generation, {slot.number: m[0].offset for slot, m in mine.items()}):
                return
            self._deps.reached("before_acks")
            for event in done:
                event.ack()
            self._deps.reached("after_acks")
            self.last_ack = time.monotonic()
            self._metrics.batch_seconds.observe(self.last_ack - began)
            self._metrics.batch(len(done), [work.counts for work in works])

    async def release(self, slots: Iterable[Slot], generation: int) -> None:
        """Parked blocks of meters that have become known, without waiting for the next batch. Holds no lock."""
        works = await self._works({slot: [] for slot in slots if slot.parking.waiting_for(self._known(slot))})
        if works:
            await self._finish(works, generation, {})

    async def _take(self, events: Sequence[Any], generation: int) -> tuple[dict[Slot, list[Message]], list[Any]]:
        """Messages to work on, and the events to ack for them, those seen before included.

        A partition takes its input without holes. Where offsets are missing they are asked for once; if the same
        message comes first again, then there is nothing between.
        """
        mine: dict[Slot, list[Message]] = {}
        done = []
        holes: dict[int, int] = {}
        for event in events:
            message = event.message
            slot = self._store.slot(message.partition)
            if slot is None or slot.ahead or not slot.recovered or message.generation_id != generation:
                continue
            taken = mine.get(slot)
            following = (taken[-1].offset if taken else slot.partition.offset) + 1
            if message.offset > following and message.offset != slot.beyond_hole:
                if slot.beyond_hole is None:
                    slot.beyond_hole = message.offset
                    holes[slot.number] = following
                continue
            done.append(event)
            if message.offset >= following:
                slot.beyond_hole = None
                mine.setdefault(slot, []).append(Message(message.offset, message.value or b""))
        if holes:
            log.warning("asking again for what did not come, from offsets %r", holes)
            await self._ownership.read_again(holes)
        return mine, done

    def _known(self, slot: Slot) -> Callable[[str], bool]:
        return lambda meter_id: slot.partition.lookup(meter_id) >= 0

    async def _works(self, mine: Mapping[Slot, Sequence[Message]]) -> list[_Work]:
        """In a thread, so that the event loop goes on: rebalances, health and fetching do not wait for detection."""
        return await asyncio.to_thread(lambda: [self._work(slot, messages) for slot, messages in mine.items()])

    def _work(self, slot: Slot, messages: Sequence[Message]) -> _Work:
        """From here to `settle` memory is ahead of the changelog."""
        slot.ahead = True
        partition, parking = slot.partition, slot.parking
        released = self._detect(slot, parking.release(self._known(slot)), parked=True)
        outcome = self._detect(slot, messages)
        if messages:
            partition.offset = messages[-1].offset
        parking.date(partition.event_time)
        rejected = [*released.rejected, *outcome.rejected, *parking.expire(partition.event_time)]
        events = [event for _, event in (*released.events, *outcome.events)]
        counts = released.counts + outcome.counts
        rejected.sort(key=lambda letter: letter.offset)
        return _Work(slot, counts, Outputs(slot.number, events, rejected, partition.event_time))

    def _detect(self, slot: Slot, messages: Sequence[Message], *, parked: bool = False) -> Outcome:
        """Decode and detect; what the codec refuses joins what detection refuses, what is unknown is parked."""
        if not messages:
            return Outcome()
        settings = self._settings
        decoded = decode(messages, slot.partition, settings.partitions, settings.max_message_bytes)
        outcome = self._deps.detect(decoded.blocks, slot.partition, self._deps.policy, parked=parked)
        refused = [slot.parking.park(block, slot.partition.event_time) for block in decoded.unknown]
        unread = [*decoded.rejected, *(letter for letter in refused if letter is not None)]
        outcome.rejected += unread
        readings = sum(letter.readings for letter in unread)
        outcome.counts.update(readings=readings, rejected=readings)
        return outcome

    async def _finish(self, works: Sequence[_Work], generation: int, first: Mapping[int, int]) -> bool:
        """Outputs, then state. False = abandoned: the slots stay `ahead` and are dropped by the rebalance to come."""
        reached = self._deps.reached
        if not await self._still_ours(generation, first):
            return False
        reached("before_outputs")
        await self._publisher.outputs(work.outputs for work in works)
        reached("after_outputs")
        if not await self._still_ours(generation, first):
            return False
        for work in works:
            self._metrics.outputs(work.outputs.events, work.outputs.rejected)
        reached("before_state")
        offsets = await gather(*(self._publisher.state(work.slot.number, work.slot.changes()) for work in works))
        for work, offset in zip(works, offsets, strict=True):
            work.slot.settle(offset)
        reached("after_state")
        return await self._still_ours(generation, first)

    async def _still_ours(self, generation: int, first: Mapping[int, int]) -> bool:
        if self._ownership.current(generation) and await self._ownership.confirmed(first):
            return True
        log.warning("a batch is abandoned unacked: its partitions may belong to another worker by now")
        self._metrics.abandoned()
        return False
