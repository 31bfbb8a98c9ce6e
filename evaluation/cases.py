"""A case is one family on part of one fleet: what each detector made of the days, and what was said."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from evaluation.attacks import Attack, attack
from evaluation.branches import Branch, Grid, Trunk, last_of_days
from evaluation.contest import Contest, without
from evaluation.fleets import ATTACKED_DAYS, Fleet
from evaluation.measures import Days
from models.domain.times import DAY
from models.scoring.policy import Policy
from models.scoring.vector import FOREST, PARTS
from simulators.judge import Verdict, judge

COMBINED: Final = "combined score"
OUR_FOREST: Final = "the pipeline's forest"


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One family, one fleet."""

    seed: int
    group: str
    kind: str
    days: Mapping[str, Mapping[str, Days]]
    """`detectors`, `parts` of the combined score, and what it is `without` one: by name"""
    verdict: Verdict
    clean_days: int
    """Meter-days of untouched homes after the onset"""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """A fleet with every family in turn."""

    cases: tuple[Case, ...]
    speeds: Mapping[str, float]
    """Readings or vectors a second of processor time, by detector; of the combined score with all that the pipeline
    does"""


def measure(fleet: Fleet, seed: int, families: Mapping[str, Iterable[str]]) -> Measured:
    """Every family in turn on a third of the fleet, its history streamed once. `families`: kinds by group."""
    trunk = Trunk(fleet, Policy.default())
    contest = Contest(fleet, trunk.read, trunk.closed, seed)
    done = ((group, attack(fleet, kind, seed)) for group, kinds in families.items() for kind in kinds)
    cases = tuple(_case(fleet, seed, group, trunk.branch(one), contest) for group, one in done if one.truth)
    return Measured(cases, {COMBINED: trunk.speed, **contest.speeds()})


def _case(fleet: Fleet, seed: int, group: str, branch: Branch, contest: Contest) -> Case:
    attacked = np.zeros(len(fleet.homes), np.bool_)
    attacked[list(branch.attack.truth)] = True
    days = _days(branch.attack, fleet)
    truth = list(branch.attack.truth.values())
    return Case(
        seed=seed,
        group=group,
        kind=branch.attack.kind,
        days={
            table: {name: Days(grid, attacked, days) for name, grid in grids.items()}
            for table, grids in _grids(fleet, branch, contest).items()
        },
        verdict=judge([event.model_dump(mode="json") for event in branch.events], truth, fleet.onset),
        clean_days=int((~attacked).sum()) * ATTACKED_DAYS,
    )


def _days(attack: Attack, fleet: Fleet) -> int:
    """Days that the attack lasts, begun ones included."""
    end = max(one.end for one in attack.truth.values())
    return min(ATTACKED_DAYS, max(1, -(-(end - fleet.onset) // DAY)))


def _grids(fleet: Fleet, branch: Branch, contest: Contest) -> dict[str, dict[str, Grid]]:
    read = branch.read
    parts = {name: last_of_days(fleet, read.meter, read.start, read.parts[:, n]) for n, name in enumerate(PARTS)}
    detectors = {
        COMBINED: last_of_days(fleet, read.meter, read.start, read.score),
        OUR_FOREST: parts[PARTS[FOREST]],
        **contest.grids(read, branch.closed),
    }
    return {"detectors": detectors, "parts": parts, "without": without(parts)}
