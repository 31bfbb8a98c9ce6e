"""The audit trail: decisions of one writer and partition as a chain of hashes, and its check."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final, Self

from models.contracts import AuditEntry, Decision
from models.domain.times import to_datetime

__all__ = ["GENESIS", "Chain", "Decision", "verify"]

GENESIS: Final = "0" * 64
"""`previous` of the first entry."""


@dataclasses.dataclass(slots=True)
class Chain:
    """The end of the chain of one (writer, partition): what the next entry goes on from."""

    writer: str
    partition: int
    sequence: int = 0
    """Of the next entry"""
    previous: str = GENESIS
    """Hash of the last one"""

    def write(self, decision: Decision) -> AuditEntry:
        """The decision as the next entry."""
        body = AuditEntry(
            writer=self.writer,
            partition=self.partition,
            sequence=self.sequence,
            previous=self.previous,
            at=to_datetime(decision.at),
            decision=decision.decision,
            subject=decision.subject,
            inputs=dict(decision.inputs),
            versions=dict(decision.versions),
            hash=GENESIS,
        )
        entry = body.model_copy(update={"hash": digest(body)})
        self.sequence, self.previous = self.sequence + 1, entry.hash
        return entry

    def plain(self) -> dict[str, Any]:
        """For the state, as JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """As it was."""
        return cls(**plain)


def digest(entry: AuditEntry) -> str:
    """SHA-256 of the entry without its hash: JSON with sorted keys, no blanks, UTF-8."""
    body = entry.model_dump(mode="json", exclude={"hash"})
    return hashlib.sha256(
        json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def verify(entries: Iterable[AuditEntry]) -> list[str]:
    """What is wrong with the trail, a line each: holes, broken hashes, forks. Empty = whole.

    `entries` are those of one or more chains, each in the order it was written. What was written again after a crash,
    equal to the last byte, is in order. A chain cut off at its end looks whole: its writer's state knows better.
    """
    chains: dict[tuple[str, int], list[str]] = {}
    problems: list[str] = []
    for entry in entries:
        hashes = chains.setdefault((entry.writer, entry.partition), [])
        where = f"{entry.writer} {entry.partition}, entry {entry.sequence}"
        if digest(entry) != entry.hash:
            problems.append(f"{where}: broken, its hash is not that of its content")
        if entry.sequence < len(hashes):
            if hashes[entry.sequence] not in ("", entry.hash):
                problems.append(f"{where}: fork, another entry has this place")
            continue
        if entry.sequence > len(hashes):
            problems.append(f"{where}: hole, {len(hashes)} to {entry.sequence - 1} are missing")
            hashes += [""] * (entry.sequence - len(hashes))
        elif entry.previous != (hashes[-1] if hashes else GENESIS):
            problems.append(f"{where}: broken, it does not go on from the entry before")
        hashes.append(entry.hash)
    return problems
