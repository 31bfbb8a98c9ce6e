"""What every stage has of the loop: marks after what they cover, the trail after the state, and recovery of both."""

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from models.contracts import Claim, Decision
from models.domain.times import NEVER, SECOND, to_datetime
from models.state.merge import END
from streams.codecs.json import Message
from streams.deps import Deps
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.records import Said
from streams.settings import Settings
from streams.slots import new_slot
from streams.snapshots import Arrays
from streams.steps import StageOf, Steps
from tests.unit.streams.fakes import FakeEvent, FakeOwnership, FakeProducer

SETTINGS = Settings(partitions=2, mark_every_s=300)
TOPICS = SETTINGS.topics


class Counted:
    """A tiny state: the last message is its event time in seconds."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.offset = -1
        self.event_time = NEVER

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        return [(b"p", json.dumps([self.offset, self.event_time]).encode())]

    def settle(self) -> None:
        pass

    def apply(self, key: bytes, value: bytes | None) -> None:
        self.offset, self.event_time = json.loads(value or b"")

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"counted": np.array([self.offset, self.event_time])}

    def restore(self, arrays: Arrays) -> None:
        self.offset, self.event_time = arrays["counted"].tolist()


def work(state: Counted, messages: Sequence[Message]) -> Said:
    """Says a claim and decides something of every message."""
    cases, decisions = [], []
    for message in messages:
        state.offset = message.offset
        state.event_time = {b"never": NEVER, b"end": END}.get(message.value) or int(message.value) * SECOND
        at = to_datetime(max(0, min(state.event_time, END - 1)))
        premise, anomaly = f"premise-{message.offset}", f"anomaly-{message.offset}"
        cases.append(Claim(source="fake-0", at=at, premise_id=premise, anomaly_id=anomaly, incident_id="i"))
        decisions.append(Decision(SECOND, "claimed", anomaly))
    return Said("fake.input", state.number, state.event_time, cases=cases, decisions=decisions)


class Scene:
    """One partition of a stage, and what it writes."""

    def __init__(self, said: list[str] | None = None) -> None:
        self.said: list[str] = [] if said is None else said
        self.slot = new_slot("fake", Counted(0))
        self.slot.recovered = True
        self.producer = FakeProducer(self.said, 100)
        self.ownership = FakeOwnership()
        stage = StageOf("fake", "fake.input", "fake.state", Counted, work, (TOPICS.cases,))
        deps = Deps(reached=self.said.append)
        self.steps: Steps[Counted] = Steps(
            stage, SETTINGS, deps, self.store(), Publisher(self.producer), self.ownership, Metrics(CollectorRegistry())
        )

    def store(self) -> Any:
        return SimpleNamespace(lock=asyncio.Lock(), usable=lambda _number: self.slot)

    def run(self, *values: bytes) -> list[bool]:
        first = self.slot.offset + 1
        events = [FakeEvent(self.said, 0, first + n, value, topic="fake.input") for n, value in enumerate(values)]
        asyncio.run(self.steps.run(events, 1))
        return [event.acked for event in events]

    def marks(self, partition: int = 1) -> list[str | None]:
        """Those on a partition of cases."""
        records = (json.loads(value) for _, value, _ in self.producer.topics.get((TOPICS.cases, partition), []))
        return [record["at"] for record in records if record["kind"] == "mark"]


def test_outputs_state_then_trail_and_marks_then_acks() -> None:
    scene = Scene()
    assert scene.run(b"600") == [True]
    said = [word for word in scene.said if not word.endswith("sent")]
    assert said[:5] == [
        "fake before_outputs",
        f"{TOPICS.cases} acked",
        "fake after_outputs",
        "fake before_state",
        "fake.state acked",
    ]
    assert said[5] == "fake after_state"
    assert sorted(said[6:9]) == sorted([f"{TOPICS.audit} acked", f"{TOPICS.cases} acked", f"{TOPICS.cases} acked"])
    assert said[9:] == ["fake before_acks", "input acked", "fake after_acks"]


def test_marks_come_after_the_records_of_their_partition_and_reach_every_one() -> None:
    scene = Scene()
    scene.run(*(b"600" for _ in range(20)))
    for partition in range(2):
        kinds = [json.loads(value)["kind"] for _, value, _ in scene.producer.topics[TOPICS.cases, partition]]
        assert kinds[-1] == "mark"
        assert set(kinds[:-1]) == {"claim"}


def test_a_mark_is_said_again_when_event_time_has_moved_on_enough() -> None:
    scene = Scene()
    for value in (b"600", b"700", b"899", b"900", b"1000", b"5000"):
        scene.run(value)
    assert scene.marks() == ["1970-01-01T00:10:00Z", "1970-01-01T00:15:00Z", "1970-01-01T01:23:20Z"]


def test_nothing_is_said_of_a_time_that_nobody_knows_and_once_that_nobody_need_wait() -> None:
    scene = Scene()
    for value in (b"never", b"end", b"end", b"600"):
        scene.run(value)
    assert scene.marks() == [None, "1970-01-01T00:10:00Z"]


def test_recovered_a_slot_says_its_mark_and_its_last_entries_again() -> None:
    scene = Scene()
    scene.run(b"600", b"700")
    again = Scene()
    for key, value, _ in scene.producer.topics["fake.state", 0]:
        again.slot.apply(key, value)
    again.slot.trail.recovered()
    asyncio.run(again.steps.recovered([again.slot], lambda _slot: True))
    assert again.marks() == scene.marks() == ["1970-01-01T00:11:40Z"]
    entries = {key: records for key, records in scene.producer.topics.items() if key[0] == TOPICS.audit}
    assert {key: records for key, records in again.producer.topics.items() if key[0] == TOPICS.audit} == entries
    said = len(again.said)
    asyncio.run(again.steps.recovered([again.slot], lambda _slot: True))
    assert len(again.said) == said, "once"


@pytest.mark.parametrize("idle", [True, False])
def test_a_partition_with_input_to_read_is_waited_for(idle: bool) -> None:
    scene = Scene()
    scene.slot.state.event_time = END
    asyncio.run(scene.steps.recovered([scene.slot], lambda _slot: idle))
    assert scene.marks() == ([None] if idle else [])


def test_an_abandoned_batch_decides_nothing() -> None:
    scene = Scene()
    scene.ownership.ours = False
    assert scene.run(b"600") == [False]
    assert scene.producer.topics == {}
    assert scene.slot.ahead


def test_a_step_without_messages_is_none_without_slots() -> None:
    scene = Scene()
    assert asyncio.run(scene.steps.again([], 1))
    assert scene.said == []
