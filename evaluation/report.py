"""Figures as a page of Markdown."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from evaluation.contest import EVERY_H
from evaluation.figures import difference
from evaluation.fleets import ATTACKED_DAYS, HISTORY_DAYS
from evaluation.measures import FOUND_DAYS
from evaluation.peers import KEPT_DAYS
from models.state.closed import SAMPLE

REFERENCE: Final = "River HalfSpaceTrees"
_COLUMNS: Final = {"roc": "ROC", "ap": "AP", "found_1": "found at 1 %", "found_0_1": "found at 0.1 %"}


def page(result: dict[str, Any], command: str) -> str:
    """The whole page; `command` is what made it."""
    parts = [_about(result, command)]
    for fleet, figures in result["fleets"].items():
        parts += [f"## {fleet[:1].upper()}{fleet[1:]}", *_fleet(figures)]
    return "\n\n".join(parts) + "\n"


def _about(result: dict[str, Any], command: str) -> str:
    return f"""# Scores, measured

Written by `{command}`.

Fleets of up to {result["homes"]} homes stream through the real pipeline, {HISTORY_DAYS} days as they are; from then
on, for each family by itself, something is done to a third of them for up to {ATTACKED_DAYS} days. A day's score is
that of its last reading. *ROC* and *AP* (average precision) hold attacked days against the same days of the other
homes; *found* is the share of attacked homes flagged within {FOUND_DAYS} days, at a threshold that 1 % (0.1 %) of the
clean meter-days exceed. Each figure is the mean over seeds and, after ±, its standard deviation; a group is the mean of
its families.

The other detectors get the vectors that the pipeline's forest scores, and learn what it learns: up to {SAMPLE} a day,
of meters that look usual. What knows nothing of streams is fitted each day to the last {KEPT_DAYS} days of them.
River's trees learn all that comes, as they are meant to, {EVERY_H} hours apart; gated, they learn what the others do.
Speed is in readings or vectors a second of processor time, scored and learnt; of the combined score with all else that
the pipeline does."""


def _fleet(figures: dict[str, Any]) -> Iterator[str]:
    tables = figures["tables"]
    yield f"Seeds {', '.join(map(str, figures['seeds']))}."
    yield "### Detectors side by side"
    yield from _detectors(tables["detectors"], figures["readings_per_s"])
    yield "### The combined score, by family"
    families = next(iter(tables["detectors"].values()))["families"]
    yield _table(["family", *_COLUMNS.values()], [[kind, *_cells(one)] for kind, one in families.items()])
    if "parts" in tables:
        yield "### What each part of it finds"
        yield "ROC of each part's surprise by itself."
        kinds = list(families)
        rows = [
            [name, *(f"{one['families'][kind]['roc']['mean']:.2f}" for kind in kinds)]
            for name, one in tables["parts"].items()
        ]
        yield _table(["part", *kinds], rows)
        yield "### What each part of it adds"
        yield from _without(tables["without"])
    yield "### What was said"
    yield from _events(figures["events"])


def _detectors(detectors: dict[str, Any], speeds: dict[str, float]) -> Iterator[str]:
    for group in next(iter(detectors.values()))["groups"]:
        rows = [
            [name, *_cells(one["groups"][group]), _points(one, detectors.get(REFERENCE), group), _speed(speeds, name)]
            for name, one in detectors.items()
        ]
        yield f"{group[:1].upper()}{group[1:]}:"
        yield _table(["detector", *_COLUMNS.values(), "points over River", "a second"], rows)


def _speed(speeds: dict[str, float], name: str) -> str:
    return f"{speeds[name]:,}" if name in speeds else ""


def _points(one: dict[str, Any], reference: dict[str, Any] | None, group: str) -> str:
    """Points of ROC more than the reference, seed by seed."""
    if reference is None or one is reference:
        return ""
    return _signed(difference(one["groups"][group]["roc"], reference["groups"][group]["roc"]))


def _without(tables: dict[str, Any]) -> Iterator[str]:
    (_, whole), *others = tables.items()
    groups = list(whole["groups"])
    yield (
        "Points lost without it, seed by seed: of ROC, and of homes found at 1 % of clean meter-days. The combined "
        "surprise is the largest of the parts."
    )
    rows = [
        [
            name,
            *(
                _signed(difference(one["groups"][group][measure], whole["groups"][group][measure]))
                for group in groups
                for measure in ("roc", "found_1")
            ),
        ]
        for name, one in others
    ]
    yield _table(["", *(f"{group}, {what}" for group in groups for what in ("ROC", "found"))], rows)


def _signed(points: dict[str, float]) -> str:
    return f"{100 * points['mean']:+.1f} ± {100 * points['sd']:.1f}"


def _events(said: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Anomalies opened on untouched homes: {said['false_per_1000_days']:.2f} per 1,000 meter-days, of "
        f"{said['clean_days']:,}."
    )
    rows = [
        [kind, str(one["injected"]), _share(one["found"], one), _share(one["right_cause"], one), _hours(one)]
        for kind, one in said["families"].items()
    ]
    yield _table(["family", "injected", "found", "right cause", "median delay, h"], rows)


def _cells(measures: dict[str, dict[str, float]]) -> list[str]:
    return [f"{measures[name]['mean']:.3f} ± {measures[name]['sd']:.3f}" for name in _COLUMNS]


def _share(count: int, of: dict[str, Any]) -> str:
    return f"{count / of['injected']:.2f}"


def _hours(one: dict[str, Any]) -> str:
    return "" if one["median_delay_h"] is None else f"{one['median_delay_h']:.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
