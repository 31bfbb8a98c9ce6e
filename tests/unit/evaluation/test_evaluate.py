"""A tiny fleet from end to end, through the command."""

import functools
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from sklearn.ensemble import IsolationForest

from cli.evaluate.contest import run
from evaluation import contest, peers
from evaluation.run import Wanted, evaluate

WANTED = Wanted(("simulated",), (0,), 6, {"electricity": {"theft": ("h2",)}})


@pytest.fixture(scope="module", autouse=True)
def _little_time() -> Iterator[None]:
    """For others' detectors, which `test_contest` has as they are: fewer trees and vectors, speeds at a glance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peers, "IsolationForest", functools.partial(IsolationForest, n_estimators=10))
        patch.setattr(contest, "EVERY_H", 12)
        patch.setattr(contest, "_LONG_S", 0.01)
        yield


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def result(out: pathlib.Path) -> dict[str, Any]:
    return run(WANTED, out, "meterwatch evaluate --some options")


def test_a_tiny_fleet_gives_figures_and_a_page(result: dict[str, Any], out: pathlib.Path) -> None:
    assert json.loads((out / "evaluation.json").read_text()) == result
    power = result["fleets"]["simulated, electricity"]
    assert power["seeds"] == [0]
    combined = power["tables"]["detectors"]["combined score"]
    assert combined["families"]["h2"]["roc"]["mean"] > 0.8
    assert {"rules", "forest"} < power["tables"]["parts"].keys()
    assert power["events"]["families"]["h2"]["injected"] == 1
    for ways in power["changes"].values():
        assert 0 <= ways["with drift"]["high_first_week"]["mean"] < 0.2, "what all do at once is no wave of alarms"
    page = (out / "models.md").read_text()
    assert "meterwatch evaluate --some options" in page
    assert "## Simulated, electricity" in page
    assert "| h2 | 1 |" in page


def test_the_same_seed_gives_the_same_figures(result: dict[str, Any]) -> None:
    first, again = (every["fleets"]["simulated, electricity"] for every in (result, evaluate(WANTED, lambda *_: None)))
    for part in ("tables", "events", "changes"):
        assert first[part] == again[part]
