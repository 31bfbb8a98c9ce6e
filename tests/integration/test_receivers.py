"""Receiving systems on a real Kafka: lines that come again and processes that die change nothing."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.kafka import Cluster
from models.contracts import BillingDecision, FieldOutcome
from models.domain.ids import partition_of
from tests.support.actions import action, hold, notification, work_order

pytestmark = pytest.mark.kafka
PARTITIONS = 3
ACTIONS = 30


@pytest.mark.parametrize(
    ("receiver", "make", "key", "answer"),
    [
        ("field_ops", work_order, "premise_id", FieldOutcome),
        ("notifier", notification, "account_id", None),
        ("billing", hold, "account_id", BillingDecision),
    ],
)
def test_each_line_takes_effect_once(
    receiver: str, make: Callable[..., Any], key: str, answer: Any, kafka: Cluster, unique: str, tmp_path: Path
) -> None:
    lines = [make(n) for n in range(ACTIONS)] + [make(n, 2) for n in range(0, ACTIONS, 3)]
    order = {
        "receiver": receiver,
        "bootstrap": kafka.bootstrap,
        "state": str(tmp_path / "state.db"),
        "topic": f"{unique}.lines",
        "answers": f"{unique}.answers",
        "group": f"{unique}.{receiver}",
    }
    send_twice(kafka.bootstrap, order["topic"], order["answers"], lines, key)
    deaths = [["taken", 1]] + ([["said", 7]] if answer else [])
    for kill in deaths:
        assert run({**order, "kill": kill}).returncode == -signal.SIGKILL
    done = run(order)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["effects"] == {line.ce_id: 1 for line in lines}
    assert sum(n for what, n in said["counts"].items() if what not in ("repeats", "answered")) == len(lines)
    if answer:
        answers = [
            answer.model_validate_json(value) for value in asyncio.run(values(kafka.bootstrap, order["answers"]))
        ]
        assert len(answers) > ACTIONS  # some were said again after a death
        again = {one.id: one for one in answers}
        assert all(again[one.id] == one for one in answers)
        assert sorted(getattr(one, "order_id", getattr(one, "hold_id", "")) for one in again.values()) == sorted(
            action(n) for n in range(ACTIONS)
        )


def run(order: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """The receiver's process, to its end."""
    command = [sys.executable, "-W", "error", "-m", "tests.integration.receiver_process", json.dumps(order)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def send_twice(bootstrap: str, topic: str, answers: str, lines: Sequence[Any], key: str) -> None:
    """All lines, and all of them again, as after the death of who wrote them."""

    async def send() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (topic, answers)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
            for line in [*lines, *lines]:
                name = getattr(line, key)
                headers = [("ce_specversion", b"1.0"), ("ce_id", line.ce_id.encode())]
                await producer.send(
                    topic,
                    line.model_dump_json().encode(),
                    key=name.encode(),
                    partition=partition_of(name, PARTITIONS),
                    headers=headers,
                )

    asyncio.run(send())


async def values(bootstrap: str, topic: str) -> list[bytes]:
    """All of a topic; each message stands in the partition of its premise."""
    found = []
    parts = [TopicPartition(topic, n) for n in range(PARTITIONS)]
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    assert record.partition == partition_of(record.key.decode(), PARTITIONS)
                    assert dict(record.headers)["ce_id"].decode() in record.value.decode()
                    found.append(record.value)
    return found
