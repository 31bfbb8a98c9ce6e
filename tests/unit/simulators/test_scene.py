"""The demo's scene: its promises about copies, faults, order and size."""

import collections
import csv
import datetime as dt
import json
import pathlib

import numpy as np
import pyarrow.parquet as pq
import pytest

from models.contracts import IntervalBlock, LoneReading, Meter
from models.domain.times import DAY
from simulators import files
from simulators.faults import FAMILIES
from simulators.scene import FIRST, PLAN, UNTIL, Scene, build
from simulators.series import NAMES, load, snap


@pytest.fixture(scope="module")
def scene() -> Scene:
    return build()


def test_size(scene: Scene) -> None:
    assert 40 <= len(scene.members) <= 60
    assert 50_000 <= scene.readings <= 150_000
    assert all(3 <= count <= 6 for count in collections.Counter(fault.kind for fault in scene.truth).values())
    assert {fault.kind for fault in scene.truth} == {plan.kind for plan in PLAN} <= set(FAMILIES)


def test_meters_are_records_of_the_contract_with_names_that_give_nothing_away(scene: Scene) -> None:
    names = [meter.meter_id for meter in scene.meters]
    assert len(set(names)) == len(names)
    assert set(NAMES) < set(names)
    assert not any(kind in name for name in names for kind in FAMILIES)
    for meter in scene.meters:
        assert Meter.model_validate_json(meter.model_dump_json()) == meter


def test_the_series_are_there_as_they_are(scene: Scene) -> None:
    for member in scene.members[: len(NAMES)]:
        whole = load(member.meter.meter_id)
        at = np.searchsorted(whole.start, member.reads.start - member.weeks * 7 * DAY)
        assert member.fault is None
        np.testing.assert_array_equal(whole.start[at], member.reads.start - member.weeks * 7 * DAY)
        np.testing.assert_array_equal(whole.value[at], member.reads.value)


def test_no_two_meters_are_alike(scene: Scene) -> None:
    seen = {member.reads.value[:500].tobytes() for member in scene.members}
    assert len(seen) == len(scene.members)


def test_reads_stay_in_the_window_and_on_the_grid(scene: Scene) -> None:
    for member in scene.members:
        reads = member.reads
        assert reads.start[0] >= FIRST
        assert reads.start[-1] < UNTIL
        np.testing.assert_array_equal(snap(reads.value, reads.resolution), reads.value)


def test_faults_have_three_clean_weeks_before_and_time_to_be_found_after(scene: Scene) -> None:
    assert len({fault.meter_id for fault in scene.truth}) == len(scene.truth)
    for member in scene.members:
        if member.fault:
            assert member.fault.onset - member.reads.start[0] >= 21 * DAY
            assert member.reads.start[-1] - member.fault.end >= 3 * DAY
            assert member.meter.service in FAMILIES[member.fault.kind].services
            assert ((member.reads.start >= member.fault.onset) & (member.reads.start < member.fault.end)).sum() >= 4


def test_messages_are_in_order_of_sending_and_of_both_forms(scene: Scene) -> None:
    sent = list(scene.messages())
    keys = [(message["sent_at"], message["meter_id"], message["start"]) for message in sent]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    blocks = [message for message in sent if "values" in message]
    assert sum(len(block["values"]) for block in blocks) + len(sent) - len(blocks) == scene.readings
    assert len(blocks) > 2000
    for message in sent[::97]:
        contract = IntervalBlock if "values" in message else LoneReading
        contract.model_validate_json(json.dumps(message))


def test_same_seed_same_scene_other_seed_other_scene(scene: Scene) -> None:
    assert build().truth == scene.truth
    assert build(seed=1).truth != scene.truth


def test_files_say_the_same(scene: Scene, tmp_path: pathlib.Path) -> None:
    few = Scene(scene.members[9:13])
    files.write(few, tmp_path, "csv")
    files.write(few, tmp_path, "parquet")
    with (tmp_path / "readings.csv").open() as file:
        text = list(csv.DictReader(file))
    columns = pq.read_table(tmp_path / "readings.parquet").to_pydict()
    assert len(text) == len(columns["start"]) == few.readings
    assert [float(row["value"]) for row in text] == columns["value"]
    for name in ("start", "received_at"):
        assert [dt.datetime.fromisoformat(row[name]) for row in text] == columns[name]
        assert all(row[name].endswith("Z") for row in text)
    with (tmp_path / "meters.csv").open() as file:
        assert [row["meter_id"] for row in csv.DictReader(file)] == [meter.meter_id for meter in few.meters]
    with (tmp_path / "labels.csv").open() as file:
        labels = list(csv.DictReader(file))
    assert [(label["meter_id"], label["kind"], label["expected_cause"]) for label in labels] == [
        (fault.meter_id, fault.kind, "|".join(fault.expected_causes)) for fault in few.truth
    ]
