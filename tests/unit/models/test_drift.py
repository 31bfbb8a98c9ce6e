"""Drift of a meter: pages in rows say what a PageHinkley of the meter's own would have said."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from river.drift import PageHinkley

from models.scoring.drift import DELTA, LEAST_DAYS, THRESHOLD, strength, watch_pages
from models.state.jit import inner
from models.state.page import PAGE


def series(seed: int, meters: int, days: int, gaps: float = 0.05) -> NDArray[np.float64]:
    """Daily values [day, meter] in deviations, with steps up and down and days without a value."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((days, meters))
    for meter in range(meters):
        for day in rng.integers(0, days, rng.integers(0, 4)):
            values[day:, meter] += rng.normal(0, 3)
    values[rng.random(values.shape) < gaps] = np.nan
    return values


@pytest.mark.parametrize("seed", range(3))
def test_pages_equal_private_instances_bit_for_bit(seed: int) -> None:
    values = series(seed, meters=40, days=400)
    own: list[Any] = [
        PageHinkley(min_instances=LEAST_DAYS, delta=DELTA, threshold=THRESHOLD, mode="both") for _ in range(40)
    ]
    pages = np.zeros((20, 2), PAGE)
    detections = 0
    for day in values:
        said = watch_pages(pages, day.reshape(20, 2)).ravel()
        for n, value in enumerate(day.tolist()):
            if value != value:
                assert said[n] == 0
                continue
            own[n].update(value)
            assert (said[n] != 0) == own[n].drift_detected
            detections += int(said[n] != 0)
            page, detector = pages.reshape(-1)[n], own[n]
            assert page["n"] == detector._x_mean.n
            assert page["mean"] == detector._x_mean.get()
            assert page["increase"] == detector._sum_increase
            assert page["decrease"] == detector._sum_decrease
            assert page["least"] == detector._min_increase
            assert page["most"] == detector._max_decrease
    assert detections > 40, "the series are to have resets in them"


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 1e6]))
def test_one_at_a_time_equals_all_at_once(seed: int, scale: float) -> None:
    values = scale * series(seed, meters=8, days=40, gaps=0.2)
    together, alone = np.zeros((4, 2), PAGE), np.zeros((4, 2), PAGE)
    order = np.random.default_rng(seed).permutation(4)
    for day in values.reshape(40, 4, 2):
        said = watch_pages(together, day)
        for n in order:
            assert np.array_equal(watch_pages(alone[n : n + 1], day[n : n + 1])[0], said[n])
    assert together.tobytes() == alone.tobytes()


def test_a_missing_value_leaves_a_page_as_it_is() -> None:
    pages = np.zeros((3, 2), PAGE)
    for day in series(7, meters=6, days=30, gaps=0.0):
        watch_pages(pages, day.reshape(3, 2))
    before = pages.tobytes()
    assert not watch_pages(pages, np.full((3, 2), np.nan, np.float32)).any()
    assert pages.tobytes() == before
    assert watch_pages(np.zeros((0, 2), PAGE), np.zeros((0, 2))).shape == (0, 2)


def test_pages_of_a_column_of_larger_rows_are_kept_in_place() -> None:
    rows = np.zeros(5, np.dtype([("other", "i8"), ("pages", PAGE, 2)]))
    watch_pages(rows["pages"], np.ones((5, 2), np.float32))
    assert (rows["pages"]["n"] == 1).all()
    assert PAGE.itemsize == 48


@pytest.mark.parametrize("way", [1, -1])
def test_it_says_which_way_and_begins_anew(way: int) -> None:
    pages = np.zeros((1, 1), PAGE)
    rng = np.random.default_rng(3)
    said = [int(watch_pages(pages, rng.normal(0, 0.3, (1, 1)))[0, 0]) for _ in range(30)]
    assert not any(said)
    later = [int(watch_pages(pages, rng.normal(2.0 * way, 0.3, (1, 1)))[0, 0]) for _ in range(60)]
    assert way in later[:8]
    assert -way not in later
    assert sum(map(abs, later)) == 1, "the new level is what it knows after it has fired"


@inner
def _strengths(pages: NDArray[np.void], out: NDArray[np.float64]) -> None:
    for n in range(len(pages)):
        out[n] = strength(pages[n])


def test_strength_is_signed_and_beyond_one_where_it_fired() -> None:
    pages, out = np.zeros((3, 1), PAGE), np.zeros(3)
    _strengths(pages[:, 0], out)
    assert np.isnan(out).all()
    rng = np.random.default_rng(1)
    for day in range(40):
        shift = np.array([[3.0], [-3.0], [0.0]]) * (day > 25)
        said = watch_pages(pages, rng.normal(0, 0.3, (3, 1)) + shift)[:, 0]
        _strengths(pages[:, 0], out)
        assert np.array_equal(said != 0, np.abs(out) > 1), "NaN is no detection"
        if said[:2].all():
            break
    else:
        pytest.fail("the shifts were not found")
    assert out[0] > 1
    assert out[1] < -1
    assert abs(out[2]) < 1
    assert (np.sign(out[:2]) == said[:2]).all()
