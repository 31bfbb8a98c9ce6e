"""Detectors side by side, on vectors made up so that it is known what is odd."""

import numpy as np
import pytest

from evaluation.branches import Grid, Read
from evaluation.contest import Contest, Stream, contenders, without
from evaluation.fleets import ATTACKED_DAYS, Fleet, simulated
from evaluation.measures import Days
from models.domain.times import HOUR

FEATURES = 6
ODD = 2


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return simulated(0, 6)


def read(fleet: Fleet, first_day: int, days: int, shift: float = 0.0) -> Read:
    """A vector every three hours; those of the last `ODD` homes lie `shift` off; one feature is never known."""
    rng = np.random.default_rng(days)
    homes, slots = len(fleet.homes), 8 * days
    start = fleet.onset + (8 * first_day + np.repeat(np.arange(slots), homes)) * 3 * HOUR
    meter = np.tile(np.arange(homes, dtype=np.int32), slots)
    vector = rng.normal(size=(len(meter), FEATURES)).astype(np.float32)
    vector[meter >= homes - ODD] += shift
    vector[:, -1] = np.nan
    nothing = np.zeros((len(meter), 0), np.float32)
    return Read(meter, start, np.zeros(len(meter), np.float32), nothing, vector)


@pytest.fixture(scope="module")
def contest(fleet: Fleet) -> Contest:
    return Contest(fleet, read(fleet, -10, 10), seed=0)


def test_each_detector_finds_what_is_far_off_and_chance_does_not(fleet: Fleet, contest: Contest) -> None:
    attacked = np.arange(len(fleet.homes)) >= len(fleet.homes) - ODD
    for name, grid in contest.grids(read(fleet, 0, 3, shift=4.0)).items():
        assert grid.shape == (len(fleet.homes), ATTACKED_DAYS)
        assert np.isfinite(grid[:, :3]).all()
        assert np.isnan(grid[:, 3:]).all()
        roc = Days(grid, attacked, 1).roc()
        if name == "constant":
            assert roc == 0.5
        elif name != "random":
            assert roc > 0.9, name


def test_a_branch_does_not_teach_the_history(fleet: Fleet, contest: Contest) -> None:
    first = contest.grids(read(fleet, 0, 1))
    contest.grids(read(fleet, 0, 1, shift=4.0))
    for name, grid in contest.grids(read(fleet, 0, 1)).items():
        np.testing.assert_array_equal(grid, first[name], err_msg=name)


def test_speed_is_told_of_each(contest: Contest) -> None:
    speeds = contest.speeds()
    assert speeds.keys() == contenders(np.zeros((1, FEATURES), np.float32), 0).keys() - {"constant", "random"}
    assert min(speeds.values()) > 0


def test_vectors_that_are_hardly_known_or_suspected_are_told_apart(fleet: Fleet) -> None:
    given = read(fleet, 0, 1)
    given.vector[: len(fleet.homes), 1:] = np.nan
    given.score[-1] = 0.99
    stream = Stream.of(fleet, given)
    assert len(stream.meter) == len(given.meter) - len(fleet.homes)
    assert stream.last.sum() == len(fleet.homes)
    assert np.flatnonzero(~stream.clean).tolist() == [len(stream.meter) - 1]


def test_without_a_part_the_others_speak() -> None:
    parts: dict[str, Grid] = {"a": np.array([[1, 5]], np.float32), "b": np.array([[3, np.nan]], np.float32)}
    grids = without(parts)
    np.testing.assert_array_equal(grids["all parts"], [[3, 5]])
    np.testing.assert_array_equal(grids["without a"], [[3, np.nan]])
    np.testing.assert_array_equal(grids["without b"], [[1, 5]])
