"""A worker on a real Kafka: bad input, bugs, rebalances, a broker that dies, meters that come late, a clean stop."""

import base64
import json
import pathlib
import signal
from collections.abc import Iterator

import pytest

from cli.kafka import Cluster, LocalKafka
from models.domain.ids import partition_of
from tests.integration.acts import expected
from tests.integration.stage import PARTITIONS, Said, Stage, blocks, free_port, get, meters, run, stage

pytestmark = pytest.mark.kafka
METERS = meters()
MESSAGES = blocks(METERS, days=20)


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Said, dict[str, str]]:
    return expected(METERS, MESSAGES)


@pytest.fixture
def play(kafka: Cluster, unique: str, tmp_path: pathlib.Path) -> Iterator[Stage]:
    with stage(kafka.bootstrap, unique, tmp_path, session_timeout_s=6, heartbeat_s=1) as play:
        yield play


def block(meter: str = METERS[0].meter_id, **fields: object) -> bytes:
    return json.dumps({"meter_id": meter, "start": "2024-05-01T00:00:00Z", "values": [1.0, 2.0], **fields}).encode()


def handled_by(play: Stage) -> dict[int, int]:
    """Last input offset in the state, by partition."""
    records = play.records(play.settings.topics.state)
    return {record.partition: json.loads(record.value)["offset"] for record in records if record.key == b"p"}


BAD = {
    "nothing": (b"", "empty"),
    "null": (None, "empty"),
    "no JSON": (b"meter 7 says 12", "not_json"),
    "bytes": (b"\xff\xfe\x00\x01", "not_json"),
    "deep nesting": (b"[" * 100_000, "not_json"),
    "deep nesting, closed": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "too_large"),
    "a list": (b"[1, 2, 3]", "schema"),
    "wrong types": (block(values="many"), "schema"),
    "text for a number": (block(values=["1.0"]), "schema"),
    "NaN": (block(values=[float("nan")]), "schema"),
    "infinity": (block(values=[1.0, float("inf")]), "schema"),
    "unequal lengths": (block(voltages=[230.0]), "schema"),
    "unknown quality": (block(quality="fine"), "schema"),
    "1 MB": (block(head_end="x" * 1_000_000), "too_large"),
    "naive time": (block(start="2024-05-01T00:00:00"), "naive_time"),
    "the year 1970": (block(start="1970-01-01T00:00:00Z"), "absurd_time"),
    "the year 2200": (block(start="2200-01-01T00:00:00Z"), "absurd_time"),
    "unknown unit": (block(unit="furlong"), "unknown_unit"),
    "another unit": (block(unit="m3"), "unit_mismatch"),
    "another interval": (block(interval_s=3600), "wrong_interval"),
}


def test_bad_input_is_set_aside_and_the_rest_goes_on(play: Stage) -> None:
    play.know(METERS)
    home = partition_of(METERS[0].meter_id, PARTITIONS)
    for raw, _ in BAD.values():
        play.send_raw(home, raw)
    play.send_raw((home + 1) % PARTITIONS, block("nobody knows me here"))
    stranger = next(f"stranger-{n}" for n in range(99) if partition_of(f"stranger-{n}", PARTITIONS) == home)
    play.send_raw(home, block(stranger, sent_at="2024-03-01T00:00:00Z", start="2024-03-01T00:00:00Z"))
    play.send(MESSAGES)
    port = free_port()
    worker = play.worker(settings={"health_port": port})
    play.wait_until_read(alive=[worker])

    letters = play.letters()
    assert [letter["reason"] for letter in letters if letter["partition"] == home] == [
        *(reason for _, reason in BAD.values()),
        "unknown_meter",  # a day of event time after it came
    ]
    assert [letter["reason"] for letter in letters if letter["partition"] != home] == ["wrong_partition"]
    originals = [raw or b"" for raw, _ in BAD.values()]
    assert [base64.b64decode(letter["raw"]) for letter in letters if letter["partition"] == home][:-1] == originals
    details = {letter["reason"]: letter["detail"] for letter in letters}
    assert details["unknown_unit"].startswith("unit 'furlong'")
    assert any(letter["detail"].startswith("values.1: ") for letter in letters)

    status, page = get(port, "/metrics")
    assert status == 200
    for reason in {reason for _, reason in BAD.values()}:
        count = sum(reason == other for _, other in BAD.values())
        assert f'meterwatch_dead_letters_total{{reason="{reason}"}} {count:.1f}' in page
    assert f'meterwatch_readings_total{{fate="accepted"}} {len(MESSAGES) * 96:.1f}' in page
    assert get(port, "/livez")[0] == get(port, "/readyz")[0] == 200
    assert play.stop(worker) == 0


def test_a_bug_ends_the_worker_and_nothing_later_is_done(play: Stage) -> None:
    play.know(METERS)
    play.send(MESSAGES)
    worker = play.worker(bug=3)
    assert worker.wait(60) == 1
    assert "a bug in detect" in play.log()
    committed = run(play.committed())
    handled = handled_by(play)
    assert all(offset <= handled.get(partition, -1) + 1 for partition, offset in committed.items())
    assert sum(committed.values()) < len(MESSAGES)


def test_two_workers_and_a_rebalance_in_mid_batch(
    play: Stage, tmp_path: pathlib.Path, undisturbed: tuple[Said, dict[str, str]]
) -> None:
    play.know(METERS)
    play.send(MESSAGES)
    first = play.worker("w1", hold=["detect after_outputs", 3, str(tmp_path / "go")])
    play.wait_for_word("standing still")
    second = play.worker("w2")
    play.wait_for_word("because it is rebalancing")
    (tmp_path / "go").touch()
    play.wait_until_read(alive=[first, second])
    assert play.stop(first) == 0
    assert play.stop(second) == 0
    assert play.said() == undisturbed[0]
    assert play.rows() == undisturbed[1]
    assert "Worker ready" in play.log("w2")


def test_a_worker_that_stood_still_for_too_long_abandons_its_batch(
    play: Stage, tmp_path: pathlib.Path, undisturbed: tuple[Said, dict[str, str]]
) -> None:
    play.know(METERS)
    play.send(MESSAGES)
    first = play.worker("w1", hold=["detect after_outputs", 3, str(tmp_path / "go")])
    play.wait_for_word("standing still")
    first.send_signal(signal.SIGSTOP)
    second = play.worker("w2")
    play.wait_until_read(alive=[second])
    (tmp_path / "go").touch()
    first.send_signal(signal.SIGCONT)
    play.wait_for_word("a batch is abandoned unacked")
    assert play.stop(second) == 0
    assert play.stop(first) == 0
    assert play.said() == undisturbed[0]
    assert play.rows() == undisturbed[1]


@pytest.mark.kill
def test_partitions_of_a_killed_worker_flow_again(play: Stage, undisturbed: tuple[Said, dict[str, str]]) -> None:
    play.know(METERS)
    play.send(MESSAGES[:200])
    workers = [play.worker("w1"), play.worker("w2")]
    play.wait_until_read(alive=workers)
    workers[0].kill()
    play.send(MESSAGES[200:])
    seconds = play.wait_until_read(alive=workers[1:])
    assert play.stop(workers[1]) == 0
    assert play.said() == undisturbed[0]
    assert play.rows() == undisturbed[1]
    assert seconds < 20


@pytest.mark.kill
def test_the_broker_is_killed_and_comes_back(
    local_kafka: LocalKafka, unique: str, tmp_path: pathlib.Path, undisturbed: tuple[Said, dict[str, str]]
) -> None:
    with stage(local_kafka.bootstrap, unique, tmp_path) as play:
        play.know(METERS)
        play.send(MESSAGES[:200])
        worker = play.worker()
        play.wait_until_read(alive=[worker])
        local_kafka.kill()
        local_kafka.restart()
        play.send(MESSAGES[200:])
        if worker.poll() is not None:  # it may have given up: whoever runs it starts it again
            worker = play.worker()
        play.wait_until_read()
        if worker.poll() is None:
            assert play.stop(worker) == 0
        assert play.said() == undisturbed[0]
        assert play.rows() == undisturbed[1]


def test_told_to_stop_it_ends_its_batch_and_goes_on_there_later(
    play: Stage, tmp_path: pathlib.Path, undisturbed: tuple[Said, dict[str, str]]
) -> None:
    play.know(METERS)
    play.send(MESSAGES)
    worker = play.worker(hold=["detect after_outputs", 2, str(tmp_path / "go")])
    play.wait_for_word("standing still")
    worker.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    assert worker.wait(60) == 0
    committed = run(play.committed())
    assert 0 < sum(committed.values()) < len(MESSAGES)
    handled = handled_by(play)
    assert committed == {number: offset + 1 for number, offset in handled.items()}, "the batch in hand is acked"
    worker = play.worker()
    play.wait_until_read(alive=[worker])
    assert play.stop(worker) == 0
    assert "Restoring state from changelog topics" not in play.log(), "the snapshot was whole"
    assert play.said() == undisturbed[0]
    assert play.rows() == undisturbed[1]


def test_blocks_wait_for_their_meter(play: Stage, undisturbed: tuple[Said, dict[str, str]]) -> None:
    late = METERS[3:6]
    play.know([meter for meter in METERS if meter not in late])
    day = len(METERS)
    play.send(MESSAGES[:day])
    worker = play.worker()
    play.wait_until_read(alive=[worker])
    assert play.stop(worker) == 0
    worker = play.worker()  # what is parked survives
    play.know(late)
    play.send(MESSAGES[day:])
    play.wait_until_read(alive=[worker])
    assert play.stop(worker) == 0
    assert play.letters() == []
    assert play.said() == undisturbed[0]
    assert play.rows() == undisturbed[1]


def test_a_state_that_was_lost_is_made_again_from_the_readings(
    play: Stage, undisturbed: tuple[Said, dict[str, str]]
) -> None:
    play.know(METERS)
    play.send(MESSAGES)
    worker = play.worker()
    play.wait_until_read(alive=[worker])
    assert play.stop(worker) == 0
    play.lose_state()
    worker = play.worker()
    play.wait_for_word("it counts")
    play.wait_until_read(alive=[worker])
    assert play.stop(worker) == 0
    assert "its changelog ends at 0" in play.log()
    assert play.said() == undisturbed[0]
    assert play.rows() == undisturbed[1]


def test_topics_that_are_missing_are_named(kafka: Cluster, unique: str, tmp_path: pathlib.Path) -> None:
    with stage(kafka.bootstrap, unique, tmp_path) as play:
        worker = play.worker(settings={"topics": {"readings": f"{unique}.nothing"}})
        assert worker.wait(60) == 2
        assert f"topic {unique}.nothing does not exist: run `meterwatch topics create`" in play.log()
