"""How much a meter's last days look like theft: boosted trees, trained on attacks put into real and simulated homes.

They see departures only, in deviations from the meter's own past with peers taken out: nothing of who or where it is.
Lives that change, as with a vacation, a baby or an electric car, were shown to them as no theft. `meterwatch train`
(`evaluation.train`) makes the trees, docs/theft-model.md has what they reach. What they were never shown they may miss:
the other detectors, which nobody trained, are there for that.
"""

import functools
import hashlib
import importlib.resources
import io
from typing import Any, Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.baseline.departures import STEADY_DAYS, fast, slow, turned_round
from models.baseline.today import add_today
from models.domain.errors import VersionError
from models.domain.units import CLASSES, ELECTRICITY
from models.scoring.detectors.trees import NODE, leaf_mean
from models.scoring.drift import LEAST_DAYS, strength
from models.state import ring as r
from models.state.closed import cohort_number, peers_of
from models.state.jit import inner, kernel
from models.state.layout import COHORT, FACTS, NO_DAY, ORDER, PAGED, ROW, STATS

VERSION: Final = 1
SEEN: Final = 2 * STATS + 1 + len(PAGED) + 1
"""Numbers that trees see: departures over 7 days and over 3, the level's drop, PageHinkley's, days since it fell.
In the place of the order of hours is what tells a day that is turned round: single cuts do not find it."""
LONG_AGO: Final = 99.0
HOME: Final = CLASSES.index("residential") + 1
"""The trees were shown homes; what is of no known class is taken for one."""
_ROWS, _FACTS, _EXACT = nb.from_dtype(ROW)[::1], nb.from_dtype(FACTS)[::1], nb.from_dtype(r.EXACT)[::1]
_i4, _i8, _u2 = nb.int32[::1], nb.int64[::1], nb.uint16[::1]


@inner
def look(row, day, x):
    """What the trees see of a row at local day `day`, into `x` [SEEN]."""
    for n in range(STATS):
        x[n] = slow(row, n)
        x[STATS + n] = fast(row, n)
    x[ORDER], x[STATS + ORDER] = turned_round(row, slow), turned_round(row, fast)
    x[2 * STATS] = row.drop
    for n in range(len(PAGED)):
        x[2 * STATS + 1 + n] = -strength(row.pages[n]) if row.pages[n].n >= LEAST_DAYS else 0.0
    x[SEEN - 1] = min(np.float64(day - row.fell_day), LONG_AGO) if row.fell_day != NO_DAY else LONG_AGO


@inner
def likeness(row, fact, day, trees, x):
    """How theft-like, log odds a tree; NaN of what is no home with electricity, or before departures are counted.

    `x` [SEEN]: scratch.
    """
    if len(trees) == 0 or row.days <= STEADY_DAYS or fact.service != ELECTRICITY or fact.customer_class > HOME:
        return np.float32(np.nan)
    look(row, day, x)
    return np.float32(leaf_mean(trees, x))


@kernel(
    nb.void(
        _ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _i4, nb.int64[:, ::1], nb.int64, nb.from_dtype(COHORT)[:, :, ::1],
        nb.float32[:, ::1],
    )
)  # fmt: skip
def looks(
    rows: Any, ring: Any, ring_at: Any, exact: Any, exact_at: Any, facts: Any, fact_of: Any, midnights: Any,
    day: int, medians: Any, out: NDArray[np.float32],
) -> None:  # fmt: skip
    """What the trees see of every meter as local day `day` ends, into `out` [meters, SEEN]: to train on."""
    ahead = np.empty(1, ROW)
    for m in range(len(out)):
        fact = facts[fact_of[m]]
        ahead[0] = rows[m]
        if rows[m].learnt_day < day:
            peers = peers_of(medians[fact.zone], fact.service, cohort_number(fact.service, fact.customer_class))
            add_today(ahead[0], ring, ring_at[m], exact, exact_at[m], day, midnights[fact.zone], peers)
        look(ahead[0], day, out[m])


def from_bytes(body: bytes) -> NDArray[np.void]:
    """Trees NODE [trees, nodes] from what `to_bytes` wrote. VersionError when they see other numbers than today's."""
    with np.load(io.BytesIO(body), allow_pickle=False) as kept:
        version, seen = int(kept["version"]), int(kept["seen"])
        if (version, seen) != (VERSION, SEEN):
            raise VersionError(f"theft model: version {version} of {seen} numbers, expected {VERSION} of {SEEN}")
        trees = np.zeros(kept["value"].shape, NODE)
        trees["value"], trees["feature"] = kept["value"], kept["feature"]
        return trees


def to_bytes(trees: NDArray[np.void]) -> bytes:
    """npz, without pickle."""
    body = io.BytesIO()
    np.savez_compressed(
        body, version=VERSION, seen=SEEN, value=trees["value"], feature=trees["feature"].astype(np.uint8)
    )
    return body.getvalue()


@functools.cache
def shipped() -> NDArray[np.void]:
    """The trees that are part of this package, as the code is."""
    return from_bytes(importlib.resources.files("models.scoring.detectors").joinpath("theft.npz").read_bytes())


def none() -> NDArray[np.void]:
    """No model: nothing is called theft-like."""
    return np.zeros((0, 1), NODE)


def digest(trees: NDArray[np.void]) -> str:
    """Version of a model: the first 12 hex digits of the SHA-256 of its trees."""
    return hashlib.sha256(np.ascontiguousarray(trees).view(np.uint8).tobytes()).hexdigest()[:12]
