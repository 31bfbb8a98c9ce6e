"""`ami.meter-events`: what meters report of themselves, told to their rows as event time passes it."""

import dataclasses
from typing import Final

import pydantic

from models.contracts import MeterEvent
from models.domain.blocks import Rejected
from models.domain.ids import partition_of
from models.domain.times import EARLIEST, LATEST, to_us
from streams.codecs.documents import read
from streams.codecs.json import Message
from streams.metered import Metered
from streams.settings import Settings
from streams.slots import Slot

_CONTRACT: Final = pydantic.TypeAdapter(MeterEvent)


@dataclasses.dataclass(frozen=True, slots=True)
class Device:
    """Puts records of `ami.meter-events` into the partitions."""

    settings: Settings

    def put(self, slot: Slot[Metered], message: Message) -> Rejected | None:
        """One record; one that comes again changes nothing."""
        event = read(message, _CONTRACT)
        if isinstance(event, Rejected):
            return event
        right = partition_of(event.meter_id, self.settings.partitions)
        if right != slot.number:
            detail = f"meter {event.meter_id} belongs to {right}"
            return Rejected(message.offset, "wrong_partition", detail, message.value)
        if not slot.state.known(event.meter_id):
            return Rejected(message.offset, "unknown_meter", f"meter {event.meter_id}", message.value)
        at, received_at = to_us(event.at), to_us(event.received_at or event.at)
        if not EARLIEST <= min(at, received_at) <= max(at, received_at) < LATEST:
            return Rejected(message.offset, "absurd_time", f"at {event.at.isoformat()}", message.value)
        slot.state.partition.put_event(event.meter_id, at, received_at, event.code)
        return None
