"""`python -m cli.schemas`: JSON Schema of the contracts of our topics into `docs/contracts/`, one file each, and the
AsyncAPI document that says on which topic each of them is.
"""

import json
from pathlib import Path
from typing import Any, Final

import pydantic

from cli import asyncapi
from models import contracts

FOLDER: Final = Path(__file__).parents[1] / "docs" / "contracts"
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
MODELS: Final[dict[str, Any]] = {
    "interval-block": contracts.IntervalBlock,
    "lone-reading": contracts.LoneReading,
    "meter": contracts.Meter,
    "anomaly-event": contracts.AnomalyEvent,
    "dead-letter": contracts.DeadLetter,
    "meter-event": contracts.MeterEvent,
    "account": contracts.Account,
    "context": contracts.Context,
    "work-order": contracts.WorkOrder,
    "notification": contracts.Notification,
    "billing-hold": contracts.BillingHold,
    "field-outcome": contracts.FieldOutcome,
    "billing-decision": contracts.BillingDecision,
    "audit-entry": contracts.AuditEntry,
    "label": contracts.Label,
    "group-record": contracts.GroupRecord,
    "case-record": contracts.CaseRecord,
}
"""A file for each topic's message: a contract, or the union of those that a topic carries."""


def schemas() -> dict[str, str]:
    """File name -> its text, as it ought to stand in the folder."""
    whole = {name: {"$schema": DRAFT, **pydantic.TypeAdapter(model).json_schema()} for name, model in MODELS.items()}
    return {f"{name}.json": _text(schema) for name, schema in whole.items()}


def files() -> dict[str, str]:
    """All that stands in the folder: name -> text."""
    return {**schemas(), asyncapi.NAME: _text(asyncapi.document())}


def _text(plain: Any) -> str:
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write them all; what is no longer a contract goes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
