"""`scores.parquet`: one row per accepted reading, in order of replay."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cli.replay.lanes import Lane
from cli.replay.readings import Readings
from cli.replay.reference import Fleet
from models.pipeline import Scores

STATES: Final = ("missing", "warming", "scored")
"""Position is the code in `models.pipeline.Scores`."""
_NOT_ACCEPTED: Final = 255
_ROWS: Final = 1 << 20
_COLUMNS: Final[dict[str, pa.DataType]] = {
    "meter_id": pa.string(),
    "start": pa.timestamp("us", tz="UTC"),
    "score": pa.float32(),
    "expected": pa.float32(),
    "state": pa.string(),
}
_SCHEMA: Final = pa.schema(_COLUMNS)


class ScoreTable:
    """Scores by place, whatever the order in which lanes give them."""

    def __init__(self, readings: Readings, fleet: Fleet) -> None:
        self._readings = readings
        self._ids = pa.array(fleet.ids, pa.string())
        self._score: NDArray[np.float32] = np.full(len(readings), np.nan, np.float32)
        self._expected: NDArray[np.float32] = np.full(len(readings), np.nan, np.float32)
        self._state: NDArray[np.uint8] = np.full(len(readings), _NOT_ACCEPTED, np.uint8)

    def put(self, lane: Lane, parts: list[Scores]) -> None:
        """What `detect` gave for readings of a lane."""
        for scores in parts:
            places = lane.places[scores.row]
            self._score[places] = scores.score
            self._expected[places] = scores.expected
            self._state[places] = scores.state

    def write(self, path: Path) -> None:
        """The accepted readings to a Parquet file."""
        with pq.ParquetWriter(path, _SCHEMA) as writer:
            for begin in range(0, max(1, len(self._state)), _ROWS):
                writer.write_table(self._rows(slice(begin, begin + _ROWS)))

    def _rows(self, rows: slice) -> pa.Table:
        accepted = np.flatnonzero(self._state[rows] != _NOT_ACCEPTED) + rows.start
        score, expected = self._score[accepted], self._expected[accepted]
        columns = [
            self._ids.take(pa.array(self._readings.meter[accepted])),
            pa.array(self._readings.start[accepted], pa.int64()).cast(_COLUMNS["start"]),
            pa.array(score, pa.float32(), mask=np.isnan(score)),
            pa.array(expected, pa.float32(), mask=np.isnan(expected)),
            pa.array(STATES).take(pa.array(self._state[accepted])),
        ]
        return pa.Table.from_arrays(columns, schema=_SCHEMA)
