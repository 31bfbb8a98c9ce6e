"""The figures that are asked for first, taken out of all the others."""

from collections.abc import Iterator
from typing import Any, Final

from evaluation.record import Plain

Place = tuple[str, ...]
"""Where a figure stands in the figures of a service"""


def _found(kind: str, within: int, rate: str) -> Place:
    return "kinds", kind, "days", f"found_{within}_at_{rate}"


def _soon(kind: str, hours: int) -> Place:
    return "kinds", kind, "within_h", str(hours)


_H: Final = ("groups", "h1-h6")
_LIVES: Final = ("vacation", "tenancy", "ev", "solar", "baby")
_STUCK: Final = ("flat_estimates", "flat_valid", "copied_day", "x10", "stopped", "register_mismatch")
_READS: Final[tuple[tuple[str, Place], ...]] = (
    ("true-up: right cause", ("kinds", "flat_estimates_true_up", "right")),
    ("prolonged estimation: right cause", ("kinds", "prolonged_estimation", "right")),
    ("clock shift of 3 h: right cause within 7 days", _soon("clock_shift", 168)),
    ("clock shift: false per 1,000 clean days", ("false_alarms", "by_rule", "D12")),
)
_FALSE: Final[tuple[tuple[str, Place], ...]] = (
    ("anomalies per 1,000 clean days", ("false_alarms", "any")),
    ("orders, notices and holds per 1,000 clean days", ("false_alarms", "visible")),
)
HEADLINES: Final[dict[str, tuple[tuple[str, Place], ...]]] = {
    "electricity": (
        ("h1-h6: ROC over days, pooled", (*_H, "days", "roc")),
        ("h1-h6: ROC over days, mean of the six", (*_H, "roc_mean_of_kinds")),
        ("h1-h6: score above 1 % of clean days within 7 days", (*_H, "days", "found_7_at_1")),
        ("h1-h6: score above 0.1 % of clean days within 7 days", (*_H, "days", "found_7_at_0_1")),
        ("h1-h6: right cause", (*_H, "right")),
        ("50 % bypass: score above 1 % within 7 days", _found("bypass_50", 7, "1")),
        ("50 % bypass: right cause within 7 days", _soon("bypass_50", 168)),
        ("30 % bypass: score above 1 % within 14 days", _found("bypass_30", 14, "1")),
        ("30 % bypass: right cause within 14 days", _soon("bypass_30", 336)),
        *((f"{kind}: called theft", ("look_alikes", kind, "theft")) for kind in _LIVES),
        *(
            (f"{kind}: score above 1 % of clean days", ("look_alikes", kind, "days", "found_14_at_1"))
            for kind in _LIVES
        ),
        *((f"{kind}: right cause within 2 days", _soon(kind, 48)) for kind in _STUCK),
        *_READS,
        *_FALSE,
    ),
    "water": (
        ("leak of 3 L/h or more: right cause within 25 h", ("groups", "leak >= 3 L/h", "within_h", "25")),
        ("leak of 1 L/h: right cause within 49 h", _soon("leak_1", 49)),
        ("false leaks per 1,000 days of homes without a leak", ("false_alarms", "leaks_without_own", "leak")),
        ("notices per 1,000 days of homes without a leak", ("false_alarms", "leaks_without_own", "notices")),
        ("burst: right cause within 2 h", _soon("burst", 2)),
        ("false bursts per 1,000 days of homes without a leak", ("false_alarms", "leaks_without_own", "burst")),
        ("running toilet: right cause within 5 days", _soon("toilet", 120)),
        ("running toilet: false per 1,000 clean days", ("false_alarms", "by_rule", "W16")),
        *_FALSE,
    ),
    "gas": (
        ("leak of 60 L/h or more: right cause within 49 h", ("groups", "leak >= 60 L/h", "within_h", "49")),
        ("leak of 30 L/h: right cause within 5 days", _soon("leak_30", 120)),
        ("growing leak: right cause", ("kinds", "growing_leak", "right")),
        ("false leaks per 1,000 clean days", ("false_alarms", "by_cause", "leak")),
        ("burst: right cause within 2 h", _soon("burst", 2)),
        ("false bursts per 1,000 clean days", ("false_alarms", "by_cause", "burst")),
        *(
            (f"{percent} % bypass: score above 1 % within 7 days", _found(f"bypass_{percent}", 7, "1"))
            for percent in (70, 50)
        ),
        *((f"{kind}: called theft", ("look_alikes", kind, "theft")) for kind in ("vacation", "tenancy")),
        *((f"{kind}: right cause within 2 days", _soon(kind, 48)) for kind in _STUCK if kind != "stopped"),
        ("stopped: right cause", ("kinds", "stopped", "right")),
        *_READS,
        *_FALSE,
    ),
}


def headlines(figures: Plain) -> list[Plain]:
    """`name`, `value` and, where there is an interval, `low` and `high`; only what there were events for."""
    return [{"service": service, "name": name, **_plain(figure)} for service, name, figure in _every(figures)]


def _every(figures: Plain) -> Iterator[tuple[str, str, Any]]:
    for service, places in HEADLINES.items():
        for name, place in places if service in figures["services"] else ():
            figure = _at(figures["services"][service], place)
            if figure is not None:
                yield service, name, figure
    if figures["calibration"]["anomalies"]:
        yield "all", "calibration error, mean over causes", figures["calibration"]["mean_over_causes"]
        yield "all", "calibration error, all anomalies", figures["calibration"]["ece"]
    if figures["fleet_faults"]:
        acts = sum(sum(fault["actions"].values()) for fault in figures["fleet_faults"])
        yield "all", f"orders, notices and holds on {len(figures['fleet_faults'])} fleet faults", acts


def _at(figures: Plain, place: Place) -> Any:
    """None where there is no such kind; a rule or a cause that was never named on clean meters has a rate of 0."""
    found: Any = figures
    for step in place:
        if not isinstance(found, dict) or step not in found:
            return 0.0 if {"by_rule", "by_cause"} & {*place} and figures["false_alarms"]["clean_days"] else None
        found = found[step]
    return found


def _plain(figure: Any) -> Plain:
    return figure if isinstance(figure, dict) else {"value": figure}
