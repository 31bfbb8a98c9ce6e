"""`ami.readings` -> `ami.anomalies`: the loop itself. What it does with a batch is in `streams.steps`."""

from typing import Any

import faust

from streams.settings import Settings
from streams.steps import Steps
from streams.transport import GroupOwnership, raw_topic


def detect_agent(app: faust.App, settings: Settings, steps: Steps, ownership: GroupOwnership) -> None:
    """Declares the agent. An exception out of it ends the process (`CrashingSupervisor`, and the worker)."""
    readings = raw_topic(app, settings.topics.readings, maxsize=2 * settings.batch_messages)

    async def detect(stream: Any) -> None:
        # Never `take`: it acks a batch even when the body raises. `noack_take` gives events and acks none, but switches
        # acks on again as it ends, and then what is still queued behind an exception is acked unseen.
        stream.enable_acks = False
        async for events in stream.noack_take(settings.batch_messages, within=settings.batch_wait_s):
            if ownership.flowing:
                await steps.run(events, ownership.generation)

    app.agent(readings, name="detect")(detect)
