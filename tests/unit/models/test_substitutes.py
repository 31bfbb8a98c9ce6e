"""Substitute values: which are proposed, how, and what must hold whatever is missing."""

from typing import Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from models.domain.quality import ABSENT, ESTIMATED, MISSING, QUESTIONABLE, VALID
from models.domain.times import DAY, HOUR
from models.pipeline import detect
from models.scoring.substitutes import CATCH_UP, INTERPOLATED, REFERENCE_DAYS, Slots, Substitute, propose
from models.state import ring
from tests import kit

LAST: Final = 7
"""The day that closed; a Thursday, as the first of 1970 was, so that days 2 and 3 are a weekend."""
NO_OUTAGE: Final = (-1, -1)


def slots(values: dict[int, float | None], ranks: dict[int, int] | None = None) -> Slots:
    """Nine days of hours, 10 + hour each and twice as much on weekends, but for those of day `LAST` that are given."""
    day, hour = np.divmod(np.arange(9 * 24, dtype=np.int32), np.int32(24))
    value = (10.0 + hour) * np.where(np.isin(day, (2, 3)), 2, 1)
    rank = np.full(len(day), VALID, np.uint8)
    for at, given_value in values.items():
        value[LAST * 24 + at] = np.nan if given_value is None else given_value
        rank[LAST * 24 + at] = ABSENT if given_value is None else VALID
    for at, given in (ranks or {}).items():
        rank[LAST * 24 + at] = given
    return Slots(day, hour, np.arange(len(day)) * HOUR, value, rank)


def proposed(of: Slots, outage: tuple[int, int] = NO_OUTAGE, doubtful: bool = False) -> dict[int, tuple[float, str]]:
    """Hour of day `LAST` -> value and method."""
    found = propose(of, LAST, interval=HOUR, grid=0.1, outage=outage, doubtful=doubtful)
    return {(start - LAST * DAY) // HOUR: (value, method) for start, value, method in found}


def test_two_hours_are_interpolated() -> None:
    assert proposed(slots({5: None, 6: None})) == {5: (15.0, INTERPOLATED), 6: (16.0, INTERPOLATED)}


def test_more_takes_reference_days_of_the_same_kind() -> None:
    found = proposed(slots(dict.fromkeys(range(5, 8))))
    assert found == {hour: (10.0 + hour, REFERENCE_DAYS) for hour in (5, 6, 7)}


def test_estimates_count_as_missing_where_they_are_in_doubt() -> None:
    of = slots({5: 99.0, 6: 99.0, 7: 99.0}, dict.fromkeys((5, 6, 7), ESTIMATED))
    assert proposed(of) == {}
    assert proposed(of, doubtful=True) == {hour: (10.0 + hour, REFERENCE_DAYS) for hour in (5, 6, 7)}


def test_a_catch_up_is_spread_like_other_days() -> None:
    found = proposed(slots({**dict.fromkeys(range(5, 8)), 8: 132.0}, {8: ring.CATCH_UP}))
    assert found == {hour: (2 * (10.0 + hour), CATCH_UP) for hour in (5, 6, 7, 8)}


def test_an_outage_is_no_end_point() -> None:
    """Nothing for hours 6 to 8; what is beside it takes reference days, though it is short."""
    of, outage = slots(dict.fromkeys(range(5, 9))), (LAST * DAY + 6 * HOUR, LAST * DAY + 9 * HOUR)
    assert proposed(of, outage) == {5: (15.0, REFERENCE_DAYS)}
    beside = slots({5: None, 9: None}), (LAST * DAY + 6 * HOUR, LAST * DAY + 9 * HOUR)
    assert proposed(*beside) == {5: (15.0, REFERENCE_DAYS), 9: (19.0, REFERENCE_DAYS)}


what_came = st.lists(
    st.sampled_from([VALID, VALID, ABSENT, MISSING, QUESTIONABLE, ESTIMATED]), min_size=24, max_size=24
)


@hypothesis.settings(max_examples=60, derandomize=True)
@hypothesis.given(
    what_came, st.integers(0, 23), st.integers(0, 6), st.one_of(st.none(), st.integers(1, 23)), st.integers(0, 999)
)
def test_what_always_holds(ranks: list[int], dark: int, length: int, caught: int | None, tenths: int) -> None:
    outage = (LAST * DAY + dark * HOUR, LAST * DAY + (dark + length) * HOUR)
    given = dict(enumerate(ranks))
    if (
        caught is not None
        and ranks[caught - 1] in (ABSENT, MISSING, QUESTIONABLE)
        and not dark <= caught < dark + length
    ):
        given[caught] = ring.CATCH_UP
    values = {hour: None if rank in (ABSENT, MISSING) else tenths / 10 for hour, rank in given.items()}
    of = slots(values, given)
    found = proposed(of, outage)
    spread = [value for value, method in found.values() if method == CATCH_UP]
    if ring.CATCH_UP in given.values():
        assert sum(spread) == pytest.approx(tenths / 10, abs=1e-9)
    else:
        assert spread == []
    lacks = {hour for hour, rank in given.items() if rank in (ABSENT, MISSING, QUESTIONABLE, ring.CATCH_UP)}
    assert set(found) == {hour for hour in lacks if not dark <= hour < dark + length}
    for value, method in found.values():
        assert method == CATCH_UP or abs(10 * value - round(10 * value)) < 1e-6
        assert value >= 0


def test_they_come_as_a_day_closes() -> None:
    """A home that uses the same every day; two hours are lost on the ninth."""
    known, stream = kit.partition([kit.meter()]), []
    for day in range(11):
        values: list[float | None] = [10.0 + hour for hour in range(24)]
        if day == 8:
            values[5] = values[6] = None
        stream.append(kit.block(kit.us("2024-01-08") + day * DAY, values))
    said: list[Substitute] = []
    for n, each in enumerate(stream):
        outcome = detect(kit.columns([each], known, n), known, kit.POLICY, substitutes=True)
        said += outcome.substitutes or []
    start = kit.us("2024-01-16T05:00")
    assert said == [
        Substitute("m", start, 15.0, INTERPOLATED),
        Substitute("m", start + HOUR, 16.0, INTERPOLATED),
    ]
