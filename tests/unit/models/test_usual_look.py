"""What a home's ordinary life looks like is held against how theft-like it looks now; theft itself is not, yet."""

from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scoring.detectors import theft
from models.state.layout import new_rows

_THEFT: Final[Any] = theft
"""Kernels have no types."""
BEGUN: Final = 20_000
HONEST: Final = -1.5


def closed(odds: list[float]) -> Any:
    """A row whose days looked like theft with these log odds, one after another."""
    row = new_rows(1).view(np.recarray)[0]
    row.closed_day = BEGUN - 1
    for n, day in enumerate(odds):
        _THEFT.remember(row, BEGUN + n, day)
        row.closed_day = BEGUN + n
    return row


def now(row: Any, odds: float) -> float:
    return float(_THEFT.beyond_usual(row, odds))


def test_a_home_that_never_looked_like_theft_is_taken_as_it_looks() -> None:
    assert now(closed([HONEST] * 60), 4.0) == 4.0
    assert now(closed([]), 4.0) == 4.0


def test_half_of_what_passed_is_taken_off() -> None:
    assert now(closed([HONEST, 3.0] + [HONEST] * 19), 4.0) == pytest.approx(2.5)


@given(st.lists(st.floats(-6, 0), max_size=40), st.lists(st.floats(0, 8), min_size=1, max_size=10))
def test_theft_does_not_account_for_its_first_ten_days(before: list[float], stolen: list[float]) -> None:
    assert now(closed(before + stolen), stolen[-1]) == stolen[-1]


def test_it_is_forgotten() -> None:
    passed = closed([3.0] + [HONEST] * 20), closed([3.0] + [HONEST] * 35), closed([3.0] + [HONEST] * 65)
    assert [now(row, 4.0) for row in passed] == sorted(now(row, 4.0) for row in passed)
    assert now(passed[0], 4.0) < now(passed[1], 4.0)
    assert now(passed[-1], 4.0) == 4.0


def test_days_of_which_nothing_is_known_say_nothing() -> None:
    unknown = closed([float("nan")] * 30)
    assert now(unknown, 4.0) == 4.0
    assert np.isnan(now(unknown, float("nan")))


@given(st.lists(st.floats(-6, 8), max_size=90), st.floats(-6, 8))
def test_it_never_speaks_for_theft(past: list[float], odds: float) -> None:
    assert now(closed(past), odds) <= odds
