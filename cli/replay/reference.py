"""METERS and the optional tables of the replay contract, row by row through their contracts.

Anything wrong in them makes the file unusable: what is said of a meter decides how its readings are judged.
"""

import contextlib
import datetime as dt
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import pyarrow as pa
import pydantic
from numpy.typing import NDArray

from cli.errors import UnusableError
from cli.replay.files import Column, need_columns, open_table
from models.contracts import Contract, Meter
from models.domain.blocks import Int64
from models.domain.times import NEVER, to_us

Row = TypeVar("Row", bound=Contract)
Text = Annotated[str, pydantic.StringConstraints(min_length=1)]


def _utc(time: dt.datetime) -> dt.datetime:
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time


class Weather(Contract):
    """WEATHER: mean temperature of an hour, used from `start` + 1 h on."""

    zone: Text
    start: Annotated[dt.datetime, pydantic.AfterValidator(_utc)]
    """UTC hour, with or without saying so."""
    temp_c: Annotated[float, pydantic.Field(ge=-100, le=100)]


class Fleet:
    """The meters of METERS with their history, numbered in the order in which the file first names them."""

    def __init__(self, meters: list[Meter]) -> None:
        history: dict[str, list[Meter]] = {}
        for meter in meters:
            history.setdefault(meter.meter_id, []).append(meter)
        self.ids = list(history)
        self.versions = [sorted(versions, key=_effective) for versions in history.values()]
        """Of each meter, the oldest first; it holds for what lies before it, too."""
        self._intervals: list[tuple[Int64, NDArray[np.int64]]] = []
        for depth in range(max(map(len, self.versions), default=0)):
            there = [(n, versions[depth]) for n, versions in enumerate(self.versions) if depth < len(versions)]
            since = np.full(len(self.ids), np.iinfo(np.int64).max)
            interval = np.zeros(len(self.ids), np.int64)
            for n, meter in there:
                since[n], interval[n] = _effective(meter), meter.interval_s
            self._intervals.append((since, interval))

    def __len__(self) -> int:
        return len(self.ids)

    def interval_s(self, meter: NDArray[np.int32], start: Int64) -> Int64:
        """[n] seconds of each meter's interval as of `start`; of an unknown meter (-1) anything."""
        if not self._intervals:
            return np.zeros(len(meter), np.int64)
        found: Int64 = self._intervals[0][1][meter]
        for since, interval in self._intervals[1:]:
            found = np.where(start >= since[meter], interval[meter], found)
        return found


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Loading a fleet makes millions of objects, none of them garbage: looking for it takes half of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def read_fleet(path: Path) -> Fleet:
    """METERS. Raises UnusableError that names file, row and column."""
    rows = read_rows(path, Meter)
    seen: dict[tuple[str, int], int] = {}
    for number, meter in rows:
        before = seen.setdefault((meter.meter_id, _effective(meter)), number)
        if before != number:
            raise UnusableError(
                f"{path}: row {number}: meter_id {meter.meter_id!r} stands in row {before} already; "
                "its history needs another effective_from in each row"
            )
    return Fleet([meter for _, meter in rows])


def read_rows(path: Path, model: type[Row]) -> list[tuple[int, Row]]:
    """(row number, row) of a table; empty cells are left out. Raises UnusableError that names file, row and column."""
    table = open_table(path)
    names = [field.alias or name for name, field in model.model_fields.items()]
    need_columns(table, [field.alias or name for name, field in model.model_fields.items() if field.is_required()])
    rows = []
    for batch in table.batches():
        for letter in batch.malformed:
            raise UnusableError(f"{path}: row {letter.row}: {letter.detail}: {letter.raw!r}")
        there = [name for name in names if name in batch.columns]
        texts = [_texts(batch.columns[name]) for name in there]
        for number, *cells in zip(batch.rows.tolist(), *texts, strict=True):
            fields = {name: cell for name, cell in zip(there, cells, strict=True) if cell is not None}
            try:
                rows.append((number, model.model_validate_strings(fields)))
            except pydantic.ValidationError as error:
                raise UnusableError(f"{path}: row {number}{_what(error)}") from None
    return rows


def _texts(column: Column) -> list[str | None]:
    return [cell.strip() or None if cell else None for cell in column.cast(pa.string()).to_pylist()]


def _what(error: pydantic.ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f": {message}"
    if first["type"] == "missing":
        return f", column {first['loc'][0]}: is empty"
    return f", column {first['loc'][0]}: {message}, got {first['input']!r}"


def _effective(meter: Meter) -> int:
    return NEVER if meter.effective_from is None else to_us(meter.effective_from)
