"""Whether a replay looks ahead: what it wrote before some moment must be the same without all that came after it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.judge import Line, instant


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What a replay wrote."""

    lines: Mapping[str, Sequence[Line]]
    """By file, in order of writing"""
    scores: Mapping[str, NDArray[Any]]
    """Columns of `scores.parquet`, [n] each, in order of replay"""


def first_difference(part: Written, whole: Written, last: int) -> str | None:
    """Where the replay of the first part of an input differs from that of the whole; None where it does not.

    The part has all that had arrived by `last`, microseconds. All that it wrote must stand in the whole, at the same
    place; and the whole may have nothing more that it wrote before `last`.
    """
    for name, lines in part.lines.items():
        others = whole.lines[name]
        for number, line in enumerate(lines):
            if number >= len(others) or others[number] != line:
                there = others[number] if number < len(others) else "nothing"
                return f"{name}: line {number + 1} is {line} without what came later, and {there} with it"
        for number, line in enumerate(others[len(lines) :], start=len(lines) + 1):
            if instant(line["updated_at"]) < last:
                return f"{name}: line {number} is {line} with what came later, and nothing without it"
    return _scores(part.scores, whole.scores)


def _scores(part: Mapping[str, NDArray[Any]], whole: Mapping[str, NDArray[Any]]) -> str | None:
    found: list[tuple[int, str]] = []
    for name, column in part.items():
        other = whole[name][: len(column)]
        if len(other) < len(column):
            return f"scores: {len(column)} rows without what came later, and {len(other)} with it"
        same = column == other
        if column.dtype.kind == "f":
            same |= np.isnan(column) & np.isnan(other)
        if not same.all():
            found.append((int(np.argmin(same)), name))
    if not found:
        return None
    row, name = min(found)
    return f"scores: row {row + 1}, {name} is {part[name][row]} without what came later, and {whole[name][row]} with it"
