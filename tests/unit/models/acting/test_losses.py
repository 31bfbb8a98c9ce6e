"""What anomalies lose: litres or kWh an hour as last said, times how long it lasts, and money by the tariff."""

from typing import Any

import pytest

from models.acting.losses import doubt, loss, pace
from models.contracts import Account
from tests.unit.models.acting.story import GAS, POWER, Story, anomaly_id, at, claim, closed, meter, said, updated

PAYS = Account(account_id="a1", tariff_per_unit=0.5, currency="EUR")


@pytest.mark.parametrize(
    ("cause", "what", "of", "expected"),
    [
        pytest.param("leak", {"rate": 20.0}, meter(), 20.0, id="the flow that is said"),
        pytest.param("leak", {"rate": 20.0, "observed": 48.0, "expected": 0.0}, meter(), 20.0, id="before the day"),
        pytest.param("burst", {"observed": 2.4, "expected": 0.0}, meter(unit="m3"), 100.0, id="a day over the usual"),
        pytest.param("leak", {"observed": 0.0, "expected": 24.0}, meter(), 0.0, id="never below nothing"),
        pytest.param("theft", {"observed": 0.0, "expected": 12.0}, POWER, 0.5, id="what was not read"),
        pytest.param("meter_fault", {"observed": 12.0, "expected": 0.0}, POWER, 0.0, id="read too much"),
        pytest.param("theft", {"rate": 3.0}, POWER, None, id="nothing said"),
        pytest.param("data_error", {"observed": 48.0, "expected": 0.0}, meter(), 0.0, id="no cause of a loss"),
    ],
)
def test_what_a_line_says(cause: Any, what: dict[str, float], of: Any, expected: float | None) -> None:
    assert pace(said("a", 24, cause, of=of, **what).event, of) == expected


def test_it_lasts_from_the_onset_and_costs_by_the_meters_unit() -> None:
    of = meter(unit="m3")
    event = said("a", 24, "leak", of=of).event
    lost = loss(event, of, 100.0, at(34), {"a1": PAYS})
    assert (lost.service, lost.cause, lost.unit) == ("water", "leak", "litres")
    assert lost.amount == pytest.approx(3400)
    assert lost.money == pytest.approx(1.7)
    assert lost.currency == "EUR"
    assert loss(event, of, 100.0, at(-1), {}).amount == 0


def test_gas_is_lost_in_litres_whatever_its_meter_counts() -> None:
    of = GAS.model_copy(update={"unit": "kWh"})
    event = said("a", 24, "leak", of=of, rate=1000.0).event
    lost = loss(event, of, pace(event, of) or 0.0, at(26), {"a1": PAYS})
    assert (lost.unit, lost.amount) == ("litres", 26_000)
    assert lost.money == pytest.approx(26 * 10.5 * 0.5), "by the kWh"


def test_the_range_of_a_loss_grows_with_the_root_of_its_days() -> None:
    event = said("t", 24, "theft", of=POWER, observed=0.0, expected=24.0, expected_within=6.0).event
    a_day = doubt(event, POWER)
    assert a_day == 6.0
    four = loss(event, POWER, 1.0, at(96), {"a1": PAYS}, a_day)
    assert (four.low, four.amount, four.high) == (84.0, 96.0, 108.0)
    assert (four.worth(four.low), four.worth(four.high)) == pytest.approx((42.0, 54.0))
    assert loss(event, POWER, 0.1, at(24), {}, a_day).low == 0


def test_money_without_a_tariff_is_not_known() -> None:
    event = said("a", 24, "leak", of=GAS).event
    for accounts in ({}, {"a1": Account(account_id="a1", currency="EUR")}):
        lost = loss(event, GAS, 1.0, at(25), accounts)
        assert (lost.unit, lost.currency, lost.money) == ("litres", "", 0.0)


def test_what_was_said_holds_until_something_else_is_or_the_cause_changes() -> None:
    story = Story()
    story.until(25, said("a", 24, "leak", rate=7.0))

    def known() -> float | None:
        case = story.cases.cases.get("p1")
        assert case is not None
        return case.anomalies[anomaly_id("a")].pace

    assert known() == 7.0
    story.until(31, updated("a", 30, "leak", opened=24))
    assert known() == 7.0
    story.until(41, updated("a", 40, "burst", opened=24, sequence=3))
    assert known() is None


def test_what_ended_anomalies_have_lost_is_told_but_not_of_those_of_an_incident() -> None:
    story = Story()
    story.until(25, said("a", 24, "leak", rate=7.0), said("b", 24, "leak", rate=9.0), claim("b", 24.5))
    (lost,) = story.until(50, closed("a", 48, "leak", opened=24), closed("b", 48, "leak", opened=24)).lost
    assert (lost.service, lost.cause, lost.unit, lost.amount) == ("water", "leak", "litres", 7.0 * 48)
