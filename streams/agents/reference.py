"""`ami.meters`: what the MDM knows of meters. Read whole before readings flow, and followed from then on."""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Final

import pydantic
from aiokafka import TopicPartition

from models.contracts import Meter
from models.domain.blocks import Rejected
from models.domain.ids import partition_of
from streams.beside import Beside
from streams.codecs.documents import read
from streams.codecs.json import Message
from streams.metered import Metered
from streams.reading import consumer_of, to_the_end
from streams.settings import Settings
from streams.slots import Slot

log = logging.getLogger(__name__)
_CONTRACT: Final = pydantic.TypeAdapter(Meter)


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """Puts records of `ami.meters` into the partitions."""

    settings: Settings

    def put(self, slot: Slot[Metered], message: Message) -> Rejected | None:
        """One record; older ones than the slot has are ignored, and so are tombstones: what was learnt stays."""
        known = slot.state.meters_offset
        if known is not None and message.offset <= known:
            return None
        slot.state.meters_offset = message.offset
        if not message.value:
            return None
        meter = read(message, _CONTRACT)
        if isinstance(meter, Meter):
            right = partition_of(meter.meter_id, self.settings.partitions)
            if right == slot.number:
                slot.state.partition.put_meter(meter)
                return None
            detail = f"meter {meter.meter_id} belongs to {right}"
            meter = Rejected(message.offset, "wrong_partition", detail, message.value)
        log.warning("%s %d at %d: %s", self.settings.topics.meters, slot.number, message.offset, meter.detail)
        return meter


async def read_meters(reference: Reference, slots: Sequence[Slot[Metered]], meters: Beside) -> None:
    """Everything up to the end of the topic, for slots that have not seen it."""
    new = {slot.number: slot for slot in slots if slot.state.meters_offset is None}
    if not new:
        return
    rejected: dict[Slot[Metered], list[Rejected]] = {}
    tps = [TopicPartition(reference.settings.topics.meters, number) for number in new]
    async with consumer_of(reference.settings) as consumer:
        async for record in to_the_end(consumer, tps):
            slot = new[record.partition]
            letter = reference.put(slot, Message(record.offset, record.value or b""))
            if letter is not None:
                rejected.setdefault(slot, []).append(letter)
    await meters.set_aside(rejected)
    for slot in new.values():
        if slot.state.meters_offset is None:
            slot.state.meters_offset = -1
    log.info("%d meters are known", sum(len(slot.state.partition.meters) for slot in slots))
