"""From cases to figures: mean over seeds and its spread, by detector and by family and group of families."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from evaluation.cases import Case, Measured
from evaluation.judge import Verdict
from evaluation.measures import Days, threshold_at

RATES: Final = {"found_5": 0.05, "found_1": 0.01, "found_0_1": 0.001}
"""Share of homes found within `measures.FOUND_DAYS` at a realised rate of clean meter-days."""
ALL: Final = "all families"
"""A group of them all, where there are several groups."""
MEASURES: Final = ("roc", "ap", *RATES)


def figures(measured: Sequence[Measured]) -> dict[str, Any]:
    """Of one source and service: tables (see `Case.days`) of detectors with `families` and `groups`; `events`, all and
    by the rules alone; `changes`, see `evaluation.changes`; speeds.

    A measure is the mean over seeds, its standard deviation, and each seed's; a group is the mean of its families in
    each seed. What is flagged is so by one threshold for each detector over all seeds and families: that of the
    realised rate.
    """
    cases = [case for one in measured for case in one.cases]
    return {
        "seeds": sorted({case.seed for case in cases}),
        "tables": {
            table: {name: _detector(cases, table, name) for name in days} for table, days in cases[0].days.items()
        },
        "events": _events(cases, "verdict"),
        "events_by_rules": _events(cases, "by_rules"),
        "changes": _changes(measured),
        "readings_per_s": {
            name: round(statistics.fmean(one.speeds[name] for one in measured)) for name in measured[0].speeds
        },
    }


def _detector(cases: Sequence[Case], table: str, name: str) -> dict[str, Any]:
    clean = [case.days[table][name].clean for case in cases]
    thresholds = {measure: threshold_at(clean, rate) for measure, rate in RATES.items()}
    measured = [(case, _measures(case.days[table][name], thresholds)) for case in cases]

    def by(what: Literal["kind", "group"]) -> dict[str, Any]:
        of: dict[str, list[tuple[int, dict[str, float]]]] = {}
        for case, one in measured:
            of.setdefault(getattr(case, what), []).append((case.seed, one))
        if what == "group" and len(of) > 1:
            of[ALL] = [(case.seed, one) for case, one in measured]
        return {name: _over_seeds(ones) for name, ones in of.items()}

    return {"thresholds": thresholds, "families": by("kind"), "groups": by("group")}


def _measures(days: Days, thresholds: dict[str, float]) -> dict[str, float]:
    found = {measure: days.found(threshold) for measure, threshold in thresholds.items()}
    return {"roc": days.roc(), "ap": days.precision(), **found}


def difference(one: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """Of a measure of two detectors, seed by seed: mean and standard deviation."""
    return _spread([a - b for a, b in zip(one["by_seed"], other["by_seed"], strict=True)])


def _over_seeds(measured: Iterable[tuple[int, dict[str, float]]]) -> dict[str, Any]:
    by_seed: dict[int, list[dict[str, float]]] = {}
    for seed, one in measured:
        by_seed.setdefault(seed, []).append(one)
    found: dict[str, Any] = {}
    for measure in MEASURES:
        means = [statistics.fmean(one[measure] for one in ones) for ones in by_seed.values()]
        found[measure] = {**_spread(means), "by_seed": means}
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else 0.0}


def _events(cases: Sequence[Case], of: Literal["verdict", "by_rules"]) -> dict[str, Any]:
    """What the pipeline said: by family, and of untouched homes."""
    families: dict[str, dict[str, Any]] = {}
    said = 0
    for case in cases:
        verdict: Verdict = getattr(case, of)
        tally = verdict.kinds[case.kind]
        one = families.setdefault(case.kind, {"injected": 0, "found": 0, "right_cause": 0, "delays_h": []})
        one["injected"] += tally.injected
        one["found"] += tally.found
        one["right_cause"] += tally.found_right_cause
        one["delays_h"] += [delay / 3600 for delay in tally.delays_s]
        said += len(verdict.untouched)
    for one in families.values():
        delays = one.pop("delays_h")
        one["median_delay_h"] = statistics.median(delays) if delays else None
    days = sum(case.clean_days for case in cases)
    return {"families": families, "false_per_1000_days": 1000 * said / days, "clean_days": days}


def _changes(measured: Sequence[Measured]) -> dict[str, dict[str, Any]]:
    """By change, and by whether cohorts drift: shares of scores that are high, drifts, anomalies."""
    found: dict[str, dict[str, Any]] = {}
    for change, ways in measured[0].changes.items():
        for way in ways:
            every = [one.changes[change][way] for one in measured]
            found.setdefault(change, {})[way] = {
                "high_first_week": _spread([one.high[0] for one in every]),
                "high_second_week": _spread([one.high[1] for one in every]),
                "drifts": sum(one.drifts for one in every),
                "opened_per_1000_days": 1000 * sum(one.opened for one in every) / sum(one.home_days for one in every),
            }
    return found
