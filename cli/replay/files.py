"""Tables off the disk as batches of columns: `.csv`, `.csv.gz` and `.parquet`, told apart by extension.

Rows are numbered from 1 in the order of the file, the header of a CSV not counted, nor its empty lines.
"""

import csv
import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from cli.errors import UnusableError
from models.domain.blocks import Int64

Column: TypeAlias = "pa.Array[Any]"
MALFORMED: Final = "malformed_row"
_BATCH_ROWS: Final = 1 << 20
_BATCH_BYTES: Final = 1 << 23
"""Of CSV text; the longest row that can be read."""
_READ_ERRORS: Final = (pa.ArrowException, OSError, ValueError, csv.Error)


@dataclasses.dataclass(frozen=True, slots=True)
class DeadRow:
    """A row of READINGS that was set aside, as it stands in `dead-letters.jsonl`."""

    row: int
    reason: str
    detail: str
    raw: str


@dataclasses.dataclass(slots=True)
class Batch:
    """Consecutive rows of a table."""

    rows: Int64
    """[n] row numbers in the file; not without holes, where a row between them is malformed."""
    columns: dict[str, Column]
    """[n] each; text of a CSV, where empty is null."""
    malformed: list[DeadRow]
    """Rows that have too few or too many fields, seen up to here."""
    is_text: bool

    def raw(self, at: int) -> str:
        """Row `at` of the batch as it came: the line of a CSV, else a JSON object of the columns that were read."""
        row = {name: cell(column, at) for name, column in self.columns.items()}
        if not self.is_text:
            return json.dumps(row, default=str)
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(row.values())
        return line.getvalue()


def cell(column: Column, at: int) -> Any:
    """Row `at` as Python has it; a time that Python has no word for as its ticks since 1970."""
    scalar = column[at]
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return f"{scalar.value} {scalar.type.unit}"


class Table(Protocol):
    """An open table."""

    path: Path
    schema: pa.Schema
    """Of a CSV every column is text."""
    rows: int
    """0 = not known before it is read."""

    def batches(self) -> Iterator[Batch]:
        """All rows in the order of the file. Raises UnusableError where the file is damaged."""


def open_table(path: Path, columns: frozenset[str] = frozenset()) -> Table:
    """A table by its extension; of a Parquet only `columns` are read, none given = all.

    Raises UnusableError for another extension, a file that cannot be opened, and a column that stands there twice.
    """
    if not path.is_file():
        raise UnusableError(f"{path}: no such file")
    try:
        if path.name.endswith((".csv", ".csv.gz")):
            table: Table = _Csv(path)
        elif path.name.endswith(".parquet"):
            table = _Parquet(path, columns)
        else:
            raise UnusableError(f"{path}: unknown format, name it .csv, .csv.gz or .parquet")
    except _READ_ERRORS as error:
        raise UnusableError(f"{path}: cannot be read: {_line(error)}") from error
    twice = {name for name in table.schema.names if table.schema.names.count(name) > 1}
    if twice:
        raise UnusableError(f"{path}: column {min(twice)} stands there twice")
    return table


def need_columns(table: Table, names: list[str]) -> None:
    """Raises UnusableError for the columns of `names` that the table does not have."""
    missing = [name for name in names if name not in table.schema.names]
    if missing:
        there = ", ".join(table.schema.names)
        raise UnusableError(f"{table.path}: column {', '.join(missing)} is missing; there are: {there}")


class _Csv:
    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, 0
        # Without the streaming reader below: its threads may outlive a program that ends for want of a column.
        with pa.input_stream(str(path)) as file:
            head = io.StringIO(file.read(_BATCH_BYTES).decode("utf-8-sig", errors="replace"), newline="")
        names = next((names for names in csv.reader(head) if names), None)
        if names is None:
            raise UnusableError(f"{path}: empty, not even a header")
        self.schema = pa.schema([(name, pa.string()) for name in names])

    def _open(self, malformed: list[Any]) -> pa_csv.CSVStreamingReader:
        def skip(row: Any) -> Literal["skip"]:
            malformed.append(row)
            return "skip"

        # Bytes, not text: text that is no UTF-8 then spoils its row and not the file.
        types = dict.fromkeys(self.schema.names, pa.binary())
        return pa_csv.open_csv(
            self.path,
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=_BATCH_BYTES),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
        )

    def batches(self) -> Iterator[Batch]:
        malformed: list[Any] = []
        passed, last = 0, 0
        try:
            with self._open(malformed) as reader:
                for batch in reader:
                    holes = np.array([row.number - 1 for row in malformed[passed:]], np.int64)
                    rows = np.delete(np.arange(last + 1, last + 1 + len(batch) + len(holes)), holes - last - 1)
                    rows = rows[: len(batch)]
                    columns: dict[str, Column] = {name: _text(batch.column(name)) for name in batch.schema.names}
                    yield Batch(rows, columns, [_malformed(row) for row in malformed[passed:]], is_text=True)
                    passed, last = len(malformed), last + len(batch) + len(holes)
        except _READ_ERRORS as error:
            raise UnusableError(f"{self.path}: after row {last}: cannot be read: {_line(error)}") from error
        if malformed[passed:]:
            nothing: dict[str, Column] = {name: pa.array([], pa.string()) for name in self.schema.names}
            yield Batch(np.empty(0, np.int64), nothing, [_malformed(row) for row in malformed[passed:]], is_text=True)


class _Parquet:
    def __init__(self, path: Path, columns: frozenset[str]) -> None:
        self.path = path
        # Ids come as a dictionary: each is looked up once a batch, not once a row.
        self._file = pq.ParquetFile(path, read_dictionary=["meter_id"])
        self.schema = self._file.schema_arrow
        self.rows = self._file.metadata.num_rows
        self._columns = [name for name in self.schema.names if not columns or name in columns]

    def batches(self) -> Iterator[Batch]:
        last = 0
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS, columns=self._columns, use_threads=False):
                columns = {name: batch.column(name) for name in batch.schema.names}
                yield Batch(np.arange(last + 1, last + 1 + len(batch)), columns, [], is_text=False)
                last += len(batch)
        except _READ_ERRORS as error:
            raise UnusableError(f"{self.path}: after row {last}: cannot be read: {_line(error)}") from error


def _malformed(row: Any) -> DeadRow:
    detail = f"{row.actual_columns} fields, {row.expected_columns} expected"
    return DeadRow(row.number - 1, MALFORMED, detail, str(row.text))


def _text(column: Column) -> Column:
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([x if x is None else x.decode(errors="replace") for x in column.to_pylist()], pa.string())


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
