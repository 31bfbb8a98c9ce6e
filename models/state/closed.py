"""What a partition keeps of its closed local days: the medians that days are corrected by, and a sample of readings.

All that is learnt of many meters together, forests and tables, is made of these and of nothing else, and made again of
them after a crash. A day is frozen when it first closes, and written before any row that has learnt by it.
"""

import dataclasses
import functools
import io
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.domain.units import CLASSES, SERVICES
from models.state.jit import inner
from models.state.layout import COHORT, LEVEL, STATS

WHOLE: Final = len(CLASSES) + 1
"""In the place of a class: all meters of the service. 0 = the class is not known."""
COHORTS: Final = len(SERVICES) * (WHOLE + 1)
KEPT_DAYS: Final = 64
SAMPLE: Final = 256
"""Readings of a cohort that are taken of a day."""
LEVEL_DRIFTED, SCORES_DRIFTED = 1, 2
PEERS: Final = 30
"""Fewer of a class are held against all meters of the service. Source: design, measured."""


def cohort_of(service: Any, customer_class: Any) -> Any:
    """Number of a cohort: `service` and `customer_class` as in FACTS, or `WHOLE`. Numbers, or arrays of them."""
    return service * (WHOLE + 1) + customer_class


cohort_number: Final = inner(cohort_of)
"""The same in kernels."""


@inner
def peers_of(medians, service, cohort):
    """[STATS] of a day's `medians` that a meter is held against: its cohort's, or its service's where peers are few."""
    few = medians[cohort, LEVEL].peers < PEERS
    return medians[cohort_number(service, WHOLE) if few else cohort]


@dataclasses.dataclass(frozen=True, eq=False)
class ClosedDay:
    """One local day of the meters of a time zone. Columns: one entry a sampled reading, by cohort, then by hash."""

    medians: NDArray[Any]
    """COHORT [COHORTS, STATS]"""
    cohort: NDArray[np.uint8]
    """Of the meter's own class"""
    hash: NDArray[np.uint64]
    """Of meter and day: the readings with the lowest are the sample."""
    vector: NDArray[np.float16]
    """[n, features] of `models.scoring.vector`"""
    parts: NDArray[np.float32]
    """[n, parts] raw values of the detectors, the forest's as the forest of the day before says; NaN = not known yet"""
    taught: NDArray[np.bool_]
    """Whether a forest is to learn it: not of a meter that looks odd, or that something was said of."""
    quiet: NDArray[np.bool_]
    """Whether nothing was said of the meter"""
    drifted: NDArray[np.uint8]
    """[COHORTS] bits: `LEVEL_DRIFTED`, `SCORES_DRIFTED`. What was before such a day no longer says what is usual."""
    said: NDArray[np.int32]
    """[services, rules + 1] warm meters of which each rule said something new, see `models.scoring.rarity`; in the last
    column all warm meters"""
    begun: NDArray[np.int32]
    """[services, rules] warm meters on which an anomaly opened of which the rule spoke"""
    late: int = 0
    """Days after it with whose close it was frozen: above 0 where nothing of it had come by its own."""

    def of(self, cohort: int) -> NDArray[np.intp]:
        """Places of a cohort's readings. Of several classes together as many as one of them has, by hash."""
        if cohort not in self._places:
            service, own = divmod(cohort, WHOLE + 1)
            mine = self.cohort == cohort if own != WHOLE else self.cohort // (WHOLE + 1) == service
            there = np.flatnonzero(mine)
            self._places[cohort] = there[np.argsort(self.hash[there], kind="stable")[:SAMPLE]]
        return self._places[cohort]

    @functools.cached_property
    def _places(self) -> dict[int, NDArray[np.intp]]:
        return {}

    @functools.cached_property
    def body(self) -> bytes:
        """As it is written: npz, without pickle."""
        body = io.BytesIO()
        there = np.flatnonzero(self.medians["peers"].any(axis=1)).astype(np.uint8)
        np.savez_compressed(
            body,
            there=there,
            medians=self.medians[there].view(np.uint8),
            cohort=self.cohort,
            hash=self.hash,
            vector=self.vector,
            parts=self.parts,
            taught=self.taught,
            quiet=self.quiet,
            drifted=self.drifted,
            said=self.said,
            begun=self.begun,
            late=self.late,
        )
        return body.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Back from `body`."""
        with np.load(io.BytesIO(body), allow_pickle=False) as kept:
            medians = np.zeros((COHORTS, STATS), COHORT)
            medians[kept["there"]] = np.ascontiguousarray(kept["medians"]).view(COHORT)
            arrays = ("cohort", "hash", "vector", "parts", "taught", "quiet", "drifted", "said", "begun")
            columns = {name: kept[name] for name in arrays}
            return cls(medians, **columns, late=int(kept["late"]))
