"""What the MDM says of meters, as kernels read it."""

from typing import Any

from models.contracts import Meter
from models.domain.times import NEVER, to_us
from models.domain.units import CLASSES, SERVICES, STATUSES, base_of


def effective(meter: Meter) -> int:
    """From when on this is true, microseconds; `NEVER` where it is not said."""
    return NEVER if meter.effective_from is None else to_us(meter.effective_from)


def fact(meter: Meter, zone: int) -> tuple[Any, ...]:
    """A record of `models.state.layout.FACTS`; `zone`: number of its time zone in the partition."""
    return (
        effective(meter),
        meter.resolution or 0.0,
        meter.size or 0.0,
        meter.dial_max or 0.0,
        meter.multiplier or 0.0,
        base_of(meter.service, meter.unit),
        meter.interval_s,
        zone,
        SERVICES.index(meter.service),
        CLASSES.index(meter.customer_class) + 1 if meter.customer_class else 0,
        STATUSES.index(meter.status),
        bool(meter.has_generation),
        (meter.upload_s or 0.0) / 3600.0,
        meter.is_total,
    )
