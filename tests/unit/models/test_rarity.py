"""How rare a finding is: by what was measured elsewhere at first, by the fleet's own days with time."""

import dataclasses
from typing import Any, Final

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from numpy.typing import NDArray

from models.domain.times import DAY, SECOND
from models.domain.units import SERVICES
from models.scoring.learnt import in_force
from models.scoring.rarity import NEWS, NOTHING_SAID, PENDING_DAYS, rarity_of
from models.scoring.rules.measured import FALSE_DAYS
from models.scoring.rules.registry import NUMBER, RULES
from tests import kit
from tests.unit.models.homes import COUNT, known_by
from tests.unit.models.test_scores import GROWN, NEXT, frozen

POWER: Final = SERVICES.index("electricity")
D12, D13, S2 = (NUMBER[rule] for rule in ("D12", "D13", "S2"))


def said(meters: int, **rules: int) -> NDArray[np.int32]:
    """A day of so many electricity meters, of which each rule spoke on so many."""
    day = NOTHING_SAID.copy()
    day[POWER, -1] = meters
    for rule, count in rules.items():
        day[POWER, NUMBER[rule]] = count
    return day


def test_at_first_it_is_as_rare_as_measured_elsewhere() -> None:
    rarity, known = rarity_of(NOTHING_SAID), FALSE_DAYS > 0
    np.testing.assert_allclose(np.exp(-rarity[known]), FALSE_DAYS[known], rtol=1e-9)
    assert not rarity[~known].any(), "what models say is in the score already"


def test_what_a_fleet_has_every_day_is_not_rare_there() -> None:
    shifts = rarity_of(40 * said(1000, D12=50))[POWER]
    assert np.exp(-shifts[D12]) == pytest.approx(0.05, rel=0.3)
    assert shifts[D13] > rarity_of(NOTHING_SAID)[POWER, D13], "it was never heard here"
    assert shifts[S2] == 0


def test_one_story_does_not_change_it_much() -> None:
    before, after = (rarity_of(said(300, D12=spoke))[POWER, D12] for spoke in (0, 2))
    assert before - 0.5 < after < before


@hypothesis.given(st.integers(0, 1000))
def test_all_findings_together_are_as_rare_as_they_say(seed: int) -> None:
    """Whatever rules speak how often: of clean days no more than a share x have a finding as rare as x."""
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(FALSE_DAYS[POWER])
    shares = np.where(rng.random(len(known)) < 0.3, 10.0 ** rng.uniform(-5, -1.5, len(known)), 0.0)
    spoke = rng.random((20_000, len(known))) < shares
    day = NOTHING_SAID.copy()
    day[POWER, known], day[POWER, -1] = spoke.sum(axis=0), len(spoke)
    rarity = rarity_of(200 * day)[POWER, known]
    rarest = np.where(spoke, rarity, 0.0).max(axis=1)
    for rate in (0.05, 0.01, 0.001):
        assert np.mean(rarest >= -np.log(rate)) <= 1.05 * rate, "what was measured elsewhere weighs a little"


def test_the_last_fortnight_does_not_count_yet() -> None:
    p = known_by(GROWN)
    zone, last = p.zones[0], p.clock.closed[p.zones[0]]
    for age, counts in ((PENDING_DAYS - 1, False), (PENDING_DAYS, True)):
        day = p.closed[zone][last - age]
        p.closed[zone][last - age] = dataclasses.replace(day, said=said(10_000, D12=10_000))
        p.learnt = None
        assert (in_force(p, kit.POLICY.models).rarity[POWER, D12] < 1) == counts


def test_a_day_keeps_of_how_many_warm_meters_each_rule_spoke() -> None:
    p = known_by(GROWN)
    begin = NEXT * DAY
    assert (frozen(p).said[POWER, [D12, -1]] == [0, COUNT]).all()
    p.rows["days"][0] = 6

    def open_(meter: int, family: int, rules: int, last: int, since: int = begin) -> None:
        episode: Any = p.rows["episodes"][meter, family]
        episode["opened"], episode["rules"], episode["last"], episode["start"] = begin, rules, last // SECOND, since
        episode["detected_at"] = since

    open_(0, 0, 1 << D12, begin)  # not warm
    open_(1, 0, 1 << D12 | 1 << D13, begin)
    open_(1, 1, 1 << D12, begin)
    open_(2, 0, 1 << D12, begin - SECOND)  # it has not spoken since
    open_(3, 0, 1 << D12, begin + DAY, begin + DAY - NEWS)  # no news
    open_(4, 0, 1 << S2, begin)
    closed = frozen(p)
    counted = closed.said
    opened = {RULES[n].id: int(closed.begun[POWER, n]) for n in np.flatnonzero(closed.begun[POWER])}
    assert opened == {"D12": 2, "D13": 1, "S2": 1}, "also if it has not spoken since"
    assert {RULES[n].id: int(counted[POWER, n]) for n in np.flatnonzero(counted[POWER, :-1])} == {
        "D12": 1,
        "D13": 1,
        "S2": 1,
    }
    assert counted[:, -1].tolist() == [COUNT - 1 if service == POWER else 0 for service in range(len(SERVICES))]
