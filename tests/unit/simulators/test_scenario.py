"""A fleet with faults: enough of each kind, one a premise, each in time to be found."""

import collections
import datetime as dt

import numpy as np
import pytest

from models.contracts import Meter
from models.domain.times import DAY, HOUR, to_datetime, to_us
from simulators.faults import FAMILIES, Injected, Reads
from simulators.scenario import FLEET_METERS, PLAN, Scenario, inject
from simulators.series import snap

START = to_us(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
END = START + 21 * DAY
SERVICES = ("electricity", "water", "gas")
ASKED = {
    *("leak", "growing_leak", "toilet", "burst", "bypass_70", "bypass_50", "tamper_drop", "reverse_energy"),
    *("inactive_use", "zero_with_voltage", "stopped", "flat_estimates_true_up", "flat_valid", "copied_day", "x10"),
    *("x0_1", "clock_shift", "register_mismatch", "silent", "prolonged_estimation"),
}
Fleet = list[tuple[Meter, Reads]]


def _meter(number: int) -> tuple[Meter, Reads]:
    """By the hour, busy in the evening; water and gas rest at night."""
    service = SERVICES[number % 3]
    rng = np.random.default_rng(number)
    start = np.arange(START - 28 * DAY, END, HOUR)
    hour = start // HOUR % 24
    busy = 0.2 + 3 * np.exp(-((hour - 19) ** 2) / 6.0)
    unit, resolution, scale = {
        "electricity": ("kWh", 0.001, 0.5),
        "water": ("L", 1.0, 12.0),
        "gas": ("m3", 0.001, 0.3),
    }[service]
    asleep = (hour < 5) & (service != "electricity")
    value = snap(np.where(asleep, 0.0, rng.uniform(0.6, 1.4, len(start)) * busy * scale), resolution)
    volts = np.full(len(start), 230.0) if service == "electricity" else None
    record = {
        "meter_id": f"m{number:03d}",
        "service": service,
        "unit": unit,
        "interval_s": 3600,
        "timezone": "Europe/Madrid",
        "resolution": resolution,
        "premise_id": f"p{number // 2:03d}",
        "customer_class": "residential",
        "head_end": "he-0" if number < 2 else "he-1" if number < 30 else "he-2",
        "is_total": number == 40,
        "has_generation": number == 42,
        "status": "vacant" if number == 45 else "active",
    }
    return Meter.model_validate(record), Reads.valid(start, value, 3600, resolution, voltage=volts)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return [_meter(number) for number in range(270)]


@pytest.fixture(scope="module")
def scenario(fleet: Fleet) -> Scenario:
    return inject(fleet, START, END, spare=["m048"])


def test_at_least_sixty_faults_of_at_least_twelve_kinds(scenario: Scenario) -> None:
    alone = [fault for fault in scenario.truth if fault.role == "fault" and fault.fleet is None]
    kinds = collections.Counter(fault.kind for fault in alone)
    assert len(alone) >= 60
    assert len(kinds) >= 12
    assert all(3 <= count <= 5 for count in kinds.values())
    assert kinds.keys() >= ASKED
    look_alikes = {fault.kind for fault in scenario.truth if fault.role == "look_alike"}
    assert look_alikes == {kind for kind, family in FAMILIES.items() if family.role == "look_alike"}


def test_the_plan_is_of_the_families(scenario: Scenario) -> None:
    for kind, service, sizes in PLAN:
        assert service in FAMILIES[kind].services
        assert sizes


def test_one_fault_a_premise(fleet: Fleet, scenario: Scenario) -> None:
    premise = {meter.meter_id: meter.premise for meter, _ in fleet}
    alone = [premise[fault.meter_id] for fault in scenario.truth if fault.fleet is None]
    assert len(set(alone)) == len(alone)
    assert len({fault.meter_id for fault in scenario.truth}) == len(scenario.truth)


def test_one_head_end_is_at_fault_as_a_whole_and_has_no_other_faults(fleet: Fleet, scenario: Scenario) -> None:
    of_it = {meter.meter_id for meter, _ in fleet if meter.head_end == "he-1"}
    struck = [fault for fault in scenario.truth if fault.fleet]
    assert len(of_it) >= FLEET_METERS
    assert {fault.meter_id for fault in struck} == of_it
    assert {(fault.kind, fault.fleet) for fault in struck} == {("unit_step", "he-1")}
    assert len({(fault.onset, fault.end) for fault in struck}) == 1
    assert not of_it & {fault.meter_id for fault in scenario.truth if not fault.fleet}


def test_each_fault_can_still_be_judged_in_the_window(scenario: Scenario) -> None:
    for fault in scenario.truth:
        assert START <= fault.onset < fault.end <= END
        assert fault.onset + FAMILIES[fault.kind].judged_days * DAY <= END
        if "theft" in fault.expected_causes:
            assert END - fault.onset >= 14 * DAY
        if fault.kind == "clock_shift":
            assert END - fault.onset >= 8 * DAY


def test_only_customers_in_use_are_drawn(scenario: Scenario) -> None:
    assert not {"m040", "m042", "m045", "m048"} & {fault.meter_id for fault in scenario.truth}


def test_reads_change_from_the_onset_on_and_only_of_those_meters(fleet: Fleet, scenario: Scenario) -> None:
    before = {meter.meter_id: reads for meter, reads in fleet}
    assert scenario.reads.keys() == {fault.meter_id for fault in scenario.truth}
    for fault in scenario.truth:
        was, now = before[fault.meter_id], scenario.reads[fault.meter_id]
        outside = ~was.span(fault.onset, fault.end)
        for name in ("value", "metered", "quality", "lost"):
            np.testing.assert_array_equal(getattr(now, name)[outside], getattr(was, name)[outside])
        changed = (now.value != was.value) | (now.metered != was.metered) | now.lost
        assert changed.any() or fault.kind == "inactive_use", fault


def test_what_is_truly_used_changes_by_leaks_and_lives_alone(scenario: Scenario) -> None:
    assert scenario.used.keys() == scenario.reads.keys()
    for fault in scenario.truth:
        used = scenario.used[fault.meter_id]
        assert used.any() <= FAMILIES[fault.kind].real, fault
        if fault.expected_causes in (("leak",), ("burst",)):
            assert used.sum() > 0


def test_an_account_is_inactive_from_the_onset_on(scenario: Scenario) -> None:
    faults = {fault.meter_id: fault for fault in scenario.truth if fault.kind == "inactive_use"}
    assert {meter.meter_id for meter in scenario.meters} == faults.keys()
    for meter in scenario.meters:
        assert meter.status == "inactive"
        assert meter.effective_from == to_datetime(faults[meter.meter_id].onset)


def test_labels_are_of_the_contract(scenario: Scenario) -> None:
    labels = [fault.label() for fault in scenario.truth]
    assert {label.expected_cause for label in labels if label.role == "look_alike"} == {"none"}
    assert {label.expected_cause for label in labels if label.kind == "toilet"} == {"leak"}
    assert [Injected.of(label) for label in labels] == list(scenario.truth)
    assert [label.start for label in labels] == sorted(label.start for label in labels)


def test_same_seed_same_scenario(fleet: Fleet, scenario: Scenario) -> None:
    again, other = inject(fleet, START, END, spare=["m048"]), inject(fleet, START, END, 1)
    assert again.truth == scenario.truth
    for meter_id, reads in scenario.reads.items():
        np.testing.assert_array_equal(again.reads[meter_id].value, reads.value)
    assert other.truth != scenario.truth


def test_a_register_that_nobody_hears_does_not_disagree(fleet: Fleet) -> None:
    heard = [meter.meter_id for meter, _ in fleet[200:]]
    truth = inject(fleet, START, END, registers=heard).truth
    assert {fault.meter_id for fault in truth if fault.kind == "register_mismatch"} <= set(heard)


def test_what_cannot_be_is_refused(fleet: Fleet) -> None:
    with pytest.raises(ValueError, match="15 days"):
        inject(fleet, START, START + 14 * DAY)
    with pytest.raises(ValueError, match="no meter is left"):
        inject(fleet[:100], START, END)
    with pytest.raises(ValueError, match="25 meters"):
        inject(fleet[:20], START, END)
