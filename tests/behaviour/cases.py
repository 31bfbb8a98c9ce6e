"""Each rule in its textbook case, in what looks like it and is not, and where several rules meet.

A story begins with three weeks of the usual unless it says otherwise, so that trouble begins on day 22.
"""

from typing import Any, Final

import numpy as np

from models.domain.times import HOUR
from tests import kit
from tests.behaviour.bases import (
    AWAY,
    COOKING,
    DARK_NIGHTS,
    GAS,
    MORE,
    NIGHT_IRRIGATION,
    POWER,
    WATER,
    electricity,
    gas,
    water,
)
from tests.behaviour.limits import LIMITS, NORM
from tests.behaviour.story import Case, Story, Values, home, power

GARDEN: Final = MORE[:3] + np.where(np.isin(np.arange(24), (5, 6)), 600.0, 0.0) * np.array([[1.0], [0.0], [1.0]])
MAIN: Final = np.round(360.0 + 12.0 * np.random.default_rng(4).random((9, 24)), 2)
WEEKENDS: Final = WATER[:30] * (np.arange(30) % 7 < 5)[:, None]


def main() -> Story:
    """Three days of a branch that thousands of homes hang on: 360 m3/h, by day and night."""
    return Story("water", unit="m3", customer_class="industrial").days(MAIN[:3])


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


def standby(hours: int) -> Values:
    """[30, 24] kWh: little, and the same for so many hours of a day."""
    values = np.where(np.arange(24) % 2, 0.24, 0.23) + np.zeros((30, 1))
    values[:, :hours] = 0.24
    return values


LATE: Final = np.roll(POWER[21:45].ravel(), 6).reshape(-1, 24)
"""By a clock that is six hours late."""
HEATED_BY_DAY: Final = np.round(np.random.default_rng(3).uniform(0.4, 1.0, (26, 24)), 3) * (np.arange(24) >= 6)


def in_winter(night: float, *, nights: int) -> Story:
    """A home that is heated by day and not in the six hours of the night; from day 22 on it takes some then, too."""
    late = HEATED_BY_DAY[21:] + night * (np.arange(5) < nights)[:, None]
    return Story("gas").days(HEATED_BY_DAY[:21]).live(late.ravel())


NO_S2: Final = "[rules.S2]\non = false"
"""Where a rule of the trade is looked at by itself."""

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
        opened leak  21T15:00 23T14:00 W4    unusual_use
        closed leak  21T15:00 25T01:00 -     unusual_use
        """,
    ),
    Case(
        "W14: a shop that always uses 100 L/h uses 150, for three days",
        Story("water", customer_class="commercial").days(WATER[:21] + 100).live((MORE[:4] + 150).ravel()),
        """
        status cause start    at       rules or
        opened leak  22T00:00 25T00:00 W14   -
        """,
    ),
    Case("a shop that always uses 100 L/h is no leak", Story(customer_class="commercial").days(WATER[:30] + 100)),
    Case("a home on hourly reads", Story("water").days(WATER)),
    Case("a home on daily reads", Story("water", interval_s=86_400).days([[value] for value in WATER.sum(axis=1)])),
    Case("a home on reads of six hours", Story("water", interval_s=21_600).days(WATER.reshape(60, 4, 6).sum(axis=2))),
    Case(
        "W15: 800 L/h for six hours",
        water().live([0] * 3 + [800] * 6 + [0] * 12),
        """
        status cause start    at       rules or
        opened burst 22T03:00 22T05:00 W15   -
        closed burst 22T03:00 22T13:00 -     -
        """,
    ),
    Case(
        "W15: 600 L/h may be a garden, but not for three hours",
        water().live([0] * 3 + [600] * 6 + [0] * 12),
        """
        status cause start    at       rules or
        opened burst 22T04:00 22T06:00 W15   -
        closed burst 22T04:00 22T13:00 -     -
        """,
    ),
    Case("W15: a garden is watered with 600 L/h on two mornings", water().live(GARDEN.ravel())),
    Case("W16: a garden is watered with 300 L/h every night", water().live((MORE[:5] + NIGHT_IRRIGATION).ravel())),
    Case(
        "W1, W14: a busy day without a dry hour",
        water().live(
            [0] * 6 + [4, 12, 60, 9, 25, 40, 18, 33, 7, 90, 55, 14, 21, 38, 66, 29, 17, 48, 11, 23, 31, 16, 27, 44, 0]
        ),
    ),
    Case(
        "W17: a main falls to a quarter, and flows on as before",
        main().live([90.0 + hour for hour in range(9)]).live(MAIN[3:5].ravel()),
        """
        status cause       start   at      rules or
        opened unusual_use 4T00:00 4T01:00 W17   -
        closed unusual_use 4T00:00 5T09:00 -     -
        """,
    ),
    Case("W17: a main by day and night", main().live(MAIN[3:].ravel())),
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
    Case(
        "G6: a leak of 1 kW behind a cooker, on a meter that counts energy",
        Story("gas", unit="kWh").days(10.5 * COOKING[:21]).live((10.5 * COOKING[:2] + 1).ravel()).live([0] * 5),
        """
        status cause start    at       rules or
        opened leak  22T00:00 23T00:00 G6    -
        closed leak  22T00:00 24T04:00 -     -
        """,
    ),
    Case("G6: a cold night in which the boiler does not stop", in_winter(0.1, nights=1)),
    Case(
        "G6: a day on which the boiler burns low and does not stop",
        Story("gas").days(HEATED_BY_DAY[:21]).live([0.30, 0.36, 0.41, 0.34, 0.44, 0.37] * 5 + [0] * 3),
    ),
    Case(
        "G6: a leak of 100 L/h in winter, where few hours are its own",
        in_winter(0.1, nights=3),
        """
        status cause start    at       rules or
        opened leak  22T04:00 23T04:00 G6    -
        closed leak  22T04:00 25T04:00 -     -
        """,
    ),
    Case("G3, G6, W15: a boiler that hardly stops from the mildest day to the coldest", Story("gas").days(GAS)),
    Case("G3: a heated home on daily reads", Story("gas", interval_s=86_400).days([[day] for day in GAS.sum(axis=1)])),
    Case(
        "W15: a broken gas pipe",
        Story("gas").days(GAS[:30]).live([15.0] * 3 + [0] * 6),
        """
        status cause start    at       rules or
        opened burst 31T00:00 31T02:00 W15   data_error
        closed burst 31T00:00 31T07:00 -     data_error
        """,
    ),
    Case(
        "W15: heating begins where all summer only a cooker was on",
        gas().live([0] * 5 + [0.8, 1.3, 1.2, 0.7] + [0] * 15),
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
        opened data_error 21T23:00 22T23:00 D5    theft
        """,
    ),
    Case(
        "D5: a tenth of the use, and right again",
        electricity().live(np.round(POWER[21:23] / 10, 4).ravel()).live(POWER[23:26].ravel()),
        """
        status cause      start    at       rules or
        opened data_error 22T00:00 23T00:00 D5    theft
        closed data_error 22T00:00 25T01:00 -     theft
        """,
    ),
    Case(
        "D5: the multiplier of 40 is left out",
        electricity(multiplier=40).live(np.round(POWER[21:23] / 40, 5).ravel()),
        """
        status cause      start    at       rules or
        opened data_error 22T00:00 23T00:00 D5    theft
        """,
    ),
    Case(
        "D5: the same where no multiplier is known of",
        electricity().live(np.round(POWER[21:23] / 40, 5).ravel()),
        policy=NO_S2,
    ),
    Case("D5, D17: a vacation on standby", electricity().live(AWAY.ravel())),
    Case(
        "D5, W15: home from a vacation",
        water().days(np.zeros((10, 24))).days(WATER[21:28]),
        """
        status cause       start    at       rules or
        opened meter_fault 22T00:00 24T00:00 W13   unusual_use
        closed meter_fault 22T00:00 33T00:00 -     unusual_use
        """,
    ),
    Case(
        "D5: an even leak of ten litres, with two hours in one read",
        water().days(np.zeros((1, 24))).live([10] * 14 + [20] + [10] * 13),
        """
        status cause start    at       rules  or
        opened leak  23T00:00 24T00:00 W1,W14 -
        """,
    ),
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
        "D3: a hose in a home that hardly uses water",
        Story("water").days(np.rint(WATER[:21] / 10)).live([0] * 7 + [900] + [2] * 16),
    ),
    Case(
        "D3: more in an hour than pipes let through",
        Story("water").days(np.rint(WATER[:21] / 10)).live([0] * 7 + [4000] + [2] * 16),
        """
        status cause      start    at       rules or
        opened data_error 22T07:00 22T09:00 D3    -
        """,
    ),
    Case(
        "D3: a kettle in a home that was empty so far",
        Story("electricity").days(np.full((21, 24), 0.05) + POWER[:21] / 100).live([0.05, 2.2, 0.05, 0.05]),
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
        "D13: a home on standby, whose values are the same for half a day as ever",
        Story("electricity").days(standby(9)).days(standby(14)[:6]),
    ),
    Case(
        "D13: the same home, and two days of one value",
        Story("electricity").days(standby(9)).live([0.24] * 48),
        """
        status cause                start    at       rules or
        opened estimated_read_error 30T23:00 31T23:00 D13   -
        """,
    ),
    Case(
        "D13: a day at 4 W in a home that is empty for once",
        electricity(resolution=0.001).live([0.004] * 24),
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
        opened meter_fault 22T00:00 23T00:00 D17   -
        closed meter_fault 22T00:00 24T03:00 -     -
        """,
    ),
    Case(
        "W13, D17: water at zero for more than two weeks",
        water().days(np.zeros((15, 24))).live(MORE[0]),
        """
        status  cause       start    at       rules   or
        opened  meter_fault 22T00:00 24T00:00 W13     unusual_use
        updated meter_fault 22T00:00 36T00:00 D17,W13 unusual_use
        closed  meter_fault 22T00:00 37T07:00 -       unusual_use
        """,
    ),
    Case(
        "W13: a vacation of ten days looks like a meter that has stopped, which nobody acts upon",
        water().days(np.zeros((10, 24))).live(MORE[0]),
        """
        status cause       start    at       rules or
        opened meter_fault 22T00:00 24T00:00 W13   unusual_use
        closed meter_fault 22T00:00 32T07:00 -     unusual_use
        """,
    ),
    Case("W13: a weekend away, as ever", Story("water").days(WEEKENDS).live(np.zeros(48)).live(MORE[0])),
    Case(
        "D17: the hours of a hole are no zeros",
        electricity().live([0] * 14).silent(10).live([0] * 12),
        """
        status cause       start    at       rules or
        opened meter_fault 22T10:00 23T10:00 D17   -
        """,
    ),
    Case(
        "D17: five days without people where nothing is on by night",
        Story("electricity").days(DARK_NIGHTS).live([0] * 120).live(POWER[30]),
    ),
    Case(
        "D18: more than the meter can measure",
        Story("water", size=2.5).days(WATER[:21]).live([0] * 8 + [4000] * 3 + [10] * 13),
        """
        status cause      start    at       rules or
        opened data_error 22T08:00 22T09:00 D18   -
        """,
    ),
    Case("D7: what a hole used comes with the next read, by the register", with_register(10, 900)),
    Case("D7: the same by the meter's own maximum", electricity().silent(10).live([6.2]).live(POWER[21])),
)


def registered(days: Values, rate: float = 1.0, last: int = 0, **facts: Any) -> Story:
    """Days of electricity with a register each; in the last `last` of them it moves at `rate`."""
    story, register = Story("electricity", **facts), 1000.0
    for number, values in enumerate(days):
        register += float(np.nansum(values)) * (rate if number >= len(days) - last else 1.0)
        story.day([None if np.isnan(value) else value for value in values], register=round(register, 3))
    return story


def without(days: Values, day: int, hour: int) -> Values:
    """The same days, from one hour of one of them nothing."""
    some = days.copy()
    some[day, hour] = np.nan
    return some


def slipped() -> Story:
    """Days of electricity with a register each, of which one does not yet have the last hour."""
    story, register = Story("electricity"), 1000.0
    for number, values in enumerate(POWER[:30]):
        register += float(values.sum())
        story.day(values, register=round(register - float(values[-1]) * (number == 25), 3))
    return story


def monthly() -> Story:
    """Ninety days of electricity; the register comes with every thirtieth."""
    story, register = Story("electricity"), 1000.0
    for number, values in enumerate(power(90), 1):
        register = round(register + float(values.sum()), 3)
        story.day(values, **({"register": register} if number % 30 == 0 else {}))
    return story


def stolen(share: float, days: int, **facts: Any) -> Story:
    """A home of which `share` is not metered for some days."""
    return electricity(**facts).days(np.round(POWER[21 : 21 + days] * (1 - share), 3))


def estimated(days: int, jump: float = 0.0) -> Story:
    """Plausible estimates for some days; the next actual read takes `jump` with it."""
    story = electricity().days(POWER[30 : 30 + days], quality="estimated")
    return story.live([POWER[21 + days][0] + jump, *POWER[21 + days][1:]])


def toilet() -> Story:
    """Runs for a while in nearly every hour of the night, and stops in between."""
    runs = np.where(np.arange(24) % 6 == 5, 0.0, 9.0)
    return water().live((MORE[:6] * 0.5 + runs).ravel()).live(MORE[6:9].ravel())


READS: Final = (
    Case(
        "D2: a register that counts a fifth too little",
        registered(POWER[:26], 0.8, last=5),
        """
        status cause      start    at       rules or
        opened data_error 22T00:00 23T00:00 D2    estimated_read_error
        """,
    ),
    Case(
        "D2: the same, and an hour is missing",
        registered(without(POWER[:24], 22, 3), 0.8, last=3),
        """
        status cause      start    at       rules or
        opened data_error 22T00:00 23T00:00 D2    estimated_read_error
        """,
    ),
    Case("D2: a register that follows", registered(POWER[:40])),
    Case("D2: one that follows where hours are missing", registered(without(POWER[:40], 25, 19))),
    Case("D2: one that is read an hour early, once", slipped()),
    Case(
        "D8: a register that stands still",
        registered(POWER[:24], 0.0, last=3),
        """
        status cause      start    at       rules or
        opened data_error 22T00:00 23T00:00 D8    -
        """,
    ),
    Case(
        "D19: a register that is sent no longer",
        registered(POWER[:21]).days(power(42, seed=2)),
        """
        status cause               start    at       rules or
        opened communication_fault 22T00:00 62T00:00 D19   -
        """,
    ),
    Case("D19: one that is sent once a month", monthly()),
    Case(
        "D6: the read after two days of estimates sets them right",
        estimated(2, 30.0),
        """
        status cause                start    at       rules or
        opened estimated_read_error 22T00:00 24T01:00 D6    -
        """,
    ),
    Case("D6: estimates that were right", estimated(3)),
    Case(
        "D1: a week of estimates",
        estimated(9),
        """
        status cause                start    at       rules or
        opened estimated_read_error 22T00:00 29T00:00 D1    -
        closed estimated_read_error 22T00:00 32T00:00 -     -
        """,
    ),
    Case(
        "D16: three days like those a week before",
        electricity().days(POWER[14:17]).days(POWER[24:26]),
        """
        status cause                start    at       rules or
        opened estimated_read_error 22T00:00 23T00:00 D16   -
        """,
    ),
    Case(
        "D12: a clock that is six hours late",
        electricity().days(LATE[:15]),
        """
        status cause      start    at       rules or
        opened data_error 23T00:00 27T00:00 D12   theft,unusual_use
        """,
        policy=NO_S2,
    ),
    Case(
        "D12: hours that never quite move back are told once",
        electricity().days(LATE[:7]).days(0.45 * POWER[28:38] + 0.55 * LATE[7:17]).days(LATE[17:24]),
        """
        status cause      start    at       rules or
        opened data_error 23T00:00 27T00:00 D12   theft,unusual_use
        closed data_error 23T00:00 40T00:00 -     theft,unusual_use
        """,
        policy=NO_S2,
    ),
)
USE: Final = (
    Case(
        "E1: the cover was opened, and shut again",
        water().live(MORE[0]).reports("3.12.141.212").live(MORE[1:4].ravel()),
        """
        status cause       start    at       rules or
        opened unusual_use 23T00:00 23T00:00 E1    -
        closed unusual_use 23T00:00 25T00:00 -     -
        """,
    ),
    Case(
        "E9: after it a third of the use is left",
        electricity().reports("3.12.141.212").days(np.round(POWER[21:31] / 3, 3)),
        """
        status cause       start    at       rules or
        opened unusual_use 22T00:00 22T00:00 E1    -
        closed unusual_use 22T00:00 24T00:00 -     -
        opened theft       22T00:00 25T00:00 E9    -
        """,
        policy=NO_S2,
    ),
    Case(
        "E2: energy comes back from a home without generation",
        electricity().days(POWER[21:26], received=[0.1] * 24),
        """
        status cause start    at       rules or
        opened theft 22T00:00 24T00:00 E2    -
        """,
    ),
    Case(
        "E2: the same from a home that has some",
        electricity(has_generation=True).days(POWER[21:26], received=[0.1] * 24),
    ),
    Case(
        "E3: six tenths of it are taken past the meter",
        stolen(0.6, 18),
        """
        status cause start    at       rules or
        opened theft 21T00:00 36T00:00 E3    unusual_use
        """,
        policy=NO_S2,
    ),
    Case("E3: a third of it", stolen(0.33, 18), policy=NO_S2),
    Case(
        "S2: half of it is taken past the meter",
        stolen(0.5, 14),
        """
        status cause start    at       rules or
        opened theft 22T00:00 24T00:00 S2    -
        """,
    ),
    Case("S2: a vacation of a week", electricity().days(AWAY[:7]).days(POWER[30:40])),
    Case("E3: a vacation of a week", electricity().days(AWAY[:7]).days(POWER[30:40])),
    Case(
        "E4: no energy for four days, and 230 V all the while",
        electricity().days(np.zeros((4, 24)), voltages=[230.0] * 24).days(POWER[25:27]),
        """
        status cause start    at       rules or
        opened theft 22T00:00 25T00:00 E4    -
        closed theft 22T00:00 27T00:00 -     -
        """,
    ),
    Case(
        "E5: nobody should live there",
        Story("electricity", status="inactive").days(POWER[:5]),
        """
        status cause start   at      rules or
        opened theft 1T00:00 3T00:00 E5    -
        """,
    ),
    Case(
        "W16: a toilet that runs",
        toilet(),
        """
        status cause start    at       rules or
        opened leak  22T00:00 23T06:00 W16   -
        closed leak  22T00:00 30T07:00 -     -
        """,
    ),
)


def belated() -> Story:
    """A day is sent a day late, in one block; then the meter is heard of as ever."""
    story, day = electricity().live(POWER[21]), POWER[22:24].ravel()
    return story.day(day).days(POWER[24:27])


SILENT: Final = (
    Case(
        "D15: nothing for two days",
        electricity().live(POWER[21]).silent(48).live(POWER[24]),
        """
        status cause               start    at       rules   or
        opened communication_fault 23T00:00 25T01:00 D15 -
        """,
    ),
    Case(
        "D15: all of it comes at last",
        belated(),
        """
        status cause               start    at       rules or
        opened communication_fault 23T00:00 25T00:00 D15   -
        closed communication_fault 23T00:00 25T00:00 -     -
        """,
    ),
    Case(
        "D15: the same in an outage",
        electricity().live(POWER[21]).reports("3.26.0.85").silent(20).live([0.5]).silent(27).live(POWER[24]),
        """
        status cause               start    at       rules or
        opened communication_fault 23T21:00 25T01:00 D14   -
        """,
    ),
)

TOGETHER: Final = (
    Case(
        "a step of ten looks like no burst, for all is on a coarser grid",
        water().live((MORE[:2] * 10).ravel()),
        """
        status cause      start    at       rules or
        opened data_error 22T08:00 23T08:00 D5    -
        """,
    ),
    Case(
        "flat estimates over the leak that they look like",
        water().live([50] * 26),
        """
        status cause                start    at       rules or
        opened estimated_read_error 22T00:00 23T00:00 D13   leak
        """,
    ),
    Case(
        "a burst over the leak before it",
        water().live((MORE[:2] + 5).ravel()).live([800] * 4),
        """
        status  cause start    at       rules         or
        opened  leak  21T15:00 22T15:00 W1,W14        -
        updated burst 21T15:00 24T02:00 W1,W14,W15,W4 leak
        """,
    ),
    Case(
        "a burst where a leak has gone on for days, and the leak goes on after it",
        water().live((MORE[:5] + 5).ravel()).live([800] * 5).live((MORE[5:8] + 5).ravel()),
        """
        status  cause start    at       rules         or
        opened  leak  21T15:00 22T15:00 W1,W14        -
        closed  leak  21T15:00 27T02:00 -             -
        opened  burst 27T00:00 27T02:00 W1,W14,W15,W4 leak
        updated leak  27T00:00 28T06:00 W1,W14,W4     -
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
        opened leak  21T15:00 23T14:00 W4    unusual_use
        """,
        policy="[rules.W1]\non = false\n[rules.W14]\non = false",
    ),
    Case("all rules that it takes are off", water().live([0, -50, 0]), policy="[rules.D10]\non = false"),
)


def in_madrid() -> Story:
    """A home that lives by the clock on its wall, which skips an hour on day 84."""
    story = Story("electricity", timezone="Europe/Madrid")
    story.at -= HOUR
    for number, values in enumerate(power(105), 1):
        story.day(np.delete(values, 2) if number == 84 else values)
    return story


def charging() -> Values:
    """A car of 7.2 kW, four evenings a week."""
    evenings = np.isin(np.arange(24), (19, 20, 21, 22))
    return np.outer(np.isin(np.arange(30) % 7, (0, 2, 4, 5)), evenings * 7.2)


def sunny() -> Story:
    """Panels from day 22 on: by day less is taken, and some is given back."""
    story, sun = electricity(has_generation=True), 2.4 * np.sin((np.arange(24) - 7) / 11 * np.pi).clip(0)
    sun[(np.arange(24) < 7) | (np.arange(24) > 18)] = 0
    for values in POWER[21:46]:
        net = np.round(values - sun, 3)
        story.day(net.clip(0), received=(-net).clip(0).tolist())
    return story


def partly_estimated() -> Story:
    """Every fourth day four hours are estimates."""
    story = electricity()
    for number, values in enumerate(POWER[21:41]):
        story.day(values, quality=["estimated" if number % 4 == 1 and 8 <= hour < 12 else None for hour in range(24)])
    return story


def works() -> Values:
    """[60, 24] litres an hour of works with shifts by day and night, and next to nothing on weekends."""
    hours = np.where((np.arange(24) >= 6) & (np.arange(24) < 18), 260, 130)
    days = np.where(np.arange(60)[:, None] % 7 < 5, hours, 25.0)
    return np.rint(days * np.random.default_rng(5).uniform(0.9, 1.1, (60, 24)))


NIGHTS_AS_EVER: Final = np.hstack([POWER[21:31, :6], AWAY[0, 0] + POWER[21:31, 6:] / 20]).round(3)
"""A home without people, whose fridge and standby are as on any night."""
ALIKE: Final = (
    Case("D12, E3: a car is charged four evenings a week", electricity().days(POWER[21:51] + charging())),
    Case("E2, E3: panels that are registered", sunny()),
    Case("E3: a vacation of ten days", electricity().days(NIGHTS_AS_EVER).days(POWER[31:45])),
    Case("D12, D16: clocks that change", in_madrid()),
    Case("D1, D6, D13: some hours of estimates", partly_estimated()),
    Case("W16: people who have always been up by night", Story("water").days(np.roll(home(40), 12, axis=1))),
    Case("W14: works with weekends", Story("water", customer_class="commercial").days(works())),
)
CASES: Final = (*FLOW, *LIMITS, *NORM, *DATA, *READS, *USE, *SILENT, *TOGETHER, *ALIKE)
