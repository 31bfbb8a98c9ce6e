"""Real series to play, and copies of them with faults put in; and what is told of them when it is over."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from cli.demo import words
from cli.demo.feed import SPOILS, Feed, Parcel, parcels_of, spoiled
from cli.demo.seen import Seen
from cli.demo.show import Show
from evaluation.judge import Line, Verdict
from models.domain.times import DAY, HOUR, to_us
from simulators.scene import FIRST, UNTIL, Member, Scene


def show_of(scene: Scene, seed: int, partitions: int) -> Show:
    """The scene's messages, `seed` choosing which of them have a spoiled copy."""
    moments = np.random.default_rng(seed).integers(FIRST, UNTIL - 2 * DAY, len(SPOILS)).tolist()
    meters = scene.meters
    return Show(
        meters=len(meters),
        reference=tuple(Parcel("meters", m.meter_id, m.model_dump_json(exclude_none=True).encode(), 0) for m in meters),
        feed=Feed(spoiled(parcels_of(scene.messages()), moments), partitions),
        truth=scene.truth,
        since=FIRST,
        until=UNTIL + 2 * DAY,
    )


def shortfalls(scene: Scene, verdict: Verdict) -> list[str]:
    """Why it must not be called a success; empty when it may."""
    missing = [f"{kind}: none of {t.injected} injected was found" for kind, t in verdict.kinds.items() if not t.found]
    if not found_leaks(scene, verdict):
        missing.append("no injected leak was found in a copy of a real series")
    return missing


def found_leaks(scene: Scene, verdict: Verdict) -> list[Line]:
    """First lines of injected leaks found in copies of real series, the water main's first."""
    real = {m.meter.meter_id: m.series.meter.service for m in scene.members if m.series.origin == "measured"}
    leaks = [m.life.first for m in verdict.found if m.event.kind == "leak" and m.event.meter_id in real]
    return sorted(leaks, key=lambda line: real[line["meter_id"]] != "water")


def introduce(console: Console, scene: Scene) -> None:
    """What will be played."""
    members = scene.members
    as_they_are = sum(member.meter.meter_id == member.series.meter.meter_id for member in members)
    faults = len(scene.truth)
    console.print(
        f"{len(members)} meters: {as_they_are} series as they are, {faults} copies with a fault put in, "
        f"{len(members) - as_they_are - faults} copies left alone. {scene.readings:,} readings, and "
        f"{len(SPOILS)} messages spoiled on purpose.",
        soft_wrap=True,
    )


def tell(console: Console, scene: Scene, seen: Seen, verdict: Verdict, anomalies: Path) -> None:
    """What came of it; `anomalies` is the file that has every line."""
    members = {member.meter.meter_id: member for member in scene.members}
    _tell_others(console, "Found in series that nothing was done to", verdict.untouched)
    _tell_others(console, "Found on meters with a fault, but not of it", verdict.elsewhere)
    console.print("\nHow real they are", style="bold")
    console.print(_origins(members.values()))
    if leaks := found_leaks(scene, verdict):
        _tell_leak(console, leaks[0], members, anomalies)


def _tell_others(console: Console, title: str, lines: Sequence[Line]) -> None:
    """Not false alarms as such: the series have trouble of their own, and their copies have it too."""
    console.print(f"\n{title}", style="bold")
    table = Table("meter", "cause", "from", "what was seen", box=None, header_style="bold")
    for line in lines:
        table.add_row(words.who(line), line["cause"], words.stamp(line["start"]), words.evidence(line))
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
        "its rule", f"{leak['evidence'][0]['rule']} in models/scoring/rules/catalogue/, `meterwatch policy show`"
    )
    look.add_row("the story", "README.md follows one reading; models/pipeline.py is what happens to a batch")
    console.print(look)
