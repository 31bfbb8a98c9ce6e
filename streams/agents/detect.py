"""`ami.readings` -> `ami.anomalies`, and on to the stages across meters."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.contracts import AnomalyEvent, Decision
from models.deciding.relay import case_records, findings
from models.domain.blocks import Blocks, Rejected
from models.domain.drifts import CohortDrift
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import day_of, to_us
from models.domain.units import SERVICES
from models.pipeline import Outcome
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.codecs.json import Message, decode
from streams.codecs.ticks import is_tick, tick_time
from streams.deps import Deps
from streams.metered import Metered
from streams.records import Said
from streams.settings import Settings
from streams.steps import StageOf


@dataclasses.dataclass(frozen=True, slots=True)
class Detect:
    """What becomes of messages of `ami.readings`."""

    settings: Settings
    deps: Deps

    def stage(self) -> StageOf[Metered]:
        """As the loop runs it."""
        topics = self.settings.topics
        return StageOf("detect", topics.readings, topics.state, self.new, self.work, (topics.groups, topics.cases))

    def new(self, number: int) -> Metered:
        """A partition of which nothing is known."""
        return Metered(number, self.settings)

    def work(self, state: Metered, messages: Sequence[Message]) -> Said:
        """Blocks of meters that have become known, then the messages, then what has waited for too long."""
        partition, parking = state.partition, state.parking
        services: Counter[str] = Counter()
        released = self._detect(state, parking.release(state.known), services, parked=True)
        outcome = _joined([released, *self._runs(state, messages, services)])
        if messages:
            partition.offset = messages[-1].offset
        parking.date(partition.event_time)
        expired = parking.expire(partition.event_time)
        readings = sum(letter.readings for letter in expired)
        outcome.counts.update(readings=readings, rejected=readings)
        events, policy = outcome.events, self.deps.policy
        times = {message.offset: message.at for message in messages if message.at} if events else {}
        return Said(
            self.settings.topics.readings,
            state.number,
            partition.event_time,
            events=[event for _, event in events],
            decided_by=[times[offset] for offset, _ in events if offset in times],
            rejected=sorted([*outcome.rejected, *expired], key=lambda letter: letter.offset),
            groups=[*findings(events, partition), *outcome.days],
            cases=case_records(events, partition),
            decisions=[*_of_drifts(outcome.drifts, policy), *_of_events([event for _, event in events], policy)],
            drifts=outcome.drifts,
            fell=outcome.fell,
            shadow=outcome.shadow,
            scored=outcome.scored,
            counts=outcome.counts,
            services=services,
        )

    def _runs(self, state: Metered, messages: Sequence[Message], services: Counter[str]) -> Iterator[Outcome]:
        """Blocks in runs between ticks."""
        for ticks, run in itertools.groupby(messages, is_tick):
            if ticks:
                yield from (self._tick(state, message) for message in run)
            else:
                yield self._detect(state, list(run), services)

    def _tick(self, state: Metered, message: Message) -> Outcome:
        time = tick_time(message)
        if isinstance(time, Rejected):
            return Outcome(rejected=[dataclasses.replace(time, readings=0)])
        outcome = self.deps.advance(state.partition, self.deps.policy, message.offset, time)
        outcome.rejected = [dataclasses.replace(letter, raw=message.value) for letter in outcome.rejected]
        return outcome

    def _detect(
        self, state: Metered, messages: Sequence[Message], services: Counter[str], *, parked: bool = False
    ) -> Outcome:
        """Decode and detect; what the codec refuses joins what detection refuses, what is unknown is parked."""
        if not messages:
            return Outcome()
        partition, settings = state.partition, self.settings
        decoded = decode(messages, partition, settings.partitions, settings.max_message_bytes)
        services.update(_services(decoded.blocks, partition))
        outcome = self.deps.detect(decoded.blocks, partition, self.deps.policy, parked=parked)
        refused = [state.parking.park(block, partition.event_time) for block in decoded.unknown]
        unread = [*decoded.rejected, *(letter for letter in refused if letter is not None)]
        outcome.rejected += unread
        readings = sum(letter.readings for letter in unread)
        outcome.counts.update(readings=readings, rejected=readings)
        return outcome


def _services(blocks: Blocks, partition: Partition) -> dict[str, int]:
    """Readings by the service of their meters."""
    partition.seal_facts()
    service = partition.facts["service"][partition.fact_of[blocks.meter]]
    readings = np.bincount(service, np.diff(blocks.first), len(SERVICES))
    return {name: int(count) for name, count in zip(SERVICES, readings, strict=True) if count}


def _joined(parts: Sequence[Outcome]) -> Outcome:
    whole = Outcome()
    for part in parts:
        whole.events += part.events
        whole.rejected += part.rejected
        whole.days += part.days
        whole.drifts += part.drifts
        whole.fell += part.fell
        whole.shadow += part.shadow
        whole.counts += part.counts
        for service, tally in part.scored.items():
            whole.scored[service] = whole.scored.get(service, 0.0) + tally
    return whole


def _of_drifts(drifts: Sequence[CohortDrift], policy: Policy) -> list[Decision]:
    """What is usual has changed for a cohort, and is learnt anew: as of when the day was due to close."""
    return [_of_drift(drift, day_of(drift.day).isoformat(), policy) for drift in drifts]


def _of_drift(drift: CohortDrift, day: str, policy: Policy) -> Decision:
    due = int(midnights(drift.zone)[drift.day + 1 - FIRST_DAY]) + policy.day_close_lag
    subject = "/".join((drift.zone, drift.service, drift.customer_class or "all", drift.series, day))
    inputs = {**dataclasses.asdict(drift), "day": day}
    return Decision(due, "cohort.drift", subject, inputs, {"policy": policy.digest})


def _of_events(events: Sequence[AnomalyEvent], policy: Policy) -> list[Decision]:
    """Lines in the life of anomalies as the audit trail has them: what the rules saw."""
    versions = {"policy": policy.digest} if events else {}
    return [
        Decision(to_us(event.updated_at), f"anomaly.{event.status}", event.id, _inputs(event), versions)
        for event in events
    ]


def _inputs(event: AnomalyEvent) -> dict[str, Any]:
    seen = [{"rule": seen.rule, "value": seen.value, "threshold": seen.threshold} for seen in event.evidence]
    plain = event.model_dump(include={"sequence", "meter_id", "cause", "confidence"})
    return {**plain, "evidence": seen}
