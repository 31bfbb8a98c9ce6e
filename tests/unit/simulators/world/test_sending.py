"""What the town's head-ends send: valid, in order, whole, with the troubles of every fleet."""

import collections
import json

import numpy as np
import pytest

from models.contracts import IntervalBlock, LoneReading, MeterEvent
from models.domain.times import to_text
from simulators.headend import Message, events_of, messages_of, payloads_of, registers
from simulators.world import Town
from simulators.world.reading import EXCHANGED


@pytest.fixture(scope="module")
def sent(town: Town) -> list[Message]:
    return list(messages_of(town.members))


def lengths(message: Message) -> int:
    return len(message["values"]) if "values" in message else 1


def test_contracts_take_a_sample(sent: list[Message]) -> None:
    lone, blocks = 0, 0
    for message in sent[::41]:
        contract = IntervalBlock if "values" in message else LoneReading
        contract.model_validate_json(json.dumps(message))
        lone, blocks = lone + ("value" in message), blocks + ("values" in message)
    assert min(lone, blocks) > 30


def test_in_order_of_sending(sent: list[Message]) -> None:
    keys = [(message["sent_at"], message["meter_id"], message["start"]) for message in sent]
    assert keys == sorted(keys)


def test_parts_of_time_are_parts_of_the_whole(town: Town, sent: list[Message]) -> None:
    cut = int(town.calendar.midnight[11]) + 12_345_000_000
    before, after = list(messages_of(town.members, until=cut)), list(messages_of(town.members, since=cut))
    assert min(len(before), len(after)) > 1000
    assert before + after == sent


def test_json_says_the_same(town: Town, sent: list[Message]) -> None:
    some = town.members[:40]
    ids = {member.meter.meter_id for member in some}
    said = list(payloads_of(some))
    assert [json.loads(payload) for _, _, payload in said] == [m for m in sent if m["meter_id"] in ids]
    assert said[0][0] == json.loads(said[0][2])["meter_id"]


def test_everything_is_sent_that_is_not_lost(town: Town, sent: list[Message]) -> None:
    intervals: dict[str, int] = collections.Counter()
    seen: set[tuple[str, str]] = set()
    for message in sent:
        if (message["meter_id"], message["start"]) not in seen:
            intervals[message["meter_id"]] += lengths(message)
        seen.add((message["meter_id"], message["start"]))
    for member in town.members:
        assert intervals[member.meter.meter_id] == int((~member.reads.lost).sum())
    assert sum(int(member.reads.lost.sum()) for member in town.members) < 0.01 * town.readings


def test_some_come_twice_some_late_some_as_estimates_first(town: Town, sent: list[Message]) -> None:
    told: dict[tuple[str, str], list[Message]] = collections.defaultdict(list)
    for message in sent:
        told[message["meter_id"], message["start"]].append(message)
    several = [versions for versions in told.values() if len(versions) > 1]
    repeats = [v for v in several if {**v[0], "sent_at": ""} == {**v[1], "sent_at": ""}]
    revised = [v for v in several if v[0]["quality"] == 8 and v[1]["quality"] != 8]
    assert 0 < len(repeats) < 0.01 * len(told)
    assert 0 < len(revised) < 0.01 * len(told)
    newest: dict[str, str] = {}
    overtaken = 0
    for message in sent:
        overtaken += message["start"] < newest.get(message["meter_id"], "")
        newest[message["meter_id"]] = max(message["start"], newest.get(message["meter_id"], ""))
    assert 0 < overtaken < 0.05 * len(sent)


def test_nothing_comes_through_in_an_outage(town: Town) -> None:
    waiting = [member for member in town.members if member.upload.outages]
    assert waiting
    for member in waiting:
        for begin, end in member.upload.outages:
            assert not list(messages_of([member], since=begin, until=end))


def test_a_message_tells_where_the_register_stands_at_its_end(town: Town) -> None:
    told: set[str] = set()
    for member in town.members[::5]:
        stands = registers(member.reads, member.upload, member.meter.dial_max)
        at = {to_text(int(time)): n for n, time in enumerate(member.reads.start)}
        midnights = {to_text(int(time)) for time in town.calendar.midnight}
        for message in messages_of([member]):
            last = at[message["start"]] + lengths(message) - 1
            if "register" in message:
                assert message["register"] == stands[last]
                told.add(member.upload.register)
            if member.upload.register == "daily" and message["quality"] != 8:
                assert ("register" in message) == (to_text(int(member.reads.ends[last])) in midnights)
    assert told == {"daily", "always"}


def test_a_dial_begins_again_and_so_does_another_meter(town: Town) -> None:
    for member in town.members:
        stands = registers(member.reads, member.upload, member.meter.dial_max)
        back = np.flatnonzero(np.diff(stands) < 0)
        if member.meter.dial_max is not None:
            assert (stands < member.meter.dial_max).all()
        restarts = [int(np.searchsorted(member.reads.start, at)) - 1 for at in member.upload.restarts]
        rolled = [at for at in back.tolist() if at not in restarts]
        assert len(rolled) == 0 or member.meter.dial_max is not None
        np.testing.assert_allclose(
            np.delete(np.diff(stands), back), np.delete(member.reads.metered[1:], back), atol=1e-6
        )


def test_exchanges_are_told(town: Town) -> None:
    codes = [MeterEvent.model_validate_json(json.dumps(event)) for event in events_of(town.members)]
    exchanged = [event for event in codes if event.code == EXCHANGED]
    assert exchanged
    assert len(exchanged) == sum(bool(member.upload.restarts) for member in town.members)
    assert [event.received_at for event in codes] == sorted(event.received_at for event in codes if event.received_at)
    for event in exchanged:
        effective = town.member(event.meter_id).versions[-1].effective_from
        assert effective is not None
        assert effective <= event.at


def test_voltage_is_about_230(town: Town, sent: list[Message]) -> None:
    volts = [v for m in sent for v in m.get("voltages", ())]
    assert len(volts) > 10_000
    assert 228 < np.mean(volts) < 235
    assert 205 < min(volts) < max(volts) < 250
