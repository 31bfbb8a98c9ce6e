"""The columns that everything works on: interval blocks in, verdicts out. Never an object a reading."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.domain.times import NEVER

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class Rejected:
    """Input that could not be read or attributed: a value that travels, never an exception.

    `readings` is how many intervals the block held as far as that is known, at least 1.
    """

    offset: int
    reason: str
    detail: str
    raw: bytes = b""
    readings: int = 1


@dataclasses.dataclass(slots=True)
class Blocks:
    """Interval blocks of one partition, in order of arrival: b blocks, n readings.

    Reading columns of block k are the slice ``first[k]:first[k + 1]``, in order of `start`. A lone reading is a block
    of one. The register belongs to the reading at whose end it was read. NaN = not there.
    """

    meter: NDArray[np.int32]
    """[b] index into the partition's meters (`Partition.lookup`); known meters only."""
    sent_at: Int64
    """[b] microseconds; `NEVER` = end of the block."""
    offset: Int64
    """[b] input offset, growing; the row number of the block's first row in a replay."""
    interval_s: NDArray[np.int32]
    """[b] seconds; 0 = the meter's own."""
    first: Int64
    """[b + 1]"""
    start: Int64
    """[n] microseconds"""
    value: Float64
    """[n] consumption in the meter's unit; NaN = the head-end says missing."""
    rank: NDArray[np.uint8]
    """[n] see `models.domain.quality`"""
    register: Float64
    """[n] cumulative register at the end of the interval, meter's unit."""
    voltage: Float64
    """[n] mean volts"""
    received: Float64
    """[n] energy received from the customer, meter's unit."""
    raw: Callable[[int], bytes] = lambda _block: b""
    """The original bytes of block k, asked for only when it is held or rejected."""

    def __len__(self) -> int:
        return len(self.meter)

    def take(self, keep: NDArray[np.int64]) -> "Blocks":
        """The blocks at positions `keep`, in that order."""
        lengths = (self.first[1:] - self.first[:-1])[keep]
        first = np.concatenate(([0], np.cumsum(lengths)))
        readings = np.repeat(self.first[keep] - first[:-1], lengths) + np.arange(first[-1])
        raw = self.raw
        return Blocks(
            **{name: getattr(self, name)[keep] for name in BLOCK_COLUMNS},
            **{name: getattr(self, name)[readings] for name in READING_COLUMNS},
            first=first,
            raw=lambda block: raw(int(keep[block])),
        )

    @classmethod
    def concat(cls, parts: "list[Blocks]") -> "Blocks":
        """Several runs of blocks as one."""
        if len(parts) == 1:
            return parts[0]
        sizes = np.cumsum([0] + [len(p) for p in parts])
        readings = np.cumsum([0] + [len(p.start) for p in parts])

        def raw(block: int) -> bytes:
            part = int(np.searchsorted(sizes, block, side="right")) - 1
            return parts[part].raw(block - int(sizes[part]))

        return cls(
            **{name: np.concatenate([getattr(p, name) for p in parts]) for name in (*BLOCK_COLUMNS, *READING_COLUMNS)},
            first=np.concatenate(
                [p.first[:-1] + r for p, r in zip(parts, readings[:-1], strict=True)] + [readings[-1:]]
            ),
            raw=raw,
        )


BLOCK_COLUMNS: Final = ("meter", "sent_at", "offset", "interval_s")
READING_COLUMNS: Final = ("start", "value", "rank", "register", "voltage", "received")
DTYPES: Final[dict[str, type[np.generic]]] = {"start": np.int64, "rank": np.uint8}
"""Of the columns that are not float64."""


class BlocksBuilder:
    """Collects decoded blocks one by one and hands them over as columns."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, int, int, int]] = []
        self._raw: list[bytes] = []
        self._first: list[int] = [0]
        self._readings: dict[str, list[float]] = {name: [] for name in READING_COLUMNS}

    def __len__(self) -> int:
        return len(self._blocks)

    def add(
        self,
        meter: int,
        offset: int,
        starts: Sequence[int],
        values: Sequence[float],
        ranks: Sequence[int],
        *,
        sent_at: int = NEVER,
        interval_s: int = 0,
        registers: Sequence[float] | None = None,
        voltages: Sequence[float] | None = None,
        received: Sequence[float] | None = None,
        raw: bytes = b"",
    ) -> None:
        """One block; sequences of equal length, starts growing, NaN for what is not there."""
        nothing = [np.nan] * len(starts)
        columns = (starts, values, ranks, registers or nothing, voltages or nothing, received or nothing)
        for column, more in zip(self._readings.values(), columns, strict=True):
            column.extend(more)
        self._blocks.append((meter, sent_at, offset, interval_s))
        self._raw.append(raw)
        self._first.append(self._first[-1] + len(starts))

    def build(self) -> Blocks:
        """The blocks so far, in the order they were added."""
        meter, sent_at, offset, interval_s = zip(*self._blocks, strict=True) if self._blocks else ((),) * 4
        readings: dict[str, Any] = {k: np.array(v, DTYPES.get(k, np.float64)) for k, v in self._readings.items()}
        return Blocks(
            meter=np.array(meter, np.int32),
            sent_at=np.array(sent_at, np.int64),
            offset=np.array(offset, np.int64),
            interval_s=np.array(interval_s, np.int32),
            first=np.array(self._first, np.int64),
            raw=self._raw.__getitem__,
            **readings,
        )
