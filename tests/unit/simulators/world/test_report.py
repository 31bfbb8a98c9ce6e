"""The figures that simulated and real meters are compared by."""

import numpy as np
import pytest

from models.domain.times import DAY, HOUR
from simulators.world import Town
from simulators.world.report import hourly, packaged, shape_of, simulated, stretches_of, table

DAYS = 20
START = 20_000 * DAY + np.arange(DAYS * 24) * HOUR


def test_a_day_and_night_load() -> None:
    value = np.where(np.arange(DAYS * 24) % 24 < 8, 0.0, 3.0)
    shape = shape_of(START, value, "UTC")
    assert shape is not None
    assert (shape.mean, shape.night, shape.dry_days, shape.day_to_day) == (48, 0, 1, 0)
    assert shape.load_factor == pytest.approx(2 / 3)
    assert shape.zeros == pytest.approx(1 / 3)
    assert shape.lag_24 == pytest.approx(1)


def test_a_flat_night_on_a_base() -> None:
    shape = shape_of(START, np.where(np.arange(DAYS * 24) % 24 < 12, 1.0, 3.0), "UTC")
    assert shape is not None
    assert (shape.night, shape.zeros, shape.dry_days) == (0.5, 0, 0)


def test_too_little_has_no_shape() -> None:
    assert shape_of(START[:240], np.ones(240), "UTC") is None
    assert list(stretches_of(START[:240], np.ones(240), "UTC")) == []


def test_hours_out_of_quarters_need_all_of_them() -> None:
    start = 20_000 * DAY + np.arange(8) * (HOUR // 4)
    hours, sums = hourly(start, np.array([1.0, 2, 3, 4, 5, np.nan, 7, 8]), 900)
    assert (hours - hours[0]).tolist() == [0, HOUR]
    assert sums[0] == 10
    assert np.isnan(sums[1])


def test_tables_hold_simulated_and_real_meters(town: Town) -> None:
    lines = table([*simulated(town), *packaged()])
    names = [line.split(" | ")[0].strip("| ") for line in lines[2:]]
    assert {"electricity, residential", "water, residential", "gas, residential", "uk-gas-0"} <= set(names)
    assert len({line.count("|") for line in lines}) == 1
