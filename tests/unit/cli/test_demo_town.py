"""The demo's town: what is sent of it and when, and how its people answer."""

import datetime as dt
import json
import uuid
from collections import Counter

import pytest

from cli.demo.feed import READINGS
from cli.demo.town import HABIT_DAYS, People, parcels
from cli.simulate import Fleet, Simulation, fleet_of
from models.contracts import BillingHold, WorkOrder
from models.domain.times import DAY, to_datetime
from simulators.faults import Injected
from simulators.receivers.billing import Verdict
from simulators.receivers.field_ops import Found

START = 20_454 * DAY
FAULT = Injected("flat_valid", "m1", START + DAY, START + 3 * DAY, ("estimated_read_error",))


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return fleet_of(Simulation(meters=20, days=8, clean_days=5, seed=1, start=START, faults=False))


def test_history_is_a_block_a_day_and_then_each_meter_sends_as_it_does(fleet: Fleet) -> None:
    sent = [parcel for parcel in parcels(fleet) if parcel.topic == READINGS]
    assert [parcel.sent_at for parcel in sent] == sorted(parcel.sent_at for parcel in sent)
    starts = [(parcel, json.loads(parcel.value)) for parcel in sent]
    split = fleet.live_from - HABIT_DAYS * DAY
    live = to_datetime(split)
    history = [(p, m) for p, m in starts if dt.datetime.fromisoformat(m["start"]) < live]
    later = [(p, m) for p, m in starts if dt.datetime.fromisoformat(m["start"]) >= live]
    assert sum(p.readings for p, _ in history) == sum(
        int((~member.reads.lost & (member.reads.start < split)).sum()) for member in fleet.town.members
    )
    assert all("values" in message for _, message in history)
    assert not any("values" in message for _, message in later if message["meter_id"] in lone(fleet))
    whole = {member.meter.meter_id for member in fleet.town.members if not member.reads.lost.any()}
    blocks = Counter(message["meter_id"] for _, message in history if message["meter_id"] in whole)
    assert set(blocks.values()) == {3}
    assert len(later) > len(history)


def lone(fleet: Fleet) -> set[str]:
    return {member.meter.meter_id for member in fleet.town.members if member.upload.form == "lone"}


def test_a_crew_finds_what_is_there() -> None:
    people = People([FAULT])
    during, after = to_datetime(FAULT.onset + DAY), to_datetime(FAULT.end + 3 * DAY)
    assert people.crew(order("m1", during)) == Found("confirmed", "estimated_read_error")
    assert people.crew(order("m1", after)) == Found("not_found")
    assert people.crew(order("m2", during)) == Found("not_found")


def test_a_clerk_approves_what_is_so_and_releases_what_can_be_billed_again() -> None:
    people = People([FAULT])
    inside, before = (FAULT.onset, FAULT.end), (FAULT.onset - 2 * DAY, FAULT.onset)
    assert people.clerk(hold(inside, "draft")) == Verdict("approve")
    assert people.clerk(hold(before, "draft")) == Verdict("reject")
    assert people.clerk(hold(inside, "approved")) == Verdict("release")
    assert people.clerk(hold(inside, "approved", "theft")) is None


def order(meter_id: str, at: dt.datetime) -> WorkOrder:
    return WorkOrder(
        id=str(uuid.uuid4()),
        meter_id=meter_id,
        premise_id="p",
        created_at=at,
        updated_at=at,
        anomaly_ids=("a",),
        status="open",
        priority=3,
        work_type="inspect",
        problem="leak",
        summary="",
        service="electricity",
        reported_at=at,
    )


def hold(span: tuple[int, int], status: str, reason: str = "data_error") -> BillingHold:
    begin, end = map(to_datetime, span)
    fields = {"id": str(uuid.uuid4()), "meter_id": "m1", "premise_id": "p", "created_at": end, "updated_at": end}
    stake = {"volume_at_stake": 1.0, "unit": "kWh", "amount_at_stake": 0.3, "currency": "EUR"}
    about = {"anomaly_id": "a", "account_id": "x", "status": status, "from": begin, "to": end, "reason": reason}
    return BillingHold.model_validate({**fields, **stake, **about})
