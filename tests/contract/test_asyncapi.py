"""The AsyncAPI document says what the code writes and reads. That it is sound AsyncAPI, `make asyncapi-check` says."""

import json
from typing import Any

import pytest

from cli import asyncapi
from cli.schemas import FOLDER, MODELS
from models.contracts import AnomalyEvent
from models.domain.times import to_us
from streams import topics
from streams.records import Records, Said
from streams.settings import Settings

DOCUMENT: dict[str, Any] = json.loads((FOLDER / asyncapi.NAME).read_text(encoding="utf-8"))
CHANNELS: dict[str, Any] = DOCUMENT["channels"]


def test_every_topic_but_the_changelogs_is_a_channel_as_it_is_made() -> None:
    settings = Settings()
    changelogs = {getattr(settings.topics, name) for name in asyncapi.CHANGELOGS}
    made = {topic.name: topic for topic in topics.wanted(settings) if topic.name not in changelogs}
    assert {channel["address"] for channel in CHANNELS.values()} == set(made)
    for channel in CHANNELS.values():
        binding, topic = channel["bindings"]["kafka"], made[channel["address"]]
        assert (binding["partitions"], binding["replicas"]) == (topic.partitions, topic.replication)
        config = {key: str(value) for key, value in binding["topicConfiguration"].items()}
        assert config == {**topic.config, "cleanup.policy": str([topic.config.get("cleanup.policy", "delete")])}


def test_every_contract_is_on_a_topic() -> None:
    messages = [message for channel in CHANNELS.values() for message in channel["messages"].values()]
    files = {message["payload"]["schema"].get("$ref") for message in messages} - {None}
    assert files == {f"./{name}.json" for name in MODELS}


def test_every_channel_is_written_or_read() -> None:
    used = {operation["channel"]["$ref"].removeprefix("#/channels/") for operation in DOCUMENT["operations"].values()}
    assert used == set(CHANNELS)


def test_an_anomaly_has_the_headers_of_the_document() -> None:
    text = "2026-01-31T00:00:00Z"
    event = AnomalyEvent.model_validate_json(
        json.dumps({
            "id": "7a0a1b5e-61a9-5f1c-9e07-0e4e9e0b5a35", "meter_id": "m", "cause": "leak", "status": "opened",
            "start": text, "detected_at": text, "updated_at": text, "sequence": 1, "confidence": 0.5, "severity": "low",
        })
    )  # fmt: skip
    (record,) = Records(Settings(), "detect").of(Said("ami.readings", 0, to_us(event.updated_at), events=[event]))
    headers = {name: value.decode() for name, value in record.headers}
    written = CHANNELS["anomalies"]["messages"]["anomaly-event"]["headers"]
    assert set(headers) == set(written["required"]) == set(written["properties"])
    assert headers["ce_type"] in written["properties"]["ce_type"]["enum"]
    assert headers["content-type"] == written["properties"]["content-type"]["const"]


@pytest.mark.parametrize("field", ["readings", "groups"])
def test_ticks_and_marks_are_told_of(field: str) -> None:
    records = Records(Settings(), "detect")
    if field == "readings":
        tick = json.loads(records.tick(0, 0).value or b"")
        assert set(tick) == set(CHANNELS[field]["messages"]["tick"]["payload"]["schema"]["required"])
    else:
        mark = next(records.marks([CHANNELS[field]["address"]], "detect-0", 0))
        assert (
            json.loads(mark.value or b"")["kind"]
            in json.loads((FOLDER / "group-record.json").read_text())["discriminator"]["mapping"]
        )
