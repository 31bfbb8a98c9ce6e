"""The packaged series are what the docstring of `simulators.series` says they are."""

import datetime as dt
import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.blocks import Float64
from models.domain.times import DAY, SECOND, to_us
from simulators import series

EVERY = pytest.mark.parametrize("name", series.NAMES)
HOUR = 3_600 * SECOND


def us(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return to_us(dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC))


@EVERY
def test_stands_on_its_grids(name: str) -> None:
    one = series.load(name)
    resolution = one.meter.resolution
    assert resolution is not None
    assert one.meter.meter_id == name
    assert len(one.start) == len(one.value) > 1000
    assert (np.diff(one.start) > 0).all()
    assert (np.diff(one.start) % (one.meter.interval_s * SECOND) == 0).all()
    assert (one.value >= 0).all()
    assert (series.snap(one.value, resolution) == one.value).all()
    assert not one.value.flags.writeable


@pytest.mark.parametrize(
    ("name", "first", "readings", "missing"),
    [
        ("water-flow", us(2022, 3, 20, 10), 1268, 111),
        ("uk-electricity-0", us(2020, 4, 1, 1), 23508, 0),
        ("uk-electricity-1", us(2012, 10, 12, 0, 30), 22521, 52),
        ("uk-electricity-2", us(2012, 2, 20, 13), 35444, 3),
        ("uk-gas-0", us(2020, 4, 1, 1), 23508, 0),
        ("il-electricity-0", us(2015, 11, 22, 6), 19417, 0),
    ],
)
def test_holes(name: str, first: int, readings: int, missing: int) -> None:
    one = series.load(name)
    span = one.start[-1] - one.start[0]
    assert one.start[0] == first
    assert len(one.start) == readings
    assert span // (one.meter.interval_s * SECOND) + 1 - readings == missing


def test_water_flow_is_in_cubic_metres_and_has_its_three_low_spells() -> None:
    one = series.load("water-flow")
    low = one.start[one.value < 150.0]
    assert np.median(one.value) == pytest.approx(3.6 * 102.34, abs=0.01)
    assert np.unique(low // DAY * DAY).tolist() == [us(2022, 3, 24), us(2022, 3, 29), us(2022, 4, 27), us(2022, 4, 28)]


def test_british_gas_was_metered_in_litres() -> None:
    kwh = np.array([0.0112, 0.0337, 0.0898, 12.8477])  # as the file has them
    litres = kwh / series.M3_TO_KWH_UK * 1000
    assert np.abs(litres - np.rint(litres)).max() < 0.01


def test_british_clock_is_utc() -> None:
    """The day's rise is an hour earlier by the stamps in the weeks after the change to summer time than before."""
    one = series.load("uk-electricity-1")
    change = us(2013, 3, 31)

    def profile(a: int, b: int) -> Float64:
        inside = (one.start >= a) & (one.start < b)
        slot = one.start[inside] % DAY // (HOUR // 2)
        return np.array([one.value[inside][slot == k].mean() for k in range(48)])

    before, after = profile(change - 28 * DAY, change), profile(change, change + 28 * DAY)
    likeness = {lag: np.corrcoef(before, np.roll(after, lag))[0, 1] for lag in range(-4, 5)}
    assert max(likeness, key=likeness.__getitem__) == 2


def test_a_package_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    series.load.cache_clear()
    with pytest.raises(series.SamplesMissing, match="`make` installs them"):
        series.load("uk-gas-0")


@given(st.integers(0, 10**7), st.sampled_from([1.0, 0.5, 0.1, 0.01, 0.001, 10.0]))
def test_snapped_values_are_what_their_decimal_text_reads_back_as(steps: int, resolution: float) -> None:
    (snapped,) = series.snap(np.array([steps * resolution * (1 + 1e-12)]), resolution)
    assert snapped == round(steps * resolution, 3)


def test_snap_leaves_missing_missing() -> None:
    assert np.isnan(series.snap(np.array([np.nan]), 0.1)).all()
