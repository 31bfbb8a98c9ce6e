"""A head-end: turns meters' reads into the messages of `ami.readings` and `ami.meter-events`."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from models.contracts import Meter
from models.domain.blocks import Float64, Int64
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, HOUR, LATEST, NEVER, SECOND, to_text
from simulators.faults import ESTIMATED, VALID, Reads
from simulators.series import snap

Message = dict[str, Any]
"""An `IntervalBlock` or, with `value` for `values`, a `LoneReading`: JSON-able, fields as in the contract."""
Form = Literal["daily", "four_hourly", "lone"]
Telling = Literal["never", "daily", "always"]
_RESOLUTIONS_IN_ZERO: Final = 123_456
"""Where a register stands before the first read, if nothing is said: no meter starts to live at zero."""
_AT_ONCE: Final = 20_000
"""Messages that are put in words together."""


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """How a meter's reads get to the head-end and out of it. Shares are of blocks; chance comes from `seed`."""

    form: Form = "daily"
    """a block for each local day, for each four hours of it, or every interval by itself"""
    delay_s: int = 3600
    """from the end of the day, of the four hours, or of the interval, to `sent_at`"""
    register: Telling = "never"
    """which blocks the cumulative register goes with: those that end a local day, or all"""
    head_end: str = "he-1"
    register_from: float | None = None
    """where the register stands before the first read, meter's unit"""
    restarts: tuple[int, ...] = ()
    """when another meter was put in whose register began at zero, microseconds"""
    outages: tuple[tuple[int, int], ...] = ()
    """when nothing came through, microseconds; what had to wait is sent at the end, newest first"""
    late: float = 0.0
    """share sent up to 20 hours late, so that younger ones overtake them"""
    repeated: float = 0.0
    """share sent twice"""
    revised: float = 0.0
    """share first sent as estimates, and in a day or so as read"""
    seed: int = 0


class Sender(Protocol):
    """A meter, what was read from it, and how it is sent."""

    @property
    def meter(self) -> Meter: ...
    @property
    def reads(self) -> Reads: ...
    @property
    def upload(self) -> Upload: ...


class Plan(NamedTuple):
    """The m messages of one meter: which intervals each holds, when it is sent, and whether it says estimates."""

    first: Int64
    until: Int64
    sent: Int64
    guess: NDArray[np.bool_]


def messages(meter: Meter, reads: Reads, upload: Upload) -> Iterator[Message]:
    """What is sent for a meter, in order of `sent_at` and `start`. A hole parts a block into several."""
    return messages_of([_One(meter, reads, upload)])


def messages_of(members: Iterable[Sender], since: int = NEVER, until: int = LATEST) -> Iterator[Message]:
    """What a fleet sends in [since, until), microseconds of `sent_at`, in order of it, of meter and of `start`."""
    for _, _, message in _in_order(members, since, until):
        yield message


def payloads_of(members: Iterable[Sender], since: int = NEVER, until: int = LATEST) -> Iterator[tuple[str, int, bytes]]:
    """The same as meter id, `sent_at` in microseconds, and JSON."""
    encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
    for meter_id, sent, message in _in_order(members, since, until):
        yield meter_id, sent, encode(message).encode()


def events_of(members: Iterable[Sender], since: int = NEVER, until: int = LATEST) -> Iterator[dict[str, str]]:
    """What the meters themselves report, as in the contract `MeterEvent`, in order of `received_at` in the span."""
    came = [
        (at + min(member.upload.delay_s, 300) * SECOND, member.meter.meter_id, at, code)
        for member in members
        for at, code in member.reads.events
    ]
    for received_at, meter_id, at, code in sorted(came):
        if since <= received_at < until:
            yield {"meter_id": meter_id, "at": to_text(at), "code": code, "received_at": to_text(received_at)}


def registers(reads: Reads, upload: Upload, dial_max: float | None = None) -> Float64:
    """[n] where the register stands at the end of each interval, meter's unit."""
    step = reads.resolution
    begins = _RESOLUTIONS_IN_ZERO * step if upload.register_from is None else upload.register_from
    stands = np.cumsum(reads.metered) + begins
    for restart in upload.restarts:
        at = int(np.searchsorted(reads.start, restart))
        if 0 < at < len(stands):
            stands[at:] -= stands[at - 1]
    stands = snap(stands, step)
    return snap(stands % dial_max, step) if dial_max else stands


def plan(reads: Reads, upload: Upload, timezone: str) -> Plan:
    """Which blocks a meter's reads go out in, and when."""
    kept = np.flatnonzero(~reads.lost)
    if not len(kept):
        nothing = np.zeros(0, np.int64)
        return Plan(nothing, nothing, nothing, nothing.astype(np.bool_))
    start = reads.start[kept]
    window, ends = _windows(start, upload.form, reads.interval_s * SECOND, timezone)
    cuts = np.flatnonzero((np.diff(window) != 0) | (np.diff(start) != reads.interval_s * SECOND)) + 1
    bounds = np.concatenate(([0], cuts, [len(start)]))
    first, until = kept[bounds[:-1]], kept[bounds[1:] - 1] + 1
    of_block = window[bounds[:-1]] - window[0]
    sent = ends[bounds[:-1]] + upload.delay_s * SECOND
    straight = Plan(first, until, sent, np.zeros(len(first), np.bool_))
    return _troubled(straight, of_block, upload)


def _windows(start: Int64, form: Form, interval_us: int, timezone: str) -> tuple[Int64, Int64]:
    """[n] number of the window that each interval is sent in, growing, and the end of that window."""
    if form == "lone":
        return start // interval_us, start + interval_us
    midnight = midnights(timezone)
    around = midnight[int(start[0] // DAY) - FIRST_DAY - 1 : int(start[-1] // DAY) - FIRST_DAY + 3]
    day = np.searchsorted(around, start, side="right")
    if form == "daily":
        return day, around[day]
    part = np.minimum((start - around[day - 1]) // (4 * HOUR), 5)
    return day * 6 + part, np.where(part == 5, around[day], around[day - 1] + (part + 1) * 4 * HOUR)


def _troubled(straight: Plan, window: Int64, upload: Upload) -> Plan:
    """What becomes of it on the way: all blocks of a window share its luck."""
    first, until, sent, guess = straight
    if upload.late or upload.repeated or upload.revised:
        rng = np.random.default_rng(upload.seed)
        luck = rng.random((4, int(window[-1]) + 1))[:, window]
        wait = np.round(np.minimum(-4 * np.log(luck[3]), 20) * 3600).astype(np.int64) * SECOND
        sent = sent + np.where(luck[0] < upload.late, wait, 0)
        twice = np.flatnonzero(luck[1] < upload.repeated)
        better = np.flatnonzero(luck[2] < upload.revised)
        guess = luck[2] < upload.revised
        again = np.concatenate((twice, better))
        later = np.concatenate((sent[twice] + wait[twice] // 8, sent[better] + 4 * HOUR + wait[better]))
        first, until = np.append(first, first[again]), np.append(until, until[again])
        guess = np.concatenate((guess, guess[twice], np.zeros(len(better), np.bool_)))
        sent = np.append(sent, later // SECOND * SECOND)
    for begin, end in upload.outages:
        waiting = np.flatnonzero((sent >= begin) & (sent < end))
        newest_first = waiting[np.lexsort((first[waiting], sent[waiting]))[::-1]]
        sent[newest_first] = end + np.arange(len(waiting)) * SECOND
    return Plan(first, until, sent, guess)


@dataclasses.dataclass(frozen=True, slots=True)
class _One:
    meter: Meter
    reads: Reads
    upload: Upload


@dataclasses.dataclass(slots=True)
class _Words:
    """What is needed to put one meter's blocks into messages."""

    reads: Reads
    lone: bool
    same: Message
    """what all of its messages say"""
    register: Float64 | None
    tells: NDArray[np.bool_]
    """[n] whether a block that ends with the interval tells the register"""
    plain: bool
    """whether every code is VALID"""

    @classmethod
    def of(cls, member: Sender) -> "_Words":
        meter, reads, upload = member.meter, member.reads, member.upload
        tells = np.full(len(reads.start), upload.register == "always")
        if upload.register == "daily":
            midnight = midnights(meter.timezone)
            tells = midnight[np.searchsorted(midnight, reads.ends)] == reads.ends
        return cls(
            reads=reads,
            lone=upload.form == "lone",
            same={"interval_s": reads.interval_s, "unit": meter.unit, "head_end": upload.head_end},
            register=None if upload.register == "never" else registers(reads, upload, meter.dial_max),
            tells=tells,
            plain=bool((reads.quality == VALID).all()),
        )

    def message(self, meter_id: str, start: str, sent_at: str, first: int, until: int, guess: bool) -> Message:
        reads = self.reads
        message: Message = {"meter_id": meter_id, "start": start, **self.same, "sent_at": sent_at}
        if guess:
            values, codes = _estimates(reads, first, until), [ESTIMATED]
        else:
            values = _nulls(reads.value[first:until])
            codes = [VALID] if self.plain else reads.quality[first:until].tolist()
        more = {} if guess else {"voltage": reads.voltage, "received": reads.received}
        if self.lone:
            message |= {"value": values[0], "quality": codes[0]}
            message |= {name: _nulls(column[first:until])[0] for name, column in more.items() if column is not None}
        else:
            message |= {"values": values, "quality": codes[0] if len(set(codes)) == 1 else codes}
            for name, column in more.items():
                if column is not None:
                    message["voltages" if name == "voltage" else name] = _nulls(column[first:until])
        if self.register is not None and not guess and self.tells[until - 1]:
            message["register"] = float(self.register[until - 1])
        return message


def _in_order(members: Iterable[Sender], since: int, until: int) -> Iterator[tuple[str, int, Message]]:
    fleet = sorted(members, key=lambda member: member.meter.meter_id)
    if not fleet:
        return
    plans = [plan(member.reads, member.upload, member.meter.timezone) for member in fleet]
    who = np.repeat(np.arange(len(fleet)), [len(one.sent) for one in plans])
    first, end, sent, guess = (np.concatenate(columns) for columns in zip(*plans, strict=True))
    starts = np.concatenate([member.reads.start[one.first] for member, one in zip(fleet, plans, strict=True)])
    inside = np.flatnonzero((sent >= since) & (sent < until))
    order = inside[np.lexsort((~guess[inside], starts[inside], who[inside], sent[inside]))]
    words: dict[int, _Words] = {}
    ids = [member.meter.meter_id for member in fleet]
    for at in range(0, len(order), _AT_ONCE):
        some = order[at : at + _AT_ONCE]
        columns = (who[some], sent[some], first[some], end[some], guess[some])
        texts = (_texts(starts[some]), _texts(sent[some]))
        for k, time, a, b, estimated, start, sent_at in zip(*(c.tolist() for c in columns), *texts, strict=True):
            said = words.get(k) or words.setdefault(k, _Words.of(fleet[k]))
            yield ids[k], time, said.message(ids[k], start, sent_at, a, b, estimated)


def _texts(times: Int64) -> list[str]:
    """As `to_text`."""
    if (times % SECOND).any():
        return [to_text(time) for time in times.tolist()]
    return [f"{text}Z" for text in np.datetime_as_string((times // SECOND).astype("datetime64[s]")).tolist()]


def _nulls(values: Float64) -> list[float | None]:
    given: list[float | None] = values.tolist()
    for missing in np.flatnonzero(np.isnan(values)).tolist():
        given[missing] = None
    return given


def _estimates(reads: Reads, first: int, until: int) -> list[float | None]:
    """The mean of the same intervals of up to seven days before, on the meter's resolution."""
    day = DAY // SECOND // reads.interval_s
    before = [reads.value[first - n * day : until - n * day] for n in range(1, 8) if first - n * day >= 0]
    seen = np.nan_to_num(np.array(before)) if before else np.zeros((1, until - first))
    return _nulls(snap(seen.mean(axis=0), reads.resolution))
