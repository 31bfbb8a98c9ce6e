"""A Faust agent that does nothing with raw bytes: the yardstick. ``python -m benchmarks.yardstick SERVERS TOPIC N``.

Prints the messages a second from the first to the N-th.
"""

import asyncio
import os
import sys
import tempfile
import time
from typing import Any

import faust


async def main(servers: str, topic: str, count: int) -> None:
    """Reads `count` messages, then ends the process at once: how it stops is not measured."""
    app = faust.App(
        f"{topic}-empty",
        broker=f"kafka://{servers}",
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        logging_config=None,
        datadir=tempfile.mkdtemp(),
    )
    done = asyncio.Event()
    began, seen = 0.0, 0

    async def agent(stream: Any) -> None:
        nonlocal began, seen
        async for _ in stream:
            began = began or time.monotonic()
            seen += 1
            if seen == count:
                done.set()

    app.agent(app.topic(topic, key_serializer="raw", value_serializer="raw"))(agent)
    await app.start()
    await done.wait()
    sys.stdout.write(f"{count / (time.monotonic() - began):.0f}\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
