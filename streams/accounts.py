"""`cis.accounts`, read whole by each worker before anything is decided, and followed: how customers are spoken to."""

import logging
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import pydantic
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.contracts import Account
from models.domain.blocks import Rejected
from streams.codecs.documents import read
from streams.codecs.json import Message
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.reading import consumer_of, to_the_end
from streams.records import Records, Said
from streams.settings import Settings

log = logging.getLogger(__name__)
_CONTRACT: Final = pydantic.TypeAdapter(Account)


class Accounts(Mapping[str, Account]):
    """Accounts by id, as the CIS last told of them."""

    def __init__(self, settings: Settings, publisher: Publisher, metrics: Metrics) -> None:
        self._settings = settings
        self._topic = settings.topics.accounts
        self._publisher = publisher
        self._metrics = metrics
        self._records = Records(settings, "accounts")
        self._consumer: AIOKafkaConsumer | None = None
        self._accounts: dict[str, Account] = {}
        self._rejected: dict[int, list[Rejected]] = {}

    def __getitem__(self, account_id: str) -> Account:
        return self._accounts[account_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    async def start(self) -> None:
        """Returns when the topic has been read to its end."""
        self._consumer = consumer = consumer_of(self._settings)
        await consumer.start()
        tps = [TopicPartition(self._topic, number) for number in range(self._settings.partitions)]
        async for record in to_the_end(consumer, tps):
            self.put(record)
        log.info("%d accounts are known", len(self))

    async def follow(self, mine: Collection[int]) -> None:
        """To be run beside the app, after `start`. Of all workers the one with the partition writes dead letters."""
        while self._consumer is not None:
            for records in (await self._consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    self.put(record)
            await self.set_aside(mine)

    async def stop(self) -> None:
        """Ends reading."""
        if self._consumer is not None:
            await self._consumer.stop()

    def put(self, record: Any) -> None:
        """One record; a tombstone takes its account away."""
        if not record.value:
            self._accounts.pop((record.key or b"").decode(errors="replace"), None)
            return
        account = read(Message(record.offset, record.value), _CONTRACT)
        if isinstance(account, Rejected):
            log.warning("%s %d at %d: %s", self._topic, record.partition, record.offset, account.detail)
            self._rejected.setdefault(record.partition, []).append(account)
        else:
            self._accounts[account.account_id] = account

    async def set_aside(self, mine: Collection[int]) -> None:
        """Dead letters of what could not be read in partitions of ours."""
        letters = {number: self._rejected.pop(number) for number in [n for n in self._rejected if n in mine]}
        said = [Said(self._topic, number, rejected=rejected) for number, rejected in letters.items()]
        await self._publisher.write(record for one in said for record in self._records.of(one))
        self._metrics.said(said, time.time())
