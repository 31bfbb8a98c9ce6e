"""The story of an evaluation on labelled data: replay, match, measure, write."""

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

from cli import STARTED
from cli.evaluate.request import Files
from cli.progress import progress_on_screen
from cli.replay.request import Request
from cli.replay.run import replay
from evaluation.page import page
from models.domain.times import NEVER

EVALUATION: Final = "evaluation.json"
REPORT: Final = "report.html"
_STEPS: Final = {"read": "reading", "detect": "detecting"}


@dataclasses.dataclass(frozen=True, slots=True)
class Replaying:
    """How a replay is to be made."""

    policy: Path | None = None
    partitions: int = 1
    live_from: int = NEVER
    """Microseconds UTC; before it nothing is said, and nothing counts"""

    def replay(self, files: Files, out: Path) -> None:
        """Files in, the replay's folder out. Raises UnusableError."""
        assert files.readings is not None  # noqa: S101 - whoever has none names a folder that was replayed
        request = Request(
            readings=files.readings,
            meters=files.meters,
            out=out,
            weather=files.weather,
            events=files.events,
            accounts=files.accounts,
            context=files.context,
            policy=self.policy,
            scores=True,
            partitions=self.partitions,
            live_from=self.live_from,
            force=True,
        )
        with progress_on_screen(_STEPS) as progress:
            replay(request, STARTED, progress)


def write(result: dict[str, Any], out: Path, command: str) -> None:
    """`evaluation.json` and `report.html` into `out`, which is made. `command`: what made them."""
    out.mkdir(parents=True, exist_ok=True)
    (out / EVALUATION).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (out / REPORT).write_text(page(result, command), encoding="utf-8")
