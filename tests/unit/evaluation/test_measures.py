"""Measures on cases that can be worked out by hand."""

import numpy as np
import pytest

from evaluation.measures import Days, curve, ratio, roc, roc_of_meters, threshold_at


def days(clean: list[list[float]], attacked: list[list[float]], lasts: int = 3) -> Days:
    score = np.array(clean + attacked, np.float32)
    return Days(score, np.repeat([False, True], [len(clean), len(attacked)]), lasts)


def test_roc_counts_how_often_an_attacked_day_outranks_a_clean_one() -> None:
    assert days([[0.1, 0.2, 0.3]], [[0.9, 0.8, 0.7]]).roc() == 1.0
    assert days([[0.1, 0.2, 0.3]], [[0.1, 0.2, 0.3]]).roc() == 0.5
    assert days([[0.1, 0.3, 0.5]], [[0.2, 0.4, 0.0]]).roc() == pytest.approx(3 / 9)


def test_a_day_without_score_is_the_least_odd() -> None:
    assert days([[0.1, 0.2, 0.3]], [[np.nan, np.nan, np.nan]]).roc() == 0.0
    assert days([[np.nan, np.nan, np.nan]], [[0.0, 0.1, 0.2]]).roc() == 1.0


def test_days_after_an_attack_has_ended_are_not_judged() -> None:
    assert days([[0.1, 0.2, 0.9]], [[0.5, 0.6, 0.0]], lasts=2).roc() == 1.0


def test_a_rate_is_never_exceeded_by_clean_days() -> None:
    clean = np.arange(1000, dtype=np.float32)
    for rate in (0.01, 0.001):
        assert np.mean(clean > threshold_at([clean], rate)) == rate
    ties = np.repeat(np.array([0, 1], np.float32), [900, 100])
    assert not (ties > threshold_at([ties], 0.01)).any()
    few = np.arange(10, dtype=np.float32)
    assert not (few > threshold_at([few], 0.01)).any()


def test_found_is_of_homes_and_of_the_first_days() -> None:
    both = days([[0, 0, 0, 0]], [[0, 0.9, 0, 0], [0, 0, 0, 0.9]], lasts=4)
    assert both.found(0.5, within=3) == 0.5
    assert both.found(0.5, within=4) == 1.0
    assert both.found(0.9) == 0.0


def test_a_curve_has_the_shares_above_each_score() -> None:
    clean, odd = np.arange(100, dtype=np.float32), np.arange(50, 150, dtype=np.float32)
    points = curve(clean, odd)
    assert (points[0], points[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert points == sorted(points)
    assert (0.01, 0.51) in points


def test_a_ratio_is_of_sums_and_its_interval_of_meters() -> None:
    same = ratio(np.array([1, 1, 1]), np.array([2, 2, 2]))
    assert same == {"value": 0.5, "low": 0.5, "high": 0.5}
    wide = ratio(np.array([10, 0, 0, 0]), np.array([10, 10, 10, 10]))
    assert wide is not None
    assert (wide["value"], wide["low"]) == (0.25, 0)
    assert 0.5 <= wide["high"] <= 1
    assert ratio(np.array([0]), np.array([0])) is None
    assert wide == ratio(np.array([10, 0, 0, 0]), np.array([10, 10, 10, 10]))


def test_the_interval_of_a_roc_is_of_meters_and_not_of_days() -> None:
    rng = np.random.default_rng(1)
    clean, odd = rng.random(200).astype(np.float32), (rng.random(60) + 0.3).astype(np.float32)
    of_days = roc_of_meters(clean, np.arange(200, dtype=np.int32), odd, np.arange(60, dtype=np.int32))
    level = np.repeat(np.array([0.2, 0.5, 0.9], np.float32), 20)
    of_homes = roc_of_meters(clean, np.arange(200, dtype=np.int32), level, np.repeat(np.arange(3, dtype=np.int32), 20))
    assert of_days is not None
    assert of_homes is not None
    assert of_days["value"] == pytest.approx(roc(clean, odd))
    assert of_days["low"] < of_days["value"] < of_days["high"]
    assert of_homes["high"] - of_homes["low"] > 2 * (of_days["high"] - of_days["low"])
    assert roc_of_meters(clean, np.arange(200, dtype=np.int32), odd[:0], np.empty(0, np.int32)) is None
