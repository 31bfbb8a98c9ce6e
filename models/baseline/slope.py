"""How far a kilowatt pulls a customer's voltage down, where the meter tells it: the slope that E7 looks at.

Taken over steps from one interval to the next, so that the grid's own slow ups and downs fall out.
"""

from typing import Final

from models.baseline.learn import GATE_LEAST, MEMORY_DAYS
from models.state.jit import inner

_ENOUGH: Final = 20.0
"""Sum of squared steps, kW squared, that tells a slope; days with less wait for those after them."""
_PACE: Final = 0.25
_STEEP: Final = 1.25
"""Times the usual slope from which on the usual one learns hardly anything."""


@inner
def pull(row, kw, volts):
    """Take in a step of `kw` that came with a step of `volts`."""
    row.sag[0] -= kw * volts
    row.sag[1] += kw * kw


@inner
def learn_slope(row, weight):
    """At the close of a day, of `weight` 0 to 1: what came since it was learnt last."""
    if row.sag[1] >= _ENOUGH:
        today = max(row.sag[0] / row.sag[1], 0.0)
        if row.slope == 0:
            row.slope = row.slope_now = today
        row.slope_now += _PACE * (today - row.slope_now)
        gate = weight * (GATE_LEAST if row.slope_now > _STEEP * row.slope else 1.0)
        row.slope += gate / min(max(row.days, 1.0), MEMORY_DAYS) * (today - row.slope)
        row.sag[0] = row.sag[1] = 0.0
