"""What all receivers share: lines in, each with effect once, and answers out. Plain aiokafka, plain SQLite.

Messages may come again (a worker or this consumer died between its work and its ack) and are told apart by id and
sequence. The order that makes it safe: journal, then offset; answer acked, then journal.
"""

import abc
import argparse
import asyncio
import datetime as dt
import logging
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import CommitFailedError

from models.contracts import BillingDecision, BillingHold, FieldOutcome, Notification, WorkOrder
from models.domain.times import NEVER, to_text, to_us
from simulators.receivers.journal import Journal

log = logging.getLogger(__name__)
Line = TypeVar("Line", WorkOrder, Notification, BillingHold)
Answer = FieldOutcome | BillingDecision
_WAIT_MS: Final = 200


class Receiver(abc.ABC, Generic[Line]):
    """One consumer of one topic. `async with` starts and stops it; then `run_until` or `drain`, one at a time.

    One process per journal. To share the work among several, put the journal's tables into a database they share.
    """

    name: ClassVar[str]
    topic: ClassVar[str]
    answers: ClassVar[str | None] = None
    tables: ClassVar[str] = ""
    """SQL of tables of its own."""
    contract: type[Line]

    def __init__(
        self,
        bootstrap_servers: str,
        state: Path,
        *,
        topic: str | None = None,
        answers: str | None = None,
        group: str | None = None,
    ) -> None:
        self._topic = topic or self.topic
        self._answers = answers or self.answers
        self._group = group or self.name
        self._bootstrap = bootstrap_servers
        self._state = state
        self.time = NEVER
        """Event time, microseconds: the highest of the lines and of what `advance` was told."""
        self.repeats = 0
        """Lines dropped since the start, for they had taken effect before."""

    # What a receiver does ---------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def take(self, line: Line, seen: int) -> str:
        """Does what a new line asks for, in the journal's transaction, and says what that was.

        `seen`: the highest sequence before it, 0 for a new action.
        """

    def due(self, line: Line) -> int | None:
        """Event time at which the action is to be answered, microseconds; None = never."""
        return None

    def answer(self, line: Line) -> Answer | None:
        """What is said once it is due, with an id that is the same every time; None = nothing."""
        raise NotImplementedError

    # How it is run ----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self.journal = Journal(self._state, self.tables)
        self._consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            group_instance_id=self._group,  # started again, it has its partitions back at once
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self._producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, enable_idempotence=True)
        try:
            await self._producer.start()
            await self._consumer.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._producer.stop()
        self.journal.close()

    def advance(self, time: int) -> None:
        """Event time has come to `time`, microseconds, whether lines tell of it or not."""
        self.time = max(self.time, time)

    async def run_until(self, done: Callable[[], bool]) -> None:
        """Takes lines and answers what is due until `done`, which is asked several times a second."""
        while not done():
            await self._round()

    async def drain(self) -> None:
        """Takes all that is on the topic by now, and answers what is due."""
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        await self._round()
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            await self._round()

    async def _round(self) -> None:
        batches = await self._consumer.getmany(timeout_ms=_WAIT_MS)
        if batches:
            with self.journal:
                for records in batches.values():
                    for record in records:
                        self.take_record(record)
            await self._commit({tp: records[-1].offset + 1 for tp, records in batches.items()})
        await self._answer_due()

    async def _commit(self, offsets: Mapping[Any, int]) -> None:
        try:
            await self._consumer.commit(offsets)
        except CommitFailedError:
            log.info("%s: the group has moved on; what comes again will be dropped", self.name)

    def take_record(self, record: ConsumerRecord) -> None:
        """One message; to be called in the journal's transaction."""
        try:
            line = self.contract.model_validate_json(record.value or b"")
            self._check_headers(line, record)
        except ValueError as error:
            self.journal.refuse(f"{record.topic}/{record.partition}/{record.offset}", str(error))
            return
        self.advance(to_us(line.updated_at))
        seen = self.journal.sequence(line.id)
        if line.sequence <= seen:
            self.repeats += 1
            return
        self.journal.did(line.ce_id, line.id, self.take(line, seen))
        self.journal.keep(line.id, line.sequence, line.model_dump_json(), self.due(line))

    def _check_headers(self, line: Line, record: ConsumerRecord) -> None:
        """CloudEvents, binary mode: the header's id is the line's, for those who drop repeats by header alone."""
        headers = dict(record.headers)
        if headers.get("ce_specversion", b"1.0") != b"1.0":
            raise ValueError(f"CloudEvents {headers['ce_specversion']!r}, we know 1.0")
        if headers.get("ce_id", line.ce_id.encode()) != line.ce_id.encode():
            raise ValueError(f"ce_id {headers['ce_id']!r} is not that of the line, {line.ce_id}")

    async def _answer_due(self) -> None:
        answered: list[tuple[str, tuple[str, str] | None]] = []
        acks = []
        for text in self.journal.due(self.time):
            line = self.contract.model_validate_json(text)
            answer = self.answer(line)
            answered.append((line.id, None if answer is None else (answer.id, answer.model_dump_json())))
            if answer is not None:
                acks.append(await self._send(answer))
        if answered:
            await asyncio.gather(*acks)
            with self.journal:
                for action, said in answered:
                    self.journal.answered(action, said)

    async def _send(self, answer: Answer) -> Any:
        headers = {
            "ce_specversion": "1.0",
            "ce_id": answer.id,
            "ce_source": f"/{self.name}",
            "ce_type": f"{self.name}.{'outcome' if isinstance(answer, FieldOutcome) else 'decision'}",
            "ce_time": to_text(to_us(answer.at)),
            "content-type": "application/json",
        }
        return await self._producer.send(
            self._answers,
            answer.model_dump_json(exclude_none=True).encode(),
            key=answer.premise_id.encode(),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )

    # What came of it --------------------------------------------------------------------------------------------------

    def effects(self) -> Counter[str]:
        """Line id (`ce_id`) -> how often it took effect: once, or something is wrong."""
        return self.journal.effects()

    def counts(self) -> Counter[str]:
        """Effects by kind, with `answered`, `refused` and, since the start, `repeats`."""
        return self.journal.counts() + Counter(repeats=self.repeats)

    def lines(self) -> list[Line]:
        """Each action as it was last heard of."""
        return [self.contract.model_validate_json(line) for line in self.journal.lines()]


def main(receiver: type[Receiver[Any]]) -> None:
    """Runs a receiver by itself until it is told to stop. Its clock is the wall's."""
    parser = argparse.ArgumentParser(prog=f"python -m {receiver.__module__}", description=receiver.__doc__)
    parser.add_argument("--bootstrap-servers", default="localhost:9092", help="host:port of Kafka")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file that remembers what was done")
    parser.add_argument("--topic", default=receiver.topic)
    parser.add_argument("--group", default=receiver.name)
    if receiver.answers:
        parser.add_argument("--answers", default=receiver.answers, help="topic of the answers")
    given = vars(parser.parse_args())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    asyncio.run(_serve(receiver(given.pop("bootstrap_servers"), given.pop("state"), **given)))


async def _serve(receiver: Receiver[Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def done() -> bool:
        receiver.advance(to_us(dt.datetime.now(dt.UTC)))
        return stop.is_set()

    async with receiver:
        log.info("%s reads", receiver.name)
        await receiver.run_until(done)
        log.info("%s: %s", receiver.name, dict(receiver.counts()))
