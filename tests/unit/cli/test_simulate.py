"""What a simulated head-end would send, without Kafka."""

import json

import pytest

from cli.errors import UnusableError
from cli.simulate import Simulation, fleet_of
from models.contracts import IntervalBlock, LoneReading, MeterEvent
from models.domain.times import DAY
from streams.settings import Topics
from tests.support.command import Command, refused

START = 19_800 * DAY
QUIET = Simulation(meters=20, days=3, clean_days=1, seed=3, start=START, faults=False)


def test_messages_come_in_order_and_keep_their_contracts() -> None:
    topics, fleet = Topics(), fleet_of(QUIET)
    messages = list(fleet.messages(topics))
    assert [message.at for message in messages] == sorted(message.at for message in messages)
    known = {meter.meter_id for meter in fleet.town.meters}
    for message in messages:
        assert message.meter_id in known
        if message.topic == topics.meter_events:
            MeterEvent.model_validate_json(message.value)
        elif "values" in json.loads(message.value):
            IntervalBlock.model_validate_json(message.value)
        else:
            LoneReading.model_validate_json(message.value)
    assert {label.role for label in fleet.labels} <= {"look_alike"}


def test_the_same_seed_is_the_same_fleet() -> None:
    first, second = (list(fleet_of(QUIET).messages(Topics())) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("days", "clean", "says"),
    [(60, 10, "--clean-days 10: faults need 28"), (40, 30, "--days 40: 45 at least"), (45, 30, "--meters 20")],
)
def test_faults_need_room(days: int, clean: int, says: str) -> None:
    with pytest.raises(UnusableError, match=says):
        fleet_of(Simulation(meters=20, days=days, clean_days=clean, seed=0, start=START, faults=True))


def test_a_start_without_zone_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(Command(monkeypatch, capsys)("simulate", "--start", "2024-01-01"))
    assert "--start 2024-01-01: a time without zone" in said
