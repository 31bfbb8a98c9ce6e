"""The close of a local day, seen across meters: medians that days are corrected by, and the sample of its readings.

The sample is of the meters with the lowest hashes of meter and day, whatever the order in which they came. Where they
are few, more of each one's readings are taken.
"""

import dataclasses

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.baseline.departures import STEADY_DAYS, SUSPECT, deviation_of, oddness
from models.baseline.expect import clock_shift, wall_hour
from models.baseline.measure import WET_REACH, WIDTH, measure
from models.baseline.today import add_today, ends_day
from models.domain.localtime import FIRST_DAY
from models.domain.quality import EDITED, VALID
from models.domain.times import NEVER, SECOND
from models.domain.units import CLASSES, SERVICES
from models.scoring.cohort_drift import drifted
from models.scoring.detectors.theft import SEEN, likeness
from models.scoring.detectors.trees import NODE
from models.scoring.learnt import Learnt
from models.scoring.rarity import NEWS, NOTHING_BEGUN, NOTHING_SAID
from models.scoring.rules.registry import RULES
from models.scoring.suspicion import WARM_DAYS, suspicion
from models.scoring.vector import FEATURES, PARTS, raw_parts, vector
from models.state import ring as r
from models.state.closed import COHORTS, SAMPLE, WHOLE, ClosedDay, cohort_number, cohort_of, peers_of
from models.state.jit import kernel
from models.state.layout import COHORT, COPIED, FACTS, ROW, STATS
from models.state.partition import Partition

_ROWS, _FACTS, _EXACT = nb.from_dtype(ROW)[::1], nb.from_dtype(FACTS)[::1], nb.from_dtype(r.EXACT)[::1]
_i4, _i8, _f4, _u2 = nb.int32[::1], nb.int64[::1], nb.float32[:, ::1], nb.uint16[::1]
_zones, _flags = nb.int64[:, ::1], nb.boolean[::1]


def close_day(
    partition: Partition, zone: int, day: int, last: int, values: NDArray[np.float32], learnt: Learnt
) -> ClosedDay:
    """What local day `day` was like, at the close of `last`.

    `values` [meters, STATS]: its statistics; NaN of meters that do not learn it now. `learnt`: in force until now.
    """
    p, count = partition, len(partition)
    rows, facts = p.rows[:count], p.facts[p.fact_of[:count]]
    mine = cohort_of(facts["service"].astype(np.int64), facts["customer_class"].astype(np.int64))
    there = ~np.isnan(values[:, COPIED]) & (p.fact_of[:count] >= 0)
    warm = np.flatnonzero(there & (rows["days"] >= WARM_DAYS))
    quiet = (rows["episodes"]["opened"] == NEVER).all(axis=1) & (rows["fired_day"][:, day % 2] != day)
    hashes = _mixed(p.keys[:count] ^ np.uint64(day))
    meters, slots, cohorts = _chosen(warm, mine, hashes, 86_400 // rows["interval_s"])
    vectors = np.empty((len(meters), len(FEATURES)), np.float32)
    parts = np.full((len(meters), len(PARTS)), np.nan, np.float32)
    taught, solid = np.zeros(len(meters), np.bool_), np.zeros(len(meters), np.bool_)
    look(
        p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, zone, day,
        meters, slots, learnt.nodes, learnt.grown, learnt.medians, learnt.model_of,
        learnt.theft, vectors, parts, taught, solid,
    )  # fmt: skip
    said, begun, loud = NOTHING_SAID.copy(), NOTHING_BEGUN.copy(), warm[~quiet[warm]]
    said[:, -1] = np.bincount(facts["service"][warm], minlength=len(SERVICES))
    begin, end = p.midnights[zone, day - FIRST_DAY :][:2].tolist()
    _count(rows["episodes"][loud], facts["service"][loud], begin, end, said, begun)
    closed = ClosedDay(
        _medians(warm, mine, rows["stats"], values),
        cohorts[solid].astype(np.uint8),
        hashes[meters[solid]],
        vectors[solid].astype(np.float16),
        parts[solid],
        (taught & quiet[meters])[solid],
        quiet[meters[solid]],
        np.zeros(COHORTS, np.uint8),
        said,
        begun,
        last - day,
    )
    return dataclasses.replace(closed, drifted=drifted(p.closed.get(p.zones[zone], {}), day, closed))


def _count(
    episodes: NDArray[np.void],
    service: NDArray[np.uint8],
    begin: int,
    end: int,
    said: NDArray[np.int32],
    begun: NDArray[np.int32],
) -> None:
    """Of how many meters each rule spoke in the day from `begin` to `end`, microseconds; into columns of `ClosedDay`.

    `episodes` [n, families], `service` [n].
    """
    there = episodes["opened"] != NEVER
    news = there & (episodes["last"].astype(np.int64) * SECOND >= begin) & (end - episodes["start"] < NEWS)
    opened = there & (episodes["detected_at"] >= begin) & (episodes["detected_at"] < end)
    for those, counts in ((news, said), (opened, begun)):
        rules = np.bitwise_or.reduce(np.where(those, episodes["rules"], 0), axis=1)
        for number in range(len(RULES)):
            np.add.at(counts[:, number], service[(rules >> number & 1).astype(np.bool_)], 1)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Well mixed bits (the finaliser of SplitMix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _chosen(
    meters: NDArray[np.intp], cohort: NDArray[np.int64], hashes: NDArray[np.uint64], per_day: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Meter, slot and cohort of each reading of the sample, by cohort and hash."""
    chosen: list[NDArray[np.int64]] = []
    slots: list[NDArray[np.int64]] = []
    for own in np.unique(cohort[meters]):
        lowest = meters[cohort[meters] == own]
        lowest = lowest[np.argsort(hashes[lowest], kind="stable")][:SAMPLE]
        each = np.clip(SAMPLE // len(lowest), 1, per_day[lowest])
        at = np.repeat(lowest, each)
        nth = np.arange(len(at)) - np.repeat(np.cumsum(each) - each, each)
        first = hashes[at] % per_day[at].astype(np.uint64)
        chosen.append(at)
        slots.append((first.astype(np.int64) + nth * per_day[at] // np.repeat(each, each)) % per_day[at])
    if not chosen:
        return (np.empty(0, np.int64),) * 3
    at = np.concatenate(chosen)
    return at, np.concatenate(slots), cohort[at]


def _medians(
    warm: NDArray[np.intp], cohort: NDArray[np.int64], stats: NDArray[np.void], values: NDArray[np.float32]
) -> NDArray[np.void]:
    """Medians [COHORTS, STATS] of how the day departs from each meter's own past."""
    medians = np.zeros((COHORTS, STATS), COHORT)
    departures = values[warm] - stats["mean"][warm]
    deviations = deviation_of(stats["deviation"][warm])
    own, service = cohort[warm], cohort[warm] // (WHOLE + 1)
    for number in range(len(SERVICES)):
        of_service = service == number
        for customer_class in range(len(CLASSES) + 1):
            at = cohort_of(number, customer_class)
            if (mine := own == at).any():
                _into(medians[at], departures[mine], deviations[mine])
        if of_service.any():
            _into(medians[cohort_of(number, WHOLE)], departures[of_service], deviations[of_service])
    return medians


def _into(medians: NDArray[np.void], departures: NDArray[np.float32], deviations: NDArray[np.float32]) -> None:
    for n in range(STATS):
        there = ~np.isnan(departures[:, n])
        ordered = np.sort(departures[there, n])
        if (peers := len(ordered)) < 2:
            continue
        middle = peers // 2
        low, mid = ordered[middle - 1], ordered[middle]
        high = ordered[middle + 1] if peers % 2 and peers > 2 else mid
        medians[n] = (peers, low, mid, high, float(np.median(deviations[there, n])))


@kernel(
    nb.void(
        _ROWS, _u2, _i8, _EXACT, _i8, _FACTS, _i4, _zones, nb.int64, nb.int64,
        _i8, _i8, nb.from_dtype(NODE)[:, :, ::1], _flags, nb.from_dtype(COHORT)[:, :, ::1],
        nb.int32[:, ::1], nb.from_dtype(NODE)[:, ::1], _f4, _f4, _flags, _flags,
    )
)  # fmt: skip
def look(
    rows, ring, ring_at, exact, exact_at, facts, fact_of, midnights, zone, day,
    meters, slots, nodes, grown, medians, model_of, theft, vectors, parts, taught, solid,
):  # fmt: skip
    """Vectors and raw parts of meters as of single slots of a local day that is not learnt yet.

    `taught`: the meter looks as usual; `solid`: the slot is read.
    """
    features, ahead = np.empty(WIDTH), np.empty(1, ROW)
    looks = np.empty(SEEN, np.float32)
    starts = midnights[zone]
    shift = clock_shift(day, starts)
    for i in range(len(meters)):
        m, slot = meters[i], slots[i]
        row, fact = rows[m], facts[fact_of[m]]
        at = r.slab(ring_at[m], day, row.interval_s)
        if not r.holds(ring, at, day):
            continue
        rank = r.rank_at(ring, at, slot, row.interval_s)
        if rank != VALID and rank != EDITED:
            continue
        value = r.value_at(ring, exact, at, exact_at[m], day, slot, row.interval_s, row.decimals)
        resolution = max(fact.resolution, row.resolution)
        if resolution <= 0:
            resolution = 10.0 ** -np.float64(min(row.finest, 6))
        measure(row, ring, ring_at[m], exact, exact_at[m], day, slot, starts, resolution, WET_REACH, features)
        now = suspicion(row, features, value, resolution)
        cohort = cohort_number(fact.service, fact.customer_class)
        model, seen = model_of[zone, cohort], row
        if ends_day(row, day, slot, starts):
            ahead[0] = row
            seen = ahead[0]
            peers = peers_of(medians[zone], fact.service, cohort)
            add_today(seen, ring, ring_at[m], exact, exact_at[m], day, starts, peers)
            seen.theft = likeness(seen, fact, day, theft, looks)
        vector(seen, features, wall_hour(slot, row.interval_s, shift), value, resolution, vectors[i])
        raw_parts(seen, now, nodes[model], grown[model], vectors[i], parts[i])
        taught[i] = row.days > STEADY_DAYS and oddness(row) < SUSPECT
        solid[i] = True
