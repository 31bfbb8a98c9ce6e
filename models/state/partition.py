"""Everything that one partition of `ami.readings` owns: meters, their rows and rings, and event time.

Arrays hold one place a meter; a meter keeps its place while the partition is in memory. What changed since the last
write comes out as changelog records, and goes in again when the partition is recovered.
"""

import bisect
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.contracts import Meter
from models.domain.devices import OTHER, OUTAGE, TAMPER, meaning_of
from models.domain.errors import VersionError
from models.domain.localtime import midnights
from models.domain.times import NEVER
from models.state.clock import Clock
from models.state.facts import effective, fact
from models.state.layout import COHORT, FACTS, RING_DAYS, ROW, VERSION, new_rows
from models.state.ring import ENTRIES, EXACT, slots_of, words_of

S = TypeVar("S", bound=np.generic)
ALL_DAYS: Final = (1 << RING_DAYS) - 1
_HEAD: Final = struct.Struct("<HBBiqi")
"""Of a meter's or ring day's record: version, ring days that follow, exact, interval_s, offset, closed day."""
_CLOCK: Final = b"p"
_COHORTS: Final = b"c"


class Partition:
    """The state of one partition. `detect` changes it; nothing else does but recovery and `put_meter`."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.clock = Clock()
        self.offset = -1
        self.meter_ids: list[str] = []
        self.index: dict[str, int] = {}
        self.meters: dict[int, list[Meter]] = {}
        self.zones: list[str] = []
        self.midnights: NDArray[np.int64] = np.empty((0, 0), np.int64)
        self.facts: NDArray[Any] = np.zeros(0, FACTS)
        self.fact_of: NDArray[np.int32] = np.full(16, -1, np.int32)
        self.history: dict[int, tuple[NDArray[np.int64], NDArray[np.int32]]] = {}
        self.rows: NDArray[Any] = new_rows(16)
        self.ring: NDArray[np.uint16] = np.zeros(1024, np.uint16)
        self.ring_at: NDArray[np.int64] = np.full(16, -1, np.int64)
        self.exact: NDArray[Any] = np.zeros(0, EXACT)
        self.exact_at: NDArray[np.int64] = np.full(16, -1, np.int64)
        self.touched: NDArray[np.uint8] = np.zeros(16, np.uint8)
        self.changed: NDArray[np.bool_] = np.zeros(16, np.bool_)
        self.inline: NDArray[np.uint8] = np.zeros(16, np.uint8)
        self.events: list[tuple[int, int, str, int]] = []
        """What meters reported and event time has not reached: received at, at, meter id, meaning."""
        self.cohorts: dict[str, dict[int, NDArray[Any]]] = {}
        """Frozen medians by time zone and local day, see `models.baseline.days`."""
        self.cohorts_changed = False
        self.grouped = False
        """Whether any meter shares a transformer, premise, head-end, model or firmware with others."""
        self._facts: list[tuple[Any, ...]] = []
        self._ring_used = 0
        self._exact_used = 0

    def __len__(self) -> int:
        return len(self.meter_ids)

    @property
    def event_time(self) -> int:
        """Microseconds UTC; `NEVER` before the first block."""
        return self.clock.event_time

    # Meters -----------------------------------------------------------------------------------------------------------

    def put_meter(self, meter: Meter) -> None:
        """What the MDM says of a meter, from its `effective_from` on. Saying it again changes nothing."""
        at = self._place(meter.meter_id)
        known = self.meters.get(at, [])
        if meter in known:
            return
        shared = (meter.transformer_id, meter.premise_id, meter.head_end, meter.model, meter.firmware)
        self.grouped = self.grouped or any(name is not None for name in shared)
        versions = [m for m in known if m.effective_from != meter.effective_from] + [meter]
        versions.sort(key=effective)
        self.meters[at] = versions
        first = len(self._facts)
        self._facts += [fact(m, self._zone(m.timezone)) for m in versions]
        self.facts = np.empty(0, FACTS)
        numbers = np.arange(first, first + len(versions), dtype=np.int32)
        self.fact_of[at] = numbers[-1]
        if len(versions) > 1:
            self.history[at] = (np.array([effective(m) for m in versions], np.int64), numbers)
        else:
            self.history.pop(at, None)
        if self.ring_at[at] < 0:
            self.lay_ring(at, meter.interval_s)

    def lookup(self, meter_id: str) -> int:
        """Place of a meter, -1 while `ami.meters` has not told of it."""
        at = self.index.get(meter_id, -1)
        return at if at >= 0 and self.fact_of[at] >= 0 else -1

    def unit(self, meter: int) -> str:
        """Unit of a known meter."""
        return self.meters[meter][-1].unit

    def seal_facts(self) -> None:
        """Facts as an array, after the last `put_meter`."""
        if len(self.facts) != len(self._facts):
            self.facts = np.array(self._facts, FACTS)

    def put_event(self, meter_id: str, at: int, received_at: int, code: str) -> None:
        """What a meter reports of itself; told to its row as event time passes `received_at`. Times in microseconds."""
        event = (received_at, at, meter_id, meaning_of(code))
        if event[-1] != OTHER and event not in self.events:
            bisect.insort(self.events, event)

    def take_events(self, now: int) -> None:
        """Tell the rows what was received by `now`."""
        while self.events and self.events[0][0] <= now:
            _, at, meter_id, meaning = self.events.pop(0)
            meter = self.lookup(meter_id)
            if meter < 0:
                continue
            row = self.rows[meter]
            if meaning == TAMPER:
                row["tamper_at"] = max(int(row["tamper_at"]), at)
            else:
                row["outage_at"] = at if meaning == OUTAGE else NEVER
            self.changed[meter] = True

    def freeze(self, zone: str, day: int, medians: NDArray[Any]) -> None:
        """Keep the medians of a day for those who learn it later; the oldest go."""
        days = self.cohorts.setdefault(zone, {})
        days[day] = medians
        for old in [known for known in days if known <= day - RING_DAYS]:
            del days[old]
        self.cohorts_changed = True

    def _zone(self, name: str) -> int:
        if name not in self.zones:
            self.zones.append(name)
            self.midnights = np.stack([midnights(zone) for zone in self.zones])
        return self.zones.index(name)

    # Places and rings -------------------------------------------------------------------------------------------------

    def _place(self, meter_id: str) -> int:
        at = self.index.get(meter_id)
        if at is None:
            at = self.index[meter_id] = len(self.meter_ids)
            self.meter_ids.append(meter_id)
            if at >= len(self.rows):
                self._grow()
        return at

    def _grow(self) -> None:
        more = len(self.rows)
        self.rows = np.concatenate((self.rows, new_rows(more)))
        for name, fill in (
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
        self.ring = _grown(self.ring, self._ring_used)
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
        self.exact = _grown(self.exact, self._exact_used)
        self.exact["start"][self.exact_at[at] : self._exact_used] = NEVER
        self.rows["exact"][at] = 1

    def ring_bytes(self) -> int:
        """Bytes that all rings take."""
        return self._ring_used * self.ring.itemsize + self._exact_used * EXACT.itemsize

    # Changelog --------------------------------------------------------------------------------------------------------

    def changes(self) -> list[tuple[bytes, bytes]]:
        """Records (key, value) of what changed since `settle`, to be written in this order.

        A meter's record carries its row and the ring days that changed with it, so that both are written or neither.
        Before another day takes their place in it, the days it carried are written under keys of their own.
        """
        records: list[tuple[bytes, bytes]] = []
        if self.cohorts_changed:  # before any row that has learnt by them
            records.append((_COHORTS, self._cohorts()))
        for at in np.flatnonzero(self.changed[: len(self)]).tolist():
            meter = self.meter_ids[at].encode()
            days, before = int(self.touched[at]), int(self.inline[at])
            days = days or before
            for day in _days(before & ~days):
                records.append((b"d%d" % day + meter, self._head(at, 1 << day) + self._day(at, day)))
            body = b"".join(self._day(at, day) for day in _days(days))
            records.append((b"m" + meter, self._head(at, days) + self.rows[at].tobytes() + body))
        records.append((_CLOCK, json.dumps(self._clock(), sort_keys=True).encode()))
        return records

    def settle(self) -> None:
        """What `changes` gave is acked."""
        changed = self.changed & (self.touched != 0)
        self.inline[changed] = self.touched[changed]
        self.touched[:] = 0
        self.changed[:] = False
        self.cohorts_changed = False

    def apply(self, key: bytes, value: bytes) -> None:
        """One changelog record back in. Of two records for a key the one that knows more input wins, in any order.

        Raises VersionError for a record of another layout.
        """
        if key == _CLOCK:
            self._apply_clock(value)
            return
        if key == _COHORTS:
            self._apply_cohorts(value)
            return
        version, days, exact, interval_s, offset, closed_day = _HEAD.unpack_from(value)
        if version != VERSION:
            raise VersionError(
                f"a changelog record of layout {version}, this program writes {VERSION}: see docs/operating.md"
            )
        at = self._place(key[1:].decode() if key[:1] == b"m" else key[2:].decode())
        row = self.rows[at]
        if (offset, closed_day) < (row["offset"], row["closed_day"]):
            return
        if self.ring_at[at] < 0 or row["interval_s"] != interval_s or (self.exact_at[at] >= 0) != bool(exact):
            self.lay_ring(at, interval_s, exact=bool(exact))
        body = memoryview(value)[_HEAD.size :]
        if key[:1] == b"m":
            self.rows[at] = np.frombuffer(body[: ROW.itemsize], ROW)[0]
            self.inline[at] = days
            body = body[ROW.itemsize :]
        size = len(body) // max(1, days.bit_count())
        for n, day in enumerate(_days(days)):
            self._put_day(at, day, body[n * size : (n + 1) * size])

    def _apply_clock(self, value: bytes) -> None:
        plain = json.loads(value)
        if plain["version"] != VERSION:
            raise VersionError(f"a partition record of layout {plain['version']}, this program writes {VERSION}")
        if plain["offset"] >= self.offset:
            self.offset = plain["offset"]
            for held in plain["held"]:
                self._place(held["meter_id"])
            self.clock = Clock.from_plain(plain, self.index)
            self.events = [(received, at, meter, meaning) for received, at, meter, meaning in plain["events"]]

    def _clock(self) -> dict[str, Any]:
        clock = self.clock.to_plain(self.meter_ids)
        return {"version": VERSION, "offset": self.offset, "events": self.events, **clock}

    def _cohorts(self) -> bytes:
        plain = {
            zone: {day: medians.tolist() for day, medians in sorted(days.items())}
            for zone, days in sorted(self.cohorts.items())
        }
        return json.dumps({"version": VERSION, "cohorts": plain}).encode()

    def _apply_cohorts(self, value: bytes) -> None:
        plain = json.loads(value)
        if plain["version"] != VERSION:
            raise VersionError(f"medians of layout {plain['version']}, this program writes {VERSION}")
        self.cohorts = {
            zone: {
                int(day): np.array([[tuple(one) for one in row] for row in medians], COHORT)
                for day, medians in days.items()
            }
            for zone, days in plain["cohorts"].items()
        }

    def _head(self, at: int, days: int) -> bytes:
        row = self.rows[at]
        return _HEAD.pack(VERSION, days, row["exact"], row["interval_s"], row["offset"], row["closed_day"])

    def _slices(self, at: int, day: int) -> tuple[slice, slice]:
        interval_s = int(self.rows["interval_s"][at])
        words, entries = words_of(interval_s), slots_of(interval_s) * ENTRIES
        ring = int(self.ring_at[at]) + day * words
        exact = int(self.exact_at[at]) + day * entries
        return slice(ring, ring + words), slice(exact, exact + entries if self.exact_at[at] >= 0 else exact)

    def _day(self, at: int, day: int) -> bytes:
        ring, exact = self._slices(at, day)
        return self.ring[ring].tobytes() + self.exact[exact].tobytes()

    def _put_day(self, at: int, day: int, body: memoryview) -> None:
        ring, exact = self._slices(at, day)
        words = (ring.stop - ring.start) * 2
        self.ring[ring] = np.frombuffer(body[:words], np.uint16)
        self.exact[exact] = np.frombuffer(body[words:], EXACT)

    # Snapshots --------------------------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state for a snapshot, without what `ami.meters` tells again. No pickle is needed to read it."""
        n = len(self)
        return {
            "version": np.array(VERSION),
            "meter_ids": np.array(self.meter_ids, np.str_),
            "clock": np.frombuffer(json.dumps(self._clock()).encode(), np.uint8),
            "cohorts": np.frombuffer(self._cohorts(), np.uint8),
            "rows": self.rows[:n].view(np.uint8).reshape(n, ROW.itemsize),
            "ring": self.ring[: self._ring_used],
            "ring_at": self.ring_at[:n],
            "exact": self.exact[: self._exact_used].view(np.uint8),
            "exact_at": self.exact_at[:n],
            "inline": self.inline[:n],
        }

    @classmethod
    def from_arrays(cls, number: int, arrays: Mapping[str, NDArray[Any]]) -> "Partition":
        """Back from `arrays`. Raises VersionError when another layout wrote them."""
        if int(arrays["version"]) != VERSION:
            raise VersionError(f"a snapshot of layout {arrays['version']}, this program reads {VERSION}")
        partition = cls(number)
        for meter_id in arrays["meter_ids"].tolist():
            partition._place(meter_id)
        n = len(partition)
        if n:
            partition.rows[:n] = np.ascontiguousarray(arrays["rows"]).reshape(-1).view(ROW)
        for name in ("ring_at", "exact_at", "inline"):
            getattr(partition, name)[:n] = arrays[name]
        partition._ring_used = len(arrays["ring"])
        partition.ring = _grown(arrays["ring"].copy(), 1024)
        partition.exact = arrays["exact"].copy().view(EXACT)
        partition._exact_used = len(partition.exact)
        partition._apply_clock(arrays["clock"].tobytes())
        partition._apply_cohorts(arrays["cohorts"].tobytes())
        return partition

    def digests(self) -> dict[str, str]:
        """Meter id -> SHA-256 of its row and ring, equal for equal state however it came about."""
        return {meter_id: hashlib.sha256(self._whole(at)).hexdigest() for at, meter_id in enumerate(self.meter_ids)}

    def _whole(self, at: int) -> bytes:
        days = b"".join(self._day(at, day) for day in range(RING_DAYS)) if self.ring_at[at] >= 0 else b""
        return bytes(self.rows[at].tobytes()) + days


def _days(mask: int) -> Iterator[int]:
    return (day for day in range(RING_DAYS) if mask >> day & 1)


def _grown(array: NDArray[S], size: int) -> NDArray[S]:
    if len(array) >= size:
        return array
    return np.concatenate((array, np.zeros(max(size, 2 * len(array)) - len(array), array.dtype)))
