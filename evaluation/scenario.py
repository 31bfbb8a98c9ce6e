"""Labelled data made of a fleet: two homes in three get one event each, the others are left as they are.

An event begins in the first fortnight after the history, each at a time of its own, so that never many homes are odd at
once; of thefts and changed lives at a local midnight, of all else with the first read after some hour.
"""

import dataclasses
from collections import Counter
from typing import Final

import numpy as np

from evaluation.catalogue import CATALOGUE, FLEET, Entry
from evaluation.fleets import HISTORY_DAYS, Fleet, Home
from models.contracts import Meter
from models.domain.localtime import midnights
from models.domain.times import DAY, HOUR
from simulators.candidates import Candidate, shows
from simulators.faults import Injected, Reads, strike

ONSET_DAYS: Final = 14
LASTS_DAYS: Final = 14
"""At most"""
DAYS: Final = HISTORY_DAYS + ONSET_DAYS + LASTS_DAYS + 2
"""Thirteen weeks"""
UNTOUCHED: Final = 1 / 3
HEAD_ENDS: Final = 4
"""Of a fleet with faults of whole head-ends: one for each of `FLEET`, and one that works"""


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """A fleet and the truth about it."""

    homes: tuple[tuple[Meter, Reads], ...]
    events: tuple[Injected, ...]
    telling: frozenset[str]
    """Meters that tell their registers: every other one"""


def single(fleet: Fleet, seed: int) -> Labelled:
    """Events of single homes, as many of each kind of the service's catalogue as go.

    A home gets the kind that there are fewest of among those that would show in it. Where use itself changes it may
    stand empty for days.
    """
    rng = np.random.default_rng([seed, 0xE7])
    telling = frozenset(home.meter.meter_id for home in fleet.homes[::2])
    counts = Counter(dict.fromkeys((entry.kind for entry in CATALOGUE[fleet.service]), 0))
    order = rng.permutation(len(fleet.homes)).tolist()
    homes = {number: (home.meter, home.reads) for number, home in enumerate(fleet.homes)}
    events = []
    for number in order[: round(len(order) * (1 - UNTOUCHED))]:
        home = fleet.homes[number]
        candidate = Candidate.of(home.meter, home.reads, fleet.onset, fleet.onset + (ONSET_DAYS + LASTS_DAYS) * DAY)
        entries = [CATALOGUE[fleet.service][at] for at in rng.permutation(len(CATALOGUE[fleet.service]))]
        for entry in sorted(entries, key=lambda entry: counts[entry.kind]):
            size = float(rng.choice(entry.sizes))
            told = entry.family.kind != "register_mismatch" or home.meter.meter_id in telling
            ready = candidate.plain if entry.family.real else candidate.free
            if told and ready and shows(entry.family, candidate, size):
                reads, event = _event(fleet, home, entry, size, rng, seed)
                homes[number] = (home.meter, reads)
                counts[entry.kind] += 1
                events.append(event)
                break
    return Labelled(tuple(homes[number] for number in sorted(homes)), tuple(events), telling)


def of_head_ends(fleet: Fleet, seed: int) -> Labelled:
    """Incidents of whole head-ends, one of each kind of `FLEET`, and a head-end that works."""
    rng = np.random.default_rng([seed, 0xF1])
    head_ends = [f"he-{number + 1}" for number in rng.permutation(len(fleet.homes)) % HEAD_ENDS]
    homes = [
        (home.meter.model_copy(update={"head_end": name}), home.reads)
        for name, home in zip(head_ends, fleet.homes, strict=True)
    ]
    events: list[Injected] = []
    for number, kind in enumerate(FLEET, start=1):
        own = [at for at, name in enumerate(head_ends) if name == f"he-{number}"]
        onset = fleet.onset + int(rng.integers(24 * ONSET_DAYS)) * HOUR
        meters = [(homes[at][0].meter_id, homes[at][1]) for at in own]
        struck = strike(kind, f"he-{number}", meters, onset, onset + 3 * DAY, seed=seed)
        for at, (reads, event) in zip(own, struck, strict=True):
            homes[at] = (homes[at][0], reads)
            events.append(event)
    return Labelled(tuple(homes), tuple(events), frozenset(home.meter.meter_id for home in fleet.homes[::2]))


def _event(
    fleet: Fleet, home: Home, entry: Entry, size: float, rng: np.random.Generator, seed: int
) -> tuple[Reads, Injected]:
    family = entry.family
    every = midnights(fleet.timezone)
    day = int(np.searchsorted(every, fleet.onset)) + int(rng.integers(ONSET_DAYS))
    by_the_day = "theft" in family.causes or family.role == "look_alike"
    onset = int(every[day])
    if not by_the_day:
        next_read = int(np.searchsorted(home.reads.start, onset + int(rng.integers(24)) * HOUR))
        onset = int(home.reads.start[min(next_read, len(home.reads.start) - 1)])
    lasts = min(LASTS_DAYS, family.lasts_days or LASTS_DAYS)
    end = int(every[day + LASTS_DAYS]) if lasts == LASTS_DAYS and by_the_day else onset + round(lasts * DAY)
    reads = family.inject(home.reads, onset, end, family.in_unit(size, home.meter.unit), seed)
    return reads, Injected(entry.kind, home.meter.meter_id, onset, end, family.causes, family.role)
