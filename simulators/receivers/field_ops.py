"""Field operations: takes work orders, works them, and says on `field.outcomes` what was found.

python -m simulators.receivers.field_ops --state build/field-ops.db
"""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from models.contracts import FieldOutcome, WorkOrder
from models.domain.causes import Cause
from models.domain.times import HOUR, to_datetime, to_us
from simulators.receivers.consumer import Receiver, main

WORK_H: Final[Mapping[int, float]] = {1: 4, 2: 24, 3: 72, 4: 120, 5: 240}
"""Priority -> hours from the order to the visit."""


class Found(NamedTuple):
    """What a crew saw."""

    outcome: Literal["confirmed", "not_found", "no_access", "meter_changed"]
    cause: Cause | None = None
    note: str = ""


def confirmed(order: WorkOrder) -> Found:
    """The crew of whoever knows no better: it is as the order says."""
    return Found("confirmed", order.problem)


class FieldOps(Receiver[WorkOrder]):
    """One job per order id. New evidence goes to the job, a cancelled one is dropped, a worked one is answered once."""

    name = "field-ops"
    topic = "field.work-orders"
    answers = "field.outcomes"
    contract = WorkOrder

    def __init__(
        self,
        bootstrap_servers: str,
        state: Path,
        *,
        outcome_for: Callable[[WorkOrder], Found] = confirmed,
        work_h: Mapping[int, float] = WORK_H,
        **names: Any,
    ) -> None:
        super().__init__(bootstrap_servers, state, **names)
        self._outcome_for = outcome_for
        self._work_h = work_h

    def take(self, line: WorkOrder, seen: int) -> str:
        """The journal keeps the order itself; a real system opens or changes its job here."""
        if line.status == "open":
            return "updated" if seen else "ordered"
        return line.status

    def due(self, line: WorkOrder) -> int | None:
        """When the crew is there; evidence that comes after the visit sends nobody out again."""
        if line.status != "open" or self.visited(line.id):
            return None
        return to_us(line.created_at) + int(self._work_h[line.priority] * HOUR)

    def visited(self, order_id: str) -> bool:
        """Whether the order was answered."""
        return bool(self.journal.execute("SELECT 1 FROM answers WHERE action = ?", (order_id,)))

    def answer(self, line: WorkOrder) -> FieldOutcome:
        """The id is computed from the order's: said again after a crash, it is the same answer."""
        found = self._outcome_for(line)
        return FieldOutcome(
            id=str(uuid.uuid5(uuid.UUID(line.id), "outcome")),
            order_id=line.id,
            meter_id=line.meter_id,
            premise_id=line.premise_id,
            at=to_datetime(to_us(line.created_at) + int(self._work_h[line.priority] * HOUR)),
            **found._asdict(),
        )


if __name__ == "__main__":
    main(FieldOps)
