"""The town's buildings: who or what is in them, and what they use."""

import dataclasses
from typing import Final, Literal

import numpy as np

from simulators.world import business, homes
from simulators.world.calendar import Calendar
from simulators.world.hardware import Service
from simulators.world.homes import Fittings, Use
from simulators.world.life import Happening, Life, life_of
from simulators.world.weather import Weather

Kind = Literal["house", "flat", "block", "shop", "works"]
CustomerClass = Literal["residential", "multi_family", "commercial", "industrial"]
SHARES: Final[dict[Kind, float]] = {"house": 0.42, "flat": 0.43, "block": 0.02, "shop": 0.09, "works": 0.04}
CLASSES: Final[dict[Kind, CustomerClass]] = {
    "house": "residential",
    "flat": "residential",
    "block": "multi_family",
    "shop": "commercial",
    "works": "industrial",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Premise:
    """A building or a flat, and its use of everything it has a meter for."""

    number: int
    kind: Kind
    dwellings: int
    services: tuple[Service, ...]
    use: Use
    life: Life | None
    """None for businesses, and for a block, in which many live"""
    fittings: Fittings | None
    happenings: tuple[Happening, ...]


def premise_of(seed: int, number: int, calendar: Calendar, weather: Weather) -> Premise:
    """The premise of that number: the same whatever the size of the town."""
    rng = np.random.default_rng([seed, 1, number])
    kinds = list(SHARES)
    kind = kinds[int(rng.choice(len(kinds), p=list(SHARES.values())))]
    if kind in ("shop", "works"):
        trades = business.SHOPS if kind == "shop" else business.WORKS
        trade = trades[str(rng.choice(list(trades)))]
        use = business.use_of(rng, calendar, weather, trade)
        with_gas = trade.gas_kw > 0 or rng.random() < 0.5
        return Premise(number, kind, 0, _services(with_gas=with_gas), use, None, None, ())
    if kind == "block":
        return _block(rng, number, calendar, weather)
    roomy = kind == "house"
    fittings = homes.fittings_of(rng, roomy=roomy)
    life = life_of(rng, calendar, roomy=roomy, may_have_ev=roomy and not fittings.ev_kw)
    use = homes.use_of(rng, calendar, weather, life, fittings)
    with_water = roomy or bool(rng.random() < 0.75)
    services = _services(with_gas=fittings.gas_boiler, with_water=with_water)
    return Premise(number, kind, 1, services, use, life, fittings, life.happenings)


def _services(*, with_gas: bool, with_water: bool = True) -> tuple[Service, ...]:
    services: list[Service] = ["electricity"]
    if with_water:
        services.append("water")
    if with_gas:
        services.append("gas")
    return tuple(services)


def _block(rng: np.random.Generator, number: int, calendar: Calendar, weather: Weather) -> Premise:
    """A house of flats with one water meter, one boiler, and the landlord's lights on an electricity meter."""
    dwellings = int(rng.integers(6, 15))
    water, gas, lights = np.zeros(calendar.bins), np.zeros(calendar.bins), np.zeros(calendar.bins)
    boiler = dataclasses.replace(homes.fittings_of(rng, roomy=False), gas_boiler=True, gas_cooker=False)
    for _ in range(dwellings):
        life = life_of(rng, calendar, roomy=False, may_have_ev=False)
        use = homes.use_of(rng, calendar, weather, life, boiler)
        water, gas, lights = water + use.water, gas + use.gas, lights + 0.08 * use.electricity
    use = Use(lights + 0.04, np.zeros(calendar.bins), water, gas)
    return Premise(number, "block", dwellings, _services(with_gas=True), use, None, None, ())
