"""A fleet on disk for benchmarks: half electricity, half water, hourly, in the order in which a head-end delivers."""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_HOUR_US: Final = 3_600_000_000
_FIRST: Final = 1_704_067_200_000_000
_WATER_IDLE: Final = 0.6
"""Share of hours in which a home draws no water."""
_COLUMNS: Final[dict[str, pa.DataType]] = {
    "meter_id": pa.string(),
    "start": pa.timestamp("us", tz="UTC"),
    "value": pa.float64(),
    "quality": pa.string(),
}


class Files(NamedTuple):
    """READINGS and METERS of the replay contract."""

    readings: Path
    meters: Path
    rows: int


def write_fleet(folder: Path, meters: int, hours: int, seed: int = 1) -> Files:
    """The same files for the same arguments; an hour of all meters at a time, as a row group."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(folder / "readings.parquet", folder / "meters.csv", meters * hours)
    ids = [f"meter-{n:07d}" for n in range(meters)]
    kinds = ("electricity,kWh,3600,Europe/Madrid", "water,L,3600,Europe/Madrid")
    lines = [f"{meter_id},{kinds[n % 2]}" for n, meter_id in enumerate(ids)]
    files.meters.write_text("\n".join(["meter_id,service,unit,interval_s,timezone", *lines, ""]), encoding="utf-8")
    chance = np.random.default_rng(seed)
    names, water = pa.array(ids), np.arange(meters) % 2 == 1
    schema = pa.schema(_COLUMNS)
    valid = pa.array(["valid"] * meters)
    with pq.ParquetWriter(files.readings, schema) as writer:
        for hour in range(hours):
            awake = 1.0 if hour % 24 >= 7 else 0.3
            value = np.round(chance.gamma(1.5, 0.4, meters) * awake, 3)
            drawn = np.round(chance.gamma(1.0, 30.0, meters) * (chance.random(meters) > _WATER_IDLE))
            start = pa.array(np.full(meters, _FIRST + hour * _HOUR_US)).cast(_COLUMNS["start"])
            columns = [names, start, pa.array(np.where(water, drawn, value)), valid]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return files
