"""READINGS: what becomes a reading, what a dead letter, and what makes the file unusable."""

import datetime as dt
import gzip
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import UnusableError
from cli.replay.files import DeadRow
from cli.replay.readings import Readings, read_readings
from cli.replay.reference import Fleet
from models.contracts import Meter
from models.domain.quality import DERIVED, EDITED, ESTIMATED, MISSING, QUESTIONABLE, VALID
from models.domain.times import HOUR, to_us
from tests.support.replays import write_csv

AT = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
START = to_us(AT)


def meter(meter_id: str, interval_s: int = 3600, since: dt.datetime | None = None) -> Meter:
    return Meter(
        meter_id=meter_id, service="water", unit="L", interval_s=interval_s, timezone="UTC", effective_from=since
    )


FLEET = Fleet([meter("a"), meter("b", 1800)])


def read(path: Path, fleet: Fleet = FLEET) -> tuple[Readings, list[DeadRow]]:
    dead: list[DeadRow] = []
    return read_readings(path, fleet, dead.extend, lambda *_: None), dead


def of_csv(folder: Path, header: str, *rows: str) -> tuple[Readings, list[DeadRow]]:
    return read(write_csv(folder / "readings.csv", header, rows))


def of_parquet(folder: Path, **columns: Any) -> tuple[Readings, list[DeadRow]]:
    path = folder / "readings.parquet"
    pq.write_table(pa.table(columns), path)
    return read(path)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T00:00:00Z",
        "2024-01-01 00:00:00Z",
        "2024-01-01T01:00:00+01:00",
        "2024-01-01T05:30:00+0530",
        "2024-01-01T00:00Z",
        "2024-01-01T00:00:00.000000Z",
        "2024-01-01T00:00:00.0000000Z",
        "2024-01-01t00:00:00z",
        " 2024-01-01T00:00:00Z ",
        "20240101T000000Z",
    ],
)
def test_a_start_is_any_iso_8601_with_a_zone(tmp_path: Path, text: str) -> None:
    readings, dead = of_csv(tmp_path, "meter_id,start,value", f"a,{text},1")
    assert not dead
    assert readings.start.tolist() == [START]


def test_fractions_of_a_second_are_kept(tmp_path: Path) -> None:
    readings, _ = of_csv(
        tmp_path, "meter_id,start,value", "a,2024-01-01T00:00:00.25Z,1", "a,2024-01-01 01:00:00.5+01,1"
    )
    assert (readings.start - START).tolist() == [250_000, 500_000]


@pytest.mark.parametrize(
    ("row", "reason", "says"),
    [
        ("a,2024-01-01T00:00:00,1,", "naive_time", "start '2024-01-01T00:00:00' has no zone"),
        ("a,2024-01-01,1,", "naive_time", "has no zone"),
        ("a,yesterday,1,", "bad_time", "start 'yesterday' is no ISO 8601 time"),
        ("a,,1,", "bad_time", "start is empty"),
        ("a,1024-01-01T00:00:00Z,1,", "absurd_time", "start"),
        ("a,2199-01-01T00:00:00Z,1,", "absurd_time", "start"),
        ("a,2024-01-01T00:00:00Z,abc,", "bad_value", "value 'abc' is no finite number"),
        ("a,2024-01-01T00:00:00Z,nan,", "bad_value", "value nan is no finite number"),
        ("a,2024-01-01T00:00:00Z,-Infinity,", "bad_value", "value"),
        ("a,2024-01-01T00:00:00Z,1e400,", "bad_value", "value"),
        ("a,2024-01-01T00:00:00Z,1_000,", "bad_value", "value"),
        ('a,2024-01-01T00:00:00Z,"1,5",', "bad_value", "value '1,5'"),
        ("a,2024-01-01T00:00:00Z,1,odd", "bad_quality", "quality 'odd' is neither"),
        ("a,2024-01-01T00:00:00Z,1,99", "bad_quality", "quality '99' is neither"),
        ("c,2024-01-01T00:00:00Z,1,", "unknown_meter", "meter_id 'c' is not in METERS"),
        (",2024-01-01T00:00:00Z,1,", "unknown_meter", "meter_id is empty"),
        ("a,2024-01-01T00:00:00Z", "malformed_row", "2 fields, 4 expected"),
        ("a,2024-01-01T00:00:00Z,1,,more", "malformed_row", "5 fields, 4 expected"),
        ("c,yesterday,abc,odd", "bad_time", "start 'yesterday'"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(
    tmp_path: Path, row: str, reason: str, says: str
) -> None:
    good = "a,2024-01-01T00:00:00Z,1,"
    readings, dead = of_csv(tmp_path, "meter_id,start,value,quality", good, row, good)
    assert [(letter.row, letter.reason) for letter in dead] == [(2, reason)]
    assert says in dead[0].detail
    assert dead[0].raw == row
    assert readings.row.tolist() == [1, 3]
    assert readings.in_file == 3


def test_rows_keep_their_numbers_beside_malformed_and_empty_ones(tmp_path: Path) -> None:
    rows = ["a,b", "", "a,2024-01-01T00:00:00Z,1", "x", "y", "a,2024-01-01T01:00:00Z,2", "z"]
    readings, dead = of_csv(tmp_path, "meter_id,start,value", *rows)
    assert readings.row.tolist() == [2, 5]
    assert [letter.row for letter in dead] == [1, 3, 4, 6]
    assert readings.in_file == 6


def test_text_that_is_not_utf8_spoils_its_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(
        b"meter_id,start,value\n\xff,2024-01-01T00:00:00Z,1\na,2024-01-01T00:00:00Z,\xfe\na,2024-01-01T00:00:00Z,3\n"
    )
    readings, dead = read(path)
    assert readings.value.tolist() == [3.0]
    assert [letter.reason for letter in dead] == ["unknown_meter", "bad_value"]


def test_qualities_are_names_or_espi_codes_in_any_case(tmp_path: Path) -> None:
    codes = {"": VALID, "VALID": VALID, "0": VALID, "7": EDITED, "Derived": DERIVED, "8": ESTIMATED, "8.0": ESTIMATED}
    codes |= {"questionable": QUESTIONABLE, "Missing": MISSING}
    rows = [f"a,2024-01-01T00:00:00Z,1,{code}" for code in codes]
    readings, dead = of_csv(tmp_path, "meter_id,start,value,quality", *rows)
    assert not dead
    assert readings.rank is not None
    assert readings.rank.tolist() == list(codes.values())


def test_an_empty_value_is_missing_and_extra_columns_are_ignored(tmp_path: Path) -> None:
    header = "note,value,meter_id,start,register"
    readings, dead = of_csv(
        tmp_path, header, '"a ""note"", long",,a,2024-01-01T00:00:00Z,105.5', "x, 2 ,a,2024-01-01T00:00:00Z,"
    )
    assert not dead
    assert readings.register is not None
    assert np.isnan(readings.value[0])
    assert readings.value[1] == 2
    assert readings.register[0] == 105.5
    assert np.isnan(readings.register[1])
    assert readings.voltage is None


def test_rows_come_in_order_of_arrival_and_as_in_the_file_where_that_is_equal(tmp_path: Path) -> None:
    rows = [
        "a,2024-01-01T05:00:00Z,1,2024-01-01T09:00:00Z",
        "b,2024-01-01T00:00:00Z,2,",
        "a,2024-01-01T02:00:00Z,3,2024-01-01T09:00:00Z",
        "a,2024-01-01T00:00:00Z,4,",
    ]
    readings, _ = of_csv(tmp_path, "meter_id,start,value,received_at", *rows)
    assert readings.value.tolist() == [2, 4, 1, 3]
    assert ((readings.received_at - START) / HOUR).tolist() == [0.5, 1, 9, 9]


def test_the_interval_is_that_of_the_meter_at_the_time(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "r.csv", "meter_id,start,value", ["a,2024-01-01T00:00:00Z,1", "a,2024-01-02T00:00:00Z,1"]
    )
    fleet = Fleet([meter("a", 900, AT + dt.timedelta(days=1)), meter("a", 3600, AT)])
    readings, _ = read(path, fleet)
    assert ((readings.received_at - readings.start) // 1_000_000).tolist() == [3600, 900]


def test_gzip_reads_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv.gz"
    path.write_bytes(gzip.compress(b"meter_id,start,value\na,2024-01-01T00:00:00Z,1\n"))
    assert read(path)[0].value.tolist() == [1]


def test_parquet_in_its_own_types(tmp_path: Path) -> None:
    readings, dead = of_parquet(
        tmp_path,
        meter_id=pa.array(["a", "c", "a", None], pa.string()).dictionary_encode(),
        start=pa.array([AT] * 4, pa.timestamp("ns", tz="Europe/Madrid")),
        value=pa.array([1, 2, None, 4], pa.int32()),
        quality=pa.array([8, None, None, 0], pa.int16()),
        register=pa.array([1.5, None, float("nan"), 2.0]),
    )
    assert [(letter.row, letter.reason) for letter in dead] == [(2, "unknown_meter"), (4, "unknown_meter")]
    assert '"meter_id": "c"' in dead[0].raw
    assert readings.start.tolist() == [START, START]
    assert readings.rank is not None
    assert readings.rank.tolist() == [ESTIMATED, VALID]
    assert np.isnan(readings.value[1])


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_parquet_time_beyond_python_is_a_dead_letter(tmp_path: Path, unit: Literal["ms", "us", "ns"]) -> None:
    per_second = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    wraps = 2**64 // 1000 + START // 1000  # in milliseconds; as microseconds it would come out at START
    ticks = [START * per_second // 10**6, wraps if unit == "ms" else 2**62 + 1, None]
    start = pa.array(ticks, pa.timestamp(unit, tz="UTC"))
    readings, dead = of_parquet(tmp_path, meter_id=["a", "a", "a"], start=start, value=[1.0, 1.0, 1.0])
    assert readings.start.tolist() == [START]
    assert [(letter.row, letter.reason) for letter in dead] == [(2, "absurd_time"), (3, "bad_time")]


def test_a_dead_letter_can_show_a_time_of_nanoseconds(tmp_path: Path) -> None:
    start = pa.array([START * 1000 + 1], pa.timestamp("ns", tz="UTC"))
    _, dead = of_parquet(tmp_path, meter_id=["x"], start=start, value=[1.0])
    assert [letter.reason for letter in dead] == ["unknown_meter"]
    assert f"{START * 1000 + 1} ns" in dead[0].raw


def test_blanks_around_an_id_are_no_part_of_it(tmp_path: Path) -> None:
    readings, dead = of_csv(tmp_path, "meter_id,start,value", " b ,2024-01-01T00:00:00Z,1")
    assert not dead
    assert readings.meter.tolist() == [1]


def test_a_parquet_value_of_nan_or_infinity_is_a_dead_letter(tmp_path: Path) -> None:
    _, dead = of_parquet(
        tmp_path,
        meter_id=["a"] * 3,
        start=pa.array([AT] * 3, pa.timestamp("us", tz="UTC")),
        value=[float("nan"), float("inf"), 1.0],
    )
    assert [letter.reason for letter in dead] == ["bad_value", "bad_value"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"start": pa.array([AT], pa.timestamp("us"))}, "column start is timestamp[us] without a zone"),
        ({"received_at": pa.array([AT], pa.timestamp("us"))}, "column received_at is timestamp[us] without a zone"),
        ({"start": pa.array([1])}, "column start is int64"),
        ({"value": pa.array([True])}, "column value is bool"),
        ({"value": None}, "column value is missing"),
    ],
)
def test_a_parquet_of_unfit_columns_is_unusable(tmp_path: Path, columns: dict[str, Any], says: str) -> None:
    usual = {"meter_id": ["a"], "start": pa.array([AT], pa.timestamp("us", tz="UTC")), "value": [1.0]}
    there = {name: column for name, column in {**usual, **columns}.items() if column is not None}
    with pytest.raises(UnusableError, match=r"readings\.parquet") as error:
        of_parquet(tmp_path, **there)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("readings.csv", b"", "empty"),
        ("readings.csv", b"meter_id,start\n", "column value is missing; there are: meter_id, start"),
        ("readings.csv", b"meter_id,start,value,value\n", "column value stands there twice"),
        ("readings.csv.gz", b"meter_id,start,value\n", "cannot be read"),
        ("readings.parquet", b"nonsense", "cannot be read"),
        ("readings.json", b"{}", "unknown format"),
    ],
)
def test_a_file_that_is_no_table_is_unusable(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnusableError, match=name) as error:
        read(tmp_path / name)
    assert says in str(error.value)


def test_no_rows_is_no_error(tmp_path: Path) -> None:
    readings, dead = of_csv(tmp_path, "meter_id,start,value")
    assert len(readings) == readings.in_file == len(dead) == 0


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 5), st.integers(0, 3)), max_size=30), st.randoms()
)
def test_where_arrivals_differ_the_order_of_the_file_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, int]], random: Any
) -> None:
    """Rows that arrive at one moment keep their order; all others may stand anywhere."""
    folder = tmp_path_factory.mktemp("order")
    lines = [f"{m},2024-01-01T0{hour}:00:00Z,{n},2024-01-01T1{at}:00:00Z" for n, (m, hour, at) in enumerate(rows)]
    header = "meter_id,start,value,received_at"
    by_arrival = [[line for line, row in zip(lines, rows, strict=True) if row[2] == at] for at in range(4)]
    shuffled: list[str] = []
    while any(by_arrival):
        shuffled.append(random.choice([group for group in by_arrival if group]).pop(0))
    assert of_csv(folder, header, *lines)[0].value.tolist() == of_csv(folder, header, *shuffled)[0].value.tolist()
