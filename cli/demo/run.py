"""The story of a demo: a scene, a way for it to go, what came of it, and whether that is good enough."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

from cli.demo import report
from cli.demo.feed import SPOILS, Feed
from cli.demo.screen import Screen
from cli.demo.seen import Seen, shortfalls
from cli.kafka import GIVEN, cluster, missing_tools
from cli.settings import read_settings
from models.domain.errors import MeterwatchError
from simulators.scene import build

OK: Final = 0
FAILED: Final = 1
SUMMARY: Final = "summary.json"
ANOMALIES: Final = "anomalies.jsonl"
LOG: Final = "worker.log"
_WIDTH: Final = 160
"""Where there is no terminal."""


def main(folder: Path, *, seed: int = 0, embedded: bool = False, as_json: bool = False) -> int:
    """Exit code: 0 when it ran through and faults of every kind were found, else 1, and what is missing is said."""
    console = Console(stderr=as_json, highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _WIDTH
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SUMMARY, ANOMALIES, LOG):
        (folder / name).unlink(missing_ok=True)
    try:
        scene = build(seed)
        seen = Seen(scene, Feed.of(scene, read_settings().partitions, seed))
        _introduce(console, seen)
        kafka_version = _stream(console, seen, folder, embedded=embedded)
    except MeterwatchError as error:
        Console(stderr=True, highlight=False, markup=False).print(f"meterwatch: {error}", soft_wrap=True)
        return FAILED
    verdict = seen.verdict()
    summary = json.dumps(report.summary(seen, verdict, kafka_version), indent=2)
    (folder / ANOMALIES).write_text("".join(f"{json.dumps(line)}\n" for line in seen.lines), encoding="utf-8")
    (folder / SUMMARY).write_text(f"{summary}\n", encoding="utf-8")
    report.tell(console, seen, verdict, folder / ANOMALIES)
    missing = shortfalls(seen, verdict)
    for shortfall in missing:
        console.print(f"Missing: {shortfall}", style="bold red", soft_wrap=True)
    if as_json:
        Console(highlight=False, markup=False).print(summary, soft_wrap=True)
    return FAILED if missing else OK


def _introduce(console: Console, seen: Seen) -> None:
    members = seen.scene.members
    as_they_are = sum(member.meter.meter_id == member.series.meter.meter_id for member in members)
    faults = len(seen.scene.truth)
    console.print(
        f"{len(members)} meters: {as_they_are} series as they are, {faults} copies with a fault put in, "
        f"{len(members) - as_they_are - faults} copies left alone. {seen.feed.readings:,} readings in "
        f"{len(seen.feed.parcels):,} messages, {len(SPOILS)} of them spoiled on purpose.",
        soft_wrap=True,
    )


def _stream(console: Console, seen: Seen, folder: Path, *, embedded: bool) -> str | None:
    """Everything through Kafka or, without one, through this process; the version of the Kafka that it was."""
    given = bool(os.environ.get(GIVEN))
    lacking = [] if given else missing_tools()
    if embedded or lacking:
        _stream_here(console, seen, lacking=[] if embedded else lacking)
        return None
    from cli.demo import kafka

    log = folder / LOG
    with _sigterm_like_ctrl_c():
        if not given:
            console.print("Starting Kafka; its jars come from Maven Central once.")
        with cluster() as running, Screen(console, seen) as screen:
            console.print(f"Kafka at {running.bootstrap}, version {running.version}.")
            console.print(f"The worker starts, and compiles its kernels the first time. Its log: {log}", soft_wrap=True)
            settings = kafka.settings_for(running.bootstrap, guest=given)
            asyncio.run(kafka.stream(seen, settings, log, screen.paint, guest=given))
            return running.version


def _stream_here(console: Console, seen: Seen, *, lacking: list[str]) -> None:
    if lacking:
        console.print(
            f"There is no Kafka: {' and '.join(lacking)} missing, and {GIVEN} names no cluster. With either, this "
            "would go through it.",
            style="yellow",
            soft_wrap=True,
        )
    console.print("The same codec and pipeline in this process, no broker; its kernels are compiled the first time.")
    from cli.demo import embedded

    with Screen(console, seen) as screen:
        embedded.stream(seen, screen.paint)


@contextlib.contextmanager
def _sigterm_like_ctrl_c() -> Iterator[None]:
    """So that whoever ends us, broker, worker and topics go too."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
