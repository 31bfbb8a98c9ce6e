"""History as messages: what a worker makes of them is what a replay of the files would be fed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.bootstrap import History, blocks
from cli.errors import UnusableError
from cli.replay.lanes import chunks, feed, lanes_of
from models.contracts import MAX_INTERVALS, IntervalBlock
from models.domain.blocks import Blocks
from models.domain.times import HOUR, to_text
from streams.codecs.json import Message, decode
from tests.support.command import Command, refused
from tests.support.replays import WATER, write_csv, write_meters

HEADER = "meter_id,start,value,quality,received_at,register,voltage"
NIGHT = "2024-01-02T01:00:00Z"
ROWS = [
    f"a,2024-01-01T01:00:00Z,2,,{NIGHT},,231",
    f"a,2024-01-01T00:00:00Z,1,valid,{NIGHT},,230",  # out of order within the delivery
    f"a,2024-01-01T02:00:00Z,,missing,{NIGHT},100,",  # a register within the delivery
    f"a,2024-01-01T03:00:00Z,4,estimated,{NIGHT},,232",
    f"a,2024-01-01T05:00:00Z,6,,{NIGHT},106,",  # a hole before it
    f"b,2024-01-01T00:00:00Z,7,,{NIGHT},,",
    f"a,2024-01-01T05:00:00Z,6,,{NIGHT},106,",  # said again in a delivery of its own
    "a,2024-01-01T06:00:00Z,8,8,2024-01-01T09:00:00Z,,",  # came first
    f"c,2024-01-01T00:00:00Z,9,,{NIGHT},,",  # of no meter of ours
]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return (
        write_csv(tmp_path / "readings.csv", HEADER, ROWS),
        write_meters(tmp_path / "meters.csv", {"a": WATER, "b": WATER}),
    )


def history(files: tuple[Path, Path]) -> History:
    return History.read(*files, None, None, lambda *_: None)


def flat(fed: Blocks) -> list[tuple[Any, ...]]:
    """Each reading with what is known of its block."""
    sizes = np.diff(fed.first)
    columns = (np.repeat(fed.meter, sizes), np.repeat(fed.sent_at, sizes), fed.start, fed.value, fed.rank)
    more = (fed.register, fed.voltage, fed.received)
    return [tuple(map(repr, row)) for row in zip(*(c.tolist() for c in (*columns, *more)), strict=True)]


def test_a_worker_is_fed_what_a_replay_is(files: tuple[Path, Path]) -> None:
    of = history(files)
    (lane,) = lanes_of(of.fleet, of.readings, 1)
    messages = [Message(n, block.value) for n, block in enumerate(blocks(of.readings, of.fleet))]
    decoded = decode(messages, lane.partition, 1, 1_000_000)
    assert (decoded.rejected, decoded.unknown) == ([], [])
    assert flat(decoded.blocks) == [
        row for chunk in chunks(of.readings) for row in flat(feed(lane, of.readings, of.fleet, chunk))
    ]
    assert of.rejected == {"unknown_meter": 1}
    assert of.live_from == "2024-01-02T01:00:01Z"


def test_a_block_is_what_stands_together(files: tuple[Path, Path]) -> None:
    of = history(files)
    found = [IntervalBlock.model_validate_json(block.value) for block in blocks(of.readings, of.fleet)]
    assert [(block.meter_id, block.start.hour, len(block.values)) for block in found] == [
        ("a", 6, 1), ("a", 0, 3), ("a", 3, 1), ("a", 5, 1), ("b", 0, 1), ("a", 5, 1),
    ]  # fmt: skip
    first = found[1]
    assert (first.values, first.quality, first.register_) == ([1, 2, None], ["valid", "valid", "missing"], 100)
    assert first.voltages == [230, 231, None]
    assert sum(block.readings for block in blocks(of.readings, of.fleet)) == len(of.readings)


def test_a_delivery_longer_than_a_block_is_several(tmp_path: Path) -> None:
    rows = [f"a,{to_text((19_723 * 24 + n) * HOUR)},1,2024-12-01T00:00:00Z" for n in range(MAX_INTERVALS + 1)]
    readings = write_csv(tmp_path / "r.csv", "meter_id,start,value,received_at", rows)
    of = history((readings, write_meters(tmp_path / "m.csv", {"a": WATER})))
    found = list(blocks(of.readings, of.fleet))
    assert [block.readings for block in found] == [MAX_INTERVALS, 1]
    assert "quality" not in json.loads(found[0].value)


def test_nothing_to_learn_from_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    readings = write_csv(tmp_path / "r.csv", "meter_id,start,value", ["b,2024-01-01T00:00:00Z,1"])
    meters = write_meters(tmp_path / "m.csv", {"a": WATER})
    with pytest.raises(UnusableError, match="nothing in it can be learnt from"):
        history((readings, meters))
    said = refused(Command(monkeypatch, capsys)("bootstrap", "--readings", readings, "--meters", meters))
    assert "'unknown_meter': 1" in said
