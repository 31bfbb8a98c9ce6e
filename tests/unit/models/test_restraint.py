"""A rule that says more in a fleet than there can be faults: a person looks before anything is done on its word."""

import dataclasses

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from numpy.typing import NDArray

from models.deciding.restraint import ACTED_ON, restrained, to_review
from models.domain.causes import CAUSES
from models.domain.times import DAY
from models.domain.units import SERVICES
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.scoring.rarity import PENDING_DAYS
from models.scoring.rules.measured import SHARES
from models.scoring.rules.registry import NUMBER, RULES
from models.state.closed import KEPT_DAYS
from tests import kit
from tests.unit.models.homes import COUNT, FIRST, METERS, days, known_by
from tests.unit.models.test_scores import GROWN

POWER, WATER = SERVICES.index("electricity"), SERVICES.index("water")
D3, D5, D17, E4, S2, W1, W14 = (NUMBER[rule] for rule in ("D3", "D5", "D17", "E4", "S2", "W1", "W14"))
FIELD: Policy = Policy.from_toml("[prior]\n" + "\n".join(f"{cause} = 0.02" for cause in CAUSES))
"""A utility's: faults are rare"""


def begun(**rules: int) -> NDArray[np.int32]:
    """So many anomalies opened with each."""
    counts = np.zeros(len(RULES), np.int32)
    for rule, count in rules.items():
        counts[NUMBER[rule]] = count
    return counts


def test_what_there_can_be_of_faults_is_acted_on() -> None:
    expected = 100_000 * (SHARES[POWER] @ kit.POLICY.priors) / 1000
    assert not restrained(expected.astype(np.int32), 100_000, POWER, kit.POLICY).any()
    twice = restrained((2 * expected + 20).astype(np.int32), 100_000, POWER, kit.POLICY)
    assert twice[D17]


def test_one_story_of_a_small_fleet_restrains_nothing() -> None:
    assert not restrained(begun(D5=1, D17=1, D3=1), 300, POWER, FIELD).any()
    assert restrained(begun(D5=1, D17=1, D3=4), 300, POWER, FIELD)[[D5, D17, D3]].tolist() == [False, False, True]


def test_the_quiet_rules_have_their_share_first() -> None:
    over = restrained(begun(D5=8, D17=9, D3=900), 100_000, POWER, FIELD)
    assert over[[D5, D17, D3]].tolist() == [False, False, True]


def test_flow_and_silence_and_what_nobody_acts_on_are_left_out() -> None:
    over = restrained(begun(W1=5000, W14=5000, D15=5000, D17=2), 100_000, WATER, FIELD)
    assert not over.any()
    assert not restrained(begun(S2=5000, S1=5000), 100_000, POWER, FIELD).any()


def test_an_anomaly_goes_to_review_if_all_that_it_rests_on_is_restrained() -> None:
    learnt = in_force(known_by(GROWN), kit.POLICY.models)
    known = dataclasses.replace(learnt, begun=learnt.begun + 900 * (np.isin(np.arange(len(RULES)), (D3, E4, S2))))

    def reviewed(*named: int) -> bool:
        return to_review(named, POWER, known, kit.POLICY)

    assert reviewed(D3)
    assert not reviewed(D3, D5), "another rule says so, too"
    assert not reviewed()
    assert not reviewed(S2), "nobody acts on it"
    assert reviewed(E4, S2)
    assert not to_review([D3], POWER, None, kit.POLICY), "no day has closed"


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(seed=st.integers(0, 10_000), fleet=st.sampled_from([(300, 0.45), (3_000, 0.2), (100_000, 0.13)]))
def test_what_reaches_people_falsely_is_held_whatever_the_population(seed: int, fleet: tuple[int, float]) -> None:
    """0.1 per 1,000 meter-days are stated. No fault anywhere; some rules cry wolf, all together some eight in 1,000.

    Over half a year of eight fleets, but for three weeks that have nothing to go by. Of few meters it is chance how
    many there are, so that it takes more of them to know better.
    """
    meters, most = fleet
    acted, days = 0, 0
    for number in range(8):
        rng = np.random.default_rng([seed, number])
        rates = np.where(rng.random(len(RULES)) < 0.4, 10.0 ** rng.uniform(-6, -2, len(RULES)), 0.0)
        opened = rng.poisson(rates * meters, (200, len(RULES)))
        for day in range(PENDING_DAYS + 7, len(opened)):
            counts = opened[max(0, day - KEPT_DAYS + 1) : day - PENDING_DAYS + 1]
            over = restrained(counts.sum(axis=0).astype(np.int32), meters * len(counts), POWER, FIELD)
            acted += int(opened[day, ACTED_ON & ~over].sum())
            days += meters
    assert acted <= most / 1000 * days


@pytest.mark.parametrize("age", [PENDING_DAYS - 1, PENDING_DAYS])
def test_the_last_fortnight_does_not_count_yet(age: int) -> None:
    p = known_by(GROWN)
    zone, last = p.zones[0], p.clock.closed[p.zones[0]]
    day = p.closed[zone][last - age]
    p.closed[zone][last - age] = dataclasses.replace(day, begun=np.where(np.arange(len(RULES)) == D5, 50, day.begun))
    p.learnt = None
    learnt = in_force(p, kit.POLICY.models)
    over = restrained(learnt.begun[POWER], int(learnt.days[POWER]), POWER, kit.POLICY)
    assert over[D5] == (age == PENDING_DAYS)


def test_homes_whose_use_is_even_for_days_on_end_are_looked_at_by_a_person() -> None:
    """Nothing is wrong with them: from day 20 on timers run the show for four days at a time."""

    def timed(day: int, home: int) -> bool:
        return day >= 20 and bool(np.random.default_rng([home, (day + 3 * home) // 4]).random() < 0.05)

    stream = days(0, 80)
    stream = [{**b, "values": [0.3] * 24} if timed(n // COUNT, n % COUNT) else b for n, b in enumerate(stream)]
    run = kit.run(METERS, stream, range(0, len(stream), COUNT), FIELD)
    opened = [event for _, event in run.events if event.status == "opened" and event.cause == "estimated_read_error"]
    review = {(kit.us(event.detected_at.isoformat()) - FIRST) // DAY: event.review for event in opened}
    assert not any(review[day] for day in review if day < 20 + PENDING_DAYS)
    assert all(review[day] for day in review if day > 30 + PENDING_DAYS)
    assert len(review) > 12
