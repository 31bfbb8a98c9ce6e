"""How much a meter's last days look like theft: boosted trees, trained on attacks put into real and simulated homes.

They see departures from the meter's own past, peers taken out, in deviations and some as such: nothing of who or where
it is. Lives that change, as with a vacation, a baby or an electric car, were shown to them as no theft. `meterwatch
train` (`evaluation.train`) makes the trees, docs/theft-model.md has what they reach. What they were never shown they
may miss: the other detectors, which nobody trained, are there for that.

Some homes look like theft time and again and nothing is wrong: half of that is taken off what they look like now.
"""

import functools
import hashlib
import importlib.resources
import io
from typing import Any, Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.baseline.departures import STEADY_DAYS, as_such, fast, slow
from models.baseline.today import add_today
from models.domain.errors import VersionError
from models.domain.units import CLASSES, ELECTRICITY
from models.scoring.detectors.trees import NODE, leaf_mean
from models.scoring.drift import LEAST_DAYS, strength
from models.state import ring as r
from models.state.closed import cohort_number, peers_of
from models.state.jit import inner, kernel
from models.state.layout import (
    COHORT,
    EVENING,
    FACTS,
    LEAST,
    LEVEL,
    LOW,
    MIDDLE,
    NIGHT,
    NO_DAY,
    ORDER,
    PAGED,
    ROW,
    STATS,
    TOP,
)

VERSION: Final = 2
_LEVELS: Final = (LOW, MIDDLE, LEVEL, LEAST, NIGHT, EVENING, TOP)
IN_ORDER, DROP, PAGES = 2 * STATS, 2 * STATS + 2, 2 * STATS + 3
_FELL: Final = PAGES + len(PAGED)
SEEN: Final = _FELL + 1 + len(_LEVELS)
"""Numbers that trees see: departures over 7 days and over 3 in deviations; how far the hours follow the usual ones
and not these turned round, as such; the level's drop, PageHinkley's, days since it fell; how far levels have moved,
as logarithms."""
LONG_AGO: Final = 99.0
_SHARE: Final = 0.5
"""Of the most theft-like look of a home's ordinary life: so much is no news."""
_PARTS: Final = 16
"""Of a log odds, in which a row keeps it."""
_SETTLED, _FORGOTTEN = 10, 16
"""Days until days count, and by how many parts the most of them fades in as many."""
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
    usual = row.stats[ORDER].mean
    x[IN_ORDER], x[IN_ORDER + 1] = usual + as_such(row, ORDER, slow), usual + as_such(row, ORDER, fast)
    x[DROP] = row.drop
    for n in range(len(PAGED)):
        x[PAGES + n] = -strength(row.pages[n]) if row.pages[n].n >= LEAST_DAYS else 0.0
    x[_FELL] = min(np.float64(day - row.fell_day), LONG_AGO) if row.fell_day != NO_DAY else LONG_AGO
    for n in range(len(_LEVELS)):
        x[_FELL + 1 + n] = as_such(row, _LEVELS[n], slow)


@inner
def odds_of(row, fact, day, trees, x):
    """Log odds of theft by the trees; NaN of what is no home with electricity, or before departures are counted.

    `x` [SEEN]: scratch.
    """
    if len(trees) == 0 or row.days <= STEADY_DAYS or fact.service != ELECTRICITY or fact.customer_class > HOME:
        return np.float32(np.nan)
    look(row, day, x)
    return np.float32(len(trees) * leaf_mean(trees, x))


@inner
def beyond_usual(row, odds):
    """Log odds of theft, less half of the most that the home's ordinary life has looked like it."""
    return odds - _SHARE * row.looked[0] / _PARTS


@inner
def likeness(row, fact, day, trees, x):
    """How theft-like the home looks for what it is: its `odds_of`, `beyond_usual`."""
    return beyond_usual(row, odds_of(row, fact, day, trees, x))


@inner
def remember(row, day, odds):
    """How theft-like local day `day`, the next to be closed, looked: log odds, NaN where none are known.

    The last ten to twenty days do not count yet, for theft must not account for itself.
    """
    if day // _SETTLED > row.closed_day // _SETTLED:
        row.looked[0] = max(np.int64(row.looked[0]) - _FORGOTTEN, np.int64(row.looked[1]))
        row.looked[1], row.looked[2] = row.looked[2], 0
    if odds > 0:
        row.looked[2] = max(np.int64(row.looked[2]), min(np.int64(np.rint(_PARTS * odds)), 255))


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
