"""The policy's table `models`: what the forests and tables of closed days are made with."""

import dataclasses

import pytest

from models.domain.errors import PolicyError
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.state.closed import WHOLE, cohort_of
from models.state.partition import Partition
from tests.support.fleets import stream


def test_forests_may_be_exchanged_for_half_space_trees() -> None:
    """The same closed days, other trees: only the forest's part changes, and back again gives the first forest."""
    policy, partition = Policy.default(), Partition()
    stream(partition, policy, meters=12, days=27)
    first = in_force(partition, policy.models)
    other = in_force(partition, dict(policy.models) | {"half_space": 1.0})
    cohort = ("UTC", cohort_of(0, WHOLE))
    assert first.models[cohort].grown
    assert other.models[cohort].grown
    assert other.nodes.shape != first.nodes.shape
    assert other.tables.tobytes() == first.tables.tobytes()
    assert in_force(partition, policy.models).nodes.tobytes() == first.nodes.tobytes()


def test_readings_are_scored_with_half_space_trees_in_force() -> None:
    policy = Policy.default()
    policy = dataclasses.replace(policy, models=dict(policy.models) | {"half_space": 1.0})
    last = stream(Partition(), policy, meters=12, days=26)[-1]
    assert ((last.score >= 0) & (last.score <= 1)).all()


@pytest.mark.parametrize("text", ["trees = 7", "window = 255", "leaf = 1", "forests = 3"])
def test_what_makes_no_forest_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=rf"models\.{text.split()[0]}"):
        Policy.from_toml(f"[models]\n{text}\n")
