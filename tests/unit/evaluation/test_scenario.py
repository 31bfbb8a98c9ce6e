"""Labelled data made of a fleet."""

from collections import Counter

import numpy as np
import pytest

from evaluation.catalogue import CATALOGUE
from evaluation.fleets import SERVICES, Service, simulated
from evaluation.scenario import DAYS, LASTS_DAYS, ONSET_DAYS, of_head_ends, single
from models.domain.times import DAY, HOUR
from models.scoring.rules.registry import RULES
from simulators.candidates import Candidate


@pytest.mark.parametrize("service", SERVICES)
def test_two_homes_in_three_get_one_event_each(service: Service) -> None:
    fleet = simulated(3, 48, service, DAYS)
    labelled, again = single(fleet, 3), single(fleet, 3)
    assert labelled.events == again.events
    assert 16 <= len(labelled.events) <= 32
    assert max(Counter(event.meter_id for event in labelled.events).values()) == 1
    counts = Counter(event.kind for event in labelled.events)
    assert counts.keys() <= {entry.kind for entry in CATALOGUE[service]}
    assert max(counts.values()) <= 4
    touched = {event.meter_id: event for event in labelled.events}
    for home, (meter, reads) in zip(fleet.homes, labelled.homes, strict=True):
        event = touched.get(meter.meter_id)
        changed = (reads.value != home.reads.value) & ~(np.isnan(reads.value) & np.isnan(home.reads.value))
        changed |= (reads.quality != home.reads.quality) | (reads.metered != home.reads.metered)
        if event is None:
            assert reads is home.reads
            continue
        assert fleet.onset <= event.onset < fleet.onset + ONSET_DAYS * DAY + HOUR
        assert event.onset < event.end <= event.onset + LASTS_DAYS * DAY + HOUR
        assert changed.any()
        assert not changed[~reads.span(event.onset, event.end)].any()


def test_a_head_end_is_struck_as_one() -> None:
    labelled = of_head_ends(simulated(3, 24, "electricity", DAYS), 3)
    incidents = {(event.kind, event.fleet) for event in labelled.events}
    assert len(incidents) == 3
    struck = {event.meter_id: event.fleet for event in labelled.events}
    head_ends = {meter.meter_id: meter.head_end for meter, _ in labelled.homes}
    assert all(head_ends[meter_id] == head_end for meter_id, head_end in struck.items())
    assert Counter(head_ends.values()) == dict.fromkeys(("he-1", "he-2", "he-3", "he-4"), 6)
    assert set(head_ends.values()) - set(struck.values()) == {"he-4"}


def test_a_gas_meter_stands_still_for_as_long_as_rules_let_pass() -> None:
    (stopped,) = (entry.family for entry in CATALOGUE["gas"] if entry.kind == "stopped")
    asked = {("G5", "hours"), ("D17", "pipe_h")}
    passes = [setting.default for rule in RULES for setting in rule.settings if (rule.id, setting.name) in asked]
    assert stopped.lasts_days is not None
    assert passes == [24 * stopped.lasts_days] * 2
    assert stopped.lasts_days <= LASTS_DAYS


def test_gas_has_what_happens_to_gas() -> None:
    kinds = {entry.kind for entry in CATALOGUE["gas"]}
    assert {"leak_60", "burst", "bypass_70", "tenancy"} <= kinds
    assert not kinds & {"toilet", "baby", "guests", "solar"}


def test_a_leak_of_one_step_shows_in_a_home_that_is_dry_at_night() -> None:
    (entry,) = (entry for entry in CATALOGUE["water"] if entry.kind == "leak_1")
    fleet = simulated(3, 12, "water", DAYS)
    assert entry.sizes == (1,)
    shown = [Candidate.of(home.meter, home.reads, fleet.onset, fleet.onset + DAY) for home in fleet.homes]
    assert any(candidate.floor == 0 for candidate in shown)
