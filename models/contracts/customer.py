"""`cis.accounts` and `cis.context`: how an account is billed and spoken to; what is known of a premise."""

import datetime as dt
import re
from typing import Annotated, Any

import pydantic

from models.contracts.base import Contract, Instant

Text = Annotated[str, pydantic.StringConstraints(min_length=1)]


def _words(given: Any) -> Any:
    """A list as it is; text, as tables have it, parted at commas, semicolons, bars and blanks."""
    return [word for word in re.split(r"[,;|\s]+", given) if word] if isinstance(given, str) else given


Words = Annotated[list[Text], pydantic.BeforeValidator(_words)]


class Account(Contract):
    """ACCOUNTS of the replay contract. Pseudonyms only: the notifier alone knows who it is."""

    account_id: Text
    language: str | None = None
    """ISO 639-1; none = en"""
    channels: Words | None = None
    """In order of preference: email, sms, phone, post; none = email"""
    opt_out: Words | None = None
    """Channels or kinds of notice (`leak`, `burst`, `all`) that the customer does not want."""
    billing_day: Annotated[int, pydantic.Field(ge=1, le=31)] | None = None
    tariff_per_unit: Annotated[float, pydantic.Field(ge=0)] | None = None
    """Money for one of the meter's units."""
    currency: str | None = None
    """ISO 4217"""


class Context(Contract):
    """CONTEXT of the replay contract: vacation, irrigation, pool, humidifier, ev, pv, tenancy_change, ..."""

    premise_id: Text
    kind: Text
    from_: Annotated[Instant, pydantic.Field(alias="from")]
    until: Instant | None = None
    """None = until further notice"""

    model_config = pydantic.ConfigDict(populate_by_name=True, serialize_by_alias=True)

    def holds_at(self, time: dt.datetime) -> bool:
        """Whether it is so at `time`."""
        return self.from_ <= time and (self.until is None or time < self.until)
