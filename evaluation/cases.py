"""A case is one family on part of one fleet: what each detector made of the days, and what was said."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from evaluation.attacks import attack
from evaluation.branches import Branch, Grid, Trunk, last_of_days
from evaluation.changes import Alarms, changed
from evaluation.contest import TREES, Contest, with_forest, without
from evaluation.fleets import ATTACKED_DAYS, Fleet
from evaluation.judge import Verdict, judge
from evaluation.measures import Days
from evaluation.opened import opened
from models.scoring.policy import Policy
from models.scoring.vector import FOREST, PARTS

COMBINED: Final = "combined score"
OUR_FOREST: Final = "the pipeline's forest"


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One family, one fleet."""

    seed: int
    group: str
    kind: str
    days: Mapping[str, Mapping[str, Days]]
    """`detectors`, `parts` of the combined score with what the rules have open, what all are `without` one, and all
    that are `untrained`, and rules and groups with and without the `forest`: by name"""
    verdict: Verdict
    by_rules: Verdict
    """Without what the models say"""
    clean_days: int
    """Meter-days of untouched homes after the onset"""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """A fleet with every family in turn."""

    cases: tuple[Case, ...]
    speeds: Mapping[str, float]
    """Readings or vectors a second of processor time, by detector; of the combined score with all that the pipeline
    does"""
    changes: Mapping[str, Mapping[str, Alarms]]
    """See `evaluation.changes`"""


def measure(fleet: Fleet, seed: int, families: Mapping[str, Iterable[str]]) -> Measured:
    """Every family in turn on part of the fleet, its history streamed once. `families`: kinds by group."""
    trunk, by_rules = (
        Trunk(fleet, Policy.default()),
        Trunk(fleet, Policy.from_toml("rules.S1.on = false\nrules.S2.on = false")),
    )
    contest = Contest(fleet, trunk.read, trunk.closed, seed)
    cases = []
    for group, kinds in families.items():
        for kind in kinds:
            if (done := attack(fleet, kind, seed)).truth:
                verdict = _judged(by_rules.branch(done), fleet)
                cases.append(_case(trunk, seed, group, trunk.branch(done), verdict, contest))
    return Measured(tuple(cases), {COMBINED: trunk.speed, **contest.speeds()}, changed(trunk))


def _case(trunk: Trunk, seed: int, group: str, branch: Branch, by_rules: Verdict, contest: Contest) -> Case:
    fleet = trunk.fleet
    attacked = np.zeros(len(fleet.homes), np.bool_)
    attacked[list(branch.attack.truth)] = True
    days = branch.attack.days(fleet)
    return Case(
        seed=seed,
        group=group,
        kind=branch.attack.kind,
        days={
            table: {name: Days(grid, attacked, days) for name, grid in grids.items()}
            for table, grids in _grids(trunk, branch, contest).items()
        },
        verdict=_judged(branch, fleet),
        by_rules=by_rules,
        clean_days=int((~attacked).sum()) * ATTACKED_DAYS,
    )


def _judged(branch: Branch, fleet: Fleet) -> Verdict:
    lines = [event.model_dump(mode="json") for event in branch.events]
    return judge(lines, list(branch.attack.truth.values()), fleet.onset)


def _grids(trunk: Trunk, branch: Branch, contest: Contest) -> dict[str, dict[str, Grid]]:
    fleet, read = trunk.fleet, branch.read
    of_models = {name: last_of_days(fleet, read.meter, read.start, read.parts[:, n]) for n, name in enumerate(PARTS)}
    detectors = {
        COMBINED: last_of_days(fleet, read.meter, read.start, read.score),
        OUR_FOREST: of_models[PARTS[FOREST]],
        **contest.grids(read, branch.closed),
    }
    parts = {"rules": opened(fleet, trunk.events + branch.events, trunk.rarity), **of_models}
    untrained = {name: grid for name, grid in parts.items() if name != TREES}
    return {
        "detectors": detectors,
        "parts": parts,
        "without": without(parts),
        "untrained": without(untrained),
        "forest": with_forest(parts),
    }
