"""The order of a step: outputs, state, acks; and what is not done when something is wrong."""

import asyncio
import dataclasses
import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from models.contracts import AnomalyEvent, AuditEntry, Meter
from models.domain.blocks import Blocks
from models.domain.drifts import CohortDrift
from models.domain.ids import anomaly_id, partition_of
from models.pipeline import Outcome
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.agents.detect import Detect
from streams.deps import Deps
from streams.metered import Metered
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.records import Records, Said
from streams.settings import Settings
from streams.slots import Slot, new_slot
from streams.steps import POINTS, Steps
from streams.store import PartitionStore
from tests.unit.streams.fakes import FakeEvent, FakeOwnership, FakeProducer

SETTINGS = Settings(partitions=1)
TOPICS = SETTINGS.topics
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


class FakeStore:
    """Slots and the lock."""

    def __init__(self, *slots: Slot[Metered]) -> None:
        self.slots = {slot.number: slot for slot in slots}
        self.lock = asyncio.Lock()

    def usable(self, number: int) -> Slot[Metered] | None:
        return PartitionStore.usable(self, number)  # type: ignore[arg-type]  # all that it needs


def event_of(meter_id: str, sequence: int) -> AnomalyEvent:
    return AnomalyEvent(
        id=anomaly_id(meter_id, "flow", 0),
        meter_id=meter_id,
        cause="leak",
        status="opened" if sequence == 1 else "updated",
        start=NOON,
        detected_at=NOON,
        updated_at=NOON,
        sequence=sequence,
        confidence=0.5,
        severity="low",
    )


def one_event_a_block(blocks: Blocks, partition: Partition, _policy: Any, *, parked: bool = False) -> Outcome:
    """A tiny core: counts, and has something to say of every block."""
    partition.changed[blocks.meter] = True
    partition.rows["offset"][blocks.meter] = blocks.offset
    ids = [partition.meter_ids[meter] for meter in blocks.meter]
    events = [(int(o), event_of(m, int(o) + 1)) for o, m in zip(blocks.offset, ids, strict=True)]
    return Outcome(events=events, counts=Counter(accepted=len(blocks.start)))


@dataclasses.dataclass
class Scene:
    """A slot with meter `m`, and everything said in order."""

    detect: Callable[..., Outcome] = one_event_a_block
    room: int = 9
    """Records in a batch"""
    said: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.slot = new_slot("detect", Metered(0, SETTINGS))
        self.slot.recovered = True
        self.slot.state.partition.put_meter(
            Meter(meter_id="m", service="water", unit="L", interval_s=900, timezone="UTC")
        )
        self.producer = FakeProducer(self.said, self.room)
        self.ownership = FakeOwnership()
        self.registry = CollectorRegistry()
        deps = Deps(detect=self.detect, registry=self.registry, reached=self.said.append)
        store: Any = FakeStore(self.slot)
        stage, self.metrics = Detect(SETTINGS, deps).stage(), Metrics(self.registry)
        self.steps = Steps(stage, SETTINGS, deps, store, Publisher(self.producer), self.ownership, self.metrics)

    def counted(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"meterwatch_{name}", labels)

    def event(self, offset: int, value: bytes | None = None, generation: int = 1, at: float | None = None) -> FakeEvent:
        block = json.dumps({"meter_id": "m", "start": "2024-05-01T00:00:00Z", "value": 1}).encode()
        return FakeEvent(self.said, 0, offset, block if value is None else value, generation, timestamp=at)

    def run(self, *events: FakeEvent) -> list[bool]:
        asyncio.run(self.steps.run(events, 1))
        return [event.acked for event in events]

    def topic(self, name: str) -> list[Any]:
        return self.producer.topics.get((name, 0), [])


def test_outputs_then_state_then_acks() -> None:
    scene = Scene()
    assert scene.run(scene.event(0), scene.event(1)) == [True, True]
    said = [word for word in scene.said if not word.endswith("sent")]
    assert said == [
        "detect before_outputs",
        f"{TOPICS.anomalies} acked",
        f"{TOPICS.cases} acked",
        "detect after_outputs",
        "detect before_state",
        f"{TOPICS.state} acked",
        "detect after_state",
        f"{TOPICS.audit} acked",
        f"{TOPICS.groups} acked",
        f"{TOPICS.cases} acked",
        "detect before_acks",
        "input acked",
        "input acked",
        "detect after_acks",
    ]
    assert {word for word in said if word.startswith("detect ")} == {
        f"detect {point}" for point in POINTS if point != "mid_state"
    }
    assert not scene.slot.ahead
    assert scene.slot.changelog_offset == len(scene.topic(TOPICS.state)) - 1


def test_an_event_is_a_cloud_event() -> None:
    scene = Scene()
    scene.run(scene.event(0))
    key, value, headers = scene.topic(TOPICS.anomalies)[0]
    event = event_of("m", 1)
    assert key == b"m"
    assert AnomalyEvent.model_validate_json(value) == event
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": event.ce_id.encode(),
        "ce_source": b"/meterwatch/detect",
        "ce_type": b"meterwatch.anomaly.opened",
        "ce_time": b"2024-05-01T12:00:00Z",
        "content-type": b"application/json",
    }


def test_dead_letters_go_out_before_state() -> None:
    scene = Scene()
    assert scene.run(scene.event(0, b"nonsense"), scene.event(1)) == [True, True]
    ((_, value, headers),) = scene.topic(TOPICS.dead_letters)
    letter = json.loads(value)
    assert (letter["reason"], letter["topic"], letter["partition"], letter["offset"]) == (
        "not_json",
        TOPICS.readings,
        0,
        0,
    )
    assert headers == [("reason", b"not_json")]
    assert scene.said.index(f"{TOPICS.dead_letters} acked") < scene.said.index(f"{TOPICS.state} sent")
    for name in ("dead_letters", "readings_rejected"):
        assert scene.counted(f"{name}_total", reason="not_json") == 1
    assert scene.counted("readings_total", fate="accepted") == 1
    assert scene.counted("readings_decoded_total", service="water") == 1


def drifts_a_block(blocks: Blocks, *_: Any, **__: Any) -> Outcome:
    """A tiny core: with every block a day closes on which all have changed."""
    drifts = [CohortDrift("Europe/Madrid", "water", None, "level", "adwin", 19_844 + int(o)) for o in blocks.offset]
    return Outcome(drifts=drifts, fell=Counter(water=len(drifts)), scored={"water": np.array([3, 2, 0, 0, 1, 2.5])})


def test_drifts_are_counted_and_on_record_as_of_the_close_of_their_day() -> None:
    scene = Scene(drifts_a_block)
    tick = b'{"tick": "2024-05-01T12:00:00Z"}'
    scene.run(scene.event(0), scene.event(1, tick), scene.event(2))
    assert scene.counted("drift_events_total", service="water", detector="adwin") == 2
    assert scene.counted("drift_events_total", service="water", detector="page_hinkley") == 2
    assert scene.counted("readings_scored_total", service="water") == 12
    assert scene.counted("score_ratio_sum", service="water") == 5
    first, second = (AuditEntry.model_validate_json(value) for _, value, _ in scene.topic(TOPICS.audit))
    assert (first.writer, first.decision) == ("detect", "cohort.drift")
    assert first.subject == "Europe/Madrid/water/all/level/2024-05-01"
    assert second.subject == "Europe/Madrid/water/all/level/2024-05-03"
    assert first.inputs["detector"] == "adwin"
    assert first.versions == {"policy": Policy.default().digest}
    assert first.at == dt.datetime(2024, 5, 2, 4, tzinfo=dt.UTC), "midnight in Madrid and six hours"


def test_latency_is_that_of_events_whose_record_came_in_this_batch() -> None:
    scene = Scene()
    scene.run(scene.event(0, at=time.time() - 60), scene.event(1))
    assert scene.counted("event_latency_seconds_count") == 1
    assert scene.counted("event_latency_seconds_sum") == pytest.approx(60, abs=30)


def test_a_tick_is_no_input_from_outside() -> None:
    scene, tp = Scene(), TP(TOPICS.readings, 0)
    scene.run(scene.event(0, b'{"tick": "2024-05-01T12:00:00Z"}'))
    assert scene.metrics.heard.ages([tp], 10.0) == {tp: 0.0}, "waited for from now on"
    scene.run(scene.event(1))
    assert scene.metrics.heard.ages([tp], time.monotonic() + 100) == {tp: pytest.approx(100, abs=30)}


def test_state_in_several_batches_keeps_its_order() -> None:
    scene = Scene(room=3)
    stranger = json.dumps({"meter_id": "x", "start": "2024-05-01T00:00:00Z", "value": 1}).encode()
    scene.run(*(scene.event(n, stranger) for n in range(5)), scene.event(5))
    keys = [key for key, _, _ in scene.topic(TOPICS.state)]
    assert [key[:1] for key in keys] == [b"\0"] + [b"k"] * 5 + [b"m", b"p"]
    assert scene.said.count("detect mid_state") == 2


@pytest.mark.parametrize("broken", [TOPICS.anomalies, TOPICS.state])
def test_a_broker_that_fails_leaves_the_input_unacked(broken: str) -> None:
    scene = Scene()
    scene.producer.broken = broken
    event = scene.event(0)
    with pytest.raises(OSError, match="gone"):
        scene.run(event)
    assert not event.acked
    assert scene.slot.ahead
    if broken == TOPICS.anomalies:
        assert scene.topic(TOPICS.state) == []


def test_a_bug_in_detect_leaves_the_input_unacked() -> None:
    def bug(*_: Any, **__: Any) -> Outcome:
        raise ZeroDivisionError

    scene = Scene(detect=bug)
    event = scene.event(0)
    with pytest.raises(ZeroDivisionError):
        scene.run(event)
    assert not event.acked
    assert scene.producer.topics == {}


def test_what_was_seen_is_acked_and_not_done_again() -> None:
    scene = Scene()
    scene.run(scene.event(0), scene.event(1))
    events = len(scene.topic(TOPICS.anomalies))
    assert scene.run(scene.event(0), scene.event(1)) == [True, True]
    assert len(scene.topic(TOPICS.anomalies)) == events


def test_without_ownership_nothing_is_sent_and_memory_is_in_doubt() -> None:
    for attribute in ("ours", "confirms"):
        scene = Scene()
        setattr(scene.ownership, attribute, False)
        assert scene.run(scene.event(0)) == [False]
        assert scene.producer.topics == {}
        assert scene.slot.ahead
        scene.ownership.ours = scene.ownership.confirms = True
        assert scene.run(scene.event(0)) == [False], "until the partition is recovered"


def test_events_of_an_older_generation_are_left_alone() -> None:
    scene = Scene()
    assert scene.run(scene.event(0, generation=0)) == [False]


def test_nothing_is_done_before_a_partition_is_recovered() -> None:
    scene = Scene()
    scene.slot.recovered = False
    assert scene.run(scene.event(0)) == [False]


def test_a_hole_is_asked_for_once() -> None:
    scene = Scene()
    assert scene.run(scene.event(0), scene.event(3), scene.event(4)) == [True, False, False]
    assert scene.ownership.asked_again == [{TP("ami.readings", 0): 1}]
    assert scene.run(scene.event(5)) == [False]
    assert scene.run(scene.event(1), scene.event(2), scene.event(3), scene.event(4)) == [True] * 4
    assert scene.ownership.asked_again == [{TP("ami.readings", 0): 1}]
    assert scene.slot.state.partition.offset == 4


def test_a_hole_that_is_really_there_is_passed() -> None:
    scene = Scene()
    assert scene.run(scene.event(7), scene.event(8)) == [False, False]
    assert scene.run(scene.event(9)) == [False]
    assert scene.run(scene.event(7), scene.event(8)) == [True, True]
    assert scene.ownership.asked_again == [{TP("ami.readings", 0): 0}]
    assert scene.run(scene.event(12)) == [False]
    assert scene.ownership.asked_again == [{TP("ami.readings", 0): 0}, {TP("ami.readings", 0): 9}]


def test_parked_blocks_are_released_when_their_meter_is_known() -> None:
    scene = Scene()
    stranger = json.dumps({"meter_id": "x", "start": "2024-05-01T00:00:00Z", "value": 1}).encode()
    assert scene.run(scene.event(0, stranger)) == [True]
    assert len(scene.slot.state.parking) == 1
    scene.slot.state.partition.put_meter(Meter(meter_id="x", service="water", unit="L", interval_s=900, timezone="UTC"))
    asyncio.run(scene.steps.again([scene.slot], 1))
    assert len(scene.slot.state.parking) == 0
    assert len(scene.topic(TOPICS.anomalies)) == 1
    key, value, _ = scene.topic(TOPICS.state)[-1]
    assert (key[:1], value) == (b"k", None), "the tombstone comes last"
    assert not scene.slot.state.waits_for_meters()


def test_the_partition_of_an_event_is_that_of_its_meter() -> None:
    said: list[str] = []
    producer = FakeProducer(said)
    words = Said("ami.readings", 0, events=[event_of(f"meter-{n}", 1) for n in range(20)])

    async def send() -> None:
        await Publisher(producer).write(Records(Settings(partitions=8), "detect").of(words))

    run: Coroutine[Any, Any, None] = send()
    asyncio.run(run)
    for (_, number), records in producer.topics.items():
        assert all(partition_of(key.decode(), 8) == number for key, _, _ in records)
