"""What comes into the partitions beside the readings: meters and their events, good and bad."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.agents.detect import Detect
from streams.agents.device import Device
from streams.agents.reference import Reference
from streams.beside import Beside
from streams.deps import Deps
from streams.metered import Metered
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.records import Records
from streams.settings import Settings
from streams.slots import new_slot
from streams.steps import Steps
from tests.unit.streams.fakes import FakeEvent, FakeOwnership, FakeProducer

SETTINGS = Settings(partitions=1)
TOPICS = SETTINGS.topics
METER = {"meter_id": "m", "service": "water", "unit": "L", "interval_s": 900, "timezone": "UTC"}
EVENT = {"meter_id": "m", "at": "2024-05-01T12:00:00Z", "code": "3.12.43.257"}


class Scene:
    """A partition that knows meter `m`, and both agents' bodies."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.slot = new_slot("detect", Metered(0, SETTINGS))
        self.slot.recovered = True
        self.producer = FakeProducer(self.said, 100)
        publisher, ownership, stage = Publisher(self.producer), FakeOwnership(), Detect(SETTINGS, Deps()).stage()
        store: Any = SimpleNamespace(
            lock=asyncio.Lock(), slots={0: self.slot}, usable=lambda _n: None if self.slot.ahead else self.slot
        )
        steps = Steps(stage, SETTINGS, Deps(), store, publisher, ownership, Metrics(CollectorRegistry()))
        ownership.starts = {TP(TOPICS.meters, 0): 0, TP(TOPICS.meter_events, 0): 0}
        owner: Any = ownership
        self.registry = CollectorRegistry()
        rest: Any = (steps, publisher, Records(SETTINGS, "detect"), owner, Metrics(self.registry))
        self.meters = Beside("reference", TOPICS.meters, Reference(SETTINGS).put, Metered.waits_for_meters, *rest)
        self.events = Beside("device", TOPICS.meter_events, Device(SETTINGS).put, lambda _: True, *rest)
        self.tell(self.meters, TOPICS.meters, METER)

    def tell(self, beside: Beside, topic: str, *plains: Any, first: int = 0) -> list[bool]:
        values = [plain if isinstance(plain, bytes) else json.dumps(plain).encode() for plain in plains]
        events = [FakeEvent(self.said, 0, first + n, value, topic=topic) for n, value in enumerate(values)]
        asyncio.run(beside.run(events, 1))
        return [event.acked for event in events]

    def letters(self) -> list[tuple[str, int, str]]:
        records = self.producer.topics.get((TOPICS.dead_letters, 0), [])
        letters = [json.loads(value) for _, value, _ in records]
        return [(letter["topic"], letter["offset"], letter["reason"]) for letter in letters]


def test_a_meter_that_breaks_its_contract_is_a_dead_letter() -> None:
    scene = Scene()
    assert scene.tell(scene.meters, TOPICS.meters, {**METER, "unit": "furlong"}, b"{", b"", first=1) == [True] * 3
    assert scene.letters() == [(TOPICS.meters, 1, "schema"), (TOPICS.meters, 2, "not_json")]
    assert scene.slot.state.meters_offset == 3
    counted = scene.registry.get_sample_value
    assert counted("meterwatch_dead_letters_total", {"reason": "schema"}) == 1
    assert counted("meterwatch_messages_total", {"stage": "reference"}) == 4


def test_an_event_is_in_the_state_before_it_is_acked() -> None:
    scene = Scene()
    assert scene.tell(scene.events, TOPICS.meter_events, EVENT) == [True]
    assert scene.slot.state.partition.events
    assert scene.said.index(f"{TOPICS.state} acked") < len(scene.said) - 1
    assert scene.said[-1] == "input acked"
    again = Metered(0, SETTINGS)
    for key, value, _ in scene.producer.topics[TOPICS.state, 0]:
        again.apply(key, value)
    assert again.partition.events == scene.slot.state.partition.events


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        ({**EVENT, "meter_id": "nobody"}, "unknown_meter"),
        ({**EVENT, "at": "yesterday"}, "schema"),
        ({**EVENT, "at": "2200-01-01T00:00:00Z"}, "absurd_time"),
        ({**EVENT, "received_at": "1970-01-01T00:00:00Z"}, "absurd_time"),
        (b"tamper!", "not_json"),
        (b"", "empty"),
    ],
)
def test_a_bad_event_is_a_dead_letter_and_the_next_is_taken(plain: Any, reason: str) -> None:
    scene = Scene()
    assert scene.tell(scene.events, TOPICS.meter_events, plain, EVENT) == [True, True]
    assert scene.letters() == [(TOPICS.meter_events, 0, reason)]
    assert len(scene.slot.state.partition.events) == 1


def test_while_a_partition_is_in_doubt_nothing_is_taken() -> None:
    scene = Scene()
    scene.slot.ahead = True
    assert scene.tell(scene.events, TOPICS.meter_events, EVENT) == [False]
    assert not scene.slot.state.partition.events
