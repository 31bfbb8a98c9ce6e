"""A tiny fleet from end to end, through the command."""

import json
import pathlib

from cli.evaluate import run
from evaluation.attacks import Families
from evaluation.run import Wanted, evaluate


def test_a_tiny_fleet_gives_figures_and_a_page(tmp_path: pathlib.Path) -> None:
    families: Families = {"electricity": {"theft": ("h2", "h5")}, "water": {"pipes": ("leak",)}}
    wanted = Wanted(("simulated",), (0, 1), 6, families)
    result = run(wanted, tmp_path, "meterwatch evaluate --some options")
    assert json.loads((tmp_path / "evaluation.json").read_text()) == result
    power = result["fleets"]["simulated, electricity"]
    combined = power["tables"]["detectors"]["combined score"]
    assert power["seeds"] == [0, 1]
    assert combined["families"].keys() == {"h2", "h5"}
    both = [combined["families"][kind]["roc"]["by_seed"] for kind in ("h2", "h5")]
    assert combined["groups"]["theft"]["roc"]["by_seed"] == [sum(seed) / 2 for seed in zip(*both, strict=True)]
    assert combined["families"]["h2"]["roc"]["mean"] > 0.8
    assert power["events"]["families"]["h5"]["injected"] == 4
    page = (tmp_path / "models.md").read_text()
    assert "meterwatch evaluate --some options" in page
    assert "## Simulated, electricity" in page
    assert "| h5 | 4 |" in page


def test_the_same_seed_gives_the_same_figures() -> None:
    wanted = Wanted(("simulated",), (0,), 3, {"electricity": {"theft": ("h5",)}})
    first, again = (evaluate(wanted, lambda *_: None)["fleets"]["simulated, electricity"] for _ in range(2))
    assert first["tables"] == again["tables"]
    assert first["events"] == again["events"]
