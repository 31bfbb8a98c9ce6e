"""`ami.readings.dlq`: what could not be read or attributed, as it came."""

from models.contracts.base import Contract, Instant


class DeadLetter(Contract):
    """One message that was set aside. Its original bytes are in `raw`, base64."""

    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    event_time: Instant | None = None
    """The partition's event time when it was set aside."""
    raw: str
    """Original bytes, base64."""
