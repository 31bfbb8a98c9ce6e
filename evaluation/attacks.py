"""What is done to the homes of a fleet, a sixth of them at a time, from its onset on."""

import dataclasses
import zlib
from collections.abc import Mapping
from typing import Final

import numpy as np

from evaluation.fleets import ATTACKED_DAYS, Fleet
from models.domain.times import DAY
from simulators.candidates import Candidate, shows
from simulators.faults import FAMILIES, Injected, Reads

THEFT: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
"""The six attacks of Jokar et al. (2016), the usual test."""
BYPASS: Final = ("bypass_50", "bypass_30")
READ_ERRORS: Final = ("flat_valid", "copied_day", "stopped", "x10", "clock_shift")
WATER: Final = ("leak", "toilet", "burst")
Families = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Kinds by service and group."""
GROUPS: Final[Families] = {
    "electricity": {"theft": THEFT, "bypass": BYPASS, "read errors": READ_ERRORS},
    "water": {"pipes": WATER, "read errors": READ_ERRORS},
}
ATTACKED_SHARE: Final = 1 / 6
"""So few that what many do at once, which is no fault, is told from what some do, and that enough are left to learn."""
_H1_LEFT: Final = (0.1, 0.8)
"""Share of the use that is left, Jokar et al. (2016)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attack:
    """One family on part of a fleet."""

    kind: str
    reads: tuple[Reads, ...]
    """Of all homes, in their order"""
    truth: Mapping[int, Injected]
    """By number of the home"""

    def days(self, fleet: Fleet) -> int:
        """That it lasts, begun ones included; all there are if nothing is done."""
        end = max((one.end for one in self.truth.values()), default=fleet.end)
        return min(ATTACKED_DAYS, max(1, -(-(end - fleet.onset) // DAY)))


def attack(fleet: Fleet, kind: str, seed: int) -> Attack:
    """A sixth of the homes, those only in which it would show; a home's size is drawn from the family's."""
    family = FAMILIES[kind]
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    sizes = family.sizes[fleet.service]
    end = fleet.end
    if family.lasts_days is not None:
        end = min(end, fleet.onset + round(min(family.lasts_days, ATTACKED_DAYS) * DAY))
    reads = [home.reads for home in fleet.homes]
    truth: dict[int, Injected] = {}
    for number in rng.permutation(len(reads)).tolist():
        meter = fleet.homes[number].meter
        size = float(rng.uniform(*_H1_LEFT)) if kind == "h1" else float(rng.choice(sizes))
        candidate = Candidate.of(meter, reads[number], fleet.onset, fleet.end)
        if not (candidate.free and shows(family, candidate, size)):
            continue
        reads[number] = family.inject(reads[number], fleet.onset, end, family.in_unit(size, meter.unit), seed)
        truth[number] = Injected(kind, meter.meter_id, fleet.onset, end, family.causes, family.role)
        if len(truth) >= len(reads) * ATTACKED_SHARE:
            break
    return Attack(kind, tuple(reads), truth)
