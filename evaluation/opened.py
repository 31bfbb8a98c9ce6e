"""What the rules say by themselves, as a score of each day: how rare the rarest open finding is."""

from collections.abc import Iterable, Mapping

import numpy as np

from evaluation.branches import Grid
from evaluation.fleets import ATTACKED_DAYS, Fleet
from models.contracts import AnomalyEvent
from models.domain.blocks import Float64
from models.domain.times import to_us
from models.scoring.rules.registry import NUMBER


def opened(fleet: Fleet, events: Iterable[AnomalyEvent], rarity: Float64) -> Grid:
    """Surprise of what rules have open as each day ends, 0 of nothing.

    `events`: from the start of the history on; `rarity`: [rules] of a finding in this fleet.
    """
    lives: dict[str, list[AnomalyEvent]] = {}
    for event in events:
        lives.setdefault(event.id, []).append(event)
    number: Mapping[str | None, int] = {home.meter.meter_id: n for n, home in enumerate(fleet.homes)}
    grid: Grid = np.zeros((len(fleet.homes), ATTACKED_DAYS), np.float32)
    ends = fleet.ends
    for life in lives.values():
        said = np.array([to_us(event.updated_at) for event in life])
        rare = np.array([0.0 if event.status == "closed" else _rarest(event, rarity) for event in life])
        last = np.searchsorted(said, ends, side="right") - 1
        there = (last >= 0) & (rare[last] > 0)
        row = grid[number[life[0].meter_id]]
        row[there] = np.maximum(row[there], rare[last[there]])
    return grid


def _rarest(event: AnomalyEvent, rarity: Float64) -> float:
    """0 where nothing but models speaks, or only what is judged across meters."""
    return max((float(rarity[NUMBER[seen.rule]]) for seen in event.evidence if seen.rule in NUMBER), default=0)
