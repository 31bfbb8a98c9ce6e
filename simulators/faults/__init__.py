"""The fault families: what goes wrong with a meter or behind it, as pure functions over its reads.

A family takes a meter's reads, a span [onset, end) and a `size` whose meaning it states, and gives new reads. It
changes nothing outside the span, keeps the shapes, stays on the meter's resolution, makes nothing negative and is
deterministic. Missing values (NaN) stay missing.
"""

import dataclasses
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import Float64
from models.domain.causes import Cause
from models.domain.times import DAY
from simulators.faults.reads import ESTIMATED, VALID, Reads
from simulators.series import snap

__all__ = ["ESTIMATED", "FAMILIES", "VALID", "Family", "Fault", "Injected", "Reads"]


@dataclasses.dataclass(frozen=True, slots=True)
class Injected:
    """One fault put into one meter: the truth that findings are judged by. Times in microseconds UTC."""

    kind: str
    meter_id: str
    onset: int
    end: int
    expected_causes: tuple[Cause, ...]


class Fault(Protocol):
    """See the module: `onset` and `end` in microseconds UTC."""

    def __call__(self, reads: Reads, onset: int, end: int, size: float) -> Reads: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Family:
    """A kind of fault, the services it happens to, and the causes that are a right answer to it."""

    kind: str
    inject: Fault
    causes: tuple[Cause, ...]
    services: tuple[str, ...]


FAMILIES: Final[dict[str, Family]] = {}
_EVERY: Final = ("electricity", "water", "gas", "heat")


def _family(kind: str, cause: Cause, services: tuple[str, ...] = _EVERY) -> Callable[[Fault], Fault]:
    def register(inject: Fault) -> Fault:
        FAMILIES[kind] = Family(kind, inject, (cause,), services)
        return inject

    return register


@_family("leak", "leak", ("water", "gas"))
def leak(reads: Reads, onset: int, end: int, size: float) -> Reads:
    """A pipe behind the meter lets `size` units an hour go, all the time."""
    return _flowing(reads, onset, end, size)


@_family("burst", "burst", ("water", "gas"))
def burst(reads: Reads, onset: int, end: int, size: float) -> Reads:
    """A pipe breaks: as a leak, but `size`, units an hour, is beyond anything the meter has seen, for hours."""
    return _flowing(reads, onset, end, size)


@_family("flat_estimates", "estimated_read_error")
def flat_estimates(reads: Reads, onset: int, end: int, size: float) -> Reads:
    """The head-end has no reads and puts one value, `size` x the mean of the 28 days before, labelled as estimates.

    The register goes on underneath. ValueError when there is no day before the onset.
    """
    flat = flat_valid(reads, onset, end, size)
    return dataclasses.replace(flat, quality=np.where(reads.span(onset, end), ESTIMATED, reads.quality))


@_family("flat_valid", "estimated_read_error")
def flat_valid(reads: Reads, onset: int, end: int, size: float) -> Reads:
    """As `flat_estimates`, but the estimates keep the quality of the reads that they stand for."""
    before = reads.value[reads.span(onset - 28 * DAY, onset) & ~np.isnan(reads.value)]
    if len(before) * reads.interval_s < 86_400:
        raise ValueError("an estimate needs a day of reads before the onset")
    estimate = max(float(snap(before.mean(keepdims=True) * size, reads.resolution)[0]), reads.resolution)
    return _with_values(reads, reads.span(onset, end), np.full(len(reads.value), estimate))


@_family("x10", "data_error")
def multiplier(reads: Reads, onset: int, end: int, size: float) -> Reads:
    """The head-end multiplies by `size` (10: a wrong multiplier or unit); the register is right."""
    return _with_values(reads, reads.span(onset, end), snap(reads.value * size, reads.resolution))


@_family("stuck", "meter_fault")
def stuck(reads: Reads, onset: int, end: int, size: float) -> Reads:
    """The register stands still and the reads are zero, though use goes on. `size` means nothing here."""
    span = reads.span(onset, end)
    still = dataclasses.replace(reads, metered=np.where(span, 0.0, reads.metered))
    return _with_values(still, span, np.zeros(len(reads.value)))


def _with_values(reads: Reads, span: NDArray[np.bool_], value: Float64) -> Reads:
    return dataclasses.replace(reads, value=np.where(span & ~np.isnan(reads.value), value, reads.value))


def _flowing(reads: Reads, onset: int, end: int, per_hour: float) -> Reads:
    """Adds a flow as a register counts it: whole steps of the resolution, nothing lost by rounding each interval."""
    span = reads.span(onset, end)
    passed = np.cumsum(span) * (per_hour * reads.interval_s / 3600)
    added = snap(np.diff(np.floor(passed / reads.resolution + 1e-9), prepend=0.0) * reads.resolution, reads.resolution)
    more = _with_values(reads, span, snap(reads.value + added, reads.resolution))
    return dataclasses.replace(
        more, metered=np.where(span, snap(reads.metered + added, reads.resolution), reads.metered)
    )
