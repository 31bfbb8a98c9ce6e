"""Labelled data: which files, in the replay contract's form, and LABELS beside them."""

import dataclasses
from pathlib import Path
from typing import Final, Self

from cli.errors import UnusableError
from cli.replay.reference import read_rows
from models.contracts import Label
from simulators.faults import Injected

FORMS: Final = ("parquet", "csv", "csv.gz")
OPTIONAL: Final = ("weather", "events", "accounts", "context")


@dataclasses.dataclass(frozen=True, slots=True)
class Files:
    """READINGS, METERS, LABELS and what else a replay takes; None where there is no such file."""

    readings: Path | None
    meters: Path
    labels: Path
    weather: Path | None = None
    events: Path | None = None
    accounts: Path | None = None
    context: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """`readings.parquet` or `.csv`, `meters.csv`, `labels.csv`, and the optional ones by their names.

        Raises UnusableError.
        """
        readings = _first(folder, "readings", FORMS)
        if readings is None:
            raise UnusableError(f"{folder}: no readings.parquet, readings.csv or readings.csv.gz in it")
        for name in ("meters.csv", "labels.csv"):
            if not (folder / name).is_file():
                raise UnusableError(f"{folder}: no {name} in it")
        others = {name: _first(folder, name, ("csv",)) for name in OPTIONAL}
        return cls(readings, folder / "meters.csv", folder / "labels.csv", **others)


def read_labels(path: Path) -> tuple[Injected, ...]:
    """LABELS: `meter_id, kind, start, end, expected_cause`, and optionally `fleet`. Raises UnusableError."""
    found = []
    for number, label in read_rows(path, Label):
        try:
            event = Injected.of(label)
        except ValueError as error:
            raise UnusableError(f"{path}: row {number}, column expected_cause: {error}") from None
        if event.end < event.onset:
            raise UnusableError(f"{path}: row {number}, column end: lies before start")
        found.append(event)
    return tuple(found)


def _first(folder: Path, name: str, forms: tuple[str, ...]) -> Path | None:
    return next((path for form in forms if (path := folder / f"{name}.{form}").is_file()), None)
