"""What befalls a meter, told in order of time; and a case, which is stories with what must be said of them.

Everything is in the JSON form of the topics, so that a case can be told to the pipeline or sent through Kafka.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.contracts import AnomalyEvent
from models.domain.times import SECOND
from tests import kit

Values = NDArray[np.float64]
BEGIN: Final = "2024-01-08T00:00"
"""A Monday, far from any change of clocks. Days of a story are counted from it, beginning with 1."""
_FIRST: Final = dt.datetime(2024, 1, 8, tzinfo=dt.UTC)


class Story:
    """One meter's blocks; hourly in UTC and never heard of before, but for what `facts` say."""

    def __init__(self, service: str = "water", meter_id: str = "m", **facts: Any) -> None:
        self.meter = kit.meter(meter_id, service, **facts)
        self.at = kit.us(BEGIN)
        self.stream: kit.Stream = []
        self.events: list[tuple[int, str]] = []
        """What the meter reports of itself: microseconds, IEC 61968-9 code"""

    def day(self, values: Iterable[float | None], **more: Any) -> Self:
        """One block of all `values`, sent when it ends."""
        block = kit.block(self.at, values, self.meter.meter_id, **more)
        self.at += len(block["values"]) * self.meter.interval_s * SECOND
        self.stream.append(block)
        return self

    def days(self, days: Iterable[Iterable[float | None]], **more: Any) -> Self:
        """A block a day."""
        for values in days:
            self.day(values, **more)
        return self

    def live(self, values: Iterable[float | None], **more: Any) -> Self:
        """Interval by interval, each sent when it ends."""
        for value in values:
            self.day([value], **more)
        return self

    def reports(self, code: str) -> Self:
        """The meter reports something of itself, now."""
        self.events.append((self.at, code))
        return self

    def silent(self, intervals: int) -> Self:
        """Nothing arrives."""
        self.at += intervals * self.meter.interval_s * SECOND
        return self


@dataclasses.dataclass(frozen=True)
class Case:
    """A story and all that must be said of it: a table with a line an event, nothing else may be said.

    `start` and `at` (its `updated_at`) are day of the story and time; `rules` are those in evidence, `or` the
    alternatives.
    """

    name: str
    story: Story
    said: str = ""
    policy: str = ""
    """TOML"""
    live_from: str = ""

    def __str__(self) -> str:
        return self.name


def lines(case: Case) -> list[str]:
    """What must be said, as `line` tells it."""
    return [" ".join(line.split()) for line in case.said.strip().splitlines()[1:]]


def line(event: AnomalyEvent) -> str:
    """Of an event what cases ask for, in the order of their table's columns."""
    start, at = (f"{(time - _FIRST).days + 1}T{time:%H:%M}" for time in (event.start, event.updated_at))
    rules = ",".join(sorted(evidence.rule for evidence in event.evidence))
    others = ",".join(other.cause for other in event.alternatives)
    return f"{event.status} {event.cause} {start} {at} {rules or '-'} {others or '-'}"


def home(days: int, seed: int = 1) -> Values:
    """[days, 24] litres an hour of a household: dry from midnight to six and at some hour of the afternoon."""
    rng = np.random.default_rng(seed)
    usual = np.array([0] * 6 + [20, 60, 40, 15, 5, 8, 25, 20, 0, 3, 8, 15, 40, 55, 45, 25, 10, 4], np.float64)
    return np.rint(usual * rng.uniform(0.5, 1.5, (days, 24)))


def power(days: int, seed: int = 1) -> Values:
    """[days, 24] kWh an hour of a home, to the watt-hour: a base, and a day on top."""
    rng = np.random.default_rng(seed)
    usual = np.array(
        [0.2] * 6 + [0.5, 0.8, 0.6, 0.4, 0.4, 0.5, 0.8, 0.7, 0.5, 0.4, 0.5, 0.9, 1.4, 1.6, 1.2, 0.8, 0.5, 0.3]
    )
    return np.round(usual * rng.uniform(0.6, 1.4, (days, 24)), 3)


def heating(days: int, seed: int = 1) -> Values:
    """[days, 24] m3 an hour of a gas boiler: a winter that begins mild, never quite off from the second week on."""
    rng = np.random.default_rng(seed)
    cold = np.minimum(0.3 + np.arange(days) / 20, 1.5)[:, None] * rng.uniform(0.7, 1.3, (days, 1))
    usual = np.array(
        [0.3] * 5 + [1.2, 1.8, 1.5, 1.0, 0.7, 0.6, 0.6, 0.6, 0.6, 0.7, 0.9, 1.3, 1.6, 1.6, 1.4, 1.0, 0.6, 0.4, 0.3]
    )
    return np.round(usual * cold * rng.uniform(0.6, 1.4, (days, 24)), 2)
