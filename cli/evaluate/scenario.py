"""Folders of labelled data, made of fleets by the scenarios of `evaluation.scenario`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, get_args

from cli.errors import UnusableError
from cli.evaluate.request import Files
from evaluation.fleets import SERVICES
from evaluation.scenario import DAYS, of_head_ends, single
from evaluation.stretches import made
from simulators.files import write_fleet

Scenario = Literal["electricity", "water", "gas", "fleet"]
SCENARIOS: Final[tuple[Scenario, ...]] = get_args(Scenario)
HOMES: Final = 300


def make(
    scenario: str, sources: Sequence[str], seeds: Sequence[int], homes: int, out: Path
) -> Iterator[tuple[str, Files]]:
    """A folder in `out` for each source and seed, with its name. Raises UnusableError where there is none to be made.

    Of `SCENARIOS`, `fleet` has electricity meters whose head-ends are at fault, the others single homes.
    """
    if scenario not in SCENARIOS:
        raise UnusableError(f"--scenario {scenario}: one of {', '.join(SCENARIOS)}")
    label = of_head_ends if scenario == "fleet" else single
    services = [service for service in SERVICES if service == scenario] or ["electricity"]
    for source in sources:
        for seed in seeds:
            for fleet in made(source, seed, homes, services, DAYS):
                labelled = label(fleet, seed)
                folder = out / fleet.name
                write_fleet(labelled.homes, labelled.events, folder, labelled.telling)
                yield fleet.name, Files.in_folder(folder)
