"""Drift of a cohort: what is said of a heat wave, a tariff and a clean year, on simulated days."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.scoring.cohorts import LEVEL_DAYS, QUANTILES, SCORE_DAYS, level_shifted, quantiles_of, scores_shifted

Days = NDArray[np.float64]


def levels(rng: np.random.Generator, days: int, weekend: float = 0.08) -> Days:
    """Log level of a cohort: a season of 30 %, weekends, and weather of 3 % that lasts."""
    day = np.arange(days)
    weather = np.zeros(days)
    for n in range(1, days):
        weather[n] = 0.6 * weather[n - 1] + rng.normal(0, 0.024)
    season = 0.3 * np.sin(2 * np.pi * (day + rng.integers(365)) / 365)
    return season + weather + weekend * (day % 7 >= 5) + rng.normal(0, 0.01, days)


def said_of(series: Days, first: int) -> list[int]:
    """Days from `first` on with a drift; what is kept begins anew with each."""
    said, begin = [], 0
    for day in range(first, len(series)):
        if level_shifted(series[max(begin, day + 1 - LEVEL_DAYS) : day + 1].tolist()):
            said.append(day)
            begin = day
    return said


@pytest.mark.parametrize("weekend", [0.08, -0.5], ids=["homes", "shops"])
@pytest.mark.parametrize("change", [np.log(1.4), -np.log(1.4)])
def test_a_heat_wave_or_a_lasting_step_is_said_within_days_and_once(weekend: float, change: float) -> None:
    found, later = 0, 0
    for seed in range(10):
        series = levels(np.random.default_rng(seed), 110, weekend)
        series[70:] += change
        said = said_of(series, 70)
        found += bool(said and said[0] < 73)
        later += len(said) - bool(said)
    assert found >= 9
    assert later <= 2, "of ten cohorts in the forty days after"


def test_a_clean_season_gives_about_one_report_a_year_at_most() -> None:
    assert sum(len(said_of(levels(np.random.default_rng(seed), 365 + 64), 64)) for seed in range(3)) <= 3


def scores(rng: np.random.Generator, days: int, change: int, shift: float = 0.0, width: float = 1.0) -> Days:
    """Quantiles of each day's clean scores, deviation 1, which from day `change` on are shifted and wider."""
    own, kept = 0.0, []
    for day in range(days):
        own = 0.6 * own + rng.normal(0, 0.08)
        values = own + (1 + 0.3 * own) * rng.standard_gamma(4, 256) / 2
        kept.append(quantiles_of(values * width + shift if day >= change else values))
    return np.array(kept, np.float64)


def first_said(days: Days) -> int:
    return next((n for n in range(SCORE_DAYS, len(days)) if scores_shifted(days[n + 1 - SCORE_DAYS : n + 1])), 10**9)


@pytest.mark.parametrize(("shift", "width"), [(1.0, 1.0), (0.0, 1.5), (-1.0, 1.0)])
def test_scores_that_shift_or_widen_are_said_within_three_days(shift: float, width: float) -> None:
    found = [first_said(scores(np.random.default_rng(seed), 36, 30, shift, width)) for seed in range(12)]
    assert sum(30 <= day < 33 for day in found) >= 10


def test_clean_scores_give_about_one_report_a_year_at_most() -> None:
    days, said, begin = scores(np.random.default_rng(0), 365, 10**9), [], 0
    for day in range(365):
        if scores_shifted(days[max(begin, day + 1 - SCORE_DAYS) : day + 1]):
            said.append(day)
            begin = day
    assert len(said) <= 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, LEVEL_DAYS), gaps=st.floats(0, 1), offset=st.floats(-10, 10))
def test_levels_with_gaps_are_judged_the_same_every_time(seed: int, count: int, gaps: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    series = levels(rng, LEVEL_DAYS)[:count]
    series[count - 3 :] += rng.choice([0.0, 0.3])
    series[rng.random(count) < gaps] = np.nan
    kept = series.copy()
    said = level_shifted(series.tolist())
    assert said == level_shifted(list(series))
    assert np.array_equal(series, kept, equal_nan=True)
    if count < 17 or np.isnan(series[-1]):
        assert not said, "too soon, or nothing to judge"


def test_days_without_enough_scores_are_left_out() -> None:
    days = scores(np.random.default_rng(1), 30, 28, shift=2.0)
    assert scores_shifted(days)
    sparse = np.insert(days, [5, 9, 9], np.nan, axis=0)
    assert scores_shifted(sparse) == scores_shifted(days)
    assert not scores_shifted(np.concatenate([days, np.full((1, QUANTILES), np.nan)]))
    assert not scores_shifted(days[-13:])
    assert not scores_shifted(np.zeros((0, QUANTILES)))
    assert np.isnan(quantiles_of(np.arange(QUANTILES - 1.0))).all()
    assert quantiles_of(np.array([np.nan, *range(32)])).tolist() == pytest.approx(np.arange(16) * 31 / 16 + 31 / 32)
