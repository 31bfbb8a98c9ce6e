"""Hourly and half-hourly series that ship in PyPI packages, as meters would have sent them.

Read by path, never imported for their code. What is in them, and what was done to them:

- **water-flow** (River, given by Tecnojest s.r.l.): a branch of a water main, l/s by the hour, March to May 2022. Three
  real low spells (24 March, 29 March, 27 April) and a pumping peak (3 April); 111 of 1,379 hours are not there.
- **uk-electricity-0, uk-gas-0** (eemeter): one smart home by the hour, April 2020 to December 2022, stamps with offset.
  The gas file holds kWh, but every value is a whole number of litres times ``M3_TO_KWH_UK`` (off by 0.9 % of a
  litre at most), so the litres of the register are had back. The electricity falls to 0.000 for 23 h three
  times (2020-10-30, 2021-02-15, 2022-07-04; 05:00 to 03:00) while the gas boiler goes on: the meter's, not the home's.
- **uk-electricity-1, uk-electricity-2** (eemeter): two homes by the half hour, 2012 to 2014, stamps without zone, taken
  as UTC: no hour is missing or doubled when the clocks change, and the daily profile of the first moves by an hour
  against the stamps then. (The second is night storage heating on a switch that keeps winter time.) One reading in 31
  days, at midnight, stands twice with the same value: a join of the publisher's, dropped here.
  In the second, day and month of all days up to the 12th are swapped (its "2014" has days 1 and 2 of every month and
  no others): swapped back, 25 holes become one unbroken record from 2012-02-20 to 2014-02-28.
- **il-electricity-0, -1, il-gas-0, -1** (eemeter): Illinois by the hour, 2015 to 2018. **Simulated**: eemeter says so,
  and their hours are nearly independent of each other (lag-1 autocorrelation 0.01 to 0.45, UK homes 0.5 to 0.7).

Not for training: nine meters are no fleet.
"""

import csv
import dataclasses
import datetime as dt
import functools
import gzip
import importlib.util
import io
import pathlib
from typing import Final, Literal

import numpy as np

from models.contracts import Meter
from models.domain.blocks import Float64, Int64
from models.domain.errors import MeterwatchError
from models.domain.times import to_us
from models.domain.units import BASE

M3_TO_KWH_UK: Final = 1.02264 * 39.5 / 3.6
"""kWh a British gas bill counts for one m3: volume correction 1.02264 (Gas (Calculation of Thermal Energy) Regulations
1996), calorific value 39.5 MJ/m3, 3.6 MJ/kWh. Fits the file's own grid to 1 part in 100,000."""
THERM_TO_M3: Final = 100_000 / 1037 * BASE["ft3"] / BASE["m3"]
"""m3 in a therm of 100,000 Btu at 1,037 Btu/ft3, the US average (EIA, Heat Content of Natural Gas Consumed)."""
LITRE_S_TO_M3_H: Final = 3.6


class SamplesMissing(MeterwatchError):
    """A package whose data is read is not installed; the message says what to run."""


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """One meter's record: n readings in order of time, no start twice, holes where the file has holes."""

    meter: Meter
    start: Int64
    """[n] start of the interval, microseconds UTC"""
    value: Float64
    """[n] consumption in the interval, meter's unit, on the meter's resolution"""
    origin: Literal["measured", "simulated"]


@dataclasses.dataclass(frozen=True, slots=True)
class _Sample:
    package: str
    file: str
    service: str
    unit: str
    timezone: str
    resolution: float
    factor: float = 1.0
    interval_s: int = 3600
    customer_class: str = "residential"
    origin: Literal["measured", "simulated"] = "measured"
    days_swapped: bool = False


def _uk(name: str, interval_s: int = 3600, days_swapped: bool = False) -> _Sample:
    file = f"eemeter/samples/uk-electricity-hdd-only-hourly-{name}.csv.gz"
    return _Sample(
        "eemeter", file, "electricity", "kWh", "Europe/London", 0.001, 1.0, interval_s, days_swapped=days_swapped
    )


def _illinois(name: str, service: str, unit: str, factor: float) -> _Sample:
    file = f"eemeter/samples/il-{service}-{name}-hourly.csv.gz"
    return _Sample("eemeter", file, service, unit, "America/Chicago", 0.01, factor, origin="simulated")


_SAMPLES: Final = {
    "water-flow": _Sample(
        package="river",
        file="datasets/water-flow.csv",
        service="water",
        unit="m3",
        timezone="Europe/Rome",
        resolution=0.01,
        factor=LITRE_S_TO_M3_H,
        customer_class="industrial",
    ),
    "uk-electricity-0": _uk("sample-0"),
    "uk-electricity-1": _uk("sample-1", 1800),
    "uk-electricity-2": _uk("sample-2", 1800, days_swapped=True),
    "uk-gas-0": _Sample(
        package="eemeter",
        file="eemeter/samples/uk-gas-hdd-only-hourly-sample-0.csv.gz",
        service="gas",
        unit="m3",
        timezone="Europe/London",
        resolution=0.001,
        factor=1 / M3_TO_KWH_UK,
    ),
    "il-electricity-0": _illinois("cdd-hdd", "electricity", "kWh", 1.0),
    "il-electricity-1": _illinois("cdd-only", "electricity", "kWh", 1.0),
    "il-gas-0": _illinois("hdd-only", "gas", "m3", THERM_TO_M3),
    "il-gas-1": _illinois("intercept-only", "gas", "m3", THERM_TO_M3),
}
NAMES: Final = tuple(_SAMPLES)


def snap(value: Float64, resolution: float) -> Float64:
    """To the nearest multiple of `resolution`, as the double that its decimal text reads back as; NaN stays."""
    steps = np.rint(value / resolution)
    per_unit = round(1 / resolution)
    return steps / per_unit if np.isclose(per_unit * resolution, 1.0, rtol=1e-12) else steps * resolution


@functools.cache
def load(name: str) -> Series:
    """One of `NAMES` in full. The arrays are shared and read-only. Raises `SamplesMissing`."""
    sample = _SAMPLES[name]
    rows = list(csv.reader(io.StringIO(_text(_path(sample)))))[1:]
    start, first = np.unique(np.array([_start(row[0], sample) for row in rows], np.int64), return_index=True)
    value = snap(np.array([float(row[1]) for row in rows])[first] * sample.factor, sample.resolution)
    for column in (start, value):
        column.setflags(write=False)
    meter = Meter.model_validate(
        {
            "meter_id": name,
            "service": sample.service,
            "unit": sample.unit,
            "interval_s": sample.interval_s,
            "timezone": sample.timezone,
            "customer_class": sample.customer_class,
            "resolution": sample.resolution,
        }
    )
    return Series(meter, start, value, sample.origin)


def _path(sample: _Sample) -> pathlib.Path:
    spec = importlib.util.find_spec(sample.package)  # of a top package: finds it without running it
    places = spec.submodule_search_locations if spec else None
    path = pathlib.Path(places[0], sample.file) if places else None
    if path is None or not path.is_file():
        raise SamplesMissing(
            f"The series of the package {sample.package} are not installed ({sample.file}). "
            "`make` installs them, from requirements.lock and requirements-data.lock."
        )
    return path


def _text(path: pathlib.Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def _start(text: str, sample: _Sample) -> int:
    stamp = dt.datetime.fromisoformat(text)
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=dt.UTC)
    if sample.days_swapped and stamp.day <= 12:
        stamp = stamp.replace(month=stamp.day, day=stamp.month)
    return to_us(stamp)
