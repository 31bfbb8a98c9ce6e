"""Whether a demo was good enough: the figures of a town, and what holds for every play."""

import dataclasses
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from cli.demo.feed import SPOILS
from cli.demo.seen import Seen
from evaluation.judge import GRACE, Verdict, instant
from models.domain.times import DAY
from simulators.faults import Injected

if TYPE_CHECKING:
    from cli.demo.kafka import Proof
    from cli.demo.town import Town

MOST_FALSE_ALARMS: Final = 0.3
"""Per 1,000 meter-days"""
RIGHT_CAUSE: Final = 0.85
"""Least share of leaks, bursts and read errors"""
THEFTS: Final = 0.5
"""Least share of thefts that are called so in time"""
THEFT_DAYS: Final = 14
SAME_DAY_S: Final = 25 * 3600
"""A constant leak shows when it has run for a day; what its meter takes to upload comes on top."""
_READ_ERRORS: Final = {"leak", "burst", "estimated_read_error", "data_error"}


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """How good it was."""

    false_alarms_per_1000: float
    meter_days: float
    """Of sound meters, once live"""
    right_cause: tuple[int, int]
    """Leaks, bursts and read errors of single meters: with the right cause, of how many"""
    thefts: tuple[int, int]
    """Called theft within `THEFT_DAYS`, of how many"""
    leak_delay_s: float | None
    """Median of constant leaks, from onset to detection, less the time between two uploads of the meter"""


def figures_of(town: "Town", seen: Seen, verdict: Verdict) -> Figures:
    """By the truth of the town."""
    show = town.show
    meter_days = town.sound * town.live_days
    faults = [fault for fault in show.truth if fault.role == "fault" and fault.fleet is None]
    right = {match.event: match.at for match in verdict.found if match.right}
    read = [fault for fault in faults if _READ_ERRORS.intersection(fault.expected_causes)]
    thefts = [fault for fault in faults if "theft" in fault.expected_causes]
    soon = {fault for fault, at in right.items() if at <= fault.onset + THEFT_DAYS * DAY}
    upload = {member.meter.meter_id: member.meter.upload_s or 0.0 for member in town.fleet.town.members}
    delays = [match.delay_s - upload[match.event.meter_id] for match in verdict.found if match.event.kind == "leak"]
    return Figures(
        false_alarms_per_1000=verdict.false_alarms_per_1000(meter_days),
        meter_days=meter_days,
        right_cause=(sum(fault in right for fault in read), len(read)),
        thefts=(sum(fault in soon for fault in thefts), len(thefts)),
        leak_delay_s=statistics.median(delays) if delays else None,
    )


def figures_short(figures: Figures, verdict: Verdict) -> list[str]:
    """What of a town was not found well enough."""
    short = [f"{kind}: none of {t.injected} injected was found" for kind, t in verdict.kinds.items() if not t.found]
    for (hits, of), least, what in (
        (figures.right_cause, RIGHT_CAUSE, "leaks, bursts and read errors have the right cause"),
        (figures.thefts, THEFTS, f"thefts are called so within {THEFT_DAYS} days"),
    ):
        if hits < least * of:
            short.append(f"{hits} of {of} {what}, {least:.0%} are wanted")
    if figures.leak_delay_s is None or figures.leak_delay_s > SAME_DAY_S:
        took = "never" if figures.leak_delay_s is None else f"{figures.leak_delay_s / 3600:.1f} h"
        short.append(
            f"constant leaks: found after {took} and an upload, {SAME_DAY_S / 3600:.0f} h are allowed (median)"
        )
    if figures.false_alarms_per_1000 > MOST_FALSE_ALARMS:
        short.append(
            f"{figures.false_alarms_per_1000:.2f} false alarms per 1,000 meter-days, {MOST_FALSE_ALARMS} are allowed"
        )
    return short


def fleet_short(truth: Iterable[Injected], seen: Seen) -> list[str]:
    """Actions on meters of a fleet at fault because of it: after its onset, for an anomaly found since then."""
    fleet = {fault.meter_id: fault for fault in truth if fault.fleet is not None}
    detected: dict[str, int] = {}
    for line in seen.lines:
        detected.setdefault(line["id"], instant(line["detected_at"]))
    counted: Counter[str] = Counter()
    example = ""
    for kind, lines in seen.actions.items():
        for first in {line["id"]: line for line in reversed(lines.values())}.values():
            fault = fleet.get(first["meter_id"])
            if fault is None or not fault.onset <= instant(first["created_at"]) <= fault.end + GRACE:
                continue
            about = first.get("anomaly_ids") or [first["anomaly_id"]]
            if any(detected.get(id_, fault.onset) >= fault.onset for id_ in about):
                counted[kind] += 1
                example = example or f"{first['id']} on {first['meter_id']} of {fault.fleet}"
    return [f"a fleet was at fault, and for its meters there are {dict(counted)}, such as {example}"] if counted else []


def spoiled_short(letters: Mapping[str, int]) -> list[str]:
    """Dead letters must be those sent on purpose."""
    if letters == dict.fromkeys(SPOILS, 1):
        return []
    return [f"sent to be refused: {', '.join(SPOILS)}; refused: {dict(letters) or 'none'}"]


def proof_short(proof: "Proof", actions: Mapping[str, Collection[str]], *, kills: int) -> list[str]:
    """Whether each action took effect once, and every decision can be shown."""
    short = []
    for kind, effects in proof.effects.items():
        doubled = sum(times > 1 for times in effects.values())
        lost, unknown = len(set(actions[kind]) - effects.keys()), len(effects.keys() - set(actions[kind]))
        if doubled or lost or unknown:
            short.append(
                f"{kind}: of {len(actions[kind])} lines {doubled} took effect twice, {lost} never; {unknown} unknown"
            )
    refused = Counter({name: counts["refused"] for name, counts in proof.received.items() if counts["refused"]})
    if refused:
        short.append(f"refused by receiving systems: {dict(refused)}")
    short += proof.audit_problems[:5]
    if proof.kills != kills:
        short.append(f"the worker was killed {proof.kills} times, not {kills}")
    return short
