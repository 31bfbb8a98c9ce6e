"""The demo from start to end on a real Kafka: what it finds, what it leaves behind, and that a replay says the same."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import STARTED
from cli.kafka import GIVEN, Cluster, missing_tools
from cli.kafka.jars import VERSION
from cli.replay.request import Request
from cli.replay.run import replay
from simulators import files
from simulators.scene import build
from streams.settings import Settings
from tests.integration.stage import admin

pytestmark = [pytest.mark.demo, pytest.mark.kafka]
Said = set[tuple[str, str, str, str, str, int]]


def demo(folder: Path, given: str | None = None, *options: str) -> subprocess.Popen[str]:
    """The command, in a process group of its own."""
    environment = {name: value for name, value in os.environ.items() if name != GIVEN and "METERWATCH" not in name}
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "cli", "demo", "--out", str(folder), *options],
        env=environment | ({GIVEN: given} if given else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(path: Path) -> Said:
    """What must be the same whichever way the readings went."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = ("id", "cause", "status", "start", "detected_at", "sequence")
    assert len({(line["id"], line["sequence"]) for line in lines}) == len(lines)
    return {tuple(line[name] for name in names) for line in lines}


def assert_gone(group: int) -> None:
    """Of a process group nobody is left."""
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.skipif(bool(missing_tools()), reason="needs Java and Maven")
def test_with_a_kafka_of_its_own_it_finds_what_was_injected_and_a_replay_says_the_same(tmp_path: Path) -> None:
    running = demo(tmp_path, None, "--json")
    out, err = running.communicate(timeout=280)
    assert running.returncode == 0, err
    summary = json.loads(out)
    assert summary == json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert list(summary) == [
        *("injected", "found", "found_right_cause", "median_delay_s", "expected_cause"),
        *("readings", "readings_per_s", "dead_letters", "kafka_version"),
    ]
    scene = build()
    kinds = {fault.kind for fault in scene.truth}
    assert summary["injected"] == {kind: sum(fault.kind == kind for fault in scene.truth) for kind in kinds}
    assert kinds == {kind for kind, found in summary["found"].items() if found}
    assert summary["readings"] == scene.readings
    assert summary["dead_letters"] == 5
    assert summary["kafka_version"] == VERSION
    assert "What you just saw" in err
    assert_gone(running.pid)

    files.write(scene, tmp_path / "files", "parquet")
    request = Request(
        readings=tmp_path / "files" / "readings.parquet",
        meters=tmp_path / "files" / "meters.csv",
        out=tmp_path / "replayed",
        partitions=Settings().partitions,
    )
    replay(request, STARTED, lambda _step, _done, _total: None)
    assert said(tmp_path / "replayed" / "anomalies.jsonl") == said(tmp_path / "anomalies.jsonl")


def test_on_a_given_cluster_it_leaves_nothing_behind(kafka: Cluster, tmp_path: Path) -> None:
    before = everything(kafka.bootstrap)
    running = demo(tmp_path, kafka.bootstrap)
    out, err = running.communicate(timeout=280)
    assert running.returncode == 0, out + err
    assert everything(kafka.bootstrap) == before
    assert_gone(running.pid)


def test_ctrl_c_leaves_nothing_behind(kafka: Cluster, tmp_path: Path) -> None:
    before = everything(kafka.bootstrap)
    running = demo(tmp_path, kafka.bootstrap)
    assert running.stdout is not None
    while not (line := running.stdout.readline()).startswith("2022-"):
        assert line, running.communicate()
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert everything(kafka.bootstrap) == before
    assert not (tmp_path / "summary.json").exists()
    assert_gone(running.pid)


def everything(bootstrap: str) -> tuple[list[str], list[Any]]:
    async def ask() -> tuple[list[str], list[Any]]:
        async with admin(Settings(bootstrap_servers=bootstrap)) as client:
            names = sorted(name for name in await client.list_topics() if not name.startswith("__"))
            return names, sorted(await client.list_consumer_groups())

    return asyncio.run(ask())
