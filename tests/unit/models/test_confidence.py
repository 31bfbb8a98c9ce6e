"""How sure a cause is: what must hold of any rules, any service and any prior."""

import dataclasses
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deciding.confidence import chances, under
from models.domain.causes import CAUSES
from models.domain.units import SERVICES
from models.scoring.policy import Policy
from models.scoring.rules.catalogue import model
from models.scoring.rules.measured import FALSE_DAYS, ODDS, OWN, openings
from models.scoring.rules.registry import NUMBER, RULES

DEFAULT: Final = Policy.default()


@st.composite
def spoken(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A service, and some of its rules."""
    service = draw(st.integers(0, len(SERVICES) - 1))
    own = [n for n, rule in enumerate(RULES) if SERVICES[service] in rule.services]
    return service, draw(st.lists(st.sampled_from(own), min_size=1, max_size=6, unique=True))


def with_prior(**priors: float) -> Policy:
    return dataclasses.replace(DEFAULT, prior={**DEFAULT.prior, **priors})


@given(spoken(), st.lists(st.floats(0, 50), min_size=len(CAUSES), max_size=len(CAUSES)), st.randoms())
def test_they_are_chances_and_the_order_of_findings_does_not_matter(
    of: tuple[int, list[int]],
    priors: list[float],
    random: "st.random.Random",  # type: ignore[name-defined]
) -> None:
    service, rules = of
    policy = with_prior(**dict(zip(CAUSES, priors, strict=True)))
    found = chances(rules, service, policy)
    assert (found >= 0).all()
    assert found.sum() < 1
    random.shuffle(rules)
    assert np.array_equal(chances(rules, service, policy), found)


@given(spoken(), st.sampled_from(CAUSES), st.floats(1, 100))
def test_what_is_more_frequent_is_likelier_and_all_else_less_so(
    of: tuple[int, list[int]], cause: str, times: float
) -> None:
    service, rules = of
    before = chances(rules, service, DEFAULT)
    after = chances(rules, service, with_prior(**{cause: DEFAULT.prior[cause] * times}))
    change = after - before
    place = CAUSES.index(cause)
    assert change[place] >= -1e-12
    assert (np.delete(change, place) <= 1e-12).all()


@given(spoken())
def test_rules_that_agree_and_look_at_different_things_make_a_cause_surer(of: tuple[int, list[int]]) -> None:
    """Each speaks most for that cause, which a shift of water (D12) does not: more for a changed life."""
    service, rules = of
    cause = OWN[rules[0]]
    most = {n for n in rules if ODDS[service, n, cause] == ODDS[service, n].max()}
    agreeing = list({RULES[n].sees: n for n in rules if OWN[n] == cause and n in most}.values())
    sure = [chances(agreeing[:count], service, DEFAULT)[cause] for count in range(1, len(agreeing) + 1)]
    assert (np.diff(sure) >= -1e-12).all()


def test_what_looks_at_the_same_counts_once_and_what_does_not_counts_more() -> None:
    leak, theft = CAUSES.index("leak"), CAUSES.index("theft")
    w1, w14, s2, e3, e5 = (NUMBER[rule] for rule in ("W1", "W14", "S2", "E3", "E5"))
    water, electricity = SERVICES.index("water"), SERVICES.index("electricity")
    assert chances([w1, w14], water, DEFAULT)[leak] == chances([w14], water, DEFAULT)[leak]
    alone = chances([s2], electricity, DEFAULT)
    assert chances([s2, e5], electricity, DEFAULT)[theft] > alone[theft]
    assert chances([s2, e3], electricity, DEFAULT)[theft] == pytest.approx(alone[theft], abs=0.02)


def test_where_theft_is_rare_what_looks_like_it_is_said_with_a_few_per_cent() -> None:
    field = Policy.from_toml((Path(__file__).parents[3] / "docs" / "field-policy.toml").read_text(encoding="utf-8"))
    sure = chances([NUMBER["S2"]], SERVICES.index("electricity"), field)[CAUSES.index("theft")]
    assert 0.01 < sure < 0.1


def test_every_rule_states_how_often_it_opens() -> None:
    for rule in RULES:
        for service in rule.services:
            known = openings(rule.id, service)
            assert known.false_rate > 0
            assert known.of[rule.cause] > 0
            false_days = FALSE_DAYS[SERVICES.index(service), NUMBER[rule.id]]
            assert (0 < false_days < 1) == (rule not in model.RULES)


def test_what_is_judged_across_meters_keeps_its_odds() -> None:
    assert under(0.6, "theft", DEFAULT) == pytest.approx(0.6)
    rare = with_prior(theft=DEFAULT.prior["theft"] / 100)
    assert under(0.6, "theft", rare) == pytest.approx(1.5 / 101.5)
    assert under(0.0, "theft", rare) == 0
