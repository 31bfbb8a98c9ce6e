"""The systems that receive our actions, run beside the demo: each with its own group, journal and task."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path
from typing import Any, Self

from cli.demo.show import Show
from simulators.receivers.billing import Billing
from simulators.receivers.consumer import Receiver
from simulators.receivers.field_ops import FieldOps
from simulators.receivers.notifier import Notifier
from streams.settings import Settings


def groups_of(settings: Settings) -> list[str]:
    """Their consumer groups."""
    return [f"{settings.app_id}-{receiver.name}" for receiver in (FieldOps, Notifier, Billing)]


class Receiving:
    """`async with` starts and stops them. Their clock is event time, as far as the worker has got."""

    def __init__(self, settings: Settings, show: Show, folder: Path) -> None:
        own, at = settings.topics, settings.bootstrap_servers
        crews, notices, clerks = groups_of(settings)
        self.of: dict[str, Receiver[Any]] = {
            "work_orders": FieldOps(
                *(at, folder / "field-ops.db"),
                outcome_for=show.crew,
                topic=own.work_orders,
                answers=own.outcomes,
                group=crews,
            ),
            "notifications": Notifier(at, folder / "notifier.db", topic=own.notifications, group=notices),
            "holds": Billing(
                *(at, folder / "billing.db"), clerk=show.clerk, topic=own.holds, answers=own.decisions, group=clerks
            ),
        }
        self._running: list[asyncio.Task[None]] = []
        self._stopping = False

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            for receiver in self.of.values():
                await stack.enter_async_context(receiver)
            self._stack = stack.pop_all()
        self.run()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._stack.aclose()

    def run(self) -> None:
        """From now on, until `drain`."""
        self._stopping = False
        self._running = [asyncio.create_task(r.run_until(lambda: self._stopping)) for r in self.of.values()]

    async def drain(self) -> None:
        """They take all that there is, answer what is due, and stand still."""
        self._stopping = True
        await asyncio.gather(*self._running)
        for receiver in self.of.values():
            await receiver.drain()

    def advance(self, time: int) -> None:
        """Event time has come to `time`, microseconds. Raises what one of them ended with."""
        for receiver in self.of.values():
            receiver.advance(time)
        for task in self._running:
            if task.done():
                task.result()

    def effects(self) -> dict[str, Counter[str]]:
        """Kind of action -> line id -> how often it took effect."""
        return {kind: receiver.effects() for kind, receiver in self.of.items()}

    def counts(self) -> dict[str, Counter[str]]:
        """Receiver -> what it did, how often."""
        return {receiver.name: receiver.counts() for receiver in self.of.values()}
