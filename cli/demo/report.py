"""What the demo says when it is over, of a town above all: found against injected, what was done, how good it was."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from cli.demo import words
from cli.demo.checks import RIGHT_CAUSE, THEFT_DAYS, THEFTS, Figures
from cli.demo.seen import Seen
from evaluation.judge import Verdict

if TYPE_CHECKING:
    from cli.demo.kafka import Proof

SUMMARY: Final = "summary.json"
ANOMALIES: Final = "anomalies.jsonl"
LABELS: Final = "labels.jsonl"
ACTION_FILES: Final = {
    "work_orders": "work-orders.jsonl",
    "notifications": "notifications.jsonl",
    "holds": "holds.jsonl",
}
FILES: Final = (SUMMARY, ANOMALIES, LABELS, *ACTION_FILES.values())
_SOME: Final = 8


def summary(seen: Seen, verdict: Verdict, kafka_version: str | None, figures: Figures | None = None) -> dict[str, Any]:
    """`summary.json`; `figures` are a town's."""
    of_town: dict[str, Any] = {}
    if figures is not None:
        of_town = {
            "false_alarms_per_1000_meter_days": round(figures.false_alarms_per_1000, 3),
            "meter_days": round(figures.meter_days),
        }
    return {
        **verdict.summary(),
        **of_town,
        "readings": seen.handled.readings,
        "readings_per_s": round(seen.readings_per_s, 1),
        **{kind: seen.count(kind) for kind in ACTION_FILES},
        "dead_letters": seen.letters.total(),
        "kafka_version": kafka_version,
    }


def write(folder: Path, seen: Seen) -> None:
    """Every line that was said, in order of arrival."""
    _write(folder / ANOMALIES, seen.lines)
    for kind, name in ACTION_FILES.items():
        _write(folder / name, seen.actions[kind].values())


def tell(console: Console, seen: Seen, verdict: Verdict) -> None:
    """What holds for every play."""
    console.print(
        f"\n{seen.handled.readings:,} readings of {seen.show.meters:,} meters, {seen.readings_per_s:,.0f} a second. "
        f"Dead letters, sent on purpose: {', '.join(seen.letters) or 'none'}.\n",
        soft_wrap=True,
    )
    console.print(_found(verdict))
    for fault in verdict.missed[:_SOME]:
        console.print(f" missed: {fault.kind} on {fault.meter_id} from {words.moment(fault.onset)}")
    if len(verdict.missed) > _SOME:
        console.print(f" and {len(verdict.missed) - _SOME} more")


def tell_figures(console: Console, seen: Seen, verdict: Verdict, figures: Figures) -> None:
    """How good it was in a town."""
    flagged = {kind: like for kind, like in verdict.look_alikes.items() if like.flagged}
    likes = sum(like.injected for like in verdict.look_alikes.values())
    console.print("\nWhat it is worth (a simulated town is only a start)", style="bold")
    table = Table(box=None, show_header=False)
    table.add_row("right cause", f"{_of(figures.right_cause)} leaks, bursts, read errors; {RIGHT_CAUSE:.0%} wanted")
    table.add_row("thefts", f"{_of(figures.thefts)} called so within {THEFT_DAYS} days; {THEFTS:.0%} wanted")
    table.add_row(
        "constant leaks", f"found {words.hours(figures.leak_delay_s)} and an upload after they began (median)"
    )
    table.add_row(
        "false alarms",
        f"{len(verdict.untouched)} in {figures.meter_days:,.0f} days of meters with nothing wrong: "
        f"{figures.false_alarms_per_1000:.2f} per 1,000",
    )
    table.add_row(
        "look-alikes", f"{sum(like.flagged for like in flagged.values())} of {likes} called a fault {_kinds(flagged)}"
    )
    table.add_row("besides", f"{len(verdict.elsewhere)} anomalies on meters with a fault or look-alike, but not of it")
    table.add_row("incidents", "; ".join(words.incident(line) for line in seen.incidents) or "none")
    console.print(table)


def tell_proof(console: Console, seen: Seen, proof: "Proof") -> None:
    """What was done, and that it was done once."""
    console.print("\nWhat was done", style="bold")
    table = Table(box=None, show_header=False)
    for name, counts in proof.received.items():
        table.add_row(name, ", ".join(f"{what} {n}" for what, n in sorted(counts.items())) or "nothing")
    table.add_row(
        "once",
        f"{sum(map(len, proof.effects.values()))} lines took effect; the worker was killed {words.times(proof.kills)}",
    )
    table.add_row("audit", f"{proof.audit_entries:,} decisions on the trail, {len(proof.audit_problems)} problems")
    console.print(table)


def _found(verdict: Verdict) -> Table:
    table = Table("fault", box=None, header_style="bold")
    for name in ("injected", "found", "with the right cause", "median delay"):
        table.add_column(name, justify="right")
    table.add_column("right cause")
    for kind, t in verdict.kinds.items():
        numbers = (str(t.injected), str(t.found), str(t.found_right_cause), words.hours(t.median_delay_s))
        table.add_row(kind, *numbers, t.expected_cause)
    return table


def _of(share: tuple[int, int]) -> str:
    return f"{share[0]} of {share[1]}"


def _kinds(flagged: dict[str, Any]) -> str:
    return f"({', '.join(f'{kind} {like.flagged}' for kind, like in flagged.items())})" if flagged else ""


def _write(path: Path, lines: Iterable[Any]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
