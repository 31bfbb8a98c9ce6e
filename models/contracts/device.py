"""`ami.meter-events`: what a meter itself reports; EVENTS of the replay contract."""

from typing import Annotated

import pydantic

from models.contracts.base import Contract, Instant, MeterId


class MeterEvent(Contract):
    """A tamper alarm, an outage, a clock set, an exchange: one message or row each."""

    meter_id: MeterId
    at: Instant
    """When it happened, by the meter's clock."""
    code: Annotated[str, pydantic.StringConstraints(min_length=1)]
    """IEC 61968-9 EndDeviceEvent code, `type.domain.sub-domain.event`."""
    received_at: Instant | None = None
    """When the head-end had it; none = `at`."""
