"""`meterwatch bootstrap` and `meterwatch simulate` on a real Kafka."""

import json
from pathlib import Path

import pytest

from cli.cluster import whole
from cli.kafka import Cluster
from cli.settings import PREFIX, as_environment
from models.domain.ids import partition_of
from models.domain.times import DAY, HOUR, to_text
from tests.integration.stage import PARTITIONS, Stage, run, stage
from tests.support.command import Command
from tests.support.replays import WATER, write_csv, write_meters

pytestmark = pytest.mark.kafka
METERS = [f"meter-{n}" for n in range(6)]
LEAKING = 19_800 * DAY
"""Start of a history in which every meter runs without end: were it not history, something would be said."""


def command(play: Stage, patch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]) -> Command:
    """The command, told of the stage's topics."""
    own = as_environment(play.settings)
    return Command(patch, said, **{name.removeprefix(PREFIX).lower(): value for name, value in own.items()})


def test_workers_learn_from_history_and_say_nothing_of_it(
    kafka: Cluster, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"{meter},{to_text(LEAKING + n * HOUR)},{40 + n % 7},{to_text(LEAKING + (n // 24 + 1) * DAY)}"
        for meter in METERS
        for n in range(20 * 24)
    ]
    readings = write_csv(tmp_path / "readings.csv", "meter_id,start,value,received_at", rows)
    meters = write_meters(tmp_path / "meters.csv", dict.fromkeys(METERS, WATER))
    with stage(kafka.bootstrap, unique, tmp_path) as play:
        meterwatch = command(play, monkeypatch, capsys)
        live_from = LEAKING + 20 * DAY + 1_000_000
        play.worker(live_from=live_from)
        done = meterwatch("bootstrap", "--readings", readings, "--meters", meters, "--json")
        assert done.code == 0, done.err
        assert done.err == f"for workers: --live-from {to_text(live_from)}\n"
        told = json.loads(done.out)
        assert (told["readings"], told["blocks"], told["rejected"]) == (len(rows), 20 * len(METERS), {})
        assert sum(run(play.committed()).values()) == told["blocks"]
        assert play.said() == set()
        assert len(play.rows()) == len(METERS)


def test_a_simulated_town_is_on_the_topics_it_belongs_on(
    kafka: Cluster, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage(kafka.bootstrap, unique, tmp_path) as play:
        meterwatch = command(play, monkeypatch, capsys)
        start = to_text(LEAKING)
        done = meterwatch("simulate", "--meters", 20, "--days", 2, "--start", start, "--no-faults", "--json")
        assert done.code == 0, done.err
        told = json.loads(done.out)
        topics = play.settings.topics
        count = 0
        for record in whole(topics.readings, kafka.bootstrap):
            block = json.loads(record.value)
            count += len(block.get("values", (0,)))
            assert record.key.decode() == block["meter_id"]
            assert record.partition == partition_of(block["meter_id"], PARTITIONS)
        assert count >= told["readings"] > 0
        for topic, key in (
            (topics.meters, "meter_id"),
            (topics.accounts, "account_id"),
            (topics.context, "premise_id"),
        ):
            records = list(whole(topic, kafka.bootstrap))
            assert len(records) == told["messages"].get(topic, 0)
            assert all(record.key.decode() == json.loads(record.value)[key] for record in records)
        assert told["messages"][topics.meters] >= 20
