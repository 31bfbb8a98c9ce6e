"""Trains the trees that say how theft-like a meter looks, and measures them on homes that they were not shown.

Fleets stream through the real pipeline; from the onset on part of the homes is stolen from, or lives on in a way that
only looks like it. What `models.scoring.detectors.theft` sees as each day ends is a sample: attacked days against all
others. The pipeline itself runs without a trained model meanwhile, so that nothing is judged by what it was before.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from evaluation.attacks import Attack, attack
from evaluation.branches import stream
from evaluation.fleets import ATTACKED_DAYS, HISTORY_DAYS, Fleet
from models.domain.times import NEVER
from models.pipeline import Outcome
from models.scoring.detectors import theft
from models.scoring.detectors.trees import LEAF, NODE, frozen
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.state.layout import COPIED, LEAST, PAGED, STATS, VARIATION, ZEROS
from models.state.partition import Partition

THEFT: Final = (
    "h1", "h2", "h3", "h4", "h6", "bypass_70", "bypass_50", "bypass_30", "one_circuit", "ramp", "weekends_only",
    "evenings_only",
)  # fmt: skip
"""h5 is left to D13: equal values to the digit are an estimate first."""
LOOK_ALIKES: Final = ("vacation", "tenancy", "baby", "ev", "solar", "season", "guests")
SIMULATED: Final = "simulated"
_TREES, _DEPTH, _LEAVES, _PACE = 150, 5, 15, 0.08
_LEAST_LEAF, _BINS = 60, 255
_PAST_DAYS: Final = 30
"""Days before the onset, every second of which is shown as clean."""
_REAL_WEIGHT: Final = 3.0
"""Of a sample of a real home: simulated ones are many, and too orderly."""


_WEIGHTS: Final = {"h6": 4.0, "tenancy": 0.3, "solar": 0.3}
"""Of a family's samples, 1 if not named: most families take use away, and show it alike; one only moves it. New tenants
and panels look so much like theft that they cost what is found; they are seldom, and seldom untold."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """What trees see of a fleet: `past` [homes, days, SEEN], and by kind `days` [homes, ATTACKED_DAYS, SEEN]."""

    source: str
    """Where the fleet is from, see `evaluation.stretches.made`"""
    homes: tuple[str, ...]
    """Who is behind each meter: stretches of one record are one home"""
    past: NDArray[np.float32]
    days: dict[str, NDArray[np.float32]]
    attacked: dict[str, NDArray[np.bool_]]
    lasts: dict[str, int]
    """Days"""


def show(fleet: Fleet, seed: int) -> Shown:
    """Every theft and look-alike in turn on part of a fleet, and none (`clean`)."""
    policy = Policy.from_toml("models.theft = 0")
    partition = fleet.partition()
    reads = [home.reads for home in fleet.homes]
    begin = fleet.first_day - HISTORY_DAYS
    past = np.stack(list(_looks(fleet, partition, stream(partition, policy, reads, NEVER, fleet.onset), policy, begin)))
    arrays = partition.arrays()
    days, attacked, lasts = {}, {}, {}
    for kind in ("clean", *THEFT, *LOOK_ALIKES):
        done = attack(fleet, kind, seed) if kind != "clean" else Attack(kind, tuple(reads), {})
        if kind != "clean" and not done.truth:
            continue
        partition = Partition.from_arrays(0, arrays)
        fleet.introduce(partition)
        after = stream(partition, policy, done.reads, fleet.onset, fleet.end)
        seen = np.stack(list(_looks(fleet, partition, after, policy, fleet.first_day)))
        days[kind] = seen[:ATTACKED_DAYS].swapaxes(0, 1)
        attacked[kind] = np.isin(np.arange(len(reads)), list(done.truth))
        lasts[kind] = done.days(fleet)
    homes = tuple(home.meter.meter_id.split(".")[0] for home in fleet.homes)
    return Shown(fleet.name.rpartition("-")[0], homes, past[-_PAST_DAYS::2].swapaxes(0, 1), days, attacked, lasts)


def _looks(
    fleet: Fleet, partition: Partition, outcomes: Iterator[Outcome], policy: Policy, day: int
) -> Iterator[NDArray[np.float32]]:
    """[homes, SEEN] as each day ends, the first of them `day`."""
    p = partition
    for number, _ in enumerate(outcomes):
        seen = np.zeros((len(fleet.homes), theft.SEEN), np.float32)
        medians = in_force(p, policy.models).medians
        theft.looks(
            p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, day + number, medians, seen
        )
        yield seen


# Fitting --------------------------------------------------------------------------------------------------------------


def fit(shown: Sequence[Shown], *, held: Iterable[str] = (), without: str | None = None) -> NDArray[np.void]:
    """Trees NODE, of all homes but those that are `held` back, and all families but the one `without`."""
    x, y, weight = _samples(shown, frozenset(held), without)
    weight = np.where(y, weight * weight[~y].sum() / weight[y].sum(), weight)
    model = HistGradientBoostingClassifier(
        max_iter=_TREES, learning_rate=_PACE, max_leaf_nodes=_LEAVES, max_depth=_DEPTH, min_samples_leaf=_LEAST_LEAF,
        l2_regularization=1.0, early_stopping=False, random_state=0, max_bins=_BINS, monotonic_cst=_ways(),
    )  # fmt: skip
    return trees_of(model.fit(x, y, sample_weight=weight))


def _ways() -> NDArray[np.int8]:
    """[SEEN] what may only make theft likelier: 1 as it rises, -1 as it falls. In the home's own deviations less use
    and more zeros never speak for honesty, whatever the attacks shown were; an attack that was not shown is found by
    it, ADR 15 has by how much."""
    ways = np.zeros(theft.SEEN, np.int8)
    for begin in (0, STATS):
        ways[begin + LEAST : begin + VARIATION] = -1
        ways[begin + ZEROS : begin + COPIED] = 1
    ways[theft.DROP] = -1
    ways[theft.PAGES : theft.PAGES + len(PAGED)] = 1
    return ways


def _samples(
    shown: Sequence[Shown], held: frozenset[str], without: str | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    found: list[tuple[NDArray[np.float32], bool, float]] = []
    for one in shown:
        mine = np.array([home not in held for home in one.homes])
        weight = 1.0 if one.source == SIMULATED else _REAL_WEIGHT
        found += [(one.days["clean"][mine], False, weight), (one.past[mine], False, weight)]
        for kind, days in one.days.items():
            if kind not in ("clean", without):
                found.append(
                    (
                        days[mine & one.attacked[kind], : one.lasts[kind]],
                        kind in THEFT,
                        weight * _WEIGHTS.get(kind, 1.0),
                    )
                )
    flat = [(x.reshape(-1, theft.SEEN), y, weight) for x, y, weight in found]
    return (
        np.concatenate([x for x, _, _ in flat]),
        np.concatenate([np.full(len(x), y) for x, y, _ in flat]),
        np.concatenate([np.full(len(x), weight) for x, _, weight in flat]),
    )


def trees_of(model: Any) -> NDArray[np.void]:
    """A fitted HistGradientBoostingClassifier as frozen trees: their mean is its log odds, but for a constant."""
    every = [iteration[0].nodes for iteration in model._predictors]
    trees = np.zeros((len(every), 2 ** (_DEPTH + 1) - 1), NODE)
    trees["feature"] = LEAF
    says = np.zeros(trees.shape, np.float32)
    for tree, nodes in enumerate(every):
        places = [(0, 0)]
        while places:
            node, at = places.pop()
            if nodes["is_leaf"][node]:
                says[tree, at] = nodes["value"][node]
                continue
            trees["feature"][tree, at] = nodes["feature_idx"][node]
            # theirs go left up to the threshold, ours below it
            trees["value"][tree, at] = np.nextafter(np.float32(nodes["num_threshold"][node]), np.float32(np.inf))
            places += [(int(nodes["left"][node]), 2 * at + 1), (int(nodes["right"][node]), 2 * at + 2)]
    return frozen(trees, says)
