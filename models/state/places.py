"""The arrays of a partition: one place a meter, for its row and its ring of recent intervals.

A meter keeps its place while the partition is in memory.
"""

import hashlib
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.domain.times import NEVER
from models.state.layout import RING_DAYS, new_rows
from models.state.ring import ENTRIES, EXACT, slots_of, words_of

S = TypeVar("S", bound=np.generic)
ALL_DAYS: Final = (1 << RING_DAYS) - 1


class Places:
    """Rows and rings by place."""

    def __init__(self) -> None:
        self.meter_ids: list[str] = []
        self.index: dict[str, int] = {}
        self.keys: NDArray[np.uint64] = np.zeros(16, np.uint64)
        """Of each place a hash of its meter's id."""
        self.fact_of: NDArray[np.int32] = np.full(16, -1, np.int32)
        """Of each place the entry of the partition's facts that is the latest."""
        self.rows: NDArray[Any] = new_rows(16)
        self.ring: NDArray[np.uint16] = np.zeros(1024, np.uint16)
        self.ring_at: NDArray[np.int64] = np.full(16, -1, np.int64)
        self.exact: NDArray[Any] = np.zeros(0, EXACT)
        self.exact_at: NDArray[np.int64] = np.full(16, -1, np.int64)
        self.touched: NDArray[np.uint8] = np.zeros(16, np.uint8)
        """Ring days that changed since the last write, a bit each."""
        self.changed: NDArray[np.bool_] = np.zeros(16, np.bool_)
        self.inline: NDArray[np.uint8] = np.zeros(16, np.uint8)
        """Ring days that the last record of the meter's row carried."""
        self._ring_used = 0
        self._exact_used = 0

    def __len__(self) -> int:
        return len(self.meter_ids)

    def place(self, meter_id: str) -> int:
        """Place of a meter, new where it had none."""
        at = self.index.get(meter_id)
        if at is None:
            at = self.index[meter_id] = len(self.meter_ids)
            self.meter_ids.append(meter_id)
            if at >= len(self.rows):
                self._grow()
            self.keys[at] = int.from_bytes(hashlib.blake2b(meter_id.encode(), digest_size=8).digest(), "little")
        return at

    def _grow(self) -> None:
        more = len(self.rows)
        self.rows = np.concatenate((self.rows, new_rows(more)))
        for name, fill in (
            ("keys", 0),
            ("fact_of", -1),
            ("ring_at", -1),
            ("exact_at", -1),
            ("touched", 0),
            ("inline", 0),
            ("changed", 0),
        ):
            old = getattr(self, name)
            setattr(self, name, np.concatenate((old, np.full(more, fill, old.dtype))))

    def lay_ring(self, at: int, interval_s: int, *, exact: bool = False) -> None:
        """An empty ring for a meter, for readings of `interval_s`."""
        self.ring_at[at] = self._ring_used
        self._ring_used += words_of(interval_s) * RING_DAYS
        self.ring = grown(self.ring, self._ring_used)
        self.exact_at[at] = -1
        if exact:
            self.lay_exact(at, interval_s)
        self.rows["interval_s"][at] = interval_s
        self.rows["exact"][at] = exact

    def change_interval(self, at: int, interval_s: int) -> None:
        """A meter sends readings of `interval_s` from now on: what its ring holds is forgotten."""
        self.lay_ring(at, interval_s)
        self.touched[at] = ALL_DAYS
        self.changed[at] = True

    def lay_exact(self, at: int, interval_s: int) -> None:
        """Room for whole floats beside a meter's ring."""
        self.exact_at[at] = self._exact_used
        self._exact_used += slots_of(interval_s) * ENTRIES * RING_DAYS
        self.exact = grown(self.exact, self._exact_used)
        self.exact["start"][self.exact_at[at] : self._exact_used] = NEVER
        self.rows["exact"][at] = 1

    def ring_bytes(self) -> int:
        """Bytes that all rings take."""
        return self._ring_used * self.ring.itemsize + self._exact_used * EXACT.itemsize

    def _slices(self, at: int, day: int) -> tuple[slice, slice]:
        interval_s = int(self.rows["interval_s"][at])
        words, entries = words_of(interval_s), slots_of(interval_s) * ENTRIES
        ring = int(self.ring_at[at]) + day * words
        exact = int(self.exact_at[at]) + day * entries
        return slice(ring, ring + words), slice(exact, exact + entries if self.exact_at[at] >= 0 else exact)

    def day(self, at: int, day: int) -> bytes:
        """A day of a meter's ring as records carry it."""
        ring, exact = self._slices(at, day)
        return self.ring[ring].tobytes() + self.exact[exact].tobytes()

    def put_day(self, at: int, day: int, body: memoryview) -> None:
        """Back from `day`."""
        ring, exact = self._slices(at, day)
        words = (ring.stop - ring.start) * 2
        self.ring[ring] = np.frombuffer(body[:words], np.uint16)
        self.exact[exact] = np.frombuffer(body[words:], EXACT)

    def digests(self) -> dict[str, str]:
        """Meter id -> SHA-256 of its row and ring, equal for equal state however it came about."""
        return {meter_id: hashlib.sha256(self._whole(at)).hexdigest() for at, meter_id in enumerate(self.meter_ids)}

    def _whole(self, at: int) -> bytes:
        days = b"".join(self.day(at, day) for day in range(RING_DAYS)) if self.ring_at[at] >= 0 else b""
        return bytes(self.rows[at].tobytes()) + days


def grown(array: NDArray[S], size: int) -> NDArray[S]:
    """With room for `size` entries at least."""
    if len(array) >= size:
        return array
    return np.concatenate((array, np.zeros(max(size, 2 * len(array)) - len(array), array.dtype)))
