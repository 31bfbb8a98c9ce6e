"""What shops and small works use: opening hours, shifts, base loads."""

import dataclasses
from typing import Final

import numpy as np

from models.domain.blocks import Float64
from simulators.world.calendar import PER_HOUR, Bools, Calendar
from simulators.world.draws import by_bin, deposit, happen, in_chunks, profile, wander
from simulators.world.homes import KWH_IN_M3, Use, heating
from simulators.world.weather import Weather


@dataclasses.dataclass(frozen=True, slots=True)
class Trade:
    """A kind of business. Hours by the clock; powers in kW, before the size of one business is drawn."""

    opens: float
    closes: float
    weekdays: tuple[int, ...]
    base_kw: float
    open_kw: float
    litres_a_day: float
    draw_l: float
    loss_w_k: float
    gas_kw: float = 0.0
    """for ovens and steam, when open"""


SHOPS: Final = {
    "bakery": Trade(3.5, 18.0, (0, 1, 2, 3, 4, 5), 1.2, 6.0, 900, 6, 350, 14),
    "office": Trade(7.5, 18.0, (0, 1, 2, 3, 4), 0.6, 4.0, 450, 5, 500),
    "boutique": Trade(9.5, 19.0, (0, 1, 2, 3, 4, 5), 0.3, 2.2, 120, 4, 300),
    "grocer": Trade(7.5, 21.0, (0, 1, 2, 3, 4, 5), 7.0, 9.0, 700, 6, 400),
    "restaurant": Trade(10.5, 23.5, (1, 2, 3, 4, 5, 6), 1.8, 9.0, 2600, 8, 350, 9),
    "hairdresser": Trade(8.5, 18.5, (1, 2, 3, 4, 5), 0.2, 3.5, 900, 12, 200),
}
WORKS: Final = {
    "joinery": Trade(6.5, 16.0, (0, 1, 2, 3, 4), 1.5, 28.0, 600, 8, 1200),
    "metal": Trade(6.0, 22.0, (0, 1, 2, 3, 4), 5.0, 60.0, 2500, 15, 1500, 25),
    "laundry": Trade(5.5, 20.0, (0, 1, 2, 3, 4, 5), 2.0, 30.0, 16000, 60, 700, 90),
    "plastics": Trade(0.0, 24.0, (0, 1, 2, 3, 4, 5), 12.0, 75.0, 5000, 20, 900),
    "brewery": Trade(5.0, 19.0, (0, 1, 2, 3, 4), 9.0, 22.0, 14000, 90, 600, 60),
}
_ALL_DAY: Final = profile((8, 2, 1), (13, 3, 2), (17.5, 3, 2), floor=0.06)


def use_of(rng: np.random.Generator, calendar: Calendar, weather: Weather, trade: Trade) -> Use:
    """One business of a trade; it rests on the days that are not its own, and works on holidays only at week-ends."""
    size = float(np.exp(rng.normal(0, 0.35)))
    works = np.isin(calendar.weekday, trade.weekdays) & ~(calendar.free & (calendar.weekday < 6))
    opens, closes = trade.opens + rng.uniform(-0.5, 0.5), trade.closes + rng.uniform(-0.5, 0.5)
    running = _running(calendar, works, opens, closes)
    vigour = by_bin(calendar, np.exp(0.1 * rng.standard_normal(calendar.days)))
    noise = np.clip(1 + 0.18 * wander(rng, calendar.bins, 6), 0.1, 2)
    cooling = 1 + 0.025 * np.maximum(weather.temp_c - 15, 0)
    dark = 1 - np.minimum(weather.sun / 0.15, 1)
    base = trade.base_kw * (1 + 0.06 * wander(rng, calendar.bins, 8)) * cooling
    power = size * (base + trade.open_kw * running * noise * vigour * (1 + 0.15 * dark)) / PER_HOUR
    heat = heating(rng, calendar, weather, np.where(works, 1.0, 0.5) * size * trade.loss_w_k, _ALL_DAY)
    ovens = size * trade.gas_kw * running * np.clip(1 + 0.3 * wander(rng, calendar.bins, 5), 0, 3) / PER_HOUR
    gas = in_chunks(rng, (heat / 0.9 + ovens) / KWH_IN_M3, 0.3 * size)
    litres = trade.draw_l * np.exp(0.5 * rng.standard_normal(1)[0])
    hours = profile(((opens + closes) / 2, (closes - opens) / 4, 1.0))
    at = happen(rng, calendar, works * size * trade.litres_a_day / litres, hours)
    position = np.clip(at, 0, calendar.bins - 1e-6)
    position = position[running[position.astype(np.int64)] > 0]
    water = deposit(calendar, position, 0.05, litres * np.exp(0.5 * rng.standard_normal(len(position))))
    return Use(np.maximum(power, 0.0), np.zeros(calendar.bins), water, gas)


def _running(calendar: Calendar, works: Bools, opens: float, closes: float) -> Float64:
    """[n] 1 in full swing, with half an hour of warming up and of clearing away; shifts may pass midnight."""
    if closes - opens >= 23:
        return by_bin(calendar, works)
    swing = np.clip((calendar.clock - opens) / 0.5, 0, 1) * np.clip((closes - calendar.clock) / 0.5, 0, 1)
    return swing * by_bin(calendar, works)
