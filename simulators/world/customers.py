"""What the customer system knows: pseudonymous accounts, and what people told of their lives."""

import hashlib
import hmac
from typing import Final

import numpy as np

from models.contracts import Account, Context
from models.domain.times import DAY, to_datetime
from simulators.world.calendar import Calendar
from simulators.world.hardware import Model
from simulators.world.premises import Premise

_TARIFFS: Final = {"electricity": 0.32, "water": 0.0041, "gas": 1.15}
"""Money for a kWh, a litre and a cubic metre."""
_CHANNELS: Final = (["email"], ["email", "sms"], ["sms", "email"], ["sms"], ["phone", "post"], ["post"])


def pseudonym(seed: int, premise: int, service: str) -> str:
    """Of the account that pays for a service at a premise; the key never leaves the customer system."""
    digest = hmac.new(f"town {seed}".encode(), f"{premise} {service}".encode(), hashlib.sha256)
    return f"acc-{digest.hexdigest()[:16]}"


def account_of(rng: np.random.Generator, account_id: str, model: Model, currency: str) -> Account:
    """How one account is billed and spoken to."""
    luck = rng.random()
    opt_out = ["all"] if luck < 0.01 else ["leak"] if luck < 0.02 else ["sms"] if luck < 0.05 else None
    return Account(
        account_id=account_id,
        language=("en", "es", "zh")[int(rng.choice(3, p=(0.7, 0.2, 0.1)))],
        channels=_CHANNELS[int(rng.choice(len(_CHANNELS), p=(0.34, 0.28, 0.18, 0.1, 0.05, 0.05)))],
        opt_out=opt_out,
        billing_day=int(rng.integers(1, 29)),
        tariff_per_unit=round(_TARIFFS[model.service] * float(rng.uniform(0.85, 1.2)) / model.per_base, 6),
        currency=currency,
    )


def contexts_of(rng: np.random.Generator, calendar: Calendar, premise: Premise, premise_id: str) -> list[Context]:
    """What was told of a premise: cars, roofs, gardens and journeys, not of all."""
    told: list[tuple[str, int, int | None]] = []
    long_ago = int(calendar.midnight[0]) - 400 * DAY
    has = premise.fittings
    if has and has.solar_kw:
        told.append(("pv", long_ago, None))
    if has and has.ev_kw and rng.random() < 0.7:
        told.append(("ev", long_ago, None))
    if has and has.garden and rng.random() < 0.5:
        told.append(("irrigation", long_ago, None))
    for event in premise.happenings:
        if event.known and event.kind in ("vacation", "ev", "vacancy"):
            begin, end = calendar.span(event.first_day, event.until_day)
            kind = "tenancy_change" if event.kind == "vacancy" else event.kind
            told.append((kind, begin, None if event.kind == "ev" else end))
    return [
        Context.model_validate(
            {
                "premise_id": premise_id,
                "kind": kind,
                "from": to_datetime(begin),
                "until": None if end is None else to_datetime(end),
            }
        )
        for kind, begin, end in told
    ]
