"""Columns of a table to arrays: vectorised where all is well, by distinct value in a batch where something is not.

Each function gives the array and what is wrong: position -> detail. A faulty position's value means nothing.
"""

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cli.replay.files import Column
from models.domain.blocks import Float64, Int64
from models.domain.quality import rank_of
from models.domain.times import NEVER, to_us

Faults = dict[int, str]

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
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
    """Position in `ids` of each id."""
    coded = _coded(column)
    known = pc.index_in(coded.dictionary.cast(pa.string()), value_set=ids).fill_null(-1).to_numpy()
    known = np.append(known, np.int32(-1))
    found = known[coded.indices.fill_null(len(known) - 1).to_numpy().astype(np.int64)]
    unknown = np.flatnonzero(found < 0)
    return found, {int(at): _unknown(coded[int(at)].as_py()) for at in unknown}


def times(column: Column) -> tuple[Int64, Faults]:
    """Microseconds UTC; `NEVER` = empty. Text is ISO 8601 with Z or an offset."""
    parsed, faults = _parsed(column, _INSTANT, _time)
    return np.asarray(parsed.cast(pa.int64()).fill_null(NEVER)), faults


def numbers(column: Column, *, nan_is_empty: bool) -> tuple[Float64, Faults]:
    """Finite numbers; NaN = empty. A NaN of a typed column is empty or a fault; the text "nan" is always a fault."""
    typed = is_number(column.type)
    parsed, faults = _parsed(column, pa.float64(), _number)
    values = np.asarray(parsed.fill_null(np.nan))
    if not np.isfinite(values).all():
        odd = ~np.isfinite(values) & np.asarray(parsed.is_valid())
        if typed and nan_is_empty:
            odd &= ~np.isnan(values)
        for at in np.flatnonzero(odd):
            faults.setdefault(int(at), f"{column[int(at)].as_py()} is no finite number")
    return values, faults


def ranks(column: Column) -> tuple[NDArray[np.uint8], Faults]:
    """Quality ranks of names or ESPI codes; empty = valid."""
    coded = _coded(column)
    codes = [*coded.dictionary.to_pylist(), None]
    known = [rank_of(None if code is None else str(code).removesuffix(".0")) for code in codes]
    at = coded.indices.fill_null(len(codes) - 1).to_numpy()
    found = np.array([-1 if rank is None else rank for rank in known], np.int16)[at]
    wrong = np.flatnonzero(found < 0)
    faults = {int(n): f"{_shown(codes[at[n]])} is neither a quality name nor an ESPI code" for n in wrong}
    return found.astype(np.uint8), faults


def _parsed(column: Column, kind: pa.DataType, parse: Callable[[str], Any]) -> tuple[Column, Faults]:
    column = _plain(column)
    if not is_text(column.type):
        return column.cast(kind, safe=False), {}
    try:
        return column.cast(kind), {}
    except pa.ArrowInvalid:
        coded = _coded(column)
    parsed, wrong = [], {}
    for at, text in enumerate(coded.dictionary.to_pylist()):
        try:
            parsed.append(parse(text.strip()))
        except ValueError as error:
            parsed.append(None)
            wrong[at] = f"{_shown(text)} {error}"
    indices = coded.indices
    faulty = np.flatnonzero(np.isin(indices.fill_null(-1).to_numpy(), list(wrong))) if wrong else ()
    return pa.array(parsed, kind).take(indices), {int(at): wrong[indices[int(at)].as_py()] for at in faulty}


def _coded(column: Column) -> Any:
    """As a dictionary; its distinct values may repeat where the file already kept one."""
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _plain(column: Any) -> Column:
    plain: Column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return plain


def _time(text: str) -> int | None:
    if not text:
        return None
    try:
        time = dt.datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError("is no ISO 8601 time") from None
    if time.tzinfo is None:
        raise ValueError("has no zone: Z or an offset is needed")
    return to_us(time)


def _number(text: str) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError("is no finite number")
    number = float(text)
    if math.isinf(number):
        raise ValueError("is no finite number")
    return number


def _unknown(meter_id: Any) -> str:
    return "no meter_id" if meter_id is None else f"{_shown(meter_id)} is not in METERS"


def _shown(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
