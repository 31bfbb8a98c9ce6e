"""What `respond` keeps: a case per premise, and when accounts were last written to.

A case is forgotten once nothing is open in it and what it remembers has run out: closed anomalies, claims and answers
after `keep_d`, the rest at its own time. What lasts is an order until its anomalies close or a crew answers, an
approved hold until a person releases it, and a context without end. An account is forgotten after `notice_every_h`.
"""

import datetime as dt
import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pydantic

from models.acting.losses import doubt, pace
from models.contracts import AnomalyEvent, AnomalySaid, BillingHold, Claim, Context, Meter, WorkOrder
from models.contracts.actions import Kind, action_id
from models.domain.causes import FAMILY
from models.domain.times import DAY, HOUR, to_us
from models.state.ledger import Ledger
from models.state.stage import Stage

AWAY: Final = ("vacation",)
"""Contexts in which nobody is at home."""


class Known(pydantic.BaseModel):
    """An anomaly as it was last said, and how far it has been dealt with. Times in microseconds."""

    event: AnomalyEvent
    meter: Meter
    pace: float | None = None
    """Litres or kWh an hour that it loses, as last said of its present cause; None = nothing was said of it"""
    doubt: float = 0.0
    """Litres or kWh a day by which that may be off"""
    rules: list[str] = []
    """All that were ever in evidence; a line lists those of its own moment."""
    since: int
    """Hold-offs count from here: first heard, or given back by an incident."""
    due: int | None = None
    """End of the hold-off; None = it is over, or the anomaly is claimed or closed."""
    notice_due: int | None = None
    """When its next notice is to be looked at."""
    repeats: bool = False
    """Its customer was told of this case before: what comes next is a weekly repeat."""
    made: dict[Kind, int] = {}
    """How many actions of a kind it has led to."""
    done: list[str] = []
    """What is settled and not to be done again: `order loss`, `notice leak`, `hold`."""
    closed: int | None = None
    """Event time of the closing line."""

    @property
    def family(self) -> str:
        """Problem family of the present cause."""
        return FAMILY[self.event.cause]

    def hear(self, event: AnomalyEvent, meter: Meter) -> None:
        """Its next line, or its first."""
        said, same = pace(event, meter), event.cause == self.event.cause
        self.pace = self.pace if said is None and same else said
        self.doubt = doubt(event, meter) or (self.doubt if same else 0.0)
        self.event, self.meter = event, meter
        self.rules = sorted({*self.rules, *(evidence.rule for evidence in event.evidence)})

    def settle(self, what: str) -> None:
        """Not to be done again."""
        if what not in self.done:
            self.done.append(what)

    def next_id(self, kind: Kind) -> str:
        """Id of the next action of a kind."""
        self.made[kind] = self.made.get(kind, 0) + 1
        return action_id(self.event.id, kind, self.made[kind])


class Case(pydantic.BaseModel):
    """What is known and open at a premise. Times in microseconds; what has `until` runs out then."""

    anomalies: dict[str, Known] = {}
    orders: dict[str, WorkOrder] = {}
    """Open ones by id, as last said"""
    holds: dict[str, BillingHold] = {}
    """Drafts and approved ones by anomaly, as last said"""
    claims: dict[str, dict[str, int]] = {}
    """Anomaly -> incidents that claim it, with the time of the claim"""
    contexts: list[Context] = []
    noticed: dict[str, int] = {}
    """`account kind` -> until when another notice of that kind is a repeat"""
    barred: dict[str, int] = {}
    """`meter family` -> until when no order is opened, a crew having found nothing"""
    worked: int | None = None
    """Until when tampering is put down to a crew that was here."""
    answers: dict[str, int] = {}
    """Ids of outcomes and decisions that were dealt with -> until"""
    due: int | None = None
    """When it is to be looked at next."""

    def order_of(self, anomaly: str) -> WorkOrder | None:
        """The open order that an anomaly is part of."""
        return next((order for order in self.orders.values() if anomaly in order.anomaly_ids), None)

    def order_for(self, meter: str, family: str) -> WorkOrder | None:
        """The open order of a meter and problem family."""
        return next((o for o in self.orders.values() if o.meter_id == meter and FAMILY[o.problem] == family), None)

    def live(self, anomaly: str) -> bool:
        """Open and not claimed."""
        known = self.anomalies.get(anomaly)
        return known is not None and known.closed is None and anomaly not in self.claims

    def away(self, time: dt.datetime) -> bool:
        """Whether nobody is there to notice."""
        return any(context.kind in AWAY and context.holds_at(time) for context in self.contexts)

    def context(self) -> list[dict[str, Any]] | None:
        """What is known of the premise, for the audit trail."""
        return [context.model_dump(mode="json") for context in self.contexts] or None

    def tidy(self, now: int, acting: Mapping[str, float]) -> None:
        """Drop what has run out, and find out when to look again."""
        keep = int(acting["keep_d"] * DAY)
        drafts = {anomaly for anomaly, hold in self.holds.items() if hold.status == "draft"}
        busy = drafts | {anomaly for order in self.orders.values() for anomaly in order.anomaly_ids}
        closed = {a: k.closed + keep for a, k in self.anomalies.items() if k.closed is not None and a not in busy}
        self.anomalies = {a: k for a, k in self.anomalies.items() if closed.get(a, now + 1) > now}
        stray = {a: max(by.values()) + keep for a, by in self.claims.items() if a not in self.anomalies}
        self.claims = {a: by for a, by in self.claims.items() if stray.get(a, now + 1) > now}
        explained = int(acting["explained_h"] * HOUR)
        ends = [(c, None if c.until is None else to_us(c.until) + explained) for c in self.contexts]
        self.contexts = [context for context, end in ends if end is None or end > now]
        self.noticed = {name: until for name, until in self.noticed.items() if until > now}
        self.barred = {name: until for name, until in self.barred.items() if until > now}
        self.answers = {name: until for name, until in self.answers.items() if until > now}
        self.worked = None if self.worked is None or self.worked <= now else self.worked
        ends_at = [end for _, end in ends if end is not None]
        runs_out = [*ends_at, *closed.values(), *stray.values(), *self.noticed.values(), *self.barred.values()]
        runs_out += [*self.answers.values(), *([] if self.worked is None else [self.worked])]
        times = [time for time in runs_out if time > now]
        times += [to_us(self.holds[a].created_at) + int(acting["hold_expires_d"] * DAY) for a in drafts]
        times += [t for k in self.anomalies.values() for t in (k.due, k.notice_due) if t is not None]
        self.due = min(times, default=None)

    @property
    def empty(self) -> bool:
        """Nothing is left to remember."""
        return self == Case()


class Written(pydantic.BaseModel):
    """An account was written to."""

    until: int
    """When it may be written to again, microseconds."""


class Cases(Stage[AnomalySaid | Claim]):
    """One partition of `respond`. `sources` are all that write anomalies and claims to its topic."""

    def __init__(self, number: int, sources: Iterable[str]) -> None:
        self.cases: Ledger[Case] = Ledger(b"c", Case)
        self.accounts: Ledger[Written] = Ledger(b"a", Written)
        self._timers: list[tuple[int, str]] | None = []
        record: pydantic.TypeAdapter[AnomalySaid | Claim] = pydantic.TypeAdapter(AnomalySaid | Claim)
        super().__init__(number, sources, record, (self.accounts, self.cases))

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One changelog record back in, in the order of writing."""
        super().apply(key, value)
        self._timers = None

    def keep(self, premise: str, case: Case, now: int, acting: Mapping[str, float]) -> None:
        """A case that changed: back into the ledger with its timer, or out of it."""
        before = case.due
        case.tidy(now, acting)
        if case.empty:
            self.cases.drop(premise)
            return
        self.cases.put(premise, case)
        if case.due not in (None, before) and self._timers is not None:
            heapq.heappush(self._timers, (case.due, premise))

    def timers(self, before: int) -> Iterator[tuple[int, str]]:
        """(due, premise) of the cases whose time comes before a moment, in order; `keep` may add to them meanwhile."""
        if self._timers is None:
            self._timers = [(case.due, premise) for premise, case in self.cases if case.due is not None]
            heapq.heapify(self._timers)
        while self._timers and self._timers[0][0] < before:
            due, premise = heapq.heappop(self._timers)
            case = self.cases.get(premise)
            if case is not None and case.due == due:
                yield due, premise

    def written(self, account: str, until: int) -> None:
        """An account was written to, and is not to be before `until`."""
        self.accounts.drop(account)
        self.accounts.put(account, Written(until=until))

    def forget_accounts(self, now: int) -> None:
        """Those that may be written to again; they stand in the order in which they were written to."""
        for account, _ in list(itertools.takewhile(lambda item: item[1].until <= now, self.accounts)):
            self.accounts.drop(account)
