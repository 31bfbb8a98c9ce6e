"""The meters that hang on the town's walls: what they count in, how finely, how often."""

import dataclasses
from typing import Final, Literal

import numpy as np

from models.domain.blocks import Float64, Int64
from simulators.series import snap
from simulators.world.calendar import BIN_S, Calendar
from simulators.world.homes import KWH_IN_M3

Service = Literal["electricity", "water", "gas"]
Unit = Literal["kWh", "L", "m3"]


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """A type of meter. `share` is of the town's meters of its service."""

    name: str
    firmwares: tuple[str, ...]
    service: Service
    unit: Unit
    interval_s: int
    resolution: float
    share: float
    dial_max: float | None = None
    tells_voltage: bool = False
    for_totals: bool = False

    @property
    def per_base(self) -> float:
        """Units in a kWh, a litre or a cubic metre, whichever the service is simulated in."""
        if self.service == "water":
            return 0.001 if self.unit == "m3" else 1.0
        return KWH_IN_M3 if self.service == "gas" and self.unit == "kWh" else 1.0


MODELS: Final = (
    Model("EL-300", ("2.4.1", "2.6.0"), "electricity", "kWh", 1800, 0.001, 0.50, tells_voltage=True),
    Model("EL-120", ("1.9.3",), "electricity", "kWh", 1800, 0.01, 0.22, 100_000.0),
    Model("EQ-15", ("5.0.2", "5.1.0"), "electricity", "kWh", 900, 0.001, 0.16, tells_voltage=True),
    Model("EH-60", ("1.2.7",), "electricity", "kWh", 3600, 0.001, 0.12, 1_000_000.0),
    Model("ET-900", ("3.3.0",), "electricity", "kWh", 3600, 0.1, 0.0, for_totals=True),
    Model("WU-1", ("7.12", "7.20"), "water", "L", 3600, 1.0, 0.55, 10_000_000.0),
    Model("WM-4", ("3.0.8",), "water", "m3", 3600, 0.001, 0.22, 100_000.0),
    Model("WQ-15", ("2.2.0",), "water", "L", 900, 1.0, 0.13),
    Model("WD-24", ("1.0.5",), "water", "L", 86_400, 1.0, 0.10),
    Model("WT-80", ("4.1.1",), "water", "m3", 3600, 0.01, 0.0, for_totals=True),
    Model("GD-6", ("6.3.1", "6.4.0"), "gas", "m3", 3600, 0.001, 0.55, 100_000.0),
    Model("GB-4", ("2.8.8",), "gas", "m3", 3600, 0.01, 0.30, 100_000.0),
    Model("GK-6", ("9.1.0",), "gas", "kWh", 3600, 0.01, 0.15),
)
WATER_Q3: Final = (2.5, 4.0, 6.3, 10.0, 16.0, 25.0, 40.0, 63.0, 100.0)
"""m3/h, the series of ISO 4064."""
GAS_QMAX: Final = (6.0, 10.0, 16.0, 25.0, 40.0, 65.0, 100.0)
"""m3/h, G4 to G65."""


def choose(rng: np.random.Generator, service: Service) -> Model:
    """A model for a customer of the service."""
    fits = [model for model in MODELS if model.service == service and not model.for_totals]
    return fits[int(rng.choice(len(fits), p=[model.share for model in fits]))]


def total_model(service: Service) -> Model:
    """The model that feeds a transformer's or a district's customers."""
    return next(model for model in MODELS if model.service == service and model.for_totals)


def size_of(service: Service, use: Float64, smallest: float) -> float | None:
    """Q3 or Qmax, m3/h, that carries the highest hour of `use`, [n] litres or m3 in each quarter, and some more."""
    if service == "electricity":
        return None
    hourly = use[: len(use) // 4 * 4].reshape(-1, 4).sum(axis=1)
    needed = 1.4 * float(hourly.max(initial=0.0)) / (1000 if service == "water" else 1)
    sizes = WATER_Q3 if service == "water" else GAS_QMAX
    return next((size for size in sizes if size >= max(needed, smallest)), sizes[-1])


def by_interval(calendar: Calendar, use: Float64, interval_s: int) -> tuple[Int64, Float64]:
    """Starts of the intervals, microseconds, and what falls into each of `use`, [n] by the quarter of an hour."""
    if interval_s == 86_400:
        return calendar.midnight[:-1].copy(), np.bincount(calendar.day, use).astype(np.float64)
    each = interval_s // BIN_S
    return calendar.start[::each].copy(), use.reshape(-1, each).sum(axis=1)


def counted(use: Float64, resolution: float, phase: float) -> Float64:
    """What a register shows of it: whole steps, nothing lost between; `phase` of a step is on it already."""
    steps = np.floor(np.cumsum(use) / resolution + phase + 1e-9)
    return snap(np.diff(steps, prepend=0.0) * resolution, resolution)
