"""Lanes: which readings make a block, and where they came from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.replay import lanes as lanes_module
from cli.replay.lanes import chunks, feed, lanes_of
from cli.replay.readings import Readings
from cli.replay.reference import Fleet
from models.contracts import MAX_INTERVALS, Meter
from models.domain.blocks import Blocks
from models.domain.ids import partition_of
from models.domain.quality import MISSING, VALID
from models.domain.times import HOUR

FLEET = Fleet(
    [Meter(meter_id=f"m{n}", service="water", unit="L", interval_s=3600, timezone="UTC") for n in range(5)],
)
DAY_ONE = 1_704_067_200_000_000


def readings_of(rows: list[tuple[int, int, int]]) -> Readings:
    """(meter, hour of start, hour of arrival), in order of arrival."""
    meter, start, received_at = np.array(rows, np.int64).reshape(-1, 3).T
    return Readings(
        meter=meter.astype(np.int32),
        row=np.arange(1, len(rows) + 1),
        start=DAY_ONE + start * HOUR,
        received_at=DAY_ONE + received_at * HOUR,
        value=np.arange(float(len(rows))),
        rank=None,
        register=None,
        voltage=None,
        received=None,
        in_file=len(rows),
    )


def whole(rows: list[tuple[int, int, int]]) -> Blocks:
    readings = readings_of(rows)
    (lane,) = lanes_of(FLEET, readings, 1)
    return feed(lane, readings, FLEET, slice(0, len(readings)))


def shape(blocks: Blocks) -> list[tuple[int, list[float]]]:
    """(meter, values) of each block."""
    return [
        (int(meter), blocks.value[first:last].tolist())
        for meter, first, last in zip(blocks.meter, blocks.first, blocks.first[1:], strict=False)
    ]


def test_what_a_meter_delivers_at_one_moment_is_a_block_in_order_of_start() -> None:
    blocks = whole([(0, 2, 9), (0, 1, 9), (1, 1, 9), (0, 3, 9), (0, 4, 10), (1, 2, 10)])
    assert shape(blocks) == [(0, [1, 0]), (1, [2]), (0, [3]), (0, [4]), (1, [5])]
    assert blocks.offset.tolist() == [0, 2, 3, 4, 5]
    assert ((blocks.sent_at - DAY_ONE) // HOUR).tolist() == [9, 9, 9, 10, 10]
    assert ((blocks.start - DAY_ONE) // HOUR).tolist() == [1, 2, 1, 3, 4, 2]


def test_repeats_in_a_block_stay_in_the_order_of_the_file() -> None:
    assert shape(whole([(0, 1, 9), (0, 0, 9), (0, 1, 9), (0, 0, 9)])) == [(0, [1, 3, 0, 2])]


def test_a_block_is_no_longer_than_the_contract_allows() -> None:
    blocks = whole([(0, n, 9000) for n in range(2 * MAX_INTERVALS + 5)])
    assert np.diff(blocks.first).tolist() == [MAX_INTERVALS, MAX_INTERVALS, 5]
    assert blocks.offset.tolist() == [0, MAX_INTERVALS, 2 * MAX_INTERVALS]


def test_a_value_that_is_missing_ranks_as_missing() -> None:
    readings = readings_of([(0, 0, 1), (0, 1, 2)])
    readings.value[0] = np.nan
    (lane,) = lanes_of(FLEET, readings, 1)
    blocks = feed(lane, readings, FLEET, slice(0, 2))
    assert blocks.rank.tolist() == [MISSING, VALID]
    assert (
        blocks.raw(0) == b'{"meter_id": "m0", "start": "2024-01-01T00:00:00Z", "received_at": "2024-01-01T01:00:00Z"}'
    )


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 6)), max_size=40).map(
    lambda rows: sorted(rows, key=lambda row: row[2])
)


@given(ROWS, st.integers(1, 4), st.integers(1, 9))
def test_each_lane_is_fed_as_if_it_were_alone(rows: list[tuple[int, int, int]], partitions: int, size: int) -> None:
    """However many lanes and wherever chunks end: the blocks of a lane are those of its own rows in a file alone."""
    readings = readings_of(rows)
    lanes = lanes_of(FLEET, readings, partitions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes_module, "CHUNK", size)
        pieces = [[feed(lane, readings, FLEET, chunk) for chunk in chunks(readings)] for lane in lanes]
    for number, (lane, parts) in enumerate(zip(lanes, pieces, strict=True)):
        own = [row for row in rows if partition_of(FLEET.ids[row[0]], partitions) == number]
        alone = whole(own)
        fed = Blocks.concat(parts) if parts else whole([])
        assert [lane.partition.meter_ids[at] for at in fed.meter] == [FLEET.ids[at] for at in alone.meter]
        for name in ("sent_at", "offset", "first", "start"):
            assert getattr(fed, name).tolist() == getattr(alone, name).tolist(), name
        assert readings.value[lane.places].tolist() == fed.value.tolist()


def test_a_delivery_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "CHUNK", 2)
    readings = readings_of([(0, 0, 1), (0, 0, 2), (0, 1, 2), (0, 2, 2), (0, 3, 4)])
    assert list(chunks(readings)) == [slice(0, 4), slice(4, 5)]
