"""What every fault family holds to, and what each one does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.causes import CAUSES
from models.domain.times import DAY, SECOND
from simulators.faults import ESTIMATED, FAMILIES, Reads
from simulators.series import snap

HOUR = 3600 * SECOND
EVERY = pytest.mark.parametrize("kind", FAMILIES)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Reads, int, int, float]:
    """Two to five days of reads with holes and missing values, a span after the first day and a size."""
    interval_s = draw(st.sampled_from([1800, 3600]))
    resolution = draw(st.sampled_from([0.001, 0.01, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    start = np.arange(0, draw(st.integers(2, 5)) * DAY, interval_s * SECOND)
    value = snap(rng.exponential(20 * resolution, len(start)), resolution)
    value[rng.random(len(start)) < 0.05] = np.nan
    value[: DAY // (interval_s * SECOND)] = snap(value[-1:].clip(1) if value[-1] > 0 else np.ones(1), resolution)
    kept = rng.random(len(start)) < 0.95
    kept[: DAY // (interval_s * SECOND)] = True
    onset = draw(st.integers(DAY, int(start[-1])))
    end = draw(st.integers(onset, int(start[-1]) + DAY))
    reads = Reads.valid(start[kept], value[kept], interval_s, resolution)
    return reads, onset, end, draw(st.floats(0.01, 20.0))


@EVERY
@given(case=cases())
def test_every_family(kind: str, case: tuple[Reads, int, int, float]) -> None:
    reads, onset, end, size = case
    inject = FAMILIES[kind].inject
    one, again = inject(reads, onset, end, size), inject(reads, onset, end, size)
    outside = (reads.start < onset) | (reads.start >= end)
    assert one.start is reads.start
    for name in ("value", "quality", "metered"):
        before, after = getattr(reads, name), getattr(one, name)
        assert before.shape == after.shape
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(after, getattr(again, name))
        np.testing.assert_array_equal(after[outside], before[outside])
    np.testing.assert_array_equal(np.isnan(one.value), np.isnan(reads.value))
    there = one.value[~np.isnan(one.value)]
    assert (there >= 0).all()
    assert (one.metered >= 0).all()
    np.testing.assert_array_equal(snap(there, reads.resolution), there)
    np.testing.assert_array_equal(snap(one.metered, reads.resolution), one.metered)


@EVERY
def test_names_causes_of_the_contract(kind: str) -> None:
    family = FAMILIES[kind]
    assert family.kind == kind
    assert set(family.causes) <= set(CAUSES)
    assert family.services


def day_of(value: float, days: int = 3) -> Reads:
    return Reads.valid(np.arange(0, days * DAY, HOUR), np.full(24 * days, value), 3600, 0.01)


def test_a_leak_loses_nothing_to_rounding() -> None:
    leaking = FAMILIES["leak"].inject(day_of(0.5), DAY, 2 * DAY, 0.0333)
    assert leaking.value[24:48].sum() - 12.0 == pytest.approx(0.0333 * 24, abs=0.01)
    assert set(np.round(leaking.value[24:48] - 0.5, 6)) == {0.03, 0.04}
    np.testing.assert_array_equal(leaking.metered, leaking.value)


def test_estimates_are_flat_and_say_so_while_the_register_goes_on() -> None:
    flat = FAMILIES["flat_estimates"].inject(day_of(0.5), DAY, 2 * DAY, 1.1)
    assert set(flat.value[24:48]) == {0.55}
    assert set(flat.quality[24:48]) == {ESTIMATED}
    assert set(flat.metered) == {0.5}


def test_estimates_can_pass_for_valid() -> None:
    flat = FAMILIES["flat_valid"].inject(day_of(0.5), DAY, 2 * DAY, 1.1)
    assert set(flat.value[24:48]) == {0.55}
    assert set(flat.quality) == {0}


def test_an_estimate_needs_something_to_go_by() -> None:
    with pytest.raises(ValueError, match="a day of reads"):
        FAMILIES["flat_valid"].inject(day_of(0.5), HOUR, DAY, 1.0)


def test_a_wrong_multiplier_leaves_the_register_right() -> None:
    tenfold = FAMILIES["x10"].inject(day_of(0.07), DAY, 2 * DAY, 10.0)
    assert set(tenfold.value[24:48]) == {0.7}
    assert set(tenfold.metered) == {0.07}


def test_a_stuck_register_stands_still() -> None:
    still = FAMILIES["stuck"].inject(day_of(0.5), DAY, 2 * DAY, 0.0)
    assert set(still.value[24:48]) == {0.0}
    assert set(still.metered[24:48]) == {0.0}
