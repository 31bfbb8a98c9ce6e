"""Figures of several ways to detect the same events, side by side."""

from collections.abc import Mapping
from typing import Final

from evaluation.record import Plain

_ALARMS: Final = {"any": "anomalies", "visible": "orders, notices and holds"}


def side_by_side(ways: Mapping[str, Plain], *, said: bool = True) -> Plain:
    """By service: `ways`, their names; `kinds` and `alarms`, by kind or group and by what there is, for each way.

    Of a kind: what is called right (of look-alikes: called a fault), called anything, ROC of days, and found by score
    within 7 days at 1 %. Alarms are per 1,000 clean days. `ways`: figures of `evaluation.labelled.figures` by name;
    where they have scores and nothing was `said`, there are no alarms.
    """
    services = next(iter(ways.values()))["services"]
    return {
        service: _service({name: one["services"][service] for name, one in ways.items()}, said=said)
        for service in services
    }


def _service(ways: Mapping[str, Plain], *, said: bool) -> Plain:
    kinds: Plain = {}
    for part in ("kinds", "groups", "look_alikes"):
        for kind in next(iter(ways.values()))[part]:
            kinds[kind] = {name: _kind(one[part][kind]) for name, one in ways.items()}
    alarms = {what: {name: one["false_alarms"][key] for name, one in ways.items()} for key, what in _ALARMS.items()}
    return {"ways": list(ways), "kinds": kinds, "alarms": alarms if said else {}}


def _kind(one: Plain) -> Plain:
    days = one["days"]
    named, anything = (one["right"], one["any"]) if "right" in one else (one["flagged"], None)
    return {"named": named, "any": anything, "roc": days["roc"], "found_7_at_1": days.get("found_7_at_1")}
