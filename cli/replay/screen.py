"""A replay as a person sees it: progress and a closing table on a terminal, nothing where there is none."""

from typing import Any

import rich.console
import rich.table

from cli.progress import progress_on_screen
from cli.replay.request import Request
from cli.replay.run import replay

_STEPS = {"read": "reading", "detect": "detecting"}


def show(request: Request, started: float) -> dict[str, Any]:
    """`replay` with its progress on the terminal's standard error. Returns the summary."""
    console = rich.console.Console(stderr=True, highlight=False)
    with progress_on_screen(_STEPS) as progress:
        summary = replay(request, started, progress)
    if console.is_terminal:
        console.print(_table(summary))
        console.print(
            f"{summary['accepted']:,} of {summary['readings']:,} readings, {summary['readings_per_s']:,.0f} a second"
        )
        console.print(f"written to {request.out}", markup=False)
    return summary


def _table(summary: dict[str, Any]) -> rich.table.Table:
    table = rich.table.Table("cause", "opened", "updated", "closed", box=None)
    for cause, lines in summary["anomalies"].items():
        if any(lines.values()):
            table.add_row(cause, *(str(lines[status]) for status in ("opened", "updated", "closed")))
    for drift in summary["drifts"]:
        table.add_row(
            f"[dim]drift: {drift['service']} {drift['customer_class'] or ''} {drift['series']}[/dim]", drift["day"]
        )
    for reason, rows in summary["rejected"].items():
        table.add_row(f"[dim]set aside: {reason}[/dim]", str(rows))
    return table
