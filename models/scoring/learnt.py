"""What is learnt of many meters together: per cohort a forest, and a table for each detector.

Cohorts are a service's meters of one class in one time zone of a partition; where they are few, all meters of the
service. All of it is a function of the partition's closed days (`models.state.closed`): the same closed days give the
same forests and tables, bit for bit, after a crash as in a replay. A forest's trees stand in groves that are grown anew
in turn, one a day, so that a close stays cheap and scores do not jump from one day to the next.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.domain.units import SERVICES
from models.scoring.calibrate import KNOTS, LEAST, table_of
from models.scoring.detectors import theft
from models.scoring.detectors.forest import OnlineIsolationForest
from models.scoring.detectors.half_space import HalfSpaceTrees
from models.scoring.rarity import NOTHING_BEGUN, NOTHING_SAID, PENDING_DAYS, rarity_of
from models.scoring.vector import FEATURES, PARTS, largest_of
from models.state.closed import COHORTS, KEPT_DAYS, PEERS, WHOLE, ClosedDay, cohort_of
from models.state.layout import COHORT, LEVEL, STATS
from models.state.partition import Partition

GROVES: Final = 8
_WINDOW_DAYS: Final = KEPT_DAYS - GROVES
_LARGEST_OF: Final[Any] = largest_of
"""Kernels have no types."""
_SETTLED_DAYS: Final = 28
"""Days older than `PENDING_DAYS` that tables of all meters need: in the first ones rows hardly know themselves."""
GROWN: Final = 256
"""Readings from which on a grove is grown."""


@dataclasses.dataclass(frozen=True, eq=False)
class Model:
    """Of one cohort."""

    groves: tuple[tuple[int, NDArray[np.void]] | None, ...]
    """Of each the local day in which it was grown, and its trees (`models.scoring.detectors.trees.NODE`)."""
    tables: NDArray[np.float32]
    """[PARTS and their combination, 2, KNOTS], see `models.scoring.calibrate`"""
    samples: int

    @property
    def grown(self) -> bool:
        """Whether there is a forest."""
        return all(self.groves)


@dataclasses.dataclass(frozen=True, eq=False)
class Learnt:
    """In force between two closes of a day. Models are numbered; 0 knows nothing."""

    settings: Mapping[str, float]
    """The policy's table `models`"""
    closed: dict[str, int]
    """Last closed day of each time zone."""
    models: dict[tuple[str, int], Model]
    """By time zone and cohort."""
    nodes: NDArray[np.void]
    """NODE [models, trees, nodes]"""
    grown: NDArray[np.bool_]
    """[models]"""
    tables: NDArray[np.float32]
    """[models, PARTS and their combination, 2, KNOTS]; NaN = not calibrated"""
    medians: NDArray[np.void]
    """COHORT [time zones, COHORTS, STATS] of the last closed day; peers of 0 = none yet"""
    model_of: NDArray[np.int32]
    """[time zones, COHORTS]"""
    many: NDArray[np.bool_]
    """[time zones, COHORTS] of meters that models alone may speak of: a forest is grown, and of their own class there
    are enough peers"""
    rarity: NDArray[np.float64]
    """[services, rules] surprise of a finding, see `models.scoring.rarity`"""
    begun: NDArray[np.int32]
    """[services, rules] sum of `ClosedDay.begun` over the days that count, see `models.deciding.restraint`"""
    days: NDArray[np.int32]
    """[services] of warm meters, in those days"""
    theft: NDArray[np.void]
    """Trees NODE [trees, nodes] of `models.scoring.detectors.theft`, none of them where the policy wants none"""


def in_force(partition: Partition, settings: Mapping[str, float]) -> Learnt:
    """What the closed days say by now; `settings`: the policy's table `models`."""
    closed = {zone: partition.clock.closed[zone] for zone in partition.zones if zone in partition.clock.closed}
    known: Learnt | None = partition.learnt
    if known is not None and known.settings != settings:
        known = None
    if known is None or known.closed != closed or len(known.model_of) != max(1, len(partition.zones)):
        known = partition.learnt = _learn(partition, settings, closed, known)
    return known


def _learn(
    partition: Partition, settings: Mapping[str, float], closed: dict[str, int], before: Learnt | None
) -> Learnt:
    bare = _bare(tuple(settings.items()))
    models: dict[tuple[str, int], Model] = {}
    medians = np.zeros((max(1, len(partition.zones)), COHORTS, STATS), COHORT)
    said, begun = NOTHING_SAID.copy(), NOTHING_BEGUN.copy()
    for zone, last in closed.items():
        days = {day: of for day, of in partition.closed.get(zone, {}).items() if day + of.late <= last}
        if days:
            medians[partition.zones.index(zone)] = days[max(days)].medians
            for day, of in days.items():
                if day <= last - PENDING_DAYS:
                    said += of.said
                    begun += of.begun
        if before is not None and before.closed.get(zone) == last:
            models |= {key: model for key, model in before.models.items() if key[0] == zone}
            continue
        for cohort in _cohorts(days):
            known = before.models.get((zone, cohort)) if before else None
            models[zone, cohort] = _model(days, cohort, settings, known)
    model_of = np.zeros(medians.shape[:2], np.int32)
    nodes, grown, tables = [bare], [False], [np.full((len(PARTS) + 1, 2, KNOTS), np.nan, np.float32)]
    for number, ((zone, cohort), model) in enumerate(models.items(), start=1):
        at = partition.zones.index(zone)
        service, own = divmod(cohort, WHOLE + 1)
        if own == WHOLE:
            first = cohort_of(service, 0)
            model_of[at, first : first + WHOLE + 1][model_of[at, first : first + WHOLE + 1] == 0] = number
        else:
            model_of[at, cohort] = number
        grown.append(model.grown)
        nodes.append(np.concatenate([grove[1] for grove in model.groves if grove]) if model.grown else bare)
        tables.append(model.tables)
    many = (medians["peers"][:, :, LEVEL] >= PEERS) & np.array(grown)[model_of]
    arrays = np.stack(nodes), np.array(grown), np.stack(tables)
    trained = theft.shipped() if settings["theft"] else theft.none()
    counts = rarity_of(said), begun, said[:, -1]
    return Learnt(settings, closed, models, *arrays, medians, model_of, many, *counts, trained)


def _cohorts(days: dict[int, ClosedDay]) -> list[int]:
    """That have a model of their own by the last of these days: classes first, then whole services."""
    if not days:
        return []
    peers = days[max(days)].medians["peers"][:, LEVEL]
    found = []
    for service in range(len(SERVICES)):
        whole = cohort_of(service, WHOLE)
        found += [c for c in range(cohort_of(service, 0), whole) if PEERS <= peers[c] < peers[whole]]
        if any(len(day.of(whole)) for day in days.values()):
            found.append(whole)
    return found


def _model(days: dict[int, ClosedDay], cohort: int, settings: Mapping[str, float], before: Model | None) -> Model:
    last = max(days)
    groves: list[tuple[int, NDArray[np.void]] | None] = []
    enough = sum(np.count_nonzero(of.taught) for of in days.values()) >= GROWN
    for n in range(GROVES):
        turn = last - (last - n) % GROVES
        old = before.groves[n] if before is not None else None
        if old is None or old[0] != turn:
            old = _grove(days, cohort, turn, n, settings) if enough else None
        groves.append(old)
    parts = _calibrating(days, cohort, last, int(settings["window"]))
    tables = np.stack([table_of(values) for values in parts.T])
    most = np.empty(len(parts))
    _LARGEST_OF(parts, tables, most)
    return Model(tuple(groves), np.concatenate([tables, table_of(most)[None]]), len(parts))


def _grove(
    days: dict[int, ClosedDay], cohort: int, turn: int, number: int, settings: Mapping[str, float]
) -> tuple[int, NDArray[np.void]] | None:
    """Grown with the local day `turn`, of what had come by then; None while there is too little to grow it of."""
    then = min(day + of.late for day, of in days.items() if day >= turn)
    days = {day: of for day, of in days.items() if day + of.late <= then}
    vectors = _window(days, cohort, turn, "vector", "taught", GROWN)[-int(settings["window"]) :]
    if len(vectors) < GROWN:
        return None
    return turn, _trees(settings, seed=cohort * GROVES + number).partial_fit(vectors).compiled()


def _trees(settings: Mapping[str, float], seed: int) -> OnlineIsolationForest | HalfSpaceTrees:
    trees, window, leaf = (int(settings[name]) for name in ("trees", "window", "leaf"))
    if settings["half_space"]:
        return HalfSpaceTrees(len(FEATURES), trees // GROVES, window=GROWN, seed=seed)
    return OnlineIsolationForest(len(FEATURES), trees // GROVES, window, leaf, seed=seed)


@functools.lru_cache(maxsize=4)
def _bare(settings: tuple[tuple[str, float], ...]) -> NDArray[np.void]:
    """A forest that has seen nothing, in the form of those that have."""
    return np.concatenate([_trees(dict(settings), seed=0).compiled()] * GROVES)


def _calibrating(days: dict[int, ClosedDay], cohort: int, last: int, window: int) -> NDArray[np.float32]:
    """[n, PARTS] raw parts that a cohort's tables are made of.

    They are of all its meters: without those that something was said of, oddness would look rarer than it is, more
    would be said, and the rates would drift off for good. What was said in the last fortnight may be true, though, so
    that those days wait. Until there are `_SETTLED_DAYS` without them, or after a drift, the latest `window` readings
    of quiet meters have to do, or of all meters where hardly any is quiet.
    """
    settled = {day: of for day, of in days.items() if day <= last - PENDING_DAYS}
    drifted = any(of.drifted[cohort] for day, of in days.items() if day not in settled)
    if not drifted and sum(len(of.of(cohort)) > 0 for of in settled.values()) >= _SETTLED_DAYS:
        return _window(settled, cohort, last, "parts", "", LEAST)
    quiet = _window(days, cohort, last, "parts", "quiet", LEAST)
    return (quiet if len(quiet) >= LEAST else _window(days, cohort, last, "parts", "", LEAST))[-window:]


def _window(
    days: dict[int, ClosedDay], cohort: int, last: int, column: str, flag: str, least: int
) -> NDArray[np.float32]:
    """The cohort's readings up to day `last` that have a flag, oldest first; since its last drift, if `least` are."""
    since = max((day for day, of in days.items() if day <= last and of.drifted[cohort]), default=0)
    there, count = [np.empty((0, len(PARTS if column == "parts" else FEATURES)), np.float32)], 0
    for day in sorted(days, reverse=True):
        if not last - _WINDOW_DAYS < day <= last:
            continue
        if day < since and count >= least:
            break
        of = days[day]
        mine = of.of(cohort)
        there.insert(1, getattr(of, column)[mine[getattr(of, flag)[mine]] if flag else mine])
        count += len(there[1])
    return np.concatenate(there, dtype=np.float32)
