"""Runs one worker until it is told to stop, or something is wrong.

Exit codes: 0 stopped by SIGTERM or SIGINT with everything written; 1 a bug or a broker that stayed away; 2 settings or
topics that cannot be used; 3 no progress. After anything but 0 and 2 start it again: it recovers by itself.
"""

import asyncio
import contextlib
import logging
import signal
import time
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams import topics
from streams.app import App, create_app
from streams.deps import Deps
from streams.health import Health, Progress
from streams.settings import Settings

log = logging.getLogger(__name__)
OK: Final = 0
FAILED: Final = 1
UNUSABLE: Final = 2
STALLED: Final = 3
_STOP_S: Final = 15.0
"""For closing connections, once everything is written."""


def run(settings: Settings, deps: Deps | None = None) -> int:
    """Blocks until the end; returns the exit code."""
    return asyncio.run(serve(settings, deps or Deps()))


async def serve(settings: Settings, deps: Deps) -> int:
    """`run` inside a running event loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        cluster_id = await _cluster(settings)
        await topics.check(settings)
    except (topics.TopicsError, KafkaError) as error:
        log.error("%s", error)
        return UNUSABLE
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, deps, cluster_id=cluster_id)
    health = Health(settings, Progress(app))
    await app.producer.start()
    await health.start()
    beside: list[asyncio.Task[None]] = []
    try:
        await app.accounts.start()
        following = app.accounts.follow(app.cases.slots)
        counting = app.affairs.watch(settings.affairs_every_s)
        works = (app.ownership.watch(), health.watch(), _snapshots(app), following, app.ticks.watch(), counting)
        beside += [asyncio.create_task(work) for work in works]
        await app.faust.start()
        code = await _until_end(app, health, stop, beside)
        if code == OK:
            await _finish(app)
        return code
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await _close(app, health)


async def _until_end(app: App, health: Health, stop: asyncio.Event, beside: list[asyncio.Task[None]]) -> int:
    signals = (app.faust._crashed, stop, health.stalled)
    waits = [asyncio.create_task(signal.wait()) for signal in signals]
    try:
        await asyncio.wait({*waits, *beside}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
    if app.faust.crashed:
        reason = app.faust.crash_reason
        log.critical("stopping: %r", reason, exc_info=reason if isinstance(reason, BaseException) else None)
        return FAILED
    for work in beside:
        if work.done() and (error := work.exception()) is not None:
            log.critical("stopping: %r", error, exc_info=error)
            return FAILED
    if health.stalled.is_set():
        log.critical("stopping: there is lag and nothing was acked for %g s", app.settings.stalled_after_s)
        return STALLED
    return OK


async def _finish(app: App) -> None:
    """No new batch; the one in hand ends; its acks are committed and a snapshot is written."""
    app.ownership.stop_flow()
    async with contextlib.AsyncExitStack() as held:
        for store in app.stores.values():
            await held.enter_async_context(store.lock)
        with contextlib.suppress(Exception):  # a broker that is gone commits nothing, and must not keep us
            async with asyncio.timeout(_STOP_S):
                await app.faust.consumer.commit()
    for store in app.stores.values():
        await store.write_snapshots()
    log.info("stopped with everything written")


async def _close(app: App, health: Health) -> None:
    began = time.monotonic()
    for closing in (health.stop(), app.faust.stop(), app.accounts.stop(), app.producer.stop()):
        try:
            async with asyncio.timeout(max(1.0, _STOP_S - (time.monotonic() - began))):
                await closing
        except Exception as error:  # whatever closing raises must not hide why we close
            log.warning("closing: %r", error)


async def _snapshots(app: App) -> None:
    while True:
        await asyncio.sleep(app.settings.snapshot_every_s)
        try:
            for store in app.stores.values():
                await store.write_snapshots()
        except OSError as error:
            log.warning("no snapshot, recovery will take longer: %s", error)


async def _cluster(settings: Settings) -> str:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await client.start()
    try:
        return str((await client.describe_cluster())["cluster_id"])
    finally:
        await client.close()
