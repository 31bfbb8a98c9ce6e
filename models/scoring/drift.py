"""Drift of one meter: River's PageHinkley over its daily values, the detector's numbers kept in pages of the row.

A detector object a meter would be more than a kilobyte of pointers. So one is made, each page's numbers are set in it,
it takes the day's value, and its numbers are read back: what it says is what an instance of its own would have said,
bit for bit. The values are to be in deviations of the meter itself (about mean 0, deviation 1 while nothing happens).

Not for shifts below one deviation, nor for what comes back every week.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from river.drift import PageHinkley

from models.state.jit import inner

THRESHOLD: Final = 8.0
"""Deviations, summed over days. With the two below: 82 % of shifts by 1.5-2 found in 7 days, 1 % of clean meters fire
in 60 (the design's measurement; with River's defaults none is found)."""
DELTA: Final = 0.5
"""Deviations a day that are let pass."""
LEAST_DAYS: Final = 14
"""Values before the detector may fire; after it has fired, anew."""


def watch_pages(pages: NDArray[np.void], values: NDArray[np.floating]) -> NDArray[np.int8]:
    """Take a day's `values` [meter, series] into `pages` [meter, series] (PAGE): 1 where it rose, -1 fell, else 0.

    Where there is no value (NaN) the page stays as it is.
    """
    detector: Any = PageHinkley(min_instances=LEAST_DAYS, delta=DELTA, threshold=THRESHOLD, mode="both")
    there = ~np.isnan(values)
    fired = []
    kept = []
    for (n, fired_before, mean, increase, decrease, least, most), value in zip(
        pages[there].tolist(), values[there].tolist(), strict=True
    ):
        detector._drift_detected = fired_before != 0 or n == 0  # then it begins anew, of itself
        running = detector._x_mean
        running.n, running._mean = n, mean
        detector._sum_increase, detector._sum_decrease = increase, decrease
        detector._min_increase, detector._max_decrease = least, most
        detector.update(value)
        running = detector._x_mean
        rose = detector._sum_increase - detector._min_increase
        fell = detector._max_decrease - detector._sum_decrease
        way = (1 if rose >= fell else -1) if detector._drift_detected else 0
        fired.append(way)
        kept.append(
            (
                int(running.n),
                way,
                running._mean,
                detector._sum_increase,
                detector._sum_decrease,
                detector._min_increase,
                detector._max_decrease,
            )
        )
    pages[there] = np.array(kept, pages.dtype)
    said = np.zeros(values.shape, np.int8)
    said[there] = fired
    return said


@inner
def strength(page: Any) -> float:
    """The page's test statistic over its threshold, below 0 where it falls; NaN while it may not fire yet."""
    if page.n < LEAST_DAYS:
        return np.nan
    rose, fell = page.increase - page.least, page.most - page.decrease
    return float(rose if rose >= fell else -fell) / THRESHOLD
