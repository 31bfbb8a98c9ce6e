"""What is open at the moment, as the stores have it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from models.acting.cases import Cases
from models.contracts import Account
from models.deciding.groups import Groups
from models.domain.causes import CAUSES
from models.domain.times import DAY, HOUR
from streams.metrics import Metrics
from streams.metrics.affairs import Affairs, episodes, models, open_cases
from tests import kit
from tests.unit.models.acting.story import Story, claim, closed, meter, said

PAYS = Account(account_id="a1", tariff_per_unit=0.5, currency="EUR")


def cases(story: Story, districts: int = 20) -> dict[str, dict[tuple[str, ...], float]]:
    """What is not zero."""
    found = open_cases([story.cases], story.accounts, districts)
    return {name: {k: v for k, v in values.items() if v} for name, values in found.items()}


def of(name: str, district: str | None, **changes: Any) -> Any:
    return meter(name, premise_id=f"p-{name}", transformer_id=district, **changes)


def test_cases_by_cause_district_and_age() -> None:
    story = Story()
    story.take(said("a", 0, "leak", of=of("m1", "D1")), said("b", 72, "leak", of=of("m2", "D1")))
    story.until(24 * 10, said("c", 24 * 9.5, "theft", of=of("m3", None)))
    assert cases(story)["meterwatch_open_cases"] == {
        ("leak", "D1", "7-30d"): 2,
        ("theft", "none", "<1d"): 1,
    }


def test_closed_cases_and_those_of_an_incident_are_not_open() -> None:
    story = Story()
    story.until(30, said("a", 0, "leak"), said("b", 0, "data_error"), claim("b", 1), closed("a", 20, "leak", opened=0))
    assert cases(story)["meterwatch_open_cases"] == {}


def test_only_the_districts_with_most_cases_are_told_apart() -> None:
    story = Story()
    lines = [(district, n) for district, count in {"D1": 3, "D2": 2, "D3": 1, None: 1}.items() for n in range(count)]
    story.until(30, *(said(f"{d}{n}", 1, "leak", of=of(f"{d}{n}", d)) for d, n in lines))
    found = cases(story, districts=1)["meterwatch_open_cases"]
    assert found == {("leak", "D1", "1-3d"): 3, ("leak", "other", "1-3d"): 3, ("leak", "none", "1-3d"): 1}


def test_what_they_have_lost_so_far() -> None:
    story = Story(accounts=[PAYS])
    power = of("e1", "T1", service="electricity", unit="kWh")
    story.take(said("a", 24, "leak", of=of("w1", "D1"), rate=10.0))
    story.until(76, said("b", 28, "theft", of=power, observed=0.0, expected=24.0))
    found = cases(story)
    assert found["meterwatch_open_loss_litres"] == {("water", "leak", "D1"): pytest.approx(760)}
    assert found["meterwatch_open_loss_kilowatt_hours"] == {("electricity", "theft", "T1"): pytest.approx(72)}
    assert found["meterwatch_open_loss_money"] == {
        ("EUR", "leak", "D1"): pytest.approx(380),
        ("EUR", "theft", "T1"): pytest.approx(36),
    }


def test_open_orders_and_holds_with_what_is_at_stake() -> None:
    story = Story(accounts=[PAYS])
    wrong: Any = {"observed": 240.0, "expected": 24.0}
    story.until(24 * 4, said("a", 24, "estimated_read_error", rules=("D7",), **wrong), said("b", 24, "meter_fault"))
    orders, holds = story.all.orders, story.all.holds
    found = cases(story)
    assert found["meterwatch_open_actions"].get(("work_order", "open"), 0) == len({order.id for order in orders})
    assert found["meterwatch_open_actions"][("hold", "draft")] == len({hold.id for hold in holds}) > 0
    at_stake = {hold.id: hold.amount_at_stake for hold in holds}
    assert sum(found["meterwatch_held_money"].values()) == pytest.approx(sum(at_stake.values()))


def test_open_episodes_by_service_and_cause() -> None:
    partition = kit.partition([kit.meter(f"m{n}", service) for n, service in enumerate(("water", "gas", "water"))])
    for place, family, cause in ((0, 0, "leak"), (1, 0, "leak"), (2, 0, "burst"), (2, 3, "communication_fault")):
        partition.rows["episodes"]["opened"][place, family] = HOUR
        partition.rows["episodes"]["cause"][place, family] = CAUSES.index(cause)
    found = {labels: count for labels, count in episodes([partition])["meterwatch_open_episodes"].items() if count}
    assert found == {
        ("water", "leak"): 1,
        ("gas", "leak"): 1,
        ("water", "burst"): 1,
        ("water", "communication_fault"): 1,
    }


def test_models_are_as_old_as_the_last_day_they_have_learnt_from() -> None:
    first = kit.us("2024-03-01")
    meters = {"w": kit.meter("w"), "g": kit.meter("g", "gas")}
    stream = [
        kit.block(first + day * DAY, [float(hour % 5) for hour in range(24)], name)
        for day in range(20)
        for name in (("w", "g") if day < 16 else ("w",))
    ]
    partition = kit.run(meters.values(), [*stream, kit.block(first + 20 * DAY, [1.0] * 8, "w")]).partition
    found = models([partition, kit.run([meters["w"]], []).partition])
    ages, samples = found["meterwatch_model_age_seconds"], found["meterwatch_model_samples"]
    assert ages == {("water",): 8 * 3600, ("gas",): 8 * 3600 + 4 * 86_400}
    assert samples[("water",)] > samples[("gas",)] > 0


def store(state: Any, *, recovered: bool = True, ahead: bool = False) -> Any:
    slot = SimpleNamespace(state=state, recovered=recovered, ahead=ahead)
    return SimpleNamespace(lock=asyncio.Lock(), slots={0: slot})


@pytest.mark.parametrize(("doubt", "open_now"), [({}, 1.0), ({"ahead": True}, None), ({"recovered": False}, None)])
def test_what_is_in_doubt_is_not_counted(doubt: dict[str, bool], open_now: float | None) -> None:
    story = Story()
    story.until(25, said("a", 24, "leak"))
    metrics = Metrics(CollectorRegistry())
    metered = SimpleNamespace(partition=kit.partition([kit.meter()]))
    groups = Groups(0, ["detect-0"])

    async def scenario() -> None:
        stores = (store(metered), store(groups), store(story.cases, **doubt))
        await Affairs(metrics, *stores, accounts={}, districts=20).look()

    asyncio.run(scenario())
    labels = {"cause": "leak", "district": "none", "age": "<1d"}
    assert metrics.registry.get_sample_value("meterwatch_open_cases", labels) == open_now
    assert metrics.registry.get_sample_value("meterwatch_open_incidents", {"cause": "data_error"}) == 0
    assert metrics.registry.get_sample_value("meterwatch_open_episodes", {"service": "water", "cause": "leak"}) == 0


def test_a_partition_without_event_time_is_as_of_what_was_last_said() -> None:
    story = Story()
    fresh = Cases(0, ["detect-0"])
    story.until(25, said("a", 24, "leak", rate=1.0))
    case = story.cases.cases.get("p1")
    assert case is not None
    fresh.cases.put("p1", case)
    assert sum(open_cases([fresh], {}, 20)["meterwatch_open_loss_litres"].values()) == pytest.approx(24)
