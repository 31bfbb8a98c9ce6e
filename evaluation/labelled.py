"""Figures of labelled data: everything that `evaluation.json` has of one or more records."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from evaluation.alarms import false_alarms, fleet_faults
from evaluation.calibration import calibration
from evaluation.headlines import headlines
from evaluation.kinds import RATES, Events, Service, faults, look_alikes
from evaluation.rates import rates
from evaluation.record import Plain, Record

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "h1-h6": ("h1", "h2", "h3", "h4", "h5", "h6"),
    "leak >= 3 L/h": ("leak_3", "leak_10", "leak_30"),
    "leak >= 60 L/h": ("leak_60", "leak_150"),
    "flat, copied, x10, stuck, register": (
        *("flat_estimates", "flat_valid", "copied_day", "x10", "stopped", "register_mismatch"),
    ),
}
"""Kinds that are looked at together, too, where there are two of them or more."""


def figures(records: Sequence[Record]) -> Plain:
    """By service: kinds, groups of them, look-alikes, false alarms; over all services: calibration, fleet faults.

    `figures` has the first of them by their names, see `evaluation.headlines`.
    """
    names = sorted({meter.service for record in records for meter in record.meters})
    result = {
        "meters": sum(len(record.meters) for record in records),
        "events": sum(len(record.events) for record in records),
        "services": {name: _service(Service(name, records)) for name in names},
        "calibration": calibration(records),
        "fleet_faults": [fault for record in records for fault in fleet_faults(record)],
    }
    return {"figures": headlines(result), **result}


def events_of(by_kind: dict[str, Events], kinds: Iterable[str]) -> Events:
    """Of several kinds."""
    return [one for kind in kinds for one in by_kind.get(kind, ())]


def _service(service: Service) -> Plain:
    real = service.by_kind("fault")
    groups = {name: kinds for name, kinds in GROUPS.items() if len(real.keys() & set(kinds)) > 1}
    of_kind = {kind: faults(events, service) for kind, events in real.items()}
    return {
        "thresholds": service.thresholds,
        "rates": dict(RATES),
        "kinds": of_kind,
        "groups": {
            name: {**faults(events_of(real, kinds), service), "roc_mean_of_kinds": _mean_roc(of_kind, kinds)}
            for name, kinds in groups.items()
        },
        "look_alikes": {kind: look_alikes(events, service) for kind, events in service.by_kind("look_alike").items()},
        "false_alarms": false_alarms(service),
        "openings": rates(service),
    }


def _mean_roc(of_kind: dict[str, dict[str, Any]], kinds: Iterable[str]) -> float | None:
    rocs = [of_kind[kind]["days"]["roc"] for kind in kinds if kind in of_kind]
    values = [roc["value"] for roc in rocs if roc]
    return float(np.mean(values)) if values else None
