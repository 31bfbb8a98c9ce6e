"""Everything that one partition of `ami.readings` owns: meters, their rows and rings, and event time.

What changed since the last write comes out as changelog records, and goes in again when the partition is recovered.
"""

import bisect
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.contracts import Meter
from models.domain.devices import OTHER, OUTAGE, TAMPER, meaning_of
from models.domain.errors import VersionError
from models.domain.localtime import midnights
from models.domain.times import SECOND
from models.state.clock import Clock
from models.state.closed import KEPT_DAYS, ClosedDay
from models.state.facts import effective, fact
from models.state.layout import FACTS, RING_DAYS, ROW, VERSION
from models.state.places import Places, grown
from models.state.ring import EXACT

_HEAD: Final = struct.Struct("<HBBiqi")
"""Of a meter's or ring day's record: version, ring days that follow, exact, interval_s, offset, closed day."""
_DAY: Final = struct.Struct("<Hi")
"""Of a closed day's record: version, local day."""
_CLOCK: Final = b"p"
_CLOSED: Final = b"c"


class Partition(Places):
    """The state of one partition. `detect` changes it; nothing else does but recovery and `put_meter`."""

    def __init__(self, number: int = 0) -> None:
        super().__init__()
        self.number = number
        self.clock = Clock()
        self.offset = -1
        self.meters: dict[int, list[Meter]] = {}
        self.zones: list[str] = []
        self.midnights: NDArray[np.int64] = np.empty((0, 0), np.int64)
        self.facts: NDArray[Any] = np.zeros(0, FACTS)
        self.history: dict[int, tuple[NDArray[np.int64], NDArray[np.int32]]] = {}
        self.events: list[tuple[int, int, str, int]] = []
        """What meters reported and event time has not reached: received at, at, meter id, meaning."""
        self.closed: dict[str, dict[int, ClosedDay]] = {}
        """By time zone and local day; the last `KEPT_DAYS`."""
        self.learnt: Any = None
        """What scoring has made of `closed`; never written, see `models.scoring.learnt`."""
        self.grouped = False
        """Whether any meter shares a transformer, premise, head-end, model or firmware with others."""
        self._facts: list[tuple[Any, ...]] = []
        self._frozen: list[tuple[str, int]] = []

    @property
    def event_time(self) -> int:
        """Microseconds UTC; `NEVER` before the first block."""
        return self.clock.event_time

    # Meters -----------------------------------------------------------------------------------------------------------

    def put_meter(self, meter: Meter) -> None:
        """What the MDM says of a meter, from its `effective_from` on. Saying it again changes nothing."""
        at = self.place(meter.meter_id)
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

    def service(self, meter: int) -> int:
        """Number of a known meter's service."""
        return int(self.facts["service"][self.fact_of[meter]])

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
                row["outage_at" if meaning == OUTAGE else "outage_until"] = at // SECOND
            self.changed[meter] = True

    def freeze(self, zone: str, day: int, closed: ClosedDay) -> None:
        """Keep what a day was like for those who learn it later; the oldest go."""
        self._keep(zone, day, closed)
        self._frozen.append((zone, day))

    def _keep(self, zone: str, day: int, closed: ClosedDay) -> None:
        days = self.closed.get(zone, {}) | {day: closed}
        self.closed[zone] = {day: days[day] for day in sorted(days) if day > max(days) - KEPT_DAYS}

    def _zone(self, name: str) -> int:
        if name not in self.zones:
            self.zones.append(name)
            self.midnights = np.stack([midnights(zone) for zone in self.zones])
        return self.zones.index(name)

    # Changelog --------------------------------------------------------------------------------------------------------

    def changes(self) -> list[tuple[bytes, bytes]]:
        """Records (key, value) of what changed since `settle`, to be written in this order.

        A meter's record carries its row and the ring days that changed with it, so that both are written or neither.
        Before another day takes their place in it, the days it carried are written under keys of their own.
        """
        records: list[tuple[bytes, bytes]] = []
        for zone, day in self._frozen:  # before any row that has learnt by them
            if day in self.closed[zone]:
                records.append((_closed_key(zone, day), _closed_value(day, self.closed[zone][day])))
        for at in np.flatnonzero(self.changed[: len(self)]).tolist():
            meter = self.meter_ids[at].encode()
            days, before = int(self.touched[at]), int(self.inline[at])
            days = days or before
            for day in _days(before & ~days):
                records.append((b"d%d" % day + meter, self._head(at, 1 << day) + self.day(at, day)))
            body = b"".join(self.day(at, day) for day in _days(days))
            records.append((b"m" + meter, self._head(at, days) + self.rows[at].tobytes() + body))
        records.append((_CLOCK, json.dumps(self._clock(), sort_keys=True).encode()))
        return records

    def settle(self) -> None:
        """What `changes` gave is acked."""
        changed = self.changed & (self.touched != 0)
        self.inline[changed] = self.touched[changed]
        self.touched[:] = 0
        self.changed[:] = False
        self._frozen.clear()

    def apply(self, key: bytes, value: bytes) -> None:
        """One changelog record back in. Of two records for a key the one that knows more input wins, in any order.

        Raises VersionError for a record of another layout.
        """
        if key == _CLOCK:
            self._apply_clock(value)
            return
        if key.startswith(_CLOSED):
            version, day = _DAY.unpack_from(value)
            if version != VERSION:
                raise VersionError(f"a closed day of layout {version}, this program reads {VERSION}")
            self._keep(key[len(_CLOSED) + 1 :].decode(), day, ClosedDay.from_bytes(value[_DAY.size :]))
            return
        version, days, exact, interval_s, offset, closed_day = _HEAD.unpack_from(value)
        if version != VERSION:
            raise VersionError(
                f"a changelog record of layout {version}, this program writes {VERSION}: see docs/operating.md"
            )
        at = self.place(key[1:].decode() if key[:1] == b"m" else key[2:].decode())
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
            self.put_day(at, day, body[n * size : (n + 1) * size])

    def _apply_clock(self, value: bytes) -> None:
        plain = json.loads(value)
        if plain["version"] != VERSION:
            raise VersionError(f"a partition record of layout {plain['version']}, this program writes {VERSION}")
        if plain["offset"] >= self.offset:
            self.offset = plain["offset"]
            for held in plain["held"]:
                self.place(held["meter_id"])
            self.clock = Clock.from_plain(plain, self.index)
            self.events = [(received, at, meter, meaning) for received, at, meter, meaning in plain["events"]]

    def _clock(self) -> dict[str, Any]:
        clock = self.clock.to_plain(self.meter_ids)
        return {"version": VERSION, "offset": self.offset, "events": self.events, **clock}

    def _head(self, at: int, days: int) -> bytes:
        row = self.rows[at]
        return _HEAD.pack(VERSION, days, row["exact"], row["interval_s"], row["offset"], row["closed_day"])

    # Snapshots --------------------------------------------------------------------------------------------------------

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state for a snapshot, without what `ami.meters` tells again. No pickle is needed to read it."""
        n = len(self)
        return {
            "version": np.array(VERSION),
            "meter_ids": np.array(self.meter_ids, np.str_),
            "clock": np.frombuffer(json.dumps(self._clock()).encode(), np.uint8),
            **self._closed_arrays(),
            "rows": self.rows[:n].view(np.uint8).reshape(n, ROW.itemsize),
            "ring": self.ring[: self._ring_used],
            "ring_at": self.ring_at[:n],
            "exact": self.exact[: self._exact_used].view(np.uint8),
            "exact_at": self.exact_at[:n],
            "inline": self.inline[:n],
        }

    def _closed_arrays(self) -> dict[str, NDArray[Any]]:
        days = [(zone, day, kept.body) for zone, days in self.closed.items() for day, kept in days.items()]
        return {
            "closed_zone": np.array([zone for zone, _, _ in days], np.str_),
            "closed_day": np.array([day for _, day, _ in days], np.int64),
            "closed_size": np.array([len(body) for _, _, body in days], np.int64),
            "closed": np.frombuffer(b"".join(body for _, _, body in days), np.uint8),
        }

    @classmethod
    def from_arrays(cls, number: int, arrays: Mapping[str, NDArray[Any]]) -> "Partition":
        """Back from `arrays`. Raises VersionError when another layout wrote them."""
        if int(arrays["version"]) != VERSION:
            raise VersionError(f"a snapshot of layout {arrays['version']}, this program reads {VERSION}")
        partition = cls(number)
        for meter_id in arrays["meter_ids"].tolist():
            partition.place(meter_id)
        n = len(partition)
        if n:
            partition.rows[:n] = np.ascontiguousarray(arrays["rows"]).reshape(-1).view(ROW)
        for name in ("ring_at", "exact_at", "inline"):
            getattr(partition, name)[:n] = arrays[name]
        partition._ring_used = len(arrays["ring"])
        partition.ring = grown(arrays["ring"].copy(), 1024)
        partition.exact = arrays["exact"].copy().view(EXACT)
        partition._exact_used = len(partition.exact)
        partition._apply_clock(arrays["clock"].tobytes())
        bodies, end = arrays["closed"].tobytes(), 0
        days = (arrays[f"closed_{name}"].tolist() for name in ("zone", "day", "size"))
        for zone, day, size in zip(*days, strict=True):
            partition._keep(zone, day, ClosedDay.from_bytes(bodies[end : end + size]))
            end += size
        return partition


def _closed_key(zone: str, day: int) -> bytes:
    """A day takes the place of the one `KEPT_DAYS` before it."""
    return _CLOSED + bytes([day % KEPT_DAYS]) + zone.encode()


def _closed_value(day: int, closed: ClosedDay) -> bytes:
    return _DAY.pack(VERSION, day) + closed.body


def _days(mask: int) -> Iterator[int]:
    return (day for day in range(RING_DAYS) if mask >> day & 1)
