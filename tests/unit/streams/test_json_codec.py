"""Bytes to columns, and a reason for all that cannot become columns."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contracts import Meter
from models.domain.ids import partition_of
from models.domain.quality import ESTIMATED, MISSING, VALID
from models.domain.times import NEVER
from models.state.partition import Partition
from streams.codecs.json import REASONS, Decoded, Message, decode

START_US = 1_714_521_600_000_000
KNOWN: dict[str, Any] = {"meter_id": "m", "start": "2024-05-01T00:00:00Z", "values": [1.0, 2.0]}


def partition() -> Partition:
    partition = Partition(partition_of("m", 8))
    partition.put_meter(Meter(meter_id="m", service="water", unit="L", interval_s=900, timezone="UTC"))
    return partition


def read(*values: bytes, at: Partition | None = None) -> Decoded:
    return decode([Message(n, value) for n, value in enumerate(values, 5)], at or partition(), 8, 1000)


def of(**fields: Any) -> bytes:
    return json.dumps({**KNOWN, **fields}).encode()


def test_a_block_becomes_columns() -> None:
    raw = of(
        quality=["valid", "estimated"],
        register=17,
        voltages=[230, None],
        received=[0.0, 1.5],
        sent_at="2024-05-01T02:00:00+01:00",
    )
    blocks = read(raw).blocks
    assert blocks.offset.tolist() == [5]
    assert blocks.interval_s.tolist() == [0]
    assert blocks.sent_at.tolist() == [START_US + 3_600_000_000]
    assert blocks.start.tolist() == [START_US, START_US + 900_000_000]
    assert blocks.value.tolist() == [1.0, 2.0]
    assert blocks.rank.tolist() == [VALID, ESTIMATED]
    np.testing.assert_array_equal(blocks.register, [math.nan, 17.0])
    np.testing.assert_array_equal(blocks.voltage, [230.0, math.nan])
    assert blocks.received.tolist() == [0.0, 1.5]
    assert blocks.raw(0) == raw


def test_a_lone_reading_is_a_block_of_one() -> None:
    raw = json.dumps(
        {"meter_id": "m", "start": "2024-05-01T00:00:00Z", "value": 3, "quality": 8, "voltage": 231}
    ).encode()
    blocks = read(raw).blocks
    assert (len(blocks), blocks.value.tolist(), blocks.rank.tolist()) == (1, [3.0], [ESTIMATED])
    assert blocks.voltage.tolist() == [231.0]
    assert blocks.sent_at.tolist() == [NEVER]


def test_what_is_missing_has_the_rank_of_it() -> None:
    blocks = read(of(values=[None, 1.0])).blocks
    np.testing.assert_array_equal(blocks.value, [math.nan, 1.0])
    assert blocks.rank.tolist() == [MISSING, VALID]


def test_the_block_says_its_interval() -> None:
    blocks = read(of(interval_s=900)).blocks
    assert blocks.interval_s.tolist() == [900]


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        (b"", "empty", "without bytes"),
        (b" " * 1001, "too_large", "1001 bytes"),
        (b"\xff", "not_json", ""),
        (b"[" * 900, "not_json", "recursion"),
        (b"3", "schema", "object"),
        (b'{"meter_id": "m"}', "schema", "start: "),
        (of(values=[]), "schema", "values: "),
        (of(values=[1, "2"]), "schema", "values.1: "),
        (b'{"meter_id": "m", "start": "2024-05-01T00:00:00Z", "values": [NaN]}', "schema", "values.0: "),
        (of(voltages=[1.0]), "schema", "voltages has 1 entries for 2 values"),
        (of(meter_id="a\x00b"), "schema", "meter_id: "),
        (of(start="2024-05-01T00:00:00"), "naive_time", "start: "),
        (of(start="1989-12-31T23:59:59Z"), "absurd_time", "start 1989"),
        (of(start="2099-12-31T23:45:00Z"), "absurd_time", "start 2099"),
        (of(sent_at="0001-01-01T00:00:00Z"), "absurd_time", "sent_at 0001"),
        (of(unit="cubit"), "unknown_unit", "unit 'cubit', known are Wh"),
        (of(unit="m3"), "unit_mismatch", "unit m3, the meter's is L"),
    ],
)
def test_what_cannot_be_read_has_a_reason(raw: bytes, reason: str, detail: str) -> None:
    decoded = read(raw, of())
    assert [(r.offset, r.reason, r.raw) for r in decoded.rejected] == [(5, reason, raw)]
    assert detail in decoded.rejected[0].detail
    assert decoded.blocks.offset.tolist() == [6]
    assert reason in REASONS


def test_a_rejected_block_counts_its_readings() -> None:
    assert read(of(unit="m3")).rejected[0].readings == 2
    assert read(of(values=[1, "2", 3])).rejected[0].readings == 3


def test_the_word_values_in_a_text_does_not_make_a_block() -> None:
    raw = json.dumps({"meter_id": "m", "start": "2024-05-01T00:00:00Z", "value": 1, "head_end": "values"}).encode()
    assert len(read(raw).blocks) == 1


def test_unknown_meters_are_told_apart_from_strays() -> None:
    here = partition()
    mine = next(f"x{n}" for n in range(99) if partition_of(f"x{n}", 8) == here.number)
    stray = next(f"x{n}" for n in range(99) if partition_of(f"x{n}", 8) != here.number)
    decoded = read(of(meter_id=mine), of(meter_id=stray), at=here)
    assert [(u.offset, u.meter_id, u.readings) for u in decoded.unknown] == [(5, mine, 2)]
    assert [(r.offset, r.reason) for r in decoded.rejected] == [(6, "wrong_partition")]


@given(st.lists(st.binary(max_size=60) | st.from_regex(rb'\{"(meter_id|values|start)": ?.{0,40}\}'), max_size=20))
def test_every_message_ends_in_just_one_place(values: list[bytes]) -> None:
    decoded = read(*values)
    offsets = [*decoded.blocks.offset, *(r.offset for r in decoded.rejected), *(u.offset for u in decoded.unknown)]
    assert sorted(offsets) == list(range(5, 5 + len(values)))
    assert all(r.reason in REASONS for r in decoded.rejected)
