"""Figures as a page of Markdown."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

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

Fleets of up to {result["homes"]} homes stream through the real pipeline, 61 days as they are; from then on, for each
family by itself, something is done to a third of them for up to 14 days. A day's score is that of its last reading.
*ROC* and *AP* (average precision) hold attacked days against the same days of the other homes; *found* is the share of
attacked homes flagged within 7 days, at a threshold that 1 % (0.1 %) of the clean meter-days exceed. Each figure is the
mean over seeds and, after ±, its standard deviation; a group is the mean of its families."""


def _fleet(figures: dict[str, Any]) -> Iterator[str]:
    seeds = ", ".join(map(str, figures["seeds"]))
    yield f"Seeds {seeds}."
    detectors = figures["detectors"]
    for group in next(iter(detectors.values()))["groups"]:
        rows = [[name, *_cells(one["groups"][group])] for name, one in detectors.items()]
        yield f"### {group[:1].upper()}{group[1:]}, by detector"
        yield "\n".join(_table(["detector", *_COLUMNS.values()], rows))
    yield "### Combined score, by family"
    families = next(iter(detectors.values()))["families"]
    yield "\n".join(_table(["family", *_COLUMNS.values()], [[kind, *_cells(one)] for kind, one in families.items()]))
    yield "### What was said"
    said = figures["events"]
    yield (
        f"Anomalies opened on untouched homes: {said['false_per_1000_days']:.2f} per 1,000 meter-days, of "
        f"{said['clean_days']:,}."
    )
    rows = [
        [kind, str(one["injected"]), _share(one["found"], one), _share(one["right_cause"], one), _hours(one)]
        for kind, one in said["families"].items()
    ]
    yield "\n".join(_table(["family", "injected", "found", "right cause", "median delay, h"], rows))


def _cells(measures: dict[str, dict[str, float]]) -> list[str]:
    return [f"{measures[name]['mean']:.3f} ± {measures[name]['sd']:.3f}" for name in _COLUMNS]


def _share(count: int, of: dict[str, Any]) -> str:
    return f"{count / of['injected']:.2f}"


def _hours(one: dict[str, Any]) -> str:
    return "" if one["median_delay_h"] is None else f"{one['median_delay_h']:.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]
