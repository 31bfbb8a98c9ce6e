"""Whole replays: every file of the contract, the same bytes again, partitions, causality, a folder that is whole."""

import csv
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.errors import UnusableError
from cli.replay import run as run_module
from models.domain.drifts import CohortDrift
from models.domain.ids import partition_of
from models.domain.times import DAY, HOUR, to_text
from models.pipeline import Outcome, detect
from tests.support.replays import WATER, Replayed, hold_prefix, run, write_csv, write_meters

DAY_ONE = 1_704_067_200_000_000
DAYS = 24
METERS = {f"m{n}": WATER if n % 2 else "electricity,kWh,3600,Europe/Madrid" for n in range(9)}
HEADER = "meter_id,start,value,quality,register"


def fleet_rows() -> list[str]:
    """Hourly weeks of each meter in order of time, with faults from the 15th day on, repeats, and dead letters."""
    chance = np.random.default_rng(5)
    rows = []
    for hour in range(DAYS * 24):
        start = to_text(DAY_ONE + hour * HOUR)
        for n, meter_id in enumerate(METERS):
            usual = chance.gamma(2.0, 0.4) * (1.5 if hour % 24 > 6 else 0.3)
            value = round(usual, 3) if n % 2 == 0 else round(20 * usual * (chance.random() > 0.6))
            if hour > 14 * 24:
                value = {0: 0.123, 1: value + 40, 2: value * 10, 3: value + 900}.get(n, value)
            rows.append(f"{meter_id},{start},{value},,")
            if n == 4 and hour % 50 == 7:
                rows += [f"{meter_id},{start},{value},,", f"{meter_id},{start},{value + 1},estimated,"]
            if n == 5 and hour % 60 == 7:
                rows += [f"x{meter_id},{start},1,,", f"{meter_id},{start},abc,,"]
    return rows


ROWS = fleet_rows()


@pytest.fixture(scope="module")
def meters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_meters(tmp_path_factory.mktemp("fleet") / "meters.csv", METERS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, meters: Path) -> Replayed:
    folder = tmp_path_factory.mktemp("whole")
    return run(folder / "out", write_csv(folder / "readings.csv", HEADER, ROWS), meters)


def test_a_replay_finds_something_and_counts_everything(whole: Replayed) -> None:
    summary = whole.summary
    assert summary["readings"] == len(ROWS)
    assert summary["duplicates"] == 12
    assert summary["revisions"] == 12
    assert summary["rejected"] == {"bad_value": 10, "unknown_meter": 10}
    assert summary["meters"] == len(METERS)
    opened = sum(lines["opened"] for lines in summary["anomalies"].values())
    assert opened == len({line["id"] for line in whole.anomalies}) > 0
    files = {"work_orders": "work-orders", "notifications": "notifications", "holds": "holds"}
    made = {kind: {line["id"] for line in whole.lines(f"{name}.jsonl")} for kind, name in files.items()}
    assert summary["actions"] == {kind: len(ids) for kind, ids in made.items()}
    assert all(made.values())
    assert summary["rules_off"]["W6"] == {"missing": ["size"], "meters": 4}
    assert 0 < summary["state_bytes_per_meter"] <= 1024
    assert 0 < summary["ring_bytes_per_meter"] <= 2048
    assert 0 < summary["warm_up_s"] < summary["seconds"]
    assert summary["readings_per_s"] > 0


def test_drifts_of_cohorts_are_in_the_summary_by_day(
    tmp_path: Path, meters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter((19_845, 19_844))

    def drifting(*args: Any, **options: Any) -> Outcome:
        outcome = detect(*args, **options)
        outcome.drifts += [CohortDrift("UTC", "water", None, "level", "adwin", day) for day in days]
        return outcome

    monkeypatch.setattr("cli.replay.run.detect", drifting)
    summary = run(tmp_path / "out", write_csv(tmp_path / "readings.csv", HEADER, ROWS[:50]), meters).summary
    drift = {"zone": "UTC", "service": "water", "customer_class": None, "series": "level", "detector": "adwin"}
    assert summary["drifts"] == [{**drift, "day": day, "partition": 0} for day in ("2024-05-01", "2024-05-02")]


def test_every_file_is_written(whole: Replayed) -> None:
    assert sorted(path.name for path in whole.folder.iterdir()) == [
        "anomalies.jsonl", "dead-letters.jsonl", "holds.jsonl", "notifications.jsonl", "scores.parquet",
        "summary.json", "work-orders.jsonl",
    ]  # fmt: skip
    assert [path.name for path in whole.folder.parent.iterdir() if path.name.startswith(".")] == []


def test_scores_keep_the_order_of_replay(whole: Replayed) -> None:
    starts = [(row["start"], row["meter_id"]) for row in whole.scores]
    hourly = [start for start, _ in starts]
    assert hourly == sorted(hourly)
    assert [meter_id for _, meter_id in starts[: len(METERS)]] == list(METERS)


def test_the_same_again_byte_for_byte(tmp_path: Path, whole: Replayed, meters: Path) -> None:
    again = run(tmp_path / "again", write_csv(tmp_path / "readings.csv", HEADER, ROWS), meters)
    assert again.bytes() == whole.bytes()


def test_the_order_of_the_file_does_not_matter_but_for_repeats(tmp_path: Path, meters: Path) -> None:
    by_hour = [row for row in ROWS if row.startswith("m") and not row.startswith("m4")]
    shuffled = random.Random(4).sample(by_hour, len(by_hour))
    replays = [
        run(tmp_path / name, write_csv(tmp_path / f"{name}.csv", HEADER, rows), meters, scores=False)
        for name, rows in (("sorted", by_hour), ("shuffled", shuffled))
    ]
    first, second = ({(line["id"], line["sequence"]): line for line in replay.anomalies} for replay in replays)
    assert first == second


@pytest.mark.parametrize("days", [9, 16, 20])
def test_the_replay_of_a_part_says_what_the_whole_said(
    tmp_path: Path, whole: Replayed, meters: Path, days: int
) -> None:
    until = to_text(DAY_ONE + days * DAY)
    rows = [row for row in ROWS if row.split(",")[1] < until]
    part = run(tmp_path / "part", write_csv(tmp_path / "readings.csv", HEADER, rows), meters)
    hold_prefix(part, whole)
    assert len(part.scores) < len(whole.scores)


@pytest.mark.parametrize("chunk", [50, 1000])
def test_where_chunks_end_does_not_matter(
    tmp_path: Path, whole: Replayed, meters: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.replay.lanes.CHUNK", chunk)
    again = run(tmp_path / "again", write_csv(tmp_path / "readings.csv", HEADER, ROWS), meters)
    assert again.bytes() == whole.bytes()


def test_partitions_give_what_their_files_alone_give(tmp_path: Path, meters: Path) -> None:
    readings = write_csv(tmp_path / "readings.csv", HEADER, ROWS)
    together = run(tmp_path / "together", readings, meters, partitions=3)
    alone = []
    for number in range(3):
        own = [row for row in ROWS if partition_of(row.split(",")[0], 3) == number]
        alone.append(run(tmp_path / f"p{number}", write_csv(tmp_path / f"{number}.csv", HEADER, own), meters))
    key = ("id", "sequence")
    said = sorted((line for replay in alone for line in replay.anomalies), key=lambda line: [line[k] for k in key])
    assert sorted(together.anomalies, key=lambda line: [line[k] for k in key]) == said
    for count in ("readings", "accepted", "duplicates", "revisions", "late"):
        assert together.summary[count] == sum(replay.summary[count] for replay in alone)
    times = [line["updated_at"] for line in together.anomalies]
    assert times == sorted(times)
    scores = [row for replay in alone for row in replay.scores]
    place = {(row["meter_id"], row["start"]): row for row in scores}
    assert len(together.scores) == len(scores) == len(place)
    assert all(place[row["meter_id"], row["start"]] == row for row in together.scores)


def test_what_is_absurdly_ahead_is_a_dead_letter_with_its_row(tmp_path: Path) -> None:
    rows = [f"a,{to_text(DAY_ONE + hour * HOUR)},1,,," for hour in range(30)]
    rows.insert(20, f"a,{to_text(DAY_ONE + 900 * DAY)},7,,,")
    readings = write_csv(tmp_path / "readings.csv", f"{HEADER},received_at", rows)
    replayed = run(tmp_path / "out", readings, write_meters(tmp_path / "meters.csv", {"a": WATER}))
    (letter,) = replayed.dead_letters
    assert (letter["row"], letter["reason"]) == (21, "absurd_time")
    assert '"value": 7.0' in letter["raw"]
    assert replayed.summary["accepted"] == 30


def test_no_readings_still_write_every_file(tmp_path: Path, meters: Path) -> None:
    replayed = run(tmp_path / "out", write_csv(tmp_path / "readings.csv", HEADER, []), meters, partitions=2)
    assert replayed.summary["readings"] == 0
    assert replayed.scores == replayed.anomalies == []


def test_live_from_learns_and_says_nothing_before(tmp_path: Path, whole: Replayed, meters: Path) -> None:
    since = DAY_ONE + 18 * DAY
    readings = write_csv(tmp_path / "readings.csv", HEADER, ROWS)
    replayed = run(tmp_path / "out", readings, meters, live_from=since)
    assert all(line["updated_at"] >= to_text(since) for line in replayed.anomalies)
    assert len(replayed.scores) == len(whole.scores)


def test_a_folder_that_is_not_empty_is_refused_and_forced(tmp_path: Path, meters: Path) -> None:
    readings = write_csv(tmp_path / "readings.csv", HEADER, ROWS[:10])
    out = tmp_path / "out"
    run(out, readings, meters)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UnusableError, match="--force"):
        run(out, readings, meters)
    run(out, readings, meters, scores=False, force=True)
    assert not (out / "scores.parquet").exists()
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_replay_that_breaks_leaves_no_folder(tmp_path: Path, meters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(run_module, "detect", broken)
    readings = write_csv(tmp_path / "readings.csv", HEADER, ROWS[:10])
    before = set(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="a bug"):
        run(tmp_path / "out", readings, meters)
    assert set(tmp_path.iterdir()) == before


def test_raw_of_a_dead_letter_is_the_line_as_it_came(whole: Replayed) -> None:
    letters = whole.dead_letters
    assert [letter["row"] for letter in letters] == sorted(letter["row"] for letter in letters)
    assert all(ROWS[letter["row"] - 1] == letter["raw"] for letter in letters)
    assert next(csv.reader([letters[0]["raw"]]))[0] == "xm5"


def test_substitutes_are_written_where_asked_for(tmp_path: Path) -> None:
    """Two hours of the third day are lost; the fourth closes it."""
    rows = [f"a,2024-05-{1 + n // 24:02}T{n % 24:02}:00:00Z,{n % 24}" for n in range(24 * 5) if n not in (53, 54)]
    readings = write_csv(tmp_path / "readings.csv", "meter_id,start,value", rows)
    meters = write_meters(tmp_path / "meters.csv", {"a": "water,L,3600,UTC"})
    lines = run(tmp_path / "out", readings, meters, substitutes=True).lines("substitutes.jsonl")
    common = {"meter_id": "a", "quality": "derived", "method": "interpolated"}
    assert lines == [{**common, "start": f"2024-05-03T0{hour}:00:00Z", "value": float(hour)} for hour in (5, 6)]
