"""What one meter's story cannot tell of the catalogue: rules that need peers, rules in shadow, and what covers what."""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from models.domain.times import DAY
from models.scoring.policy import Policy
from tests import kit
from tests.behaviour.story import Story, home

COUNT: Final = 34
WINTER: Final = kit.us("2024-01-08")
HEATS: Final = np.array([0.2] * 6 + [1.2, 1.5, 0.9, 0, 0, 0.4, 0.5, 0, 0, 0.6, 1.1, 1.4, 1.5, 1.3, 0.9, 0.5, 0, 0])
"""m3 by hour"""
Burns = Callable[[int, int], bool]
"""Of day and home: whether gas is used."""


def gas_homes(days: int, burns: Burns) -> kit.Run:
    """Gas heating, a block a day of every home."""
    meters = [kit.meter(f"g{n}", "gas", customer_class="residential") for n in range(COUNT)]
    stream = []
    for day in range(days):
        for n in range(COUNT):
            whims = np.random.default_rng([day, n]).gamma(12, 1 / 12, 24)
            values = np.round(HEATS * whims, 2) if burns(day, n) else np.zeros(24)
            stream.append(kit.block(WINTER + day * DAY, values, f"g{n}"))
    return kit.run(meters, stream, range(0, len(stream), COUNT))


def said_by(run: kit.Run, rule: str) -> list[tuple[str | None, str]]:
    """Meter and cause of what was opened by a rule."""
    return [
        (event.meter_id, event.cause)
        for _, event in run.events
        if event.status == "opened" and any(evidence.rule == rule for evidence in event.evidence)
    ]


def test_g5_a_meter_dies_while_others_are_heating() -> None:
    """It stood still for twelve days once, so that D17 waits for twice as many."""
    run = gas_homes(60, lambda day, n: not (n == 3 and (20 <= day < 32 or day >= 45)))
    assert said_by(run, "G5") == [("g3", "meter_fault")]
    assert said_by(run, "D17") == []


def test_g5_says_nothing_when_spring_comes() -> None:
    assert said_by(gas_homes(60, lambda day, _: day < 45), "G5") == []


# Shadow ---------------------------------------------------------------------------------------------------------------

LEAKS: Final = ("W1", "W4", "W14")


def policy(**tables: bool) -> Policy:
    """The rules that find a small leak, each with these settings."""
    lines = [f"{key} = {str(value).lower()}" for key, value in tables.items()]
    return Policy.from_toml("\n".join(line for rule in LEAKS for line in (f"[rules.{rule}]", *lines)))


def leaking() -> Story:
    """From day 22 on 5 L/h, for three days; again after five dry ones."""
    days = home(40)
    return Story("water").days(days[:21]).live((days[21:24] + 5).ravel()).days(days[24:29]).days(days[29:31] + 5)


def test_a_rule_in_shadow_is_counted_and_says_nothing() -> None:
    story = leaking()
    off, shadow = (
        kit.run([story.meter], story.stream, policy=policy(**{key: key == "shadow"})) for key in ("on", "shadow")
    )
    assert shadow.events == off.events == []
    assert shadow.scores == off.scores
    assert (+shadow.shadow, +off.shadow) == ({"W1": 2, "W14": 2, "W4": 2}, {})
    assert kit.run([story.meter], story.stream).said[:2] == ["opened leak", "closed leak"]


def test_what_is_off_is_not_in_shadow_either() -> None:
    story = leaking()
    assert not kit.run([story.meter], story.stream, policy=policy(on=False, shadow=True)).shadow


def test_nothing_is_counted_before_live_from() -> None:
    story, late = leaking(), policy(shadow=True)
    run = kit.run([story.meter], story.stream, policy=dataclasses.replace(late, live_from=kit.us("2024-02-03")))
    assert +run.shadow == {"W1": 1, "W14": 1, "W4": 1}


def test_silence_in_shadow() -> None:
    story = Story("water").days(home(3)).silent(72).days(home(3, seed=2))
    run = kit.run([story.meter], story.stream, policy=Policy.from_toml("[rules.D15]\nshadow = true"))
    assert run.shadow["D15"] == 1
    assert run.said[:1] == ["opened communication_fault"]  # D14, when it is heard of again


@pytest.mark.parametrize("cuts", [range(0, 200, 1), range(0, 200, 7)])
def test_batches_never_matter(cuts: range) -> None:
    story = leaking()
    once, parts = (kit.run([story.meter], story.stream, given, policy(shadow=True)) for given in ((), cuts))
    assert parts.whole == once.whole
