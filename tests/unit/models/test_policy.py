"""The policy: what can be set, what is refused, and that what is shown can be read again."""

import re

import numpy as np
import pytest

from models.domain.causes import CAUSES
from models.domain.errors import PolicyError
from models.scoring.policy import Policy
from models.scoring.rules.catalogue import data, limits, model, norm, pipe, reads, use
from models.scoring.rules.registry import NUMBER, RULES, at


def test_what_is_shown_can_be_read_again() -> None:
    changed = Policy.from_toml("""
        [general]
        day_close_lag_h = 2.5
        [rules.W1]
        flow_l_h = 11.400001
        [prior]
        theft = 0.01
        [rules.D3]
        on = false
        [rules.D9]
        shadow = true
        [rules.W7]
        shadow = false
        [rules.E6]
        shadow = true
        [rules.X1]
        on = false
    """)
    for policy in (Policy.default(), changed):
        again = Policy.from_toml(policy.to_toml())
        assert np.array_equal(again.settings, policy.settings)
        assert np.array_equal(again.priors, policy.priors)
        assert np.array_equal(again.on, policy.on)
        assert np.array_equal(again.shadow, policy.shadow)
        assert again.general == policy.general
        assert again.quiet == policy.quiet
        assert again.digest == policy.digest
    assert changed.digest != Policy.default().digest
    assert changed.settings[at("W1", "flow_l_h")] == 11.400001
    assert changed.prior["theft"] == changed.priors[CAUSES.index("theft")] == 0.01
    flags = {
        rule: (changed.rules_on >> NUMBER[rule] & 1, changed.in_shadow >> NUMBER[rule] & 1)
        for rule in ("D3", "D9", "W7", "D4")
    }
    assert flags == {"D3": (0, 0), "D9": (0, 1), "W7": (1, 0), "D4": (0, 1)}
    assert changed.quiet == {"E6": "shadow", "X1": "off"}
    assert changed.day_close_lag == int(2.5 * 3600e6)


def test_defaults_are_untouched_by_a_policy() -> None:
    Policy.from_toml("[rules.W1]\nflow_l_h = 99\non = false")
    assert Policy.default().settings[at("W1", "flow_l_h")] == 3.8
    assert Policy.default().rules_on | Policy.default().in_shadow == (1 << len(RULES)) - 1


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[rules", "not TOML"),
        ("[rulez.W1]\non = true", "rulez: unknown, one of general, prior, models, groups, acting, rules"),
        ("[general]\nlag = 1", "general.lag: unknown, one of day_close_lag_h"),
        ("[general]\nday_close_lag_h = -1", "general.day_close_lag_h: a number of 0 or more, got -1"),
        ("[rules.X9]\non = true", "rules.X9: no such rule"),
        ("[rules]\nW1 = 3", "rules.W1: a table of settings, got 3"),
        ("[rules.W1]\non = 1", "rules.W1.on: true or false, got 1"),
        ("[rules.W1]\nflow = 1", "rules.W1.flow: unknown, one of on, shadow, flow_l_h"),
        ("[rules.W1]\nshadow = 0", "rules.W1.shadow: true or false, got 0"),
        ("[rules.W1]\nflow_l_h = true", "rules.W1.flow_l_h: a number of 0 or more, got True"),
        ("[rules.W1]\nflow_l_h = nan", "rules.W1.flow_l_h: a number of 0 or more, got nan"),
        ("[prior]\nleek = 1", "prior.leek: unknown, one of leak, burst, theft"),
        ("[prior]\nleak = -1", "prior.leak: a number of 0 or more, got -1"),
        ("[rules.E6]\non = 1", "rules.E6.on: true or false, got 1"),
        ("[rules.E6]\nconfidence = 1", "rules.E6.confidence: unknown, one of on, shadow"),
        ("general = 3", "general: a table of settings, got 3"),
        ("rules = [1]", "rules: a table of settings, got [1]"),
    ],
)
def test_what_is_wrong_is_named(toml: str, message: str) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(message)}"):
        Policy.from_toml(toml)


def test_rules_keep_their_bits() -> None:
    """State rows that are stored hold a bit a rule: new rules go to the end."""
    ids = """
        D5 D9 D10 D3 D13 W6 W15 W1 W4 W14 G3 D17 D14 G6 D15 D2
        D6 D1 D16 D12 E1 E2 E3 E4 E5 E9 D18 W16 S1
        W2b W3 W5 W7 W8 W9 W10 W10b G1 G2 G5 E7 E8 D4 D8 D19
        S2 W13 W17
    """
    assert [rule.id for rule in RULES] == ids.split()
    catalogued = [rule.id for module in (data, limits, model, norm, pipe, reads, use) for rule in module.RULES]
    assert sorted(catalogued) == sorted(ids.split())
    assert all(RULES[number].id == rule_id for rule_id, number in NUMBER.items())
