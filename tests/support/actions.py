"""Lines of actions as `respond` writes them, for those who receive them."""

import uuid
from typing import Any

from models.contracts import BillingHold, Notification, WorkOrder
from models.domain.times import DAY, HOUR, to_datetime

RELEASED = 19_800 * DAY
"""Event time of the first line, microseconds."""


def action(number: int) -> str:
    """An id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, str(number)))


def _line(number: int, sequence: int) -> dict[str, Any]:
    return {
        "id": action(number),
        "sequence": sequence,
        "meter_id": f"meter-{number}",
        "premise_id": f"premise-{number}",
        "created_at": to_datetime(RELEASED),
        "updated_at": to_datetime(RELEASED + (sequence - 1) * HOUR),
    }


def work_order(number: int, sequence: int = 1, **fields: Any) -> WorkOrder:
    """An open order of priority 2 for a leak."""
    given = {
        "anomaly_ids": (action(-number),),
        "status": "open",
        "priority": 2,
        "work_type": "inspect",
        "problem": "leak",
        "summary": "Water flows all night.",
        "service": "water",
        "reported_at": to_datetime(RELEASED - HOUR),
    }
    return WorkOrder(**_line(number, sequence), **{**given, **fields})


def notification(number: int, sequence: int = 1, **fields: Any) -> Notification:
    """A notice of a leak by e-mail."""
    given = {
        "anomaly_id": action(-number),
        "account_id": f"account-{number}",
        "channel": "email",
        "template": "leak-1",
        "language": "en",
        "text": "Your meter may indicate a leak.",
    }
    return Notification(**_line(number, sequence), **{**given, **fields})


def hold(number: int, sequence: int = 1, **fields: Any) -> BillingHold:
    """A draft over the day before it."""
    given = {
        "anomaly_id": action(-number),
        "account_id": f"account-{number}",
        "status": "draft",
        "from_": to_datetime(RELEASED - DAY),
        "to": to_datetime(RELEASED),
        "reason": "data_error",
        "volume_at_stake": 120.0,
        "unit": "kWh",
        "amount_at_stake": 36.0,
        "currency": "EUR",
    }
    return BillingHold(**_line(number, sequence), **{**given, **fields})
