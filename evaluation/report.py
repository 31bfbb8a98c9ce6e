"""Figures as a page of Markdown."""

from collections.abc import Iterator
from typing import Any, Final

from evaluation.cases import OUR_FOREST
from evaluation.changes import HIGH
from evaluation.contest import EVERY_H
from evaluation.figures import difference
from evaluation.fleets import ATTACKED_DAYS, HISTORY_DAYS
from evaluation.markdown import table
from evaluation.measures import FOUND_DAYS
from evaluation.peers import KEPT_DAYS
from models.scoring.vector import DOUBT, PARTS, WITH_TREES
from models.state.closed import SAMPLE

REFERENCE: Final = "River HalfSpaceTrees"
_COLUMNS: Final = {
    "roc": "ROC",
    "ap": "AP",
    "found_5": "found at 5 %",
    "found_1": "found at 1 %",
    "found_0_1": "found at 0.1 %",
}


def page(result: dict[str, Any], command: str) -> str:
    """The whole page; `command` is what made it."""
    parts = [_about(result, command), *_short(result["fleets"])]
    for fleet, figures in result["fleets"].items():
        parts += [f"## {fleet[:1].upper()}{fleet[1:]}", *_fleet(figures)]
    return "\n\n".join(parts) + "\n"


def _about(result: dict[str, Any], command: str) -> str:
    return f"""# Scores, measured

Written by `{command}`.

Fleets of up to {result["homes"]} homes stream through the real pipeline, {HISTORY_DAYS} days as they are; from then on,
for each family by itself, something is done to a sixth of them for up to {ATTACKED_DAYS} days. A day's score is that of
its last reading. *ROC* and *AP* (average precision) hold attacked days against the same days of the other
homes; *found* is the share of attacked homes flagged within {FOUND_DAYS} days, at a threshold that 5 % (1 %, 0.1 %)
of the clean meter-days exceed. Each figure is the mean over seeds and, after ±, its standard deviation; a group is the
mean of its families.

The other detectors get the vectors that the pipeline's forest scores, and learn what it learns: up to {SAMPLE} a day,
of meters that look usual. What knows nothing of streams is fitted each day to the last {KEPT_DAYS} days of them.
River's trees learn all that comes, as they are meant to, {EVERY_H} hours apart; gated, they learn what the others do.
Speed is in readings or vectors a second of processor time, scored and learnt; of the combined score with all else that
the pipeline does."""


def _short(fleets: dict[str, Any]) -> Iterator[str]:
    yield "## The forest, in short"
    yield (
        "Points of ROC that the pipeline's forest has more than River's trees; that it adds to rules and groups of "
        "statistics alone; to all that nobody trained; and to the score as it is, with the trees trained on theft."
    )
    rows = []
    for fleet, figures in fleets.items():
        tables = figures["tables"]
        detectors, untrained, sets = (tables[name] for name in ("detectors", "untrained", "without"))
        pairs = [
            (detectors[OUR_FOREST], detectors[REFERENCE]),
            (detectors[OUR_FOREST], detectors[f"{REFERENCE}, gated"]),
            tuple(tables["forest"].values())[::-1],
            (untrained["all parts"], untrained["without forest"]),
            (sets["all parts"], sets["without forest"]),
        ]
        for group in pairs[0][0]["groups"]:
            points = [difference(one["groups"][group]["roc"], other["groups"][group]["roc"]) for one, other in pairs]
            rows.append([fleet, group, *map(_signed, points)])
    yield table(
        [
            "fleet",
            "families",
            "over River",
            "over River, gated",
            "to rules and groups",
            "to all untrained",
            "to the score",
        ],
        rows,
    )


def _fleet(figures: dict[str, Any]) -> Iterator[str]:
    tables = figures["tables"]
    yield f"Seeds {', '.join(map(str, figures['seeds']))}."
    yield "### Detectors side by side"
    yield from _detectors(tables["detectors"], figures["readings_per_s"])
    yield "### The combined score, by family"
    families = next(iter(tables["detectors"].values()))["families"]
    yield table(["family", *_COLUMNS.values()], [[kind, *_cells(one)] for kind, one in families.items()])
    yield "### What each part of it finds"
    yield (
        "ROC of each part's surprise by itself. That of the rules is how rare the rarest open finding is, those left "
        "out that only pass on what the models say."
    )
    kinds = list(families)
    rows = [
        [name, *(f"{one['families'][kind]['roc']['mean']:.2f}" for kind in kinds)]
        for name, one in tables["parts"].items()
    ]
    yield table(["part", *kinds], rows)
    yield "### What each part of it adds"
    yield (
        "Points lost without it, seed by seed: of ROC, and of homes found at 1 % of clean meter-days. The score is the "
        f"largest surprise; where the trees trained on theft speak, of what the rules have open and of {_doubted()}."
    )
    yield _without(tables["without"])
    yield "Without trees, where every part counts:"
    yield _without(tables["untrained"])
    yield "### What was said"
    yield from _events(figures["events"], figures["events_by_rules"])
    yield "### What all homes do at once"
    yield from _changes(figures["changes"])


def _detectors(detectors: dict[str, Any], speeds: dict[str, float]) -> Iterator[str]:
    for group in next(iter(detectors.values()))["groups"]:
        rows = [
            [name, *_cells(one["groups"][group]), _points(one, detectors.get(REFERENCE), group), _speed(speeds, name)]
            for name, one in detectors.items()
        ]
        yield f"{group[:1].upper()}{group[1:]}:"
        yield table(["detector", *_COLUMNS.values(), "points over River", "a second"], rows)


def _speed(speeds: dict[str, float], name: str) -> str:
    return f"{speeds[name]:,}" if name in speeds else ""


def _points(one: dict[str, Any], reference: dict[str, Any] | None, group: str) -> str:
    """Points of ROC more than the reference, seed by seed."""
    if reference is None or one is reference:
        return ""
    return _signed(difference(one["groups"][group]["roc"], reference["groups"][group]["roc"]))


def _without(tables: dict[str, Any]) -> str:
    (_, whole), *others = tables.items()
    groups = list(whole["groups"])
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
    return table(["", *(f"{group}, {what}" for group in groups for what in ("ROC", "found"))], rows)


def _signed(points: dict[str, float]) -> str:
    return f"{100 * points['mean']:+.1f} ± {100 * points['sd']:.1f}"


def _events(said: dict[str, Any], by_rules: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Anomalies opened on untouched homes: {said['false_per_1000_days']:.2f} per 1,000 meter-days, of "
        f"{said['clean_days']:,}; {by_rules['false_per_1000_days']:.2f} by rules without what models say (S1, S2)."
    )
    rows = []
    for kind, one in said["families"].items():
        other = by_rules["families"][kind]
        rows.append([kind, str(one["injected"]), *_found(one), *_found(other)])
    heads = ["found", "right cause", "median delay, h"]
    yield table(["family", "injected", *heads, *(f"{head}, rules alone" for head in heads)], rows)


def _found(one: dict[str, Any]) -> list[str]:
    hours = "" if one["median_delay_h"] is None else f"{one['median_delay_h']:.0f}"
    return [f"{one[name] / one['injected']:.2f}" for name in ("found", "right_cause")] + [hours]


def _changes(changes: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield (
        f"Nothing is wrong with any home, and from the onset on all of them do the same. Share of scores above {HIGH}, "
        "in the first week and in the second; drifts of cohorts that were reported, over all seeds; anomalies opened "
        "per 1,000 meter-days. Without drift, tables and forests are made of the same window as ever."
    )
    rows = []
    for change, ways in changes.items():
        for way, one in ways.items():
            high = [f"{100 * one[name]['mean']:.2f} %" for name in ("high_first_week", "high_second_week")]
            rows.append([change, way, *high, str(one["drifts"]), f"{one['opened_per_1000_days']:.2f}"])
    yield table(["change", "", "first week", "second week", "drifts", "opened"], rows)


def _cells(measures: dict[str, dict[str, float]]) -> list[str]:
    return [f"{measures[name]['mean']:.3f} ± {measures[name]['sd']:.3f}" for name in _COLUMNS]


def _doubted() -> str:
    return ", ".join(
        f"`{PARTS[n]}`" + (f" less {doubt:g}" if doubt else "") for n, doubt in zip(WITH_TREES, DOUBT, strict=True)
    )
