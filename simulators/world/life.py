"""Who lives in a home, when they are in, and what happens in their lives within the window."""

import dataclasses
from typing import Final, Literal

import numpy as np

from models.domain.blocks import Float64
from simulators.world.calendar import Bools, Calendar, easter
from simulators.world.draws import profile

Habit = Literal["workers", "family", "pensioners"]

ACTIVE: Final[dict[Habit, tuple[Float64, Float64]]] = {
    "workers": (
        profile((7.0, 0.7, 1.3), (19.5, 2.0, 3.0), (13.0, 3.0, 0.35), floor=0.002),
        profile((10.0, 1.8, 2.0), (14.0, 2.5, 1.5), (20.0, 2.3, 2.4), floor=0.003),
    ),
    "family": (
        profile((7.0, 0.7, 1.6), (13.0, 1.8, 1.1), (18.3, 2.0, 3.2), floor=0.003),
        profile((9.2, 1.6, 2.2), (13.0, 1.8, 1.6), (18.8, 2.2, 2.8), floor=0.003),
    ),
    "pensioners": (
        profile((8.2, 1.0, 1.5), (12.3, 1.6, 1.7), (17.5, 2.5, 2.2), floor=0.006),
        profile((8.4, 1.0, 1.5), (12.3, 1.6, 1.7), (17.5, 2.5, 2.2), floor=0.006),
    ),
}
"""When people are up and about at home, as profiles of a workday and a day of rest."""

TRIPS_A_YEAR: Final = 1.1
VISITS_A_YEAR: Final = 0.5
BIRTHS_A_YEAR: Final = 0.02
NEW_EVS_A_YEAR: Final = 0.02
MOVES_A_YEAR: Final = 0.05
"""Of homes; moves that leave the home empty for weeks."""


@dataclasses.dataclass(frozen=True, slots=True)
class Happening:
    """Something in a life that a meter sees and that is no fault: days of the calendar, `until` not included."""

    kind: str
    first_day: int
    until_day: int
    known: bool
    """whether the customer told the utility"""


@dataclasses.dataclass(frozen=True, slots=True)
class Life:
    """A household over the d days of a calendar."""

    habit: Habit
    shift: float
    """hours by which they are later than others"""
    at_home: Float64
    """[d] 0 away, 1 a usual day"""
    size: Float64
    """[d] persons, with guests and what a baby adds"""
    new_ev_day: int | None
    empty: Bools
    """[d] nobody lives there"""
    happenings: tuple[Happening, ...]


def life_of(rng: np.random.Generator, calendar: Calendar, *, roomy: bool, may_have_ev: bool) -> Life:
    """A household of a house (`roomy`) or a flat."""
    share = calendar.days / 365.25
    habits: tuple[Habit, ...] = ("workers", "family", "pensioners")
    habit = habits[rng.choice(3, p=(0.33, 0.42, 0.25) if roomy else (0.5, 0.2, 0.3))]
    most = {"workers": (0.45, 0.55, 0, 0), "family": (0, 0.2, 0.45, 0.35), "pensioners": (0.4, 0.6, 0, 0)}[habit]
    persons = 1 + int(rng.choice(4, p=most))
    at_home = np.exp(0.2 * rng.standard_normal(calendar.days) - 0.02)
    happenings = []
    lonely = calendar.rest & (rng.random(calendar.days) < 0.03)
    at_home[lonely] = 0.0
    for _ in range(rng.poisson(TRIPS_A_YEAR * share)):
        first = _trip_day(rng, calendar, habit)
        until = min(first + int(rng.integers(5, 16)), calendar.days)
        at_home[first:until] = 0.0
        happenings.append(Happening("vacation", first, until, bool(rng.random() < 0.3)))
    size = np.full(calendar.days, float(persons))
    for _ in range(rng.poisson(VISITS_A_YEAR * share)):
        first = int(rng.integers(0, calendar.days))
        until = min(first + int(rng.integers(1, 5)), calendar.days)
        if at_home[first:until].all():
            size[first:until] += rng.integers(1, 5)
            happenings.append(Happening("guests", first, until, False))
    if habit == "workers" and persons == 2 and rng.random() < BIRTHS_A_YEAR * share * 6:
        born = int(rng.integers(0, calendar.days))
        size[born:] += 1.2
        at_home[born:] = np.maximum(at_home[born:], 0.9) * 1.25
        happenings.append(Happening("baby", born, calendar.days, False))
    new_ev_day = None
    if may_have_ev and rng.random() < NEW_EVS_A_YEAR * share * 2:
        new_ev_day = int(rng.integers(0, calendar.days))
        happenings.append(Happening("ev", new_ev_day, calendar.days, bool(rng.random() < 0.5)))
    empty = np.zeros(calendar.days, np.bool_)
    if rng.random() < MOVES_A_YEAR * share:
        first = int(rng.integers(0, calendar.days))
        until = min(first + int(rng.integers(14, 45)), calendar.days)
        empty[first:until] = True
        at_home[until:] *= rng.uniform(0.6, 1.6)
        happenings.append(Happening("vacancy", first, until, bool(rng.random() < 0.5)))
    elif rng.random() < 0.012:
        empty[:] = True
        happenings.append(Happening("vacancy", 0, calendar.days, bool(rng.random() < 0.7)))
    at_home[empty] = 0.0
    return Life(habit, float(rng.normal(0, 0.7)), at_home, size, new_ev_day, empty, tuple(happenings))


def _trip_day(rng: np.random.Generator, calendar: Calendar, habit: Habit) -> int:
    """Families travel when schools are closed, others when they like."""
    open_ = np.full(calendar.days, 1.0)
    for at, day in enumerate(calendar.year_day.tolist()):
        school_is_out = 185 <= day <= 235 or day >= 355 or day <= 4 or abs(day - _easter_day(calendar, at)) <= 6
        open_[at] = 8.0 if school_is_out else (0.15 if habit == "family" else 1.0)
    return int(rng.choice(calendar.days, p=open_ / open_.sum()))


def _easter_day(calendar: Calendar, at: int) -> int:
    year = (
        int(
            np.datetime64(int(calendar.midnight[at] + calendar.midnight[at + 1]) // 2, "us")
            .astype("datetime64[Y]")
            .astype(int)
        )
        + 1970
    )
    return easter(year).timetuple().tm_yday - 1
