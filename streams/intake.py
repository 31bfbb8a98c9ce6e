"""Messages of a partition in their order and without holes, whatever Faust hands over after a rebalance (ADR 0003)."""

import dataclasses
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from faust.types import TP

log = logging.getLogger(__name__)


class Ownership(Protocol):
    """Whether the partitions are still ours."""

    def current(self, generation: int) -> bool:
        """Nothing has been given to or taken from us since `generation`, as far as this process knows."""

    async def confirmed(self, first: Mapping[TP, int]) -> bool:
        """Asks the broker after a stall; at once True without one. `first` is the batch's first offset by partition."""

    async def read_again(self, starts: Mapping[TP, int]) -> None:
        """Asks for input from an offset on, by partition."""


class Place(Protocol):
    """Where a partition's input stands."""

    beyond_hole: int | None
    """Offset of the message that came too early: what is between has been asked for again."""

    @property
    def offset(self) -> int:
        """Of the last message that is done."""


P = TypeVar("P", bound=Place)


@dataclasses.dataclass(slots=True, eq=False)
class Begun:
    """A place of a topic that has no state of its own: it begins where reading began."""

    tp: TP
    offset: int
    beyond_hole: int | None = None


class Starts(Protocol):
    """Where reading began."""

    @property
    def generation(self) -> int:
        """Of the consumer group."""

    @property
    def starts(self) -> Mapping[TP, int]:
        """First offsets that were asked for in this generation; empty before they were."""


class Places:
    """Places of topics without a state, anew for each generation."""

    def __init__(self, topics: Collection[str], reading: Starts) -> None:
        self._topics = topics
        self._reading = reading
        self._places: dict[TP, Begun] = {}
        self._generation = -1

    def of(self, message: Any) -> Begun | None:
        """A message's; None before reading has begun."""
        return self._now().get(TP(message.topic, message.partition))

    def positions(self) -> dict[TP, int]:
        """Last offset that is done, by partition."""
        return {tp: place.offset for tp, place in self._now().items()}

    def _now(self) -> dict[TP, Begun]:
        reading = self._reading
        if self._generation != reading.generation or not self._places:
            own = ((tp, start) for tp, start in reading.starts.items() if tp.topic in self._topics)
            self._places = {tp: Begun(tp, start - 1) for tp, start in own}
            self._generation = reading.generation
        return self._places


async def take(
    events: Sequence[Any], generation: int, place_of: Callable[[Any], P | None], ownership: Ownership
) -> tuple[dict[P, list[Any]], list[Any]]:
    """Messages to work on by place, and the events to ack for them, those done before included.

    `place_of` a message is None where it is not ours now. Where offsets are missing they are asked for once; if the
    same message comes first again, then there is nothing between.
    """
    mine: dict[P, list[Any]] = {}
    done = []
    holes: dict[TP, int] = {}
    for event in events:
        message = event.message
        place = place_of(message) if message.generation_id == generation else None
        if place is None:
            continue
        taken = mine.get(place)
        following = (taken[-1].offset if taken else place.offset) + 1
        if message.offset > following and message.offset != place.beyond_hole:
            if place.beyond_hole is None:
                place.beyond_hole = message.offset
                holes[TP(message.topic, message.partition)] = following
            continue
        done.append(event)
        if message.offset >= following:
            place.beyond_hole = None
            mine.setdefault(place, []).append(message)
    if holes:
        log.warning("asking again for what did not come, from offsets %r", holes)
        await ownership.read_again(holes)
    return mine, done
