"""Use that somebody does not want to pay for.

What is taken past the register is not seen by it: register and reads agree, and both are too low. Attacks h1 to h6 are
those of Jokar et al. (2016), on a register that was tampered with.
"""

import dataclasses
from typing import Final

import numpy as np

from models.domain.times import DAY
from simulators.faults.changes import counted, local_time, mean_before, more, reordered, scaled, with_metered
from simulators.faults.family import ELECTRICITY, GAS, WATER, Fault, family
from simulators.faults.reads import Reads
from simulators.series import snap

JUDGED: Final = 14
TAMPERED: Final = ("0.12.43.257", "0.12.141.212", "0.12.66.242")
"""IEC 61968-9: tamper, cover open, strong magnetic field."""
_LOWEST: Final = 0.1
"""Jokar 2016: what h3 and h4 leave is drawn from here on."""


def _bypass(kind: str, share: float) -> Fault:
    sizes = {ELECTRICITY: (share,), WATER: (share,), GAS: (share,)}

    @family(kind, "theft", sizes=sizes, unit="share stolen", judged_days=JUDGED)
    def bypass(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
        """The share `size` of all use goes past the register."""
        return scaled(reads, reads.span(onset, end), 1 - min(size, 1.0))

    return bypass


bypass_70, bypass_50, bypass_30, bypass_15 = (
    _bypass(f"bypass_{percent}", percent / 100) for percent in (70, 50, 30, 15)
)


@family("one_circuit", "theft", sizes={ELECTRICITY: (0.5, 0.8)}, unit="share stolen", judged_days=JUDGED)
def one_circuit(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A large appliance hangs before the meter: from 17:00 to 23:00 `size` of what exceeds the base load is gone."""
    evening = local_time(reads).between(17, 23)
    before = reads.metered[reads.span(onset - 28 * DAY, onset)]
    base = float(np.quantile(before, 0.25)) if len(before) else 0.0
    above = np.maximum(reads.metered - base, 0.0) / np.maximum(reads.metered, reads.resolution)
    return scaled(reads, reads.span(onset, end) & evening, 1 - min(size, 1.0) * above)


@family("ramp", "theft", sizes={ELECTRICITY: (0.5, 0.8)}, unit="share stolen", judged_days=JUDGED)
def ramp(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A bypass that is opened bit by bit: the share `size` is reached after 14 days."""
    grown = np.clip((reads.start - onset) / (14 * DAY), 0.0, 1.0)
    return scaled(reads, reads.span(onset, end), 1 - min(size, 1.0) * grown)


@family("weekends_only", "theft", sizes={ELECTRICITY: (0.5, 0.9)}, unit="share stolen", judged_days=JUDGED)
def weekends_only(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A bypass of the share `size` on Saturdays and Sundays."""
    weekend = local_time(reads).weekday >= 5
    return scaled(reads, reads.span(onset, end) & weekend, 1 - min(size, 1.0))


@family("evenings_only", "theft", sizes={ELECTRICITY: (0.5, 0.9)}, unit="share stolen", judged_days=JUDGED)
def evenings_only(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """A bypass of the share `size` from 17:00 to 23:00."""
    evening = local_time(reads).between(17, 23)
    return scaled(reads, reads.span(onset, end) & evening, 1 - min(size, 1.0))


@family("tamper_drop", "theft", sizes={ELECTRICITY: (0.5, 0.7)}, unit="share stolen", judged_days=JUDGED)
def tamper_drop(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The meter reports tampering at the onset, and from then on the share `size` of the use is gone."""
    event = (onset, str(rng.choice(TAMPERED)))
    dropped = scaled(reads, reads.span(onset, end), 1 - min(size, 1.0))
    return dataclasses.replace(dropped, events=tuple(sorted((*reads.events, event))))


@family("reverse_energy", "theft", sizes={ELECTRICITY: (0.4, 0.8)}, unit="share reversed", judged_days=JUDGED)
def reverse_energy(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The meter is wired the wrong way round for part of the load: the share `size` counts as received."""
    span = reads.span(onset, end)
    reversed_ = counted(np.where(span, reads.metered * min(size, 1.0), 0.0), reads.resolution)
    received = np.zeros(len(reads.start)) if reads.received is None else reads.received
    left = with_metered(reads, span, snap(np.maximum(reads.metered - reversed_, 0.0), reads.resolution))
    return dataclasses.replace(left, received=np.where(span, snap(received + reversed_, reads.resolution), received))


@family(
    "inactive_use", "theft", sizes={ELECTRICITY: (3,), WATER: (0.1,), GAS: (1,)}, unit="units/day", judged_days=JUDGED
)
def inactive_use(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Use goes on though nobody pays for it any more, at least `size` units a day.

    That the account is inactive is for the record of the meter to say.
    """
    span = reads.span(onset, end)
    lacking = max(0.0, size * reads.interval_s / 86_400 - (float(reads.metered[span].mean()) if span.any() else 0.0))
    return more(reads, span, lacking)


@family("zero_with_voltage", "theft", sizes={ELECTRICITY: (1,)}, unit="", judged_days=JUDGED)
def zero_with_voltage(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """All use goes past the register while the meter has voltage. ValueError for reads without voltage."""
    if reads.voltage is None:
        raise ValueError("a meter that measures voltage is needed")
    return scaled(reads, reads.span(onset, end), 0.0)


@family("h1", "theft", sizes={ELECTRICITY: (0.3, 0.5, 0.7)}, unit="share left", judged_days=JUDGED)
def h1(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """All use times one constant, `size`; from 0.1 to 0.8 in the literature."""
    return scaled(reads, reads.span(onset, end), min(size, 1.0))


@family("h2", "theft", "meter_fault", sizes={ELECTRICITY: (4,)}, unit="h", judged_days=JUDGED)
def h2(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Zero for a random period of each day, `size` hours at least."""
    local = local_time(reads)
    day = local.day - local.day[0]
    lasts = rng.uniform(min(size, 24.0), 24.0, int(day[-1]) + 1)
    begins = rng.uniform(0.0, 24.0 - lasts)
    off = (local.hour >= begins[day]) & (local.hour < (begins + lasts)[day])
    return scaled(reads, reads.span(onset, end) & off, 0.0)


@family("h3", "theft", sizes={ELECTRICITY: (0.8,)}, unit="share left", judged_days=JUDGED)
def h3(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Each interval times a random factor of its own, up to `size`."""
    factor = rng.uniform(min(_LOWEST, size), min(size, 1.0), len(reads.start))
    return scaled(reads, reads.span(onset, end), factor)


@family("h4", "theft", sizes={ELECTRICITY: (0.8,)}, unit="share left", judged_days=JUDGED)
def h4(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The mean of the 28 days before, times a random factor for each interval, up to `size`."""
    factor = rng.uniform(min(_LOWEST, size), size, len(reads.start))
    use = factor * mean_before(reads, onset, reads.metered)
    span = reads.span(onset, end)
    return with_metered(reads, span, counted(np.where(span, use, 0.0), reads.resolution))


@family("h5", "theft", "estimated_read_error", sizes={ELECTRICITY: (1.0,)}, unit="x mean", judged_days=JUDGED)
def h5(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """`size` x the mean of the 28 days before in every interval: as much as ever, but not when it costs most."""
    flat = snap(np.full(len(reads.start), size * mean_before(reads, onset, reads.metered)), reads.resolution)
    return with_metered(reads, reads.span(onset, end), flat)


@family("h6", "theft", sizes={ELECTRICITY: (1,)}, unit="", judged_days=JUDGED)
def h6(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The order of each day's intervals is turned round: as much as ever, at the cheap hours."""
    return reordered(reads, onset, end, lambda place, count: count - 1 - place)
