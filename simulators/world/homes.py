"""What a household uses: electricity, water and gas out of the same lives, so that they go together."""

import dataclasses
from typing import Final

import numpy as np

from models.domain.blocks import Float64
from simulators.world.calendar import PER_HOUR, Calendar
from simulators.world.draws import by_bin, deposit, happen, in_chunks, level_of, profile, wander
from simulators.world.life import ACTIVE, Life
from simulators.world.weather import Weather

KWH_IN_M3: Final = 10.5
"""kWh of heat in a cubic metre of natural gas."""
KWH_TO_WARM_LITRE: Final = 35 * 4.186 / 3600
"""kWh to warm a litre of water by 35 K."""

_MORNING: Final = profile((7.0, 0.7, 3.0), (20.5, 1.4, 1.2), floor=0.002)
_LATER: Final = profile((9.2, 1.4, 3.0), (20.0, 1.8, 1.2), floor=0.002)
_MEALS: Final = profile((7.2, 0.6, 0.5), (12.5, 0.8, 1.0), (18.6, 1.1, 2.4))
_CHORES: Final = profile((10.5, 2.0, 1.6), (17.5, 2.3, 2.0))
_AFTER_DINNER: Final = profile((20.0, 1.2, 3.0), (13.5, 1.0, 0.6))
_PLUG_IN: Final = profile((18.2, 1.4, 3.0), (22.5, 1.0, 0.8), (13.0, 3.0, 0.3))
_PROGRAMMES: Final = (
    profile((6.7, 0.5, 1.4), (18.8, 1.5, 2.6), floor=0.001),
    profile((6.5, 0.7, 1.5), (18.5, 2.2, 2.8), (12.0, 2.5, 0.8), floor=0.002),
    profile((6.5, 1.0, 1.3), (18.5, 2.6, 2.6), (12.0, 3.5, 1.5), floor=0.08),
)
"""When boilers run: by a clock morning and evening, with some at noon, or turned down for the night."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fittings:
    """What a home is fitted with."""

    gas_boiler: bool
    gas_cooker: bool
    heat_pump: bool
    electric_hot_water: bool
    solar_kw: float
    ev_kw: float
    """power of the charger; 0 = no car yet"""
    garden: bool
    """watered by a clock"""
    cooler: bool
    loss_w_k: float
    """heat lost for each degree, W/K"""


@dataclasses.dataclass(frozen=True, slots=True)
class Use:
    """What a building uses in each of n quarters of an hour."""

    electricity: Float64
    """kWh drawn from the grid"""
    received: Float64
    """kWh fed into it"""
    water: Float64
    """litres"""
    gas: Float64
    """m3"""


def fittings_of(rng: np.random.Generator, *, roomy: bool) -> Fittings:
    """A house (`roomy`) or a flat, as they come in the town."""
    gas_boiler = bool(rng.random() < (0.68 if roomy else 0.4))
    return Fittings(
        gas_boiler=gas_boiler,
        gas_cooker=gas_boiler and bool(rng.random() < 0.3),
        heat_pump=roomy and not gas_boiler and bool(rng.random() < 0.4),
        electric_hot_water=not gas_boiler and bool(rng.random() < (0.3 if roomy else 0.35)),
        solar_kw=float(rng.uniform(3, 9)) if roomy and rng.random() < 0.14 else 0.0,
        ev_kw=float(rng.choice([3.7, 7.4, 11.0])) if roomy and rng.random() < 0.08 else 0.0,
        garden=roomy and bool(rng.random() < 0.25),
        cooler=bool(rng.random() < 0.08),
        loss_w_k=float(np.exp(rng.normal(np.log(170 if roomy else 75), 0.3))),
    )


def use_of(rng: np.random.Generator, calendar: Calendar, weather: Weather, life: Life, has: Fittings) -> Use:
    """A household's use of everything."""
    lively = np.clip(np.exp(0.9 * wander(rng, calendar.bins, 5)) / 1.3, 0, 2)
    water, hot = _water(rng, calendar, weather, life, has, lively)
    programme = _PROGRAMMES[int(rng.choice(3, p=(0.35, 0.35, 0.3)))]
    lost = np.where(life.at_home > 0, 1.0, 0.45) * has.loss_w_k
    heat = heating(rng, calendar, weather, lost, programme, life.shift)
    gas = np.zeros(calendar.bins)
    if has.gas_boiler:
        gas += in_chunks(rng, heat / 0.92 / KWH_IN_M3, rng.uniform(0.06, 0.16))
        gas += hot * KWH_TO_WARM_LITRE / 0.85 / KWH_IN_M3
    power, cooking = _electricity(rng, calendar, weather, life, has, lively)
    if has.gas_cooker:
        gas += cooking * 0.16
    else:
        power += cooking * 1.0
    if has.heat_pump:
        cop = np.clip(3.4 + 0.07 * (weather.temp_c - 7), 1.8, 5)
        power += in_chunks(rng, heat / cop, 0.25)
    if has.electric_hot_water:
        power += hot * KWH_TO_WARM_LITRE
    solar = has.solar_kw * weather.sun / PER_HOUR * 0.95
    net = power - solar
    return Use(np.maximum(net, 0.0), np.maximum(-net, 0.0) if has.solar_kw else np.zeros(calendar.bins), water, gas)


def heating(
    rng: np.random.Generator,
    calendar: Calendar,
    weather: Weather,
    loss_w_k: Float64,
    programme: Float64,
    shift: float = 0.0,
) -> Float64:
    """[n] kWh of heat that a building wants, loss [d] in W/K; walls make it follow the day rather than the hour."""
    slow = np.convolve(weather.temp_c, np.full(48, 1 / 48))[: calendar.bins]
    slow[:48] = slow[48] if calendar.bins > 48 else weather.temp_c[0]
    wish = np.maximum(rng.normal(16.2, 0.8) - 0.5 * slow - 0.5 * weather.temp_c - 2.5 * weather.sun, 0.0)
    later = by_bin(calendar, rng.normal(shift, 0.7, calendar.days))
    programmed = level_of(programme, (calendar.clock - later) % 24)
    wobble = np.clip(1 + 0.4 * wander(rng, calendar.bins, 8), 0, 2.5)
    return by_bin(calendar, loss_w_k) * wish * programmed * wobble / 1000 / PER_HOUR


def _water(
    rng: np.random.Generator, calendar: Calendar, weather: Weather, life: Life, has: Fittings, lively: Float64
) -> tuple[Float64, Float64]:
    """Litres, and litres of warm water among them."""
    people = life.size * life.at_home
    workday, restday = ACTIVE[life.habit]
    thrift = float(np.exp(rng.normal(0, 0.22)))

    def drawn(per_day: Float64, litres: Float64 | float, hours: float, *when: Float64) -> Float64:
        at = happen(rng, calendar, per_day, *when, shift=life.shift, lively=lively)
        return deposit(calendar, at, hours, litres * np.exp(0.45 * rng.standard_normal(len(at))))

    flush = float(rng.choice([4.5, 6.0, 9.0], p=(0.35, 0.45, 0.2)))
    toilet = drawn(5.0 * people, flush, 0.03, workday, restday)
    taps = drawn(15.0 * people, 2.2 * thrift, 0.02, workday, restday)
    shower = drawn(0.72 * people, 50 * thrift, 0.12, _MORNING, _LATER)
    bath = drawn(0.04 * people, 130, 0.2, _AFTER_DINNER)
    washing = drawn((0.12 + 0.14 * people) * (people > 0), 48, 0.9, _CHORES)
    dishes = drawn((0.1 + 0.13 * people) * (people > 0), 11, 0.7, _AFTER_DINNER)
    water = toilet + taps + shower + bath + washing + dishes
    if has.garden:
        hour, litres = float(rng.choice([5.5, 6.5, 20.5, 21.5])), float(rng.uniform(80, 350))
        days = np.flatnonzero(rng.random(calendar.days) < weather.dry * 0.8)
        at = calendar.position(days, np.full(len(days), hour))
        water += deposit(calendar, at, 0.75, litres * weather.dry[days])
    return water, 0.35 * taps + 0.62 * shower + 0.65 * bath


def _electricity(
    rng: np.random.Generator, calendar: Calendar, weather: Weather, life: Life, has: Fittings, lively: Float64
) -> tuple[Float64, Float64]:
    """kWh without cooking, heat and hot water; and kWh of cooking."""
    people, there = life.size * life.at_home, life.at_home > 0
    lived_in = by_bin(calendar, ~life.empty)
    workday, restday = ACTIVE[life.habit]
    clock = (calendar.clock - life.shift) % 24
    active = np.where(calendar.rest[calendar.day], level_of(restday, clock), level_of(workday, clock))
    present = by_bin(calendar, life.at_home * np.sqrt(life.size))

    standby = float(np.exp(rng.normal(np.log(0.085), 0.55))) * (0.15 + 0.85 * lived_in)
    dark = 1 - np.minimum(weather.sun / 0.15, 1)
    lights = float(np.exp(rng.normal(np.log(0.075), 0.4)))
    power = (standby + present * active * lively * lights * (1 + 1.2 * dark)) / PER_HOUR
    power += _fridge(rng, calendar) * (0.05 + 0.95 * lived_in)

    def ran(per_day: Float64, kwh: float, hours: float, *when: Float64) -> Float64:
        at = happen(rng, calendar, per_day, *when, shift=life.shift, lively=lively)
        return deposit(calendar, at, hours, kwh * np.exp(0.3 * rng.standard_normal(len(at))))

    power += ran(1.5 * people, 0.10, 0.06, workday, restday)  # kettle
    power += ran(0.8 * people, 0.09, 0.07, _MEALS)  # microwave
    power += ran((0.12 + 0.14 * people) * there, 0.75, 1.6, _CHORES)
    power += ran((0.1 + 0.13 * people) * there, 0.95, 1.5, _AFTER_DINNER)
    if rng.random() < 0.4:
        power += ran((0.05 + 0.08 * people) * there, 2.0, 1.4, _CHORES)
    cooking = ran((0.35 + 0.18 * people) * there, 0.85, 0.7, _MEALS)
    if has.cooler:
        power += in_chunks(rng, np.maximum(weather.temp_c - 23, 0) * 0.12 * active**0.3 * present / PER_HOUR, 0.2)
    power += _car(rng, calendar, life, has)
    return power, cooking


def _fridge(rng: np.random.Generator, calendar: Calendar) -> Float64:
    """A compressor that is on for a third of a cycle of 40 to 80 minutes."""
    cycle = rng.uniform(0.7, 1.4) * PER_HOUR
    gaps = cycle * np.clip(1 + 0.12 * rng.standard_normal(int(calendar.bins / cycle * 1.05) + 2), 0.5, 1.5)
    return deposit(calendar, np.cumsum(gaps) - cycle, cycle / PER_HOUR / 3, rng.uniform(0.02, 0.045) * cycle / PER_HOUR)


def _car(rng: np.random.Generator, calendar: Calendar, life: Life, has: Fittings) -> Float64:
    power = has.ev_kw or (7.4 if life.new_ev_day is not None else 0.0)
    if not power:
        return np.zeros(calendar.bins)
    first = 0 if has.ev_kw else life.new_ev_day or 0
    driven = (np.arange(calendar.days) >= first) & (life.at_home > 0)
    at = happen(rng, calendar, np.where(driven, rng.uniform(0.25, 0.6), 0.0), _PLUG_IN)
    kwh = rng.uniform(5, 26, len(at))
    return deposit(calendar, at, kwh / power, kwh)
