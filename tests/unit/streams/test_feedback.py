"""Answers of people are passed on or set aside, and acked; accounts are followed."""

import asyncio
import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from models.domain.ids import partition_of
from streams.accounts import Accounts
from streams.agents.feedback import Feedback
from streams.metrics import Metrics
from streams.publish import Publisher
from streams.settings import Settings
from tests.unit.streams.fakes import FakeEvent, FakeOwnership, FakeProducer

SETTINGS = Settings(partitions=4)
TOPICS = SETTINGS.topics
AT = "2024-05-01T12:00:00Z"
OUTCOME = {"id": "o", "order_id": "w", "meter_id": "m", "premise_id": "p", "at": AT, "outcome": "confirmed"}
DECISION = {"id": "d", "hold_id": "h", "premise_id": "p", "at": AT, "decision": "approve", "by": "clerk"}
CONTEXT = {"premise_id": "p", "kind": "vacation", "from": AT, "until": None}


class Scene:
    """The agent's body between fakes."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.producer = FakeProducer(self.said)
        self.ownership = FakeOwnership()
        self.ownership.starts = {TP(topic, 2): 0 for topic in (TOPICS.outcomes, TOPICS.decisions, TOPICS.context)}
        ownership: Any = self.ownership
        self.feedback = Feedback(SETTINGS, Publisher(self.producer), ownership, Metrics(CollectorRegistry()))

    def event(self, topic: str, offset: int, plain: Any, generation: int = 1) -> FakeEvent:
        value = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
        return FakeEvent(self.said, 2, offset, value, generation, topic)

    def run(self, *events: FakeEvent) -> list[bool]:
        asyncio.run(self.feedback.run(events, 1))
        return [event.acked for event in events]

    def cases(self) -> list[dict[str, Any]]:
        records = self.producer.topics.get((TOPICS.cases, partition_of("p", 4)), [])
        assert {key for key, _, _ in records} <= {b"p"}
        return [json.loads(value) for _, value, _ in records]

    def letters(self) -> list[dict[str, Any]]:
        return [json.loads(value) for _, value, _ in self.producer.topics.get((TOPICS.dead_letters, 2), [])]


@pytest.mark.parametrize(
    ("topic", "plain", "kind"),
    [
        (TOPICS.outcomes, OUTCOME, "outcome"),
        (TOPICS.decisions, DECISION, "decision"),
        (TOPICS.context, CONTEXT, "context"),
    ],
)
def test_what_fits_is_passed_on_by_premise_and_acked(topic: str, plain: dict[str, Any], kind: str) -> None:
    scene = Scene()
    assert scene.run(scene.event(topic, 0, plain)) == [True]
    assert scene.cases() == [{"kind": kind, kind: {**scene.cases()[0][kind], **plain}}]
    assert scene.said[-2:] == [f"{TOPICS.cases} acked", "input acked"]
    assert scene.letters() == []


def test_what_does_not_is_set_aside_with_its_bytes_and_acked() -> None:
    scene = Scene()
    bad = json.dumps({**OUTCOME, "outcome": "perhaps"}).encode()
    events = [scene.event(TOPICS.outcomes, n, value) for n, value in enumerate((bad, b"{", b"", OUTCOME))]
    assert scene.run(*events) == [True] * 4
    letters = scene.letters()
    assert [(x["topic"], x["partition"], x["offset"], x["reason"]) for x in letters] == [
        (TOPICS.outcomes, 2, 0, "schema"),
        (TOPICS.outcomes, 2, 1, "not_json"),
        (TOPICS.outcomes, 2, 2, "empty"),
    ]
    assert base64.b64decode(letters[0]["raw"]) == bad
    assert letters[0]["detail"].startswith("outcome: ")
    assert len(scene.cases()) == 1


def test_a_broker_that_fails_leaves_the_input_unacked() -> None:
    scene = Scene()
    scene.producer.broken = TOPICS.cases
    event = scene.event(TOPICS.outcomes, 0, OUTCOME)
    with pytest.raises(OSError, match="gone"):
        scene.run(event)
    assert not event.acked


def test_older_generations_are_left_alone_and_holes_are_asked_for() -> None:
    scene = Scene()
    tp = TP(TOPICS.outcomes, 2)
    scene.ownership.starts[tp] = 5
    assert scene.run(scene.event(TOPICS.outcomes, 5, OUTCOME, generation=0)) == [False]
    assert scene.run(scene.event(TOPICS.outcomes, 7, OUTCOME)) == [False]
    assert scene.ownership.asked_again == [{tp: 5}]
    assert scene.run(*(scene.event(TOPICS.outcomes, n, OUTCOME) for n in (5, 6, 7))) == [True] * 3
    assert scene.run(scene.event(TOPICS.outcomes, 6, OUTCOME)) == [True], "what is done already"
    assert len(scene.cases()) == 3
    assert scene.feedback.positions() == {tp: 7, TP(TOPICS.decisions, 2): -1, TP(TOPICS.context, 2): -1}


def test_before_reading_has_begun_nothing_is_taken() -> None:
    scene = Scene()
    scene.ownership.starts = {}
    assert scene.run(scene.event(TOPICS.outcomes, 0, OUTCOME)) == [False]
    assert scene.feedback.positions() == {}


class Told:
    """Accounts as records tell of them."""

    def __init__(self) -> None:
        self.producer = FakeProducer([])
        self.accounts = Accounts(SETTINGS, Publisher(self.producer), Metrics(CollectorRegistry()))

    def put(self, key: str, value: bytes | None, partition: int = 0, offset: int = 0) -> None:
        self.accounts.put(SimpleNamespace(key=key.encode(), value=value, partition=partition, offset=offset))

    def set_aside(self, *mine: int) -> list[tuple[int, int]]:
        self.producer.topics.clear()
        asyncio.run(self.accounts.set_aside(mine))
        letters = [json.loads(value) for records in self.producer.topics.values() for _, value, _ in records]
        assert {letter["reason"] for letter in letters} <= {"schema", "not_json"}
        return [(letter["partition"], letter["offset"]) for letter in letters]


def test_the_last_record_of_an_account_counts_and_a_tombstone_takes_it_away() -> None:
    told = Told()
    told.put("a", b'{"account_id": "a", "language": "en"}')
    told.put("b", b'{"account_id": "b"}')
    told.put("a", b'{"account_id": "a", "language": "es"}')
    told.put("b", None)
    assert {name: account.language for name, account in told.accounts.items()} == {"a": "es"}


def test_of_all_workers_the_one_with_the_partition_sets_a_bad_account_aside() -> None:
    told = Told()
    told.put("a", b"{}", partition=1, offset=4)
    told.put("b", b"nonsense", partition=3, offset=9)
    assert told.set_aside(0, 2) == []
    assert told.set_aside(1) == [(1, 4)]
    assert told.set_aside(1, 3) == [(3, 9)]
    assert told.set_aside(1, 3) == []
