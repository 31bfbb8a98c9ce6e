"""Fleets of real homes.

Records are few and long, so each is cut into stretches that are moved by whole weeks into one window, until they make a
fleet; the seed says where the cuts lie.
"""

import csv
import datetime as dt
import functools
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from evaluation.fleets import (
    DAYS,
    FIRST_MONDAY,
    HISTORY_DAYS,
    SERVICES,
    Fleet,
    Home,
    Service,
    local_midnight,
    simulated,
)
from models.contracts import Meter
from models.domain.blocks import Float64
from models.domain.errors import MeterwatchError
from models.domain.times import DAY, SECOND
from simulators.copies import shift_weeks, weeks_that_fill
from simulators.faults import Reads
from simulators.series import Series, load, snap

_COVERED: Final = 0.9
"""Share of a stretch's intervals that are there, at least."""
_PACKAGED: Final = ("uk-electricity-0", "uk-electricity-1", "uk-electricity-2", "uk-gas-0")


class NoFleetError(MeterwatchError):
    """There are no records to make a fleet of; the message says what was looked for."""


def made(
    source: str, seed: int, homes: int, services: Sequence[Service] = SERVICES, days: int = DAYS
) -> Iterator[Fleet]:
    """A fleet of each of the services that there are records of, over so many days.

    `source`: `simulated`, `packaged` (real homes that ship with a package, see `simulators.series`), or a folder in
    the form of the replay contract, with `meters.csv` and `readings.parquet`.
    """
    if source == "simulated":
        yield from (simulated(seed, homes, service, days) for service in services)
        return
    path = pathlib.Path(source)
    every = [load(name) for name in _PACKAGED] if source == "packaged" else read_folder(path)
    for service in services:
        own = [series for series in every if series.meter.service == service]
        if own:
            yield of_series(path.name, own, seed, homes, service, days)


def of_series(name: str, series: Iterable[Series], seed: int, homes: int, service: Service, days: int = DAYS) -> Fleet:
    """A fleet of stretches of real records, at most `homes` of them. NoFleetError when none is long enough."""
    rng = np.random.default_rng([seed, 1])
    cuts = [(one, weeks) for one in series for weeks in _cuts(one, int(rng.integers(-(-days // 7))), days)]
    kept = [cuts[at] for at in sorted(rng.permutation(len(cuts))[:homes].tolist())]
    if not kept:
        raise NoFleetError(f"{name}: no record of {service} covers {days} days")
    timezone = kept[0][0].meter.timezone
    onset = local_midnight(FIRST_MONDAY + dt.timedelta(days=HISTORY_DAYS), timezone)
    return Fleet(f"{name}-{seed}", service, tuple(_stretch(one, weeks, days) for one, weeks in kept), onset, timezone)


def _window(timezone: str, days: int) -> tuple[int, int]:
    return local_midnight(FIRST_MONDAY, timezone), local_midnight(FIRST_MONDAY + dt.timedelta(days=days), timezone)


def _near(series: Series, weeks: int, days: int) -> slice:
    """The readings that a shift by so many weeks puts into the window, and a day on either side."""
    edges = np.array(_window(series.meter.timezone, days)) + np.array([-DAY, DAY])
    return slice(*np.searchsorted(series.start, edges - weeks * 7 * DAY).tolist())


def _cuts(series: Series, begin: int, days: int) -> Iterator[int]:
    """Shifts in weeks that put stretches into the window, none over another, the first `begin` weeks into it."""
    first, until = _window(series.meter.timezone, days)
    every = list(weeks_that_fill(series.start, first, until))[::-1]
    for weeks in every[begin % max(1, len(every)) :: -(-days // 7)]:
        near = _near(series, weeks, days)
        if (near.stop - near.start) * series.meter.interval_s * SECOND >= _COVERED * (until - first + 2 * DAY):
            yield weeks


def _stretch(series: Series, weeks: int, days: int) -> Home:
    """By the clock on the wall, so that mornings stay mornings."""
    meter, near = series.meter, _near(series, weeks, days)
    first, until = _window(meter.timezone, days)
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
