"""`summary.json`: what came in, what came of it, what could not be judged, and how fast it went."""

import dataclasses
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, get_args

from cli.replay.lanes import Lane
from cli.replay.output import ACTIONS, Action
from cli.replay.reference import Fleet
from models.contracts import AnomalyEvent
from models.domain.causes import CAUSES, Status
from models.domain.drifts import CohortDrift
from models.domain.times import day_of
from models.scoring.policy import Policy
from models.scoring.rules.registry import RULES


class Tally:
    """Counts while a replay runs."""

    def __init__(self) -> None:
        self.rejected: Counter[str] = Counter()
        """Rows by reason."""
        self.counts: Counter[str] = Counter()
        """accepted, duplicates, revisions, late"""
        self.shadow: Counter[str] = Counter()
        """What rules in shadow would have opened"""
        self._lines: Counter[tuple[str, str]] = Counter()
        self._actions: Counter[str] = Counter()
        self._drifts: list[tuple[int, CohortDrift]] = []

    def anomalies(self, events: Iterable[AnomalyEvent]) -> None:
        """Lines of `anomalies.jsonl`."""
        self._lines.update((event.cause, event.status) for event in events)

    def actions(self, kind: str, lines: Iterable[Action]) -> None:
        """Lines of a file of actions: each action counts once, however it goes on."""
        self._actions[kind] += sum(line.sequence == 1 for line in lines)

    def drifts(self, partition: int, drifts: Iterable[CohortDrift]) -> None:
        """Of the cohorts of a partition."""
        self._drifts += [(partition, drift) for drift in drifts]

    def summary(
        self, fleet: Fleet, lanes: list[Lane], policy: Policy, readings: int, started: float, warm_up_s: float
    ) -> dict[str, Any]:
        """Every field of the contract. `started`: `time.perf_counter` when the program did."""
        statuses = get_args(Status)
        meters = max(1, sum(len(lane.partition) for lane in lanes))
        accepted = self.counts["accepted"]
        seconds = time.perf_counter() - started
        return {
            "readings": readings,
            "accepted": accepted,
            "rejected": dict(sorted(self.rejected.items())),
            "duplicates": self.counts["duplicates"],
            "revisions": self.counts["revisions"],
            "late": self.counts["late"],
            "meters": len(fleet),
            "anomalies": {cause: {status: self._lines[cause, status] for status in statuses} for cause in CAUSES},
            "actions": {kind: self._actions[kind] for kind in ACTIONS},
            "drifts": [
                {**dataclasses.asdict(drift), "day": day_of(drift.day).isoformat(), "partition": partition}
                for partition, drift in sorted(self._drifts, key=lambda told: (told[1].day, told[0]))
            ],
            "rules_off": rules_off(fleet, policy),
            "shadow": {rule.id: self.shadow[rule.id] for n, rule in enumerate(RULES) if policy.in_shadow >> n & 1},
            "seconds": round(seconds, 3),
            "warm_up_s": round(warm_up_s, 3),
            "readings_per_s": round(accepted / max(1e-3, seconds - warm_up_s), 1),
            "state_bytes_per_meter": lanes[0].partition.rows.itemsize,
            "ring_bytes_per_meter": round(sum(lane.partition.ring_bytes() for lane in lanes) / meters, 1),
        }


def rules_off(fleet: Fleet, policy: Policy) -> dict[str, dict[str, Any]]:
    """Rule -> the columns of METERS it lacks, and for how many meters."""
    off = {}
    newest = [versions[-1] for versions in fleet.versions]
    for rule, on in zip(RULES, policy.on, strict=True):
        judged = [meter for meter in newest if meter.service in rule.services] if on and rule.needs else []
        lacks = ({need for need in rule.needs if getattr(meter, need) is None} for meter in judged)
        lacking = [missing for missing in lacks if missing]
        if lacking:
            there = set.union(*lacking)
            off[rule.id] = {"missing": [need for need in rule.needs if need in there], "meters": len(lacking)}
    return off
