"""Several sources in the order of event time, whatever order their records came in.

A source says things in order of its own event time, and marks: what is before the mark has all been said. What lies
before the lowest mark is final, and comes out by time, then by source, then by name. So the stages that look across
partitions give the same results whatever the interleaving, and after a crash whatever is said twice.
"""

import dataclasses
from collections.abc import Iterable
from typing import Final, Generic, Protocol, TypeVar

from models.domain.times import LATEST, NEVER

END: Final = LATEST
"""The mark of a source that is not to be waited for."""


class Timed(Protocol):
    """What can be merged."""

    @property
    def source(self) -> str:
        """Who says it."""

    @property
    def time(self) -> int:
        """Event time at which it is said, microseconds."""

    @property
    def name(self) -> str:
        """Equal for every repeat of this very record and for nothing else of the source at that time."""


T = TypeVar("T", bound=Timed)


@dataclasses.dataclass
class Merge(Generic[T]):
    """Marks of the sources, and the records that wait for them. No source that is expected may be left out."""

    marks: dict[str, int]
    """Source -> its mark; NEVER = it has not spoken yet"""
    waiting: dict[tuple[int, str, str], T] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, sources: Iterable[str]) -> "Merge[T]":
        """Nothing said yet."""
        return cls(dict.fromkeys(sources, NEVER))

    @property
    def low(self) -> int:
        """Everything before this has been said; NEVER while a source is silent, END where none is to be waited for."""
        return min(self.marks.values(), default=END)

    def mark(self, source: str, time: int | None) -> None:
        """`source` has said all before `time`; None = do not wait for it until it speaks. Marks never go back."""
        known = self.marks.get(source, NEVER)
        if time is None:
            self.marks[source] = END if known == NEVER else known
        elif known == END or time > known:
            self.marks[source] = time

    def put(self, record: T) -> bool:
        """Whether it is news. What lies before its source's mark was said before, and so was what waits already."""
        key = (record.time, record.source, record.name)
        mark = self.marks.get(record.source, NEVER)
        if (mark != END and record.time < mark) or key in self.waiting:
            return False
        self.waiting[key] = record
        return True

    def due(self) -> list[tuple[tuple[int, str, str], T]]:
        """What is final by now, in order; it stays until `drop`."""
        return sorted((item for item in self.waiting.items() if item[0][0] < self.low), key=lambda item: item[0])

    def drop(self, key: tuple[int, str, str]) -> None:
        """It is dealt with."""
        del self.waiting[key]
