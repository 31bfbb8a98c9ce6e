"""A branch is what a straight run over the same reads gives."""

import numpy as np
import pytest

from evaluation.attacks import attack
from evaluation.branches import Read, Trunk, stream
from evaluation.fleets import Fleet, simulated
from models.domain.times import DAY, NEVER
from models.scoring.policy import Policy


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return simulated(3, 8)


@pytest.fixture(scope="module")
def trunk(fleet: Fleet) -> Trunk:
    return Trunk(fleet, Policy.default())


@pytest.mark.parametrize("kind", ["h5", "stopped"])
def test_branch_equals_a_straight_run(fleet: Fleet, trunk: Trunk, kind: str) -> None:
    done = attack(fleet, kind, seed=3)
    branch = trunk.branch(done)
    straight = list(stream(fleet.partition(), Policy.default(), done.reads, NEVER, fleet.end + DAY))
    read = Read.of([scores for outcome in straight for scores in outcome.scores])
    whole = [np.concatenate((getattr(trunk.read, name), getattr(branch.read, name))) for name in Read.__slots__]
    for name, column in zip(Read.__slots__, whole, strict=True):
        np.testing.assert_array_equal(column, getattr(read, name), err_msg=name)
    events = [event for outcome in straight for _, event in outcome.events]
    assert branch.events
    assert list(branch.events) == events[-len(branch.events) :]


def test_branches_leave_each_other_alone(fleet: Fleet, trunk: Trunk) -> None:
    first = trunk.branch(attack(fleet, "h2", seed=3))
    trunk.branch(attack(fleet, "x10", seed=3))
    again = trunk.branch(attack(fleet, "h2", seed=3))
    assert first.events == again.events
    np.testing.assert_array_equal(first.read.score, again.read.score)


def test_an_attack_changes_a_sixth_of_the_homes_and_nothing_before_the_onset(fleet: Fleet) -> None:
    done = attack(fleet, "h1", seed=3)
    changed = {
        number
        for number, (home, reads) in enumerate(zip(fleet.homes, done.reads, strict=True))
        if not np.array_equal(home.reads.value, reads.value, equal_nan=True)
    }
    assert changed == set(done.truth)
    assert len(changed) == 2
    for number in changed:
        before = fleet.homes[number].reads.start < fleet.onset
        np.testing.assert_array_equal(fleet.homes[number].reads.value[before], done.reads[number].value[before])
