"""What rules have open as a score, from anomalies made up."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from evaluation.fleets import ATTACKED_DAYS, Fleet, simulated
from evaluation.opened import opened
from models.contracts import AnomalyEvent, Evidence
from models.domain.times import DAY, HOUR, to_datetime
from models.scoring.rarity import NOTHING_SAID, rarity_of
from models.scoring.rules.registry import NUMBER

_RARITY = rarity_of(NOTHING_SAID)[0]


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return simulated(0, 3)


def event(fleet: Fleet, home: int, at: int, status: str, rule: str = "D12", **more: Any) -> AnomalyEvent:
    """A line of the anomaly of a home, so many microseconds after the onset."""
    when: dt.datetime = to_datetime(fleet.onset + at)
    line = {
        "id": f"a{home}",
        "meter_id": fleet.homes[home].meter.meter_id,
        "cause": "theft",
        "status": status,
        "start": when,
        "detected_at": when,
        "updated_at": when,
        "sequence": 0,
        "severity": "low",
        "confidence": 0.5,
        "evidence": (Evidence(rule=rule, value=1.0, threshold=0.5, unit="", text=""),),
    }
    return AnomalyEvent.model_validate(line | more)


def test_what_is_open_as_the_day_ends_counts_by_how_rare_it_is(fleet: Fleet) -> None:
    grid = opened(
        fleet,
        [
            event(fleet, 0, -DAY, "opened"),
            event(fleet, 1, DAY + HOUR, "opened"),
            event(fleet, 0, DAY // 2, "updated", rule="D13"),
            event(fleet, 2, HOUR, "opened", rule="S1"),
            event(fleet, 1, 3 * DAY + HOUR, "closed"),
        ],
        _RARITY,
    )
    assert grid.shape == (3, ATTACKED_DAYS)
    flat, low = _RARITY[[NUMBER["D13"], NUMBER["D12"]]]
    assert flat > low > 0
    np.testing.assert_allclose(grid[0], flat, rtol=1e-6)
    np.testing.assert_allclose(grid[1, :4], [0, low, low, 0], rtol=1e-6)
    assert not grid[1, 3:].any()
    assert not grid[2].any()


def test_nothing_said_is_nothing(fleet: Fleet) -> None:
    assert not opened(fleet, [], _RARITY).any()
