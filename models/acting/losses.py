"""What anomalies lose, in litres or kWh and in money: an estimate to set priorities by, no invoice.

Leaks and bursts lose what flows beyond the usual, theft and faulty meters what was expected and not read; other causes
lose nothing. What a line of an anomaly says of it holds until a later line says otherwise.
"""

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from typing import Final

from models.contracts import Account, AnomalyEvent, Meter
from models.domain.causes import FAMILY
from models.domain.units import ENERGY, base_of

_HOUR: Final = dt.timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Loss:
    """From the onset of an anomaly, as judged, to its end or to now."""

    service: str
    cause: str
    unit: str
    """`litres` or `kilowatt_hours`"""
    amount: float
    currency: str
    """ISO 4217; empty where there is no tariff"""
    money: float
    off: float = 0.0
    """What `amount` may differ by in either direction, nine times in ten: the range of the estimate"""

    @property
    def low(self) -> float:
        """Of `amount`, never below 0."""
        return max(0.0, self.amount - self.off)

    @property
    def high(self) -> float:
        """Of `amount`."""
        return self.amount + self.off

    def worth(self, amount: float) -> float:
        """Money, of so much of what is lost."""
        return self.money * amount / self.amount if self.amount else 0.0


def pace(event: AnomalyEvent, meter: Meter) -> float | None:
    """Litres or kWh an hour that an anomaly loses, never below 0; None where this line does not say."""
    family = FAMILY[event.cause]
    if family not in ("flow", "loss"):
        return 0.0
    if family == "flow" and event.rate is not None:
        return max(0.0, event.rate)
    if event.observed is None or event.expected is None:
        return None
    beyond = event.observed - event.expected
    return max(0.0, beyond if family == "flow" else -beyond) * base_of(meter.service, meter.unit) / 24


def doubt(event: AnomalyEvent, meter: Meter) -> float | None:
    """Litres or kWh a day by which a day differs from the expected, nine times in ten; None: this line does not say."""
    return None if event.expected_within is None else event.expected_within * base_of(meter.service, meter.unit)


def loss(
    event: AnomalyEvent,
    meter: Meter,
    an_hour: float,
    until: dt.datetime,
    accounts: Mapping[str, Account],
    a_day: float = 0.0,
) -> Loss:
    """What an anomaly has lost up to `until`, at so many litres or kWh an hour, sure to `a_day` of a day's.

    Days differ from the expected each in its own way, so that the range grows with the root of their number.
    """
    hours = max(0.0, (until - event.start) / _HOUR)
    amount = an_hour * hours
    account = accounts.get(meter.account)
    tariff = None if account is None else account.tariff_per_unit
    currency = None if account is None else account.currency
    return Loss(
        service=meter.service,
        cause=event.cause,
        unit="kilowatt_hours" if meter.unit in ENERGY and meter.service != "gas" else "litres",
        amount=amount,
        currency="" if tariff is None else currency or "",
        money=amount / base_of(meter.service, meter.unit) * (tariff or 0.0),
        off=a_day * math.sqrt(hours / 24),
    )
