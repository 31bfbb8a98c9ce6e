"""How a meter's closed day departs from its own past, peers taken out.

A statistic's departure r is its value less its slow mean, less the median departure of the meter's other peers of the
partition on that day; in deviations it is accumulated over about 3 and 7 days. Means and deviations learn slowly, and
hardly at all from a meter that looks odd. Source: the design study, `statistics that work on real meters`.

A day's medians are frozen when it is first closed: a row's next state depends on nothing that may come later.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.baseline.learn import GATE_LEAST, MEMORY_DAYS
from models.domain.causes import FAMILIES
from models.domain.times import NEVER
from models.state import layout as s
from models.state.jit import inner
from models.state.layout import FINE, GROUPS, NO_DAY, PAGED, RATIO, STATS

STEADY_DAYS: Final = 14
"""Days learnt before departures are counted."""
_PEERS_WEIGHT: Final = 5.0
_LEAST: Final = np.array(
    [0.1] * (GROUPS[1] - GROUPS[0]) + [0.1] * (GROUPS[2] - GROUPS[1])
    + [0.1, 0.1, 0.05, 0.05, 0.1, 0.1, 0.1, 0.1]
    + [0.05, 0.1, 0.2, 0.2]
    + [0.05, 0.05, 0.1, 0.05, 0.05]
)  # fmt: skip
"""By statistic: what a day differs by anyhow."""
_COHORT_DEVIATION: Final = 0.4
_BOUND: Final = 6.0
_FAST, _SLOW = 0.5, 0.25
_GATE_FROM, _GATE_TO, _STRONGEST = 1.6, 2.6, 6
SUSPECT: Final = 2.1
"""Oddness from which on a meter's days teach no forest."""
_FALLEN, _RISEN = -0.8, -0.4
_READS: Final = FAMILIES.index("reads")


@inner
def _median_of_others(cohort, own):
    if cohort.peers < 2:
        return 0.0
    if cohort.peers % 2 == 0:
        return cohort.mid if own <= cohort.low else cohort.low
    if own < cohort.mid:
        return 0.5 * (cohort.mid + cohort.high)
    if own > cohort.mid:
        return 0.5 * (cohort.low + cohort.mid)
    return 0.5 * (cohort.low + cohort.high)


def deviation_of(kept: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Deviations as they are kept, in the statistic's unit."""
    return kept.astype(np.float32) / np.float32(RATIO)


@inner
def slow(row, n):
    """Departure of statistic `n` over about 7 days, deviations."""
    return row.stats[n].slow / FINE


@inner
def fast(row, n):
    """The same over about 3 days."""
    return row.stats[n].fast / FINE


@inner
def as_such(row, n, over):
    """Departure of statistic `n` in its own unit: of a level what its logarithm has moved by. Where the cohort varies
    more than the home it is less than that. `over`: `slow` or `fast`."""
    return over(row, n) * max(row.stats[n].deviation / RATIO, _LEAST[n])


@inner
def turned_round(row, over):
    """How far the hours of the day have gone towards the reverse of the usual ones, less what is merely unusual;
    deviations. `over`: `slow` or `fast`. Source: ours, on reversed days of 28 real homes."""
    towards = over(row, s.REVERSED) - over(row, s.TURNED) - 2.0 * over(row, s.ORDER)
    return 0.25 * (over(row, s.LIKE) + towards)


@inner
def oddness(row):
    """Root mean square of the six departures over 7 days that are farthest from none."""
    largest = np.zeros(_STRONGEST)
    for n in range(STATS):
        a = abs(slow(row, n))
        if a > largest[0]:
            largest[0] = a
            for k in range(_STRONGEST - 1):
                if largest[k] > largest[k + 1]:
                    largest[k], largest[k + 1] = largest[k + 1], largest[k]
    return np.sqrt(np.mean(largest * largest))


@inner
def _fine(value):
    return np.int8(np.rint(value * FINE))


@inner
def accumulate(row, day, values, cohort, weight, paged):
    """Move the departures of `row` on by a day that `learn_day` has taken. `cohort` [STATS], `weight` 0 to 1.

    `paged` gets the departures of the day itself of `PAGED`, deviations; NaN where there are none. Days of reads that
    are known to be wrong are left out.
    """
    paged[:] = np.nan
    if row.episodes[_READS].opened != NEVER:
        return
    odd = oddness(row)
    gate = weight * min(1.0, max(GATE_LEAST, 1.0 - (odd - _GATE_FROM) / (_GATE_TO - _GATE_FROM)))
    rate = gate / min(max(np.float64(row.days), 1.0), MEMORY_DAYS)
    for n in range(STATS):
        if np.isnan(values[n]):
            continue
        stat = row.stats[n]
        if np.isnan(stat.mean):
            stat.mean = values[n]
            continue
        own = values[n] - stat.mean
        others = np.float64(max(cohort[n].peers - 1, 0))
        r = own - _median_of_others(cohort[n], np.float32(own)) * others / (others + _PEERS_WEIGHT)
        deviation = stat.deviation / RATIO
        if row.days >= STEADY_DAYS:
            z = r / max(deviation, _COHORT_DEVIATION * cohort[n].deviation, _LEAST[n])
            z = min(max(z, -_BOUND), _BOUND)
            stat.fast = _fine(stat.fast / FINE + _FAST * (z - stat.fast / FINE))
            stat.slow = _fine(stat.slow / FINE + _SLOW * (z - stat.slow / FINE))
            for k in range(len(PAGED)):
                if PAGED[k] == n:
                    paged[k] = z
            if n == s.LEVEL:
                row.drop += _SLOW * (r - row.drop)
                if slow(row, n) > _RISEN:
                    row.drop_day = NO_DAY
                elif slow(row, n) < _FALLEN and row.drop_day == NO_DAY:
                    row.drop_day = day - 1
        variance = deviation * deviation
        variance += rate * (min(r * r, 9.0 * variance + 1.0) - variance)
        stat.deviation = np.uint16(min(np.rint(np.sqrt(variance) * RATIO), 65535.0))
        stat.mean += rate * own
