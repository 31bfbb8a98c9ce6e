"""What is done to fleets so that it can be found: every family that is judged, by scenario."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Final

from evaluation.fleets import Service
from simulators.faults import FAMILIES, Family

JOKAR_LEFT: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Share of the use that h1 leaves, Jokar et al. (2016)."""
FLEET: Final = ("head_end_outage", "firmware_flat", "unit_step")
"""What happens to all meters of a head-end at once."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A kind of event, as its label says."""

    kind: str
    family: Family
    sizes: tuple[float, ...]
    """In the family's unit; one is drawn for each home"""


def _of(service: Service, *names: str) -> Iterator[Entry]:
    """`name` with the family's sizes, where it happens to the service."""
    for name in names:
        if service in FAMILIES[name].services:
            yield Entry(name, FAMILIES[name], FAMILIES[name].sizes[service])


def _sized(kind: str, family: str, *sizes: float) -> Entry:
    return Entry(kind, FAMILIES[family], sizes)


def _every(service: Service) -> tuple[Entry, ...]:
    """Read errors, and lives that look like a fault."""
    return (
        *_of(service, "flat_estimates", "flat_estimates_true_up", "prolonged_estimation", "flat_valid", "copied_day"),
        *_of(service, "stopped", "register_mismatch", "x10"),
        _sized("clock_shift", "clock_shift", 3),
        *_of(service, "vacation", "tenancy", "baby", "season", "guests"),
    )


_UNTIL_TOLD: Final = Entry("stopped", dataclasses.replace(FAMILIES["stopped"], lasts_days=14), (1,))
"""Of gas, which may well rest for days: G5 and D17 let a fortnight pass."""
CATALOGUE: Final[Mapping[Service, tuple[Entry, ...]]] = {
    "electricity": (
        _sized("h1", "h1", *JOKAR_LEFT),
        *_of("electricity", "h2", "h3", "h4", "h5", "h6", "bypass_50", "bypass_30", "bypass_15"),
        *_of("electricity", "one_circuit", "ramp", "weekends_only", "evenings_only", "ev", "solar"),
        *_every("electricity"),
    ),
    "water": (
        *(_sized(f"leak_{flow}", "leak", flow) for flow in (1, 3, 10, 30)),
        *_of("water", "toilet", "burst", "irrigation"),
        *_every("water"),
    ),
    "gas": (
        *(_sized(f"leak_{flow}", "leak", flow) for flow in (30, 60, 150)),
        *_of("gas", "growing_leak", "burst", "bypass_70", "bypass_50"),
        *(_UNTIL_TOLD if entry.kind == "stopped" else entry for entry in _every("gas")),
    ),
}
