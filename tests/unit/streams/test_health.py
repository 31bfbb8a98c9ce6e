"""Progress, and the server that tells of it."""

import asyncio
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from models.domain.times import NEVER
from models.state.merge import END
from streams.health import Health, Progress
from streams.metrics import Metrics
from streams.parking import Parking
from streams.settings import Settings

LABELS = {"topic": "ami.readings", "partition": "0"}


class FakeReader:
    """Of one partition."""

    def __init__(self, last_ack: float, offset: int) -> None:
        self.last_ack = last_ack
        self._offset = offset

    def positions(self) -> dict[TP, int]:
        return {TP("ami.readings", 0): self._offset}


def app(end: int, offset: int, last_ack: float = 0.0) -> Any:
    """As much of a worker as progress is read from."""
    state = SimpleNamespace(number=0, parking=Parking(1, 1), partition=SimpleNamespace(meters={}))
    return SimpleNamespace(
        settings=Settings(),
        metrics=Metrics(CollectorRegistry()),
        meters=SimpleNamespace(slots={0: SimpleNamespace(state=state)}),
        readers=(FakeReader(last_ack, offset),),
        ownership=SimpleNamespace(flowing=True),
        stores={},
        faust=SimpleNamespace(consumer=SimpleNamespace(highwater=lambda _tp: end)),
    )


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(value=100.0)
    monkeypatch.setattr("streams.health.time.monotonic", lambda: clock.value)
    return clock


def test_without_lag_there_is_no_age(now: SimpleNamespace) -> None:
    progress = Progress(app(end=5, offset=4))
    now.value += 1000
    assert progress.look() == 0
    assert progress.registry.get_sample_value("meterwatch_lag_messages", LABELS) == 0


def test_age_counts_from_the_last_ack_or_the_last_moment_without_lag(now: SimpleNamespace) -> None:
    worker = app(end=5, offset=1, last_ack=90.0)
    progress = Progress(worker)
    now.value += 7
    assert progress.look() == 7
    assert progress.registry.get_sample_value("meterwatch_lag_messages", LABELS) == 3
    assert progress.registry.get_sample_value("meterwatch_commit_age_seconds") == 7
    worker.readers[0].last_ack = 105.0
    assert progress.look() == 2


def test_recovery_is_no_lag(now: SimpleNamespace) -> None:
    worker = app(end=5, offset=-1)
    worker.ownership.flowing = False
    progress = Progress(worker)
    now.value += 1000
    assert progress.look() == 0


def test_a_worker_without_progress_is_not_alive() -> None:
    worker = app(end=5, offset=1, last_ack=-1e9)
    settings = Settings(health_port=0, stalled_after_s=0.01)

    def get(port: int, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    async def scenario() -> None:
        server = Health(settings, Progress(worker))
        await server.start()
        try:
            assert await asyncio.to_thread(get, server.port, "/livez") == (200, "ok\n")
            assert await asyncio.to_thread(get, server.port, "/readyz") == (200, "ok\n")
            worker.ownership.flowing = False
            assert await asyncio.to_thread(get, server.port, "/readyz") == (503, "recovering\n")
            worker.ownership.flowing = True
            await asyncio.sleep(0.05)
            watch = asyncio.create_task(server.watch())
            await asyncio.wait_for(server.stalled.wait(), 5)
            watch.cancel()
            assert await asyncio.to_thread(get, server.port, "/livez") == (503, "no progress\n")
            status, page = await asyncio.to_thread(get, server.port, "/metrics")
            assert status == 200
            assert 'meterwatch_lag_messages{partition="0",topic="ami.readings"} 3.0' in page
        finally:
            await server.stop()

    asyncio.run(scenario())


def test_the_reader_that_is_worst_off_counts(now: SimpleNamespace) -> None:
    worker = app(end=5, offset=4)
    stuck = FakeReader(last_ack=0.0, offset=1)
    stuck.positions = lambda: {TP("meterwatch.cases", 0): 1}  # type: ignore[method-assign]
    worker.readers = (*worker.readers, stuck)
    progress = Progress(worker)
    now.value += 9
    assert progress.look() == 9


def test_input_that_has_stopped(now: SimpleNamespace) -> None:
    worker = app(end=5, offset=4)
    worker.settings = Settings(input_stopped_after_s=60)
    progress, state = Progress(worker), worker.meters.slots[0].state

    def told() -> tuple[float | None, float | None]:
        progress.look()
        names = ("meterwatch_input_stopped", "meterwatch_input_age_seconds")
        stopped, age = (progress.registry.get_sample_value(name, {"topic": "ami.readings"}) for name in names)
        return stopped, age

    assert told() == (0, 0)
    now.value += 61
    assert told() == (0, 61), "nobody is expected to say anything"
    state.partition.meters = {0: []}
    assert told() == (1, 61)
    worker.ownership.flowing = False
    assert told() == (0, 61), "recovering"
    worker.ownership.flowing = True
    worker.metrics.heard.came(TP("ami.readings", 0), now.value)
    assert told() == (0, 0)


def test_a_stage_is_as_far_as_its_last_partition_and_a_snapshot_as_old_as_its_oldest(now: SimpleNamespace) -> None:
    def slot(event_time: int, snapshot_at: float) -> SimpleNamespace:
        return SimpleNamespace(state=SimpleNamespace(event_time=event_time), snapshot_at=snapshot_at)

    worker = app(end=5, offset=4)
    slots = (slot(NEVER, 90.0), slot(END, 99.0), slot(7_000_000, 70.0), slot(5_000_000, 95.0))
    worker.stores = {"detect": SimpleNamespace(slots=dict(enumerate(slots))), "groups": SimpleNamespace(slots={})}
    progress = Progress(worker)
    progress.look()
    value = progress.registry.get_sample_value
    assert value("meterwatch_event_time_seconds", {"stage": "detect"}) == 5
    assert value("meterwatch_snapshot_age_seconds", {"stage": "detect"}) == 30
    assert value("meterwatch_snapshot_age_seconds", {"stage": "groups"}) is None
