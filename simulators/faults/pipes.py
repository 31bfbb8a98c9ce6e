"""Water and gas that flow where nobody wants them: through the register, so that reads and register agree."""

import numpy as np

from models.domain.times import DAY, HOUR
from simulators.faults.changes import hours, more
from simulators.faults.family import GAS, WATER, family
from simulators.faults.reads import Reads


@family("leak", "leak", sizes={WATER: (3, 10, 30), GAS: (60, 150)}, unit="L/h", lasts_days=6, judged_days=3, real=True)
def leak(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A pipe behind the meter lets `size` units an hour go, all the time."""
    return more(reads, reads.span(onset, end), size * hours(reads))


@family(
    "burst",
    "burst",
    sizes={WATER: (800, 1500, 3000), GAS: (8000,)},
    unit="L/h",
    lasts_days=0.25,
    judged_days=1,
    real=True,
)
def burst(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A pipe breaks: as a leak, but `size`, units an hour, is beyond anything the meter has seen, for hours."""
    return more(reads, reads.span(onset, end), size * hours(reads))


@family("growing_leak", "leak", sizes={WATER: (20, 60), GAS: (150, 300)}, unit="L/h", judged_days=9, real=True)
def growing_leak(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A crack opens: nothing at first, `size` units an hour after seven days, and so it stays."""
    grown = np.clip((reads.start - onset) / (7 * DAY), 0.0, 1.0)
    return more(reads, reads.span(onset, end), grown * size * hours(reads))


@family("toilet", "leak", sizes={WATER: (8, 20, 50)}, unit="L/h", judged_days=7, real=True)
def toilet(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A flapper that sticks: about `size` units an hour for two to five hours, then dry for one and a half to three.

    It runs more than half of the time, in the night as well.
    """
    spells = int((end - onset) // (3 * HOUR)) + 2
    running, dry = rng.uniform(2, 5, spells), rng.uniform(1.5, 3, spells)
    flow = size * rng.uniform(0.7, 1.3, spells)
    changes = onset + np.concatenate(([0.0], np.cumsum(np.column_stack((running, dry)).ravel()))) * HOUR
    spell = np.searchsorted(changes, reads.start, side="right") - 1
    runs = (spell >= 0) & (spell % 2 == 0)
    return more(
        reads, reads.span(onset, end), np.where(runs, flow[np.clip(spell // 2, 0, spells - 1)], 0.0) * hours(reads)
    )
