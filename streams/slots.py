"""One partition of a stage in memory: its state, its trail, and where both stand."""

import dataclasses
import time
from typing import Any, Final, Generic, Protocol, TypeVar

from numpy.typing import NDArray

from models.domain.times import NEVER
from streams.snapshots import Arrays
from streams.trail import KEY, Trail, new_trail

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
    snapshot_at: float = dataclasses.field(default_factory=time.monotonic)
    """When a snapshot had all of it, or the slot came: `time.monotonic()`."""
    beyond_hole: int | None = None
    """See `streams.intake.Place`."""
    marked: int = UNMARKED
    """The last mark that was sent."""
    heard: float = dataclasses.field(default_factory=time.monotonic)
    """When the last message came, or the slot: `time.monotonic()`."""

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


def new_slot(stage: str, state: S) -> Slot[S]:
    """A partition of which nothing is known."""
    return Slot(state, new_trail(stage, state.number))
