"""The whole evaluation: sources, seeds, families; figures out."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any, Final

from evaluation.attacks import GROUPS, Families
from evaluation.cases import Measured, measure
from evaluation.figures import figures
from evaluation.fleets import SERVICES
from evaluation.stretches import made

Progress = Callable[[str, int, int], None]
_QUICK: Final[Families] = {
    "electricity": {"theft": ("h1", "h5", "h6"), "read errors": ("x10",)},
    "water": {"pipes": ("leak",)},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be evaluated."""

    sources: tuple[str, ...] = ("simulated", "packaged")
    """see `evaluation.stretches.made`"""
    seeds: tuple[int, ...] = (10, 11, 12)
    homes: int = 60
    families: Families = dataclasses.field(default_factory=lambda: GROUPS)

    @classmethod
    def quick(cls, sources: tuple[str, ...], seed: int) -> "Wanted":
        """In a minute and a half: one seed, fewer homes and families."""
        return cls(sources, (seed,), 24, _QUICK)


def evaluate(wanted: Wanted, progress: Progress) -> dict[str, Any]:
    """Figures by source and service, see `evaluation.figures`; `progress` is called with each fleet done."""
    results: dict[str, Any] = {}
    count = len(wanted.sources) * len(wanted.seeds)
    services = [service for service in SERVICES if wanted.families.get(service)]
    for at, source in enumerate(wanted.sources):
        found: dict[str, list[Measured]] = {}
        for n, seed in enumerate(wanted.seeds):
            for fleet in made(source, seed, wanted.homes, services):
                found.setdefault(fleet.service, []).append(measure(fleet, seed, wanted.families[fleet.service]))
            progress("fleets", at * len(wanted.seeds) + n + 1, count)
        for service in services:
            if any(one.cases for one in found.get(service, ())):
                results[f"{pathlib.Path(source).name}, {service}"] = figures(found[service])
    return {"homes": wanted.homes, "fleets": results}
