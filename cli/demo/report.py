"""What the demo says when it is over: found against injected, what is real, and one leak told from end to end."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from cli.demo import words
from cli.demo.seen import Seen, found_leaks
from models.domain.times import HOUR, to_us
from simulators.judge import Line, Verdict
from simulators.scene import Member


def summary(seen: Seen, verdict: Verdict, kafka_version: str | None) -> dict[str, Any]:
    """`summary.json`."""
    return {
        **verdict.summary(),
        "readings": seen.handled.readings,
        "readings_per_s": round(seen.readings_per_s, 1),
        "dead_letters": seen.letters.total(),
        "kafka_version": kafka_version,
    }


def tell(console: Console, seen: Seen, verdict: Verdict, anomalies: Path) -> None:
    """All of it; `anomalies` is the file that has every line."""
    members = {member.meter.meter_id: member for member in seen.scene.members}
    console.print(
        f"\n{seen.handled.readings:,} readings of {len(members)} meters, {seen.readings_per_s:,.0f} a second. "
        f"Dead letters, sent on purpose: {', '.join(seen.letters) or 'none'}.\n",
        soft_wrap=True,
    )
    console.print(_found(verdict))
    for fault in verdict.missed:
        console.print(f" missed: {fault.kind} on {fault.meter_id} from {words.moment(fault.onset)}")
    _tell_others(console, "Found in series that nothing was done to", verdict.untouched)
    _tell_others(console, "Found on meters with a fault, but not of it", verdict.elsewhere)
    console.print("\nHow real they are", style="bold")
    console.print(_origins(members.values()))
    if leaks := found_leaks(seen.scene, verdict):
        _tell_leak(console, leaks[0], members, anomalies)


def _found(verdict: Verdict) -> Table:
    table = Table("fault", box=None, header_style="bold")
    for name in ("injected", "found", "with the right cause"):
        table.add_column(name, justify="right")
    for kind, tally in verdict.kinds.items():
        table.add_row(kind, str(tally.injected), str(tally.found), str(tally.found_right_cause))
    return table


def _tell_others(console: Console, title: str, lines: Sequence[Line]) -> None:
    """Not false alarms as such: the series have trouble of their own, and their copies have it too."""
    console.print(f"\n{title}", style="bold")
    table = Table("meter", "cause", "from", "what was seen", box=None, header_style="bold")
    for line in lines:
        table.add_row(line["meter_id"], line["cause"], words.stamp(line["start"]), words.evidence(line))
    console.print(table if lines else " nothing")


def _origins(members: Iterable[Member]) -> Table:
    names: dict[str, list[str]] = {}
    for series in {member.series.meter.meter_id: member.series for member in members}.values():
        names.setdefault(words.origin(series), []).append(series.meter.meter_id)
    table = Table(box=None, show_header=False)
    for origin, of in names.items():
        table.add_row(", ".join(of), origin)
    table.add_row("name.number", "a copy: other weeks of the series, scaled; faults are only ever put into copies")
    return table


def _tell_leak(console: Console, leak: Line, members: Mapping[str, Member], anomalies: Path) -> None:
    member = members[leak["meter_id"]]
    fault = member.fault
    assert fault is not None  # noqa: S101 - it is among the found
    after_h = (to_us(dt.datetime.fromisoformat(leak["detected_at"])) - fault.onset) / HOUR
    console.print("\nWhat you just saw", style="bold")
    console.print(
        f"{leak['meter_id']} is a copy of {member.series.meter.meter_id}, {words.origin(member.series)}. A leak was "
        f"put into it that begins at {words.moment(fault.onset)}. At {words.stamp(leak['detected_at'])} of event time, "
        f"{after_h:.0f} h later, an anomaly was opened, said to begin at {words.stamp(leak['start'])}, for "
        f"{words.evidence(leak)}.\n\nWhere to look next:",
        soft_wrap=not console.is_terminal,
    )
    look = Table(box=None, show_header=False)
    look.add_row("its life", f"grep {leak['id']} {anomalies}")
    look.add_row(
        "its rule", f"{leak['evidence'][0]['rule']} in models/scoring/rules/registry.py, `meterwatch policy show`"
    )
    look.add_row("the story", "README.md follows one reading; models/pipeline.py is what happens to a batch")
    console.print(look)
