"""Calibration: a stated tail probability is the share of clean readings beyond it, and stays so when they change."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.scoring.calibrate import CAP, KNOTS, LEAST, combined, score, surprise, surprises_of, table_of

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
CONTINUOUS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "exponential": lambda rng, n: rng.standard_exponential(n),
    "bounded": lambda rng, n: rng.beta(2, 8, n),
    "log-normal": lambda rng, n: rng.lognormal(0, 1, n),
    "student": lambda rng, n: rng.standard_t(3, n),
    "pareto": lambda rng, n: rng.pareto(2, n),
}
TIED: dict[str, Draw] = {
    "poisson": lambda rng, n: rng.poisson(1.0, n).astype(float),
    "coin": lambda rng, n: (rng.random(n) < 0.1).astype(float),
    "rounded": lambda rng, n: np.round(rng.standard_exponential(n) * 4) / 4,
}
WINDOW, A_DAY = 2048, 256


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("seed", range(2))
def test_a_stated_share_of_fresh_clean_values_lies_beyond(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, fresh = table_of(CONTINUOUS[name](rng, WINDOW)), CONTINUOUS[name](rng, 100_000)
    said = surprises_of(table, fresh)
    for share in (0.75, 0.5, 0.1, 0.03, 0.01):
        deviation = np.sqrt(share * (1 - share) * (1 / WINDOW + 1 / len(fresh)))
        assert abs(np.mean(said > -np.log(share)) - share) < 4.5 * deviation, share
    assert np.mean(said > -np.log(0.001)) < 0.004, "a tail is not taken for lighter than it is"
    assert np.mean(said > -np.log(1e-5)) < 0.0008


@pytest.mark.parametrize("name", TIED)
@pytest.mark.parametrize("seed", range(2))
def test_equal_values_share_the_middle_of_their_ranks(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    clean = TIED[name](rng, WINDOW)
    table = table_of(clean)
    for value in np.unique(clean):
        above, equal = np.mean(clean > value), np.mean(clean == value)
        if above * WINDOW < 10:
            continue
        said = np.exp(-surprises_of(table, np.array([value]))[0])
        assert said == pytest.approx(above + equal / 2, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from([*CONTINUOUS, *TIED]),
    seed=st.integers(0, 10**6),
    count=st.integers(LEAST, 3000),
    power=st.integers(-20, 20),
)
def test_tables_are_monotone_and_know_no_units(name: str, seed: int, count: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    clean = (CONTINUOUS | TIED)[name](rng, count)
    table = table_of(clean)
    assert table.shape == (2, KNOTS)
    assert table.dtype == np.float32
    assert (np.diff(table, axis=1) >= 0).all()
    assert table[1, 0] >= 0
    assert table[1, -1] <= np.float32(CAP)
    probes = np.sort(np.concatenate([clean[:200], clean[:200] * 3, rng.normal(0, 100, 50), [-np.inf, np.inf]]))
    said = surprises_of(table, probes)
    assert (np.diff(said) >= -1e-12).all()
    scaled = table_of(clean * 2.0**power)
    assert np.allclose(surprises_of(scaled, probes * 2.0**power), said, atol=1e-5)
    if name in CONTINUOUS:
        moved = surprises_of(table_of(clean + 8), probes[1:-1] + 8)
        assert np.allclose(moved, said[1:-1], rtol=0.02, atol=0.02), "but for the rounding of 32 bits"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 300), tied=st.booleans())
def test_one_at_a_time_equals_many_and_the_plain_twin(seed: int, count: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    table = table_of(TIED["poisson"](rng, 500) if tied else CONTINUOUS["student"](rng, 500))
    values = np.concatenate([rng.standard_t(2, count) * 3, [np.nan, np.inf, -np.inf], table[0].astype(float)])
    one = np.array([surprise(table, value) for value in values])
    assert np.allclose(one, surprises_of(table, values), rtol=1e-12, atol=1e-12, equal_nan=True)
    for n in range(0, len(values), 17):
        assert np.array_equal(surprises_of(table, values[n : n + 1]), surprises_of(table, values)[n : n + 1], True)
    assert np.array_equal(np.isnan(one), np.isnan(values))


def test_too_few_values_are_no_table() -> None:
    rng = np.random.default_rng(0)
    few = np.concatenate([rng.standard_normal(LEAST - 1), [np.nan, np.inf]])
    assert np.isnan(table_of(few)).all()
    assert np.isnan(surprise(table_of(few), 1.0))
    assert np.isnan(surprises_of(table_of(few), few)).all()
    enough = np.concatenate([few, [0.5]])
    assert np.array_equal(table_of(enough), table_of(rng.permutation(enough[np.isfinite(enough)])))


def test_one_outlier_among_the_clean_does_not_blind() -> None:
    clean = np.random.default_rng(0).standard_normal(WINDOW)
    before, after = table_of(clean), table_of(np.concatenate([clean, [1e6]]))
    probes = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.0])
    assert np.allclose(surprises_of(before, probes), surprises_of(after, probes), rtol=0.1, atol=0.01)
    assert surprise(after, 1000.0) == np.float32(CAP)


def test_beyond_a_population_of_one_value_nothing_is_known_of_how_far() -> None:
    table = table_of(np.zeros(500))
    assert surprise(table, 0.0) == pytest.approx(np.log(2))
    assert surprise(table, 1e-3) == surprise(table, 1e9) == pytest.approx(np.log(1000))


def test_the_combined_score_is_calibrated_too() -> None:
    rng = np.random.default_rng(4)

    def raw(count: int) -> NDArray[np.float64]:
        """Three detectors that agree in part; the third is silent of half the readings."""
        same = rng.standard_normal(count)
        third = np.where(rng.random(count) < 0.5, np.nan, rng.poisson(1, count))
        return np.stack([same + rng.standard_normal(count), np.exp(same), third])

    def largest(values: NDArray[np.float64]) -> NDArray[np.float64]:
        said = np.stack([surprises_of(table, each) for table, each in zip(tables, values, strict=True)])
        return np.array([combined(reading) for reading in said.T])

    clean = raw(WINDOW)
    tables = [table_of(each) for each in clean]
    of_largest = table_of(largest(clean))
    fresh = largest(raw(20_000))
    assert np.mean(fresh > -np.log(0.01)) > 0.015, "the largest of several is larger than each"
    scores = np.array([score(surprise(of_largest, one)) for one in fresh])
    assert ((scores >= 0) & (scores <= 1)).all()
    for share in (0.5, 0.1, 0.01):
        deviation = np.sqrt(share * (1 - share) * (1 / WINDOW + 1 / len(fresh)))
        assert abs(np.mean(scores > 1 - share) - share) < 4.5 * deviation
    assert np.isnan(combined(np.array([np.nan, np.nan])))
    assert combined(np.array([np.nan, 2.0, 1.0])) == 2.0


def realised(
    level: Callable[[int], float], width: Callable[[int], float], seed: int, days: int, cut: int | None = None
) -> NDArray[np.float64]:
    """Share of each day's clean values beyond a stated 1 %: table of the window up to the day before.

    `cut`: day at whose close a drift is reported, so that the window begins with that day.
    """
    rng = np.random.default_rng(seed)
    kept, shares = np.zeros(0), []
    for day in range(days):
        fresh = level(day) + width(day) * rng.standard_gamma(4, A_DAY)
        shares.append(float(np.mean(surprises_of(table_of(kept), fresh) > -np.log(0.01))))
        kept = np.concatenate([kept, fresh])[-WINDOW:]
        if day == cut:
            kept = fresh
    return np.array(shares)


@pytest.mark.parametrize("way", [1, -1])
def test_calibration_holds_while_the_population_slides(way: int) -> None:
    """Over 60 days by two deviations and to 1.5 times the width, and back again."""
    shares = np.mean(
        [
            realised(
                lambda day: 10 + way * 2 * (1 - np.cos(2 * np.pi * day / 120)),
                lambda day: 1 + 0.25 * (1 - np.cos(2 * np.pi * day / 120)),
                seed,
                days=136,
            )
            for seed in range(4)
        ],
        axis=0,
    )
    by_window = shares[16:].reshape(15, 8).mean(axis=1)
    assert (by_window > 0.004).all()
    assert (by_window < 0.025).all()


@pytest.mark.parametrize("seed", range(3))
def test_calibration_is_back_a_window_after_an_abrupt_change_and_a_day_after_a_cut(seed: int) -> None:
    step, days = 16, 40

    def shares(cut: int | None) -> NDArray[np.float64]:
        return realised(lambda day: 2.0 * (day >= step), lambda day: 1 + 0.5 * (day >= step), seed, days, cut)

    left, cut = shares(None), shares(step)
    assert left[step] == cut[step] > 0.05, "the day of the change itself is odd, and is to be"
    assert 0.004 < left[step + 8 : step + 16].mean() < 0.025
    assert 0.004 < cut[step + 1 : step + 8].mean() < 0.025
    assert 0.004 < cut[step + 8 : step + 16].mean() < 0.025
