"""Columns of a table to arrays: vectorised where all is well, by distinct value in a batch where something is not.

Each function gives the array and what is wrong with it. A faulty position's value means nothing.
"""

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cli.replay.files import Column, cell
from models.domain.blocks import Float64, Int64
from models.domain.quality import rank_of
from models.domain.times import EARLIEST, LATEST, NEVER, SECOND, to_text, to_us


class Fault(NamedTuple):
    """Why a position cannot be used."""

    reason: str
    detail: str


Faults = dict[int, Fault]

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NOT_FINITE: Final = "is no finite number"
_SHOWN: Final = 80


def is_text(kind: pa.DataType) -> bool:
    """Text in any of Arrow's encodings."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def is_number(kind: pa.DataType) -> bool:
    """Integer, float or decimal."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def places(column: Column, ids: Column) -> tuple[NDArray[np.int32], Faults]:
    """Position in `ids` of each id, -1 = none. Blanks around an id are no part of it, in METERS neither."""
    coded = _coded(column)
    names = pc.utf8_trim_whitespace(coded.dictionary.cast(pa.string()))
    known = pc.index_in(names, value_set=ids).fill_null(-1).to_numpy()
    known = np.append(known, np.int32(-1))
    found = known[coded.indices.fill_null(len(known) - 1).to_numpy().astype(np.int64)]
    unknown = np.flatnonzero(found < 0)
    return found, {int(at): Fault("unknown_meter", _unknown(coded[int(at)].as_py())) for at in unknown}


def times(column: Column) -> tuple[Int64, Faults]:
    """Microseconds UTC; `NEVER` = empty. Text is ISO 8601 with Z or an offset."""
    parsed, faults = _parsed(_without_overflow(column), _INSTANT, _time)
    found = np.asarray(parsed.cast(pa.int64()).fill_null(NEVER))
    absurd = ((found < EARLIEST) | (found >= LATEST)) & np.asarray(parsed.is_valid())
    span = f"is not between {to_text(EARLIEST)} and {to_text(LATEST)}"
    for at in np.flatnonzero(absurd):
        faults[int(at)] = Fault("absurd_time", f"{_shown(str(cell(column, int(at))))} {span}")
    return found, faults


def numbers(column: Column, *, nan_is_empty: bool) -> tuple[Float64, Faults]:
    """Finite numbers; NaN = empty. A NaN of a typed column is empty or a fault; the text "nan" is always a fault."""
    parsed, faults = _parsed(column, pa.float64(), _number)
    found = np.asarray(parsed.fill_null(np.nan))
    if not np.isfinite(found).all():
        odd = ~np.isfinite(found) & np.asarray(parsed.is_valid())
        if nan_is_empty and not is_text(column.type):
            odd &= ~np.isnan(found)
        for at in np.flatnonzero(odd):
            faults[int(at)] = Fault("bad_value", f"{column[int(at)]} {_NOT_FINITE}")
    return found, faults


def ranks(column: Column) -> tuple[NDArray[np.uint8], Faults]:
    """Quality ranks of names or ESPI codes; empty = valid."""
    coded = _coded(column)
    codes = [*coded.dictionary.to_pylist(), None]
    known = [rank_of(None if code is None else str(code).removesuffix(".0")) for code in codes]
    at = coded.indices.fill_null(len(codes) - 1).to_numpy()
    found = np.array([-1 if rank is None else rank for rank in known], np.int16)[at]
    wrong = np.flatnonzero(found < 0)
    what = "is neither a quality name nor an ESPI code"
    return found.astype(np.uint8), {int(n): Fault("bad_quality", f"{_shown(codes[at[n]])} {what}") for n in wrong}


def _parsed(column: Column, kind: pa.DataType, parse: Callable[[str], Any]) -> tuple[Column, Faults]:
    """The column as `kind`; text that Arrow cannot cast goes through `parse`, a distinct value at a time."""
    column = _plain(column)
    if not is_text(column.type):
        return column.cast(kind, safe=False), {}
    try:
        return column.cast(kind), {}
    except pa.ArrowInvalid:
        coded = _coded(column)
    parsed: list[Any] = []
    wrong: dict[int, Fault] = {}
    for place, text in enumerate(coded.dictionary.to_pylist()):
        try:
            parsed.append(parse(text.strip()))
        except _FaultError as error:
            parsed.append(None)
            wrong[place] = Fault(error.reason, f"{_shown(text)} {error}")
    indices = coded.indices.fill_null(-1).to_numpy()
    faulty = np.flatnonzero(np.isin(indices, list(wrong))) if wrong else np.empty(0, np.int64)
    return pa.array(parsed, kind).take(coded.indices), {int(at): wrong[int(indices[at])] for at in faulty}


class _FaultError(ValueError):
    """Stays in this module."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


def _time(text: str) -> int | None:
    if not text:
        return None
    try:
        time = dt.datetime.fromisoformat(text.upper())
    except ValueError:
        raise _FaultError("bad_time", "is no ISO 8601 time") from None
    if time.tzinfo is None:
        raise _FaultError("naive_time", "has no zone: Z or an offset is needed")
    return to_us(time)


def _number(text: str) -> float | None:
    if not text:
        return None
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    if math.isinf(number):
        raise _FaultError("bad_value", _NOT_FINITE)
    return number


def _without_overflow(column: Column) -> Column:
    """Of coarser ticks, those too far away to be microseconds moved to where time ends: Arrow would wrap them round."""
    per_second = {"s": 1, "ms": 1000}.get(getattr(column.type, "unit", ""))
    if per_second is None or not pa.types.is_timestamp(column.type):
        return column
    end = LATEST // SECOND * per_second
    ticks: Any = column.cast(pa.int64())
    below = pc.min_element_wise(ticks, end, skip_nulls=False)
    clipped: Column = pc.max_element_wise(below, -end, skip_nulls=False).cast(column.type)
    return clipped


def _coded(column: Column) -> Any:
    """As a dictionary; its distinct values may repeat where the file already kept one."""
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _plain(column: Any) -> Column:
    plain: Column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return plain


def _unknown(meter_id: Any) -> str:
    return "is empty" if meter_id is None else f"{_shown(meter_id)} is not in METERS"


def _shown(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
