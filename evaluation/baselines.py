"""What scores of days are held against: simple detectors that know a meter's days and nothing else."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from evaluation.record import DayScores
from models.domain.blocks import Float64, Int64
from models.domain.times import SECOND

PAST_DAYS: Final = 28
"""Before a day, that it is held against"""
_LEAST_DAYS: Final = 14
WEEK: Final = 7
_FLOOR: Final = 0.1
"""Of a spread, in the statistics' own units, which are logarithms and shares"""
_CLIP: Final = 6.0


def baselines(
    days: DayScores, meter: NDArray[np.int32], start: Int64, value: Float64, first_event: int, seed: int = 0
) -> dict[str, DayScores]:
    """The same days with other scores, by name. [n] readings in any order; `first_event` in microseconds.

    `chance`; `total deficit`: the drop of the day's level against the 28 days before, mean of a week;
    `largest deviation` of any day statistic; `isolation forest`: scikit-learn's over all of them, fitted to the days
    before the first event.
    """
    z = deviations(days, statistics(days, meter, start, value))
    there = np.isfinite(z).all(axis=1)
    before = there & (days.at < first_event)
    scores = {
        "chance": np.random.default_rng(seed).random(len(z)),
        "total deficit": _week(days, -z[:, 0]),
        "largest deviation": np.where(there, np.abs(z).max(axis=1), np.nan),
    }
    if before.sum() >= _LEAST_DAYS:
        forest = IsolationForest(random_state=seed).fit(z[before])
        scores["isolation forest"] = np.full(len(z), np.nan)
        scores["isolation forest"][there] = -forest.score_samples(z[there])
    return {
        name: DayScores(days.meter, days.at, days.midnight, score.astype(np.float32)) for name, score in scores.items()
    }


def statistics(days: DayScores, meter: NDArray[np.int32], start: Int64, value: Float64) -> Float64:
    """[days, 5] of each day: log level, log of its lower quartile, deviation and peak over level, share of zeros."""
    known = ~np.isnan(value)
    meter, start, value = meter[known], start[known], value[known]
    key = _key(days.meter, days.midnight)
    day = np.searchsorted(key, _key(meter, start), side="right") - 1
    taken = (day >= 0) & (days.meter[day] == meter) & (start <= days.at[day])
    day, value = day[taken], value[taken]
    order = np.lexsort((value, day))
    day, value = day[order], value[order]
    count = np.bincount(day, minlength=len(key))
    found = np.full((len(key), 5), np.nan)
    own = count > 0
    first = np.append(0, np.cumsum(count)[:-1])[own]
    n = count[own]
    level = np.maximum(np.add.reduceat(value, first) / n, 1e-6)
    mean_square = np.add.reduceat(value**2, first) / n
    found[own] = np.column_stack(
        (
            np.log(level),
            np.log(np.maximum(value[first + n // 4], 0) + 0.05 * level),
            np.sqrt(np.maximum(mean_square - level**2, 0)) / level,
            value[first + n - 1] / level / 10,
            np.add.reduceat((value == 0).astype(float), first) / n,
        )
    )
    return found


def deviations(days: DayScores, of: Float64) -> Float64:
    """[days, k] statistics against the median and spread of the meter's days before; NaN with too few of them."""
    found = np.full(of.shape, np.nan)
    for own in _by_meter(days):
        padded = np.concatenate((np.full((PAST_DAYS, of.shape[1]), np.nan), of[own]))
        past = sliding_window_view(padded, PAST_DAYS, axis=0)[:-1]
        enough = np.isfinite(past[:, 0]).sum(axis=1) >= _LEAST_DAYS
        past = past[enough]
        middle = np.nanmedian(past, axis=2)
        spread = 1.4826 * np.nanmedian(np.abs(past - middle[:, :, None]), axis=2)
        inside = np.arange(own.start, own.stop)[enough]
        found[inside] = np.clip((of[inside] - middle) / np.maximum(spread, _FLOOR), -_CLIP, _CLIP)
    return found


def _week(days: DayScores, score: Float64) -> Float64:
    """[days] mean of the last seven of the meter."""
    found = np.full(len(score), np.nan)
    for own in _by_meter(days):
        padded = np.concatenate((np.full(WEEK - 1, np.nan), score[own]))
        week = sliding_window_view(padded, WEEK)
        some = np.isfinite(week).any(axis=1)
        found[np.arange(own.start, own.stop)[some]] = np.nanmean(week[some], axis=1)
    return found


def _key(meter: NDArray[np.int32], at: Int64) -> Int64:
    """[n] that put days in order of meter and time: seconds until 2100 take 33 bits."""
    return meter.astype(np.int64) * 2**33 + at // SECOND


def _by_meter(days: DayScores) -> Iterator[slice]:
    """Days stand in order of meter and time."""
    edges = np.flatnonzero(np.diff(days.meter, prepend=-1, append=np.iinfo(np.int32).max))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield slice(begin, end)
