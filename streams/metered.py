"""What the stage `detect` keeps of one partition: its meters, and blocks that wait for theirs."""

from typing import Any

from numpy.typing import NDArray

from models.domain.times import NEVER
from models.state.merge import END
from models.state.partition import Partition
from streams.parking import KEY, Parking
from streams.settings import Settings
from streams.snapshots import Arrays


class Metered:
    """A `models.state.Partition` with its parking."""

    def __init__(self, number: int, settings: Settings) -> None:
        self.number = number
        self.partition = Partition(number)
        self.parking = Parking(settings.parked_blocks, settings.parked_bytes)
        self.meters_offset: int | None = None
        """Last record of `ami.meters` that is in it, -1 = there was none; None = it was not read yet."""

    @property
    def offset(self) -> int:
        """Last input offset that is in it."""
        return self.partition.offset

    @property
    def event_time(self) -> int:
        """Of the partition; END before its first block, for then it is not to be waited for."""
        return END if self.partition.event_time == NEVER else self.partition.event_time

    def waits_for_meters(self) -> bool:
        """Whether there are parked blocks of meters that have become known."""
        return self.parking.waiting_for(self.known)

    def known(self, meter_id: str) -> bool:
        """Whether `ami.meters` has told of it."""
        return self.partition.lookup(meter_id) >= 0

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """What is parked first, for the partition's record says that its input is dealt with; tombstones last, for the
        block that they remove must be in its meter's row by then.
        """
        return [*self.parking.arrivals(), *self.partition.changes(), *self.parking.departures()]

    def settle(self) -> None:
        """`changes` are written."""
        self.partition.settle()
        self.parking.settle()

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in."""
        if key.startswith(KEY):
            self.parking.apply(key, value)
        elif value is not None:
            self.partition.apply(key, value)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a snapshot."""
        return {**self.partition.arrays(), **self.parking.arrays()}

    def restore(self, arrays: Arrays) -> None:
        """Back from `arrays`."""
        self.partition = Partition.from_arrays(self.number, arrays)
        self.parking.restore(arrays)
