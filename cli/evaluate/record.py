"""From the folder that a replay wrote, and its files, to a record of plain values."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from cli.errors import UnusableError
from cli.evaluate.request import Files, read_labels
from cli.replay.output import ACTIONS, ANOMALIES, SCORES
from cli.replay.readings import read_readings
from cli.replay.reference import Fleet, read_fleet
from evaluation.record import DayScores, Record, flows_on
from models.contracts import Meter
from models.domain.times import NEVER

_WATER: Final = "water"


def record_of(folder: Path, files: Files, live_from: int = NEVER) -> Record:
    """What the replay of `files` in `folder` gave. Raises UnusableError where something is missing or does not fit."""
    fleet = read_fleet(files.meters)
    meters = tuple(versions[-1] for versions in fleet.versions)
    known = set(fleet.ids)
    events = read_labels(files.labels)
    for number, event in enumerate(events, start=1):
        if event.meter_id not in known:
            raise UnusableError(f"{files.labels}: row {number}: meter_id {event.meter_id!r} is not in METERS")
    return Record(
        meters=meters,
        events=events,
        lines=lines(folder / ANOMALIES),
        actions={kind: lines(folder / name) for kind, name in ACTIONS.items()},
        days=_days(folder / SCORES, fleet, meters),
        own_flow=_own_flow(files.readings, fleet, meters) if files.readings else None,
        live_from=live_from,
    )


def lines(path: Path) -> list[dict[str, Any]]:
    """A file of JSON lines. Raises UnusableError."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise UnusableError(
            f"{path}: cannot be read: {error}; is it a folder that `meterwatch replay` wrote?"
        ) from None


def _days(path: Path, fleet: Fleet, meters: tuple[Meter, ...]) -> DayScores:
    try:
        table = pq.read_table(path, columns=["meter_id", "start", "score"])
    except (OSError, ValueError) as error:
        raise UnusableError(f"{path}: {error}; `meterwatch replay --scores` writes it") from None
    codes = table["meter_id"].combine_chunks().dictionary_encode()
    number = {meter_id: n for n, meter_id in enumerate(fleet.ids)}
    ids = [str(meter_id) for meter_id in codes.dictionary.to_pylist()]
    strange = next((meter_id for meter_id in ids if meter_id not in number), None)
    if strange is not None:
        raise UnusableError(f"{path}: meter_id {strange!r} is not in METERS")
    place = np.array([number[meter_id] for meter_id in ids], np.int32)
    meter = place[codes.indices.to_numpy()]
    start = table["start"].to_numpy().astype("datetime64[us]").astype(np.int64)
    score = table["score"].to_numpy().astype(np.float32)
    return DayScores.of(meter, start, score, [meter.timezone for meter in meters])


def _own_flow(path: Path, fleet: Fleet, meters: tuple[Meter, ...]) -> frozenset[str]:
    """Water meters that flow on by themselves."""
    water = [n for n, meter in enumerate(meters) if meter.service == _WATER]
    if not water:
        return frozenset()
    readings = read_readings(path, fleet, lambda _: None, lambda *_: None)
    order = np.argsort(readings.meter, kind="stable")
    edges = np.searchsorted(readings.meter[order], np.arange(len(meters) + 1))
    found = []
    for n in water:
        own = order[edges[n] : edges[n + 1]]
        if flows_on(readings.start[own], readings.value[own], meters[n].interval_s):
            found.append(meters[n].meter_id)
    return frozenset(found)
