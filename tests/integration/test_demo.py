"""The demo from start to end on a real Kafka: what it finds, what it leaves behind, and that a replay says the same."""

import asyncio
import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli import STARTED
from cli.demo.show import PARTITIONS
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
FIGURE = re.compile("false alarms|right cause|thefts|constant leaks|none of")
"""Shortfalls of what was found; any other is one of what was done."""


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


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(path: Path) -> Said:
    """What must be the same whichever way the readings went."""
    all_of_it = lines(path)
    names = ("id", "cause", "status", "start", "detected_at", "sequence")
    assert len({(line["id"], line["sequence"]) for line in all_of_it}) == len(all_of_it)
    return {tuple(line[name] for name in names) for line in all_of_it}


def assert_gone(group: int) -> None:
    """Of a process group nobody is left."""
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.skipif(bool(missing_tools()), reason="needs Java and Maven")
def test_a_town_through_a_kafka_of_its_own_is_acted_on_once(tmp_path: Path) -> None:
    """Of half the size: what it finds is held by the demo itself, here it may fall short."""
    running = demo(tmp_path, None, "--json", "--meters", "500")
    out, err = running.communicate(timeout=590)
    short = [line for line in err.splitlines() if line.startswith("Missing: ")]
    assert [line for line in short if not FIGURE.search(line)] == [], err[-3000:]
    assert running.returncode == bool(short)
    summary = json.loads(out)
    assert summary == json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert list(summary) == [
        *("injected", "found", "found_right_cause", "median_delay_s", "expected_cause"),
        *("false_alarms_per_1000_meter_days", "meter_days", "readings", "readings_per_s"),
        *("work_orders", "notifications", "holds", "dead_letters", "kafka_version"),
    ]
    labels = lines(tmp_path / "labels.jsonl")
    faults = Counter(label["kind"] for label in labels if label["role"] == "fault")
    alone = [label for label in labels if label["role"] == "fault" and "fleet" not in label]
    assert summary["injected"] == faults
    assert len(alone) >= 60
    assert len(faults) >= 12
    assert len({label["fleet"] for label in labels if "fleet" in label}) == 1
    assert summary["kafka_version"] == VERSION
    assert summary["dead_letters"] == 5
    first = min(label["start"] for label in labels if label["role"] == "fault")
    live = dt.datetime.fromisoformat(first[:10]).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    assert all(dt.datetime.fromisoformat(line["detected_at"]) >= live for line in lines(tmp_path / "anomalies.jsonl"))
    for kind, name in (("work_orders", "work-orders"), ("notifications", "notifications"), ("holds", "holds")):
        done = lines(tmp_path / f"{name}.jsonl")
        assert 0 < summary[kind] == len({line["id"] for line in done})
        assert len({(line["id"], line["sequence"]) for line in done}) == len(done)
    assert "the worker was killed once" in err
    assert_gone(running.pid)


def test_real_series_through_a_given_cluster_leave_nothing_behind_and_a_replay_says_the_same(
    kafka: Cluster, tmp_path: Path
) -> None:
    before = everything(kafka.bootstrap)
    running = demo(tmp_path, kafka.bootstrap, "--real", "--json")
    out, err = running.communicate(timeout=280)
    assert running.returncode == 0, err
    assert everything(kafka.bootstrap) == before
    summary, scene = json.loads(out), build()
    assert summary["injected"] == Counter(fault.kind for fault in scene.truth)
    assert all(summary["found"].values())
    assert summary["readings"] == scene.readings
    assert "What you just saw" in err
    assert_gone(running.pid)

    files.write(scene, tmp_path / "files", "parquet")
    request = Request(
        readings=tmp_path / "files" / "readings.parquet",
        meters=tmp_path / "files" / "meters.csv",
        out=tmp_path / "replayed",
        partitions=PARTITIONS,
    )
    replay(request, STARTED, lambda _step, _done, _total: None)
    assert said(tmp_path / "replayed" / "anomalies.jsonl") == said(tmp_path / "anomalies.jsonl")


@pytest.mark.parametrize("first", ["all", "the worker"])
def test_ctrl_c_leaves_nothing_behind(kafka: Cluster, tmp_path: Path, first: str) -> None:
    """It reaches all at once, or the worker so much sooner that it is gone when the demo hears of it."""
    before = everything(kafka.bootstrap)
    running = demo(tmp_path, kafka.bootstrap, "--real")
    assert running.stdout is not None
    while not (line := running.stdout.readline()).startswith("2022-"):
        assert line, running.communicate()
    if first == "all":
        os.killpg(running.pid, signal.SIGINT)
    else:
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text(encoding="utf-8")
        (worker,) = (int(child) for child in children.split())
        os.kill(worker, signal.SIGINT)
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
