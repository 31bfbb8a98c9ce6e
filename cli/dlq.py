"""`meterwatch dlq`: what is on `ami.readings.dlq`, and back to where it came from.

A letter is named by where its message stood, ami.readings/3/1042 or 3/1042 for short. A worker that died may have
written a letter twice; it is one. Sending a message back twice does no harm either: what was read is known as a repeat.
"""

import base64
import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import pydantic
import rich.markup
import rich.table
from aiokafka import AIOKafkaProducer

from cli.cluster import ask, partitions_of, whole
from cli.errors import UnusableError
from models.contracts import DeadLetter
from models.domain.ids import partition_of
from streams.settings import Settings

REPLAYED: Final = "meterwatch-replayed"
"""Header of a message that was sent back: where it stood before, as topic/partition/offset."""
_SHOWN: Final = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, and when it was set aside."""

    letter: DeadLetter
    at: dt.datetime
    """Kafka's clock"""

    @property
    def place(self) -> str:
        """Where the message stood, topic/partition/offset."""
        return f"{self.letter.topic}/{self.short}"

    @property
    def short(self) -> str:
        """The same without the topic."""
        return f"{self.letter.partition}/{self.letter.offset}"

    @property
    def raw(self) -> bytes:
        """The message as it came."""
        return base64.b64decode(self.letter.raw)

    @property
    def text(self) -> str:
        """The message for eyes."""
        return printable(self.raw.decode(errors="backslashreplace"))

    def about(self, field: str) -> str | None:
        """A field of the message, such as the meter it is about, as far as it can be read."""
        try:
            found: Any = json.loads(self.raw)[field]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return found if isinstance(found, str) and found else None

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {"place": self.place, "set_aside_at": self.at.isoformat(), **self.letter.model_dump(mode="json")}


def letters(settings: Settings) -> Iterator[Letter]:
    """Every letter, once. Raises UnusableError."""
    return unique(whole(settings.topics.dead_letters, settings.bootstrap_servers))


def unique(records: Iterable[Any]) -> Iterator[Letter]:
    """Kafka records as letters; what was written again is left out. Raises UnusableError for what is no letter."""
    seen: set[tuple[str, int, int]] = set()
    for record in records:
        try:
            letter = DeadLetter.model_validate_json(record.value or b"")
        except pydantic.ValidationError as error:
            where = f"{record.topic} partition {record.partition} offset {record.offset}"
            raise UnusableError(f"{where}: no dead letter: {error.errors()[0]['msg']}") from None
        place = (letter.topic, letter.partition, letter.offset)
        if place not in seen:
            seen.add(place)
            yield Letter(letter, dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC))


def chosen(found: Iterable[Letter], reasons: Sequence[str] = (), places: Sequence[str] = ()) -> list[Letter]:
    """Letters of any of the reasons, or at any of the places. Raises UnusableError for a choice that fits none."""
    picked = [letter for letter in found if letter.letter.reason in reasons or {letter.place, letter.short} & {*places}]
    missing = {*reasons, *places}
    for letter in picked:
        missing -= {letter.letter.reason, letter.place, letter.short}
    if missing:
        raise UnusableError(
            f"no dead letter with {', '.join(sorted(missing))}: `meterwatch dlq list` says what is there"
        )
    return picked


def by_reason(found: Iterable[Letter]) -> list[dict[str, Any]]:
    """What there is of each reason: how many, the first and last time, and where the last one stood."""
    counts: Counter[str] = Counter()
    first: dict[str, Letter] = {}
    last: dict[str, Letter] = {}
    for letter in found:
        reason = letter.letter.reason
        counts[reason] += 1
        first[reason] = min(first.get(reason, letter), letter, key=lambda one: one.at)
        last[reason] = max(last.get(reason, letter), letter, key=lambda one: one.at)
    return [
        {
            "reason": reason,
            "letters": count,
            "first": first[reason].at.isoformat(timespec="seconds"),
            "last": last[reason].at.isoformat(timespec="seconds"),
            "place": last[reason].place,
        }
        for reason, count in counts.most_common()
    ]


def summary(found: list[dict[str, Any]]) -> rich.table.Table:
    """`by_reason` for people."""
    shown = rich.table.Table("reason", "letters", "first", "last", "place of the last", box=None)
    for row in found:
        shown.add_row(*(str(row[name]) for name in ("reason", "letters", "first", "last", "place")))
    return shown


def listing(found: Iterable[Letter]) -> rich.table.Table:
    """Letters one by one."""
    shown = rich.table.Table("place", "set aside", "meter", rich.table.Column("detail", overflow="fold"), box=None)
    for letter in found:
        at, meter = letter.at.isoformat(timespec="seconds"), printable(letter.about("meter_id") or "?")
        detail = printable(letter.letter.detail[:_SHOWN])
        shown.add_row(*map(rich.markup.escape, (letter.place, at, meter, detail)))
    return shown


def printable(text: str) -> str:
    """What a stranger sent must not drive the terminal: control characters as escapes."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


@dataclasses.dataclass(frozen=True, slots=True)
class Return:
    """A message on its way back."""

    letter: Letter
    key: str | None
    """None where it cannot be read"""
    partition: int
    """Where murmur2 of the key puts it; without a key where it stood."""

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "place": self.letter.place,
            "reason": self.letter.letter.reason,
            "to": f"{self.letter.letter.topic}/{self.partition}",
            "key": self.key,
        }


def returns(picked: Sequence[Letter], partitions: int, field: str = "meter_id") -> list[Return]:
    """What is to be sent back to one topic, `field` of the message its key. The same bytes are sent once, however often
    they were set aside."""
    by_bytes = {letter.raw: letter for letter in picked}
    back = []
    for letter in by_bytes.values():
        key = letter.about(field)
        back.append(Return(letter, key, letter.letter.partition if key is None else partition_of(key, partitions)))
    return back


def send_back(settings: Settings, picked: Sequence[Letter], *, dry_run: bool) -> list[Return]:
    """Sends the messages to the topic they came from, in order within a meter; acked when this returns."""
    return ask(_send_back(settings, picked, dry_run=dry_run), settings.bootstrap_servers)


async def _send_back(settings: Settings, picked: Sequence[Letter], *, dry_run: bool) -> list[Return]:
    topics = {letter.letter.topic for letter in picked}
    counts = {topic: await partitions_of(topic, settings.bootstrap_servers) for topic in topics}
    by_premise = (settings.topics.outcomes, settings.topics.decisions, settings.topics.context)
    back = [
        one
        for topic, count in counts.items()
        for one in returns(
            [letter for letter in picked if letter.letter.topic == topic],
            count,
            "premise_id" if topic in by_premise else "meter_id",
        )
    ]
    if dry_run:
        return back
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, enable_idempotence=True, max_request_size=4 * 1024 * 1024
    ) as producer:
        acks = []
        for one in back:
            letter = one.letter.letter
            acks.append(
                await producer.send(
                    letter.topic,
                    one.letter.raw,
                    key=None if one.key is None else one.key.encode(),
                    partition=one.partition,
                    headers=[(REPLAYED, one.letter.place.encode())],
                )
            )
        for ack in acks:
            await ack
    return back
