"""READINGS of the replay contract: every row becomes a place in the columns or a dead letter.

Reasons, the first that holds: `malformed_row`; `bad_time`, `naive_time` or `absurd_time`; `bad_value`; `bad_quality`;
`unknown_meter`.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cli.errors import UnusableError
from cli.replay.columns import Fault, Faults, is_number, is_text, numbers, places, ranks, times
from cli.replay.files import Batch, Column, DeadRow, Table, need_columns, open_table
from cli.replay.reference import Fleet
from models.domain.blocks import Float64, Int64
from models.domain.times import NEVER, SECOND, to_text

Progress = Callable[[str, int, int], None]
"""Called with a step, how many rows of it are done, and of how many (0 = not known)."""
Sink = Callable[[list[DeadRow]], None]

_REQUIRED: Final = ["meter_id", "start", "value"]
_TIMES: Final = ("start", "received_at")
_EXTRAS: Final = ("register", "voltage", "received")
_NUMBERS: Final = ("value", *_EXTRAS)
_COLUMNS: Final = frozenset({"meter_id", *_TIMES, *_NUMBERS, "quality"})


@dataclasses.dataclass(slots=True)
class Readings:
    """What can be replayed, in order of replay: by `received_at`, as in the file where that is equal."""

    meter: NDArray[np.int32]
    """[n] position in the fleet"""
    row: Int64
    """[n] row number in the file, from 1."""
    start: Int64
    """[n] microseconds"""
    received_at: Int64
    """[n] microseconds"""
    value: Float64
    """[n] NaN = missing"""
    rank: NDArray[np.uint8] | None
    """[n]; no column = all valid. Likewise below, no column = never there."""
    register: Float64 | None
    voltage: Float64 | None
    received: Float64 | None
    in_file: int
    """Rows of the file, dead letters included."""

    def __len__(self) -> int:
        return len(self.meter)

    def raw(self, at: int, fleet: Fleet) -> str:
        """Reading `at` as a JSON object, for a dead letter."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        fields = {name: float(column[at]) for name, column in numbers.items() if column is not None}
        stamps = {"start": to_text(int(self.start[at])), "received_at": to_text(int(self.received_at[at]))}
        values = {name: number for name, number in fields.items() if np.isfinite(number)}
        return json.dumps({"meter_id": fleet.ids[self.meter[at]], **stamps, **values})


def read_readings(path: Path, fleet: Fleet, dead: Sink, progress: Progress) -> Readings:
    """All of READINGS. Raises UnusableError for a file that cannot be read as such."""
    table = open_table(path, _COLUMNS)
    need_columns(table, _REQUIRED)
    _check_types(table)
    known = pa.array(fleet.ids, pa.string())
    parts: list[dict[str, NDArray[Any]]] = []
    in_file = 0
    for batch in table.batches():
        columns, faults = _parse(batch, fleet, known)
        keep = np.ones(len(batch.rows), np.bool_)
        keep[list(faults)] = False
        letters = [DeadRow(int(batch.rows[at]), *fault, batch.raw(at)) for at, fault in faults.items()]
        if letters or batch.malformed:
            dead(sorted(letters + batch.malformed, key=lambda letter: letter.row))
        parts.append({name: column[keep] for name, column in columns.items()} if faults else columns)
        in_file += len(batch.rows) + len(batch.malformed)
        progress("read", in_file, table.rows)
    return _in_order(parts, table.schema.names, in_file)


def _check_types(table: Table) -> None:
    for field in table.schema:
        name, kind = field.name, field.type
        if name not in _COLUMNS or is_text(kind) or (pa.types.is_null(kind) and name not in _REQUIRED):
            continue
        if name in _TIMES:
            fits = pa.types.is_timestamp(kind)
            if fits and kind.tz is None:
                raise UnusableError(f"{table.path}: column {name} is {kind} without a zone; write it with one, as UTC")
        elif name == "meter_id":
            fits = pa.types.is_integer(kind)
        else:
            fits = is_number(kind) or (name in _NUMBERS and pa.types.is_null(kind))
        if not fits:
            raise UnusableError(f"{table.path}: column {name} is {kind}, which cannot be read as {name}")


def _parse(batch: Batch, fleet: Fleet, known: Column) -> tuple[dict[str, NDArray[Any]], Faults]:
    """Columns of a batch as arrays, and the rows that cannot be used."""
    there = {name: column for name, column in batch.columns.items() if name in _COLUMNS}
    columns: dict[str, NDArray[Any]] = {"row": batch.rows}
    faults: Faults = {}

    def parse(name: str, read: Callable[[Column], tuple[NDArray[Any], Faults]]) -> None:
        if name in there and not (pa.types.is_null(there[name].type) and name != "value"):
            columns[name], found = read(there[name])
            for at, fault in found.items():
                faults.setdefault(at, Fault(fault.reason, f"{name} {fault.detail}"))

    for name in _TIMES:
        parse(name, times)
    for at in np.flatnonzero(columns["start"] == NEVER):
        faults.setdefault(int(at), Fault("bad_time", "start is empty"))
    parse("value", lambda column: numbers(column, nan_is_empty=False))
    for name in _EXTRAS:
        parse(name, lambda column: numbers(column, nan_is_empty=True))
    parse("quality", ranks)
    parse("meter_id", lambda column: places(column, known))
    meter, start = columns.pop("meter_id"), columns["start"]
    arrived = start + fleet.interval_s(meter, start) * SECOND
    given = columns.get("received_at")
    return {
        **columns,
        "meter": meter,
        "received_at": arrived if given is None else np.where(given == NEVER, arrived, given),
    }, faults


def _in_order(parts: list[dict[str, NDArray[Any]]], names: list[str], in_file: int) -> Readings:
    def column(name: str, dtype: str) -> NDArray[Any]:
        arrays = [part.pop(name) for part in parts if name in part]
        return np.concatenate(arrays) if arrays else np.empty(0, dtype)

    received_at = column("received_at", "i8")
    order: Any = slice(None)
    if (received_at[1:] < received_at[:-1]).any():
        order = np.argsort(received_at, kind="stable")
        received_at = received_at[order]
    optional = {name: column(name, "f8")[order] for name in _EXTRAS if any(name in part for part in parts)}
    return Readings(
        meter=column("meter", "i4")[order],
        row=column("row", "i8")[order],
        start=column("start", "i8")[order],
        received_at=received_at,
        value=column("value", "f8")[order],
        rank=column("quality", "u1")[order] if any("quality" in part for part in parts) else None,
        register=optional.get("register"),
        voltage=optional.get("voltage"),
        received=optional.get("received"),
        in_file=in_file,
    )
