"""What a partition of `detect` tells the stages after it."""

import datetime as dt
from typing import Final

import numpy as np

from models.contracts import FLEET, GroupDay
from models.deciding.relay import case_records, findings, group_days
from tests import kit
from tests.support.grouped import line, start_of

METERS = [
    kit.meter("a", "electricity", transformer_id="T1", premise_id="P1", head_end="H1", model="M1"),
    kit.meter("b", "water", premise_id="P1", head_end="H1"),
    kit.meter("c", "gas"),
    kit.meter("d", "electricity", transformer_id="T1", is_total=True, firmware="F1", timezone="Europe/Madrid"),
]
COLUMNS: Final = [("meter", "i4"), ("total", "f8"), ("expected", "f4"), ("coverage", "f4"), ("received", "f4")]
NAN = float("nan")


def days(*rows: tuple[int, float, float, float, float]) -> dict[tuple[str, str], GroupDay]:
    known = kit.partition(METERS)
    said = group_days(known, dt.date(2024, 3, 1), start_of(2), np.array(list(rows), COLUMNS))
    for record in said:
        assert GroupDay.model_validate_json(record.model_dump_json()) == record  # nothing was left unchecked in vain
    return {(record.group, record.timezone): record for record in said}


def test_a_day_goes_to_each_group_of_each_meter() -> None:
    said = days((0, 5.0, 6.0, 1.0, 0.5), (1, 30.0, NAN, 0.5, NAN), (2, 1.0, 1.0, 1.0, NAN), (3, 9.0, 9.0, 1.0, NAN))
    assert set(said) == {
        ("transformer:T1", "UTC"), ("transformer:T1", "Europe/Madrid"), ("premise:P1", "UTC"),
        (FLEET, "UTC"), (FLEET, "Europe/Madrid"),
    }  # fmt: skip
    home = said["premise:P1", "UTC"]
    assert (home.source, home.known, home.heard, home.day) == ("detect-0", 2, 2, dt.date(2024, 3, 1))
    power, water = home.meters["a"], home.meters["b"]
    assert (power.total, power.expected, power.coverage, power.received) == (5.0, 6.0, 1.0, 0.5)
    assert (water.total, water.expected, water.coverage, water.received) == (30.0, None, 0.5, 0.0)
    assert power.meter == METERS[0]
    assert said[FLEET, "UTC"].heard_of == {"head_end:H1": 2, "model:M1": 1}
    assert said[FLEET, "Europe/Madrid"].heard_of == {"firmware:F1": 1}


def test_a_meter_that_was_not_heard_is_known_and_counts_as_not_read() -> None:
    said = days((0, NAN, NAN, 0.0, NAN), (1, 30.0, 30.0, 1.0, NAN))
    home, fleet = said["premise:P1", "UTC"], said[FLEET, "UTC"]
    assert (home.known, home.heard, home.meters["a"].coverage, home.meters["a"].total) == (2, 1, 0.0, 0.0)
    assert (fleet.known, fleet.heard, fleet.heard_of) == (2, 1, {"head_end:H1": 1})


def test_an_anomaly_goes_to_its_premise_and_to_its_groups() -> None:
    known = kit.partition(METERS)
    events = [(7, line(METERS[0], "theft", start_of(3))), (8, line(METERS[2], "leak", start_of(4)))]
    cases, told = case_records(events, known), findings(events, known)
    assert [(case.event, case.meter, case.source) for case in cases] == [
        (events[0][1], METERS[0], "detect-0"),
        (events[1][1], METERS[2], "detect-0"),
    ]
    assert [(said.group, said.event, said.time) for said in told] == [
        (group, events[0][1], start_of(3)) for group in (FLEET, "transformer:T1", "premise:P1")
    ]
