"""The command: exit codes, one clear line for what the caller can mend, JSON for programs."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.settings import as_environment, read_settings
from models.domain.errors import MeterwatchError
from tests.support.command import Command, refused
from tests.support.replays import WATER, write_csv, write_meters

READING = "a,2024-01-01T00:00:00Z,1"


@pytest.fixture
def meterwatch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {
        "readings": write_csv(tmp_path / "readings.csv", "meter_id,start,value", [READING]),
        "meters": write_meters(tmp_path / "meters.csv", {"a": WATER}),
        "out": tmp_path / "out",
    }


def of(files: Mapping[str, Path], **other: object) -> list[object]:
    return [part for name, value in {**files, **other}.items() for part in (f"--{name.replace('_', '-')}", value)]


def test_replay_prints_its_summary_as_json_and_is_silent_otherwise(meterwatch: Command, files: dict[str, Path]) -> None:
    done = meterwatch("replay", *of(files), "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == json.loads((files["out"] / "summary.json").read_text(encoding="utf-8"))
    silent = meterwatch("replay", *of(files), "--force", "--scores", "--substitutes")
    assert silent == (0, "", "")
    assert (files["out"] / "scores.parquet").exists()
    assert (files["out"] / "substitutes.jsonl").exists()


def test_replay_shows_its_progress_on_a_terminal(
    meterwatch: Command, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    write_csv(files["readings"], "meter_id,start,value", [READING, "b,2024-01-01T00:00:00Z,1"])
    done = meterwatch("replay", *of(files))
    assert (done.code, done.out) == (0, "")
    for said in ("reading", "detecting", "set aside: unknown_meter", "1 of 2 readings"):
        assert said in done.err


def test_replay_names_what_cannot_be_used(meterwatch: Command, files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[rules.W1]\nflow_l_h = -1\n", encoding="utf-8")
    for wrong, says in (
        ({"readings": tmp_path / "none.csv"}, "none.csv: no such file"),
        ({"meters": files["readings"]}, "readings.csv: column service, unit, interval_s, timezone is missing"),
        ({"policy": tmp_path / "policy.toml"}, "policy.toml: rules.W1.flow_l_h"),
        ({"live_from": "2024-01-01"}, "--live-from 2024-01-01: a time without zone"),
        ({"weather": files["meters"]}, "meters.csv: column zone, start, temp_c is missing"),
        ({"partitions": 0}, "--partitions"),
        ({"out": files["readings"]}, "readings.csv: is a file"),
    ):
        assert says in refused(meterwatch("replay", *of(files, **wrong)))
    assert not files["out"].exists()
    assert "--readings" in refused(meterwatch("replay"))


def test_a_bug_shows_its_traceback_and_exits_1(files: dict[str, Path]) -> None:
    program = (
        "import sys, cli.replay.run as r; from cli.main import run\n"
        "def detect(*_, **__): raise ZeroDivisionError('a bug')\n"
        "r.detect = detect; run()"
    )
    arguments = [sys.executable, "-c", program, "replay", *map(str, of(files))]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 1
    assert "ZeroDivisionError: a bug" in done.stderr
    assert not files["out"].exists()


def test_version_and_help_need_nothing_heavy(meterwatch: Command) -> None:
    assert meterwatch("--version").out.startswith("meterwatch 0.")
    program = "import sys, cli.main; sys.exit(any(m in sys.modules for m in ('numba', 'numpy', 'pyarrow', 'faust')))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    listed = meterwatch("--help").out
    for command in (
        "demo", "worker", "replay", "simulate", "bootstrap", "topics", "policy", "dlq", "audit", "kafka", "bench",
    ):  # fmt: skip
        assert command in listed


def test_policy_show_gives_a_file_that_policy_reads(meterwatch: Command, tmp_path: Path) -> None:
    shown = meterwatch("policy", "show")
    assert shown.code == 0
    (tmp_path / "policy.toml").write_text(shown.out, encoding="utf-8")
    assert meterwatch("policy", "show", "--policy", tmp_path / "policy.toml").out == shown.out
    as_json = meterwatch("policy", "show", "--json")
    assert json.loads(as_json.out) == tomllib.loads(shown.out)
    assert "none.toml: cannot be read" in refused(meterwatch("policy", "show", "--policy", tmp_path / "none.toml"))


def test_settings_come_from_the_environment_and_options_win() -> None:
    environment = {
        "METERWATCH_PARTITIONS": "3",
        "METERWATCH_SNAPSHOT_EVERY_S": "7.5",
        "METERWATCH_TOPICS_READINGS": "my.readings",
        "KAFKA_BOOTSTRAP_SERVERS": "given:1",
        "HOME": "/somewhere",
    }
    settings = read_settings(environment, app_id="mine", partitions=None)
    assert (settings.partitions, settings.snapshot_every_s, settings.app_id) == (3, 7.5, "mine")
    assert (settings.bootstrap_servers, settings.topics.readings) == ("given:1", "my.readings")
    assert read_settings(environment, partitions=5).partitions == 5
    ours = read_settings({**environment, "METERWATCH_BOOTSTRAP_SERVERS": "ours:2"})
    assert ours.bootstrap_servers == "ours:2"


def test_settings_survive_the_way_through_an_environment() -> None:
    settings = read_settings(
        {"METERWATCH_TOPICS_STATE": "my.state"}, app_id="mine", batch_wait_s=0.25, health_port=8080, state_dir="there"
    )
    assert read_settings(as_environment(settings)) == settings


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("METERWATCH_PARTITIONS", "many", "partitions: Input should be a valid integer"),
        ("METERWATCH_PARTITONS", "3", "METERWATCH_PARTITONS: no such setting; there are affairs_every_s, app_id"),
        ("METERWATCH_HEARTBEAT_S", "60", "heartbeat_s 60 is more than a third"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, text: str, says: str) -> None:
    with pytest.raises(MeterwatchError) as error:
        read_settings({variable: text})
    assert says in str(error.value)


def test_topics_without_a_kafka(meterwatch: Command) -> None:
    said = refused(meterwatch("topics", "check", "--bootstrap-servers", "127.0.0.1:1"))
    assert "Kafka at 127.0.0.1:1" in said
