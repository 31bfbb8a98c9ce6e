"""Measures on cases that can be worked out by hand."""

import numpy as np
import pytest

from evaluation.measures import Days, threshold_at


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
