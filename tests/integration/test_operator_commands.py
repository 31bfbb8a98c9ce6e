"""`meterwatch dlq` and `meterwatch audit` on a real Kafka."""

import asyncio
import base64
import json
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from cli.cluster import whole
from cli.kafka import Cluster
from cli.settings import read_settings
from models.acting.audit import Chain
from models.contracts import DeadLetter, Decision
from models.domain.ids import partition_of
from streams.settings import Settings, Topics
from tests.support.command import Command, refused

pytestmark = pytest.mark.kafka
PARTITIONS = 3
GOOD = b'{"meter_id": "m1", "start": "2024-01-01T00:00:00Z", "value": 1.0}'


@pytest.fixture
def meterwatch(
    kafka: Cluster, unique: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command, with topics of this test's own."""
    names = {f"topics_{name}": f"{unique}.{name}" for name in Topics.model_fields}
    return Command(monkeypatch, capsys, bootstrap_servers=kafka.bootstrap, partitions=str(PARTITIONS), **names)


@pytest.fixture
def settings(meterwatch: Command) -> Settings:
    assert meterwatch("topics", "create").code == 0
    return read_settings()


def send(settings: Settings, topic: str, values: list[tuple[int, bytes]]) -> None:
    async def work() -> None:
        async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers) as producer:
            for partition, value in values:
                await producer.send_and_wait(topic, value, partition=partition)

    asyncio.run(work())


def letter(settings: Settings, partition: int, offset: int, reason: str, raw: bytes) -> tuple[int, bytes]:
    told = DeadLetter(
        reason=reason,
        detail="why",
        topic=settings.topics.readings,
        partition=partition,
        offset=offset,
        raw=base64.b64encode(raw).decode(),
    )
    return partition, told.model_dump_json().encode()


def test_dead_letters_are_listed_shown_and_sent_back(meterwatch: Command, settings: Settings) -> None:
    own = partition_of("m1", PARTITIONS)
    letters = [
        letter(settings, own, 4, "unknown_meter", GOOD),
        letter(settings, own, 4, "unknown_meter", GOOD),
        letter(settings, (own + 1) % PARTITIONS, 8, "wrong_partition", GOOD.replace(b"1.0", b"2.0")),
        letter(settings, 2, 9, "not_json", b"{"),
    ]
    assert meterwatch("dlq", "list").out == "no dead letters\n"
    send(settings, settings.topics.dead_letters, letters)
    listed = json.loads(meterwatch("dlq", "list", "--json").out)
    assert {row["reason"]: row["letters"] for row in listed} == {
        "unknown_meter": 1, "wrong_partition": 1, "not_json": 1,
    }  # fmt: skip
    assert "m1" in meterwatch("dlq", "list", "--reason", "unknown_meter").out
    assert GOOD.decode() in meterwatch("dlq", "show", f"{own}/4").out
    assert json.loads(meterwatch("dlq", "show", "2/9", "--json").out)["text"] == "{"

    choice = ("dlq", "replay", "--reason", "unknown_meter", "--reason", "wrong_partition")
    assert "2 letters would be sent back: say --yes" in refused(meterwatch(*choice))
    assert "2 messages would be sent back" in meterwatch(*choice, "--dry-run").out
    assert back(settings) == []
    assert "2 messages are sent back" in meterwatch(*choice, "--yes").out
    source = f"{settings.topics.readings}/"
    assert sorted(back(settings)) == [
        (own, b"m1", GOOD, f"{source}{own}/4"),
        (own, b"m1", GOOD.replace(b"1.0", b"2.0"), f"{source}{(own + 1) % PARTITIONS}/8"),
    ]
    assert meterwatch("dlq", "replay", "--offset", "2/9", "--yes", "--json").code == 0
    assert (2, None, b"{", f"{source}2/9") in back(settings)


def back(settings: Settings) -> list[tuple[Any, ...]]:
    """(partition, key, value, where it stood) of what is on `ami.readings`."""
    return [
        (record.partition, record.key, record.value, dict(record.headers)["meterwatch-replayed"].decode())
        for record in whole(settings.topics.readings, settings.bootstrap_servers)
    ]


def test_the_audit_trail_is_verified_from_its_beginning(meterwatch: Command, settings: Settings) -> None:
    chains = [Chain("respond", number) for number in range(PARTITIONS)]
    entries = [
        (
            chain.partition,
            chain.write(Decision(at=n, decision="hold.draft", subject=f"a{n}")).model_dump_json().encode(),
        )
        for n in range(20)
        for chain in chains
    ]
    send(settings, settings.topics.audit, entries)
    done = meterwatch("audit", "verify", "--json")
    assert (done.code, json.loads(done.out)["entries"]) == (0, 20 * PARTITIONS)
    send(settings, settings.topics.audit, [(1, entries[4][1].replace(b'"a1"', b'"a2"'))])
    done = meterwatch("audit", "verify")
    assert done.code == 1
    assert "respond 1, entry 1: broken" in done.err


def test_a_topic_that_is_not_there_is_named_and_not_made(meterwatch: Command, unique: str) -> None:
    for _ in range(2):
        assert f"topic {unique}.audit does not exist" in refused(meterwatch("audit", "verify"))
