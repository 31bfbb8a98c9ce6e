"""What one partition of a stage across meters keeps (`groups`, `respond`): input offset, marks, what waits, documents.

Changelog records are written documents first, then what no longer waits, then offset and marks. Coming back in, they
count only once offset and marks have come: of a changelog that was cut off in between, nothing of the last write is
taken, its input is read again, and what it left in the changelog is overwritten.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

import numpy as np
import pydantic
from numpy.typing import NDArray

from models.domain.errors import VersionError
from models.state.ledger import Ledger
from models.state.merge import Merge, Timed

VERSION: Final = 1
_CLOCK: Final = b"p"
_WAITING: Final = b"w"

T = TypeVar("T", bound=Timed)


class Stage(Generic[T]):
    """One partition of a stage. Its function changes it; nothing else does but recovery.

    `sources` are all that it must hear before anything is final; `record` reads what waits back from JSON.
    """

    def __init__(
        self, number: int, sources: Iterable[str], record: pydantic.TypeAdapter[T], ledgers: Sequence[Ledger[Any]]
    ) -> None:
        self.number = number
        self.offset = -1
        """Last input offset that is in here."""
        self.merge: Merge[T] = Merge.of(sources)
        self.ledgers = tuple(ledgers)
        self._record = record
        self._dropped: list[tuple[int, str, str]] = []
        self._added: list[tuple[int, str, str]] = []
        self._cut_off: dict[bytes, bytes | None] = {}
        """Records that have come back in without their offset and marks"""

    @property
    def event_time(self) -> int:
        """Everything before this is final, microseconds."""
        return self.merge.low

    def put(self, record: T) -> bool:
        """Let it wait for its time; whether it is news."""
        news = self.merge.put(record)
        if news:
            self._added.append((record.time, record.source, record.name))
        return news

    def due(self) -> list[T]:
        """What is final by now, in order. It counts as dealt with."""
        due = self.merge.due()
        for key, _ in due:
            self.merge.drop(key)
            self._dropped.append(key)
        return [record for _, record in due]

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Changelog records since `settle`, to be written in this order."""
        records = [(key, self._present(key)) for key in self._cut_off]
        records += [change for ledger in self.ledgers for change in ledger.changes()]
        records += [(_key(key), self._written(key)) for key in self._added if key in self.merge.waiting]
        records += [(_key(key), None) for key in self._dropped]
        records.append((_CLOCK, self._clock()))
        return records

    def settle(self) -> None:
        """`changes` are written."""
        for ledger in self.ledgers:
            ledger.settle()
        self._added.clear()
        self._dropped.clear()
        self._cut_off.clear()

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in, in the order of writing. Raises VersionError for another layout's."""
        self._cut_off.pop(key, None)
        self._cut_off[key] = value
        if key == _CLOCK:
            for name, written in self._cut_off.items():
                self._apply(name, written)
            self._cut_off.clear()

    def _apply(self, key: bytes, value: bytes | None) -> None:
        if key == _CLOCK and value is not None:
            plain = json.loads(value)
            if plain["version"] != VERSION:
                raise VersionError(f"a stage's record of layout {plain['version']}, this program writes {VERSION}")
            self.offset = plain["offset"]
            self.merge.marks.update({name: at for name, at in plain["marks"].items() if name in self.merge.marks})
        elif key.startswith(_WAITING):
            time, source, name = json.loads(key[len(_WAITING) :])
            if value is None:
                self.merge.waiting.pop((time, source, name), None)
            else:
                self.merge.waiting[time, source, name] = self._record.validate_json(value)
        else:
            any(ledger.apply(key, value) for ledger in self.ledgers)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole of it, for a snapshot."""
        keys: list[bytes] = []
        values: list[bytes] = []
        for ledger in self.ledgers:
            for name, document in ledger:
                keys.append(ledger.prefix + name.encode())
                values.append(document.model_dump_json(exclude_defaults=True).encode())
        for waiting in self.merge.waiting:
            keys.append(_key(waiting))
            values.append(self._written(waiting))
        keys.append(_CLOCK)
        values.append(self._clock())
        return {
            "key_ends": np.cumsum([len(key) for key in keys]),
            "value_ends": np.cumsum([len(value) for value in values]),
            "keys": np.frombuffer(b"".join(keys), np.uint8),
            "values": np.frombuffer(b"".join(values), np.uint8),
        }

    def restore(self, arrays: Any) -> None:
        """From `arrays`, into a stage that is new."""
        keys, values = arrays["keys"].tobytes(), arrays["values"].tobytes()
        key_at = value_at = 0
        for key_end, value_end in zip(arrays["key_ends"].tolist(), arrays["value_ends"].tolist(), strict=True):
            self.apply(keys[key_at:key_end], values[value_at:value_end])
            key_at, value_at = key_end, value_end

    def _present(self, key: bytes) -> bytes | None:
        """What a changelog record should say now."""
        if key.startswith(_WAITING):
            time, source, name = json.loads(key[len(_WAITING) :])
            waiting = (time, source, name)
            return self._written(waiting) if waiting in self.merge.waiting else None
        return next((ledger.written(key) for ledger in self.ledgers if key.startswith(ledger.prefix)), None)

    def _written(self, key: tuple[int, str, str]) -> bytes:
        return self._record.dump_json(self.merge.waiting[key], exclude_defaults=False)

    def _clock(self) -> bytes:
        return json.dumps(
            {"version": VERSION, "offset": self.offset, "marks": self.merge.marks}, sort_keys=True
        ).encode()


def _key(waiting: tuple[int, str, str]) -> bytes:
    return _WAITING + json.dumps(waiting).encode()
