"""The joint on a real Kafka: one worker drains a backlog, durable and acked; a killed one's partitions flow again."""

import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.harness import RUNS, Result, result
from cli.kafka import cluster
from models.contracts import Meter
from models.domain.times import DAY, SECOND, to_text
from tests.integration.stage import FIRST_DAY, Stage, blocks, free_port, get, meters, stage

METERS: Final = 1000
BLOCK_DAYS: Final = 12
LONE_INTERVALS: Final = 20
_INTERVALS: Final = 96
_INTERVAL_S: Final = 86_400 // _INTERVALS
_DEFAULTS: Final = {"batch_messages": 1000, "record_batch_bytes": 512 * 1024, "batch_wait_s": 0.1}
"""As a worker has them where nothing is set; the tests' stage has small ones."""


def kafka_block96_1w(runs: int = RUNS) -> Iterator[Result]:
    """Blocks of 96 intervals: readings a second through one worker."""
    with cluster() as kafka:
        rates = [_drained(kafka.bootstrap, _blocks()) * _INTERVALS for _ in range(runs)]
    yield result("kafka_block96_1w", rates, "readings/s", 50_000, "asked for 50000")


def kafka_single_1w(runs: int = RUNS) -> Iterator[Result]:
    """Lone readings through one worker, in turn with an agent that does nothing with the same messages."""
    worker, empty = [], []
    with cluster() as kafka:
        for _ in range(runs):
            worker.append(_drained(kafka.bootstrap, _lone()))
            empty.append(_empty_agent(kafka.bootstrap, _lone()))
    yardstick = result("empty_agent_single", empty, "messages/s", 1, "itself")
    yield result("kafka_single_1w", worker, "readings/s", yardstick.value, "empty_agent_single, asked for a third")
    yield result("empty_agent_single", empty, "messages/s", yardstick.value, "empty_agent_single")


def failover_s(runs: int = RUNS) -> Iterator[Result]:
    """One of two workers is killed: seconds until the other has read what came to all partitions since."""
    with cluster() as kafka:
        seconds = [_failover(kafka.bootstrap) for _ in range(runs)]
    yield result("failover_s", seconds, "s", 20, "at most 20")


def _fleet() -> list[Meter]:
    return [
        Meter(
            meter_id=f"meter-{n}",
            service="electricity",
            unit="kWh",
            interval_s=_INTERVAL_S,
            timezone="Europe/Madrid",
            resolution=0.001,
        )
        for n in range(METERS)
    ]


def _value(chance: random.Random) -> float:
    return round(0.02 + chance.gammavariate(2, 0.1), 3)


def _blocks() -> Iterator[tuple[str, bytes]]:
    chance = random.Random(1)
    days = [[_value(chance) for _ in range(_INTERVALS)] for _ in range(200)]
    for day in range(BLOCK_DAYS):
        for meter in _fleet():
            start, sent_at = FIRST_DAY + day * DAY, FIRST_DAY + (day + 1) * DAY
            block = {"start": to_text(start), "values": chance.choice(days), "sent_at": to_text(sent_at)}
            yield meter.meter_id, json.dumps({"meter_id": meter.meter_id, **block}).encode()


def _lone() -> Iterator[tuple[str, bytes]]:
    chance = random.Random(1)
    for n in range(LONE_INTERVALS):
        start = to_text(FIRST_DAY + n * _INTERVAL_S * SECOND)
        for meter in _fleet():
            reading = {"meter_id": meter.meter_id, "start": start, "value": _value(chance)}
            yield meter.meter_id, json.dumps(reading).encode()


def _drained(bootstrap: str, messages: Iterator[tuple[str, bytes]]) -> float:
    """Messages a second that one worker handles, state and outputs acked, from its first batch to its last."""
    with tempfile.TemporaryDirectory() as folder, stage(bootstrap, _name(), Path(folder), **_DEFAULTS) as play:
        play.know(_fleet())
        backlog = list(messages)
        play.send(backlog)
        port = free_port()
        worker = play.worker(settings={"health_port": port})
        first = _until(port, 1)
        last = _until(port, len(backlog))
        assert play.stop(worker) == 0
        return (last[1] - first[1]) / (last[0] - first[0])


def _until(port: int, count: int) -> tuple[float, float]:
    """(moment, messages handled) once `count` are."""
    while True:
        handled = sum(
            float(line.split()[-1])
            for line in get(port, "/metrics")[1].splitlines()
            if line.startswith('meterwatch_messages_total{stage="detect"}')
        )
        if handled >= count:
            return time.monotonic(), handled
        time.sleep(0.05)


def _empty_agent(bootstrap: str, messages: Iterator[tuple[str, bytes]]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        play = Stage(bootstrap, _name(), Path(folder))
        backlog = list(messages)
        play.send(backlog)
        arguments = [bootstrap, play.settings.topics.readings, str(len(backlog))]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.yardstick", *arguments], check=True, stdout=subprocess.PIPE
        )
        return float(done.stdout)


def _failover(bootstrap: str) -> float:
    fleet = meters()
    messages = blocks(fleet, days=3)
    with tempfile.TemporaryDirectory() as folder, stage(bootstrap, _name(), Path(folder), **_DEFAULTS) as play:
        play.know(fleet)
        play.send(messages[: 2 * len(fleet)])
        workers = [play.worker("first"), play.worker("second")]
        play.wait_until_read(alive=workers)
        workers[0].kill()
        play.send(messages[2 * len(fleet) :])
        seconds = play.wait_until_read(alive=workers[1:])
        assert play.stop(workers[1]) == 0
        return seconds


def _name() -> str:
    return f"bench-{uuid.uuid4().hex[:8]}"
