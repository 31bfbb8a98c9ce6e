"""Scores of a fleet when forests and tables are in force: the same by any way, as rare as they say, and S1."""

from typing import Any, Final

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from river.drift import PageHinkley

import models.pipeline as pipeline
from models.domain.times import DAY
from models.scoring import close, drift
from models.scoring.drift import DELTA, LEAST_DAYS, THRESHOLD
from models.scoring.learnt import in_force
from models.scoring.policy import Policy
from models.scoring.sample import close_day
from models.scoring.vector import FEATURES, PARTS
from models.state.closed import SAMPLE, ClosedDay
from models.state.layout import STATS
from models.state.partition import Partition
from tests import kit
from tests.unit.models.homes import (
    COUNT,
    FIRST,
    IDS,
    METERS,
    bypassed,
    days,
    declined,
    heat_wave,
    known_by,
    lived,
    restless,
    scores_of,
    stolen,
    told,
)  # fmt: skip
from tests.unit.models.test_recovery import compacted, state_of

GROWN: Final = 32
"""Days after which all detectors speak: two weeks until days are counted, two more until PageHinkley may say."""
NEXT: Final = (FIRST // DAY) + GROWN - 1
"""The day that is not closed yet."""
_CLOSE: Final[Any] = close
"""Kernels have no types."""

# The same by any way --------------------------------------------------------------------------------------------------


def test_forests_and_tables_are_in_force() -> None:
    known = in_force(known_by(GROWN), kit.POLICY.models)
    assert known.grown.any()
    assert not np.isnan(known.tables[1:]).any()


@pytest.mark.parametrize("size", [1, 5, COUNT + 3])
def test_batches_never_matter(size: int) -> None:
    stream = days(GROWN, GROWN + 2, bypassed)
    once, parts = (kit.Run(known_by(GROWN)) for _ in range(2))
    once.feed(stream, offset=GROWN * COUNT)
    parts.feed(stream, range(0, len(stream), size), GROWN * COUNT)
    assert parts.whole == once.whole
    assert not np.isnan(scores_of(once, GROWN, GROWN + 2)).any()


def test_what_came_to_be_day_by_day_is_what_comes_to_be_at_once() -> None:
    """Forests of a partition that lived through all days equal those of one that is told of the days it closed."""
    living = lived(GROWN).partition
    known = in_force(living, kit.POLICY.models)
    for log in (living.changes(), compacted(living.changes())):
        again = Partition()
        for key, value in log:
            again.apply(key, value)
        assert_same(in_force(told(again), kit.POLICY.models), known)
    assert_same(in_force(known_by(GROWN), kit.POLICY.models), known)


def assert_same(one: Any, other: Any) -> None:
    for name in ("nodes", "grown", "tables", "model_of", "many"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@pytest.mark.parametrize("written", [0, 1, 2, COUNT // 2, COUNT + 1, COUNT + 2])
def test_killed_in_the_midst_of_a_close(written: int) -> None:
    """A day of blocks closes the day before; so many of its records are written, and another life does it again."""
    log, stream = lived(GROWN).partition.changes(), days(GROWN, GROWN + 2, bypassed)
    whole = kit.Run(known_by(GROWN)).feed(stream[:COUNT], offset=GROWN * COUNT)
    records = whole.partition.changes()
    assert len(records) == COUNT + 2
    killed = Partition()
    for key, value in [*log, *records[:written]]:
        killed.apply(key, value)
    again = kit.Run(told(killed)).feed(stream[:COUNT], offset=GROWN * COUNT)
    assert set(again.scores) <= set(whole.scores)
    assert len(again.scores) == 24 * (COUNT - min(max(written - 1, 0), COUNT)), "those not written yet"
    for run in (whole, again):
        run.feed(stream[COUNT:], offset=(GROWN + 1) * COUNT)
    assert again.scores[-24 * COUNT :] == whole.scores[-24 * COUNT :]
    assert state_of(again.partition) == state_of(whole.partition)


def test_pages_of_rows_are_private_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    """PageHinkley of each meter and series over the days that `detect` closes, with a restart in between."""
    own: dict[tuple[int, int], Any] = {
        (home, series): PageHinkley(min_instances=LEAST_DAYS, delta=DELTA, threshold=THRESHOLD, mode="both")
        for home in range(COUNT)
        for series in range(2)
    }
    fell = 0

    def watched(pages: Any, values: Any) -> Any:
        nonlocal fell
        said = watch(pages, values)
        for (home, series), detector in own.items():
            if not np.isnan(values[home, series]):
                detector.update(float(values[home, series]))
                assert detector.drift_detected == bool(said[home, series])
        fell += int((said < 0).any())
        return said

    watch = drift.watch_pages
    monkeypatch.setattr(pipeline, "watch_pages", watched)
    run = kit.run(METERS, days(0, 25), range(0, 25 * COUNT, 3 * COUNT))
    arrays = {name: array.copy() for name, array in run.partition.arrays().items()}
    run = kit.Run(told(Partition.from_arrays(0, arrays)))
    run.feed(days(25, 36, bypassed), range(0, 11 * COUNT, COUNT), 25 * COUNT)
    pages: Any = run.partition.rows["pages"]
    for at, detector in own.items():
        assert pages[at]["n"] == detector._x_mean.n > 0
        assert pages[at]["mean"] == detector._x_mean.get()
        assert (pages[at]["increase"], pages[at]["decrease"]) == (detector._sum_increase, detector._sum_decrease)
        assert (pages[at]["least"], pages[at]["most"]) == (detector._min_increase, detector._max_decrease)
    assert fell, "the bypass was seen"


# The sample of a day --------------------------------------------------------------------------------------------------


def frozen(p: Partition) -> ClosedDay:
    """What the day that is next to close would be frozen as."""
    values = np.empty((len(p), STATS), np.float32)
    meters = (p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, len(p), 0)
    assert _CLOSE.survey(*meters, NEXT, NEXT, values) == len(p)
    return close_day(p, 0, NEXT, NEXT, values, in_force(p, kit.POLICY.models))


def sampled(closed: ClosedDay, p: Partition) -> dict[str, int]:
    """Readings of each meter in the sample."""
    each = dict(zip(*np.unique(closed.hash, return_counts=True), strict=True))
    hashes = close_hashes(p)
    return {name: int(each.get(of, 0)) for name, of in zip(p.meter_ids, hashes, strict=True)}


def close_hashes(p: Partition) -> Any:
    """As SplitMix64 has it, in plain integers."""
    mask, found = (1 << 64) - 1, []
    for key in p.keys[: len(p)].tolist():
        x = key ^ NEXT
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & mask
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & mask
        found.append(x ^ (x >> 31))
    return found


def test_of_few_meters_more_readings_are_taken() -> None:
    p = known_by(GROWN)
    closed = frozen(p)
    assert sampled(closed, p) == dict.fromkeys(IDS, SAMPLE // COUNT)
    assert closed.vector.shape == (COUNT * (SAMPLE // COUNT), len(FEATURES))
    assert closed.parts.shape == (len(closed.hash), len(PARTS))
    assert len(np.unique(closed.vector, axis=0)) == len(closed.hash), "each another one"
    assert np.array_equal(np.sort(closed.hash), closed.hash)
    assert closed.taught.mean() > 0.8
    assert np.isfinite(closed.parts).all()


def test_the_order_in_which_meters_came_does_not_matter() -> None:
    other = Partition()
    for at in np.random.default_rng(0).permutation(COUNT).tolist():
        other.place(IDS[at])
    for key, value in lived(GROWN).partition.changes():
        other.apply(key, value)
    assert told(other).meter_ids != [*IDS]
    assert frozen(other).body == frozen(known_by(GROWN)).body


def test_only_quiet_meters_teach_and_only_warm_ones_are_in_the_sample() -> None:
    p = known_by(GROWN)
    p.rows["days"][3] = 6
    p.rows["episodes"]["opened"][4, 1] = FIRST
    p.rows["fired_day"][5, NEXT % 2] = NEXT
    p.rows["fired_day"][6, (NEXT - 1) % 2] = NEXT - 1
    p.rows["stats"]["slow"][7] = 60
    closed = frozen(p)
    taken = sampled(closed, p)
    assert [name for name, count in taken.items() if not count] == [IDS[3]]
    odd, *loud = (closed.hash == close_hashes(p)[n] for n in (7, 4, 5))
    assert not closed.taught[odd].any(), "what looks odd is calibrated with, and teaches nothing"
    assert closed.quiet[odd].all()
    assert not (closed.taught | closed.quiet)[np.any(loud, axis=0)].any(), "what rules spoke of waits"
    assert closed.medians["peers"].max() == COUNT - 1, "peers are whoever is warm"


def test_of_many_meters_those_with_the_lowest_hashes_are_taken() -> None:
    """Three hundred daily meters of one class, two of another."""
    names = [f"m{n}" for n in range(302)]
    p = kit.partition(
        kit.meter(name, "gas", interval_s=86_400, customer_class="commercial" if n < 2 else "residential")
        for n, name in enumerate(names)
    )
    kit.Run(p).feed([kit.block(NEXT * DAY, [5.0 + n], name) for n, name in enumerate(names)])
    p.rows["days"][: len(p)], p.rows["level"][: len(p)] = 20, 0.3
    closed = frozen(p)
    homes = sorted(close_hashes(p)[2:])[:SAMPLE]
    assert sorted(closed.hash.tolist()) == sorted([*homes, *close_hashes(p)[:2]])


# As rare as they say, and what is said --------------------------------------------------------------------------------


def test_about_one_in_a_hundred_clean_scores_is_above_99_percent() -> None:
    run = lived(45, heat_wave)
    scores = scores_of(run, 24, 35)
    assert not np.isnan(scores).any()
    assert 0.003 < (scores > 0.99).mean() < 0.03
    assert 0.05 < (scores > 0.9).mean() < 0.2
    assert 0.4 < (scores > 0.5).mean() < 0.6
    assert np.isnan(scores_of(run, 0, 7)).all()
    assert not np.isnan(scores_of(run, 9, 45)).any()


def test_a_lone_meter_that_leaks_from_its_first_day_on_is_scored_all_the_same() -> None:
    rng = np.random.default_rng(0)
    stream = [kit.block(FIRST + day * DAY, np.round(20 + 30 * rng.gamma(1, 1, 24)), "w") for day in range(16)]
    run = kit.run([kit.meter("w", resolution=1)], stream, range(len(stream)))
    assert "opened leak" in run.said
    assert not any(said.startswith("closed") for said in run.said)
    assert not np.isnan(scores_of(run, 14, 16)).any()


@hypothesis.settings(max_examples=3, deadline=None)
@hypothesis.given(
    scale=st.sampled_from([0.02, 0.3, 1.0, 30.0]),
    spread=st.floats(0, 0.4),
    tail=st.floats(2.5, 30),
    seed=st.integers(0, 99),
)
def test_a_stated_rate_holds_whatever_the_population(scale: float, spread: float, tail: float, seed: int) -> None:
    """Fleets of small or large users, whose days differ little or much, with light tails or heavy ones.

    Three of a kind are held together, for a fleet has some 700 meter-days, which hang together by the week: of one, by
    chance, 0.6 to 2.1 % are above 0.99.
    """

    def fleet(number: int) -> kit.Run:
        def share(day: int, home: int) -> float:
            far = spread * np.random.default_rng([seed, number, day, home]).standard_t(tail)
            return scale * float(np.exp(np.clip(far, -3, 3)))

        return kit.run(METERS, days(0, 45, share), range(0, 45 * COUNT, COUNT), kit.POLICY)

    runs = [fleet(number) for number in range(3)]
    scores = np.concatenate([scores_of(run, 24, 45) for run in runs])
    assert 0.002 < (scores > 0.99).mean() < 0.02
    assert 0.07 < (scores > 0.9).mean() < 0.13
    assert 0.4 < (scores > 0.5).mean() < 0.6
    assert not any(event.firm for run in runs for _, event in run.events), "nobody is sent for theft"


def test_what_is_said_of_restless_homes_does_not_make_oddness_rare() -> None:
    """What rules speak of is in the tables a fortnight later; without it 13 % of these days would be above 0.99."""
    run = lived(110, restless)
    assert len(run.events) > 20, "much is said"
    assert (scores_of(run, 60, 110) > 0.99).mean() < 0.03


def test_a_heat_wave_is_a_drift_of_the_cohort_and_opens_nothing() -> None:
    run = lived(45, heat_wave)
    assert {(said.series, said.detector) for said in run.drifts} == {("level", "adwin"), ("scores", "kswin")}
    assert all(35 <= said.day - FIRST // DAY < 38 for said in run.drifts)
    assert run.events == []


def test_s2_calls_a_bypass_theft_after_two_days() -> None:
    event, *_ = [event for _, event in lived(36, stolen).events if event.cause == "theft"]
    assert event.meter_id == "home7"
    assert "S2" in {evidence.rule for evidence in event.evidence}
    begun = FIRST + 30 * DAY
    assert begun - DAY <= kit.us(event.start.isoformat()) < begun + 2 * DAY
    assert begun + 2 * DAY <= kit.us(event.updated_at.isoformat()) <= begun + 4 * DAY


def test_e3_dates_a_theft_by_its_step_and_not_by_the_decline_before_it() -> None:
    event, *_ = [event for _, event in lived(60, declined, "rules.S1.on = false\nrules.S2.on = false").events]
    assert event.meter_id == "home7"
    assert {evidence.rule for evidence in event.evidence} == {"E3"}
    begun = FIRST + 45 * DAY
    assert begun - DAY <= kit.us(event.start.isoformat()) <= kit.us(event.updated_at.isoformat()) <= begun + 5 * DAY


@pytest.mark.parametrize(("flat_from", "same"), [(31, True), (39, False)])
def test_a_read_error_long_after_a_theft_began_is_another_trouble(flat_from: int, same: bool) -> None:
    stream = [
        {**block, "values": [0.3] * 24} if at // COUNT >= flat_from and at % COUNT == 7 else block
        for at, block in enumerate(days(0, 43, stolen))
    ]
    run = kit.run(METERS, stream, range(0, len(stream), COUNT))
    of_home = [event for _, event in run.events if event.meter_id == "home7"]
    flat = [event for event in of_home if event.cause == "estimated_read_error"]
    assert flat
    assert (flat[0].id == of_home[0].id) == same


def test_an_estimate_where_the_clock_has_been_wrong_for_days_is_an_anomaly_of_its_own() -> None:
    def values(block: dict[str, Any], day: int) -> list[float]:
        return [0.3] * 24 if day >= 40 else np.roll(block["values"], 5).tolist() if day >= 28 else block["values"]

    stream = [
        {**block, "values": values(block, at // COUNT)} if at % COUNT == 7 else block
        for at, block in enumerate(days(0, 44))
    ]
    policy = Policy.from_toml("rules.S2.on = false")
    run = kit.run(METERS, stream, range(0, len(stream), COUNT), policy)
    opened = [event for _, event in run.events if event.meter_id == "home7" and event.status == "opened"]
    assert [event.cause for event in opened] == ["data_error", "estimated_read_error"]


def test_without_trees_s1_says_what_no_rule_names() -> None:
    run = lived(36, stolen, "models.theft = 0")
    (event,) = [event for _, event in run.events]
    assert (event.meter_id, event.status, event.cause) == ("home7", "opened", "unusual_use")
    assert 30 <= event.updated_at.timestamp() * 1e6 / DAY - FIRST / DAY < 34
    (evidence,) = event.evidence
    assert evidence.rule == "S1"
    assert evidence.value > 20_000
    named = evidence.text.split("most of all in ")[1].split(";")[0].split(", ")
    assert named
    assert set(named) <= set(FEATURES)
    assert named[0] in {"level_3d", "level_7d", "day", "six_hours", "base_7d", "highest"}
