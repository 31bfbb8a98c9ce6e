"""`ami.meters`: what the MDM knows of meters. Read whole before readings flow, and followed from then on."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any

import faust
import pydantic
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.contracts import Meter
from models.domain.ids import partition_of
from streams.settings import Settings
from streams.steps import Steps
from streams.store import PartitionStore, Slot
from streams.transport import GroupOwnership, raw_topic

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """Puts records of `ami.meters` into the partitions."""

    settings: Settings
    store: PartitionStore

    async def read_all(self, slots: Sequence[Slot]) -> None:
        """Everything up to the end of the topic, for slots that have not seen it. No group: nothing is committed."""
        new = {
            TopicPartition(self.settings.topics.meters, slot.number): slot
            for slot in slots
            if slot.meters_offset is None
        }
        if not new:
            return
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            consumer.assign(list(new))
            ends = await consumer.end_offsets(list(new))
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        self.put(new[tp], record.offset, record.value)
        finally:
            await consumer.stop()
        for tp, slot in new.items():
            slot.meters_offset = ends[tp] - 1
        log.info("%d meters are known", sum(len(slot.partition.meters) for slot in slots))

    def put(self, slot: Slot, offset: int, value: bytes | None) -> None:
        """One record; older ones than the slot has are ignored, and so are tombstones: what was learnt stays."""
        if slot.meters_offset is not None and offset <= slot.meters_offset:
            return
        slot.meters_offset = offset
        if not value:
            return
        try:
            meter = Meter.model_validate_json(value)
        except pydantic.ValidationError as error:
            log.warning("%s %d at %d is ignored: %s", self.settings.topics.meters, slot.number, offset, _brief(error))
            return
        right = partition_of(meter.meter_id, self.settings.partitions)
        if right != slot.number:
            log.warning("meter %s in partition %d belongs to %d: ignored", meter.meter_id, slot.number, right)
            return
        slot.partition.put_meter(meter)


def reference_agent(
    app: faust.App, settings: Settings, reference: Reference, steps: Steps, ownership: GroupOwnership
) -> None:
    """Declares the agent."""
    meters = raw_topic(app, settings.topics.meters)
    store = reference.store

    async def follow(stream: Any) -> None:
        stream.enable_acks = False  # see the detect agent
        async for events in stream.noack_take(settings.batch_messages, within=settings.batch_wait_s):
            async with store.lock:
                mine = [e for e in events if _usable(e, store, ownership)]
                for event in mine:
                    reference.put(store.slots[event.message.partition], event.message.offset, event.message.value)
                slots = {store.slots[event.message.partition] for event in mine}
                await steps.release(slots, ownership.generation)
                for event in mine:
                    event.ack()

    app.agent(meters, name="reference")(follow)


def _usable(event: Any, store: PartitionStore, ownership: GroupOwnership) -> bool:
    slot = store.slot(event.message.partition)
    return slot is not None and not slot.ahead and event.message.generation_id == ownership.generation


def _brief(error: pydantic.ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))[:200]
