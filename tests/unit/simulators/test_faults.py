"""What every fault family holds to, and what each one does."""

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.domain.causes import CAUSES
from models.domain.times import DAY, HOUR, SECOND, to_us
from simulators.faults import ESTIMATED, FAMILIES, Reads, strike
from simulators.faults.changes import local_time
from simulators.series import snap

EVERY = pytest.mark.parametrize("kind", FAMILIES)
FRIDAY = to_us(dt.datetime(2022, 3, 25, tzinfo=dt.UTC))
"""Two days before summer time in Europe."""
MONDAY = to_us(dt.datetime(2022, 4, 11, tzinfo=dt.UTC))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Reads, int, int, float]:
    """Two to five days of reads with holes and missing values, a span after the first day and a size."""
    interval_s = draw(st.sampled_from([1800, 3600]))
    resolution = draw(st.sampled_from([0.001, 0.01, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    start = np.arange(FRIDAY, FRIDAY + draw(st.integers(2, 5)) * DAY, interval_s * SECOND)
    value = snap(rng.exponential(20 * resolution, len(start)), resolution)
    value[rng.random(len(start)) < 0.05] = np.nan
    value[: DAY // (interval_s * SECOND)] = resolution
    kept = rng.random(len(start)) < 0.95
    kept[: DAY // (interval_s * SECOND)] = True
    onset = draw(st.integers(FRIDAY + DAY, int(start[-1])))
    end = draw(st.integers(onset, int(start[-1]) + DAY))
    zone = draw(st.sampled_from(["UTC", "Europe/Madrid", "Australia/Sydney"]))
    volts = np.full(kept.sum(), 230.0)
    reads = Reads.valid(start[kept], value[kept], interval_s, resolution, voltage=volts, timezone=zone)
    return reads, onset, end, draw(st.floats(0.01, 20.0))


def columns(reads: Reads) -> dict[str, NDArray[Any]]:
    received = np.zeros(len(reads.start)) if reads.received is None else reads.received
    assert reads.voltage is not None
    names = ("value", "quality", "metered", "lost", "voltage")
    return {"received": received} | {name: getattr(reads, name) for name in names}


@EVERY
@settings(max_examples=6)
@given(case=cases(), seed=st.integers(0, 9))
def test_every_family(kind: str, case: tuple[Reads, int, int, float], seed: int) -> None:
    reads, onset, end, size = case
    inject = FAMILIES[kind].inject
    one, again = inject(reads, onset, end, size, seed), inject(reads, onset, end, size, seed)
    outside = (reads.start < onset) | (reads.start >= end)
    assert one.start is reads.start
    assert one.events == again.events
    assert all(onset <= at < end or onset == at for at, _ in one.events)
    for (name, before), after, same in zip(
        columns(reads).items(), columns(one).values(), columns(again).values(), strict=True
    ):
        assert before.shape == after.shape, name
        assert before.dtype == after.dtype, name
        np.testing.assert_array_equal(after, same)
        np.testing.assert_array_equal(after[outside], before[outside])
    np.testing.assert_array_equal(np.isnan(one.value), np.isnan(reads.value))
    for column in (one.value[~np.isnan(one.value)], one.metered, columns(one)["received"]):
        assert np.isfinite(column).all()
        assert (column >= 0).all()
        np.testing.assert_array_equal(snap(column, reads.resolution), column)


@EVERY
def test_names_causes_of_the_contract(kind: str) -> None:
    family = FAMILIES[kind]
    assert family.kind == kind
    assert set(family.causes) <= set(CAUSES)
    assert (family.role == "look_alike") == (not family.causes)
    assert family.services
    assert all(sizes and min(sizes) > 0 for sizes in family.sizes.values())
    assert family.judged_days > 0
    assert family.fault.__doc__


def day_of(value: float, days: int = 3) -> Reads:
    return Reads.valid(np.arange(0, days * DAY, HOUR), np.full(24 * days, value), 3600, 0.01)


def weeks_of(count: int, resolution: float = 0.001, scale: float = 0.4, **more: object) -> Reads:
    """Hourly use that peaks in the evening, from a Monday on."""
    start = np.arange(MONDAY, MONDAY + 7 * count * DAY, HOUR)
    evening = 1 + np.exp(-(((start // HOUR) % 24 - 19) ** 2) / 8.0) * 4
    value = np.random.default_rng(1).uniform(0.5, 1.5, len(start)) * evening * scale
    reads = Reads.valid(start, snap(value, resolution), 3600, resolution)
    return dataclasses.replace(reads, **more)  # type: ignore[arg-type]


def hour_of(reads: Reads) -> NDArray[np.int64]:
    return reads.start // HOUR % 24


def inject(kind: str, reads: Reads, first: int, last: int, size: float) -> tuple[Reads, NDArray[np.bool_]]:
    """The family from day `first` to day `last` of the reads, and its span."""
    onset, end = int(reads.start[0]) + first * DAY, int(reads.start[0]) + last * DAY
    return FAMILIES[kind].inject(reads, onset, end, size), reads.span(onset, end)


def test_other_seeds_draw_other_faults() -> None:
    reads, toilet = weeks_of(2, 1.0, 20), FAMILIES["toilet"].inject
    one, other = (toilet(reads, MONDAY + DAY, MONDAY + 9 * DAY, 20, seed) for seed in (1, 2))
    assert (one.value != other.value).any()


def test_sizes_in_the_unit_of_the_meter() -> None:
    assert FAMILIES["leak"].in_unit(30, "m3") == 0.03
    assert FAMILIES["ev"].in_unit(7, "Wh") == 7000
    assert FAMILIES["x10"].in_unit(10, "Wh") == 10


# Pipes ----------------------------------------------------------------------------------------------------------------


def test_a_leak_loses_nothing_to_rounding() -> None:
    leaking = FAMILIES["leak"].inject(day_of(0.5), DAY, 2 * DAY, 0.0333)
    assert leaking.value[24:48].sum() - 12.0 == pytest.approx(0.0333 * 24, abs=0.011)
    assert set(np.round(leaking.value[24:48] - 0.5, 6)) == {0.03, 0.04}
    np.testing.assert_array_equal(leaking.metered, leaking.value)


def test_a_growing_leak_grows_for_a_week() -> None:
    reads = weeks_of(4, 1.0, 20)
    flow = FAMILIES["growing_leak"].inject(reads, MONDAY, MONDAY + 28 * DAY, 50).metered - reads.metered
    by_day = flow.reshape(-1, 24).mean(axis=1)
    assert (np.diff(by_day[:7]) > 0).all()
    np.testing.assert_allclose(by_day[7:], 50)


def test_a_toilet_runs_more_than_half_of_the_time_and_at_night_but_not_always() -> None:
    reads = dataclasses.replace(weeks_of(4, 1.0), value=np.zeros(672), metered=np.zeros(672))
    runs = FAMILIES["toilet"].inject(reads, MONDAY, MONDAY + 28 * DAY, 20).value > 0
    assert 0.5 < runs.mean() < 0.8
    assert 0.5 < runs[hour_of(reads) < 5].mean() < 0.8
    assert not any(runs[k : k + 12].all() for k in range(660))


# Theft ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [70, 50, 30])
def test_a_bypass_takes_its_share_from_the_register_too(share: int) -> None:
    reads = weeks_of(4)
    less, span = inject(f"bypass_{share}", reads, 14, 28, share / 100)
    np.testing.assert_array_equal(less.value, less.metered)
    assert less.metered[span].sum() == pytest.approx(reads.metered[span].sum() * (1 - share / 100), abs=0.002)


@pytest.mark.parametrize(("kind", "hours"), [("one_circuit", range(17, 23)), ("evenings_only", range(17, 23))])
def test_evenings_lose_and_nights_do_not(kind: str, hours: range) -> None:
    reads = weeks_of(4)
    less, span = inject(kind, reads, 14, 28, 0.8)
    evening = np.isin(hour_of(reads), hours)
    np.testing.assert_array_equal(less.value[~evening], reads.value[~evening])
    assert less.value[span & evening].sum() < 0.6 * reads.value[span & evening].sum()


def test_one_circuit_leaves_the_base_load() -> None:
    reads = weeks_of(4)
    less, span = inject("one_circuit", reads, 14, 28, 1.0)
    assert less.value[span].min() >= reads.value[span].min() - 0.002


def test_weekends_only() -> None:
    less, span = inject("weekends_only", weeks_of(4), 14, 28, 0.9)
    changed = (less.value != weeks_of(4).value)[span].reshape(14, 24).any(axis=1)
    assert changed.tolist() == ([False] * 5 + [True] * 2) * 2


def test_a_ramp_reaches_its_share_after_a_fortnight() -> None:
    reads = weeks_of(6)
    less, _ = inject("ramp", reads, 14, 42, 0.8)
    left = (less.metered / reads.metered).reshape(-1, 24).mean(axis=1)
    assert left[14] > 0.9
    np.testing.assert_allclose(left[28:], 0.2, atol=0.01)


def test_tampering_is_reported_before_the_drop() -> None:
    reads = weeks_of(4)
    less, span = inject("tamper_drop", reads, 14, 28, 0.5)
    assert [at for at, _ in less.events] == [MONDAY + 14 * DAY]
    assert less.value[span].sum() == pytest.approx(reads.value[span].sum() / 2, abs=0.002)


def test_what_is_reversed_is_received() -> None:
    reads = weeks_of(4)
    turned, span = inject("reverse_energy", reads, 14, 28, 0.4)
    assert turned.received is not None
    np.testing.assert_allclose(turned.received + turned.value, reads.value)
    assert turned.received[span].sum() == pytest.approx(0.4 * reads.value[span].sum(), abs=0.002)


def test_use_of_an_inactive_account_is_there() -> None:
    still = dataclasses.replace(day_of(0.0), metered=np.zeros(72))
    assert FAMILIES["inactive_use"].inject(still, DAY, 3 * DAY, 3.0).value[24:].sum() == pytest.approx(6, abs=0.011)
    assert FAMILIES["inactive_use"].inject(day_of(0.5), DAY, 3 * DAY, 3.0).value.sum() == 36


def test_zero_with_voltage() -> None:
    with pytest.raises(ValueError, match="voltage"):
        inject("zero_with_voltage", weeks_of(4), 14, 28, 1)
    volts = np.full(672, 231.0)
    zero, span = inject("zero_with_voltage", weeks_of(4, voltage=volts), 14, 28, 1)
    assert zero.voltage is volts
    assert not zero.value[span].any()


def test_the_attacks_of_the_literature() -> None:
    reads = weeks_of(8)
    attacked = {kind: inject(kind, reads, 28, 56, size) for kind, size in JOKAR.items()}
    for less, span in attacked.values():
        np.testing.assert_array_equal(less.value, less.metered)
        assert (less.value[span] != reads.value[span]).mean() > 0.15
    use = {kind: less.value[span].reshape(28, 24) for kind, (less, span) in attacked.items()}
    was = reads.value[-28 * 24 :].reshape(28, 24)
    np.testing.assert_allclose(use["h1"], 0.5 * was, atol=0.0011)
    assert ((use["h2"] == 0).sum(axis=1) >= 4).all()
    assert 0.09 < (use["h3"] / was).min() < 0.2 < 0.7 < (use["h3"] / was).max() <= 0.81
    assert abs(np.corrcoef(use["h4"].ravel(), was.ravel())[0, 1]) < 0.15
    assert np.unique(use["h5"]) == pytest.approx(reads.value[: 28 * 24].mean(), abs=0.001)
    np.testing.assert_array_equal(use["h6"], was[:, ::-1])


JOKAR = {"h1": 0.5, "h2": 4.0, "h3": 0.8, "h4": 0.8, "h5": 1.0, "h6": 1.0}


# Reads ----------------------------------------------------------------------------------------------------------------


def test_a_stopped_register_stands_still() -> None:
    still = FAMILIES["stopped"].inject(day_of(0.5), DAY, 2 * DAY, 1.0)
    assert set(still.value[24:48]) == {0.0}
    assert set(still.metered[24:48]) == {0.0}


def test_estimates_are_flat_and_say_so_while_the_register_goes_on() -> None:
    flat = FAMILIES["flat_estimates"].inject(day_of(0.5), DAY, 2 * DAY, 1.1)
    assert set(flat.value[24:48]) == {0.55}
    assert set(flat.quality[24:48]) == {ESTIMATED}
    assert set(flat.metered) == {0.5}


def test_the_first_actual_read_makes_up_for_the_estimates() -> None:
    flat = FAMILIES["flat_estimates_true_up"].inject(day_of(0.5), DAY, 2 * DAY, 0.4)
    assert set(flat.value[24:47]) == {0.2}
    assert set(flat.quality[24:47]) == {ESTIMATED}
    assert flat.quality[47] == 0
    assert flat.value[24:48].sum() == pytest.approx(12.0)
    assert set(flat.metered) == {0.5}


def test_estimates_can_pass_for_valid() -> None:
    flat = FAMILIES["flat_valid"].inject(day_of(0.5), DAY, 2 * DAY, 1.1)
    assert set(flat.value[24:48]) == {0.55}
    assert set(flat.quality) == {0}


def test_an_estimate_needs_something_to_go_by() -> None:
    with pytest.raises(ValueError, match="a day of reads"):
        FAMILIES["flat_valid"].inject(day_of(0.5), HOUR, DAY, 1.0)


@pytest.mark.parametrize(("age", "sources"), [(1, [13] * 9), (7, [7, 8, 9, 10, 11, 12, 13, 7, 8])])
def test_copied_days_equal_an_earlier_day_exactly(age: int, sources: list[int]) -> None:
    reads = weeks_of(4)
    copied, _ = inject("copied_day", reads, 14, 23, age)
    days = reads.value.reshape(-1, 24)
    np.testing.assert_array_equal(copied.value.reshape(-1, 24)[14:23], days[sources])
    np.testing.assert_array_equal(copied.metered, reads.metered)
    assert not copied.quality.any()


def test_copied_days_are_local() -> None:
    reads = weeks_of(4, timezone="America/New_York")
    copied, span = inject("copied_day", reads, 14, 23, 1)
    days = copied.value[4:-20].reshape(-1, 24)
    assert span[4:-20].reshape(-1, 24)[15].all()
    np.testing.assert_array_equal(days[15], days[12])
    assert (copied.value[4:-20].reshape(-1, 24)[13] == days[12])[:20].sum() < 3


def test_prolonged_estimates_follow_the_week_and_are_not_flat() -> None:
    reads = weeks_of(6)
    estimated, span = inject("prolonged_estimation", reads, 28, 40, 1.0)
    weekdays = reads.value[: 28 * 24].reshape(4, 7, 24).mean(axis=0)
    np.testing.assert_allclose(estimated.value[span].reshape(12, 24), weekdays[np.arange(12) % 7], atol=0.0006)
    assert set(estimated.quality[span]) == {ESTIMATED}
    np.testing.assert_array_equal(estimated.metered, reads.metered)


@pytest.mark.parametrize(("kind", "size"), [("x10", 10.0), ("x0_1", 0.1), ("unit_step", 1000.0)])
def test_a_wrong_multiplier_leaves_the_register_right(kind: str, size: float) -> None:
    many = FAMILIES[kind].inject(day_of(0.7), DAY, 2 * DAY, size)
    assert many.value[24:48] == pytest.approx(0.7 * size)
    assert set(many.metered) == {0.7}


def test_a_clock_that_is_fast_moves_values_and_register() -> None:
    reads = weeks_of(4)
    shifted, span = inject("clock_shift", reads, 14, 28, 3)
    np.testing.assert_array_equal(shifted.value[span], reads.value[np.flatnonzero(span) - 3])
    np.testing.assert_array_equal(shifted.value, shifted.metered)


def test_a_register_can_run_at_a_wrong_rate() -> None:
    reads = weeks_of(4)
    slow, span = inject("register_mismatch", reads, 14, 28, 0.8)
    np.testing.assert_array_equal(slow.value, reads.value)
    assert slow.metered[span].sum() == pytest.approx(0.8 * reads.value[span].sum(), abs=0.002)


def test_a_silent_meter_goes_on_counting() -> None:
    reads = weeks_of(4)
    silent, span = inject("silent", reads, 14, 18, 1)
    np.testing.assert_array_equal(silent.lost, span)
    np.testing.assert_array_equal(silent.metered, reads.metered)


def test_a_fault_goes_through_what_the_head_end_made_up() -> None:
    reads = weeks_of(4)
    estimated, _ = inject("flat_estimates", reads, 14, 21, 1.0)
    leaking, _ = inject("leak", estimated, 14, 28, 0.5)
    days = leaking.value.reshape(-1, 24)
    np.testing.assert_array_equal(days[14:21], estimated.value.reshape(-1, 24)[14:21])
    np.testing.assert_allclose(days[21:], reads.value.reshape(-1, 24)[21:] + 0.5)


# Fleets ---------------------------------------------------------------------------------------------------------------


def test_a_fleet_has_one_incident() -> None:
    meters = [(f"m{number}", weeks_of(2)) for number in range(3)]
    struck = list(strike("firmware_flat", "f1", meters, MONDAY + 7 * DAY, MONDAY + 9 * DAY))
    assert [truth.meter_id for _, truth in struck] == ["m0", "m1", "m2"]
    assert {truth.fleet for _, truth in struck} == {"f1"}
    for reads, truth in struck:
        assert set(reads.value[reads.span(truth.onset, truth.end)]) == {reads.value[7 * 24 - 1]}
        assert truth.label().fleet == "f1"
        assert truth.label().expected_cause == "data_error|communication_fault"


# Look-alikes ----------------------------------------------------------------------------------------------------------


def test_on_vacation_a_home_is_as_quiet_as_at_night() -> None:
    reads = weeks_of(4)
    away, span = inject("vacation", reads, 14, 24, 1.0)
    assert away.value[span].max() < np.median(reads.value)
    assert away.value[span].sum() < 0.5 * reads.value[span].sum()


@pytest.mark.parametrize("days", [2, 5])
def test_other_tenants_come_after_days_of_nobody_and_live_by_other_hours(days: int) -> None:
    reads = weeks_of(4)
    let, _ = inject("tenancy", reads, 14, 28, days)
    was, now = reads.value.reshape(28, 24)[14:], let.value.reshape(28, 24)[14:]
    assert now[:days].max() < np.median(was)
    level = now[days:].sum(axis=1) / was[days:].sum(axis=1)
    np.testing.assert_allclose(level, level[0], atol=0.002)
    assert 0.6 <= level[0] <= 1.8
    later = [
        hour for hour in range(-12, 12) if np.allclose(now[days:], level[0] * np.roll(was[days:], hour, 1), atol=0.01)
    ]
    assert len(later) == 1
    assert 1 <= abs(later[0]) <= 3
    np.testing.assert_array_equal(let.value, let.metered)


def test_tenants_differ() -> None:
    reads, tenancy = weeks_of(4), FAMILIES["tenancy"].inject
    use = [
        tenancy(reads, MONDAY, MONDAY + 28 * DAY, 2, seed).value[48:].reshape(-1, 24).mean(axis=0) for seed in range(9)
    ]
    assert min(map(sum, use)) < sum(reads.value[48:].reshape(-1, 24).mean(axis=0)) < max(map(sum, use))
    assert len({int(hours.argmax()) for hours in use}) > 2


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney"])
def test_panels_leave_less_by_day_and_nothing_changes_at_night(zone: str) -> None:
    reads = weeks_of(6, timezone=zone)
    less, span = inject("solar", reads, 14, 42, 2)
    hour = local_time(reads).hour
    night = (hour < 6) | (hour >= 18)
    np.testing.assert_array_equal(less.value[night], reads.value[night])
    np.testing.assert_array_equal(less.value, less.metered)
    noon = span & (hour >= 10) & (hour < 14)
    assert less.value[noon].sum() < 0.4 * reads.value[noon].sum()
    assert (less.value[noon] == 0).any(), "what is too much goes uncounted"
    yields = (reads.value - less.value)[noon & (less.value > 0)]
    assert 0 < yields.max() <= 2


def test_a_baby_is_awake_at_night() -> None:
    reads = weeks_of(8, 1.0, 20)
    more, span = inject("baby", reads, 28, 56, 0.4)
    added, night = more.value - reads.value, np.isin(hour_of(reads), [22, 23, 0, 1, 2, 3, 4, 5])
    assert added[span].mean() == pytest.approx(0.4 * reads.value.mean(), rel=0.25)
    assert added[span & night].mean() > 1.3 * added[span & ~night].mean()
    assert (added[span & night] == 0).mean() > 0.4


def test_a_car_is_charged_in_the_evening_and_at_night() -> None:
    reads = weeks_of(6)
    more, span = inject("ev", reads, 14, 42, 7.0)
    charging = span & (more.value > reads.value + 3)
    assert set(hour_of(reads)[charging]) <= {18, 19, 20, 21, 22, 23, 0, 1, 2, 3}
    assert charging[span].reshape(28, 24).any(axis=1).sum() > 10


def test_a_season_changes_use_day_by_day() -> None:
    reads = weeks_of(6)
    more, _ = inject("season", reads, 14, 42, 1.4)
    share = (more.value / reads.value).reshape(-1, 24).mean(axis=1)
    assert share[14] < 1.02 < 1.37 < share[41]


def test_guests_use_more_and_have_a_party() -> None:
    reads = weeks_of(4)
    more, span = inject("guests", reads, 14, 17, 1.5)
    share = (more.value / reads.value)[span].reshape(3, 24)
    np.testing.assert_allclose(share[:, :18], 1.5, atol=0.01)
    np.testing.assert_allclose(share[:, 18:], 2.25, atol=0.01)


def test_a_garden_is_watered_every_other_morning() -> None:
    reads = weeks_of(4, 1.0, 20)
    more, span = inject("irrigation", reads, 14, 28, 400)
    added = more.value - reads.value
    assert set(hour_of(reads)[added > 0]) == {5, 6}
    assert (added > 0)[span].reshape(14, 24).any(axis=1).sum() == 7
