"""What is learnt of closed days: by cohort, since the last drift, and the same however one came to know the days."""

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any, Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.domain.units import ELECTRICITY, WATER
from models.scoring.calibrate import LEAST, table_of
from models.scoring.learnt import GROVES, GROWN, Learnt, in_force
from models.scoring.rarity import NOTHING_BEGUN, NOTHING_SAID
from models.scoring.vector import FEATURES, PARTS
from models.state.closed import COHORTS, KEPT_DAYS, LEVEL_DRIFTED, PEERS, SAMPLE, WHOLE, ClosedDay, cohort_of
from models.state.layout import COHORT, STATS
from models.state.partition import Partition
from tests import kit

_SOME: Final = hypothesis.settings(max_examples=15, derandomize=True)
_ZONE: Final = "UTC"
_FIRST: Final = 20_000
_HOMES: Final = cohort_of(ELECTRICITY, 1)
_SHOPS: Final = cohort_of(ELECTRICITY, 3)
_ALL: Final = cohort_of(ELECTRICITY, WHOLE)


def closed_day(
    day: int, readings: dict[int, int], peers: int = PEERS, late: int = 0, drifted: Iterable[int] = ()
) -> ClosedDay:
    """A day of so many sampled readings by cohort; nine of ten are taught."""
    rng = np.random.default_rng(day)
    cohort = np.repeat([*readings], [*readings.values()]).astype(np.uint8)
    count = len(cohort)
    medians = np.zeros((COHORTS, STATS), COHORT)
    for own in readings:
        medians["peers"][own] = peers
        medians["peers"][own - own % (WHOLE + 1) + WHOLE] += peers
    said = np.zeros(COHORTS, np.uint8)
    said[[*drifted]] = LEVEL_DRIFTED
    return ClosedDay(
        medians,
        cohort,
        rng.integers(0, 2**63, count, np.uint64),
        rng.normal(cohort[:, None] / 10, 1, (count, len(FEATURES))).astype(np.float16),
        rng.normal(cohort[:, None], 1, (count, len(PARTS))).astype(np.float32),
        rng.random(count) < 0.9,
        np.ones(count, np.bool_),
        said,
        NOTHING_SAID,
        NOTHING_BEGUN,
        late,
    )


def knowing(days: dict[int, ClosedDay], last: int) -> Partition:
    """A partition that has come to know the days in one go."""
    known = kit.partition([kit.meter("m", "electricity")])
    for day, of in days.items():
        known.freeze(_ZONE, day, of)
    known.clock.closed[_ZONE] = last
    return known


def learnt(known: Partition) -> Learnt:
    return in_force(known, kit.POLICY.models)


def bits(of: Learnt) -> tuple[Any, ...]:
    arrays: list[NDArray[Any]] = [of.nodes, of.grown, of.tables, of.model_of, of.many]
    return of.closed, [*of.models], *(array.tobytes() for array in arrays)


days_of: Final = st.lists(
    st.tuples(
        st.sampled_from([0, 30, 100, 256, 256, 256]),  # readings of a class
        st.sampled_from([0, 0, 20, 256]),  # and of another
        st.sampled_from([0, 0, 0, 0, 0, 1, 2, 3]),  # days late
        st.sampled_from([False] * 9 + [True]),  # drifted
    ),
    min_size=3,
    max_size=24,
)


@_SOME
@hypothesis.given(days_of, st.sets(st.integers(0, 30)))
def test_days_give_the_same_however_one_came_to_know_them(
    moves: list[tuple[int, int, int, bool]], restarts: set[int]
) -> None:
    """Groves grown in turn, with restarts in between, equal those grown at once of the days that were there by then."""
    frozen: dict[int, list[tuple[int, ClosedDay]]] = {}
    for day, (homes, shops, late, drifted) in enumerate(moves, _FIRST):
        readings = {cohort: count for cohort, count in ((_HOMES, homes), (_SHOPS, shops)) if count}
        of = closed_day(day, readings, 20 + day % 25, late, [_HOMES, _ALL] if drifted else [])
        frozen.setdefault(day + late, []).append((day, of))
    days: dict[int, ClosedDay] = {}
    living = knowing({}, _FIRST - 1)
    for last in range(_FIRST, _FIRST + len(moves) + 3):
        for day, of in frozen.get(last, []):
            living.freeze(_ZONE, day, of)
            days[day] = of
        living.clock.closed[_ZONE] = last
        now = bits(learnt(living))
        if last - _FIRST in restarts or last >= _FIRST + len(moves):
            assert bits(learnt(knowing(days, last))) == now
        if last - _FIRST in restarts:
            living = knowing(days, last)
            tomorrow = dict(frozen.get(last + 1, []))
            assert bits(learnt(knowing(days | tomorrow, last))) == now, "killed in the midst of the next close"


@functools.cache
def usual(count: int = 20) -> dict[int, ClosedDay]:
    return {day: closed_day(day, {_HOMES: SAMPLE, _SHOPS: SAMPLE}) for day in range(_FIRST, _FIRST + count)}


def model(of: Learnt, cohort: int) -> Any:
    """Number of the model that meters of a cohort are held against, and what it is made of."""
    return of.model_of[0, cohort]


def test_a_class_of_few_is_held_against_all_meters_of_the_service() -> None:
    days = usual() | {_FIRST + 19: closed_day(_FIRST + 19, {_HOMES: SAMPLE, _SHOPS: 200})}
    days[_FIRST + 19].medians["peers"][_SHOPS] = PEERS - 1
    of = learnt(knowing(days, _FIRST + 19))
    assert [*of.models] == [(_ZONE, _HOMES), (_ZONE, _ALL)]
    assert model(of, _SHOPS) == model(of, _ALL) == model(of, cohort_of(ELECTRICITY, 0)) != model(of, _HOMES)
    assert model(of, cohort_of(WATER, 1)) == 0
    assert np.isnan(of.tables[0]).all()
    assert not of.grown[0]
    assert (of.many[0, _HOMES], of.many[0, _SHOPS]) == (True, False)
    middle = [float(np.interp(np.log(2), *of.tables[model(of, cohort), 0][::-1])) for cohort in (_HOMES, _ALL)]
    assert middle[0] == pytest.approx(_HOMES, abs=0.15)
    assert middle[1] == pytest.approx((_HOMES + _SHOPS) / 2, abs=0.3)


def test_a_service_of_one_class_alone_has_one_model() -> None:
    days = {day: closed_day(day, {_HOMES: SAMPLE}) for day in range(_FIRST, _FIRST + 12)}
    of = learnt(knowing(days, _FIRST + 11))
    assert [*of.models] == [(_ZONE, _ALL)]
    assert model(of, _HOMES) == model(of, _ALL) == 1


@pytest.mark.parametrize("since", [0, 2, 5])
def test_what_was_before_a_drift_is_forgotten_as_soon_as_there_is_enough_after_it(since: int) -> None:
    """`since`: days after it. Twenty readings a day: 64 are there after three days more."""
    count = 12
    days = {day: closed_day(day, {_HOMES: 20}) for day in range(_FIRST, _FIRST + count)}
    at = _FIRST + count - 1 - since
    days[at] = dataclasses.replace(days[at], drifted=closed_day(at, {}, drifted=[_HOMES, _ALL]).drifted)
    of = learnt(knowing(days, _FIRST + count - 1))
    after = [day for day in days if day >= at]
    while 20 * len(after) < LEAST:
        after.insert(0, after[0] - 1)
    assert of.models[_ZONE, _ALL].samples == 20 * len(after)
    parts = np.concatenate([days[day].parts[days[day].of(_ALL)] for day in after])
    assert of.tables[1, 0].tobytes() == table_of(parts[:, 0]).tobytes()


def test_a_forest_is_grown_of_what_is_taught_and_stands_when_all_its_groves_do() -> None:
    days = usual()
    of = learnt(knowing(days, _FIRST + 19))
    assert of.grown[1:].all()
    assert of.nodes.shape[1] == int(kit.POLICY.models["trees"])
    assert sorted(grove[0] for grove in of.models[_ZONE, _HOMES].groves if grove) == [*range(_FIRST + 12, _FIRST + 20)]
    nothing = {day: dataclasses.replace(kept, taught=kept.taught & False) for day, kept in days.items()}
    without = learnt(knowing(nothing, _FIRST + 19))
    assert not without.grown.any()
    assert without.tables.tobytes() == of.tables.tobytes()
    young = {day: days[day] for day in range(_FIRST, _FIRST + GROVES)}
    assert young[_FIRST].taught[young[_FIRST].of(_HOMES)].sum() < GROWN
    too_young = learnt(knowing(young, _FIRST + GROVES - 1))
    assert not too_young.grown.any(), "the first day alone was too little"
    assert too_young.model_of[0, _HOMES] > 0
    assert not too_young.many.any(), "and without a forest models are not asked alone"


def test_days_are_kept_for_as_long_as_they_may_be_asked_for() -> None:
    days = {day: closed_day(day, {_HOMES: 9}) for day in range(_FIRST, _FIRST + 2 * KEPT_DAYS)}
    known = knowing(days, max(days))
    assert sorted(known.closed[_ZONE]) == sorted(days)[-KEPT_DAYS:]
    compacted = dict(known.changes())
    again = kit.partition([kit.meter("m", "electricity")])
    for key, value in compacted.items():
        again.apply(key, value)
    assert bits(learnt(again)) == bits(learnt(known))


def test_a_closed_day_is_written_and_read_bit_for_bit() -> None:
    of = closed_day(_FIRST, {_HOMES: 100, _SHOPS: 7}, late=2, drifted=[_ALL])
    again = ClosedDay.from_bytes(of.body)
    assert again.body == of.body
    assert again.late == 2
    for field in dataclasses.fields(ClosedDay):
        if field.name != "late":
            a, b = getattr(again, field.name), getattr(of, field.name)
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes()
