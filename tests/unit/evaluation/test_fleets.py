"""Fleets: simulated ones, stretches of long records, and what their meters send."""

import csv
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.fleets import ATTACKED_DAYS, HISTORY_DAYS, blocks, simulated
from evaluation.stretches import NoFleetError, made
from models.domain.times import DAY, HOUR
from tests import kit

WEEKS = 30


@pytest.fixture
def records(tmp_path: pathlib.Path) -> pathlib.Path:
    """One home by the hour for thirty weeks: each value tells its local hour and week. Clocks change within."""
    start = np.arange(kit.us("2024-01-01"), kit.us("2024-01-01") + WEEKS * 7 * DAY, HOUR)
    value = ((start // HOUR) % 24) / 10 + 0.1
    columns = {
        "meter_id": ["home"] * len(start),
        "start": pa.array(start).cast(pa.timestamp("us", tz="UTC")),
        "value": value,
    }
    pq.write_table(pa.table(columns), tmp_path / "readings.parquet")
    with (tmp_path / "meters.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["meter_id", "service", "unit", "interval_s", "timezone", "status"])
        rows.writerow(["home", "electricity", "kWh", 3600, "Europe/Madrid", "active"])
    return tmp_path


def test_a_long_record_becomes_stretches_in_one_window(records: pathlib.Path) -> None:
    (fleet,) = made(str(records), 0, 60)
    assert 1 <= len(fleet.homes) <= WEEKS // 11
    for home in fleet.homes:
        assert home.meter.resolution == 0.1
        day = fleet.day(home.reads.start)
        assert (day.min(), day.max()) == (-HISTORY_DAYS, ATTACKED_DAYS - 1)
        assert len(np.unique(day)) == HISTORY_DAYS + ATTACKED_DAYS
    assert len({home.meter.meter_id for home in fleet.homes}) == len(fleet.homes)


def test_a_folder_without_long_records_is_refused(tmp_path: pathlib.Path, records: pathlib.Path) -> None:
    table = pq.read_table(records / "readings.parquet").slice(0, 24 * 40)
    pq.write_table(table, records / "readings.parquet")
    with pytest.raises(NoFleetError, match="covers 75 days"):
        list(made(str(records), 0, 60))
    with pytest.raises(NoFleetError, match="no such file"):
        list(made(str(tmp_path / "elsewhere"), 0, 60))


def test_gas_meters_have_a_size_that_carries_all_they_ever_counted() -> None:
    fleet = simulated(1, 4, "gas")
    assert len(fleet.homes) == 4
    for home in fleet.homes:
        assert home.meter.service == "gas"
        assert home.meter.size is not None
        assert 6 <= home.meter.size >= np.nanmax(home.reads.metered)


def test_seeds_make_other_towns_and_the_same_seed_the_same() -> None:
    one, same, other = (simulated(seed, 3) for seed in (1, 1, 2))
    values = [np.concatenate([home.reads.value for home in fleet.homes]) for fleet in (one, same, other)]
    np.testing.assert_array_equal(values[0], values[1])
    assert len(values[0]) != len(values[2]) or not np.array_equal(values[0], values[2], equal_nan=True)


def test_readings_are_sent_as_their_intervals_end_each_once() -> None:
    fleet = simulated(0, 3)
    reads = [home.reads for home in fleet.homes]
    first = min(int(r.start[0]) for r in reads)
    cut = fleet.onset + 7 * HOUR
    before, after = blocks(reads, first, cut, 5), blocks(reads, cut, fleet.end + DAY, 9)
    assert (before.offset[0], after.offset[0]) == (5, 9)
    assert before.start.max() + 1800 * 1_000_000 < cut <= after.start.min() + 1800 * 1_000_000
    assert len(before) + len(after) == sum(int((~r.lost).sum()) for r in reads)
    assert np.all(np.diff(after.start) >= 0)
