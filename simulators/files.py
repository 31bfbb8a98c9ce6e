"""Scenes and fleets as the files of the replay contract, with the truth beside them."""

import csv
import datetime as dt
import pathlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.contracts import Meter
from models.domain.localtime import midnights
from models.domain.times import SECOND, to_datetime, to_text, to_us
from simulators.faults import Injected, Reads
from simulators.headend import Message, Upload, registers
from simulators.scene import Scene

_TIME: Final = pa.timestamp("us", tz="UTC")
_READINGS: Final[dict[str, pa.DataType]] = {
    "meter_id": pa.string(),
    "start": _TIME,
    "value": pa.float64(),
    "quality": pa.int16(),
    "register": pa.float64(),
    "received_at": _TIME,
}


def write(scene: Scene, folder: pathlib.Path, form: Literal["csv", "parquet"] = "csv") -> None:
    """Writes ``readings.csv`` (or ``.parquet``), ``meters.csv`` and ``labels.csv`` into `folder`, which is made.

    Rows stand in the order of `Scene.messages`; a row's `received_at` is the `sent_at` of its message, and a register
    stands in the last row of its block.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_readings(rows(scene.messages()), folder / f"readings.{form}")
    _write_meters(scene.meters, folder / "meters.csv")
    _write_labels(scene.truth, folder / "labels.csv")


def write_fleet(
    homes: Sequence[tuple[Meter, Reads]], truth: Iterable[Injected], folder: pathlib.Path, telling: Collection[str]
) -> None:
    """Writes ``readings.parquet``, ``meters.csv`` and ``labels.csv`` into `folder`, which is made.

    Each reading arrives by itself as its interval ends. Meters in `telling` tell their register once a local day.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = [_table(meter, reads, tells=meter.meter_id in telling) for meter, reads in homes]
    pq.write_table(pa.concat_tables(tables), folder / "readings.parquet")
    _write_meters((meter for meter, _ in homes), folder / "meters.csv")
    _write_labels(truth, folder / "labels.csv")


def _table(meter: Meter, reads: Reads, *, tells: bool) -> pa.Table:
    """READINGS of one meter."""
    sent = ~reads.lost
    day = np.searchsorted(midnights(meter.timezone), reads.start, side="right")
    ends_day = np.append(day[1:] != day[:-1], False)
    register = np.where(ends_day & tells, registers(reads, Upload()), np.nan)
    columns = {
        "meter_id": np.full(len(reads.start), meter.meter_id),
        "start": reads.start,
        "value": reads.value,
        "quality": reads.quality,
        "register": register,
        "received_at": reads.ends,
    }
    return pa.table(
        {name: pa.array(column[sent], from_pandas=True).cast(_READINGS[name]) for name, column in columns.items()}
    )


def rows(messages: Iterable[Message]) -> Iterator[dict[str, Any]]:
    """READINGS, a row an interval, times in microseconds UTC; None where there is nothing."""
    for message in messages:
        start = to_us(dt.datetime.fromisoformat(message["start"]))
        sent_at = to_us(dt.datetime.fromisoformat(message["sent_at"]))
        values = message["values"] if "values" in message else [message["value"]]
        code = message["quality"]
        for at, value in enumerate(values):
            yield {
                "meter_id": message["meter_id"],
                "start": start + at * message["interval_s"] * SECOND,
                "value": value,
                "quality": code[at] if isinstance(code, list) else code,
                "register": message.get("register") if at == len(values) - 1 else None,
                "received_at": sent_at,
            }


def _write_readings(readings: Iterable[dict[str, Any]], path: pathlib.Path) -> None:
    if path.suffix == ".parquet":
        as_times = ({**row, **{name: to_datetime(row[name]) for name in ("start", "received_at")}} for row in readings)
        pq.write_table(pa.Table.from_pylist(list(as_times), schema=pa.schema(_READINGS)), path)
    else:
        as_text = ({**row, **{name: to_text(row[name]) for name in ("start", "received_at")}} for row in readings)
        _write_csv(path, list(_READINGS), as_text)


def _write_meters(meters: Iterable[Meter], path: pathlib.Path) -> None:
    records = [meter.model_dump(mode="json", exclude_defaults=True) for meter in meters]
    _write_csv(path, [name for name in Meter.model_fields if any(name in record for record in records)], records)


def _write_labels(truth: Iterable[Injected], path: pathlib.Path) -> None:
    labels = [
        {
            "meter_id": fault.meter_id,
            "kind": fault.kind,
            "start": to_text(fault.onset),
            "end": to_text(fault.end),
            "expected_cause": fault.expected_cause,
            "fleet": fault.fleet,
        }
        for fault in truth
    ]
    _write_csv(path, ["meter_id", "kind", "start", "end", "expected_cause", "fleet"], labels)


def _write_csv(path: pathlib.Path, columns: list[str], records: Iterable[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
