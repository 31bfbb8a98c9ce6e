"""The loop itself, the same for every stage. What it does with a batch is in `streams.steps`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import faust

from streams.settings import Settings
from streams.transport import GroupOwnership, raw_topic

Run = Callable[[Sequence[Any], int], Awaitable[None]]
"""Takes a batch of Faust events of a generation, from messages to acks."""


def batch_agent(
    app: faust.App, settings: Settings, name: str, topics: Sequence[str], run: Run, ownership: GroupOwnership
) -> None:
    """Declares an agent. An exception out of it ends the process (`CrashingSupervisor`, and the worker)."""
    source = raw_topic(app, *topics, maxsize=2 * settings.batch_messages)

    async def agent(stream: Any) -> None:
        # Never `take`: it acks a batch even when the body raises. `noack_take` gives events and acks none, but switches
        # acks on again as it ends, and then what is still queued behind an exception is acked unseen.
        stream.enable_acks = False
        async for events in stream.noack_take(settings.batch_messages, within=settings.batch_wait_s):
            if ownership.flowing:
                await run(events, ownership.generation)

    app.agent(source, name=name)(agent)
