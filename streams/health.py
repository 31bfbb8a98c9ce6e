"""`/livez`, `/readyz` and `/metrics` on their own port, and the watch that ends a worker which makes no progress."""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web
from faust.types import TP
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from models.domain.times import NEVER, SECOND
from models.state.merge import END
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.app import App

_LOOK_S: Final = 1.0


class Reader(Protocol):
    """Whoever takes input."""

    last_ack: float
    """`time.monotonic()` of it."""

    def positions(self) -> Mapping[TP, int]:
        """Last input offset that is done, by partition."""


class Progress:
    """How far an app is, as its metrics tell it."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._idle_at = dict.fromkeys(app.readers, time.monotonic())
        self.registry = app.metrics.registry

    @property
    def ready(self) -> bool:
        """Recovered, with input flowing."""
        return self._app.ownership.flowing

    def look(self) -> float:
        """Sets the gauges. Returns seconds without an ack while there was lag, of the reader that is worst off."""
        app, now = self._app, time.monotonic()
        lag: dict[TP, int] = {}
        ages = [0.0]
        owned: set[TP] = set()
        for reader in app.readers:
            own = {tp: self._lag(tp, offset) for tp, offset in reader.positions().items()}
            owned |= own.keys()
            lag |= own
            if not any(own.values()):
                self._idle_at[reader] = now
            ages.append(now - max(self._idle_at[reader], reader.last_ack))
        slots = [slot.state for slot in app.meters.slots.values()]
        app.metrics.partitions(
            lag,
            {state.number: len(state.parking) for state in slots},
            {state.number: len(state.partition.meters) for state in slots},
        )
        app.metrics.progress(ready=self.ready, commit_age=max(ages))
        self._look_at_input(owned, {state.number for state in slots if state.partition.meters}, now)
        self._look_at_stages(now)
        return max(ages)

    def _look_at_input(self, owned: Iterable[TP], metered: Collection[int], now: float) -> None:
        """How long nothing has come from outside. Only readings are something to wait for."""
        topics, settings = self._app.settings.topics, self._app.settings
        own = (topics.groups, topics.cases)
        ages = self._app.metrics.heard.ages((tp for tp in owned if tp.topic not in own), now)
        last: dict[tuple[str, ...], float] = {}
        for tp, age in ages.items():
            last[(tp.topic,)] = min(age, last.get((tp.topic,), age))
        waiting = [age for tp, age in ages.items() if tp.topic == topics.readings and tp.partition in metered]
        stopped = self.ready and max(waiting, default=0.0) > settings.input_stopped_after_s
        self._app.metrics.refill("meterwatch_input_age_seconds", last)
        self._app.metrics.refill("meterwatch_input_stopped", {(topics.readings,): stopped})

    def _look_at_stages(self, now: float) -> None:
        times: dict[tuple[str, ...], float] = {}
        snapshots: dict[tuple[str, ...], float] = {}
        for stage, store in self._app.stores.items():
            slots = list(store.slots.values())
            reached = [time for slot in slots if NEVER < (time := slot.state.event_time) < END]
            if reached:
                times[(stage,)] = min(reached) / SECOND
            if slots:
                snapshots[(stage,)] = now - min(slot.snapshot_at for slot in slots)
        self._app.metrics.refill("meterwatch_event_time_seconds", times)
        self._app.metrics.refill("meterwatch_snapshot_age_seconds", snapshots)

    def _lag(self, tp: TP, offset: int) -> int:
        if not self.ready:
            return 0
        try:
            end = self._app.faust.consumer.highwater(tp)
        except Exception:  # between two assignments aiokafka knows no such partition
            return 0
        return max(0, (end or 0) - offset - 1)


class Health:
    """The server and the watch."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._runner: web.AppRunner | None = None
        self.stalled = asyncio.Event()
        self.port = 0

    async def start(self) -> None:
        """Serves, if the settings name a port."""
        if self._settings.health_port is None:
            return
        server = web.Application()
        server.add_routes(
            [web.get("/livez", self._livez), web.get("/readyz", self._readyz), web.get("/metrics", self._metrics)]
        )
        self._runner = web.AppRunner(server, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.health_host, self._settings.health_port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def watch(self) -> None:
        """To be run beside the app."""
        while True:
            if self._progress.look() > self._settings.stalled_after_s:
                self.stalled.set()
            await asyncio.sleep(_LOOK_S)

    async def _livez(self, _request: web.Request) -> web.Response:
        return _answer(not self.stalled.is_set(), "no progress")

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _answer(self._progress.ready, "recovering")

    async def _metrics(self, _request: web.Request) -> web.Response:
        self._progress.look()
        body = generate_latest(self._progress.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(good: bool, otherwise: str) -> web.Response:
    return web.Response(text="ok\n" if good else f"{otherwise}\n", status=200 if good else 503)
