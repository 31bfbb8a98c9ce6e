"""Simple detectors of days."""

import numpy as np
from numpy.typing import NDArray

from evaluation.baselines import PAST_DAYS, baselines, statistics
from evaluation.record import DayScores
from models.domain.blocks import Float64, Int64
from models.domain.times import DAY, HOUR
from tests import kit

DAYS = 50
FIRST = kit.us("2024-01-01")
CHANGE = FIRST + 40 * DAY


def homes(change: float) -> tuple[DayScores, NDArray[np.int32], Int64, Float64]:
    """Two homes by the hour; from day 40 on the second uses `change` times as much."""
    rng = np.random.default_rng(0)
    start = np.tile(FIRST + np.arange(DAYS * 24) * HOUR, 2)
    meter = np.repeat(np.array([0, 1], np.int32), DAYS * 24)
    value = rng.uniform(0.5, 1.5, len(start))
    value[(meter == 1) & (start >= CHANGE)] *= change
    order = rng.permutation(len(start))
    score = np.zeros(len(start), np.float32)
    return DayScores.of(meter, start, score, ["UTC", "UTC"]), meter[order], start[order], value[order]


def test_statistics_are_of_each_day() -> None:
    start = FIRST + np.arange(48) * HOUR
    days = DayScores.of(np.zeros(48, np.int32), start, np.zeros(48, np.float32), ["UTC"])
    value = np.repeat([2.0, 0.0], 24)
    value[0] = np.nan
    found = statistics(days, np.zeros(48, np.int32), start, value)
    np.testing.assert_allclose(found[0], [np.log(2), np.log(2.1), 0, 0.1, 0], atol=1e-12)
    assert found[1, 4] == 1


def test_a_drop_is_seen_and_a_day_knows_only_the_days_before() -> None:
    scores = baselines(*homes(0.3), first_event=CHANGE)
    for name in ("total deficit", "largest deviation", "isolation forest"):
        clean, odd = (scores[name].score[scores[name].meter == n][40:47] for n in (0, 1))
        assert np.nanmin(odd[1:]) > np.nanmax(clean), name
    same = baselines(*homes(1.0), first_event=CHANGE)
    for name, days in scores.items():
        before = (days.meter == 0) | (days.at < CHANGE)
        np.testing.assert_array_equal(days.score[before], same[name].score[before])
    assert np.isnan(scores["largest deviation"].score[: PAST_DAYS // 2]).all()
