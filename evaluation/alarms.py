"""What was said and done where nothing is wrong, and about incidents of whole fleets."""

from collections import Counter
from typing import Final

import numpy as np

from evaluation.judge import GRACE, Life
from evaluation.kinds import Service
from evaluation.measures import ratio
from evaluation.record import Bools, Plain, Record
from models.domain.blocks import Int64
from simulators.faults import Injected

ACTIONS: Final = ("work_orders", "notifications", "holds")
FLEET_METERS: Final = 8
"""So many events of one kind with the same start and end are one incident of a fleet, where labels name none."""


def false_alarms(service: Service) -> Plain:
    """Of clean meters, per 1,000 meter-days: `any` anomaly, by first cause, by rule of the first line, by action.

    `elsewhere` counts anomalies on meters with an event, but not of it; `visible` is every order, notice and hold;
    `leaks_without_own`: anomalies called leak on meters that do not leak by themselves, see `record.flows_on`.
    """
    clean = [service.clean(record) for record in service.records]
    said = [_said(record, own) for record, own in zip(service.records, clean, strict=True)]
    acts = [_acts(record, own) for record, own in zip(service.records, clean, strict=True)]
    days = [_days(service, record) for record in service.records]
    everything = np.concatenate(days)
    rate = _Rate(service, everything)
    lives = [life for one in said for life, _ in one]
    by_cause = Counter(life.first["cause"] for life in lives)
    by_rule = Counter(rule for life in lives for rule in _rules(life))
    thousand = max(everything.sum() / 1000, 1e-9)
    return {
        "clean_meters": int(sum(own.sum() for own in clean)),
        "clean_days": int(everything.sum()),
        "anomalies": len(lives),
        "elsewhere": sum(_elsewhere(record, service.name) for record in service.records),
        "any": rate.of([[number for _, own in one for number in own] for one in said]),
        "by_cause": {cause: n / thousand for cause, n in sorted(by_cause.items())},
        "by_rule": {rule: n / thousand for rule, n in sorted(by_rule.items())},
        "actions": {kind: sum(name == kind for one in acts for name, _ in one) for kind in ACTIONS},
        "visible": rate.of([[number for _, number in one] for one in acts]),
        "leaks_without_own": _leaks(service, said, acts, days),
    }


class _Rate:
    """Per 1,000 meter-days, with an interval over meters."""

    def __init__(self, service: Service, days: Int64) -> None:
        self._service, self._days = service, days

    def of(self, meters: list[list[int]]) -> dict[str, float] | None:
        """`meters`: by record, the number of the meter of each alarm."""
        counts = [
            np.bincount(np.array(own, np.int64), minlength=len(record.meters))
            for own, record in zip(meters, self._service.records, strict=True)
        ]
        kept = self._days > 0
        return ratio(1000 * np.concatenate(counts)[kept], self._days[kept])


def _days(service: Service, record: Record) -> Int64:
    """[meters] days of clean ones, once live."""
    return np.bincount(record.days.meter[service.clean_days(record)], minlength=len(record.meters))


def _said(record: Record, clean: Bools) -> list[tuple[Life, list[int]]]:
    """Anomalies of clean meters and of no event, once live, and whose they are."""
    false = {line["id"] for line in record.verdict.untouched}
    found = []
    for id_, life in record.lives.items():
        own = sorted(record.number[meter] for meter in life.meters if meter in record.number)
        own = [number for number in own if clean[number]]
        if id_ in false and own:
            found.append((life, own[:1]))  # an incident of several is one alarm
    return found


def _elsewhere(record: Record, service: str) -> int:
    ids = {meter.meter_id for meter in record.meters if meter.service == service}
    return sum(not ids.isdisjoint(record.lives[line["id"]].meters) for line in record.verdict.elsewhere)


def _acts(record: Record, clean: Bools) -> list[tuple[str, int]]:
    ids = {meter.meter_id for meter, own in zip(record.meters, clean, strict=True) if own}
    return [(kind, record.number[line["meter_id"]]) for kind, line in record.acts(ids, record.live_from)]


def _leaks(
    service: Service,
    said: list[list[tuple[Life, list[int]]]],
    acts: list[list[tuple[str, int]]],
    days: list[Int64],
) -> Plain | None:
    """On meters without a leak of their own; None where that is not known."""
    if service.name != "water" or any(record.own_flow is None for record in service.records):
        return None
    tight = []
    for record in service.records:
        own = record.own_flow or frozenset()
        tight.append(np.array([meter.meter_id not in own for meter in record.meters], np.bool_))
    tight_days = np.concatenate([days[n] * tight[n] for n in range(len(days))])
    rate = _Rate(service, tight_days)

    def of(cause: str) -> dict[str, float] | None:
        named = [[m for life, own in one if cause in _causes(life) for m in own] for one in said]
        return rate.of([[m for m in named[n] if tight[n][m]] for n in range(len(said))])

    notices = [[m for kind, m in one if kind == "notifications" and tight[n][m]] for n, one in enumerate(acts)]
    return {
        "meters": int((tight_days > 0).sum()),
        "days": int(tight_days.sum()),
        "leak": of("leak"),
        "burst": of("burst"),
        "notices": rate.of(notices),
    }


def fleet_faults(record: Record) -> list[Plain]:
    """Each incident of many meters: how it was taken, and what was done about its meters meanwhile."""
    incidents: dict[tuple[str, str], list[Injected]] = {}
    for event in record.events:
        name = event.fleet or f"{event.onset}-{event.end}"
        incidents.setdefault((event.kind, name), []).append(event)
    found = []
    for (kind, _), events in incidents.items():
        if events[0].fleet is None and len(events) < FLEET_METERS:
            continue
        meters = {event.meter_id for event in events}
        acts = _about(record, meters, min(e.onset for e in events), max(e.end for e in events) + GRACE)
        right = sum(event in record.found and record.found[event].right for event in events)
        found.append({"kind": kind, "meters": len(meters), "right": right, "actions": acts})
    return found


def _about(record: Record, meters: set[str], onset: int, until: int) -> dict[str, int]:
    """Actions because of it: for anomalies that were detected since its onset."""
    opened = {id_: life.opened for id_, life in record.lives.items()}
    counts = dict.fromkeys(ACTIONS, 0)
    for kind, line in record.acts(meters, onset, until):
        about = line.get("anomaly_ids") or [line.get("anomaly_id")]
        counts[kind] += any(opened.get(id_, onset) >= onset for id_ in about)
    return counts


def _rules(life: Life) -> set[str]:
    return {seen["rule"] for seen in life.first.get("evidence", ())}


def _causes(life: Life) -> set[str]:
    return {line["cause"] for line in life.lines}
