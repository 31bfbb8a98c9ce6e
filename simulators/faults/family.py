"""What a fault family is, and the one register of them all.

A family takes a meter's reads, a span [onset, end), a `size` whose meaning it states and a source of chance, and gives
new reads. It changes nothing outside the span, keeps the shapes, stays on the meter's resolution, makes nothing
negative and is deterministic. Missing values (NaN) stay missing; what the head-end made up stays as it is.
"""

import dataclasses
import zlib
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol

import numpy as np

from models.contracts.label import Label
from models.domain.causes import CAUSES, Cause
from models.domain.times import to_datetime, to_us
from models.domain.units import BASE
from simulators.faults.reads import Reads

Role = Literal["fault", "look_alike"]
ELECTRICITY: Final = "electricity"
WATER: Final = "water"
GAS: Final = "gas"
_ABSOLUTE: Final = frozenset({"L/h", "kW", "kWh or L a day"})


class Fault(Protocol):
    """See the module: `onset` and `end` in microseconds UTC."""

    def __call__(self, reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Family:
    """A kind of fault, or of what looks like one and is none."""

    kind: str
    fault: Fault
    causes: tuple[Cause, ...]
    """Each is a right answer; none for a look-alike: silence is"""
    sizes: Mapping[str, tuple[float, ...]]
    """By service it happens to: sizes that make sense, the smallest of them hard to find"""
    unit: str
    """Of the sizes"""
    lasts_days: float | None
    """As a rule; None = until somebody comes"""
    judged_days: float
    """Days after the onset in which a good detector has found it"""
    real: bool = False
    """Whether what is used changes, and not just what is said of it"""
    role: Role = "fault"

    @property
    def services(self) -> tuple[str, ...]:
        """That it happens to."""
        return tuple(self.sizes)

    def in_unit(self, size: float, unit: str) -> float:
        """One of `sizes` as `inject` takes it for a meter of that unit: litres and kWh become the meter's own."""
        return size / BASE[unit] if self.unit in _ABSOLUTE else size

    def inject(self, reads: Reads, onset: int, end: int, size: float, seed: int = 0) -> Reads:
        """New reads with it, from `onset` to `end` in microseconds UTC; an amount is in the meter's own unit.

        ValueError where the reads lack what it needs.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.kind.encode()), onset // 1_000_000])
        return self.fault(reads, onset, end, size, rng)


@dataclasses.dataclass(frozen=True, slots=True)
class Injected:
    """One fault put into one meter: the truth that findings are judged by. Times in microseconds UTC."""

    kind: str
    meter_id: str
    onset: int
    end: int
    expected_causes: tuple[Cause, ...]
    role: Role = "fault"
    fleet: str | None = None
    """The incident it is part of"""

    @classmethod
    def of(cls, label: Label) -> "Injected":
        """What a record of `sim.labels` or a row of LABELS says. ValueError for a cause that is none.

        `any` stands for all causes. Where none is expected it is a look-alike, whatever the role says.
        """
        named = label.expected_cause.split("|") if label.expected_cause != "none" else []
        causes = CAUSES if named == ["any"] else tuple(cause for cause in CAUSES if cause in named)
        if named != ["any"] and len(causes) != len(named):
            raise ValueError(f"{label.expected_cause!r} are no causes")
        role: Role = label.role if causes else "look_alike"
        return cls(label.kind, label.meter_id, to_us(label.start), to_us(label.end), causes, role, label.fleet)

    @property
    def any_cause(self) -> bool:
        """Whether every cause is a right answer."""
        return len(self.expected_causes) == len(CAUSES)

    @property
    def expected_cause(self) -> str:
        """Causes that are a right answer, with `|` between them; `any` for all, `none` for look-alikes."""
        return "any" if self.any_cause else "|".join(self.expected_causes) or "none"

    def label(self) -> Label:
        """As `sim.labels` has it."""
        return Label(
            meter_id=self.meter_id,
            kind=self.kind,
            start=to_datetime(self.onset),
            end=to_datetime(self.end),
            expected_cause=self.expected_cause,
            fleet=self.fleet,
            role=self.role,
        )


FAMILIES: Final[dict[str, Family]] = {}
"""By kind."""


def family(
    kind: str,
    *causes: Cause,
    sizes: Mapping[str, tuple[float, ...]],
    unit: str,
    lasts_days: float | None = None,
    judged_days: float,
    real: bool = False,
) -> Callable[[Fault], Fault]:
    """Registers a function as a family; without causes it is a look-alike, and real."""

    def register(fault: Fault) -> Fault:
        role: Role = "fault" if causes else "look_alike"
        FAMILIES[kind] = Family(kind, fault, causes, sizes, unit, lasts_days, judged_days, real or not causes, role)
        return fault

    return register


def every(*sizes: float) -> dict[str, tuple[float, ...]]:
    """The same sizes for every service."""
    return dict.fromkeys((ELECTRICITY, WATER, GAS, "heat"), sizes)
