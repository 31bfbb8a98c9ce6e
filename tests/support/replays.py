"""Replays in tests: small files in, the folder out, held against the file contract."""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from cli import STARTED
from cli.replay.request import Request
from cli.replay.run import replay
from models.domain.causes import CAUSES, SEVERITIES

Line = dict[str, Any]
FIELDS: Final = {
    "anomalies.jsonl": (
        "id meter_id cause status start detected_at updated_at sequence confidence severity alternatives evidence"
    ),
    "work-orders.jsonl": "id anomaly_ids meter_id created_at status priority problem summary",
    "notifications.jsonl": "id anomaly_id meter_id created_at channel template language text",
    "holds.jsonl": "id anomaly_id meter_id created_at status from to reason amount_at_stake currency",
    "dead-letters.jsonl": "row reason detail raw",
}
SUMMARY: Final = (
    "readings accepted rejected duplicates revisions late meters anomalies actions rules_off seconds warm_up_s "
    "readings_per_s state_bytes_per_meter ring_bytes_per_meter"
)
VOLATILE: Final = frozenset({"seconds", "warm_up_s", "readings_per_s"})
METER: Final = "service,unit,interval_s,timezone"
WATER: Final = "water,L,3600,Europe/Madrid"


@dataclasses.dataclass(frozen=True)
class Replayed:
    """A folder that a replay wrote."""

    folder: Path
    summary: Line

    def lines(self, name: str) -> list[Line]:
        """A file of JSON lines."""
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").splitlines()]

    @property
    def anomalies(self) -> list[Line]:
        return self.lines("anomalies.jsonl")

    @property
    def dead_letters(self) -> list[Line]:
        return self.lines("dead-letters.jsonl")

    @property
    def scores(self) -> list[Line]:
        rows: list[Line] = pq.read_table(self.folder / "scores.parquet").to_pylist()
        return rows

    def bytes(self) -> dict[str, bytes]:
        """File -> content; of the summary what does not depend on the machine's speed."""
        content = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.name != "summary.json"}
        lasting = {key: value for key, value in self.summary.items() if key not in VOLATILE}
        return {**content, "summary.json": json.dumps(lasting).encode()}


def run(folder: Path, readings: Path, meters: Path, **options: Any) -> Replayed:
    """A replay into `folder`, held against the contract."""
    request = Request(readings=readings, meters=meters, out=folder, **{"scores": True, **options})
    summary = replay(request, STARTED, lambda _step, _done, _total: None)
    replayed = Replayed(folder, summary)
    hold(replayed)
    return replayed


def write_csv(path: Path, header: str, rows: Iterable[str]) -> Path:
    """A CSV of lines as they are given."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def write_meters(path: Path, meters: Mapping[str, str], columns: str = METER) -> Path:
    """METERS: id -> the cells of `columns`."""
    return write_csv(path, f"meter_id,{columns}", [f"{meter_id},{cells}" for meter_id, cells in meters.items()])


def write_readings(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """READINGS by the extension of `path`; of a row what is not there is empty."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["meter_id", "start", "value"]
    if path.suffix == ".parquet":
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
        return path
    return write_csv(path, ",".join(names), [",".join(_cell(row.get(name)) for name in names) for row in rows])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def hold(replayed: Replayed) -> None:
    """Everything that the file contract says of a folder by itself."""
    for name, fields in FIELDS.items():
        for line in replayed.lines(name):
            assert set(fields.split()) <= line.keys(), (name, line)
    summary = json.loads((replayed.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary == replayed.summary
    assert summary.keys() >= set(SUMMARY.split())
    rejected = sum(summary["rejected"].values())
    assert summary["readings"] == rejected + sum(summary[k] for k in ("accepted", "duplicates", "revisions", "late"))
    assert len(replayed.dead_letters) == rejected
    _hold_anomalies(replayed.anomalies)
    known = {line["id"] for line in replayed.anomalies}
    for name in ("work-orders.jsonl", "notifications.jsonl", "holds.jsonl"):
        for line in replayed.lines(name):
            assert known.issuperset(line.get("anomaly_ids", [line.get("anomaly_id")])), (name, line)
            assert _instant(line["created_at"]) <= _instant(line["updated_at"])
    if (replayed.folder / "scores.parquet").exists():
        _hold_scores(replayed)


def _hold_anomalies(lines: list[Line]) -> None:
    life: dict[str, Line] = {}
    for line in lines:
        assert line["cause"] in CAUSES
        assert line["severity"] in SEVERITIES
        assert 0 <= line["confidence"] <= 1
        assert line["meter_id"] is not None or line["meters"]
        assert (line["status"] == "closed") == ("end" in line)
        for evidence in line["evidence"]:
            assert evidence.keys() >= {"rule", "value", "threshold", "unit", "text"}
        detected, updated = _instant(line["detected_at"]), _instant(line["updated_at"])
        assert _instant(line["start"]) <= updated
        assert detected <= updated
        before = life.get(line["id"])
        assert (before is None) == (line["status"] == "opened")
        if before:
            assert before["detected_at"] == line["detected_at"]
            assert before["sequence"] < line["sequence"]
            assert before["status"] != "closed"
        life[line["id"]] = line


def _hold_scores(replayed: Replayed) -> None:
    table = pq.read_table(replayed.folder / "scores.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "meter_id": "string",
        "start": "timestamp[us, tz=UTC]",
        "score": "float",
        "expected": "float",
        "state": "string",
    }
    assert len(table) == replayed.summary["accepted"]
    for row in table.to_pylist():
        assert row["state"] in {"scored", "warming", "missing"}
        assert (row["score"] is not None) == (row["state"] == "scored")
        assert row["score"] is None or 0 <= row["score"] <= 1


def _instant(text: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(text)
    assert time.tzinfo is not None
    return time


def hold_prefix(part: Replayed, whole: Replayed) -> None:
    """Causality: the replay of the first part of a file says what that of the whole said up to there.

    The part must end where the time of arrival changes, and hold no block that is absurd only for the end of the file.
    """
    for name in ("anomalies.jsonl", "work-orders.jsonl", "notifications.jsonl", "holds.jsonl"):
        assert (whole.folder / name).read_bytes().startswith((part.folder / name).read_bytes()), name
    scores = part.scores
    assert whole.scores[: len(scores)] == scores
