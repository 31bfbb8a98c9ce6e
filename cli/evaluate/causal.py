"""`--causal`: the input cut off at some moments of arrival and replayed, held against the replay of all of it."""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cli.evaluate.record import lines
from cli.evaluate.request import Files
from cli.replay.files import open_table
from cli.replay.output import ACTIONS, ANOMALIES, SCORES
from cli.replay.readings import read_readings
from cli.replay.reference import read_fleet, read_rows
from evaluation.causal import Written, first_difference
from models.contracts import MeterEvent
from models.domain.blocks import Int64
from models.domain.times import to_text, to_us

CUTS: Final = (0.3, 0.6, 0.9)
"""Shares of the readings, in order of arrival"""


class Replays(Protocol):
    """What makes a folder of files."""

    def replay(self, files: Files, out: Path) -> object: ...


def looks_ahead(files: Files, whole: Path, replaying: Replays) -> str | None:
    """The first thing that the replay of `files` in the folder `whole` took from what came later; None for nothing.

    Readings that cannot be used are left out of the parts. A block that is too far ahead of its time for the end of a
    part, and not for what follows, is told as a difference, too.
    """
    assert files.readings is not None  # noqa: S101 - without readings there is nothing to cut
    readings = read_readings(files.readings, read_fleet(files.meters), lambda _: None, lambda *_: None)
    everything = written(whole)
    for cut in _moments(readings.received_at, CUTS):
        kept = readings.received_at < cut
        with tempfile.TemporaryDirectory() as folder:
            part = _cut(files, readings.row[kept], cut, Path(folder))
            replaying.replay(part, Path(folder) / "replay")
            last = int(readings.received_at[kept][-1])
            difference = first_difference(written(Path(folder) / "replay"), everything, last)
        if difference:
            return f"cut at {to_text(cut)}: {difference}"
    return None


def written(folder: Path) -> Written:
    """What a replay wrote."""
    table = pq.read_table(folder / SCORES)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return Written({name: lines(folder / name) for name in (ANOMALIES, *ACTIONS.values())}, columns)


def _moments(received_at: Int64, shares: Sequence[float]) -> list[int]:
    """Times of arrival with something before them and something from them on."""
    at = {int(received_at[int(share * len(received_at))]) for share in shares} if len(received_at) else set()
    return sorted(moment for moment in at if received_at[0] < moment)


def _cut(files: Files, rows: Int64, cut: int, folder: Path) -> Files:
    """The files as they were at the moment `cut`."""
    assert files.readings is not None  # noqa: S101 - see `looks_ahead`
    tables = []
    for batch in open_table(files.readings).batches():
        kept = pa.array(np.isin(batch.rows, rows))
        tables.append(pa.table(dict(batch.columns)).filter(kept))
    readings = folder / "readings.parquet"
    pq.write_table(pa.concat_tables(tables), readings)
    events = None
    if files.events is not None:
        events = folder / "events.parquet"
        there = [event for _, event in read_rows(files.events, MeterEvent)]
        came = [event for event in there if to_us(event.received_at or event.at) < cut]
        records = [event.model_dump(mode="json", exclude_none=True) for event in came]
        names = MeterEvent.model_fields
        pq.write_table(
            pa.table({name: pa.array([r.get(name) for r in records], pa.string()) for name in names}), events
        )
    return dataclasses.replace(files, readings=readings, events=events)
