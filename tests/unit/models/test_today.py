"""A day that is ending counts as it will when it is learnt, and nothing of it is kept before."""

from typing import Any, Final

import numpy as np
import pytest

from models import pipeline
from models.baseline import today
from models.domain.times import DAY
from models.scoring.detectors import theft
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.scoring.vector import THEFT
from models.state.layout import COHORT, ROW, STATS
from models.state.partition import Partition
from tests import kit
from tests.unit.models.homes import COUNT, FIRST, days, known_by, told

_TODAY: Final[Any] = today
_THEFT: Final[Any] = theft
"""Kernels have no types."""
BEGUN: Final = 20
DAY_OF: Final = FIRST // DAY + BEGUN


def ahead_of(p: Partition, home: int, medians: Any) -> Any:
    """The home's row with the day that has ended and is not closed."""
    ahead = np.empty(1, ROW)
    ahead[0] = p.rows[home]
    at = (p.ring, p.ring_at[home], p.exact, p.exact_at[home], DAY_OF, p.midnights[p.facts["zone"][p.fact_of[home]]])
    _TODAY.add_today(ahead.view(np.recarray)[0], *at, medians)
    return ahead[0]


def after(count: int, turned: int = -1) -> Partition:
    run = kit.Run(known_by(BEGUN))
    run.feed(days(BEGUN, BEGUN + count, turned=turned), offset=BEGUN * COUNT)
    return told(run.partition)


@pytest.mark.parametrize("home", [0, 7, 33])
def test_it_is_what_the_close_of_the_day_makes_of_it(home: int) -> None:
    """With the same peers, for the day's own are known at its close alone."""
    ended, closed = after(1), after(2)
    known = closed.closed["UTC"][DAY_OF]
    medians = next(m for m in known.medians if m["peers"].max() == COUNT)
    ahead = ahead_of(ended, home, medians)
    assert ended.rows["learnt_day"][home] == DAY_OF - 1
    assert closed.rows["learnt_day"][home] == DAY_OF
    for name in ("slow", "fast"):
        assert ahead["stats"][name].tolist() == closed.rows["stats"][name][home].tolist()


def test_the_row_itself_is_left_alone() -> None:
    p = after(1)
    before = p.rows[3].tobytes()
    ahead_of(p, 3, np.zeros(STATS, COHORT))
    assert p.rows[3].tobytes() == before


def test_half_a_day_is_no_day() -> None:
    p = known_by(BEGUN)
    kit.Run(p).feed([kit.block(FIRST + BEGUN * DAY, [1.0] * 10, "home0")], offset=BEGUN * COUNT)
    assert ahead_of(p, 0, np.zeros(STATS, COHORT)).tobytes() == p.rows[0].tobytes()


def test_the_last_reading_of_a_day_is_scored_with_it() -> None:
    """How theft-like a home looks moves with the last reading of a day and at its close, and keeps still in between."""
    p = known_by(32)
    (said,) = pipeline.detect(kit.columns(days(32, 33), p, 32 * COUNT), p, kit.POLICY, scores=True).scores
    mine = said.parts[said.meter == p.meter_ids.index("home5"), THEFT]
    assert len(mine) == 24
    assert np.ptp(mine[:-1]) == 0
    assert mine[-1] != mine[0]


def looks(p: Partition) -> Any:
    """What the trees see of the homes as the day that is not closed ends."""
    seen = np.zeros((COUNT, theft.SEEN), np.float32)
    medians = in_force(p, kit.POLICY.models).medians
    day = int(p.rows["closed_day"].max()) + 1
    _THEFT.looks(
        p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, day, medians, seen
    )  # fmt: skip
    return seen


def test_hours_that_are_turned_round_are_seen_as_such() -> None:
    """Below zero is nearer to the reverse, in any home: no deviations of its own come into it."""
    over_7_days, over_3_days = looks(after(5, turned=7))[:, theft.IN_ORDER : theft.DROP].T
    others = np.arange(COUNT) != 7
    assert over_3_days[7] < 0
    assert np.all(over_3_days[others] > 0)
    assert np.argmin(over_7_days) == 7


# The trees ------------------------------------------------------------------------------------------------------------


def test_the_shipped_trees_come_back_from_their_bytes() -> None:
    trees = theft.shipped()
    assert len(trees) > 0
    assert trees["feature"].max() < theft.SEEN
    assert theft.from_bytes(theft.to_bytes(trees)).tobytes() == trees.tobytes()
    assert theft.digest(trees) != theft.digest(theft.none())


def test_without_trees_nothing_is_called_theft_like() -> None:
    policy = Policy.from_toml("models.theft = 0")
    assert len(in_force(known_by(BEGUN), policy.models).theft) == 0
