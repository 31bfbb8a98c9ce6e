"""Progress, and the server that tells of it."""

import asyncio
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from streams.health import Health, Progress
from streams.metrics import Metrics
from streams.parking import Parking
from streams.settings import Settings


def app(end: int, offset: int, last_ack: float = 0.0) -> Any:
    """As much of a worker as progress is read from."""
    slot = SimpleNamespace(number=0, parking=Parking(1, 1), partition=SimpleNamespace(offset=offset, meters={}))
    return SimpleNamespace(
        settings=Settings(),
        metrics=Metrics(CollectorRegistry()),
        store=SimpleNamespace(slots={0: slot}),
        steps=SimpleNamespace(last_ack=last_ack),
        ownership=SimpleNamespace(flowing=True),
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
    assert progress.registry.get_sample_value("meterwatch_lag_messages", {"partition": "0"}) == 0


def test_age_counts_from_the_last_ack_or_the_last_moment_without_lag(now: SimpleNamespace) -> None:
    worker = app(end=5, offset=1, last_ack=90.0)
    progress = Progress(worker)
    now.value += 7
    assert progress.look() == 7
    assert progress.registry.get_sample_value("meterwatch_lag_messages", {"partition": "0"}) == 3
    assert progress.registry.get_sample_value("meterwatch_commit_age_seconds") == 7
    worker.steps.last_ack = 105.0
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
            assert 'meterwatch_lag_messages{partition="0"} 3.0' in page
        finally:
            await server.stop()

    asyncio.run(scenario())
