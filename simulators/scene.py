"""The demo's scene: the nine series of `simulators.series` as they are, copies left alone, and copies with a fault.

All stand in one window of twelve weeks in spring 2022, so that event time runs on as it does for a fleet. The water
main, the British smart home and its gas are at their own dates; the others are moved by whole weeks, to where the
change to summer time falls on the same Sunday. A copy is other weeks of its source (the main has no others: it begins
one to four weeks early) times a factor of 0.8 to 1.2, rounded to the meter's resolution, so that no two are alike.

Each fault has at least 21 days before it without another. The sources' own trouble stays where it is: what is found of
it is listed by `evaluation.judge`, not counted as false.
"""

import dataclasses
import datetime as dt
import heapq
from collections.abc import Iterator
from typing import Final

import numpy as np

from models.contracts import Meter
from models.domain.blocks import Float64, Int64
from models.domain.times import DAY, HOUR, to_us
from simulators.copies import WEEK, longest_zero_s, shift_weeks, weeks_that_fill
from simulators.faults import FAMILIES, Injected, Reads
from simulators.headend import Message, Upload, messages
from simulators.series import NAMES, Series, load, snap

FIRST: Final = to_us(dt.datetime(2022, 2, 21, tzinfo=dt.UTC))
UNTIL: Final = to_us(dt.datetime(2022, 5, 17, tzinfo=dt.UTC))
OWN_WEEKS: Final = {"uk-electricity-1": 469, "uk-electricity-2": 469} | dict.fromkeys(
    ("il-electricity-0", "il-electricity-1", "il-gas-0", "il-gas-1"), 261
)
"""Weeks by which a series itself is moved: British homes from 2013, Illinois from 2017, summer time meeting exactly."""
_TOO_STILL_S: Final = 12 * 3600
"""Copies are not taken from weeks in which an electricity meter rests at zero for that long: it is faulty already."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """Copies of one source with one kind of fault, a copy for each size."""

    kind: str
    source: str
    sizes: tuple[float, ...]
    """see the family: units an hour (leak, burst), factor (estimates, multiplier)"""
    hours: int
    onset_days: tuple[int, int] = (28, 70)
    """from the copy's first reading; the main's avoid its holes and its low spell of 27 April"""


PLAN: Final = (
    Plan("leak", "water-flow", (150.0, 200.0, 260.0), 120, (21, 29)),
    Plan("leak", "uk-gas-0", (0.05, 0.15), 120),
    Plan("leak", "il-gas-0", (0.3,), 120),
    Plan("burst", "water-flow", (500.0, 700.0), 6, (42, 49)),
    Plan("burst", "uk-gas-0", (3.0, 5.0), 4),
    Plan("burst", "il-gas-1", (12.0,), 4),
    Plan("flat_estimates", "uk-electricity-0", (1.0,), 240),
    Plan("flat_estimates", "uk-electricity-1", (0.9,), 240),
    Plan("flat_estimates", "uk-electricity-2", (1.1,), 240),
    Plan("flat_estimates", "il-gas-0", (1.2,), 240, (28, 40)),
    Plan("flat_valid", "uk-electricity-0", (1.1,), 120),
    Plan("flat_valid", "uk-electricity-1", (1.0,), 120),
    Plan("flat_valid", "il-electricity-0", (0.9,), 120),
    Plan("x10", "uk-electricity-0", (10.0,), 120),
    Plan("x10", "uk-electricity-1", (10.0,), 120),
    Plan("x10", "uk-electricity-2", (10.0,), 120),
    Plan("x10", "il-electricity-1", (10.0,), 120),
    Plan("x10", "water-flow", (10.0,), 120, (21, 29)),
    Plan("stopped", "uk-electricity-0", (0.0,), 96),
    Plan("stopped", "uk-electricity-1", (0.0,), 96),
    Plan("stopped", "uk-electricity-2", (0.0,), 96),
    Plan("stopped", "il-electricity-0", (0.0,), 96),
)
CONTROLS: Final = NAMES
"""Sources of the copies that nothing is done to."""


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A meter of the scene, where its reads come from, and how they are sent."""

    meter: Meter
    reads: Reads
    upload: Upload
    series: Series
    weeks: int
    scale: float
    fault: Injected | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """What is streamed, and the truth about it."""

    members: tuple[Member, ...]

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The records for `ami.meters`."""
        return tuple(member.meter for member in self.members)

    @property
    def truth(self) -> tuple[Injected, ...]:
        """The injected faults."""
        return tuple(member.fault for member in self.members if member.fault)

    @property
    def readings(self) -> int:
        """How many intervals `messages` holds."""
        return sum(len(member.reads.start) for member in self.members)

    def messages(self) -> Iterator[Message]:
        """Interval blocks and lone readings of all meters, in order of `sent_at`, then of meter and `start`."""
        streams = (messages(member.meter, member.reads, member.upload) for member in self.members)
        return heapq.merge(*streams, key=lambda message: (message["sent_at"], message["meter_id"], message["start"]))


def build(seed: int = 0) -> Scene:
    """The scene; `seed` draws the copies' weeks and scales and the faults' onsets. Raises `SamplesMissing`."""
    rng = np.random.default_rng(seed)
    used: dict[str, list[int]] = {name: [OWN_WEEKS.get(name, 0)] for name in NAMES}
    members = [_member(name, load(name), used[name][0], 1.0, number) for number, name in enumerate(NAMES)]
    wanted = [(plan, plan.source, size) for plan in PLAN for size in plan.sizes]
    for number, (plan, source, size) in enumerate([*wanted, *((None, source, 0.0) for source in CONTROLS)], start=1):
        series = load(source)
        weeks = _draw_weeks(series, used[source], rng)
        scale = round(float(rng.uniform(0.8, 1.2)), 3)
        member = _member(f"{source}.{number:02d}", series, weeks, scale, number)
        members.append(_with_fault(member, plan, size, rng) if plan else member)
    return Scene(tuple(members))


def _draw_weeks(series: Series, used: list[int], rng: np.random.Generator) -> int:
    """A shift not used yet that fills the window with a meter that works; when none is left, one used before."""
    source = series.meter.meter_id
    fits = list(weeks_that_fill(series.start, FIRST, UNTIL)) if source != "water-flow" else [-4, -3, -2, -1]
    if series.meter.service == "electricity":
        fits = [w for w in fits if longest_zero_s(_near(series, w)[1], series.meter.interval_s) < _TOO_STILL_S]
    weeks = int(rng.choice([w for w in fits if w not in used] or fits))
    used.append(weeks)
    return weeks


def _window(series: Series, weeks: int) -> tuple[Int64, Float64]:
    """The readings that the shift puts into the scene's window."""
    start, value = shift_weeks(*_near(series, weeks), weeks, series.meter.timezone)
    inside = (start >= FIRST) & (start < UNTIL)
    return start[inside], value[inside]


def _near(series: Series, weeks: int) -> tuple[Int64, Float64]:
    """Those readings and up to a day on either side, not shifted yet."""
    near = slice(*np.searchsorted(series.start, np.array([FIRST - DAY, UNTIL + DAY]) - weeks * WEEK))
    return series.start[near], series.value[near]


def _member(meter_id: str, series: Series, weeks: int, scale: float, number: int) -> Member:
    start, value = _window(series, weeks)
    meter, interval_s = series.meter, series.meter.interval_s
    resolution = meter.resolution or 1.0
    reads = Reads.valid(start, snap(value * scale, resolution), interval_s, resolution)
    whole = len(start) > 1 and int(np.diff(start).max()) == interval_s * 1_000_000
    lone = number % 8 == 3
    upload = Upload(
        form="lone" if lone else "daily",
        delay_s=120 if lone else 600 + 420 * (number % 25),
        register="always" if meter_id != series.meter.meter_id and whole and number % 3 == 0 else "never",
        head_end=f"he-{series.meter.meter_id[:2]}",
    )
    sent_every = interval_s if lone else 86_400
    record = meter.model_copy(update={"meter_id": meter_id, "upload_s": float(sent_every), "head_end": upload.head_end})
    return Member(record, reads, upload, series, weeks, scale)


def _with_fault(member: Member, plan: Plan, size: float, rng: np.random.Generator) -> Member:
    family = FAMILIES[plan.kind]
    earliest, latest = (24 * day for day in plan.onset_days)
    onset = int(member.reads.start[0]) + int(rng.integers(earliest, latest)) * HOUR
    end = onset + plan.hours * HOUR
    fault = Injected(plan.kind, member.meter.meter_id, onset, end, family.causes)
    return dataclasses.replace(member, reads=family.inject(member.reads, onset, end, size), fault=fault)
