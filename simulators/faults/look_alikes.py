"""What looks like a fault and is none: lives change. Register and reads agree, and silence is the right answer."""

import numpy as np

from models.domain.times import DAY
from simulators.faults.changes import counted, hours, local_time, mean_before, more, scaled, with_metered
from simulators.faults.family import ELECTRICITY, WATER, every, family
from simulators.faults.reads import Reads


@family("vacation", sizes=every(1.0), unit="x quiet nights", lasts_days=10, judged_days=10)
def vacation(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Nobody is at home: `size` x what was used in the quieter half of the last fortnight's nights, 01:00 to 05:00."""
    nights = reads.metered[reads.span(onset - 14 * DAY, onset) & local_time(reads).between(1, 5)]
    quiet = np.sort(nights)[: max(1, len(nights) // 2)] if len(nights) else np.zeros(1)
    span = reads.span(onset, end)
    use = np.minimum(rng.choice(quiet, len(reads.start)) * size, reads.metered)
    return with_metered(reads, span, counted(np.where(span, use, 0.0), reads.resolution))


@family("baby", sizes={ELECTRICITY: (0.3, 0.5), WATER: (0.3, 0.5)}, unit="x mean", judged_days=14)
def baby(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """One more at home, awake at night: `size` x the mean use more, in spells, twice as often from 22:00 to 06:00."""
    often = np.where(local_time(reads).between(22, 6), 0.4, 0.2)
    spells = rng.random(len(reads.start)) < often
    extra = rng.exponential(size * mean_before(reads, onset, reads.metered) / 0.27, len(reads.start))
    return more(reads, reads.span(onset, end), np.where(spells, extra, 0.0))


@family("ev", sizes={ELECTRICITY: (3.7, 7.4)}, unit="kW", judged_days=14)
def ev(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """An electric car that is charged with `size` units an hour on two evenings of three, for two to five hours."""
    local = local_time(reads)
    day = local.day - local.day[0]
    begins = rng.uniform(18, 23, int(day[-1]) + 1)
    ends = begins + np.where(rng.random(len(begins)) < 2 / 3, rng.uniform(2, 5, len(begins)), 0.0)
    evening = (local.hour >= begins[day]) & (local.hour < ends[day])
    small_hours = (day > 0) & (local.hour + 24 < ends[day - 1])
    return more(reads, reads.span(onset, end) & (evening | small_hours), size * hours(reads))


@family("season", sizes=every(0.7, 1.4), unit="factor", judged_days=14)
def season(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Use changes day by day until it is `size` x as much at the end."""
    grown = np.clip((reads.start - onset) / max(end - onset, 1), 0.0, 1.0)
    return scaled(reads, reads.span(onset, end), 1 + (size - 1) * grown)


@family("guests", sizes={ELECTRICITY: (1.5, 2.0), WATER: (1.5, 2.0)}, unit="factor", lasts_days=3, judged_days=3)
def guests(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A full house: `size` x the use, and a party from 18:00 to 24:00 with half as much again."""
    party = local_time(reads).between(18, 24)
    return scaled(reads, reads.span(onset, end), np.where(party, 1.5 * size, size))


@family("irrigation", sizes={WATER: (300, 600)}, unit="L/h", judged_days=7)
def irrigation(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A garden watered with `size` units an hour every second morning, from 05:00 for an hour and a half."""
    local = local_time(reads)
    waters = local.between(5, 6.5) & (local.day % 2 == 0)
    return more(reads, reads.span(onset, end) & waters, size * hours(reads))
