"""How often each rule opens, by what was wrong with the meter: what confidence is made of, measured.

`models/scoring/rules/measured.py` has the figures in force.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from evaluation.judge import BENIGN, Life, fits
from evaluation.kinds import Service
from evaluation.record import Plain, Record
from models.deciding.episodes import telling
from models.scoring.rules.registry import NUMBER, RULES
from simulators.faults import Injected


def rates(service: Service) -> Plain:
    """`events`: by cause, per 1,000 meter-days. `rules`: by rule, anomalies that it tells of, for each event.

    `false` are those of no event, per 1,000 meter-days; all days count, for those with an event are few. Look-alikes
    are events of the cause unusual use. A leak called on a meter that flows on by itself is left out, see
    `evaluation.record.flows_on`.
    """
    days = sum(
        int(np.count_nonzero(record.of_service(service.name)[record.days.meter] & live(record)))
        for record in service.records
    )
    thousand = max(days / 1000, 1e-9)
    events = Counter(cause_of(event) for _, event in service.events)
    false: Counter[str] = Counter()
    openings: dict[str, Counter[str]] = {}
    for record in service.records:
        own = record.of_service(service.name)
        for life in lives(record):
            if not any(own[record.number[meter]] for meter in life.meters if meter in record.number):
                continue
            cause = about(record, life)
            for rule in told(life):
                openings.setdefault(rule, Counter())
                if cause is None:
                    false[rule] += 1
                else:
                    openings[rule][cause] += 1
    return {
        "meter_days": days,
        "events": {cause: n / thousand for cause, n in sorted(events.items())},
        "rules": {
            rule: {
                "false": false[rule] / thousand,
                "openings": {cause: n / max(events[cause], 1) for cause, n in sorted(by_cause.items())},
            }
            for rule, by_cause in sorted(openings.items())
        },
    }


def told(life: Life) -> list[str]:
    """Rules in evidence of an anomaly that no other accounts for; of those across meters, all."""
    rules = {str(seen["rule"]) for line in life.lines for seen in line["evidence"]}
    own = telling(sum(1 << NUMBER[rule] for rule in rules if rule in NUMBER))
    return sorted([RULES[number].id for number in own] + [rule for rule in rules if rule not in NUMBER])


def live(record: Record) -> np.ndarray:
    """[days] once live."""
    return record.days.at >= record.live_from


def lives(record: Record) -> Iterator[Life]:
    """Anomalies that labels can judge, once live: not a leak that is said of meters which flow on by themselves."""
    own_flow = record.own_flow or frozenset()
    for life in record.lives.values():
        if life.opened < record.live_from:
            continue
        if life.last["cause"] == "leak" and life.meters <= own_flow and about(record, life) is None:
            continue
        yield life


def about(record: Record, life: Life) -> str | None:
    """Cause of the event that an anomaly is about: its own if one expects that; None of no event."""
    causes = [
        (event, cause_of(event)) for event in record.events if event.meter_id in life.meters and fits(life, event)
    ]
    said = str(life.last["cause"])
    if any(said in (event.expected_causes or (BENIGN,)) for event, _ in causes):
        return said
    return causes[0][1] if causes else None


def cause_of(event: Injected) -> str:
    """Its first expected cause."""
    return event.expected_causes[0] if event.expected_causes else BENIGN
