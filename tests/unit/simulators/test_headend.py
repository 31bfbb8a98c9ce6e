"""What the head-end sends is what the contracts take."""

import datetime as dt
import json

import numpy as np
import pytest

from models.contracts import IntervalBlock, LoneReading, Meter
from models.domain.times import HOUR, to_us
from simulators.faults import Reads
from simulators.headend import Message, Upload, messages

METER = Meter.model_validate(
    {"meter_id": "m", "service": "water", "unit": "L", "interval_s": 3600, "timezone": "Europe/Rome"}
)


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
