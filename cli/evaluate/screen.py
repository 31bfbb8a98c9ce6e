"""Figures of labelled data as tables on a terminal."""

from typing import Any, Final

import rich.console
import rich.table

_WIDTH: Final = 150
"""Where there is no terminal"""


def show(result: dict[str, Any]) -> None:
    """By service: kinds and groups, look-alikes, and what was said of clean meters."""
    console = rich.console.Console(highlight=False)
    if not console.is_terminal:
        console = rich.console.Console(highlight=False, width=_WIDTH)
    for service, figures in result["services"].items():
        console.print(f"[bold]{service}[/bold]")
        faults = {**figures["kinds"], **figures["groups"]}
        if faults:
            console.print(_faults(faults))
        if figures["look_alikes"]:
            console.print(_look_alikes(figures["look_alikes"]))
        _alarms(console, figures["false_alarms"])
    table = _table("asked for first", "", "")
    for figure in result["figures"]:
        value = f"{figure['value']:.3g}"
        table.add_row(f"{figure['service']}: {figure['name']}", value, interval(figure)[1] if "low" in figure else "")
    console.print(table)


def _faults(faults: dict[str, Any]) -> rich.table.Table:
    table = _table("kind", "events", "right cause", "", "any", "placebo", "delay h", "ROC", "", "AP", "7 d at 1 %")
    for kind, one in faults.items():
        days = one["days"]
        table.add_row(
            kind,
            str(one["events"]),
            *interval(one["right"]),
            number(one["any"]),
            number(one["placebo"]["right"]),
            number(one["delay_h"]["median"], 0),
            *interval(days["roc"], 3),
            number(days["ap"]),
            number(days.get("found_7_at_1")),
        )
    return table


def _look_alikes(kinds: dict[str, Any]) -> rich.table.Table:
    table = _table("look-alike", "events", "called a fault", "", "acted upon", "", "score above 1 %", "said")
    for kind, one in kinds.items():
        said = ", ".join(f"{cause} {count}" for cause, count in one["said"].items())
        above = number(one["days"].get("found_14_at_1"))
        table.add_row(kind, str(one["events"]), *interval(one["flagged"]), *interval(one["visible"]), above, said)
    return table


def _alarms(console: rich.console.Console, alarms: dict[str, Any]) -> None:
    days = f"{alarms['clean_days']:,} days of {alarms['clean_meters']:,} meters with nothing labelled"
    console.print(f"{days}, per 1,000: {' '.join(interval(alarms['any']))} anomalies")
    rules = ", ".join(f"{rule} {rate:.2f}" for rule, rate in alarms["by_rule"].items())
    console.print(f"  by rule: {rules or 'none'}")
    console.print(f"  orders, notices and holds: {' '.join(interval(alarms['visible']))}")
    if leaks := alarms["leaks_without_own"]:
        words = ", ".join(f"{name} {' '.join(interval(leaks[name]))}" for name in ("leak", "burst", "notices"))
        console.print(f"  on the {leaks['meters']} that do not leak by themselves: {words}")


def _table(*heads: str) -> rich.table.Table:
    table = rich.table.Table(box=None)
    for at, head in enumerate(heads):
        table.add_column(head, justify="left" if at == 0 or head == "said" else "right")
    return table


def number(figure: Any, digits: int = 2) -> str:
    """A figure, with an interval or without; nothing where there is none."""
    value = figure["value"] if isinstance(figure, dict) else figure
    return "" if value is None else f"{value:.{digits}f}"


def interval(figure: Any, digits: int = 2) -> tuple[str, str]:
    """A figure and its interval."""
    if figure is None:
        return "", ""
    return number(figure, digits), f"({figure['low']:.{digits}f}-{figure['high']:.{digits}f})"
