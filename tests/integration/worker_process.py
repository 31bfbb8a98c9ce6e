"""A worker as a process of its own, with accidents on order: ``python -m tests.integration.worker_process JSON``.

JSON: `settings` of the worker; `kill`: [point, n] = SIGKILL itself when the point is passed for the n-th time;
`bug`: n = the n-th call of detect raises; `hold`: [point, n, path] = it stands still there until the file exists;
`live_from`: microseconds, before it nothing is said.
"""

import dataclasses
import json
import logging
import os
import pathlib
import signal
import sys
import time
from collections import Counter
from typing import Any

from models.domain.times import NEVER
from models.pipeline import Outcome, detect
from models.scoring.policy import Policy
from streams.deps import Deps
from streams.settings import Settings
from streams.worker import run


def main(order: dict[str, Any]) -> int:
    passed: Counter[str] = Counter()

    def reached(point: str) -> None:
        passed[point] += 1
        if order.get("kill") == [point, passed[point]]:
            os.kill(os.getpid(), signal.SIGKILL)
        if order.get("hold", [])[:2] == [point, passed[point]]:
            logging.warning("standing still")
            while not pathlib.Path(order["hold"][2]).exists():
                time.sleep(0.02)

    def buggy(*args: Any, **kwargs: Any) -> Outcome:
        passed["detect"] += 1
        if passed["detect"] == order.get("bug"):
            raise ZeroDivisionError("a bug in detect")
        return detect(*args, **kwargs)

    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(name)s: %(message)s")
    policy = dataclasses.replace(Policy.default(), live_from=order.get("live_from", NEVER))
    return run(Settings(**order["settings"]), Deps(policy=policy, reached=reached, detect=buggy))


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
