"""What a demo plays, whatever it is about."""

import dataclasses
from collections.abc import Callable
from typing import Final

from cli.demo.feed import Feed, Parcel
from models.contracts import BillingHold, WorkOrder
from models.domain.times import LATEST, NEVER
from simulators.faults import Injected
from simulators.receivers.billing import Verdict as Decided
from simulators.receivers.billing import lenient
from simulators.receivers.field_ops import Found, confirmed

ACTIONS: Final = ("work_orders", "notifications", "holds")
"""Fields of `streams.settings.Topics`."""
PARTITIONS: Final = 4
"""For one worker."""


@dataclasses.dataclass(frozen=True, slots=True)
class Show:
    """Times in microseconds UTC."""

    meters: int
    reference: tuple[Parcel, ...]
    """What workers must know before the first reading: meters, accounts, context; and the truth on `sim.labels`"""
    feed: Feed
    truth: tuple[Injected, ...]
    since: int
    """About when the first reading is sent"""
    until: int
    """What is sent later is no part of the play, only of what comes after it"""
    live_from: int = NEVER
    """Before it the worker learns and says nothing"""
    kill_at: int = LATEST
    """The worker is killed when it has got there, and started again"""
    crew: Callable[[WorkOrder], Found] = confirmed
    clerk: Callable[[BillingHold], Decided | None] = lenient
