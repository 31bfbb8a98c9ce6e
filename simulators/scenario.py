"""A fleet that misbehaves: which meters of it get which fault, and when, so that each can still be found in time.

One premise has one fault, and the head-end at fault has no other. Meters are drawn among those that a fault would show
in: see `simulators.candidates`.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from models.contracts import Meter
from models.domain.blocks import Float64
from models.domain.times import DAY, HOUR, to_datetime
from simulators.candidates import Candidate, shows
from simulators.faults import FAMILIES, Family, Injected, Reads, strike

FLEET_METERS: Final = 25
"""Of a head-end, at least, for a fault of its own."""
WINDOW_DAYS: Final = 15
"""At least: thefts take 14 days to be judged."""

PLAN: Final[tuple[tuple[str, str, tuple[float, ...]], ...]] = (
    ("burst", "gas", (8000,)),
    ("leak", "gas", (150,)),
    ("zero_with_voltage", "electricity", (1, 1, 1)),
    ("clock_shift", "electricity", (3, 4, 5)),
    ("burst", "water", (1000, 1500, 2500)),
    ("toilet", "water", (20, 30, 50)),
    ("growing_leak", "water", (20, 40, 60)),
    ("leak", "water", (5, 10, 20, 30)),
    ("bypass_70", "electricity", (0.7,) * 4),
    ("bypass_50", "electricity", (0.5,) * 4),
    ("tamper_drop", "electricity", (0.5, 0.6, 0.7)),
    ("reverse_energy", "electricity", (0.4, 0.6, 0.8)),
    ("inactive_use", "electricity", (3, 3, 3)),
    ("register_mismatch", "electricity", (0.7, 0.8, 1.2)),
    ("x0_1", "electricity", (0.1, 0.1, 0.1)),
    ("x10", "electricity", (10, 10)),
    ("x10", "water", (10,)),
    ("x10", "gas", (10,)),
    ("flat_estimates_true_up", "electricity", (0.5, 0.6, 0.7, 0.7)),
    ("flat_valid", "electricity", (0.9, 1.0, 1.1)),
    ("copied_day", "electricity", (1, 7, 7)),
    ("prolonged_estimation", "electricity", (0.9, 1.0, 1.1)),
    ("stopped", "electricity", (1, 1, 1, 1)),
    ("silent", "electricity", (1, 1)),
    ("silent", "water", (1,)),
    ("silent", "gas", (1,)),
    ("vacation", "electricity", (1, 1)),
    ("vacation", "water", (1,)),
    ("baby", "electricity", (0.4,)),
    ("baby", "water", (0.4,)),
    ("ev", "electricity", (3.7, 7.4)),
    ("season", "electricity", (0.7, 1.4)),
    ("guests", "electricity", (1.5,)),
    ("guests", "water", (2.0,)),
    ("irrigation", "water", (300, 600)),
    ("tenancy", "electricity", (3,)),
    ("solar", "electricity", (2,)),
)
"""Kind, service and sizes in the family's unit, a meter for each size; the hardest to find a meter for come first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """What changes in a fleet, by meter id, and the truth about it."""

    reads: Mapping[str, Reads]
    used: Mapping[str, Float64]
    """[n] what is truly used more in each interval, meter's unit: zero where only what is said of it changes"""
    meters: tuple[Meter, ...]
    """Further records of the MDM, in force from their `effective_from` on"""
    truth: tuple[Injected, ...]
    """In order of onset"""


def inject(
    fleet: Sequence[tuple[Meter, Reads]],
    start: int,
    end: int,
    seed: int = 0,
    *,
    spare: Collection[str] = (),
    registers: Collection[str] | None = None,
    fleet_kind: str = "unit_step",
) -> Scenario:
    """Faults and look-alikes of `PLAN` and one of a whole head-end, all with onsets in [start, end), microseconds UTC.

    `fleet` has four weeks of reads from before `start`. Meters in `spare` get no fault of their own; `registers` are
    those whose register is sent, None for all. ValueError when the window is too short or no meter is left for a fault.
    """
    if end - start < WINDOW_DAYS * DAY:
        raise ValueError(f"a window of {WINDOW_DAYS} days at least is needed")
    rng = np.random.default_rng([seed, 0xFA])
    struck = _smallest_head_end([meter for meter, _ in fleet])
    candidates = [
        Candidate.of(meter, dataclasses.replace(reads, timezone=meter.timezone), start, end)
        for meter, reads in (fleet[number] for number in rng.permutation(len(fleet)))
    ]
    free = [c for c in candidates if c.free and c.meter.head_end != struck and c.meter.meter_id not in spare]
    done: list[_Done] = []
    for kind, service, size in ((kind, service, size) for kind, service, sizes in PLAN for size in sizes):
        family = FAMILIES[kind]
        candidate = _draw(family, service, size, free, registers)
        free = [other for other in free if other.meter.premise != candidate.meter.premise]
        onset, until = _when(family, start, end, rng)
        reads = family.inject(candidate.reads, onset, until, family.in_unit(size, candidate.meter.unit), seed)
        truth = Injected(kind, candidate.meter.meter_id, onset, until, family.causes, family.role)
        done.append(_Done(candidate, reads, truth))
    onset, until = _when(FAMILIES[fleet_kind], start, end, rng)
    hit = [candidate for candidate in candidates if candidate.meter.head_end == struck]
    meters = [(candidate.meter.meter_id, candidate.reads) for candidate in hit]
    done += map(_Done, hit, *zip(*strike(fleet_kind, struck, meters, onset, until, seed=seed), strict=True))
    return Scenario(
        reads={one.truth.meter_id: one.reads for one in done},
        used={one.truth.meter_id: one.used for one in done},
        meters=tuple(_ended(one.candidate.meter, one.truth) for one in done if one.truth.kind == "inactive_use"),
        truth=tuple(sorted((one.truth for one in done), key=lambda truth: (truth.onset, truth.meter_id))),
    )


class _Done(NamedTuple):
    candidate: Candidate
    reads: Reads
    truth: Injected

    @property
    def used(self) -> Float64:
        """[n] more than before."""
        change = self.reads.metered - self.candidate.reads.metered
        return change if FAMILIES[self.truth.kind].real else np.zeros(len(change))


def _ended(meter: Meter, truth: Injected) -> Meter:
    """The contract has ended at the onset, says the MDM."""
    return meter.model_copy(update={"status": "inactive", "effective_from": to_datetime(truth.onset)})


def _smallest_head_end(meters: Sequence[Meter]) -> str:
    """With enough meters, and not the only one of a service: others are to have faults of their own."""
    services: dict[str, list[str]] = {}
    for meter in meters:
        if meter.head_end:
            services.setdefault(meter.head_end, []).append(meter.service)
    enough = [
        (len(of), name)
        for name, of in services.items()
        if len(of) >= FLEET_METERS
        and set(of) <= {service for other, those in services.items() if other != name for service in those}
    ]
    if not enough:
        raise ValueError(f"a head-end with at least {FLEET_METERS} meters is needed, and another one of its services")
    return min(enough)[1]


def _when(family: Family, start: int, end: int, rng: np.random.Generator) -> tuple[int, int]:
    """Onset at a whole hour of the window, late enough to be live and early enough to be judged; and end."""
    latest = int((end - start - family.judged_days * DAY) // HOUR)
    onset = start + int(rng.integers(min(12, latest - 1), latest)) * HOUR
    return onset, end if family.lasts_days is None else min(end, onset + int(family.lasts_days * DAY))


def _draw(
    family: Family, service: str, size: float, free: Sequence[Candidate], registers: Collection[str] | None
) -> Candidate:
    for candidate in free:
        heard = family.kind != "register_mismatch" or registers is None or candidate.meter.meter_id in registers
        if heard and candidate.meter.service == service and shows(family, candidate, size):
            return candidate
    raise ValueError(f"no meter is left that would show {family.kind} of {size:g} {family.unit} ({service})")
