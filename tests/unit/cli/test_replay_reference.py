"""METERS and the optional tables: checked cell by cell, errors that name file, row and column."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.errors import UnusableError
from cli.replay.reference import Weather, read_fleet, read_rows
from models.contracts import Account, Context, Contract, MeterEvent
from tests.support.replays import WATER, write_csv, write_meters

HEADER = "meter_id,service,unit,interval_s,timezone,size,is_total,has_generation,effective_from,note"
ACCOUNTS = "account_id,language,channels,opt_out,billing_day,tariff_per_unit,currency"


def test_meters_with_all_that_may_be_empty(tmp_path: Path) -> None:
    rows = ["a,water,L,3600,Europe/Madrid,2.5,1,0,,x", "b,electricity,kWh,1800.0,Europe/London,,,,,"]
    fleet = read_fleet(write_csv(tmp_path / "meters.csv", HEADER, rows))
    (first,), (second,) = fleet.versions
    assert fleet.ids == ["a", "b"]
    assert (first.size, first.is_total, first.has_generation) == (2.5, True, False)
    assert (second.interval_s, second.size, second.is_total, second.has_generation) == (1800, None, False, None)


def test_the_history_of_a_meter_is_in_order_of_its_time(tmp_path: Path) -> None:
    rows = [
        "a,water,L,900,Europe/Madrid,,,,2024-03-01T00:00:00Z,",
        "b,water,L,900,Europe/Madrid,,,,,",
        "a,water,L,3600,Europe/Madrid,,,,,",
        "a,water,L,1800,Europe/Madrid,,,,2024-02-01T00:00:00+01:00,",
    ]
    fleet = read_fleet(write_csv(tmp_path / "meters.csv", HEADER, rows))
    assert fleet.ids == ["a", "b"]
    assert [meter.interval_s for meter in fleet.versions[0]] == [3600, 1800, 900]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,steam,L,3600,UTC,,,,,", "row 2, column service: Input should be 'electricity', 'water'"),
        ("a,water,kWh,3600,UTC,,,,,", "row 2: unit kWh does not fit the service water"),
        ("a,water,L,3600,Mars/Base,,,,,", "row 2, column timezone: 'Mars/Base' is no IANA time zone"),
        ("a,water,L,hour,UTC,,,,,", "row 2, column interval_s: Input should be a valid integer"),
        ("a,water,L,7,UTC,,,,,", "row 2, column interval_s: Input should be greater than or equal to 60"),
        ("a,water,L,,UTC,,,,,", "row 2, column interval_s: is empty"),
        ("a,water,L,3600,UTC,-1,,,,", "row 2, column size: Input should be greater than 0, got '-1'"),
        ("a,water,L,3600,UTC,nan,,,,", "row 2, column size: Input should be a finite number"),
        ("a,water,L,3600,UTC,,maybe,,,", "row 2, column is_total: Input should be a valid boolean"),
        ("a,water,L,3600,UTC,,,,2024-01-01T00:00:00,", "row 2, column effective_from: Input should have timezone info"),
        (",water,L,3600,UTC,,,,,", "row 2, column meter_id: is empty"),
        ("a,water", "row 2: 2 fields, 10 expected: 'a,water'"),
        ("z,water,L,3600,UTC,,,,,", "row 2: meter_id 'z' stands in row 1 already"),
    ],
)
def test_a_row_that_is_wrong_makes_meters_unusable(tmp_path: Path, row: str, says: str) -> None:
    path = write_csv(tmp_path / "meters.csv", HEADER, ["z,water,L,3600,UTC,,,,,", row])
    with pytest.raises(UnusableError, match=r"meters\.csv: ") as error:
        read_fleet(path)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_columns_that_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="column interval_s, timezone is missing"):
        read_fleet(write_csv(tmp_path / "meters.csv", "meter_id,service,unit", []))


def test_no_meters_is_no_error(tmp_path: Path) -> None:
    assert read_fleet(write_meters(tmp_path / "meters.csv", {})).ids == []


def test_meters_from_parquet(tmp_path: Path) -> None:
    service, unit, interval_s, timezone = WATER.split(",")
    table = pa.table({"meter_id": ["a"], "service": [service], "unit": [unit], "timezone": [timezone], "size": [2.5]})
    path = tmp_path / "meters.parquet"
    pq.write_table(table.append_column("interval_s", pa.array([float(interval_s)])), path)
    assert read_fleet(path).versions[0][0].interval_s == 3600


@pytest.mark.parametrize(
    ("model", "header", "row"),
    [
        (Weather, "zone,start,temp_c", "es,2024-01-01T00:00:00Z,-3.5"),
        (Weather, "zone,start,temp_c", "es,2024-01-01 00:00:00,12"),
        (MeterEvent, "meter_id,at,code,received_at", "a,2024-01-01T00:00:00Z,3.12.93.219,"),
        (MeterEvent, "meter_id,at,code", "a,2024-01-01T00:00:00Z,tamper"),
        (
            Account,
            "account_id,language,channels,opt_out,billing_day,tariff_per_unit,currency",
            "x,es,email,,28,0.12,EUR",
        ),
        (Account, "account_id", "x"),
        (Context, "premise_id,kind,from,until", "p,vacation,2024-01-01T00:00:00Z,2024-01-09T00:00:00Z"),
        (Context, "premise_id,kind,from,until", "p,pool,2024-01-01T00:00:00Z,"),
    ],
)
def test_the_optional_tables(tmp_path: Path, model: type[Contract], header: str, row: str) -> None:
    ((number, read),) = read_rows(write_csv(tmp_path / "table.csv", header, [row]), model)
    assert number == 1
    assert isinstance(read, model)


@pytest.mark.parametrize(
    ("model", "header", "row", "says"),
    [
        (Weather, "zone,start,temp_c", "es,2024-01-01T00:00:00Z,warm", "row 1, column temp_c: "),
        (Weather, "zone,start", "es,2024-01-01T00:00:00Z", "column temp_c is missing"),
        (MeterEvent, "meter_id,at,code", "a,2024-01-01T00:00:00,tamper", "row 1, column at: "),
        (Account, "account_id,billing_day", "x,32", "row 1, column billing_day: "),
        (Context, "premise_id,kind,from,until", "p,pool,,", "row 1, column from: is empty"),
    ],
)
def test_what_is_wrong_in_them(tmp_path: Path, model: type[Contract], header: str, row: str, says: str) -> None:
    with pytest.raises(UnusableError) as error:
        read_rows(write_csv(tmp_path / "table.csv", header, [row]), model)
    assert says in str(error.value)
