"""Figures of each kind of event: found by anomalies and by scores, how soon, and against clean meters.

All of one service, over one or more records. A figure that has an interval is a mapping `value`, `low`, `high`.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import BENIGN, GRACE, Life, Match, lead_of
from evaluation.measures import curve, known, precision, ratio, roc_of_meters, threshold_at
from evaluation.record import Bools, Plain, Record
from models.domain.times import DAY, HOUR
from simulators.faults import Injected, Role

RATES: Final = {"1": 0.01, "0_1": 0.001}
"""Realised share of clean meter-days above the threshold, by its name in percent."""
WITHIN_H: Final = (2, 25, 49, 48, 120, 168, 336)
"""Right cause so soon"""
FOUND_DAYS: Final = (7, 14)
"""A score above the threshold so soon"""
Events = Sequence[tuple[Record, Injected]]


class Service:
    """The meters of one service in all records, and the days of the clean ones."""

    def __init__(self, name: str, records: Sequence[Record]) -> None:
        self.name, self.records = name, records
        self.events: Events = [
            (record, event)
            for record in records
            for event in record.events
            if record.meters[record.number[event.meter_id]].service == name
        ]
        self._clean = {record: record.clean & record.of_service(name) for record in records}
        self.thresholds = self._thresholds()

    def clean(self, record: Record) -> Bools:
        """[meters] without any event."""
        return self._clean[record]

    def clean_days(self, record: Record) -> Bools:
        """[days] of clean meters, once live."""
        return self.clean(record)[record.days.meter] & (record.days.at >= record.live_from)

    def by_kind(self, role: Role) -> dict[str, Events]:
        """In order of name."""
        kinds: dict[str, list[tuple[Record, Injected]]] = {}
        for record, event in self.events:
            if event.role == role:
                kinds.setdefault(event.kind, []).append((record, event))
        return {kind: kinds[kind] for kind in sorted(kinds)}

    def _thresholds(self) -> dict[str, float]:
        """Scores that the `RATES` of clean days exceed, those from the first event on; empty where there are none."""
        scores = []
        for record in self.records:
            own = [event.onset for of, event in self.events if of is record]
            if own:
                scores.append(known(record.days.score[self.clean_days(record) & (record.days.at >= min(own))]))
        if not sum(map(len, scores)):
            return {}
        return {name: threshold_at(scores, rate) for name, rate in RATES.items()}


def faults(events: Events, service: Service) -> Plain:
    """Of the events of a kind, or of a group of kinds."""
    found = [record.found.get(event) for record, event in events]
    right = [match if match and match.right else None for match in found]
    shares = Shares(events)
    delays = sorted(match.delay_s / 3600 for match in right if match)
    return {
        "events": len(events),
        "expected_cause": _one_of({event.expected_cause for _, event in events}),
        "right": shares.of([match is not None for match in right]),
        "any": shares.of([match is not None for match in found]),
        "placebo": placebo(events, service),
        "delay_h": {"median": statistics.median(delays) if delays else None, "each": [round(d, 2) for d in delays]},
        "within_h": {str(hours): shares.of([_by(match, hours) for match in right]) for hours in WITHIN_H},
        "said": _said(match.life for match in found if match),
        "days": days(events, service),
    }


def look_alikes(events: Events, service: Service) -> Plain:
    """What came of what is no fault. `said` counts events by cause, each cause once; `visible` those acted upon."""
    causes = [{line["cause"] for life in record.alike[event] for line in life.lines} for record, event in events]
    shares = Shares(events)
    return {
        "events": len(events),
        "flagged": shares.of([bool(said - {BENIGN}) for said in causes]),
        "theft": shares.of(["theft" in said for said in causes]),
        "said": dict(sorted(Counter(cause for said in causes for cause in said).items())),
        "visible": shares.of([_acted(record, event) for record, event in events]),
        "days": days(events, service),
    }


class Shares:
    """Shares of events, with an interval over their meters."""

    def __init__(self, events: Events) -> None:
        meters: dict[tuple[Record, str], int] = {}
        self._place = [meters.setdefault((record, event.meter_id), len(meters)) for record, event in events]
        self._count = np.bincount(self._place, minlength=len(meters))

    def of(self, hits: Sequence[bool]) -> dict[str, float] | None:
        """`hits`: of each event."""
        return ratio(np.bincount(self._place, np.array(hits, float), len(self._count)), self._count)


def days(events: Events, service: Service) -> Plain:
    """By scores: attacked days from the onset on against the same days of clean meters."""
    odd, odd_meter, clean, clean_meter = _days(events, service)
    shares, plain = Shares(events), dict[str, object]()
    first = [_first_days(record, event) for record, event in events]
    for name, threshold in service.thresholds.items():
        for within in FOUND_DAYS:
            plain[f"found_{within}_at_{name}"] = shares.of([bool((own[:within] > threshold).any()) for own in first])
    both = len(odd) and len(clean)
    return {
        "roc": roc_of_meters(clean, clean_meter, odd, odd_meter),
        "ap": precision(clean, odd) if both else None,
        "odd_days": len(odd),
        "clean_days": len(clean),
        **plain,
        "curve": curve(clean, odd) if both else [],
    }


def placebo(events: Events, service: Service) -> Plain:
    """What the rule for an event gives on clean meters in the same windows: mean share of them, over the events."""
    right, anything = [], []
    for record, group in _by_record(events):
        clean = service.clean(record)
        ids = {record.meters[n].meter_id for n in np.flatnonzero(clean)}
        lives = [life for life in record.lives.values() if life.meters & ids]
        day = record.days
        for event in group:
            there = np.unique(day.meter[clean[day.meter] & day.between(event.onset - DAY, event.end + DAY)])
            if len(there):
                shown = [life for life in lives if life.fits(event.onset, event.end, lead_of(event))]
                named = [life for life in shown if life.names(ids, event.expected_causes) <= event.end + GRACE]
                right.append(_meters(named, ids) / len(there))
                anything.append(_meters(shown, ids) / len(there))
    mean = statistics.fmean
    return {"right": mean(right) if right else None, "any": mean(anything) if anything else None}


def _meters(lives: Iterable[Life], ids: set[str]) -> int:
    return len(set[str]().union(*(life.meters & ids for life in lives)))


def _days(
    events: Events, service: Service
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Scores of attacked days and of clean ones, and whose they are."""
    odd, clean, whose, others = [], [], [], []
    first = 0
    for record, group in _by_record(events):
        day = record.days
        attacked, covered = np.zeros(len(day.at), np.bool_), np.zeros(len(day.at), np.bool_)
        for onset, end in {(event.onset, event.end) for event in group}:
            inside = day.between(onset, end)
            covered |= inside
            own = [record.number[e.meter_id] for e in group if (e.onset, e.end) == (onset, end)]
            attacked |= inside & np.isin(day.meter, own)
        untouched = covered & service.clean_days(record)
        odd.append(day.score[attacked])
        clean.append(day.score[untouched])
        whose.append(day.meter[attacked] + first)
        others.append(day.meter[untouched] + first)
        first += len(record.meters)
    return known(np.concatenate(odd)), np.concatenate(whose), known(np.concatenate(clean)), np.concatenate(others)


def _first_days(record: Record, event: Injected) -> NDArray[np.float32]:
    """[days] of the event, from its onset on."""
    own = record.days.of_meter(record.number[event.meter_id])
    return known(own.score[own.between(event.onset, event.end)])


def _by_record(events: Events) -> Iterator[tuple[Record, list[Injected]]]:
    groups: dict[Record, list[Injected]] = {}
    for record, event in events:
        groups.setdefault(record, []).append(event)
    yield from groups.items()


def _by(match: Match | None, hours: int) -> bool:
    return match is not None and match.at <= match.event.onset + hours * HOUR


def _said(lives: Iterable[Life]) -> dict[str, int]:
    """Causes as they stood in the end."""
    return dict(sorted(Counter(life.last["cause"] for life in lives).items()))


def _acted(record: Record, event: Injected) -> bool:
    """Whether anything was ordered, written or held about the meter while it went on."""
    return any(record.acts({event.meter_id}, event.onset, event.end + GRACE))


def _one_of(texts: set[str]) -> str:
    return texts.pop() if len(texts) == 1 else "mixed"
