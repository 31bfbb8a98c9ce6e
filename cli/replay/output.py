"""The folder that a replay writes: built beside the place where it will stand, and moved there when it is whole.

A replay that is killed leaves DIR as it was. `summary.json` comes last: a folder without it is not whole.
"""

import io
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cli.errors import UnusableError
from cli.replay.files import DeadRow
from models.contracts import AnomalyEvent, BillingHold, Notification, WorkOrder
from models.domain.times import to_text
from models.scoring.substitutes import Substitute

Action = WorkOrder | Notification | BillingHold

ANOMALIES: Final = "anomalies.jsonl"
DEAD_LETTERS: Final = "dead-letters.jsonl"
ACTIONS: Final = {"work_orders": "work-orders.jsonl", "notifications": "notifications.jsonl", "holds": "holds.jsonl"}
"""Kind of action -> its file."""
SUBSTITUTES: Final = "substitutes.jsonl"
SCORES: Final = "scores.parquet"
SUMMARY: Final = "summary.json"
_FILES: Final = (ANOMALIES, DEAD_LETTERS, *ACTIONS.values(), SUBSTITUTES, SCORES, SUMMARY)


class Folder:
    """DIR of the replay contract, for writing. Raises UnusableError where it must not or cannot be written."""

    def __init__(self, path: Path, *, force: bool, substitutes: bool = False) -> None:
        self.path = path.resolve()
        self._proposes = substitutes
        if path.exists() and not path.is_dir():
            raise UnusableError(f"{path}: is a file, --out needs a folder")
        if not force and path.is_dir() and any(path.iterdir()):
            raise UnusableError(f"{path}: not empty; name another folder, or write over the replay in it with --force")

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._building = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", dir=self.path.parent))
        except OSError as error:
            raise UnusableError(f"{self.path}: cannot be written: {error.strerror}") from error
        self.scores = self._building / SCORES
        self._dead_letters = self._open(DEAD_LETTERS)
        self._anomalies = self._open(ANOMALIES)
        self._actions = {kind: self._open(name) for kind, name in ACTIONS.items()}
        self._substitutes = self._open(SUBSTITUTES) if self._proposes else None
        return self

    def _open(self, name: str) -> io.TextIOWrapper:
        return (self._building / name).open("w", encoding="utf-8", newline="\n")

    def dead_letters(self, letters: Iterable[DeadRow]) -> None:
        """Rows set aside, in the order in which that was decided."""
        for letter in letters:
            line = {"row": letter.row, "reason": letter.reason, "detail": letter.detail, "raw": letter.raw}
            self._dead_letters.write(json.dumps(line, ensure_ascii=False) + "\n")

    def anomalies(self, events: Iterable[AnomalyEvent]) -> None:
        """Lines in the life of anomalies, in the order in which they were said."""
        for event in events:
            self._anomalies.write(event.to_json() + "\n")

    def actions(self, kind: str, lines: Iterable[Action]) -> None:
        """Lines in the life of actions of a kind of `ACTIONS`, in the order in which they were said."""
        self._actions[kind].writelines(line.model_dump_json() + "\n" for line in lines)

    def substitutes(self, proposed: Iterable[Substitute]) -> None:
        """Values for what closed days lack, as they close; where they are asked for."""
        if self._substitutes is None:
            return
        for one in proposed:
            line = {"meter_id": one.meter_id, "start": to_text(one.start), "value": one.value}
            self._substitutes.write(json.dumps({**line, "quality": "derived", "method": one.method}) + "\n")

    def publish(self, summary: dict[str, Any]) -> None:
        """The folder is whole: move it to where it belongs. Of a folder that was there, only our own files go."""
        self._close()
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        (self._building / SUMMARY).write_text(text, encoding="utf-8")
        self.path.mkdir(exist_ok=True)
        for name in reversed(_FILES):
            (self.path / name).unlink(missing_ok=True)
        for name in _FILES:
            if (self._building / name).exists():
                (self._building / name).rename(self.path / name)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()
        shutil.rmtree(self._building, ignore_errors=True)

    def _close(self) -> None:
        self._dead_letters.close()
        self._anomalies.close()
        if self._substitutes:
            self._substitutes.close()
        for file in self._actions.values():
            file.close()
