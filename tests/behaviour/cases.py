"""Each rule in its textbook case, in what looks like it and is not, and where several rules meet.

A story begins with three weeks of the usual unless it says otherwise, so that trouble begins on day 22.
"""

from typing import Any, Final

import numpy as np

from models.domain.times import HOUR
from tests import kit
from tests.behaviour.story import Case, Story, heating, home, power

WATER: Final = home(60)
POWER: Final = power(60)
GAS: Final = heating(60)
MORE: Final = home(10, seed=2)
COOKING: Final = np.where(np.isin(np.arange(24), (7, 12, 19)), 0.2, 0.0) * np.ones((30, 1))
AWAY: Final = np.round(0.2 + POWER[21:30] / 100, 3)
"""A home without people: the fridge and what is on standby."""
NIGHT_IRRIGATION: Final = np.where(np.isin(np.arange(24), (2, 3)), 300.0, 0.0)


def water(**facts: Any) -> Story:
    return Story("water", **facts).days(WATER[:21])


def electricity(**facts: Any) -> Story:
    return Story("electricity", **facts).days(POWER[:21])


def gas(**facts: Any) -> Story:
    return Story("gas", **facts).days(COOKING[:21])


def repeated() -> Story:
    """Three hours of day 22 come again with other values."""
    story = electricity().day(POWER[21])
    again = [kit.block(kit.us("2024-01-29") + hour * HOUR, [9.0 + hour]) for hour in (3, 4, 5)]
    story.stream += again
    return story.days(POWER[22:25])


def with_register(hole: int, caught_up: float) -> Story:
    """A meter with a register misses `hole` hours and then sends one interval for all of them."""
    story, register = Story("water"), 5000.0
    for value in WATER[:14].ravel():
        register += value
        story.day([value], register=register)
    story.silent(hole).day([caught_up], register=register + caught_up)
    return story.live(MORE[0])


FLOW: Final = (
    Case(
        "W1: a leak of 5 L/h and its repair",
        water().live((MORE[:3] + 5).ravel()).live(MORE[3:5].ravel()),
        """
        status cause start    at       rules  or
        opened leak  21T15:00 22T15:00 W1,W14 -
        closed leak  21T15:00 25T04:00 -      -
        """,
    ),
    Case(
        "W1: needs no past",
        Story("water").live((MORE[:2] + 5).ravel()),
        """
        status cause start   at      rules or
        opened leak  1T00:00 2T00:00 W1    -
        """,
    ),
    Case(
        "W4: a leak of 1 L/h",
        water().live((MORE[:3] + 1).ravel()).live([0, 0]),
        """
        status cause start    at       rules or
        opened leak  21T15:00 23T15:00 W4    -
        closed leak  21T15:00 25T01:00 -     -
        """,
    ),
    Case(
        "W14: a shop that always uses 100 L/h uses 150",
        Story("water", customer_class="commercial").days(WATER[:21] + 100).live((MORE[:2] + 150).ravel()),
        """
        status cause start    at       rules or
        opened leak  22T00:00 23T00:00 W14   -
        """,
    ),
    Case("a shop that always uses 100 L/h is no leak", Story(customer_class="commercial").days(WATER[:30] + 100)),
    Case("a home on hourly reads", Story("water").days(WATER)),
    Case("a home on daily reads", Story("water", interval_s=86_400).days([[value] for value in WATER.sum(axis=1)])),
    Case("a home on reads of six hours", Story("water", interval_s=21_600).days(WATER.reshape(60, 4, 6).sum(axis=2))),
    Case(
        "W15: 600 L/h for six hours",
        water().live([0] * 3 + [600] * 6 + [0] * 12),
        """
        status cause start    at       rules or
        opened burst 22T03:00 22T05:00 W15   -
        closed burst 22T03:00 22T13:00 -     -
        """,
    ),
    Case(
        "W6: the same on the third day, by the meter's size",
        Story("water", size=2.5).days(WATER[:3]).live([0] * 3 + [600] * 6 + [0] * 12),
        """
        status cause start   at      rules or
        opened burst 4T03:00 4T05:00 W6    -
        closed burst 4T03:00 4T13:00 -     -
        """,
    ),
    Case("W15: irrigation that was always there", Story("water").days(WATER[:30] + NIGHT_IRRIGATION)),
    Case("W1, W15: new irrigation of 120 L/h", water().live((MORE[:5] + NIGHT_IRRIGATION * 0.4).ravel())),
    Case("W15: a single large hour", water().live([0] * 7 + [400] + [20] * 16)),
    Case(
        "G3: gas that never stops",
        Story("gas").live([0.05] * 24 * 31 + [0]),
        """
        status cause start   at       rules or
        opened leak  1T01:00 31T01:00 G3    -
        closed leak  1T01:00 32T01:00 -     -
        """,
    ),
    Case(
        "G6: a leak of 100 L/h behind a cooker",
        gas().live((COOKING[:2] + 0.1).ravel()).live([0] * 5),
        """
        status cause start    at       rules or
        opened leak  22T00:00 23T00:00 G6    -
        closed leak  22T00:00 24T04:00 -     -
        """,
    ),
    Case("G3, G6, W15: a boiler that hardly stops from the mildest day to the coldest", Story("gas").days(GAS)),
    Case("G3: a heated home on daily reads", Story("gas", interval_s=86_400).days([[day] for day in GAS.sum(axis=1)])),
    Case(
        "W15: a broken gas pipe",
        Story("gas").days(GAS[:30]).live([15.0] * 3 + [0] * 6),
        """
        status cause start    at       rules or
        opened burst 31T00:00 31T02:00 W15   -
        closed burst 31T00:00 31T07:00 -     -
        """,
    ),
    Case("estimates raise no leak", water().live((MORE[:3] + 5).ravel(), quality="estimated")),
    Case(
        "estimates clear no leak, the first valid read does",
        water().live((MORE[:2] + 5).ravel()).live([0] * 12, quality="estimated").live([0, 0]),
        """
        status cause start    at       rules  or
        opened leak  21T15:00 22T15:00 W1,W14 -
        closed leak  21T15:00 24T13:00 -      -
        """,
    ),
)

DATA: Final = (
    Case(
        "D5: ten times the use",
        electricity().live((POWER[21:23] * 10).ravel()),
        """
        status cause      start    at       rules or
        opened data_error 21T23:00 22T23:00 D5    -
        """,
    ),
    Case(
        "D5: a tenth of the use, and right again",
        electricity().live(np.round(POWER[21:23] / 10, 4).ravel()).live(POWER[23:26].ravel()),
        """
        status cause      start    at       rules or
        opened data_error 22T00:00 23T00:00 D5    -
        closed data_error 22T00:00 25T01:00 -     -
        """,
    ),
    Case("D5, D17: a vacation on standby", electricity().live(AWAY.ravel())),
    Case("D5, W15: home from a vacation", water().days(np.zeros((10, 24))).days(WATER[21:28])),
    Case("D5: home from a vacation, electricity", electricity().days(AWAY).days(POWER[30:35])),
    Case(
        "D9: three valid reads come again with other values",
        repeated(),
        """
        status cause      start    at       rules or
        opened data_error 22T05:00 23T00:00 D9    -
        closed data_error 22T05:00 25T00:00 -     -
        """,
    ),
    Case(
        "D10: a negative interval",
        water().live([0, -50] + [0] * 12 + MORE[0].tolist()),
        """
        status cause      start    at       rules or
        opened data_error 22T01:00 22T02:00 D10   -
        closed data_error 22T01:00 23T02:00 -     -
        """,
    ),
    Case("D10: jitter of the register", water().live([0, -5, 0, -7, 0, 0, 20]).live(MORE[0])),
    Case("D10: a register that rolls over", water(dial_max=10_000).live([0, -9980, 20, 0]).live(MORE[0])),
    Case(
        "D3: one interval far too large",
        electricity().live([0.3, 0.4, 30, 0.4, 0.3]).live(POWER[21:23].ravel()),
        """
        status cause      start    at       rules or
        opened data_error 22T02:00 22T04:00 D3    -
        closed data_error 22T02:00 23T04:00 -     -
        """,
    ),
    Case(
        "D13: a day of one value",
        electricity().live([0.43] * 30).live(POWER[21:23].ravel()),
        """
        status cause                start    at       rules or
        opened estimated_read_error 22T00:00 23T00:00 D13   -
        closed estimated_read_error 22T00:00 24T06:00 -     -
        """,
    ),
    Case(
        "D13: labelled as estimates",
        electricity().live([0.43] * 30, quality="estimated"),
        """
        status cause                start    at       rules or
        opened estimated_read_error 22T00:00 23T00:00 D13   -
        """,
    ),
    Case(
        "D13: nights on standby at 10 Wh",
        Story("electricity", interval_s=900, resolution=0.01).days(
            np.where(np.arange(96) < 30, 0.01, np.round(np.repeat(POWER[:21], 4, axis=1) / 4, 2))
        ),
    ),
    Case(
        "D13: a small steady flow is a leak",
        water().live([5] * 30),
        """
        status cause start    at       rules  or
        opened leak  21T15:00 22T15:00 W1,W14 -
        """,
    ),
    Case(
        "D14: nothing for 30 h",
        electricity().silent(30).live(POWER[21:23].ravel()),
        """
        status cause               start    at       rules or
        opened communication_fault 22T00:00 23T07:00 D14   -
        closed communication_fault 22T00:00 24T07:00 -     -
        """,
    ),
    Case(
        "D14: thirty hours of nothing but missing",
        electricity().live([None] * 30),
        """
        status cause               start    at       rules or
        opened communication_fault 22T00:00 23T01:00 D14   -
        """,
    ),
    Case("D14: nothing for 20 h", electricity().silent(20).live(POWER[21:23].ravel())),
    Case(
        "D17: electricity at zero for two days",
        electricity().live([0] * 50).live(POWER[21]),
        """
        status cause       start    at       rules or
        opened meter_fault 22T00:00 24T00:00 D17   -
        closed meter_fault 22T00:00 24T03:00 -     -
        """,
    ),
    Case(
        "D17: water at zero for more than two weeks",
        water().days(np.zeros((15, 24))).live(MORE[0]),
        """
        status cause       start    at       rules or
        opened meter_fault 22T00:00 36T00:00 D17   -
        closed meter_fault 22T00:00 37T07:00 -     -
        """,
    ),
    Case("D17: a vacation of ten days", water().days(np.zeros((10, 24))).live(MORE[0])),
    Case("D7: what a hole used comes with the next read, by the register", with_register(10, 900)),
    Case("D7: the same by the meter's own maximum", electricity().silent(10).live([6.2]).live(POWER[21])),
)

TOGETHER: Final = (
    Case(
        "a step of ten takes over the burst that it looked like",
        water().live((MORE[:2] * 10).ravel()),
        """
        status  cause      start    at       rules or
        opened  burst      22T07:00 22T09:00 W15   -
        updated data_error 22T07:00 23T00:00 D5    burst
        """,
    ),
    Case(
        "flat estimates over the leak that they look like",
        water().live([50] * 26),
        """
        status  cause                start    at       rules      or
        opened  leak                 21T15:00 22T15:00 W1,W14     -
        updated estimated_read_error 21T15:00 23T00:00 D13,W1,W14 leak
        """,
    ),
    Case(
        "a burst over the leak before it",
        water().live((MORE[:2] + 5).ravel()).live([600] * 4),
        """
        status  cause start    at       rules         or
        opened  leak  21T15:00 22T15:00 W1,W14        -
        updated burst 21T15:00 24T02:00 W1,W14,W15,W4 leak
        """,
    ),
    Case(
        "before live_from nothing is said, and what goes on then is said after it",
        water().live((MORE[:3] + 5).ravel()).live([0] * 8),
        """
        status cause start    at       rules     or
        opened leak  23T10:00 24T10:00 W1,W14,W4 -
        closed leak  23T10:00 25T04:00 -         -
        """,
        live_from="2024-01-31T10:00",
    ),
    Case(
        "a rule that is off",
        water().live((MORE[:3] + 5).ravel()),
        """
        status cause start    at       rules or
        opened leak  21T15:00 23T15:00 W4    -
        """,
        policy="[rules.W1]\non = false\n[rules.W14]\non = false",
    ),
    Case("all rules that it takes are off", water().live([0, -50, 0]), policy="[rules.D10]\non = false"),
)
CASES: Final = (*FLOW, *DATA, *TOGETHER)
