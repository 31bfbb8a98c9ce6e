"""Detectors side by side, on vectors made up so that it is known what is odd."""

import numpy as np
import pytest

from evaluation.branches import Closed, Grid, Read
from evaluation.contest import Contest, Stream, contenders, with_forest, without
from evaluation.fleets import ATTACKED_DAYS, Fleet, simulated
from evaluation.measures import Days
from models.domain.times import HOUR
from models.scoring.rarity import NOTHING_BEGUN, NOTHING_SAID
from models.state.closed import ClosedDay

FEATURES = 6
ODD = 2


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return simulated(0, 6)


def read(fleet: Fleet, first_day: int, days: int, shift: float = 0.0) -> Read:
    """A vector every three hours; those of the last `ODD` homes lie `shift` off."""
    rng = np.random.default_rng(days)
    homes, slots = len(fleet.homes), 8 * days
    start = fleet.onset + (8 * first_day + np.repeat(np.arange(slots), homes)) * 3 * HOUR
    meter = np.tile(np.arange(homes, dtype=np.int32), slots)
    vector = rng.normal(size=(len(meter), FEATURES)).astype(np.float32)
    vector[meter >= homes - ODD] += shift
    return Read(meter, start, np.zeros(len(meter), np.float32), np.zeros((len(meter), 0), np.float32), vector)


def closed(given: Read, fleet: Fleet) -> Closed:
    """Samples of all that is read of the homes that nothing is wrong with; the others look odd."""
    nothing = np.zeros(0)
    return {
        day: ClosedDay(
            nothing,
            np.zeros(len(at), np.uint8),
            np.zeros(len(at), np.uint64),
            given.vector[at].astype(np.float16),
            np.zeros((len(at), 0), np.float32),
            given.meter[at] < len(fleet.homes) - ODD,
            np.ones(len(at), np.bool_),
            np.zeros(0, np.uint8),
            NOTHING_SAID,
            NOTHING_BEGUN,
        )
        for day in np.unique(fleet.day(given.start)).tolist()
        for at in [np.flatnonzero(fleet.day(given.start) == day)]
    }


@pytest.fixture(scope="module")
def contest(fleet: Fleet) -> Contest:
    history = read(fleet, -10, 10)
    return Contest(fleet, history, closed(history, fleet), seed=0)


def test_each_detector_finds_what_is_far_off_and_chance_does_not(fleet: Fleet, contest: Contest) -> None:
    attacked = np.arange(len(fleet.homes)) >= len(fleet.homes) - ODD
    branch = read(fleet, 0, 3, shift=4.0)
    for name, grid in contest.grids(branch, closed(branch, fleet)).items():
        assert grid.shape == (len(fleet.homes), ATTACKED_DAYS)
        assert np.isfinite(grid[:, :3]).all()
        assert np.isnan(grid[:, 3:]).all()
        roc = Days(grid, attacked, 1).roc()
        if name == "constant":
            assert roc == 0.5
        elif name != "random":
            assert roc > 0.9, name


def test_a_branch_does_not_teach_the_history(fleet: Fleet, contest: Contest) -> None:
    branch, odd = read(fleet, 0, 1), read(fleet, 0, 1, shift=4.0)
    first = contest.grids(branch, closed(branch, fleet))
    contest.grids(odd, closed(odd, fleet))
    for name, grid in contest.grids(branch, closed(branch, fleet)).items():
        np.testing.assert_array_equal(grid, first[name], err_msg=name)


def test_only_what_is_not_gated_learns_meters_that_look_odd(fleet: Fleet, contest: Contest) -> None:
    odd = read(fleet, 0, 3, shift=4.0)
    grids = contest.grids(odd, closed(odd, fleet))
    changed = {}
    for name in ("River HalfSpaceTrees", "River HalfSpaceTrees, gated"):
        changed[name] = np.nanmean(grids[name][-ODD:, 2]) - np.nanmean(grids[name][-ODD:, 0])
    assert changed["River HalfSpaceTrees"] < changed["River HalfSpaceTrees, gated"]


def test_speed_is_told_of_each(contest: Contest) -> None:
    speeds = contest.speeds()
    assert speeds.keys() == contenders(np.zeros((1, FEATURES), np.float32), 0).keys() - {"constant", "random"}
    assert min(speeds.values()) > 0


def test_vectors_that_were_not_scored_are_left_out(fleet: Fleet) -> None:
    given = read(fleet, 0, 1)
    given.vector[: len(fleet.homes)] = np.nan
    stream = Stream.of(fleet, given)
    assert len(stream.meter) == len(given.meter) - len(fleet.homes)
    assert stream.last.sum() == len(fleet.homes)


def test_without_a_part_the_others_speak() -> None:
    parts: dict[str, Grid] = {"a": np.array([[1, 5]], np.float32), "b": np.array([[3, np.nan]], np.float32)}
    grids = without(parts)
    np.testing.assert_array_equal(grids["all parts"], [[3, 5]])
    np.testing.assert_array_equal(grids["without a"], [[3, np.nan]])
    np.testing.assert_array_equal(grids["without b"], [[1, 5]])


def test_where_trees_speak_groups_do_not_count_and_the_forest_is_doubted() -> None:
    parts: dict[str, Grid] = {
        "rules": np.array([[0.0, 0.0]], np.float32),
        "base": np.array([[9.0, 9.0]], np.float32),
        "now": np.array([[8.0, 8.0]], np.float32),
        "forest": np.array([[7.0, 7.0]], np.float32),
        "theft": np.array([[1.0, np.nan]], np.float32),
    }
    grids = without(parts)
    assert grids.keys() == {"all parts"} | {f"without {name}" for name in ("rules", "forest", "theft")}
    np.testing.assert_array_equal(grids["all parts"], [[3, 9]])
    np.testing.assert_array_equal(grids["without forest"], [[1, 9]])
    np.testing.assert_array_equal(grids["without theft"], [[9, 9]])


def test_where_no_trees_speak_every_part_counts() -> None:
    silent = np.full((1, 2), np.nan, np.float32)
    grids = without({"base": np.array([[9.0, 1.0]], np.float32), "forest": np.array([[5.0, 5.0]], np.float32),
                     "theft": silent})  # fmt: skip
    np.testing.assert_array_equal(grids["without base"], [[5, 5]])
    np.testing.assert_array_equal(grids["without theft"], grids["all parts"])


def test_what_the_forest_adds_is_beside_rules_and_groups_alone() -> None:
    parts = {name: np.array([[value]], np.float32) for name, value in
             {"rules": 2, "now": 8, "base": 3, "shape": 1, "drift": 7, "forest": 4, "theft": 9}.items()}  # fmt: skip
    grids = with_forest(parts)
    assert [grid.item() for grid in grids.values()] == [3, 4]
