"""What a meter is usually like, and whether a fault would show in it: a bypass of an empty flat is nobody's loss."""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np

from models.contracts import Meter
from models.domain.blocks import Float64
from models.domain.times import DAY, HOUR, SECOND
from models.domain.units import BASE, ENERGY
from simulators.faults import Family, Reads

PAST_DAYS: Final = 28
"""Before the window, from which is told what is usual."""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A meter, its reads, and what it is usually like: amounts in its unit, of the four weeks before a window."""

    meter: Meter
    reads: Reads
    mean: float
    """An hour"""
    peak: float
    """The largest hour"""
    floor: float
    """The largest of each day's least hour"""
    dry: float
    """Share of hours without use"""
    steady: bool
    """Use every day, in the window as well"""
    profile: Float64
    """[24] mean of each hour, UTC"""

    @classmethod
    def of(cls, meter: Meter, reads: Reads, start: int, end: int) -> "Candidate":
        """By a window in microseconds UTC. Nobody is called steady who is read less than once an hour."""
        days = PAST_DAYS + max(1, (end - start) // DAY)
        hour = (reads.start - start) // HOUR + 24 * PAST_DAYS
        inside = (hour >= 0) & (hour < 24 * days)
        use = np.bincount(hour[inside], reads.metered[inside], 24 * days).reshape(days, 24)
        past, daily = use[:PAST_DAYS], use.sum(axis=1)
        return cls(
            meter,
            reads,
            mean=float(past.mean()),
            peak=float(past.max()),
            floor=float(past.min(axis=1).max()),
            dry=float((past == 0).mean()),
            steady=reads.interval_s <= 3600 and bool(daily.min() > 0.2 * np.median(daily)),
            profile=past.mean(axis=0),
        )

    @property
    def plain(self) -> bool:
        """A customer's meter, without panels on the roof."""
        meter = self.meter
        return meter.status == "active" and not meter.is_total and not meter.has_generation

    @property
    def free(self) -> bool:
        """One that is in use every day: whatever goes wrong shows."""
        return self.plain and self.steady

    @property
    def household(self) -> bool:
        """One of."""
        return self.meter.customer_class in (None, "residential")

    @property
    def regular(self) -> bool:
        """Whether intervals follow one another to the second, as what moves days and hours about needs."""
        return bool(np.mean(np.diff(self.reads.start) == self.reads.interval_s * SECOND) > 0.95)

    @property
    def steps(self) -> float:
        """Of the resolution, in a mean interval."""
        return self.mean * self.reads.interval_s / 3600 / self.reads.resolution

    @property
    def kwh_a_day(self) -> float:
        """Or litres."""
        return self.mean * 24 * BASE[self.meter.unit]

    def alike_after(self, hours: int) -> float:
        """Correlation of the daily profile with itself, so much later."""
        moved = np.roll(self.profile, hours)
        return float(np.corrcoef(self.profile, moved)[0, 1]) if np.ptp(self.profile) else 1.0


def shows(family: Family, of: Candidate, size: float) -> bool:
    """Whether a fault of that size, in the family's unit, stands out against what the meter is like."""
    if of.meter.service == "gas" and of.meter.unit in ENERGY and "L" in family.unit:
        return False  # litres of gas are no kWh
    return _SHOWS.get(family.kind, _always)(of, family.in_unit(size, of.meter.unit))


def _always(of: Candidate, size: float) -> bool:
    return True


def _leaks(of: Candidate, size: float) -> bool:
    return of.household and of.dry > 0.15 and size > 2 * of.floor and size >= of.reads.resolution


def _bursts(of: Candidate, size: float) -> bool:
    return of.household and size > 2.6 * of.peak


def _at_home(of: Candidate, size: float) -> bool:
    return of.household


def _less(of: Candidate, size: float) -> bool:
    return of.household and of.kwh_a_day > 4


def _fine(of: Candidate, size: float) -> bool:
    return of.steps > 40


_SHOWS: Final[dict[str, Callable[[Candidate, float], bool]]] = {
    **dict.fromkeys(("leak", "growing_leak", "toilet"), _leaks),
    "burst": _bursts,
    **dict.fromkeys(("bypass_70", "bypass_50", "tamper_drop", "reverse_energy", "inactive_use"), _less),
    "zero_with_voltage": lambda of, size: _less(of, size) and of.reads.voltage is not None,
    **dict.fromkeys(("flat_estimates_true_up", "flat_valid", "prolonged_estimation", "x0_1"), _fine),
    "copied_day": lambda of, size: _fine(of, size) and of.regular,
    "clock_shift": lambda of, size: _fine(of, size) and of.regular and of.alike_after(round(size)) < 0.5,
    **dict.fromkeys(("vacation", "tenancy", "baby", "guests", "irrigation", "ev", "season"), _at_home),
    "solar": _less,
}
