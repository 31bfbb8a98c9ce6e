"""Small documents by key, for stages that see few records: changes come out as changelog records and go in again.

Everything is JSON: a document is a pydantic model, and the last record of a key wins.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

import pydantic

D = TypeVar("D", bound=pydantic.BaseModel)


class Ledger(Generic[D]):
    """Documents of one kind; its records have keys that begin with `prefix`."""

    def __init__(self, prefix: bytes, model: type[D]) -> None:
        self.prefix = prefix
        self._model = model
        self._documents: dict[str, D] = {}
        self._changed: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, key: str) -> bool:
        return key in self._documents

    def __iter__(self) -> Iterator[tuple[str, D]]:
        return iter(self._documents.items())

    def get(self, key: str) -> D | None:
        """To be put back when it is changed."""
        return self._documents.get(key)

    def put(self, key: str, document: D) -> None:
        """New or changed."""
        self._documents[key] = document
        self._changed[key] = None

    def drop(self, key: str) -> None:
        """Gone."""
        if self._documents.pop(key, None) is not None:
            self._changed[key] = None

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Records since `settle`, in order of change; no value = gone."""
        return [(self.prefix + key.encode(), self._written(key)) for key in self._changed]

    def settle(self) -> None:
        """`changes` are written."""
        self._changed.clear()

    def apply(self, key: bytes, value: bytes | None) -> bool:
        """One record back in; False if it is not of this ledger."""
        if not key.startswith(self.prefix):
            return False
        name = key[len(self.prefix) :].decode()
        if value is None:
            self._documents.pop(name, None)
        else:
            self._documents[name] = self._model.model_validate_json(value)
        return True

    def written(self, key: bytes) -> bytes | None:
        """The record of a key of this ledger as it is now; None = gone."""
        return self._written(key[len(self.prefix) :].decode())

    def _written(self, key: str) -> bytes | None:
        document = self._documents.get(key)
        return None if document is None else document.model_dump_json(exclude_defaults=True).encode()
