"""Billing: keeps intervals off the bill while they are in doubt; a clerk decides on `billing.decisions`.

python -m simulators.receivers.billing --state build/billing.db
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from models.contracts import BillingDecision, BillingHold
from models.domain.times import HOUR, to_datetime, to_us
from simulators.receivers.consumer import Receiver, main

DECIDE_H: Final[Mapping[str, float]] = {"draft": 24, "approved": 168}
"""Status -> hours until the clerk has the hold on the desk."""


class Verdict(NamedTuple):
    """What a clerk decides."""

    decision: Literal["approve", "reject", "release"]
    by: str = "clerk-1"
    """Pseudonym."""


def lenient(hold: BillingHold) -> Verdict:
    """The clerk of whoever knows no better: approves what is proposed and releases it a week later."""
    return Verdict("approve" if hold.status == "draft" else "release")


class Billing(Receiver[BillingHold]):
    """One hold per id with its latest status. Only an approved one keeps intervals off a bill."""

    name = "billing"
    topic = "billing.holds"
    answers = "billing.decisions"
    contract = BillingHold

    def __init__(
        self,
        bootstrap_servers: str,
        state: Path,
        *,
        clerk: Callable[[BillingHold], Verdict | None] = lenient,
        decide_h: Mapping[str, float] = DECIDE_H,
        **names: Any,
    ) -> None:
        super().__init__(bootstrap_servers, state, **names)
        self._clerk = clerk
        self._decide_h = decide_h

    def take(self, line: BillingHold, seen: int) -> str:
        """The journal keeps the hold itself; a real system marks or frees the intervals here."""
        return "changed" if line.status == "draft" and seen else line.status

    def due(self, line: BillingHold) -> int | None:
        """When the clerk looks at it: a draft from its making on, an approved one from its approval on."""
        hours = self._decide_h.get(line.status)
        if hours is None:
            return None
        since = line.created_at if line.status == "draft" else line.updated_at
        return to_us(since) + int(hours * HOUR)

    def answer(self, line: BillingHold) -> BillingDecision | None:
        """The id is computed from the hold's and the decision: said again after a crash, it is the same one."""
        verdict, at = self._clerk(line), self.due(line)
        if verdict is None or at is None:
            return None
        return BillingDecision(
            id=str(uuid.uuid5(uuid.UUID(line.id), verdict.decision)),
            hold_id=line.id,
            premise_id=line.premise_id,
            at=to_datetime(at),
            **verdict._asdict(),
        )

    def held(self, account_id: str, at: dt.datetime) -> bool:
        """Whether what an account used at `at` is to be left off its bill."""
        holds = (hold for hold in self.lines() if hold.account_id == account_id and hold.status == "approved")
        return any(hold.from_ <= at < hold.to for hold in holds)


if __name__ == "__main__":
    main(Billing)
