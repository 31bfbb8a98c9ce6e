"""Figures and their page, from cases made up so that they can be worked out by hand."""

import dataclasses

import numpy as np

from evaluation.cases import Case, Measured
from evaluation.changes import Alarms
from evaluation.figures import difference, figures
from evaluation.judge import Line, Tally, Verdict
from evaluation.measures import Days
from evaluation.report import page


def days(*odd: float) -> Days:
    """Two untouched homes at 0 to 0.5, and one attacked, over two days."""
    score = np.array([[0.0, 0.1], [0.4, 0.5], odd], np.float32)
    return Days(score, np.array([False, False, True]), 2)


def case(seed: int, kind: str, own: Days, other: Days, said: tuple[Line, ...] = ()) -> Case:
    tables = {
        "detectors": {
            "combined score": own,
            "the pipeline's forest": own,
            "River HalfSpaceTrees": other,
            "River HalfSpaceTrees, gated": own,
        },
        "parts": {"now": own, "forest": other},
        "without": {"all parts": own, "without now": other, "without forest": own},
        "untrained": {"all parts": own, "without base": own, "without forest": other},
        "forest": {"rules and groups": other, "and the forest": own},
    }
    found = Tally(injected=1, found=1, found_right_cause=0, delays_s=[7200.0])
    nothing = Verdict({kind: Tally(injected=1)}, {}, (), (), (), (), ())
    return Case(seed, "theft", kind, tables, Verdict({kind: found}, {}, (), (), (), (), said), nothing, clean_days=4)


def measured() -> list[Measured]:
    speeds = {"combined score": 1000.4, "River HalfSpaceTrees": 10.0}
    best, half = days(0.9, 0.8), days(0.2, 0.3)
    return [
        Measured((case(1, "h1", best, half, ({"id": "a"},)), case(1, "h2", best, best)), speeds, changes(0.01)),
        Measured((case(2, "h1", best, best), case(2, "h2", half, half)), speeds, changes(0.03)),
    ]


def changes(high: float) -> dict[str, dict[str, Alarms]]:
    """One home of two has an anomaly."""
    return {"heat": {"with drift": Alarms((high, 0.01), 1, 1, 28), "without": Alarms((0.5, 0.25), 2, 0, 28)}}


def test_a_group_is_the_mean_of_its_families_in_each_seed() -> None:
    combined = figures(measured())["tables"]["detectors"]["combined score"]
    assert combined["families"]["h1"]["roc"] == {"mean": 1.0, "sd": 0.0, "by_seed": [1.0, 1.0]}
    assert combined["groups"]["theft"]["roc"]["by_seed"] == [1.0, 0.75]


def test_found_is_by_one_threshold_for_all_families_and_seeds() -> None:
    combined = figures(measured())["tables"]["detectors"]["combined score"]
    assert combined["thresholds"]["found_1"] == 0.5
    assert combined["groups"]["theft"]["found_1"]["by_seed"] == [1.0, 0.5]


def test_detectors_differ_seed_by_seed() -> None:
    tables = figures(measured())["tables"]["detectors"]
    one, other = (tables[name]["groups"]["theft"]["roc"] for name in ("combined score", "River HalfSpaceTrees"))
    assert difference(one, other)["mean"] == 0.125
    assert difference(one, one) == {"mean": 0.0, "sd": 0.0}


def test_what_was_said_of_untouched_homes_is_per_thousand_days() -> None:
    events = figures(measured())["events"]
    assert events["false_per_1000_days"] == 1000 / 16
    assert events["families"]["h1"] == {"injected": 2, "found": 2, "right_cause": 0, "median_delay_h": 2.0}


def test_the_page_tells_of_detectors_parts_and_what_each_adds() -> None:
    text = page({"homes": 3, "fleets": {"simulated, electricity": figures(measured())}}, "meterwatch evaluate")
    assert (
        "| simulated, electricity | theft | +12.5 ± 17.7 | +0.0 ± 0.0 | +12.5 ± 17.7 | +12.5 ± 17.7 | +0.0 ± 0.0 |"
        in text
    )
    assert "| combined score | 0.875 ± 0.177 | " in text
    assert "+12.5 ± 17.7 | 1,000 |" in text
    assert "| forest | 0.75 | 0.75 |" in text
    assert "| without now | -12.5 ± 17.7 | -25.0 ± 35.4 |" in text
    assert "| without forest | +0.0 ± 0.0 | +0.0 ± 0.0 |" in text
    assert "| without forest | -12.5 ± 17.7 | -25.0 ± 35.4 |" in text
    assert "| h1 | 2 | 1.00 | 0.00 | 2 | 0.00 | 0.00 |  |" in text
    assert "| heat | with drift | 2.00 % | 1.00 % | 2 | 35.71 |" in text
    assert "| heat | without | 50.00 % | 25.00 % | 0 | 71.43 |" in text
    assert all(len(line) < 400 for line in text.splitlines())


def test_several_groups_have_a_mean_of_all_families() -> None:
    one = measured()
    other = [
        dataclasses.replace(m, cases=(dataclasses.replace(m.cases[1], group="read errors"), m.cases[0])) for m in one
    ]
    assert "all families" not in figures(one)["tables"]["parts"]["now"]["groups"]
    groups = figures(other)["tables"]["parts"]["now"]["groups"]
    assert groups["all families"]["roc"]["by_seed"] == [1.0, 0.75]
    assert groups["read errors"]["roc"]["by_seed"] == [1.0, 0.5]
