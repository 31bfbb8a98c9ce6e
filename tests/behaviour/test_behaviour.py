"""The cases, through the pipeline alone."""

import dataclasses
import json

import pytest

from models.contracts import AnomalyEvent, IntervalBlock
from models.scoring.policy import Policy
from models.scoring.rules.registry import RULES
from tests import kit
from tests.behaviour.bases import POWER
from tests.behaviour.cases import CASES
from tests.behaviour.story import Case, Story, line, lines


def through_pipeline(case: Case) -> list[AnomalyEvent]:
    """Everything that is said."""
    policy = Policy.from_toml(case.policy)
    if case.live_from:
        policy = dataclasses.replace(policy, live_from=kit.us(case.live_from))
    partition, meter_id = kit.partition([case.story.meter]), case.story.meter.meter_id
    for at, code in case.story.events:
        partition.put_event(meter_id, at, at, code)
    return [event for _, event in kit.Run(partition, policy).feed(case.story.stream).events]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_said(case: Case) -> None:
    said = through_pipeline(case)
    assert [line(event) for event in said] == lines(case)
    for event in said:
        assert event.meter_id == case.story.meter.meter_id
        assert event.start <= event.detected_at <= event.updated_at
        assert event.benign is not None
        told = event.confidence + event.benign + sum(other.confidence for other in event.alternatives)
        assert told <= 1 + 1e-3  # each is rounded
        assert event.against or event.status == "closed"
        assert event.status != "closed" or (event.end is not None and event.start <= event.end <= event.updated_at)
    assert len({event.ce_id for event in said}) == len(said)


@pytest.mark.parametrize("known", [True, False])
def test_a_new_meter_is_no_contradiction(known: bool) -> None:
    """D2: its register begins at 3 kWh; if the MDM does not know of the exchange it is a slip, and let pass."""
    story, register = Story("electricity"), 1000.0
    for number, values in enumerate(POWER[:30], 1):
        register = (3.0 if number == 22 else register) + float(values.sum())
        story.day(values, register=round(register, 3))
    versions = [story.meter, kit.meter("m", "electricity", effective_from="2024-01-29T00:00:00Z")]
    run = kit.run(versions if known else versions[:1], story.stream)
    assert run.events == []


def test_cases_can_be_sent() -> None:
    for case in CASES:
        for block in case.story.stream[-30:]:
            IntervalBlock.model_validate_json(json.dumps(block))


def test_every_rule_has_its_case() -> None:
    """But for S1 and G5, which need the peers of a whole fleet: test_scores.py and test_catalogue.py."""
    told = {rule for case in CASES for said in lines(case) for rule in said.split()[4].split(",")}
    assert {rule.id for rule in RULES} - told == {"S1", "G5"}
