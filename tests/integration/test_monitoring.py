"""A Prometheus looks at a running demo: every panel has something to show, and a picture is drawn of what it shows."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from cli.demo.town import CLEAN_DAYS, FAULT_DAYS, QUIET_DAYS
from cli.kafka import GIVEN, missing_tools
from cli.kafka.broker import free_ports
from grafana.picture import draw
from grafana.queries import Asked, asked, boards, rules
from tests.support.prometheus import Prometheus, Series, listens, program, running

pytestmark = [
    pytest.mark.monitoring,
    pytest.mark.kafka,
    pytest.mark.demo,
    pytest.mark.timeout(900),  # the first test waits for the demo
    pytest.mark.skipif(program() is None, reason="needs Prometheus: make prometheus"),
    pytest.mark.skipif(bool(missing_tools()), reason="needs Java and Maven"),
]
METERS: Final = 600
"""The smallest town that has room for all faults."""
PICTURES: Final = "MONITORING_PICTURES"
"""Environment variable with the folder for pictures."""
_DAYS: Final = CLEAN_DAYS + FAULT_DAYS + QUIET_DAYS
_STARTED_S: Final = 420.0
"""Kernels compiled and all, on a slow machine."""
_PLAYED_S: Final = 420.0
_AFTER_S: Final = 30.0
"""For gauges that are counted every quarter of a minute, and to see the town go on."""
_WINDOW: Final = "20s"
"""For rates: a scrape is a second."""
_STEP_S: Final = 2.0
_SHOWN: Final = [board for board in boards() if any(asked(board))]


class Watched(NamedTuple):
    """A demo that was played and goes on, as a Prometheus saw it."""

    prometheus: Prometheus
    since: float
    until: float
    """Unix time, s"""

    def ask(self, query: str, once: bool) -> list[Series]:
        """What a panel shows: at the end, or over all of the time."""
        span = f"{int(self.until - self.since)}s"
        expr = Asked("", query).plain(_WINDOW, span)
        if once:
            return self.prometheus.query(expr, self.until)
        return self.prometheus.query_range(expr, self.since, self.until, _STEP_S)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("monitoring")
    port = free_ports(1)[0]
    with demo(folder, port) as played, running(folder, f"127.0.0.1:{port}") as prometheus:
        assert listens(prometheus.pid, prometheus.port)
        since = until_true(lambda: first_answer(prometheus), _STARTED_S, played)
        until_true(lambda: "The town goes on" in played.said(), _PLAYED_S, played)
        time.sleep(_AFTER_S)
        yield Watched(prometheus, since, time.time())


class Demo(NamedTuple):
    """One that runs."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """What it has printed."""
        return self.log.read_text(encoding="utf-8")


@contextlib.contextmanager
def demo(folder: Path, health_port: int) -> Iterator[Demo]:
    """The command, in a process group of its own; it goes on until we leave."""
    environment = {name: value for name, value in os.environ.items() if name != GIVEN and "METERWATCH" not in name}
    options = ("--out", str(folder / "demo"), "--meters", str(METERS), "--health-port", str(health_port), "--keep")
    log = folder / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "cli", "demo", *options],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Demo(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def first_answer(prometheus: Prometheus) -> float:
    """When the worker was first scraped, Unix time in s; 0 = not yet."""
    found = prometheus.query('min_over_time(timestamp(up{job="meterwatch"} == 1)[10m:1s])')
    return found[0].points[0][1] if found else 0.0


def until_true(look: Any, seconds: float, played: Demo) -> Any:
    """What `look` says once it says something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        assert played.process.poll() is None, played.said()[-3000:]
        time.sleep(1)
    raise AssertionError(f"not within {seconds:g} s: {played.said()[-3000:]}")


def test_the_worker_is_scraped(watched: Watched) -> None:
    (target,) = watched.prometheus.api("targets", {"state": "active"})["activeTargets"]
    assert target["health"] == "up", target["lastError"]


def test_every_rule_is_evaluated_without_an_error(watched: Watched) -> None:
    groups = watched.prometheus.api("rules")["groups"]
    evaluated = [rule for group in groups for rule in group["rules"]]
    assert len(evaluated) == len(rules())
    assert [rule["name"] for rule in evaluated if rule["health"] != "ok"] == []


@pytest.mark.parametrize("query", [query for board in _SHOWN for query in asked(board)], ids=lambda query: query.place)
def test_every_query_of_a_panel_returns_data(watched: Watched, query: Asked) -> None:
    points = [value for series in watched.ask(query.expr, query.once) for _, value in series.points]
    assert any(value == value for value in points), query.expr  # not all of them NaN


def test_drop_downs_have_something_to_choose(watched: Watched) -> None:
    for board in _SHOWN:
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                assert watched.prometheus.api(f"label/{variable['name']}/values"), variable["name"]


@pytest.mark.parametrize("board", _SHOWN, ids=lambda board: board["uid"])
def test_a_picture_shows_every_panel(watched: Watched, board: dict[str, Any], tmp_path: Path) -> None:
    folder = Path(os.environ.get(PICTURES, tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{board['uid']}.png"
    minutes = (watched.until - watched.since) / 60
    about = (
        f"Drawn from the panels' own queries to Prometheus, which watched a demo of {METERS} meters: {_DAYS} days of "
        f"event time in {minutes:.1f} min. Not a screenshot of Grafana."
    )

    def ask(query: str, once: bool) -> list[Series]:
        return [
            Series(labels, [(when - watched.since, value) for when, value in points])
            for labels, points in watched.ask(query, once)
        ]

    draw(board, ask, watched.until - watched.since, about, path)
    assert path.read_bytes().startswith(b"\x89PNG")
