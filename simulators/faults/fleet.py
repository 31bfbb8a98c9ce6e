"""Faults of many meters at once, which share a head-end, a firmware or a unit: one incident, nobody to be called."""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from models.domain.times import DAY
from simulators.faults.changes import with_value
from simulators.faults.family import FAMILIES, Injected, every, family
from simulators.faults.read_errors import silent
from simulators.faults.reads import Reads

family("head_end_outage", "communication_fault", sizes=every(1), unit="", lasts_days=2.5, judged_days=3)(silent)


@family("firmware_flat", "data_error", "communication_fault", sizes=every(1), unit="", lasts_days=3, judged_days=3)
def firmware_flat(reads: Reads, onset: int, end: int, size: float, rng: np.random.Generator) -> Reads:
    """The meter stops updating what it says and repeats the last use it saw; the register goes on."""
    before = reads.value[reads.span(onset - 28 * DAY, onset)]
    last = before[before > 0][-1:]
    return with_value(reads, reads.span(onset, end), np.full(len(reads.start), last[0] if len(last) else 0.0))


def strike(
    kind: str,
    fleet: str,
    meters: Iterable[tuple[str, Reads]],
    onset: int,
    end: int,
    size: float | None = None,
    seed: int = 0,
) -> Iterator[tuple[Reads, Injected]]:
    """One incident named `fleet`: the same fault in each of the meters (id, reads), at the same time."""
    of = FAMILIES[kind]
    if size is None:
        size = next(iter(of.sizes.values()))[0]
    truth = Injected(kind, "", onset, end, of.causes, of.role, fleet)
    for number, (meter_id, reads) in enumerate(meters):
        yield of.inject(reads, onset, end, size, seed + number), dataclasses.replace(truth, meter_id=meter_id)
