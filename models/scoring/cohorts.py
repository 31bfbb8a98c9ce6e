"""Drift of a whole cohort, from what is kept of its closed days: River's ADWIN over its level, KSWIN over its scores.

Both are rebuilt from the kept days at each close and asked of the last day alone, so there is no detector to keep.
ADWIN compares means, and gets the cohort's level, one value a day. KSWIN compares distributions, and gets the quantiles
of the day's clean raw scores of a detector.

Where a drift is said the kept series of the cohort are to begin anew with that day, both kinds: what was before no
longer tells what is usual, and the shift would be said again. A level can then be judged after 17 days, scores after
14; a heat wave of a week is thus said when it begins, and its end about three weeks later.

Measured on simulated cohorts (season of 30 %, weekdays, noise of 3 % of which 0.6 is carried over to the next day): in
a clean year 0.6 reports of a level, none where levels are departures from a slow mean; +40 % found on the first day in
92-100 %, 20 % up or down by the third in 50-83 % and in a week in 79-96 %. Weather that carries over 0.8 gives 1.3-2.4
reports a year. Scores, with noise of a tenth of their deviation: no report in a clean year; a shift by one deviation
is found by the third day in all, by half a one in none (alpha 0.02 finds a tenth of these, and said six drifts of a
simulated town's electricity in 54 days of four partitions, not two). ADWIN takes about 1 ms a cohort and day, KSWIN 5.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from river.drift import ADWIN, KSWIN

LEVEL_DAYS: Final = 64
"""Levels to keep."""
SCORE_DAYS: Final = 28
"""Days of score quantiles to keep."""
QUANTILES: Final = 16
"""Of a day's scores, at the middles of as many equal shares: 1/32, 3/32 ... 31/32."""

_WEEKS: Final = 3
"""Same weekdays before a day, that say what is usual."""
_CARRIED: Final = 0.5
"""Share of a day's departure that the next day has anyway: weather lasts. ADWIN takes its inputs to be independent."""
_UNIT: Final = 100.0
"""ADWIN's inputs are per cent: it takes its inputs to have a range of about 1, and lets shifts pass below that."""
_ADWIN_DELTA: Final = 0.02
_LEAST_SCORE_DAYS: Final = 14
_KSWIN_ALPHA: Final = 0.005
_KSWIN_DAYS: Final = 3
"""Last days that are held against as many values drawn from those before."""
_DRAWS: Final = 5
"""Instances, each with a seed and so a draw of its own; most of them must say so."""


def level_shifted(levels: Sequence[float]) -> bool:
    """Whether the last day's level shifted, by ADWIN with clock=1.

    `levels`: natural logarithm of the cohort's level, for example of the median of its meters' days over what is usual
    for each, one a local day without gaps (NaN = no value), the oldest first.
    """
    departures = _from_usual(np.asarray(levels, np.float64))
    departures[1:] -= _CARRIED * np.nan_to_num(departures[:-1])
    if not len(departures) or np.isnan(departures[-1]):
        return False
    detector = cast(Any, ADWIN)(delta=_ADWIN_DELTA, clock=1, min_window_length=1)
    for value in (_UNIT * departures[~np.isnan(departures)]).tolist():
        detector.update(value)
    return bool(detector.drift_detected)


def _from_usual(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each day, from the median of the same weekday in the weeks before it."""
    before = np.full((_WEEKS, len(levels)), np.nan)
    for week, row in enumerate(before, 1):
        row[7 * week :] = levels[: -7 * week]
    usual = np.full(len(levels), np.nan)
    there = ~np.isnan(before).all(axis=0)
    usual[there] = np.nanmedian(before[:, there], axis=0)
    departures: NDArray[np.float64] = levels - usual
    return departures


def quantiles_of(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """What to keep of a day's clean raw scores (NaN ignored) for `scores_shifted`: [QUANTILES], NaN of too few."""
    there = scores[np.isfinite(scores)]
    if len(there) < QUANTILES:
        return np.full(QUANTILES, np.nan, np.float32)
    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    kept: NDArray[np.float32] = np.quantile(there, middles).astype(np.float32)
    return kept


def scores_shifted(days: NDArray[np.floating]) -> bool:
    """Whether the last days' scores are distributed otherwise than those before, by KSWIN.

    `days` [day, QUANTILES]: `quantiles_of` each local day, the oldest first.
    """
    if not len(days) or np.isnan(days[-1, 0]):
        return False
    kept = days[~np.isnan(days[:, 0])]
    if len(kept) < _LEAST_SCORE_DAYS:
        return False
    *before, last = kept.ravel().tolist()
    drifted = 0
    for seed in range(_DRAWS):
        detector: Any = KSWIN(
            alpha=_KSWIN_ALPHA,
            window_size=len(before) + 1,
            stat_size=_KSWIN_DAYS * QUANTILES,
            seed=seed,
            window=before,
        )
        detector.update(last)
        drifted += detector.drift_detected
    return 2 * drifted > _DRAWS
