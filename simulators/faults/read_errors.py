"""Meters and head-ends that do not say what was used.

Where the head-end is at fault the register is right underneath; where the meter is, register and reads agree.
"""

import dataclasses

import numpy as np

from models.domain.blocks import Float64
from models.domain.times import DAY, HOUR
from simulators.faults.changes import counted, local_time, mean_before, scaled, with_metered, with_value
from simulators.faults.family import ELECTRICITY, WATER, Fault, every, family
from simulators.faults.reads import ESTIMATED, Reads
from simulators.series import snap


@family("stopped", "meter_fault", sizes=every(1), unit="", lasts_days=5, judged_days=4)
def stopped(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The register stands still and the reads are zero, though use goes on."""
    return scaled(reads, reads.span(onset, end), 0.0)


@family("flat_estimates", "estimated_read_error", sizes=every(0.9, 1.1), unit="x mean", lasts_days=7, judged_days=3)
def flat_estimates(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The head-end has no reads and puts one value, `size` x the mean of the 28 days before, labelled as estimates.

    The register goes on underneath. ValueError when there is no day before the onset.
    """
    flat = flat_valid(reads, onset, end, size, rng)
    return dataclasses.replace(flat, quality=np.where(reads.span(onset, end), ESTIMATED, reads.quality))


@family(
    "flat_estimates_true_up", "estimated_read_error", sizes=every(0.5, 0.7), unit="x mean", lasts_days=7, judged_days=8
)
def flat_estimates_true_up(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """As `flat_estimates`, but the last interval is the first actual read and has all that the estimates left out.

    Where they were too high it is zero. A span of one interval has nothing to make up for.
    """
    flat = flat_estimates(reads, onset, end, size, rng)
    span = reads.span(onset, end)
    there = np.flatnonzero(span & ~np.isnan(reads.value))
    if len(there) < 2:
        return reads
    *estimated, last = there
    owed = reads.metered[span & (reads.start <= reads.start[last])].sum() - flat.value[estimated].sum()
    at_last = np.arange(len(reads.start)) == last
    value = with_value(flat, at_last, snap(np.full(len(reads.start), max(owed, 0.0)), reads.resolution))
    return dataclasses.replace(value, quality=np.where(at_last, reads.quality, flat.quality))


@family("flat_valid", "estimated_read_error", sizes=every(0.9, 1.1), unit="x mean", lasts_days=5, judged_days=3)
def flat_valid(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """As `flat_estimates`, but the estimates keep the quality of the reads that they stand for."""
    mean = np.full(len(reads.start), mean_before(reads, onset, reads.value) * size)
    flat = np.maximum(snap(mean, reads.resolution), reads.resolution)
    return with_value(reads, reads.span(onset, end), flat)


@family("copied_day", "estimated_read_error", sizes=every(1, 7), unit="days", lasts_days=6, judged_days=4)
def copied_day(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Each local day is a copy of one before the onset, some multiple of `size` days earlier; it passes for valid.

    The register goes on underneath.
    """
    local, span, step = local_time(reads), reads.span(onset, end), max(1, round(size))
    if not span.any():
        return reads
    latest = local.day[np.argmax(span)] - 1
    source = local.day - step * np.maximum(1, -((latest - local.day) // step))
    slot = np.rint(local.hour * HOUR).astype(np.int64)
    keys = local.day * 2 * DAY + slot
    at = np.minimum(np.searchsorted(keys, source * 2 * DAY + slot), len(keys) - 1)
    copy = reads.value[at]
    return with_value(reads, span & (keys[at] == source * 2 * DAY + slot) & ~np.isnan(copy), copy)


@family(
    "prolonged_estimation",
    "estimated_read_error",
    sizes=every(0.9, 1.1),
    unit="x reference days",
    lasts_days=12,
    judged_days=9,
)
def prolonged_estimation(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Estimates by reference days: `size` x the mean of the same hour of the weeks before, labelled as estimates.

    The register goes on underneath. ValueError when there is no day before the onset.
    """
    span, local = reads.span(onset, end), local_time(reads)
    before = reads.span(onset - 28 * DAY, onset) & ~np.isnan(reads.value)
    expected = np.full(len(reads.start), mean_before(reads, onset, reads.value))
    slots = 25 * 3600 // reads.interval_s + 1
    slot = np.rint(local.hour * 3600 / reads.interval_s).astype(np.int64)
    for reference in (slot, slot + slots * local.weekday):
        count = np.bincount(reference[before], minlength=7 * slots)[reference]
        total = np.bincount(reference[before], reads.value[before], minlength=7 * slots)[reference]
        expected = np.where(count > 0, total / np.maximum(count, 1), expected)
    estimate = np.maximum(snap(expected * size, reads.resolution), 0.0)
    estimated = with_value(reads, span, estimate)
    return dataclasses.replace(estimated, quality=np.where(span, ESTIMATED, reads.quality))


def _multiplied(kind: str, size: float, judged_days: float = 3) -> Fault:
    @family(kind, "data_error", sizes=every(size), unit="factor", lasts_days=5, judged_days=judged_days)
    def multiplied(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
        """The head-end multiplies by `size`, a wrong multiplier or unit; the register is right."""
        return with_value(reads, reads.span(onset, end), snap(reads.value * size, reads.resolution))

    return multiplied


x10, x0_1, unit_step = _multiplied("x10", 10), _multiplied("x0_1", 0.1), _multiplied("unit_step", 1000)


@family("clock_shift", "data_error", sizes={ELECTRICITY: (3, 4, 5), WATER: (3, 4, 5)}, unit="h", judged_days=8)
def clock_shift(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The meter's clock is `size` whole hours fast: what was used at one time stands that much later."""
    earlier = reads.start - round(size) * HOUR
    at = np.minimum(np.searchsorted(reads.start, earlier), len(reads.start) - 1)
    return with_metered(reads, reads.span(onset, end) & (reads.start[at] == earlier), reads.metered[at])


@family("register_mismatch", "data_error", sizes=every(0.8, 1.2), unit="factor", judged_days=4)
def register_mismatch(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The register runs at `size` x the rate of the intervals."""
    span = reads.span(onset, end)
    register: Float64 = counted(np.where(span, reads.metered * size, 0.0), reads.resolution)
    return dataclasses.replace(reads, metered=np.where(span, register, reads.metered))


@family("silent", "communication_fault", sizes=every(1), unit="", lasts_days=4, judged_days=4)
def silent(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """Nothing arrives, then or later; the register goes on."""
    return dataclasses.replace(reads, lost=reads.lost | reads.span(onset, end))
