"""The town is believable, repeats itself by seed, and its sums are right."""

import collections
import dataclasses
import datetime as dt

import numpy as np
import pytest

from models.contracts import Meter
from models.domain.blocks import Float64
from models.domain.times import DAY, HOUR, SECOND, to_us
from models.domain.units import BASE
from simulators.series import snap
from simulators.world import Member, Town, Weather, build
from simulators.world.calendar import Calendar, easter, is_holiday
from simulators.world.homes import fittings_of, use_of
from simulators.world.life import life_of
from tests.unit.simulators.world.conftest import SPRING


def customers(town: Town, service: str, customer_class: str = "residential") -> list[Member]:
    return [
        member
        for member in town.members
        if member.meter.service == service and member.meter.customer_class == customer_class
    ]


def hourly(town: Town, member: Member, use: Float64) -> Float64:
    """Base units by the hour; a daily meter's day evenly."""
    edges = np.append(member.reads.start, town.calendar.midnight[-1])
    hours = np.append(town.calendar.start[::4], town.calendar.midnight[-1])
    by_hour: Float64 = np.diff(np.interp(hours, edges, np.append(0.0, np.cumsum(use))))
    return by_hour * BASE[member.meter.unit]


def test_the_same_seed_gives_the_same_town() -> None:
    one, same, other = (build(seed, 60, SPRING, 9) for seed in (1, 1, 2))
    assert one.meters == same.meters
    assert (one.accounts, one.contexts, one.labels) == (same.accounts, same.contexts, same.labels)
    for a, b in zip(one.members, same.members, strict=True):
        assert a.upload == b.upload
        assert a.reads.events == b.reads.events
        for name in ("start", "value", "quality", "metered", "lost"):
            np.testing.assert_array_equal(getattr(a.reads, name), getattr(b.reads, name))
    assert one.meters != other.meters


@pytest.mark.parametrize("meters", [10, 57, 128])
def test_it_has_the_meters_that_were_asked_for(meters: int) -> None:
    assert len(build(3, meters, SPRING, 2).members) == meters


def test_too_small_a_town_is_refused() -> None:
    with pytest.raises(ValueError, match="10 meters"):
        build(1, 9, SPRING, 5)


def test_meters_are_as_the_contract_has_them(town: Town) -> None:
    ids = [member.meter.meter_id for member in town.members]
    assert len(set(ids)) == len(ids)
    for meter in town.meters:
        assert Meter.model_validate_json(meter.model_dump_json()) == meter
    services = collections.Counter(meter.service for meter in town.meters)
    assert min(services["electricity"], services["water"], services["gas"]) > 40
    assert 5 <= len({meter.head_end for meter in town.meters}) <= 6
    premises = collections.Counter(member.meter.premise_id for member in town.members if member.meter.premise_id)
    assert sum(count > 1 for count in premises.values()) > len(premises) / 2
    assert {account.account_id for account in town.accounts} == {m.account_id for m in town.meters if m.account_id}
    assert all(len(account.account_id) == 20 and account.account_id.startswith("acc-") for account in town.accounts)


def test_reads_fill_whole_local_days_of_23_hours_too(town: Town) -> None:
    day = np.diff(town.calendar.midnight) // HOUR
    assert sorted(set(day.tolist())) == [23, 24]
    for member in town.members:
        reads, each = member.reads, member.reads.interval_s * SECOND
        if reads.interval_s == 86_400:
            np.testing.assert_array_equal(reads.start, town.calendar.midnight[:-1])
            continue
        per_day = np.bincount(np.searchsorted(town.calendar.midnight, reads.start, side="right") - 1)
        np.testing.assert_array_equal(per_day, day * HOUR // each)
        assert set(np.diff(reads.start).tolist()) == {each}


def test_a_day_of_25_hours_in_new_york() -> None:
    start = dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)
    autumn = build(1, 12, start, 3, timezone="America/New_York")
    assert (np.diff(autumn.calendar.midnight) // HOUR).tolist() == [24, 25, 24]
    assert int(autumn.calendar.midnight[0]) == to_us(dt.datetime(2026, 10, 31, 4, tzinfo=dt.UTC))
    assert float(autumn.calendar.clock.min()) == 0.125
    assert float(autumn.calendar.clock.max()) == 23.875


def test_registers_count_what_was_used(town: Town) -> None:
    for member in town.members:
        reads = member.reads
        np.testing.assert_array_equal(reads.metered, snap(reads.metered, reads.resolution))
        assert (reads.metered >= 0).all()
        behind = np.cumsum(reads.metered) - np.cumsum(member.true_use)
        assert np.abs(behind).max() <= reads.resolution * 1.001
        read = (reads.quality == 0) & ~np.isnan(reads.value)
        np.testing.assert_array_equal(reads.value[read], reads.metered[read])


def test_totals_are_their_children_and_a_little_more(town: Town) -> None:
    totals = [member for member in town.members if member.meter.is_total]
    assert {total.meter.transformer_id for total in totals} == set(town.losses)
    for total in totals:
        group = total.meter.transformer_id or ""
        children = [m for m in town.members if m.meter.transformer_id == group and not m.meter.is_total]
        assert 20 <= len(children) <= 66
        used = np.sum([hourly(town, child, child.true_use) for child in children], axis=0)
        fed = [hourly(town, child, child.reads.received) for child in children if child.reads.received is not None]
        supplied, loss = hourly(town, total, total.true_use), town.losses[group]
        assert 0.035 <= loss <= 0.045
        if total.meter.service == "electricity":
            net = used - np.sum(fed, axis=0)
            np.testing.assert_allclose(supplied, np.maximum(net, 0) / (1 - loss), atol=0.05)
        else:
            np.testing.assert_allclose(used.sum() / supplied.sum(), 1 - loss)


def test_totals_follow_what_is_used_and_not_what_is_metered(town: Town) -> None:
    thief = next(m for m in customers(town, "electricity") if not m.meter.has_generation)
    leaky = next(m for m in customers(town, "water") if m.meter.interval_s == 3600)
    stolen = dataclasses.replace(thief.reads, metered=thief.reads.metered * 0.3)
    leaking = dataclasses.replace(leaky.reads, metered=leaky.reads.metered + 10 / BASE[leaky.meter.unit])
    after = town.with_reads({thief.meter.meter_id: stolen, leaky.meter.meter_id: leaking})
    for before, now in zip(town.members, after.members, strict=True):
        group = now.meter.transformer_id
        if now.meter.is_total and group == leaky.meter.transformer_id:
            grown = hourly(after, now, now.reads.metered - before.reads.metered)
            np.testing.assert_allclose(grown.mean(), 10, rtol=0.02)
        elif now.meter.meter_id not in (thief.meter.meter_id, leaky.meter.meter_id):
            np.testing.assert_array_equal(now.reads.value, before.reads.value)
    assert after.member(thief.meter.meter_id).reads is stolen
    np.testing.assert_array_equal(after.member(thief.meter.meter_id).true_use, thief.true_use)


def test_totals_follow_what_is_said_to_be_used_more(town: Town) -> None:
    home = next(m for m in customers(town, "electricity") if not m.meter.has_generation)
    group = home.meter.transformer_id or ""
    after = town.with_reads({}, {home.meter.meter_id: np.full(len(home.true_use), 0.5 * home.reads.interval_s / 3600)})
    for before, now in zip(town.members, after.members, strict=True):
        if now.meter.is_total and now.meter.transformer_id == group:
            grown = (now.true_use - before.true_use)[before.true_use > 0]
            np.testing.assert_allclose(grown, 0.5 / (1 - town.losses[group]))
            np.testing.assert_allclose(np.sum(now.reads.metered), np.sum(now.true_use), atol=0.11)


def test_homes_use_as_homes_do(town: Town) -> None:
    """Bands around what `docs/simulator.md` has of real homes."""
    power = [m for m in customers(town, "electricity") if not m.meter.has_generation]
    daily = np.array([m.true_use.sum() / 28 for m in power])
    assert 5 < np.median(daily) < 14
    water = customers(town, "water")
    litres = np.array([m.true_use.sum() * BASE[m.meter.unit] / 28 for m in water])
    assert 120 < np.median(litres) < 320
    zeros = [float((m.reads.metered == 0).mean()) for m in water if m.meter.interval_s == 3600]
    assert 0.35 < np.median(zeros) < 0.65


def test_in_a_heat_wave_gas_is_burnt_where_warm_water_runs() -> None:
    calendar = Calendar.of("Europe/Berlin", to_us(SPRING), 20)
    heat_wave = Weather("z", np.full(calendar.bins, 30.0), np.zeros(calendar.bins), np.zeros(20))
    rng = np.random.default_rng(1)
    life = life_of(rng, calendar, roomy=True, may_have_ev=False)
    boiler = dataclasses.replace(fittings_of(rng, roomy=True), gas_boiler=True, gas_cooker=False, heat_pump=False)
    use = use_of(rng, calendar, heat_wave, life, boiler)
    assert use.gas.sum() > 1
    assert not (use.gas[use.water == 0] > 0).any()


def test_homes_have_a_dry_hour_every_day(town: Town) -> None:
    midnight = town.calendar.midnight
    for member in customers(town, "water"):
        if member.meter.interval_s <= 3600:
            flows = np.flatnonzero(member.reads.metered == 0)
            day = np.searchsorted(midnight, member.reads.start[flows], side="right") - 1
            assert len(set(day.tolist())) >= 27


def test_cold_days_take_more_gas(town: Town) -> None:
    day = town.calendar.day[::4]
    cold = np.bincount(day, town.weather.temp_c[::4]) / np.bincount(day)
    gas = np.sum([hourly(town, member, member.true_use) for member in customers(town, "gas")], axis=0)
    assert np.corrcoef(cold, np.bincount(day, gas))[0, 1] < -0.8


def test_roofs_feed_the_grid_by_day_alone(town: Town) -> None:
    roofs = [m for m in town.members if m.meter.has_generation and not m.meter.is_total]
    assert len(roofs) >= 3
    for roof in roofs:
        assert roof.reads.received is not None
        hour = town.calendar.clock[np.searchsorted(town.calendar.start, roof.reads.start)]
        assert roof.reads.received[(hour > 10) & (hour < 15)].sum() > 0
        assert roof.reads.received[(hour < 4) | (hour > 22)].sum() == 0


def test_lives_are_labelled_as_looking_alike_only(town: Town) -> None:
    meters = {meter.meter_id for meter in town.meters}
    assert {label.role for label in town.labels} == {"look_alike"}
    assert {label.expected_cause for label in town.labels} == {"none"}
    assert {label.meter_id for label in town.labels} <= meters
    away = [label for label in town.labels if label.kind == "vacation" and label.end - label.start > dt.timedelta(4)]
    assert away
    for label in away:
        member = town.member(label.meter_id)
        inside = member.reads.span(to_us(label.start) + DAY // 4, to_us(label.end))
        if member.meter.service == "water" and not any(o.kind == "irrigation" for o in town.contexts):
            assert member.true_use[inside].mean() < 0.3 * member.true_use[~inside].mean()


def test_what_is_told_is_told_of_premises(town: Town) -> None:
    premises = {meter.premise_id for meter in town.meters}
    assert {context.premise_id for context in town.contexts} <= premises
    assert "pv" in {context.kind for context in town.contexts}


def test_holidays() -> None:
    assert [easter(year).isoformat() for year in (2024, 2025, 2026)] == ["2024-03-31", "2025-04-20", "2026-04-05"]
    assert is_holiday(dt.date(2026, 4, 6), "Europe/Berlin")
    assert is_holiday(dt.date(2026, 11, 26), "America/New_York")
    assert not is_holiday(dt.date(2026, 11, 26), "Europe/Berlin")
