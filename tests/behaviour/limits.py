"""Cases of the rules that go by limits of the trade, and of those that go by a meter's own norm."""

from typing import Any, Final

import numpy as np

from tests.behaviour.bases import COOKING, MORE, POWER, electricity, water
from tests.behaviour.story import Case, Story, Values, power


def flowing(litres: float, hours: int, **facts: Any) -> Story:
    """Of a meter never heard of before: a flow that never stops, and then does."""
    return Story("water", **facts).live(litres + np.arange(hours) % 2).live([0])


def quarterly(share: float) -> Values:
    """[22, 96] litres by quarter hours: three weeks of a dry home, then a day with flow in a share of them."""
    dry = np.where(np.arange(96) % 12 == 11, 10.0, 0.0) * np.ones((21, 1))
    return np.vstack([dry, np.arange(96) * share % 1.0 >= 1 - share])


def with_voltage(share: float, days: int) -> Story:
    """A home with electric heating that pulls its voltage down by 2 V/kW; a share of the last days is not metered."""
    story, rng = Story("electricity"), np.random.default_rng(3)
    for number, values in enumerate(3 * np.concatenate([power(40), power(days, seed=2)])):
        volts = np.round(235 - 2 * values + rng.normal(0, 0.2, 24), 1)
        story.day(np.round(values * (1 - share if number >= 40 else 1), 3), voltages=volts.tolist())
    return story


LIMITS: Final = (
    Case(
        "W2b: 400 L/h for two days, of a house of six flats",
        flowing(400, 49, customer_class="multi_family", units=6),
        """
        status cause start   at      rules or
        opened leak  1T01:00 3T01:00 W2b   -
        closed leak  1T01:00 3T02:00 -     -
        """,
        policy="[rules.W2b]\nshadow = false",
    ),
    Case(
        "W2b: a day and a half of it",
        flowing(400, 36, customer_class="multi_family", units=6),
        policy="[rules.W2b]\nshadow = false",
    ),
    Case(
        "W2b: 250 L/h of such a house",
        flowing(250, 80, customer_class="multi_family", units=6),
        policy="[rules.W2b]\nshadow = false",
    ),
    Case(
        "W3: 60 L/h of a home with a meter of one inch",
        flowing(60, 26, size=6.3),
        """
        status cause start   at      rules or
        opened leak  1T00:00 2T00:00 W3    -
        closed leak  1T00:00 2T03:00 -     -
        """,
    ),
    Case("W3: 50 L/h of the same, for a day and a half", flowing(50, 36, size=6.3)),
    Case(
        "W5: flow in two thirds of the quarter hours",
        Story("water", interval_s=900).days(quarterly(0.67)),
        """
        status cause start    at       rules or
        opened leak  21T17:45 23T00:00 W5    -
        """,
        policy="[rules.W5]\nshadow = false\n[rules.W16]\non = false",
    ),
    Case(
        "W5: in half of them",
        Story("water", interval_s=900).days(quarterly(0.5)),
        policy="[rules.W5]\nshadow = false\n[rules.W16]\non = false",
    ),
    Case(
        "W8: what flows for two days is more than noise",
        flowing(25, 49, size=10),
        """
        status cause start   at      rules or
        opened leak  1T00:00 3T00:00 W8    -
        closed leak  1T00:00 3T02:00 -     -
        """,
    ),
    Case("W8: what flows for two days is noise", flowing(15, 49, size=10)),
    Case(
        "W10: a critical leak",
        flowing(230, 26, size=10),
        """
        status cause start   at      rules or
        opened leak  1T00:00 2T00:00 W10   -
        closed leak  1T00:00 2T03:00 -     -
        """,
    ),
    Case(
        "W10b: ten weeks without an hour that is dry",
        Story("water").days(np.full((73, 24), 2.0)),
        """
        status  cause start   at       rules or
        opened  leak  1T00:00 3T00:00  W4    unusual_use
        updated leak  1T00:00 72T00:00 W10b,W4  unusual_use
        """,
    ),
    Case(
        "W9: flow that runs back",
        water().live([0, -60, -60, 0]).live(MORE[0]),
        """
        status  cause       start    at       rules  or
        opened  data_error  22T01:00 22T02:00 D10    -
        updated unusual_use 22T01:00 22T03:00 D10,W9 data_error
        closed  unusual_use 22T01:00 23T03:00 -      data_error
        """,
    ),
    Case("W9: two steps of jitter", water().live([0, -5, -6, 0]).live(MORE[0])),
    Case(
        "G1: a broken pipe behind a meter of 2.5 m3/h",
        Story("gas", size=2.5, interval_s=900).live([0.1] * 8 + [1.17] * 2 + [0] * 20),
        """
        status cause start   at      rules or
        opened burst 1T02:00 1T02:30 G1    -
        closed burst 1T02:00 1T06:30 -     -
        """,
    ),
    Case("G1: a boiler at its most", Story("gas", size=2.5, interval_s=900).live([0.1] * 8 + [0.66] * 40)),
    Case(
        "G2: 2 m3/h as even as can be",
        Story("gas").days(COOKING[:7]).live([2.0, 2.02, 1.98, 2.0, 2.01, 2.0, 1.99, 0, 0]),
        """
        status cause start   at      rules or
        opened leak  8T00:00 8T06:00 G2    -
        """,
        policy="[rules.G2]\nshadow = false",
    ),
    Case(
        "G2: 2 m3/h of a boiler that comes and goes",
        Story("gas").days(COOKING[:7]).live([2.0, 2.02, 1.7, 2.1, 2.01, 1.8, 1.99, 0, 0]),
        policy="[rules.G2]\nshadow = false",
    ),
)
NORM: Final = (
    Case(
        "D4: twice as much as on other days",
        electricity().day(POWER[21] * 2).days(POWER[22:25]),
        """
        status cause       start    at       rules or
        opened unusual_use 21T18:00 23T00:00 D4    -
        closed unusual_use 21T18:00 25T00:00 -     -
        """,
        policy="[rules.D4]\nshadow = false",
    ),
    Case(
        "D4: half as much again", electricity().day(np.round(POWER[21] * 1.5, 3)), policy="[rules.D4]\nshadow = false"
    ),
    Case(
        "W7: a week of three times as much",
        water().days(np.rint(MORE[:8] * 3)),
        """
        status cause       start    at       rules or
        opened unusual_use 26T01:00 28T00:00 W7    -
        """,
        policy="[rules.W7]\nshadow = false",
    ),
    Case("W7: one day of it", water().days(MORE[:1] * 3).days(MORE[1:4]), policy="[rules.W7]\nshadow = false"),
    Case(
        "E7: half of the use goes past the meter",
        with_voltage(0.5, 20),
        """
        status cause start    at       rules or
        opened theft 47T01:00 55T00:00 E7    -
        """,
        policy="[rules.E7]\nshadow = false\n[rules.S2]\non = false",
    ),
    Case("E7: a tenth of it", with_voltage(0.1, 20), policy="[rules.E7]\nshadow = false\n[rules.S2]\non = false"),
    Case(
        "E8: a mean with a little noise",
        electricity().days(np.round(0.6 + 0.02 * np.sin(np.arange(72)), 3).reshape(3, 24)),
        """
        status cause start    at       rules or
        opened theft 22T00:00 23T00:00 E8    -
        """,
        policy="[rules.E8]\nshadow = false",
    ),
    Case(
        "E8: as even on standby",
        electricity().day(np.round(0.15 + 0.005 * np.sin(np.arange(24)), 3)),
        policy="[rules.E8]\nshadow = false",
    ),
)
