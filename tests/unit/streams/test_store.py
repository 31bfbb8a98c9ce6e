"""Snapshots, recovery and rebalances of the store, as Faust calls it."""

import asyncio
import json
import pathlib
from types import SimpleNamespace
from typing import Any

import faust
import numpy as np
import pytest
from faust.types import TP

from models.contracts import Meter
from models.pipeline import detect
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.codecs.json import Message, Unknown, decode
from streams.metered import Metered
from streams.settings import Settings
from streams.slots import Slot, new_slot
from streams.snapshots import Snapshots
from streams.store import PartitionStore, stage_store

STATE = "meterwatch.state"


def tp(number: int) -> TP:
    return TP(STATE, number)


async def nothing(_slots: list[Slot[Metered]]) -> None:
    pass


class Stored:
    """A store outside a running app."""

    def __init__(self, folder: pathlib.Path) -> None:
        settings = Settings(partitions=4, state_dir=folder)
        app = faust.App("test", store="meterwatch://", broker="kafka://localhost:1")
        self.store: PartitionStore[Metered] = stage_store(app, settings, "detect", STATE)
        self.store.set_up(STATE, Snapshots(folder), lambda n: new_slot("detect", Metered(n, settings)), nothing)
        self.end = 1000
        consumer: Any = SimpleNamespace(highwaters=self._highwaters)
        app._consumer = consumer

    async def _highwaters(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, self.end)

    def assign(self, *numbers: int) -> None:
        asyncio.run(self.store.on_rebalance({tp(n) for n in numbers} | {TP("ami.readings", 0)}, set(), set()))

    def recover(self, number: int, records: list[tuple[bytes, bytes | None]], first: int = 0) -> None:
        messages = [
            SimpleNamespace(partition=number, key=k, value=v, offset=first + n) for n, (k, v) in enumerate(records)
        ]
        batch: Any = [SimpleNamespace(message=message) for message in messages]
        self.store.apply_changelog_batch(batch, lambda key: key, lambda value: value)

    def write(self, number: int, start: int, count: int) -> list[tuple[bytes, bytes | None]]:
        """A step's worth of state: what would be in the changelog."""
        slot = self.store.slots[number]
        slot.state.partition.put_meter(Meter(meter_id="m", service="water", unit="L", interval_s=900, timezone="UTC"))
        block = {"meter_id": "m", "values": [1.0, 5.0] * 48}
        days = range(start, start + count)
        raw = [json.dumps({**block, "start": f"2024-05-{n + 1:02d}T00:00:00Z"}).encode() for n in days]
        messages = [Message(n, value) for n, value in zip(days, raw, strict=True)]
        detect(decode(messages, slot.state.partition, 1, 10_000).blocks, slot.state.partition, Policy.default())
        slot.state.parking.park(Unknown(start, "stranger", b"?", 1), 0)
        changes = slot.changes()
        slot.settle(slot.changelog_offset + len(changes))
        return changes


@pytest.fixture
def stored(tmp_path: pathlib.Path) -> Stored:
    return Stored(tmp_path)


def digests(stored: Stored, number: int) -> dict[str, str]:
    return stored.store.slots[number].state.partition.digests()


def test_recovered_from_the_changelog_alone(stored: Stored, tmp_path: pathlib.Path) -> None:
    stored.assign(2)
    records = stored.write(2, 0, 3) + stored.write(2, 3, 3)
    other = Stored(tmp_path / "elsewhere")
    other.assign(2)
    assert other.store.persisted_offset(tp(2)) == -1
    other.recover(2, records)
    assert digests(other, 2) == digests(stored, 2) != {}
    assert other.store.slots[2].changelog_offset == stored.store.slots[2].changelog_offset == len(records) - 1
    assert len(other.store.slots[2].state.parking) == 2


def test_recovered_from_a_snapshot_and_the_tail(stored: Stored, tmp_path: pathlib.Path) -> None:
    stored.assign(2)
    before = stored.write(2, 0, 3)
    asyncio.run(stored.store.write_snapshots())
    tail = stored.write(2, 3, 3)
    other = Stored(tmp_path)
    other.assign(2)
    assert other.store.persisted_offset(tp(2)) == len(before) - 1
    other.recover(2, tail, len(before))
    assert other.store.recovered_records == len(tail)
    assert digests(other, 2) == digests(stored, 2)
    assert len(other.store.slots[2].state.parking) == 2


def test_a_rebalance_drops_what_is_gone_or_in_doubt_and_keeps_the_rest(stored: Stored) -> None:
    stored.assign(0, 1, 2)
    slots = dict(stored.store.slots)
    stored.write(0, 0, 1)
    slots[1].ahead = True
    stored.assign(0, 1, 3)
    assert stored.store.slots.keys() == {0, 1, 3}
    assert stored.store.slots[0] is slots[0]
    assert stored.store.slots[1] is not slots[1]
    assert stored.store.persisted_offset(tp(0)) == slots[0].changelog_offset > 0
    assert stored.store.persisted_offset(tp(1)) == -1, "never None: Faust would not read what memory has lost"


def test_records_of_partitions_that_went_are_ignored(stored: Stored) -> None:
    stored.assign(0)
    stored.recover(3, [(b"p", b"{}")])
    assert stored.store.slots.keys() == {0}


def test_a_snapshot_in_mid_step_is_not_written(stored: Stored, tmp_path: pathlib.Path) -> None:
    stored.assign(0)
    stored.write(0, 0, 1)
    stored.store.slots[0].ahead = True
    asyncio.run(stored.store.write_snapshots())
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_is_written_once_for_a_state(stored: Stored, tmp_path: pathlib.Path) -> None:
    stored.assign(0)
    stored.write(0, 0, 1)
    asyncio.run(stored.store.write_snapshots())
    (path,) = tmp_path.iterdir()
    path.unlink()
    written = stored.store.slots[0].snapshot_at
    asyncio.run(stored.store.write_snapshots())
    assert list(tmp_path.iterdir()) == []
    assert stored.store.slots[0].snapshot_at > written, "the last one still has all of it"


@pytest.mark.parametrize("harm", ["torn", "garbage", "pickle", "another layout", "half of it"])
def test_a_snapshot_that_cannot_be_read_is_ignored(
    stored: Stored, tmp_path: pathlib.Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    stored.assign(0)
    stored.write(0, 0, 1)
    asyncio.run(stored.store.write_snapshots())
    path = tmp_path / "0.npz"
    whole = path.read_bytes()
    arrays = dict(np.load(path))
    if harm == "torn":
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "garbage":
        path.write_bytes(b"not a snapshot")
    elif harm == "pickle":
        np.savez(path, **{**arrays, "meter_ids": np.array([object()], object)})
    elif harm == "another layout":
        np.savez(path, **{**arrays, "version": np.array(0)})
    else:
        np.savez(path, version=arrays["version"])
    other = Stored(tmp_path)
    other.assign(0)
    assert other.store.persisted_offset(tp(0)) == -1
    assert other.store.slots[0].state.partition.meter_ids == []
    assert "the changelog will be read whole" in caplog.text


def test_a_snapshot_of_a_changelog_that_is_gone_is_ignored(
    stored: Stored, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored.assign(0)
    stored.write(0, 0, 1)
    asyncio.run(stored.store.write_snapshots())
    other = Stored(tmp_path)
    other.end = 1
    other.assign(0)
    assert other.store.persisted_offset(tp(0)) == -1
    assert "its changelog ends at 1" in caplog.text


def test_recovery_that_fails_ends_the_app(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons: list[BaseException] = []

    async def crash(reason: BaseException) -> None:
        reasons.append(reason)

    monkeypatch.setattr(stored.store, "crash", crash)
    stored.assign(0)

    async def recover() -> None:
        with pytest.raises(Exception, match="layout"):
            stored.recover(0, [(b"p", json.dumps({"version": -1}).encode())])
        await asyncio.sleep(0)

    asyncio.run(recover())
    assert len(reasons) == 1


def test_the_entry_point_names_the_store() -> None:
    from faust.stores import by_url

    assert by_url("meterwatch://") is PartitionStore
    assert Partition(3).number == 3
