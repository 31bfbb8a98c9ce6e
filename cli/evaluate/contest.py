"""Detectors side by side: figures to a folder, and a table of them to the terminal."""

import json
from pathlib import Path
from typing import Any

import rich
import rich.table

from cli.progress import progress_on_screen
from evaluation.report import page
from evaluation.run import Wanted, evaluate


def run(wanted: Wanted, out: Path, command: str) -> dict[str, Any]:
    """Evaluates, writes `evaluation.json` and `models.md` into `out`, which is made, and returns the figures."""
    with progress_on_screen({"fleets": "fleets"}) as progress:
        result = evaluate(wanted, progress)
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluation.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (out / "models.md").write_text(page(result, command), encoding="utf-8")
    return result


def show(result: dict[str, Any]) -> None:
    """The groups of families, by detector; then the families, by the combined score."""
    for fleet, figures in result["fleets"].items():
        detectors = figures["tables"]["detectors"]
        rich.print(f"[bold]{fleet}[/bold]")
        table = _table()
        for name, detector in detectors.items():
            for group, measures in detector["groups"].items():
                table.add_row(group, name, *_cells(measures))
        rich.print(table)
        table = _table()
        name, combined = next(iter(detectors.items()))
        for kind, measures in combined["families"].items():
            table.add_row(kind, name, *_cells(measures))
        rich.print(table)


def _table() -> rich.table.Table:
    return rich.table.Table("", "", "ROC", "±", "AP", "found 1 %", "0.1 %", box=None)


def _cells(measures: dict[str, Any]) -> list[str]:
    roc = [f"{measures['roc'][part]:.3f}" for part in ("mean", "sd")]
    return [*roc, *(f"{measures[name]['mean']:.3f}" for name in ("ap", "found_1", "found_0_1"))]
