"""How rare a detector's raw value is among clean readings: its surprise, from tables built of a window of them.

A surprise is -ln of the tail probability (natural units): 0.7 = half of the clean values lie above, 4.6 = one in a
hundred, at most 13.8 = one in a million. Raw values of different detectors have nothing in common, surprises have: the
largest of several is the combined one. It is larger than each, so it takes a table of its own, of clean combined
values; what that says, as 1 - exp(-surprise), is the score: 0-1, higher is odder, NaN = not calibrated.

A table holds as long as its population does. After an abrupt change the share of clean readings above a stated 1 % is
off until the window is full of what came after, or is cut where a drift was reported (`models.scoring.cohorts`).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.state.jit import inner

KNOTS: Final = 48
LEAST: Final = 64
"""Clean values from which a table is made."""
CAP: Final = float(np.log(1e6))
"""Largest surprise."""
_LOWER: Final = 14
"""Knots below the median, evenly by rank; those above it are evenly by surprise."""
_TOP: Final = 10
"""Largest values, among which ranks are too few to go by: from the least of them on the tail is a fitted one."""
_TAIL: Final = 0.05
"""Share of the values that the tail's scale is estimated from; `_TOP` of them at least."""
_SHAPE: Final = 0.25
"""Of the tail, a generalised Pareto one: lives change, and what changes goes far. Exponential tails (0) put a tenth of
the departures of some real homes at the cap, where nothing is odder than anything else."""
_BEYOND: Final = 10
"""Knots in the tail."""


def table_of(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Table [2, KNOTS] of a detector's clean raw values (any unit, higher is odder, NaN ignored).

    Its rows are raw values, ascending, and their surprises; all NaN of fewer than LEAST values. Equal values share the
    middle of their ranks: P(above) + P(equal) / 2.
    """
    x = np.sort(values[np.isfinite(values)].astype(np.float32)).astype(np.float64)
    count = len(x)
    table = np.full((2, KNOTS), np.nan, np.float32)
    if count < LEAST:
        return table
    distinct, each = np.unique(x, return_counts=True)
    surprises = -np.log((count - np.cumsum(each) + 0.5 * each) / count)
    last = int(np.searchsorted(distinct, x[-_TOP]))
    if last < KNOTS - _BEYOND:
        knots = np.arange(last + 1)
    else:
        lower = -np.log1p(-np.linspace(0, 0.5, _LOWER, endpoint=False))
        upper = np.linspace(np.log(2), surprises[last], KNOTS - _BEYOND - _LOWER)
        knots = np.unique(np.searchsorted(surprises[: last + 1], np.concatenate([lower, upper])))
    here, there = len(knots), surprises[last]
    table[0, :here], table[1, :here] = distinct[knots], surprises[knots]
    if (scale := _scale(x)) > 0:
        rises = np.minimum(np.arange(1, KNOTS - here + 1) / _BEYOND, 1.0) * (CAP - there)
        table[0, here:] = distinct[last] + scale * np.expm1(_SHAPE * rises) / _SHAPE
        table[1, here:] = there + rises
    else:  # nothing is known of how far beyond is how rare
        table[0, here:], table[1, here:] = (
            np.nextafter(np.float32(distinct[last]), np.float32(np.inf)),
            np.log(2 * count),
        )
    return table


def _scale(x: NDArray[np.float64]) -> float:
    """Raw value by which the tail falls to 1/e. `x` ascending.

    Of an exponential tail the spacing of neighbours times the upper one's rank from the top has this mean at every
    rank. The largest value is left out, since it may be an outlier. Where the very top is wider spaced than the tail
    at large, as in heavy tails, the top counts.
    """
    tail = max(_TOP, int(_TAIL * len(x)))
    spacings = np.diff(x[-tail - 1 : -1])[::-1] * np.arange(2, tail + 1)
    return float(max(spacings.mean(), spacings[: _TOP - 1].mean()))


def surprises_of(table: NDArray[np.float32], values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Surprises of many values, for reports; what `surprise` says of each."""
    if np.isnan(table[0, 0]):
        return np.full(values.shape, np.nan)
    found: NDArray[np.float64] = np.interp(values, table[0].astype(np.float64), table[1].astype(np.float64))
    return found


@inner
def surprise(table: NDArray[np.float32], value: float) -> float:
    """Surprise of a raw value, between knots on a line; NaN of NaN, or where the table is not calibrated."""
    if np.isnan(value) or np.isnan(table[0, 0]):
        return np.nan
    low, high = -1, KNOTS
    while high - low > 1:
        middle = (low + high) // 2
        if table[0, middle] <= value:
            low = middle
        else:
            high = middle
    if low < 0:
        return np.float64(table[1, 0])
    if high == KNOTS:
        return np.float64(table[1, KNOTS - 1])
    at, lies = np.float64(table[0, low]), np.float64(table[1, low])
    slope = (np.float64(table[1, high]) - lies) / (np.float64(table[0, high]) - at)
    return lies + slope * (value - at)


@inner
def combined(surprises: NDArray[np.floating]) -> float:
    """Largest of several detectors' surprises of one reading, NaNs left out; NaN of none. Not calibrated itself."""
    most = np.nan
    for one in surprises:
        if not one <= most:
            most = one if not np.isnan(one) else most
    return most


@inner
def score(surprise: float) -> float:
    """The score of a calibrated surprise: 1 - tail probability, 0-1."""
    return float(-np.expm1(-surprise))
