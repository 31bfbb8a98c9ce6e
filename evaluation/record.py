"""What a replay of labelled meters gave, as plain values: the one form that figures are made of."""

import dataclasses
import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import Life, Line, Match, Verdict, instant, judge, lives_of
from models.contracts import Meter
from models.domain.blocks import Float64, Int64
from models.domain.localtime import midnights
from models.domain.times import HOUR, LATEST, NEVER, SECOND
from simulators.faults import Injected

OWN_FLOW_H: Final = 48
"""A water meter that shows use in each of so many hours on end has a leak of its own, whatever the labels say."""
_GAP_H: Final = 3
"""Hours without a reading that do not end such a spell."""
Bools = NDArray[np.bool_]
Plain = dict[str, Any]
"""What JSON can hold."""


@dataclasses.dataclass(frozen=True, slots=True)
class DayScores:
    """A day's score is that of its last reading. One entry a meter and local day that was read, in their order."""

    meter: NDArray[np.int32]
    """[n] number of the meter"""
    at: Int64
    """[n] start of the day's last reading, microseconds"""
    midnight: Int64
    """[n] that the day begins with, microseconds"""
    score: NDArray[np.float32]
    """[n] 0-1, higher is odder; NaN while warming"""

    @classmethod
    def of(cls, meter: NDArray[np.int32], start: Int64, score: NDArray[np.float32], timezones: Sequence[str]) -> Self:
        """Of readings in any order; `timezones` by number of the meter."""
        day = np.zeros(len(start), np.int64)  # its midnight
        zone = np.array([sorted(set(timezones)).index(name) for name in timezones], np.int32)
        for number, name in enumerate(sorted(set(timezones))):
            own = zone[meter] == number
            every = midnights(name)
            day[own] = every[np.searchsorted(every, start[own], side="right") - 1]
        order = np.lexsort((start, day, meter))
        meter, day = meter[order], day[order]
        last = np.ones(len(order), np.bool_)
        last[:-1] = (meter[1:] != meter[:-1]) | (day[1:] != day[:-1])
        return cls(meter[last], start[order][last], day[last], score[order][last])

    def of_meter(self, number: int) -> Self:
        """Its days, for they stand in order of meter and time."""
        own = slice(*np.searchsorted(self.meter, (number, number + 1)).tolist())
        return type(self)(self.meter[own], self.at[own], self.midnight[own], self.score[own])

    def between(self, onset: int, end: int) -> Bools:
        """[n] days that have a part in [onset, end) before their last reading ends."""
        return (self.at >= onset) & (self.midnight < end)


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """One replay of labelled meters."""

    meters: tuple[Meter, ...]
    """By number"""
    events: tuple[Injected, ...]
    lines: Sequence[Line]
    """`anomalies.jsonl`, in order of writing"""
    actions: Mapping[str, Sequence[Line]]
    """Lines of `work_orders`, `notifications` and `holds`, in order of writing"""
    days: DayScores
    own_flow: frozenset[str] | None
    """Water meters that leak by themselves, see `flows_on`; None where the values are not known"""
    live_from: int = NEVER
    """Microseconds: what was said before it does not count, nor do the days"""

    @functools.cached_property
    def number(self) -> Mapping[str, int]:
        """By meter id."""
        return {meter.meter_id: n for n, meter in enumerate(self.meters)}

    @functools.cached_property
    def clean(self) -> Bools:
        """[meters] without an event at any time."""
        labelled = {event.meter_id for event in self.events}
        return np.array([meter.meter_id not in labelled for meter in self.meters], np.bool_)

    @functools.cached_property
    def lives(self) -> Mapping[str, Life]:
        """Anomalies by id."""
        return lives_of(self.lines)

    @functools.cached_property
    def verdict(self) -> Verdict:
        """Found against labelled."""
        return judge(self.lines, self.events, self.live_from)

    @functools.cached_property
    def found(self) -> Mapping[Injected, Match]:
        """Of the verdict, by fault."""
        return {match.event: match for match in self.verdict.found}

    @functools.cached_property
    def alike(self) -> Mapping[Injected, tuple[Life, ...]]:
        """Of the verdict, by look-alike."""
        return dict(self.verdict.alike)

    def of_service(self, service: str) -> Bools:
        """[meters]"""
        return np.array([meter.service == service for meter in self.meters], np.bool_)

    def acts(self, meters: Collection[str], since: int = NEVER, until: int = LATEST) -> Iterator[tuple[str, Line]]:
        """First lines of actions on meters, created in [since, until] microseconds, each with its kind."""
        for kind, lines in self.actions.items():
            first = {line["id"]: line for line in reversed(lines)}
            for line in reversed(first.values()):
                if line["meter_id"] in meters and since <= instant(line["created_at"]) <= until:
                    yield kind, line


def flows_on(start: Int64, value: Float64, interval_s: int) -> bool:
    """Whether no hour of `OWN_FLOW_H` on end is dry. [n] readings of a meter in any order; NaN is left out."""
    known = ~np.isnan(value)
    hour = (start[known] + interval_s * SECOND // 2) // HOUR
    if not len(hour):
        return False
    hours, place = np.unique(hour, return_inverse=True)
    wet = hours[np.bincount(place, value[known]) > 0]
    dry = np.setdiff1d(hours, wet)
    breaks = (np.diff(wet) > _GAP_H + 1) | (np.searchsorted(dry, wet[1:]) > np.searchsorted(dry, wet[:-1]))
    runs = np.split(wet, np.flatnonzero(breaks) + 1)
    return any(len(run) and int(run[-1] - run[0]) + 1 >= OWN_FLOW_H for run in runs)
