"""Killed anywhere, the worker comes back and the result is the same: anomalies, and rows by digest."""

import pathlib
import random
import signal

import pytest

from cli.kafka import Cluster
from streams.steps import POINTS
from tests.integration.acts import expected
from tests.integration.stage import Said, blocks, meters, stage

pytestmark = [pytest.mark.kafka, pytest.mark.kill]
METERS = meters()
MESSAGES = blocks(METERS)


@pytest.fixture(scope="module")
def unkilled() -> tuple[Said, dict[str, str]]:
    return expected(METERS, MESSAGES)


@pytest.mark.parametrize("snapshots", [True, False], ids=["snapshots", "changelog-alone"])
def test_every_crash_point(
    kafka: Cluster, unique: str, tmp_path: pathlib.Path, unkilled: tuple[Said, dict[str, str]], snapshots: bool
) -> None:
    rng = random.Random(7 if snapshots else 8)
    points = rng.sample(POINTS, len(POINTS))
    with stage(kafka.bootstrap, unique, tmp_path, snapshot_every_s=0.2 if snapshots else 3600) as play:
        play.know(METERS)
        sent = 0
        for point in points:
            more = len(MESSAGES) // len(points)
            play.send(MESSAGES[sent : sent + more])
            sent += more
            worker = play.worker(kill=[f"detect {point}", 1 if point == "mid_state" else rng.randint(1, 2)])
            assert worker.wait(60) == -signal.SIGKILL, f"at {point}: {play.log()[-3000:]}"
        play.send(MESSAGES[sent:])
        worker = play.worker()
        play.wait_until_read(alive=[worker])
        assert play.stop(worker) == 0
        assert bool(list(tmp_path.glob("w1/**/*.npz"))), "a graceful stop writes a snapshot"
        assert play.said() == unkilled[0]
        assert play.rows() == unkilled[1]
        assert len(unkilled[0]) > 10
