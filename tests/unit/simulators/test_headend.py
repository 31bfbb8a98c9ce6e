"""What the head-end sends is what the contracts take."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pytest

from models.contracts import IntervalBlock, LoneReading, Meter
from models.domain.times import HOUR, to_us
from simulators.faults import Reads
from simulators.headend import Message, Upload, events_of, messages, registers

METER = Meter.model_validate(
    {"meter_id": "m", "service": "water", "unit": "L", "interval_s": 3600, "timezone": "Europe/Rome"}
)


@dataclasses.dataclass(frozen=True)
class One:
    """One meter."""

    meter: Meter
    reads: Reads
    upload: Upload


def sent(start: list[int], upload: Upload, **columns: list[float]) -> list[Message]:
    times = to_us(dt.datetime(2022, 3, 25, 23, tzinfo=dt.UTC)) + np.array(start) * HOUR
    value = np.array(columns.get("value", [1.0] * len(start)))
    reads = Reads.valid(times, value, 3600, 1.0)
    if "quality" in columns:
        reads.quality[:] = columns["quality"]
    return list(messages(METER, reads, upload))


def test_a_block_is_a_local_day_and_comes_after_it() -> None:
    blocks = sent(list(range(60)), Upload(delay_s=600))
    assert [len(block["values"]) for block in blocks] == [24, 23, 13]  # the second day lacks an hour
    assert [block["start"] for block in blocks] == [f"2022-03-{day}:00:00Z" for day in ("25T23", "26T23", "27T22")]
    assert [block["sent_at"] for block in blocks] == [f"2022-03-{day}:10:00Z" for day in ("26T23", "27T22", "28T22")]


def test_a_hole_parts_a_day() -> None:
    blocks = sent([0, 1, 5, 6], Upload())
    assert [len(block["values"]) for block in blocks] == [2, 2]
    assert blocks[0]["sent_at"] == blocks[1]["sent_at"]


def test_lone_readings_come_one_by_one() -> None:
    lone = sent([0, 1, 5], Upload(form="lone", delay_s=60))
    assert [message["sent_at"][11:16] for message in lone] == ["00:01", "01:01", "05:01"]
    assert all("value" in message and "values" not in message for message in lone)


def test_quality_is_one_code_or_one_each() -> None:
    assert sent([0, 1], Upload(), quality=[8, 8])[0]["quality"] == 8
    assert sent([0, 1], Upload(), quality=[0, 8])[0]["quality"] == [0, 8]


def test_missing_is_null_and_the_register_is_cumulative() -> None:
    blocks = sent(list(range(48)), Upload(register="always"), value=[np.nan, *[2.0] * 47])
    assert blocks[0]["values"][0] is None
    assert blocks[1]["register"] - blocks[0]["register"] == 2.0 * len(blocks[1]["values"])


@pytest.mark.parametrize(("form", "contract"), [("daily", IntervalBlock), ("lone", LoneReading)])
def test_the_contracts_take_it(form: str, contract: type[IntervalBlock] | type[LoneReading]) -> None:
    upload = Upload(form="lone" if form == "lone" else "daily", register="always")
    for message in sent([0, 1, 5, 30], upload, quality=[0, 8, 0, 0]):
        contract.model_validate_json(json.dumps(message))


def test_after_an_outage_the_newest_come_first() -> None:
    begin = to_us(dt.datetime(2022, 3, 26, 1, tzinfo=dt.UTC))
    upload = Upload(form="four_hourly", delay_s=60, outages=((begin, begin + 12 * HOUR),))
    blocks = [(block["start"][8:13], block["sent_at"][8:]) for block in sent(list(range(24)), upload)]
    assert blocks == [
        ("26T07", "26T13:00:00Z"),
        ("26T03", "26T13:00:01Z"),
        ("25T23", "26T13:00:02Z"),
        ("26T11", "26T15:01:00Z"),
        ("26T15", "26T19:01:00Z"),
        ("26T19", "26T23:01:00Z"),
    ]


def test_another_meter_begins_at_zero_and_a_dial_ends() -> None:
    times = to_us(dt.datetime(2022, 3, 25, 23, tzinfo=dt.UTC)) + np.arange(6) * HOUR
    reads = Reads.valid(times, np.full(6, 2.0), 3600, 1.0)
    upload = Upload(register="always", register_from=95.0, restarts=(int(times[4]),))
    assert registers(reads, upload, 100.0).tolist() == [97, 99, 1, 3, 2, 4]


def test_what_is_lost_is_in_no_message() -> None:
    times = to_us(dt.datetime(2022, 3, 25, 23, tzinfo=dt.UTC)) + np.arange(48) * HOUR
    reads = Reads.valid(times, np.arange(48.0), 3600, 1.0)
    reads.lost[5:30] = True
    values = [block["values"] for block in messages(METER, reads, Upload())]
    assert values == [[0, 1, 2, 3, 4], [float(n) for n in range(30, 47)], [47]]


def test_estimates_come_first_where_a_block_is_revised() -> None:
    values = [10.0 * (hour // 24) for hour in range(240)]
    blocks = sent(list(range(240)), Upload(revised=1.0), value=values)
    first, second = (block for block in blocks if block["start"] == "2022-03-30T22:00:00Z")
    assert (first["quality"], second["quality"]) == (8, 0)
    assert first["values"] == [15.0] + [25.0] * 23  # means of the four days there are, the first hour one earlier
    assert first["sent_at"] < second["sent_at"]


def test_events_in_order_of_arrival() -> None:
    at = to_us(dt.datetime(2022, 3, 26, tzinfo=dt.UTC))
    reads = Reads.valid(np.array([at]), np.array([1.0]), 3600, 1.0)
    member = One(METER, dataclasses.replace(reads, events=((at, "a"), (at + HOUR, "b"))), Upload(delay_s=60))
    assert [(event["code"], event["received_at"]) for event in events_of([member], since=at + HOUR)] == [
        ("b", "2022-03-26T01:01:00Z")
    ]
    assert [event["code"] for event in events_of([member])] == ["a", "b"]
