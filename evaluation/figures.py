"""From cases to figures: mean over seeds and its spread, by detector and by family and group of families."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, Final

from evaluation.cases import Case
from evaluation.measures import FOUND_DAYS, Days, threshold_at

RATES: Final = {"found_1": 0.01, "found_0_1": 0.001}
"""Share of homes found within `FOUND_DAYS` at a realised rate of clean meter-days."""
MEASURES: Final = ("roc", "ap", *RATES)


def figures(cases: Sequence[Case]) -> dict[str, Any]:
    """Of one source and service: `detectors` by name, with `families` and `groups`, and `events`.

    A measure is the mean over seeds and its standard deviation; a group is the mean of its families in each seed. What
    is flagged is so by one threshold for each detector over all seeds and families: that of the realised rate.
    """
    return {
        "seeds": sorted({case.seed for case in cases}),
        "within_days": FOUND_DAYS,
        "detectors": {name: _detector(cases, name) for name in cases[0].days},
        "events": _events(cases),
    }


def _detector(cases: Sequence[Case], name: str) -> dict[str, Any]:
    thresholds = {
        measure: threshold_at((case.days[name].clean for case in cases), rate) for measure, rate in RATES.items()
    }
    of_case = [(case, _measures(case.days[name], thresholds)) for case in cases]
    kinds = {case.kind: case.group for case in cases}
    groups = dict.fromkeys(kinds.values())
    families = {kind: _over_seeds([(c.seed, m) for c, m in of_case if c.kind == kind]) for kind in kinds}
    return {
        "thresholds": thresholds,
        "families": families,
        "groups": {group: _over_seeds([(c.seed, m) for c, m in of_case if c.group == group]) for group in groups},
    }


def _measures(days: Days, thresholds: dict[str, float]) -> dict[str, float]:
    found = {measure: days.found(threshold) for measure, threshold in thresholds.items()}
    return {"roc": days.roc(), "ap": days.precision(), **found}


def _over_seeds(measured: Iterable[tuple[int, dict[str, float]]]) -> dict[str, dict[str, float]]:
    by_seed: dict[int, list[dict[str, float]]] = {}
    for seed, one in measured:
        by_seed.setdefault(seed, []).append(one)
    spread: dict[str, dict[str, float]] = {}
    for measure in MEASURES:
        means = [statistics.fmean(one[measure] for one in ones) for ones in by_seed.values()]
        spread[measure] = {"mean": statistics.fmean(means), "sd": statistics.stdev(means) if len(means) > 1 else 0.0}
    return spread


def _events(cases: Sequence[Case]) -> dict[str, Any]:
    """What the pipeline said: by family, and of untouched homes."""
    families: dict[str, dict[str, Any]] = {}
    for case in cases:
        tally = case.verdict.kinds[case.kind]
        one = families.setdefault(case.kind, {"injected": 0, "found": 0, "right_cause": 0, "delays_h": []})
        one["injected"] += tally.injected
        one["found"] += tally.found
        one["right_cause"] += tally.found_right_cause
        one["delays_h"] += [delay / 3600 for delay in tally.delays_s]
    for one in families.values():
        delays = one.pop("delays_h")
        one["median_delay_h"] = statistics.median(delays) if delays else None
    said, days = sum(len(case.verdict.untouched) for case in cases), sum(case.clean_days for case in cases)
    return {"families": families, "false_per_1000_days": 1000 * said / days, "clean_days": days}
