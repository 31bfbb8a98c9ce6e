"""Simulated meters held against real ones: ``python -m simulators.world.report [--data DIR] [--out FILE]``.

`--data` is a folder that holds folders with `meters.csv` and `readings.parquet` in the columns of the replay contract.
"""

import argparse
import csv
import dataclasses
import datetime as dt
import pathlib
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from models.domain.blocks import Float64, Int64
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, HOUR, SECOND
from models.domain.units import BASE
from simulators.series import load
from simulators.world.building import build
from simulators.world.town import Town

SEED: Final = 1
METERS: Final = 1200
DAYS: Final = 81
SEASONS: Final = {
    "February to April": dt.datetime(2026, 2, 2, 12, tzinfo=dt.UTC),
    "June to August": dt.datetime(2026, 6, 5, 12, tzinfo=dt.UTC),
}
ABOUT: Final = f"""# The simulated town against real meters

Written by `python -m simulators.world.report --data DIR --out docs/simulator.md`. The town has {METERS:,} meters over
{DAYS} days, seed {SEED}. Every figure is taken by the hour, from what the head-end has (missing hours left out); homes
that stand empty are left out. A simulated meter is one record; real ones are cut into records of {DAYS} days, so that
both know about one season. A cell is the median over records and, in brackets, the 10th and 90th percentile.

- *daily mean*: kWh, litres, m3
- *load factor*: mean hour over highest hour of a day, median of days
- *zero share*: of hours
- *night minimum*: lowest hour from 01:00 to 05:00 over the day's mean hour, median of days
- *lag 1 h*, *lag 24 h*: autocorrelation
- *days with a dry hour*: share of days with an hour of zero
- *day to day*: deviation of the days' sums over their mean"""
FINDINGS: Final = """## What is near and what is not

The real meters are few: three British homes with electricity and one of them with gas, ten homes in New South Wales,
43 homes in Alicante. The rest of the town (shops, works, blocks of flats, roofs) has nothing here to be held against
and rests on judgement.

- **Electricity of homes** is near in daily mean, load factor, night minimum, lag 24 h and in how days differ. Hours
  hang together as in Britain and more than in New South Wales. Real homes differ more from each other, above all at
  night. Some of those in New South Wales have long runs of zeros: a clean town has no meter that stands still. Homes
  with night storage heating, as `uk-electricity-2`, are missing.
- **Water of homes** is near in all figures. Days differ a little more. A home of the town has a dry hour on practically
  every day; real ones miss it on 1 % of days, and for weeks where something leaks: leaks come from the fault families.
- **Gas of homes**: the one real home is seen in all seasons, the town in a cold and a warm one. The real figures lie
  between the town's two in every column but the night minimum and the dry hours, which agree.
- **Totals of districts** are not to be compared with `water-flow`, a main of thousands of homes with reservoirs behind
  it (load factor 0.99). A district here has some sixty meters and no leaks but the constant loss, so that its night
  flow is far below what a real district has."""
REAL: Final = ("uk-electricity-0", "uk-electricity-1", "uk-electricity-2", "uk-gas-0", "water-flow")
"""Measured series that come with packages; see `simulators.series`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """One meter by the hour, in figures that do not depend on its unit's size but for `mean`."""

    mean: float
    """kWh, litres or m3 a day"""
    load_factor: float
    """mean over the day's highest hour, median of days"""
    zeros: float
    """share of hours that are zero"""
    night: float
    """lowest hour from 01:00 to 05:00 over the day's mean hour, median of days"""
    lag_1: float
    """autocorrelation from one hour to the next"""
    lag_24: float
    """and from one day to the next"""
    dry_days: float
    """share of days with an hour of zero"""
    day_to_day: float
    """deviation of day sums over their mean"""


FIGURES: Final = tuple(field.name for field in dataclasses.fields(Shape))
HEADS: Final = (
    "daily mean",
    "load factor",
    "zero share",
    "night minimum",
    "lag 1 h",
    "lag 24 h",
    "days with a dry hour",
    "day to day",
)


def shape_of(start: Int64, value: Float64, timezone: str) -> Shape | None:
    """The shape of hourly values; NaN is left out, and so is a day with fewer than 22 hours. None under 14 days."""
    midnight = midnights(timezone)
    around = midnight[int(start[0] // DAY) - FIRST_DAY - 1 : int(start[-1] // DAY) - FIRST_DAY + 3]
    day = np.searchsorted(around, start, side="right") - 1
    hour = (start - around[day]) // HOUR
    inside = ~np.isnan(value) & (hour < 24)
    grid = np.full((len(around), 24), np.nan)
    grid[day[inside], hour[inside]] = value[inside]
    grid = grid[(~np.isnan(grid)).sum(axis=1) >= 22]
    used = grid[np.nansum(grid, axis=1) > 0]
    if len(used) < 14:
        return None
    flat = grid.ravel()
    means, highest = np.nanmean(used, axis=1), np.nanmax(used, axis=1)
    nights = np.nanmin(np.where(np.isnan(used), np.inf, used)[:, 1:5], axis=1)
    sums = np.nanmean(grid, axis=1) * 24
    return Shape(
        mean=float(sums.mean()),
        load_factor=float(np.median(means / highest)),
        zeros=float(np.mean(flat[~np.isnan(flat)] == 0)),
        night=float(np.median(nights / means)),
        lag_1=_lag(flat, 1),
        lag_24=_lag(flat, 24),
        dry_days=float(np.mean(np.nanmin(grid, axis=1) == 0)),
        day_to_day=float(sums.std() / sums.mean()),
    )


def _lag(values: Float64, steps: int) -> float:
    before, after = values[:-steps], values[steps:]
    both = ~np.isnan(before) & ~np.isnan(after)
    if not both.any() or before[both].std() == 0 or after[both].std() == 0:
        return float("nan")
    return float(np.corrcoef(before[both], after[both])[0, 1])


def hourly(start: Int64, value: Float64, interval_s: int) -> tuple[Int64, Float64]:
    """Sums by UTC hour of intervals of an hour or less; an hour that is not whole is NaN."""
    hour = start // HOUR
    first = int(hour[0])
    whole = np.bincount(hour - first, ~np.isnan(value)) * interval_s >= 3600
    sums = np.bincount(hour - first, np.nan_to_num(value))
    return (first + np.arange(len(sums))) * HOUR, np.where(whole, sums, np.nan)


def stretches_of(start: Int64, value: Float64, timezone: str) -> Iterator[Shape]:
    """Shapes of a long record, `DAYS` at a time: what the seasons change is not taken for what days do."""
    for number in range(int((start[-1] - start[0]) // (DAYS * DAY)) + 1):
        first = int(start[0]) + number * DAYS * DAY
        inside = (start >= first) & (start < first + DAYS * DAY)
        shape = shape_of(start[inside], value[inside], timezone) if inside.any() else None
        if shape:
            yield shape


def simulated(town: Town) -> Iterator[tuple[str, Shape]]:
    """Class and service of each meter with hours, and its shape; homes that stand empty are left out."""
    empty = {label.meter_id for label in town.labels if label.kind == "vacancy"}
    for member in town.members:
        meter, reads = member.meter, member.reads
        if meter.interval_s > 3600 or meter.meter_id in empty:
            continue
        start, value = hourly(reads.start, np.where(reads.lost, np.nan, reads.value), reads.interval_s)
        scale = BASE[meter.unit] if meter.service == "water" else 1.0 if meter.unit == "m3" else 1 / 10.5
        shape = shape_of(start, value * (1.0 if meter.service == "electricity" else scale), meter.timezone)
        if shape:
            solar = " with solar" if meter.has_generation and not meter.is_total else ""
            yield f"{meter.service}, {'total' if meter.is_total else meter.customer_class}{solar}", shape


def packaged() -> Iterator[tuple[str, Shape]]:
    """The measured series that come with packages."""
    for name in REAL:
        series = load(name)
        start, value = hourly(series.start, series.value, series.meter.interval_s)
        litres = BASE["m3"] if series.meter.service == "water" else 1.0
        for shape in stretches_of(start, value * litres, series.meter.timezone):
            yield name, shape


def shared(folder: pathlib.Path) -> Iterator[tuple[str, Shape]]:
    """Every meter of every data set in `folder`, under the data set's name."""
    for path in sorted(folder.glob("*/readings.parquet")):
        with (path.parent / "meters.csv").open(encoding="utf-8", newline="") as file:
            meters = {row["meter_id"]: row for row in csv.DictReader(file)}
        table = pq.read_table(path, columns=["meter_id", "start", "value"])
        ids = np.array(table["meter_id"].to_pylist())
        start = table["start"].to_numpy().astype("datetime64[us]").astype(np.int64)
        value = table["value"].to_numpy().astype(np.float64)
        for meter_id, row in meters.items():
            own = ids == meter_id
            interval_s = int(row["interval_s"])
            middle = start[own] + interval_s * SECOND // 2
            times, first = np.unique(middle // (interval_s * SECOND) * interval_s * SECOND, return_index=True)
            if len(times):
                sane = np.where(value[own][first] < 0, np.nan, value[own][first])
                for shape in stretches_of(*hourly(times, sane, interval_s), row["timezone"]):
                    yield path.parent.name, shape


def table(shapes: Iterable[tuple[str, Shape]]) -> list[str]:
    """Lines of Markdown: median and, in brackets, 10th and 90th percentile over the records of each name."""
    named: dict[str, list[Shape]] = {}
    for name, shape in shapes:
        named.setdefault(name, []).append(shape)
    lines = [f"| | records | {' | '.join(HEADS)} |", "|---|--:|" + "--:|" * len(HEADS)]
    for name in sorted(named):
        cells = [_cell(np.array([getattr(shape, figure) for shape in named[name]])) for figure in FIGURES]
        lines.append(f"| {name} | {len(named[name])} | {' | '.join(cells)} |")
    return lines


def _cell(values: Float64) -> str:
    middle, low, high = np.nanquantile(values, (0.5, 0.1, 0.9))
    digits = 0 if abs(middle) >= 20 else 1 if abs(middle) >= 3 else 2
    return f"{middle:.{digits}f}" + (f" ({low:.{digits}f}-{high:.{digits}f})" if len(values) > 2 else "")


def report(folder: pathlib.Path | None) -> str:
    """The whole page, Markdown."""
    parts = [ABOUT]
    for season, when in SEASONS.items():
        parts += [f"## Simulated, {season}", "\n".join(table(simulated(build(SEED, METERS, when, DAYS))))]
    parts += ["## Real", "\n".join(table([*packaged(), *(shared(folder) if folder else ())])), FINDINGS]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Simulated meters held against real ones, as Markdown")
    parser.add_argument("--data", type=pathlib.Path, help="folder of further data sets, see the module")
    parser.add_argument("--out", type=pathlib.Path, help="file to write; none = to the terminal")
    given = parser.parse_args()
    text = report(given.data)
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
