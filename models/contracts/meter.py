"""`ami.meters`: what the MDM knows of a meter; METERS of the replay contract, a message or row per `effective_from`."""

import zoneinfo
from typing import Annotated, Literal, Self

import pydantic

from models.contracts.base import Contract, Instant, MeterId
from models.domain.units import ENERGY

Positive = Annotated[float, pydantic.Field(gt=0)]


class Meter(Contract):
    """A meter from `effective_from` on. What is none is learnt, or what needs it stays off."""

    meter_id: MeterId
    service: Literal["electricity", "water", "gas", "heat"]
    unit: Literal["Wh", "kWh", "L", "m3", "gal", "ft3"]
    interval_s: Annotated[int, pydantic.Field(ge=60, le=86_400)]
    """Seconds; divides a day."""
    timezone: str
    """IANA"""
    customer_class: Literal["residential", "multi_family", "commercial", "industrial", "institutional"] | None = None
    units: Annotated[int, pydantic.Field(ge=1)] | None = None
    """Dwellings behind the meter."""
    size: Positive | None = None
    """Water Q3 or gas Qmax, m3/h."""
    dial_max: Positive | None = None
    """Where the register rolls over, meter's unit."""
    resolution: Positive | None = None
    """Meter's unit."""
    upload_s: Positive | None = None
    """Usual seconds between uploads."""
    transformer_id: str | None = None
    """Transformer or water district."""
    is_total: bool = False
    """This meter feeds the others of its group."""
    status: Literal["active", "inactive", "vacant"] = "active"
    has_generation: bool | None = None
    multiplier: Positive | None = None
    """Already applied to the values; for checks."""
    head_end: str | None = None
    model: str | None = None
    firmware: str | None = None
    premise_id: str | None = None
    account_id: str | None = None
    """A pseudonym."""
    weather_zone: str | None = None
    effective_from: Instant | None = None

    @property
    def premise(self) -> str:
        """Where it stands; by itself where nothing is said."""
        return self.premise_id or self.meter_id

    @property
    def account(self) -> str:
        """Who pays; by itself where nothing is said."""
        return self.account_id or self.meter_id

    @pydantic.field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no IANA time zone") from None
        return name

    @pydantic.model_validator(mode="after")
    def _sensible(self) -> Self:
        if 86_400 % self.interval_s:
            raise ValueError(f"interval_s {self.interval_s} does not divide a day")
        if (self.unit in ENERGY) != (self.service in {"electricity", "heat"}) and not (
            self.service == "gas" and self.unit in ENERGY
        ):
            raise ValueError(f"unit {self.unit} does not fit the service {self.service}")
        return self
