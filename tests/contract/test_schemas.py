"""The JSON Schema files in docs/contracts are those of the code, and accept what we write."""

import json
import typing

import pytest

from cli.schemas import FOLDER, MODELS, files, schemas
from models.contracts import Alternative, AnomalyEvent, Contract, Evidence, Meter, MeterDay

UNIONS = ("group-record", "case-record")


def test_the_files_are_those_of_the_code() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert there == files(), "a contract changed: run `python -m cli.schemas` and commit docs/contracts"


def test_every_contract_has_a_file() -> None:
    import models.contracts

    public = [getattr(models.contracts, name) for name in models.contracts.__all__]
    messages = {model for model in public if isinstance(model, type) and issubclass(model, Contract)}
    alone = {model for model in MODELS.values() if isinstance(model, type)}
    united = {part for union in UNIONS for part in typing.get_args(typing.get_args(MODELS[union])[0])}
    parts = {Alternative, Evidence, MeterDay, Contract}
    assert messages == alone | united | parts


def test_required_fields_are_those_of_the_replay_contract() -> None:
    line = {"id", "meter_id", "premise_id", "created_at", "updated_at"}
    expected = {
        "interval-block": {"meter_id", "start", "values"},
        "lone-reading": {"meter_id", "start", "value"},
        "meter": {"meter_id", "service", "unit", "interval_s", "timezone"},
        "anomaly-event": {
            "id", "meter_id", "cause", "status", "start", "detected_at", "updated_at", "sequence", "confidence",
            "severity",
        },
        "dead-letter": {"reason", "detail", "topic", "partition", "offset", "raw"},
        "meter-event": {"meter_id", "at", "code"},
        "account": {"account_id"},
        "context": {"premise_id", "kind", "from"},
        "work-order": {*line, "anomaly_ids", "status", "priority", "work_type", "problem", "summary", "service",
            "reported_at",
        },
        "notification": {*line, "anomaly_id", "account_id", "channel", "template", "language", "text"},
        "billing-hold": {*line, "anomaly_id", "account_id", "status", "from", "to", "reason", "volume_at_stake", "unit",
            "amount_at_stake", "currency",
        },
        "field-outcome": {"id", "order_id", "meter_id", "premise_id", "at", "outcome"},
        "billing-decision": {"id", "hold_id", "premise_id", "at", "decision", "by"},
        "audit-entry": {"writer", "partition", "sequence", "previous", "at", "decision", "subject", "hash"},
        "label": {"meter_id", "kind", "start", "end", "expected_cause"},
    }  # fmt: skip
    written = {name.removesuffix(".json"): json.loads(text) for name, text in schemas().items()}
    assert {name: set(schema["required"]) for name, schema in written.items() if name not in UNIONS} == expected


@pytest.mark.parametrize("name", UNIONS)
def test_a_union_says_by_kind_which_contract_a_message_is(name: str) -> None:
    schema = json.loads(schemas()[f"{name}.json"])
    assert schema["discriminator"]["propertyName"] == "kind"
    assert "mark" in schema["discriminator"]["mapping"]


def test_meter_knows_the_columns_of_meters() -> None:
    columns = (
        "meter_id service unit interval_s timezone customer_class units size dial_max resolution upload_s"
        " transformer_id is_total status has_generation multiplier head_end model firmware premise_id account_id"
        " weather_zone effective_from"
    )
    assert list(Meter.model_fields) == columns.split()


def test_an_anomaly_line_says_end_only_when_it_is_closed() -> None:
    text = {
        "start": "2024-01-01T00:00:00Z",
        "detected_at": "2024-01-02T00:00:00Z",
        "updated_at": "2024-01-02T00:00:00Z",
    }
    fields = {"id": "x", "meter_id": "a", "cause": "leak", "status": "opened", "sequence": 1, "confidence": 0.5}
    line = json.dumps({**fields, **text, "severity": "low"})
    event = AnomalyEvent.model_validate_json(line)
    assert "end" not in json.loads(event.to_json())
    closed = event.model_copy(update={"status": "closed", "end": event.updated_at})
    assert json.loads(closed.to_json())["end"] == "2024-01-02T00:00:00Z"
