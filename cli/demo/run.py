"""The story of a demo: something to play, a way for it to go, what came of it, and whether that is good enough."""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import json
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from cli.demo import checks, real, report, town
from cli.demo.screen import Screen
from cli.demo.seen import Seen
from cli.demo.show import PARTITIONS, Show
from cli.kafka import GIVEN, Cluster, cluster, missing_tools
from models.domain.errors import MeterwatchError
from simulators.scene import Scene
from simulators.scene import build as build_scene

if TYPE_CHECKING:
    from cli.demo.kafka import Proof

OK: Final = 0
FAILED: Final = 1
LOG: Final = "worker.log"
ENCORE_SPEED: Final = 600
"""Times the clock."""
_WIDTH: Final = 160
"""Where there is no terminal."""


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown."""

    folder: Path
    meters: int = 1000
    """Of the town"""
    seed: int = 0
    real: bool = False
    """Real series in place of a town"""
    embedded: bool = False
    keep: bool = False
    health_port: int | None = None
    """Of the worker; none = any free one"""
    as_json: bool = False


def main(wanted: Wanted) -> int:
    """Exit code: 0 when it ran through and was good enough, else 1, and what is missing is said."""
    console = Console(stderr=wanted.as_json, highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _WIDTH
    wanted.folder.mkdir(parents=True, exist_ok=True)
    for name in (*report.FILES, LOG):
        (wanted.folder / name).unlink(missing_ok=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has just come up knows no coordinators yet
    demo = _Demo(wanted, console)
    try:
        demo.run()
    except MeterwatchError as error:
        Console(stderr=True, highlight=False, markup=False).print(f"meterwatch: {error}", soft_wrap=True)
        return FAILED
    except KeyboardInterrupt:
        if demo.code is None:
            raise
    return FAILED if demo.code is None else demo.code


class _Demo:
    """One run."""

    def __init__(self, wanted: Wanted, console: Console) -> None:
        self._wanted = wanted
        self._console = console
        self.code: int | None = None
        """Once it is over."""

    def run(self) -> None:
        given = bool(os.environ.get(GIVEN))
        lacking = [] if given else missing_tools()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            building = pool.submit(self._build)
            if self._wanted.embedded or lacking:
                building.result()
                self._play_here(lacking=[] if self._wanted.embedded else lacking)
                return
            with _sigterm_like_ctrl_c():
                if not given:
                    self._console.print("Starting Kafka; its jars come from Maven Central once.")
                with cluster() as running:
                    self._console.print(f"Kafka at {running.bootstrap}, version {running.version}.")
                    building.result()
                    asyncio.run(self._play(running, guest=given))

    def _build(self) -> None:
        wanted, partitions = self._wanted, PARTITIONS
        self._scene: Scene | None = build_scene(wanted.seed) if wanted.real else None
        self._town: town.Town | None = None
        if self._scene:
            self._show: Show = real.show_of(self._scene, wanted.seed, partitions)
        else:
            self._town = town.build(wanted.meters, wanted.seed, partitions, encore=wanted.keep)
            self._show = self._town.show
        self._seen = Seen(self._show)

    async def _play(self, running: Cluster, *, guest: bool) -> None:
        from cli.demo import kafka

        log = self._wanted.folder / LOG
        self._introduce()
        self._console.print(
            f"The worker starts, and compiles its kernels the first time. Its log: {log}", soft_wrap=True
        )
        settings = kafka.settings_for(running.bootstrap, self._wanted.health_port, guest=guest)
        async with kafka.opened(self._seen, settings, log, guest=guest) as stream:
            with Screen(self._console, self._seen) as screen:
                await stream.play(screen.paint)
            self._conclude(running.version, await stream.proof())
            if self._wanted.keep and self._town:
                self._console.print(
                    f"\nThe town goes on for {town.ENCORE_DAYS} days, {ENCORE_SPEED} times as fast as the clock, until "
                    f"Ctrl-C. Kafka at {running.bootstrap}, metrics at "
                    f"http://{settings.health_host}:{settings.health_port}/metrics",
                    soft_wrap=True,
                )
                with Screen(self._console, self._seen) as screen:
                    await stream.go_on(ENCORE_SPEED, screen.paint)

    def _play_here(self, *, lacking: list[str]) -> None:
        if lacking:
            self._console.print(
                f"There is no Kafka: {' and '.join(lacking)} missing, and {GIVEN} names no cluster. With either, this "
                "would go through it.",
                style="yellow",
                soft_wrap=True,
            )
        self._introduce()
        self._console.print(
            "The same codec and pipeline in this process, no broker; its kernels are compiled the first time."
        )
        from cli.demo import embedded

        with Screen(self._console, self._seen) as screen:
            embedded.stream(self._seen, screen.paint)
        self._conclude(None, None)

    def _introduce(self) -> None:
        if self._scene:
            real.introduce(self._console, self._scene)
        elif self._town:
            town.introduce(self._console, self._town)

    def _conclude(self, kafka_version: str | None, proof: "Proof | None") -> None:
        """The report, the files, and what is missing."""
        seen, folder, console = self._seen, self._wanted.folder, self._console
        verdict = seen.verdict()
        figures = checks.figures_of(self._town, seen, verdict) if self._town else None
        report.write(folder, seen)
        summary = json.dumps(report.summary(seen, verdict, kafka_version, figures), indent=2)
        report.tell(console, seen, verdict)
        missing = checks.spoiled_short(seen.letters)
        if self._scene:
            real.tell(console, self._scene, seen, verdict, folder / report.ANOMALIES)
            missing += real.shortfalls(self._scene, verdict)
        if self._town and figures:
            self._town.write_labels(folder / report.LABELS)
            report.tell_figures(console, seen, verdict, figures)
            missing += checks.figures_short(figures, verdict) + checks.fleet_short(self._show.truth, seen)
        if proof:
            report.tell_proof(console, seen, proof)
            missing += checks.proof_short(proof, seen.actions, kills=1 if self._town else 0)
        (folder / report.SUMMARY).write_text(f"{summary}\n", encoding="utf-8")
        for shortfall in missing:
            console.print(f"Missing: {shortfall}", style="bold red", soft_wrap=True)
        if self._wanted.as_json:
            Console(highlight=False, markup=False).print(summary, soft_wrap=True)
        self.code = FAILED if missing else OK


@contextlib.contextmanager
def _sigterm_like_ctrl_c() -> Iterator[None]:
    """So that whoever ends us, broker, worker and topics go too."""
    before: Any = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
