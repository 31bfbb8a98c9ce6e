"""Fleets to measure on: homes with a history, and days after it in which something may be done to them.

Simulated homes are as many as wanted, and another town for each seed; real ones are made in `evaluation.stretches`.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models.contracts import Meter
from models.domain.blocks import Blocks, Float64, Int64
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.quality import MISSING, VALID, rank_of
from models.domain.times import NEVER
from models.state.partition import Partition
from simulators.faults import Reads
from simulators.world.calendar import Calendar
from simulators.world.hardware import GAS_QMAX, MODELS, size_of
from simulators.world.premises import premise_of
from simulators.world.reading import reads_of
from simulators.world.weather import weather_of

HISTORY_DAYS: Final = 61
ATTACKED_DAYS: Final = 14
DAYS: Final = HISTORY_DAYS + ATTACKED_DAYS
FIRST_MONDAY: Final = dt.date(2025, 1, 6)
_TIMEZONE: Final = "Europe/Berlin"
Service = Literal["electricity", "water", "gas"]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)


@dataclasses.dataclass(frozen=True, slots=True)
class Home:
    """One meter and what was read from it."""

    meter: Meter
    reads: Reads


@dataclasses.dataclass(frozen=True, slots=True)
class Fleet:
    """The homes of one partition."""

    name: str
    service: Service
    homes: tuple[Home, ...]
    onset: int
    """A local midnight, microseconds: before it all homes are untouched"""
    timezone: str

    @property
    def end(self) -> int:
        """Local midnight after the last day, microseconds."""
        return int(self._midnights[ATTACKED_DAYS])

    @property
    def ends(self) -> Int64:
        """Local midnights after each of the days from the onset on, microseconds."""
        return self._midnights[1 : ATTACKED_DAYS + 1]

    @property
    def first_day(self) -> int:
        """That begins with the onset, in days since 1970-01-01."""
        return int(np.searchsorted(midnights(self.timezone), self.onset)) + FIRST_DAY

    @property
    def _midnights(self) -> Int64:
        every = midnights(self.timezone)
        return every[int(np.searchsorted(every, self.onset)) :]

    def day(self, start: Int64) -> Int64:
        """[n] whole local days since the onset, below 0 before it."""
        every = midnights(self.timezone)
        return np.searchsorted(every, start, side="right") - 1 - int(np.searchsorted(every, self.onset))

    def partition(self) -> Partition:
        """One that knows all the meters, in the order of `homes`, and has read nothing."""
        partition = Partition()
        self.introduce(partition)
        return partition

    def introduce(self, partition: Partition) -> None:
        """Tell a partition of the meters."""
        for home in self.homes:
            partition.put_meter(home.meter)


def blocks(reads: Sequence[Reads], since: int, until: int, offset: int) -> Blocks:
    """What meters send in [since, until), microseconds of arrival: each reading by itself as its interval ends.

    `offset`: of the first.
    """
    inside = [~r.lost & (r.ends >= since) & (r.ends < until) for r in reads]
    parts = list(zip(reads, inside, strict=True))
    meter = np.repeat(np.arange(len(reads), dtype=np.int32), [int(keep.sum()) for keep in inside])
    ends, start, value, rank = (
        np.concatenate(columns)
        for columns in zip(*((r.ends[k], r.start[k], r.value[k], _ranks(r)[k]) for r, k in parts), strict=True)
    )
    order = np.argsort(ends, kind="stable")
    count = len(order)
    nothing = np.full(count, np.nan)
    return Blocks(
        meter=meter[order],
        sent_at=np.full(count, NEVER),
        offset=offset + np.arange(count),
        interval_s=np.zeros(count, np.int32),
        first=np.arange(count + 1),
        start=start[order],
        value=value[order],
        rank=rank[order],
        register=nothing,
        voltage=nothing,
        received=nothing,
    )


def _ranks(reads: Reads) -> NDArray[np.uint8]:
    ranks = np.full(len(reads.start), VALID, np.uint8)
    for code in np.unique(reads.quality).tolist():
        ranks[reads.quality == code] = rank_of(code) or MISSING
    ranks[np.isnan(reads.value)] = MISSING
    return ranks


def simulated(seed: int, homes: int, service: Service = "electricity", days: int = DAYS) -> Fleet:
    """Houses and flats of a town with its weather, each seed another town in another season; half-hourly or hourly."""
    monday = FIRST_MONDAY + dt.timedelta(weeks=seed * 11 % 52)
    calendar = Calendar.of(_TIMEZONE, local_midnight(monday, _TIMEZONE), days)
    weather = weather_of(np.random.default_rng([seed, 0]), calendar)
    model = next(model for model in MODELS if model.service == service)
    found: list[Home] = []
    for number in range(10 * homes):
        premise = premise_of(seed, number, calendar, weather)
        solar = premise.fittings is not None and premise.fittings.solar_kw
        if premise.kind not in ("house", "flat") or solar or service not in premise.services:
            continue
        use: Float64 = getattr(premise.use, service)
        reads, _ = reads_of(np.random.default_rng([seed, 1, number]), calendar, model, use)
        record = {"meter_id": f"{service[0]}{number:05d}", "resolution": model.resolution}
        if service == "gas":  # its limits are by size
            record["size"] = size_of(service, use, GAS_QMAX[0])
        found.append(
            Home(_residential(service, model.unit, model.interval_s, _TIMEZONE, record), _without_voltage(reads))
        )
        if len(found) == homes:
            break
    return Fleet(f"simulated-{seed}", service, tuple(found), int(calendar.midnight[HISTORY_DAYS]), _TIMEZONE)


def _without_voltage(reads: Reads) -> Reads:
    """As most fleets have it: the score is to be right without."""
    return dataclasses.replace(reads, voltage=None)


def _residential(service: Service, unit: str, interval_s: int, timezone: str, more: dict[str, Any]) -> Meter:
    return Meter.model_validate(
        {
            "service": service,
            "unit": unit,
            "interval_s": interval_s,
            "timezone": timezone,
            "customer_class": "residential",
            **more,
        }
    )


def _midnight(day: dt.date, timezone: str) -> int:
    return int(midnights(timezone)[(day - dt.date(1970, 1, 1)).days - FIRST_DAY])


def local_midnight(day: dt.date, timezone: str) -> int:
    """Microseconds."""
    return int(midnights(timezone)[(day - dt.date(1970, 1, 1)).days - FIRST_DAY])
