"""What a receiving system has done, in an SQLite file: the half of "once" that Kafka cannot give."""

import sqlite3
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS actions (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, line TEXT NOT NULL, due INTEGER);
CREATE INDEX IF NOT EXISTS actions_due ON actions (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS effects (line_id TEXT NOT NULL, action TEXT NOT NULL, what TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (id TEXT PRIMARY KEY, action TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refused (place TEXT PRIMARY KEY, why TEXT NOT NULL);
"""


class Journal:
    """Each action with its last line and when it is due, every effect, every answer.

    `with journal:` is a transaction. Effects are only ever added, with nothing that keeps them unique: were a line to
    take effect twice, it would be seen.
    """

    def __init__(self, path: Path, tables: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path)
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {_TABLES} {tables}")

    def __enter__(self) -> Self:
        self._db.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.__exit__(kind, error, trace)

    def close(self) -> None:
        """Nothing is lost without it."""
        self._db.close()

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """A statement on a table of one's own."""
        return self._db.execute(statement, values).fetchall()

    def sequence(self, action: str) -> int:
        """The highest seen of an action; 0 = none."""
        found = self.execute("SELECT sequence FROM actions WHERE id = ?", (action,))
        return int(found[0][0]) if found else 0

    def keep(self, action: str, sequence: int, line: str, due: int | None) -> None:
        """The last line of an action; `due`: event time, microseconds, None = there is nothing to answer."""
        self.execute("INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?)", (action, sequence, line, due))

    def did(self, line_id: str, action: str, what: str) -> None:
        """A line took effect."""
        self.execute("INSERT INTO effects VALUES (?, ?, ?)", (line_id, action, what))

    def refuse(self, place: str, why: str) -> None:
        """A message that is no line of ours; `place` in Kafka."""
        self.execute("INSERT OR IGNORE INTO refused VALUES (?, ?)", (place, why))

    def due(self, time: int) -> list[str]:
        """Last lines of the actions that are due by `time`, the oldest first."""
        rows = self.execute("SELECT line FROM actions WHERE due <= ? ORDER BY due, id", (time,))
        return [line for (line,) in rows]

    def answered(self, action: str, answer: tuple[str, str] | None) -> None:
        """An action is not due any more; `answer`: id and text of what was said, None = nothing was to be said."""
        self.execute("UPDATE actions SET due = NULL WHERE id = ?", (action,))
        if answer is not None:
            self.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", (answer[0], action, answer[1]))

    def lines(self) -> list[str]:
        """The last line of each action, in the order in which they came."""
        return [line for (line,) in self.execute("SELECT line FROM actions ORDER BY rowid")]

    def effects(self) -> Counter[str]:
        """Line id -> how often it took effect."""
        return Counter(line_id for (line_id,) in self.execute("SELECT line_id FROM effects"))

    def counts(self) -> Counter[str]:
        """How often each kind of effect was had, and of `answered` and `refused`."""
        counted = Counter({what: int(n) for what, n in self.execute("SELECT what, count(*) FROM effects GROUP BY 1")})
        for name, table in (("answered", "answers"), ("refused", "refused")):
            ((counted[name],),) = self.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
        return counted
