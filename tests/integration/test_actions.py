"""From readings to orders, notices and holds on a real Kafka: each once, whoever dies, with the trail whole."""

import json
import pathlib
import random
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from cli.kafka import Cluster
from models.contracts import WorkOrder
from models.domain.times import NEVER
from streams.steps import POINTS
from tests.integration.acts import Acts, acts, expected_acts, whole
from tests.integration.stage import PARTITIONS, Stage, blocks, meters, stage

pytestmark = pytest.mark.kafka
METERS = [
    meter.model_copy(
        update={
            "premise_id": f"premise-{n // 2}",
            "account_id": f"account-{n // 2}",
            "transformer_id": f"district-{n % 3}",
            "customer_class": "commercial" if n % 2 else "residential",
            "head_end": "H1",
        }
    )
    for n, meter in enumerate(meters())
]
MESSAGES = blocks(METERS)


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Acts, dict[str, int]]:
    return expected_acts(METERS, MESSAGES)


@pytest.fixture
def play(kafka: Cluster, unique: str, tmp_path: pathlib.Path) -> Iterator[Stage]:
    with stage(kafka.bootstrap, unique, tmp_path, session_timeout_s=6, heartbeat_s=1, mark_every_s=0.001) as play:
        play.know(METERS)
        yield play


def test_an_anomaly_leads_to_its_actions_once(play: Stage, undisturbed: tuple[Acts, dict[str, int]]) -> None:
    play.send(MESSAGES)
    worker = play.worker()
    play.wait_until_read(alive=[worker])
    assert acts(play) == undisturbed[0]
    assert {kind for kind, *_ in undisturbed[0]} == {"work_orders", "notifications", "holds"}
    assert whole(play) == undisturbed[1]
    assert play.letters() == []
    lines = play.records(play.settings.topics.work_orders)
    assert len({dict(line.headers)["ce_id"] for line in lines}) == len(lines), "undisturbed, nothing is said twice"
    assert play.stop(worker) == 0


@pytest.mark.kill
@pytest.mark.parametrize("killed", ["groups", "respond"])
def test_killed_anywhere_nothing_is_done_twice(
    play: Stage, undisturbed: tuple[Acts, dict[str, int]], killed: str
) -> None:
    chance = random.Random(killed)
    points = chance.sample(POINTS, len(POINTS))
    sent = 0
    for point in points:
        more = len(MESSAGES) // len(points)
        play.send(MESSAGES[sent : sent + more])
        sent += more
        worker = play.worker(
            kill=[f"{killed} {point}", 1 if point == "mid_state" else chance.randint(1, 2)],
            settings={"record_batch_bytes": 1024},
        )
        assert worker.wait(60) == -signal.SIGKILL, f"at {point}: {play.log()[-3000:]}"
    play.send(MESSAGES[sent:])
    worker = play.worker()
    play.wait_until_read(alive=[worker])
    assert play.stop(worker) == 0
    assert acts(play) == undisturbed[0]
    assert whole(play) == undisturbed[1]


def test_two_workers_and_a_rebalance_between_outputs_and_state(
    play: Stage, tmp_path: pathlib.Path, undisturbed: tuple[Acts, dict[str, int]]
) -> None:
    play.send(MESSAGES)
    first = play.worker("w1", hold=["respond after_outputs", 3, str(tmp_path / "go")])
    play.wait_for_word("standing still")
    second = play.worker("w2")
    play.wait_for_word("because it is rebalancing")
    (tmp_path / "go").touch()
    play.wait_until_read(alive=[first, second])
    assert play.stop(first) == 0
    assert play.stop(second) == 0
    assert acts(play) == undisturbed[0]
    assert whole(play) == undisturbed[1]


def test_what_the_crew_found_comes_back(play: Stage) -> None:
    play.send(MESSAGES)
    worker = play.worker()
    play.wait_until_read(alive=[worker])
    topics = play.settings.topics
    order = WorkOrder.model_validate_json(play.records(topics.work_orders)[-1].value)
    found = {"id": "visit-1", "order_id": order.id, "meter_id": order.meter_id, "premise_id": order.premise_id}
    answer = {**found, "at": "2024-04-10T09:00:00Z", "outcome": "confirmed"}
    play.tell(topics.outcomes, [(order.premise_id, json.dumps(said).encode()) for said in (answer, answer, found)])
    play.tell(topics.accounts, [("account-1", b'{"account_id": 7}')])
    play.wait_until_read(alive=[worker])
    lines = [WorkOrder.model_validate_json(record.value) for record in play.records(topics.work_orders)]
    assert [line.status for line in lines if line.id == order.id][-1] == "completed"
    play.wait_for_word("account_id: Input should be a valid string")
    reasons = Counter((letter["topic"], letter["reason"]) for letter in play.letters())
    assert reasons == {(topics.outcomes, "schema"): 1, (topics.accounts, "schema"): 1}
    assert play.stop(worker) == 0


def test_time_goes_on_where_no_record_comes(play: Stage) -> None:
    day = len(METERS)
    play.send(MESSAGES[:day])
    topics = play.settings.topics
    event = {"meter_id": METERS[0].meter_id, "at": "2024-03-18T06:00:00Z", "code": "3.12.43.257"}
    stranger = {**event, "meter_id": "meter-99"}
    play.tell(topics.meter_events, [(told["meter_id"], json.dumps(told).encode()) for told in (event, stranger)])
    worker = play.worker(settings={"tick_after_s": 1})
    play.wait_for_word("Worker ready")
    before = times(play)
    play.wait_until(lambda: len(ticks(play)) >= 2 * PARTITIONS)
    play.wait_until(lambda: all(time > before.get(number, NEVER) for number, time in times(play).items()))
    assert play.stop(worker) == 0
    marks = [json.loads(record.value) for record in play.records(topics.cases) if b'"mark"' in record.value]
    assert {mark["source"] for mark in marks} == {f"{s}-{n}" for s in ("detect", "groups") for n in range(PARTITIONS)}
    letters = [(letter["topic"], letter["reason"]) for letter in play.letters()]
    assert letters == [(topics.meter_events, "unknown_meter")]


def ticks(play: Stage) -> list[bytes]:
    """On `ami.readings`."""
    return [record.value for record in play.records(play.settings.topics.readings) if b'"tick"' in record.value]


def times(play: Stage) -> dict[int, int]:
    """Event time by partition, as the state has it."""
    records = play.records(play.settings.topics.state)
    return {record.partition: json.loads(record.value)["event_time"] for record in records if record.key == b"p"}
