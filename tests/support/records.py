"""Records of labelled data in tests, made by hand: days, lines and actions in a few words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.record import DayScores, Record
from models.contracts import Meter
from models.domain.causes import Cause
from models.domain.times import DAY, HOUR, to_text
from simulators.faults import Injected
from tests import kit

DAY_0 = kit.us("2024-03-01")
ANY = ("leak", "burst", "theft", "meter_fault", "estimated_read_error", "data_error", "communication_fault")


def at(day: float) -> str:
    """ISO 8601."""
    return to_text(DAY_0 + round(day * DAY))


def event(meter_id: str, kind: str, begin: float, end: float, *causes: Cause, fleet: str | None = None) -> Injected:
    """From one day to another; without causes it is a look-alike."""
    onset, until = (DAY_0 + round(day * DAY) for day in (begin, end))
    return Injected(kind, meter_id, onset, until, causes, "fault" if causes else "look_alike", fleet)


def line(id_: str, meter_id: str, cause: str, day: float, **more: Any) -> dict[str, Any]:
    """A first line that says it of the day before."""
    return {
        "id": id_,
        "meter_id": meter_id,
        "cause": cause,
        "status": "opened",
        "start": at(day - 1),
        "detected_at": at(day),
        "updated_at": at(day),
        "confidence": 0.8,
        "evidence": [{"rule": "R1"}],
        **more,
    }


def act(id_: str, meter_id: str, day: float, anomaly_id: str = "") -> dict[str, Any]:
    """A first line of an action."""
    return {"id": id_, "meter_id": meter_id, "created_at": at(day), "updated_at": at(day), "anomaly_id": anomaly_id}


def record(
    days: Mapping[str, Sequence[float]],
    events: Iterable[Injected] = (),
    lines: Sequence[dict[str, Any]] = (),
    *,
    service: str = "electricity",
    **more: Any,
) -> Record:
    """`days`: scores by meter, a day each from `DAY_0` on, in UTC; the last reading is that of 23:00."""
    meters = tuple(_meter(meter_id, service) for meter_id in days)
    number = np.repeat(np.arange(len(days), dtype=np.int32), [len(scores) for scores in days.values()])
    midnight = DAY_0 + np.concatenate([np.arange(len(scores)) for scores in days.values()]) * DAY
    score = np.concatenate([np.array(scores, np.float32) for scores in days.values()])
    given: dict[str, Any] = {"actions": {}, "own_flow": frozenset(), **more}
    return Record(meters, tuple(events), lines, days=DayScores(number, midnight + 23 * HOUR, midnight, score), **given)


def _meter(meter_id: str, service: str) -> Meter:
    return kit.meter(meter_id, service)
