"""A case is one family on part of one fleet: what each detector made of the days, and what was said."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from evaluation.attacks import Attack, attack
from evaluation.branches import Branch, Grid, Trunk, last_of_days
from evaluation.fleets import ATTACKED_DAYS, Fleet
from evaluation.measures import Days
from models.domain.times import DAY
from models.scoring.policy import Policy
from simulators.judge import Verdict, judge

COMBINED = "combined score"


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One family, one fleet."""

    seed: int
    group: str
    kind: str
    days: Mapping[str, Days]
    """By detector"""
    verdict: Verdict
    clean_days: int
    """Meter-days of untouched homes after the onset"""


def cases(fleet: Fleet, seed: int, families: Mapping[str, Iterable[str]]) -> Iterator[Case]:
    """Every family in turn on a third of the fleet, its history streamed once. `families`: kinds by group."""
    trunk = Trunk(fleet, Policy.default())
    for group, kinds in families.items():
        for kind in kinds:
            done = attack(fleet, kind, seed)
            if done.truth:
                yield _case(fleet, seed, group, trunk.branch(done))


def _case(fleet: Fleet, seed: int, group: str, branch: Branch) -> Case:
    attacked = np.zeros(len(fleet.homes), np.bool_)
    attacked[list(branch.attack.truth)] = True
    days = _days(branch.attack, fleet)
    truth = list(branch.attack.truth.values())
    return Case(
        seed=seed,
        group=group,
        kind=branch.attack.kind,
        days={name: Days(grid, attacked, days) for name, grid in _grids(fleet, branch).items()},
        verdict=judge([event.model_dump(mode="json") for event in branch.events], truth, fleet.onset),
        clean_days=int((~attacked).sum()) * ATTACKED_DAYS,
    )


def _days(attack: Attack, fleet: Fleet) -> int:
    """Days that the attack lasts, begun ones included."""
    end = max(one.end for one in attack.truth.values())
    return min(ATTACKED_DAYS, max(1, -(-(end - fleet.onset) // DAY)))


def _grids(fleet: Fleet, branch: Branch) -> dict[str, Grid]:
    meter, start, score = (
        np.concatenate([getattr(part, name) for part in branch.scores]) for name in ("meter", "start", "score")
    )
    return {COMBINED: last_of_days(fleet, meter, start, score)}
