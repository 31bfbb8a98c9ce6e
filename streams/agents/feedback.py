"""`field.outcomes`, `billing.decisions`, `cis.context` -> `meterwatch.cases`: what people answer, and what is so."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import pydantic
from faust.types import TP

from models.contracts import (
    BillingDecision,
    Context,
    ContextGiven,
    DecisionGiven,
    FieldOutcome,
    OutcomeGiven,
)
from streams.codecs.documents import read_all
from streams.codecs.json import Message
from streams.intake import Begun, Places, take
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.records import ForCases, Records, Said
from streams.settings import Settings, Topics
from streams.transport import GroupOwnership


def contracts(topics: Topics) -> dict[str, tuple[pydantic.TypeAdapter[Any], Callable[[Any], ForCases]]]:
    """Topic -> its contract, and how it is passed on."""
    return {
        topics.outcomes: (pydantic.TypeAdapter(FieldOutcome), lambda given: OutcomeGiven(outcome=given)),
        topics.decisions: (pydantic.TypeAdapter(BillingDecision), lambda given: DecisionGiven(decision=given)),
        topics.context: (pydantic.TypeAdapter(Context), lambda given: ContextGiven(context=given)),
    }


class Feedback:
    """The loop's body for topics without a state: passed on, then acked. `respond` drops what comes twice."""

    name: Final = "feedback"

    def __init__(self, settings: Settings, publisher: Publisher, ownership: GroupOwnership, metrics: Metrics) -> None:
        self.lock = asyncio.Lock()
        self.last_ack = time.monotonic()
        self._contracts = contracts(settings.topics)
        self.topics = tuple(self._contracts)
        self._publisher = publisher
        self._records = Records(settings, self.name)
        self._ownership = ownership
        self._metrics = metrics
        self._places = Places(self.topics, ownership)

    def positions(self) -> dict[TP, int]:
        """Last offset that is done, by partition."""
        return self._places.positions()

    async def run(self, events: Sequence[Any], generation: int) -> None:
        """A batch of Faust events. What is not ours any more stays unacked."""
        async with self.lock:
            began = time.monotonic()
            mine, done = await take(events, generation, self._places.of, self._ownership)
            said = [self._of(place, [Message(m.offset, m.value or b"") for m in own]) for place, own in mine.items()]
            await self._publisher.write(record for one in said for record in self._records.of(one))
            if not self._ownership.current(generation):
                return
            for place, messages in mine.items():
                place.offset = messages[-1].offset
            for event in done:
                event.ack()
            self.last_ack = time.monotonic()
            self._metrics.said(said, time.time())
            for tp in (place.tp for place in mine):
                self._metrics.heard.came(tp, began)
            self._metrics.batch(self.name, len(done), self.last_ack - began)

    def _of(self, place: Begun, messages: Sequence[Message]) -> Said:
        contract, passed_on = self._contracts[place.tp.topic]
        given, rejected = read_all(messages, contract)
        cases = [passed_on(one) for _, one in given]
        return Said(place.tp.topic, place.tp.partition, cases=cases, rejected=rejected)
