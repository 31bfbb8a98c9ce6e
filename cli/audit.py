"""`meterwatch audit verify`: the chains of `ami.audit`, from Kafka or from an export of JSON lines."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pydantic
import rich.table

from cli.cluster import whole
from cli.errors import UnusableError
from models.acting.audit import verify
from models.contracts import AuditEntry
from streams.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What the trail holds and what is wrong with it."""

    chains: dict[tuple[str, int], int]
    """(writer, partition) -> entries; one that was written again counts once."""
    problems: list[str]

    def plain(self) -> dict[str, Any]:
        """For programs."""
        chains = [{"writer": writer, "partition": number, "entries": n} for (writer, number), n in self.chains.items()]
        return {"entries": sum(self.chains.values()), "chains": chains, "problems": self.problems}

    def table(self) -> rich.table.Table:
        """For people."""
        shown = rich.table.Table("writer", "partition", "entries", box=None)
        for (writer, number), entries in self.chains.items():
            shown.add_row(writer, str(number), f"{entries:,}")
        return shown


def from_kafka(settings: Settings) -> Verdict:
    """The whole of `ami.audit`. Raises UnusableError where it cannot be read."""
    topic = settings.topics.audit
    records = whole(topic, settings.bootstrap_servers)
    return judged((f"{topic} partition {r.partition} offset {r.offset}", r.value or b"") for r in records)


def from_file(path: Path) -> Verdict:
    """JSON lines, each chain in the order in which it was written. Raises UnusableError where it cannot be read."""
    try:
        with path.open("rb") as lines:
            return judged((f"{path}: line {n}", line) for n, line in enumerate(lines, 1) if line.strip())
    except OSError as error:
        raise UnusableError(f"{path}: cannot be read: {error.strerror}") from error


def judged(lines: Iterable[tuple[str, bytes]]) -> Verdict:
    """(where it stands, text) of each entry. What is no entry is a problem, as is a chain that breaks."""
    unreadable: list[str] = []
    ends: Counter[tuple[str, int]] = Counter()

    def entries() -> Iterator[AuditEntry]:
        for where, text in lines:
            try:
                entry = AuditEntry.model_validate_json(text)
            except pydantic.ValidationError as error:
                unreadable.append(f"{where}: no audit entry: {error.errors()[0]['msg']}")
                continue
            chain = entry.writer, entry.partition
            ends[chain] = max(ends[chain], entry.sequence + 1)
            yield entry

    broken = verify(entries())
    return Verdict(dict(sorted(ends.items())), [*unreadable, *broken])
