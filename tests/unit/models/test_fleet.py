"""The fleet gate: one incident for a head-end, model or firmware, and none by coincidence."""

import dataclasses

import pytest

from models.contracts import Claim, Meter
from models.domain.causes import Cause
from models.domain.times import DAY, HOUR
from models.scoring.policy import Policy
from tests import kit
from tests.support.grouped import Stage, close_of, finding, fleet_day, fleet_meter, heard_of, line

NOON = close_of(0) + 6 * HOUR


def stage_of(meters: list[Meter], policy: Policy = kit.POLICY) -> Stage:
    """A fleet that was heard yesterday."""
    stage = Stage(policy=policy)
    stage.take(fleet_day(0, heard_of(meters)))
    return stage


def break_out(stage: Stage, meters: list[Meter], cause: Cause, at: int = NOON, step: int = 60_000_000) -> list[str]:
    """Each meter says it, one after the other; ids of their anomalies."""
    lines = [line(meter, cause, at + n * step) for n, meter in enumerate(meters)]
    for meter, event in zip(meters, lines, strict=True):
        stage.take(finding(meter, event))
    return [event.id for event in lines]


def over(stage: Stage, meters: list[Meter], cause: Cause, at: int, opened: int = NOON, step: int = 60_000_000) -> None:
    """All of them close at `at`."""
    stage.take(
        *(
            finding(m, line(m, cause, at, sequence=2, status="closed", opened=opened + n * step))
            for n, m in enumerate(meters)
        )
    )


FLEET = [fleet_meter(f"m{n}", "H1" if n < 40 else "H2") for n in range(80)]


def test_a_silent_head_end_is_one_incident_that_claims_its_meters() -> None:
    stage = stage_of(FLEET)
    anomalies = break_out(stage, FLEET[:30], "communication_fault")
    (event,) = stage.said.events
    assert (event.meter_id, event.incident, event.cause, event.status) == (
        None, "head_end:H1", "communication_fault", "opened",
    )  # fmt: skip
    assert event.meters == tuple(sorted(m.meter_id for m in FLEET[:8]))  # a fifth of forty
    assert event.severity == "critical"
    assert [e.rule for e in event.evidence] == ["F1"]
    assert stage.claimed == set(anomalies)
    claims = [case for case in stage.said.cases if isinstance(case, Claim)]
    assert len(claims) == len(anomalies)
    assert {claim.incident_id for claim in claims} == {event.id}


def test_in_shadow_the_gate_claims_nobody() -> None:
    stage = stage_of(FLEET, Policy.from_toml("[rules.F1]\nshadow = true"))
    break_out(stage, FLEET[:30], "communication_fault")
    assert (stage.said.events, stage.claimed) == ([], set())
    assert [one.decision for one in stage.said.decisions] == ["shadow.incident.opened"]


def test_it_grows_by_a_line_an_hour_and_ends_with_its_meters() -> None:
    stage = stage_of(FLEET)
    break_out(stage, FLEET[:30], "communication_fault")
    stage.take(until=NOON + 5 * HOUR)
    assert [(e.status, len(e.meters)) for e in stage.said.events] == [("opened", 8), ("updated", 30)]
    over(stage, FLEET[:30], "communication_fault", NOON + 10 * HOUR)
    stage.take(until=NOON + 11 * HOUR)
    assert len(stage.said.events) == 2  # others may follow within the window
    stage.take(until=NOON + 26 * HOUR)
    last = stage.said.events[-1]
    assert (last.status, last.sequence, len(last.meters)) == ("closed", 3, 30)
    assert {event.id for event in stage.said.events} == {last.id}
    assert {event.detected_at for event in stage.said.events} == {last.detected_at}


@pytest.mark.parametrize(
    ("meters", "cause", "step"),
    [
        pytest.param(FLEET[:7], "communication_fault", 1, id="too few"),
        pytest.param(FLEET[:5] + FLEET[40:45], "data_error", 1, id="of two head-ends"),
        pytest.param(FLEET[:12], "communication_fault", 4 * HOUR, id="one after the other, over days"),
        pytest.param(FLEET[:10], "leak", 1, id="leaks, fewer than a unit step shows"),
        pytest.param(FLEET[:40], "unusual_use", 1, id="weather"),
    ],
)
def test_what_is_no_incident(meters: list[Meter], cause: Cause, step: int) -> None:
    stage = stage_of(FLEET)
    break_out(stage, meters, cause, step=step)
    assert stage.said.events == []
    assert stage.said.cases == []


def test_a_unit_step_shows_as_bursts_and_losses_too() -> None:
    stage = stage_of(FLEET)
    causes: list[Cause] = ["burst", "theft", "data_error"]
    for n, meter in enumerate(FLEET[:15]):
        stage.take(finding(meter, line(meter, causes[n % 3], NOON + n)))
    (event,) = stage.said.events
    assert event.cause == "data_error"
    assert len(event.meters) == 12
    assert len(stage.claimed) == 15


def test_what_many_meters_repeat_is_an_error_of_the_data() -> None:
    """Replay contract, causes: a fleet signature is one incident of `communication_fault` or `data_error`."""
    stage = stage_of(FLEET)
    break_out(stage, FLEET[:10], "estimated_read_error")
    assert {event.cause for event in stage.said.events} == {"data_error"}


def test_nobody_is_judged_before_a_day_was_heard() -> None:
    stage = Stage()
    break_out(stage, FLEET[:40], "communication_fault")
    assert stage.said.events == []


def test_nothing_is_said_before_live_from() -> None:
    policy = dataclasses.replace(kit.POLICY, live_from=NOON + DAY)
    stage = stage_of(FLEET, policy)
    break_out(stage, FLEET[:20], "communication_fault")
    assert stage.said.events == []


def test_the_model_is_named_when_it_is_the_model() -> None:
    fleet = [fleet_meter(f"m{n}", f"H{n % 4}", "bad" if n % 3 == 0 else "good") for n in range(240)]
    bad = [meter for meter in fleet if meter.model == "bad"]
    stage = stage_of(fleet)
    anomalies = break_out(stage, bad, "data_error")
    stage.take(until=NOON + 5 * HOUR)
    assert {event.id for event in stage.said.events} == {stage.said.events[0].id}
    assert stage.said.events[-1].incident == "model:bad"
    assert len(stage.said.events[-1].meters) == len(bad)
    assert stage.claimed == set(anomalies)


def test_an_incident_of_a_model_moves_to_the_head_end_that_holds_it() -> None:
    fleet = [fleet_meter(f"m{n}", "H1", "A" if n < 50 else "B") for n in range(100)]
    stage = stage_of(fleet)
    anomalies = break_out(stage, fleet, "communication_fault")
    stage.take(until=NOON + 5 * HOUR)
    assert len({event.id for event in stage.said.events}) == 1
    assert stage.said.events[0].incident == "model:A"
    assert stage.said.events[-1].incident == "head_end:H1"
    assert len(stage.said.events[-1].meters) == 100
    assert stage.claimed == set(anomalies)


def test_incidents_of_head_ends_become_one_of_the_firmware_they_share() -> None:
    fleet = [fleet_meter(f"m{n}", f"H{n // 40}", firmware="f2" if n % 2 else "f1") for n in range(200)]
    bad = [meter for meter in fleet if meter.firmware == "f2"]
    stage = stage_of(fleet)
    anomalies = break_out(stage, bad, "data_error")  # head-end by head-end, as uploads come in
    stage.take(until=NOON + 5 * HOUR)
    lives = {event.id: event for event in stage.said.events}
    still_open = [event for event in lives.values() if event.status != "closed"]
    assert [event.incident for event in still_open] == ["firmware:f2"]
    assert set(still_open[0].meters) == {meter.meter_id for meter in bad}
    assert stage.claimed == set(anomalies)


def test_a_read_error_joins_an_open_incident_late_and_a_leak_does_not() -> None:
    stage = stage_of(FLEET)
    break_out(stage, FLEET[:10], "data_error")
    late, leaking = FLEET[20], FLEET[21]
    stage.take(finding(late, line(late, "data_error", NOON + 3 * DAY)))
    assert len(stage.claimed) == 11
    stage.take(finding(leaking, line(leaking, "leak", NOON + 3 * DAY)))
    assert len(stage.claimed) == 11


def test_what_can_lead_to_nothing_any_more_is_forgotten() -> None:
    stage = stage_of(FLEET)
    break_out(stage, FLEET[:5], "communication_fault")
    for day in range(1, 12):
        stage.take(fleet_day(day, heard_of(FLEET)))
    assert len(stage.groups.fleet.members.ledger) == 0
    ((_, heard),) = stage.groups.fleet.members.heard
    assert len(heard.days) == 7
