"""A partition's part of `ami.audit`: entries are part of its state, and go to the topic once they are durable there.

So an entry is decided on once. A batch that is done again may come out in another order, as when a meter has become
known since; its entries then still are those of the state. They stay in it until a later step is durable too.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.acting.audit import GENESIS, Chain
from models.contracts import AuditEntry, Decision
from models.domain.times import to_us

KEY: Final = b"\0"
"""No other key of a changelog begins with it."""
_SEQUENCE: Final = struct.Struct(">q")
_Essence = tuple[int, str, str, str]


class Trail:
    """The end of one chain, with the entries of the last steps."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._entries: dict[int, tuple[int, AuditEntry]] = {}
        """Sequence -> (input offset that the step took the partition to, entry)"""
        self._unsent: list[AuditEntry] = []
        self._recovered: set[_Essence] = set()
        self._new: list[int] = []
        self._gone: list[int] = []

    def write(self, decisions: Iterable[Decision], done: int, offset: int) -> None:
        """Decisions of a step that takes the input from `done` to `offset`; those from before a crash are known."""
        entries = [self._chain.write(d) for d in decisions if not self._knows(d)]
        first = self._chain.sequence - max(1, len(entries))
        for sequence in [s for s, (until, _) in self._entries.items() if until <= done and s < first]:
            entry = self._entries.pop(sequence)[1]
            self._recovered.discard(_essence(to_us(entry.at), entry))
            self._gone.append(sequence)
        for entry in entries:
            self._entries[entry.sequence] = (offset, entry)
            self._new.append(entry.sequence)
        self._unsent += entries

    def unsent(self) -> list[AuditEntry]:
        """To be written to the topic as soon as the state is acked; they count as written."""
        unsent, self._unsent = self._unsent, []
        return unsent

    # Durability -------------------------------------------------------------------------------------------------------

    def arrivals(self) -> list[tuple[bytes, bytes | None]]:
        """Records of what was written since `settle`: before all others, for what follows says that it was decided."""
        return [(KEY + _SEQUENCE.pack(sequence), _encoded(*self._entries[sequence])) for sequence in self._new]

    def departures(self) -> list[tuple[bytes, bytes | None]]:
        """Tombstones of what has gone since `settle`."""
        return [(KEY + _SEQUENCE.pack(sequence), None) for sequence in self._gone]

    def settle(self) -> None:
        """What `arrivals` and `departures` gave is acked."""
        self._new.clear()
        self._gone.clear()

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in, in the order of writing."""
        (sequence,) = _SEQUENCE.unpack(key[len(KEY) :])
        self._entries.pop(sequence, None)
        if value is not None:
            plain = json.loads(value)
            self._put(plain["offset"], AuditEntry.model_validate_json(plain["entry"]))

    def recovered(self) -> None:
        """The changelog has been read: what it holds is written to the topic once more."""
        self._unsent = [entry for _, entry in self._entries.values()]
        self._recovered = {_essence(to_us(entry.at), entry) for entry in self._unsent}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a snapshot."""
        bodies = [_encoded(*entry) for entry in self._entries.values()]
        return {
            "trail_sizes": np.array([len(body) for body in bodies], np.int64),
            "trail": np.frombuffer(b"".join(bodies), np.uint8),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Back from `arrays`."""
        whole, at = arrays["trail"].tobytes(), 0
        for size in arrays["trail_sizes"].tolist():
            plain = json.loads(whole[at : at + size])
            self._put(plain["offset"], AuditEntry.model_validate_json(plain["entry"]))
            at += size

    def _knows(self, decision: Decision) -> bool:
        return bool(self._recovered) and _essence(decision.at, decision) in self._recovered

    def _put(self, offset: int, entry: AuditEntry) -> None:
        self._entries[entry.sequence] = (offset, entry)
        if entry.sequence >= self._chain.sequence:
            self._chain.sequence, self._chain.previous = entry.sequence + 1, entry.hash


def new_trail(writer: str, partition: int) -> Trail:
    """Of a chain that begins."""
    return Trail(Chain(writer, partition, 0, GENESIS))


def _essence(at: int, of: Decision | AuditEntry) -> _Essence:
    """Equal for a decision and the entry that it became, whatever its place in the chain."""
    return at, of.decision, of.subject, json.dumps(dict(of.inputs), sort_keys=True)


def _encoded(offset: int, entry: AuditEntry) -> bytes:
    return json.dumps({"offset": offset, "entry": entry.model_dump_json()}).encode()
