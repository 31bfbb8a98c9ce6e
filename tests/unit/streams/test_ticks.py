"""Time goes on without records: who writes ticks, how they are read, and where a batch is cut at them."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from models.contracts import Meter
from models.domain.blocks import Blocks, Rejected
from models.domain.times import NEVER, SECOND, to_text
from models.pipeline import Outcome
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.agents.detect import Detect
from streams.codecs.json import Message
from streams.codecs.ticks import is_tick, tick_time
from streams.deps import Deps
from streams.metered import Metered
from streams.publish import Publisher
from streams.settings import Settings
from streams.slots import new_slot
from streams.ticks import Ticks
from tests.unit.streams.fakes import FakeOwnership, FakeProducer

SETTINGS = Settings(partitions=1, tick_after_s=60)
NOON = 1_714_564_800 * SECOND


def tick(time: str) -> bytes:
    return json.dumps({"tick": time}).encode()


def reading(start: str = "2024-05-01T12:00:00Z") -> bytes:
    return json.dumps({"meter_id": "m", "start": start, "value": 1}).encode()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (tick("2024-05-01T12:00:00Z"), NOON),
        (tick("2024-05-01T14:00:00+02:00"), NOON),
        (tick("2024-05-01T12:00:00"), "schema"),
        (tick("1970-01-01T00:00:00Z"), "absurd_time"),
        (b'{"tick": 7}', "schema"),
        (b'{"tick": "2024', "not_json"),
    ],
)
def test_a_tick_is_a_time_or_a_dead_letter(value: bytes, found: object) -> None:
    assert is_tick(Message(3, value))
    time = tick_time(Message(3, value))
    assert (time.reason if isinstance(time, Rejected) else time) == found


def test_a_block_is_no_tick() -> None:
    assert not is_tick(Message(0, reading()))
    assert not is_tick(Message(0, b""))


def test_a_batch_is_cut_at_ticks_and_order_is_kept() -> None:
    taken: list[Any] = []

    def detect(blocks: Blocks, partition: Partition, _policy: Policy, *, parked: bool = False) -> Outcome:
        taken.append(blocks.offset.tolist())
        return Outcome()

    def advance(_partition: Partition, _policy: Policy, offset: int, time: int) -> Outcome:
        taken.append((offset, to_text(time)))
        rejected = [Rejected(offset, "absurd_time", "too far", readings=0)] if offset == 5 else []
        return Outcome(rejected=rejected)

    state = Metered(0, SETTINGS)
    state.partition.put_meter(Meter(meter_id="m", service="water", unit="L", interval_s=900, timezone="UTC"))
    noon = "2024-05-01T12:00:00Z"
    values = [reading(), reading(), tick(noon), b'{"tick"}', reading(), tick(noon)]
    said = Detect(SETTINGS, Deps(detect=detect, advance=advance)).work(
        state, [Message(n, value) for n, value in enumerate(values)]
    )
    assert taken == [[0, 1], (2, noon), [4], (5, noon)]
    assert [(letter.offset, letter.reason, letter.raw) for letter in said.rejected] == [
        (3, "not_json", values[3]),
        (5, "absurd_time", values[5]),
    ]
    assert said.counts["rejected"] == 0, "a tick is no reading"
    assert state.offset == 5


class Scene:
    """One partition whose event time is noon, heard of at second 100."""

    def __init__(self) -> None:
        self.slot = new_slot("detect", Metered(0, SETTINGS))
        self.slot.recovered = True
        self.slot.heard = 100.0
        self.slot.state.partition.clock.event_time = NOON
        self.producer = FakeProducer([])
        store: Any = SimpleNamespace(
            slots={0: self.slot}, usable=lambda _number: None if self.slot.ahead else self.slot
        )
        ownership: Any = FakeOwnership()
        self.ticks = Ticks(SETTINGS, store, Publisher(self.producer), ownership)

    def look(self, now: float) -> list[str]:
        """Ticks so far."""
        asyncio.run(self.ticks.look(now))
        return [json.loads(value)["tick"] for _, value, _ in self.producer.topics.get(("ami.readings", 0), [])]


def test_a_silent_partition_gets_a_tick_of_event_time_and_the_time_passed() -> None:
    scene = Scene()
    assert scene.look(159.0) == []
    assert scene.look(165.0) == ["2024-05-01T12:01:05Z"]
    assert scene.look(166.0) == ["2024-05-01T12:01:05Z"], "one, while it is on its way"


def test_no_tick_without_an_event_time_or_while_a_step_is_under_way() -> None:
    scene = Scene()
    scene.slot.ahead = True
    assert scene.look(1000.0) == []
    scene.slot.ahead = False
    scene.slot.state.partition.clock.event_time = NEVER
    assert scene.look(1000.0) == []
