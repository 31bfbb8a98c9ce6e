"""The harness keeps figures as they are asked for, and the replay case runs from start to end."""

import json
from pathlib import Path

import pytest

from benchmarks import replay
from benchmarks.harness import LATEST, keep, result
from benchmarks.run import CASES, main


def test_a_figure_is_the_median_and_its_ratio() -> None:
    figure = result("some_case", [3.0, 1.0, 2.0], "s", 4.0, "at most 4")
    assert (figure.value, figure.ratio, figure.ratio_to, figure.runs) == (2.0, 0.5, "at most 4", (3.0, 1.0, 2.0))


def test_cases_that_did_not_run_keep_their_figures(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    keep([result("a", [1.0], "s", 1.0, "x"), result("b", [1.0], "s", 1.0, "x")], path)
    keep([result("a", [5.0], "s", 1.0, "x"), result("c", [1.0], "s", 1.0, "x")], path)
    figures = json.loads(path.read_text(encoding="utf-8"))
    assert [(figure["case"], figure["value"]) for figure in figures] == [("a", 5.0), ("b", 1.0), ("c", 1.0)]


def test_what_is_committed_has_the_fields_asked_for() -> None:
    for figure in json.loads(LATEST.read_text(encoding="utf-8")):
        assert {"case", "value", "unit", "ratio", "ratio_to", "runs", "machine"} == figure.keys()


def test_the_replay_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SCRATCH", tmp_path)
    figures = list(replay.replay_100k_meters(meters=20, hours=30, runs=1))
    assert [figure.case for figure in figures] == [
        "replay_100k_meters",
        "state_bytes_per_meter",
        "ring_bytes_per_meter",
    ]
    assert all(figure.value > 0 for figure in figures)
    assert list(tmp_path.iterdir()) == []


def test_a_case_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["no_such_case"])
    assert CASES[0].__name__ in capsys.readouterr().err
