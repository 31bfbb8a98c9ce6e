"""A receiver as a process of its own that kills itself: ``python -m tests.integration.receiver_process JSON``.

JSON: `receiver`, `bootstrap`, `state`, names of `topic`, `group` and `answers`; `kill`: [point, n] = SIGKILL itself
when the point is passed for the n-th time. Points: `taken` (in the journal, not committed to Kafka), `said` (answers
acked, not in the journal). Without `kill` it ends once all on the topic is done.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.domain.times import DAY
from simulators.receivers.billing import Billing
from simulators.receivers.consumer import Receiver
from simulators.receivers.field_ops import FieldOps
from simulators.receivers.notifier import Notifier
from tests.support.actions import RELEASED

RECEIVERS: dict[str, type[Receiver[Any]]] = {"field_ops": FieldOps, "notifier": Notifier, "billing": Billing}


def mortal(receiver: Receiver[Any], kill: list[Any] | None) -> Receiver[Any]:
    """It dies where it is told to."""
    passed: Counter[str] = Counter()

    def reached(point: str) -> None:
        passed[point] += 1
        if kill == [point, passed[point]]:
            os.kill(os.getpid(), signal.SIGKILL)

    commit, answered = receiver._commit, receiver.journal.answered

    async def commit_or_die(offsets: Mapping[Any, int]) -> None:
        reached("taken")
        await commit(offsets)

    def note_or_die(action: str, answer: tuple[str, str] | None) -> None:
        reached("said")
        answered(action, answer)

    receiver._commit = commit_or_die  # type: ignore[method-assign]
    receiver.journal.answered = note_or_die  # type: ignore[method-assign]
    return receiver


async def main(order: dict[str, Any]) -> None:
    names = {name: order[name] for name in ("topic", "answers", "group")}
    receiver = RECEIVERS[order["receiver"]](order["bootstrap"], Path(order["state"]), **names)
    async with receiver:
        receiver.advance(RELEASED + 2 * DAY)
        await mortal(receiver, order.get("kill")).drain()
        print(json.dumps({"effects": receiver.effects(), "counts": receiver.counts()}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
