"""A fleet of homes on one grid, day by day: what they share, and what befalls some of them."""

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from models.domain.times import DAY
from models.scoring.policy import Policy
from models.state.partition import Partition
from tests import kit

FIRST: Final = kit.us("2024-03-04")
COUNT: Final = 34
IDS: Final = tuple(f"home{n}" for n in range(COUNT))
METERS: Final = tuple(kit.meter(name, "electricity", customer_class="residential") for name in IDS)
_USUAL: Final = np.array(
    [0.2] * 6 + [0.5, 0.8, 0.6, 0.4, 0.4, 0.5, 0.8, 0.7, 0.5, 0.4, 0.5, 0.9, 1.4, 1.6, 1.2, 0.8, 0.5, 0.3]
)
Share = Callable[[int, int], float]
"""Of day and home: what is metered of what is used."""


def all_of_it(_day: int, _home: int) -> float:
    return 1.0


def bypassed(day: int, home: int) -> float:
    """From day 30 on two fifths of what home 7 uses go round its meter."""
    return 0.6 if home == 7 and day >= 30 else 1.0


def stolen(day: int, home: int) -> float:
    """From day 30 on most of what home 7 uses goes round its meter."""
    return 0.2 if home == 7 and day >= 30 else 1.0


def declined(day: int, home: int) -> float:
    """Home 7 uses a quarter less from day 25 on; from day 45 on most of it goes round its meter."""
    return 1.0 if home != 7 or day < 25 else 0.75 if day < 45 else 0.3


def heat_wave(day: int, _home: int) -> float:
    """A week in which everybody uses 40 % more."""
    return 1.4 if 35 <= day < 42 else 1.0


def restless(day: int, home: int) -> float:
    """Of twelve days in a row one in ten homes uses hardly anything, and nothing is wrong."""
    return 0.3 if np.random.default_rng([home, (day + 7 * home) // 12]).random() < 0.1 else 1.0


def days(begin: int, end: int, share: Share = all_of_it, turned: int = -1) -> kit.Stream:
    """A block a day of every home; sizes, habits, weather and whims differ. Home `turned` has its hours in reverse."""
    stream = []
    for day in range(begin, end):
        weather = np.random.default_rng(day).normal(0, 0.03)
        for home, meter_id in enumerate(IDS):
            own, whims = np.random.default_rng(1000 + home), np.random.default_rng([day, home])
            size, habits = own.uniform(0.5, 2), np.roll(_USUAL, own.integers(-2, 3))
            much = size * share(day, home) * np.exp(weather + whims.normal(0, 0.1))
            values = (much * habits * whims.gamma(12, 1 / 12, 24))[:: -1 if home == turned else 1]
            stream.append(kit.block(FIRST + day * DAY, np.round(values, 3), meter_id))
    return stream


@functools.cache
def lived(count: int, share: Share = all_of_it, policy: str = "") -> kit.Run:
    """What has been said in so many days. Not to be changed."""
    return kit.run(METERS, days(0, count, share), range(0, count * COUNT, COUNT), Policy.from_toml(policy))


def known_by(count: int) -> Partition:
    """A partition of its own after so many days."""
    partition = Partition.from_arrays(
        0, {name: array.copy() for name, array in lived(count).partition.arrays().items()}
    )
    return told(partition)


def told(partition: Partition) -> Partition:
    """`ami.meters` is read again."""
    for meter in METERS:
        partition.put_meter(meter)
    partition.seal_facts()
    return partition


def scores_of(run: kit.Run, begin: int, end: int) -> Any:
    """[n] of days, NaN while warming up."""
    first, last = FIRST + begin * DAY, FIRST + end * DAY
    return np.array([np.nan if score is None else score for _, _, at, score, *_ in run.scores if first <= at < last])
