"""Readings of meters that something is said of, one by one into their episodes."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.contracts import AnomalyEvent
from models.deciding.episodes import Reading, decide
from models.domain.blocks import Blocks, Int64
from models.domain.causes import FAMILIES
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.scoring.close import watch
from models.scoring.policy import Policy
from models.scoring.rules.findings import FINDING, MOST_NAMED
from models.scoring.rules.registry import NUMBER, at
from models.state.partition import Partition
from models.state.ring import NEW, REVISED, SECOND_START

_D15: Final = NUMBER["D15"]
_SILENCE: Final = FAMILIES.index("silence")


def decide_all(
    blocks: Blocks,
    event_time: Int64,
    verdicts: NDArray[np.void],
    findings: NDArray[np.void],
    partition: Partition,
    policy: Policy,
) -> list[tuple[int, AnomalyEvent]]:
    """Move on the episodes of all meters with findings or open episodes; (input offset, event) in order of input."""
    rows = partition.rows
    block_of = np.repeat(np.arange(len(blocks)), np.diff(blocks.first))
    meter_of = blocks.meter[block_of]
    found = np.zeros(len(verdicts), np.bool_)
    found[findings["reading"]] = True
    concerned = (rows["episodes"]["opened"][: len(partition)] != NEVER).any(axis=1)
    concerned[meter_of[found]] = True
    taken = np.isin(verdicts["fate"], (NEW, SECOND_START, REVISED))
    readings = np.flatnonzero(taken & (found | (concerned[meter_of] & (verdicts["solid"] != 0))))
    low, high = (np.searchsorted(findings["reading"], readings, side=side).tolist() for side in ("left", "right"))
    events: list[tuple[int, AnomalyEvent]] = []
    open_rules: dict[int, list[int]] = {}
    columns = (meter_of[readings], blocks.start[readings], verdicts["calm"][readings], block_of[readings])
    for n, (meter, start, calm, block) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if meter not in open_rules:
            open_rules[meter] = _open_rules(rows[meter]["episodes"])
        if low[n] == high[n] and all(rules & ~calm for rules in open_rules[meter]):
            continue  # nothing found, and nothing that is open can end here
        interval = int(rows["interval_s"][meter]) * SECOND
        reading = Reading(meter, start, interval, int(event_time[block]), calm, tuple(findings[low[n] : high[n]]))
        events += [(int(blocks.offset[block]), event) for event in decide(reading, partition, policy)]
        open_rules[meter] = _open_rules(rows[meter]["episodes"])
    return events


def silence(now: int, partition: Partition, policy: Policy, shadow: Counter[str]) -> Iterator[AnomalyEvent]:
    """Anomalies of the meters that have not been heard of for too long as of `now`; in shadow they are counted."""
    in_shadow = policy.in_shadow >> _D15 & 1
    if not (in_shadow or policy.rules_on >> _D15 & 1):
        return
    p, settings = partition, policy.settings
    silent = np.empty(len(p), np.int32)
    times, hours = float(settings[at("D15", "times")]), float(settings[at("D15", "hours")])
    count = watch(p.rows, p.facts, p.fact_of, len(p), now, hours, times, _SILENCE, silent)
    for meter in sorted(silent[:count].tolist(), key=p.meter_ids.__getitem__):
        row = p.rows[meter]
        if in_shadow:
            if now >= policy.live_from and not int(row["shadow"]) >> _D15 & 1:
                row["shadow"] |= 1 << _D15
                row["shadow_day"] = max(int(row["shadow_day"]), now // DAY)
                shadow["D15"] += 1
                partition.changed[meter] = True
            continue
        interval = int(row["interval_s"]) * SECOND
        start = int(row["value_at"]) + interval
        waited = (now - int(row["heard_at"])) / HOUR
        usual = float(p.facts["upload_h"][p.fact_of[meter]]) or float(row["upload_h"])
        finding = np.array([(0, start, waited, max(hours, times * usual), 0.0, 0.0, _D15, (-1,) * MOST_NAMED)], FINDING)
        yield from decide(Reading(meter, start, interval, now, 0, tuple(finding)), partition, policy)
        partition.changed[meter] = True


def _open_rules(episodes: NDArray[Any]) -> list[int]:
    """Of each open episode the rules that support it, a bit each."""
    return episodes["rules"][episodes["opened"] != NEVER].tolist()  # type: ignore[no-any-return]
