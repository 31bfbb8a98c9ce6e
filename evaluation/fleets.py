"""Fleets to measure on: homes with a history, and days after it in which something may be done to them.

Simulated homes are as many as wanted, and another town for each seed. Real records are few and long, so each is cut
into stretches that are moved by whole weeks into one window, until they make a fleet; the seed says where the cuts lie.
"""

import csv
import dataclasses
import datetime as dt
import functools
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.contracts import Meter
from models.domain.blocks import Blocks, Float64, Int64
from models.domain.errors import MeterwatchError
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.quality import MISSING, VALID, rank_of
from models.domain.times import DAY, NEVER, SECOND
from models.state.partition import Partition
from simulators.copies import shift_weeks, weeks_that_fill
from simulators.faults import Reads
from simulators.series import Series, load, snap
from simulators.world.calendar import Calendar
from simulators.world.hardware import MODELS
from simulators.world.premises import premise_of
from simulators.world.reading import reads_of
from simulators.world.weather import weather_of

HISTORY_DAYS: Final = 61
ATTACKED_DAYS: Final = 14
_DAYS: Final = HISTORY_DAYS + ATTACKED_DAYS
_MONDAY: Final = dt.date(2025, 1, 6)
_STEP_WEEKS: Final = -(-_DAYS // 7)
_COVERED: Final = 0.9
"""Share of a stretch's intervals that are there, at least."""
_TIMEZONE: Final = "Europe/Berlin"
_PACKAGED: Final = ("uk-electricity-0", "uk-electricity-1", "uk-electricity-2")
Service = Literal["electricity", "water"]
SERVICES: Final[tuple[Service, ...]] = ("electricity", "water")


class NoFleetError(MeterwatchError):
    """There are no records to make a fleet of; the message says what was looked for."""


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


# Simulated ------------------------------------------------------------------------------------------------------------


def simulated(seed: int, homes: int, service: Service = "electricity") -> Fleet:
    """Houses and flats of a town with its weather, each seed another town in another season; half-hourly or hourly."""
    monday = _MONDAY + dt.timedelta(weeks=seed * 11 % 52)
    calendar = Calendar.of(_TIMEZONE, _midnight(monday, _TIMEZONE), _DAYS)
    weather = weather_of(np.random.default_rng([seed, 0]), calendar)
    model = next(model for model in MODELS if model.service == service)
    found: list[Home] = []
    for number in range(10 * homes):
        premise = premise_of(seed, number, calendar, weather)
        solar = premise.fittings is not None and premise.fittings.solar_kw
        if premise.kind not in ("house", "flat") or solar or service not in premise.services:
            continue
        use = premise.use.electricity if service == "electricity" else premise.use.water
        reads, _ = reads_of(np.random.default_rng([seed, 1, number]), calendar, model, use)
        record = {"meter_id": f"{service[0]}{number:05d}", "resolution": model.resolution}
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


# Real -----------------------------------------------------------------------------------------------------------------


def made(source: str, seed: int, homes: int, services: Sequence[Service] = SERVICES) -> Iterator[Fleet]:
    """A fleet of each of the services that there are records of.

    `source`: `simulated`, `packaged` (real homes that ship with a package, see `simulators.series`), or a folder in
    the form of the replay contract, with `meters.csv` and `readings.parquet`.
    """
    if source == "simulated":
        yield from (simulated(seed, homes, service) for service in services)
        return
    path = pathlib.Path(source)
    every = [load(name) for name in _PACKAGED] if source == "packaged" else read_folder(path)
    for service in services:
        own = [series for series in every if series.meter.service == service]
        if own:
            yield of_series(path.name, own, seed, homes, service)


def of_series(name: str, series: Iterable[Series], seed: int, homes: int, service: Service) -> Fleet:
    """A fleet of stretches of real records, at most `homes` of them. NoFleetError when none is long enough."""
    rng = np.random.default_rng([seed, 1])
    cuts = [(one, weeks) for one in series for weeks in _cuts(one, int(rng.integers(_STEP_WEEKS)))]
    kept = [cuts[at] for at in sorted(rng.permutation(len(cuts))[:homes].tolist())]
    if not kept:
        raise NoFleetError(f"{name}: no record of {service} covers {_DAYS} days")
    timezone = kept[0][0].meter.timezone
    onset = _midnight(_MONDAY + dt.timedelta(days=HISTORY_DAYS), timezone)
    return Fleet(f"{name}-{seed}", service, tuple(_stretch(one, weeks) for one, weeks in kept), onset, timezone)


def _window(timezone: str) -> tuple[int, int]:
    return _midnight(_MONDAY, timezone), _midnight(_MONDAY + dt.timedelta(days=_DAYS), timezone)


def _near(series: Series, weeks: int) -> slice:
    """The readings that a shift by so many weeks puts into the window, and a day on either side."""
    edges = np.array(_window(series.meter.timezone)) + np.array([-DAY, DAY])
    return slice(*np.searchsorted(series.start, edges - weeks * 7 * DAY).tolist())


def _cuts(series: Series, begin: int) -> Iterator[int]:
    """Shifts in weeks that put stretches into the window, none over another, the first `begin` weeks into it."""
    first, until = _window(series.meter.timezone)
    every = list(weeks_that_fill(series.start, first, until))[::-1]
    for weeks in every[begin % max(1, len(every)) :: _STEP_WEEKS]:
        near = _near(series, weeks)
        if (near.stop - near.start) * series.meter.interval_s * SECOND >= _COVERED * (until - first + 2 * DAY):
            yield weeks


def _stretch(series: Series, weeks: int) -> Home:
    """By the clock on the wall, so that mornings stay mornings."""
    meter, near = series.meter, _near(series, weeks)
    first, until = _window(meter.timezone)
    start, value = shift_weeks(series.start[near], series.value[near], weeks, meter.timezone)
    inside = (start >= first) & (start < until)
    resolution = meter.resolution or grid_of(series.value)
    record = meter.model_copy(update={"meter_id": f"{meter.meter_id}.{-weeks}", "resolution": resolution})
    value = snap(value[inside], resolution)
    return Home(record, Reads.valid(start[inside], value, meter.interval_s, resolution, timezone=meter.timezone))


def grid_of(value: Float64) -> float:
    """The coarsest decimal grid that 99 % of the values lie on, down to a thousandth."""
    for grid in (1.0, 0.1, 0.01):
        if np.mean(np.abs(value - snap(value, grid)) < 1e-9) >= 0.99:
            return grid
    return 0.001


@functools.cache
def read_folder(path: pathlib.Path) -> list[Series]:
    """Every meter of a folder in the replay contract's form, as one record. NoFleetError where there are no files."""
    try:
        with (path / "meters.csv").open(encoding="utf-8", newline="") as file:
            rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]
        table = pq.read_table(path / "readings.parquet", columns=["meter_id", "start", "value"])
    except FileNotFoundError as error:
        raise NoFleetError(f"{error.filename}: no such file") from None
    codes = table["meter_id"].combine_chunks().dictionary_encode()
    names = {name: number for number, name in enumerate(codes.dictionary.to_pylist())}
    number = codes.indices.to_numpy()
    start = table["start"].to_numpy().astype("datetime64[us]").astype(np.int64)
    value = table["value"].to_numpy().astype(np.float64)
    found = []
    for row in rows:
        meter = Meter.model_validate_strings(row)
        own = np.flatnonzero(number == names.get(meter.meter_id, -1))
        if len(own):
            times, first = np.unique(start[own], return_index=True)
            found.append(Series(meter, times, value[own][first], "measured"))
    return found
