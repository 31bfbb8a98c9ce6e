"""What looks like a fault and is none: lives change. Register and reads agree, and silence is the right answer."""

import numpy as np

from models.domain.times import DAY
from simulators.faults.changes import counted, hours, local_time, mean_before, more, reordered, scaled, with_metered
from simulators.faults.family import ELECTRICITY, GAS, WATER, every, family
from simulators.faults.reads import Reads
from simulators.series import snap


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


@family(
    "tenancy", sizes={ELECTRICITY: (2, 5), WATER: (2, 5), GAS: (2, 5)}, unit="days of nobody at home", judged_days=14
)
def tenancy(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """One household moves out, `size` days later another moves in, and nobody has told the utility.

    It uses 0.6 to 1.8 x as much, and all of it one to three hours earlier or later.
    """
    moved_in = min(end, onset + round(size * DAY))
    level = np.exp(rng.uniform(np.log(0.6), np.log(1.8)))
    later = round(rng.choice((-1, 1)) * rng.uniform(1, 3) / hours(reads))
    theirs = reordered(reads, moved_in, end, lambda place, count: (place - later) % count)
    return vacation(scaled(theirs, reads.span(moved_in, end), level), onset, moved_in, 1.0, rng)


@family("solar", sizes={ELECTRICITY: (2, 4)}, unit="kW", judged_days=14)
def solar(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Panels that nobody has registered: use less what they yield, `size` units an hour at noon of a clear day.

    They yield from 06:30 to 17:30, as the day's clouds let them. What is not used at once goes uncounted.
    """
    local = local_time(reads)
    day = local.day - local.day[0]
    sun = np.sin(np.pi * np.clip((local.hour + hours(reads) / 2 - 6.5) / 11, 0.0, 1.0))
    sky = rng.uniform(0.15, 1.0, int(day[-1]) + 1)[day] * rng.uniform(0.7, 1.0, len(day))
    span = reads.span(onset, end)
    yielded = counted(np.where(span, size * hours(reads) * sun * sky, 0.0), reads.resolution)
    return with_metered(reads, span, snap(np.maximum(reads.metered - yielded, 0.0), reads.resolution))


@family("irrigation", sizes={WATER: (300, 600)}, unit="L/h", judged_days=7)
def irrigation(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A garden watered with `size` units an hour every second morning, from 05:00 for an hour and a half."""
    local = local_time(reads)
    waters = local.between(5, 6.5) & (local.day % 2 == 0)
    return more(reads, reads.span(onset, end) & waters, size * hours(reads))
