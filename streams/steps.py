"""The loop's body, the same for every stage: one batch from messages to acks.

In this order, each acked by the broker before the next begins: outputs, state, what follows from a state that is
durable (audit entries, marks), input. Killed anywhere, the batch is read again: what the state knows is recognised, the
rest is done again with the same result. See docs/adr/0003-outputs-state-acks.md.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from faust.types import TP

from models.domain.times import NEVER, SECOND
from models.state.merge import END
from streams.codecs.json import Message
from streams.codecs.ticks import is_tick
from streams.deps import Deps
from streams.intake import Ownership, take
from streams.metrics import Metrics
from streams.publish import Publisher, gather
from streams.records import Record, Records, Said
from streams.settings import Settings
from streams.slots import UNMARKED, Slot, State
from streams.store import PartitionStore

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
"""Of each stage; `Deps.reached` hears `detect after_outputs`."""

S = TypeVar("S", bound=State)


@dataclasses.dataclass(frozen=True, slots=True)
class StageOf(Generic[S]):
    """What makes a stage different from the others."""

    name: str
    topic: str
    """Its input."""
    changelog: str
    new: Callable[[int], S]
    """A partition of which nothing is known, by number."""
    work: Callable[[S, Sequence[Message]], Said]
    """Messages of one partition into its state; changes memory only. May be called without messages."""
    heard_by: tuple[str, ...] = ()
    """Topics whose every partition must know how far this stage has got."""


class Steps(Generic[S]):
    """Runs one step of a stage at a time."""

    def __init__(
        self,
        stage: StageOf[S],
        settings: Settings,
        deps: Deps,
        store: PartitionStore[S],
        publisher: Publisher,
        ownership: Ownership,
        metrics: Metrics,
    ) -> None:
        self.stage = stage
        self.store = store
        self.last_ack = time.monotonic()
        self._deps = deps
        self._publisher = publisher
        self._records = Records(settings, stage.name)
        self._mark_every = int(settings.mark_every_s * SECOND)
        self._ownership = ownership
        self._metrics = metrics

    def positions(self) -> dict[TP, int]:
        """Last input offset that is done, by partition."""
        return {TP(self.stage.topic, slot.number): slot.offset for slot in self.store.slots.values()}

    async def run(self, events: Sequence[Any], generation: int) -> None:
        """A batch of Faust events, in order of offset within a partition. What is not ours any more stays unacked."""
        async with self.store.lock:
            began = time.monotonic()
            mine, done = await take(events, generation, lambda m: self.store.usable(m.partition), self._ownership)
            work = {
                slot: [Message(m.offset, m.value or b"", m.timestamp or 0.0) for m in messages]
                for slot, messages in mine.items()
            }
            for slot, messages in work.items():
                slot.heard = began
                if not all(map(is_tick, messages)):
                    self._metrics.heard.came(TP(self.stage.topic, slot.number), began)
            said = await self._work(work)
            first = {TP(self.stage.topic, slot.number): messages[0].offset for slot, messages in work.items()}
            if not await self._finish(said, generation, first):
                return
            self._reached("before_acks")
            for event in done:
                event.ack()
            self._reached("after_acks")
            self.last_ack = time.monotonic()
            self._metrics.batch(self.stage.name, len(done), self.last_ack - began)

    async def again(self, slots: Iterable[Slot[S]], generation: int) -> bool:
        """A step without messages, for what else has come to these slots. Holds no lock. False = abandoned."""
        work: dict[Slot[S], list[Message]] = {slot: [] for slot in slots}
        return not work or await self._finish(await self._work(work), generation, {})

    async def recovered(self, slots: Iterable[Slot[S]], idle: Callable[[Slot[S]], bool]) -> None:
        """What follows from a state, once more. Of `idle` slots it is said, too, if there is nothing to wait for."""
        await self._follow_up(slots, idle)

    async def _work(self, work: Mapping[Slot[S], Sequence[Message]]) -> dict[Slot[S], Said]:
        """In a thread, so that the event loop goes on: rebalances, health and fetching do not wait."""
        return await asyncio.to_thread(lambda: {slot: self._of(slot, messages) for slot, messages in work.items()})

    def _of(self, slot: Slot[S], messages: Sequence[Message]) -> Said:
        """From here to `settle` memory is ahead of the changelog."""
        slot.ahead = True
        before = slot.offset
        said = self.stage.work(slot.state, messages)
        slot.trail.write(said.decisions, before, slot.offset)
        return said

    async def _finish(self, said: Mapping[Slot[S], Said], generation: int, first: Mapping[TP, int]) -> bool:
        """Outputs, then state. False = abandoned: the slots stay `ahead` and are dropped by the rebalance to come."""
        if not await self._still_ours(generation, first):
            return False
        self._reached("before_outputs")
        await self._publisher.write(record for one in said.values() for record in self._records.of(one))
        self._reached("after_outputs")
        if not await self._still_ours(generation, first):
            return False
        self._metrics.said(said.values(), time.time())
        self._reached("before_state")
        offsets = await gather(*(self._write_state(slot) for slot in said))
        for slot, offset in zip(said, offsets, strict=True):
            slot.settle(offset)
        self._reached("after_state")
        await self._follow_up(said, lambda _slot: True)
        if not await self._still_ours(generation, first):
            return False
        self._metrics.readings(said.values())
        return True

    async def _write_state(self, slot: Slot[S]) -> int:
        return await self._publisher.state(
            self.stage.changelog, slot.number, slot.changes(), lambda: self._reached("mid_state")
        )

    async def _follow_up(self, slots: Iterable[Slot[S]], idle: Callable[[Slot[S]], bool]) -> None:
        """Audit entries, and marks: what is before a mark is durable and will not be said again in another way."""
        records: list[Record] = []
        for slot in slots:
            records += self._records.audit(slot.trail.unsent())
            now = slot.state.event_time
            if self.stage.heard_by and self._mark_is_due(slot.marked, now) and (now != END or idle(slot)):
                records += self._records.marks(self.stage.heard_by, f"{self.stage.name}-{slot.number}", now)
                slot.marked = now
        await self._publisher.write(records)

    def _mark_is_due(self, marked: int, time: int) -> bool:
        if time in (NEVER, marked):
            return False
        return marked in (UNMARKED, END) or time - marked >= self._mark_every

    def _reached(self, point: str) -> None:
        self._deps.reached(f"{self.stage.name} {point}")

    async def _still_ours(self, generation: int, first: Mapping[TP, int]) -> bool:
        if self._ownership.current(generation) and await self._ownership.confirmed(first):
            return True
        log.warning("a batch is abandoned unacked: its partitions may belong to another worker by now")
        self._metrics.abandoned()
        return False
