"""The JSON Schema files in docs/contracts are those of the code, and accept what we write."""

import json

import pytest

from cli.schemas import FOLDER, MODELS, schemas
from models.contracts import AnomalyEvent, Meter
from models.contracts.base import Contract


def test_the_files_are_those_of_the_code() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert there == schemas(), "a contract changed: run `python -m cli.schemas` and commit docs/contracts"


def test_every_contract_has_a_file() -> None:
    import models.contracts

    public = [getattr(models.contracts, name) for name in models.contracts.__all__]
    messages = {model for model in public if isinstance(model, type) and issubclass(model, Contract)}
    parts = {"Alternative", "Evidence", "Contract"}
    assert {model.__name__ for model in messages} - parts == {model.__name__ for model in MODELS.values()}


@pytest.mark.parametrize("name", list(MODELS))
def test_required_fields_are_those_of_the_replay_contract(name: str) -> None:
    required = set(json.loads(schemas()[f"{name}.json"])["required"])
    expected = {
        "interval-block": {"meter_id", "start", "values"},
        "lone-reading": {"meter_id", "start", "value"},
        "meter": {"meter_id", "service", "unit", "interval_s", "timezone"},
        "anomaly-event": {
            "id", "meter_id", "cause", "status", "start", "detected_at", "updated_at", "sequence", "confidence",
            "severity",
        },
        "dead-letter": {"reason", "detail", "topic", "partition", "offset", "raw"},
    }  # fmt: skip
    assert required == expected[name]


def test_meter_knows_the_columns_of_meters() -> None:
    columns = (
        "meter_id service unit interval_s timezone customer_class units size dial_max resolution upload_s"
        " transformer_id is_total status has_generation multiplier head_end model premise_id account_id weather_zone"
        " effective_from"
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
