"""The behaviour suite once more, through a worker on a real Kafka: what is said is what the pipeline alone says."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from cli.kafka import Cluster
from models.contracts import AnomalyEvent, Meter
from models.domain.ids import partition_of
from models.domain.times import to_text
from tests.behaviour.cases import CASES
from tests.behaviour.story import Case, line, lines
from tests.integration.stage import stage

PLAIN = [case for case in CASES if not case.policy and not case.live_from]
"""A worker has one policy, so cases with one of their own stay with the pipeline."""


def alone_in_its_partition(case: Case, number: int) -> Meter:
    """The case's meter under a name that Kafka puts into partition `number`: stories share no event time."""
    names = (f"{case.story.meter.meter_id}-{n}" for n in range(100_000))
    name = next(name for name in names if partition_of(name, len(PLAIN)) == number)
    return case.story.meter.model_copy(update={"meter_id": name})


@pytest.mark.kafka
def test_agents_say_what_the_pipeline_says(kafka: Cluster, unique: str, tmp_path: Path) -> None:
    meters = [alone_in_its_partition(case, number) for number, case in enumerate(PLAIN)]
    messages = [
        (meter.meter_id, json.dumps({**block, "meter_id": meter.meter_id}).encode())
        for meter, case in zip(meters, PLAIN, strict=True)
        for block in case.story.stream
    ]
    reported = [
        (meter.meter_id, json.dumps({"meter_id": meter.meter_id, "at": to_text(at), "code": code}).encode())
        for meter, case in zip(meters, PLAIN, strict=True)
        for at, code in case.story.events
    ]
    with stage(
        kafka.bootstrap, unique, tmp_path, partitions=len(PLAIN), batch_messages=500, mark_every_s=10_000_000
    ) as play:  # the stages behind it are not asked for
        play.know(meters)
        play.tell(play.settings.topics.meter_events, reported)
        worker = play.worker()
        play.wait_until_read(alive=[worker])  # what meters report waits in their partition for its time
        play.send(messages)
        play.wait_until_read(alive=[worker])
        assert play.stop(worker) == 0
        said = defaultdict(list)
        for record in play.records(play.settings.topics.anomalies):
            event = AnomalyEvent.model_validate_json(record.value)
            said[event.meter_id].append(line(event))
    for meter, case in zip(meters, PLAIN, strict=True):
        assert said[meter.meter_id] == lines(case), case.name
