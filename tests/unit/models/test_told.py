"""What a partition tells of its scores and drifts: counted by service, and each drift once."""

import dataclasses
import functools
from collections import Counter

import numpy as np

from models.contracts import Meter
from models.domain.drifts import CohortDrift
from models.domain.times import DAY
from models.domain.units import SERVICES
from models.pipeline import SCORE_BOUNDS, Outcome, detect
from models.state.partition import Partition
from tests import kit

FIRST = kit.us("2024-03-01")
DAYS = 38
HOT = 34
"""From this day on everybody uses half as much again."""
ALONE = 28
"""From this day on one meter uses next to nothing."""
METERS = (
    *(kit.meter(f"w{n}", "water") for n in range(32)),
    *(kit.meter(f"e{n}", "electricity") for n in range(3)),
)


@functools.cache
def stream() -> tuple[kit.Block, ...]:
    rng = np.random.default_rng(3)

    def values(day: int, meter: Meter) -> list[float | None]:
        much = (
            1.5 if day >= HOT and meter.service == "water" else 0.02 if day >= ALONE and meter.meter_id == "e0" else 1.0
        )
        return [float(round(v, 1)) for v in much * np.repeat([0.0, 40, 60, 90], 6) * rng.uniform(0.8, 1.2, 24)]

    return tuple(kit.block(FIRST + day * DAY, values(day, m), m.meter_id) for day in range(DAYS) for m in METERS)


@dataclasses.dataclass
class Told:
    """What all batches of a stream have told."""

    partition: Partition
    drifts: list[CohortDrift]
    fell: Counter[str]
    scored: dict[str, list[float]]
    scores: list[tuple[str, float]]
    """service, score"""


@functools.cache
def told(batch: int) -> Told:
    partition = kit.partition(METERS)
    whole = Told(partition, [], Counter(), {}, [])
    for at in range(0, len(stream()), batch):
        blocks = kit.columns(stream()[at : at + batch], partition, at)
        _note(whole, detect(blocks, partition, kit.POLICY, scores=True))
    return whole


def _note(whole: Told, outcome: Outcome) -> None:
    whole.drifts += outcome.drifts
    whole.fell += outcome.fell
    for service, tally in outcome.scored.items():
        before = whole.scored.get(service, [0.0] * len(tally))
        whole.scored[service] = [a + b for a, b in zip(before, tally.tolist(), strict=True)]
    facts, fact_of = whole.partition.facts, whole.partition.fact_of
    for part in outcome.scores:
        services = facts["service"][fact_of[part.meter]]
        whole.scores += [
            (SERVICES[s], score) for s, score in zip(services, part.score.tolist(), strict=True) if score == score
        ]


def test_scores_are_counted_by_service_up_to_each_bound() -> None:
    found = told(97)
    assert set(found.scored) == {"water", "electricity"}
    for service, (*counts, total) in found.scored.items():
        scores = np.array([score for of, score in found.scores if of == service])
        assert len(scores) > 100
        up_to = [int((scores <= np.float32(bound)).sum()) for bound in SCORE_BOUNDS]
        assert np.cumsum(counts).tolist() == up_to
        assert abs(total - scores.sum()) < 1e-3 * len(scores)


def test_what_came_before_is_not_counted_again() -> None:
    partition = told(97).partition
    again = detect(kit.columns(stream(), partition), partition, kit.POLICY)
    assert not any(tally.any() for tally in again.scored.values())
    assert (again.drifts, again.fell) == ([], Counter())


def test_a_heat_wave_is_a_drift_of_the_cohort_and_one_meter_falls_alone() -> None:
    found = told(97)
    levels = [drift for drift in found.drifts if drift.series == "level"]
    assert levels, found.drifts
    assert {(drift.zone, drift.service, drift.detector) for drift in levels} == {("UTC", "water", "adwin")}
    assert FIRST // DAY + HOT <= levels[0].day <= FIRST // DAY + HOT + 3
    assert len(set(found.drifts)) == len(found.drifts)
    assert found.fell["electricity"] >= 1


def test_where_batches_end_does_not_matter() -> None:
    one, other = told(97), told(len(stream()))
    assert (one.drifts, one.fell) == (other.drifts, other.fell)
    assert {s: tally[:-1] for s, tally in one.scored.items()} == {s: tally[:-1] for s, tally in other.scored.items()}
