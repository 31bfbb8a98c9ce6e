"""What a partition of `detect` tells the stages after it: its anomalies, and the days of its meters by group.

The source is `detect-<partition>`. An anomaly goes to `respond` with the meter it is about, and as a finding to the
groups the meter belongs to; a closed day goes to each transformer and premise with its meters, to the fleet in counts.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from numpy.typing import NDArray

from models.contracts import FLEET, AnomalyEvent, AnomalySaid, Finding, GroupDay, Meter, MeterDay
from models.domain.times import to_datetime
from models.state.partition import Partition


def source_of(partition: Partition) -> str:
    """Name of a partition of `detect` as a source."""
    return f"detect-{partition.number}"


def case_records(events: Iterable[tuple[int, AnomalyEvent]], partition: Partition) -> list[AnomalySaid]:
    """For `meterwatch.cases`, in order of saying. `events`: (input offset, event), as `detect` gives them."""
    source = source_of(partition)
    return [
        AnomalySaid(source=source, at=event.updated_at, event=event, meter=meter)
        for event, meter in _about(events, partition)
    ]


def findings(events: Iterable[tuple[int, AnomalyEvent]], partition: Partition) -> list[Finding]:
    """For `meterwatch.groups`, in order of saying: each event to all groups of its meter."""
    source = source_of(partition)
    return [
        Finding(source=source, at=event.updated_at, group=group, event=event, meter=meter)
        for event, meter in _about(events, partition)
        for group in groups_of(meter)
    ]


def groups_of(meter: Meter) -> list[str]:
    """Groups a meter belongs to; a premise only where METERS names it."""
    groups = [FLEET] if fleet_groups(meter) else []
    if meter.transformer_id is not None:
        groups.append(f"transformer:{meter.transformer_id}")
    if meter.premise_id is not None:
        groups.append(f"premise:{meter.premise_id}")
    return groups


def fleet_groups(meter: Meter) -> list[str]:
    """What a meter may share a fault with others through: head-end, model, firmware."""
    named = (("head_end", meter.head_end), ("model", meter.model), ("firmware", meter.firmware))
    return [f"{kind}:{name}" for kind, name in named if name is not None]


def group_days(partition: Partition, day: dt.date, at: int, columns: NDArray[Any]) -> list[GroupDay]:
    """What there is to say of a local day that closed at event time `at`, microseconds.

    `columns`: a row for every meter of the zone whose day closed: meter (place), total (NaN = no read at all),
    expected (NaN while warming up), coverage (0-1), received (NaN = none); meter's unit.
    """
    parts: dict[tuple[str, str], list[tuple[Meter, _Day]]] = {}
    for place, *day_of in zip(*(columns[name].tolist() for name in ("meter", *_Day._fields)), strict=True):
        meter = partition.meters[place][-1]
        for group in groups_of(meter):
            parts.setdefault((meter.timezone, group), []).append((meter, _Day(*day_of)))
    said: dict[str, Any] = {"source": source_of(partition), "at": to_datetime(at), "day": day, "kind": "day"}
    return [
        GroupDay.model_construct(**said, timezone=timezone, group=group, **(_counts if group == FLEET else _days)(part))
        for (timezone, group), part in parts.items()
    ]


class _Day(NamedTuple):
    """A meter's columns."""

    total: float
    expected: float
    coverage: float
    received: float

    @property
    def heard(self) -> bool:
        return self.total == self.total


def _counts(part: list[tuple[Meter, _Day]]) -> dict[str, Any]:
    heard = [meter for meter, day in part if day.heard]
    heard_of = Counter(group for meter in heard for group in fleet_groups(meter))
    return {"known": len(part), "heard": len(heard), "heard_of": dict(heard_of), "meters": {}}


def _days(part: list[tuple[Meter, _Day]]) -> dict[str, Any]:
    """Unchecked, as the day they stand in: a fleet closes its day at once, and checking takes most of the time."""
    meters = {
        meter.meter_id: MeterDay.model_construct(
            meter=meter,
            total=day.total if day.heard else 0.0,
            expected=None if math.isnan(day.expected) else day.expected,
            coverage=day.coverage if day.heard else 0.0,
            received=0.0 if math.isnan(day.received) else day.received,
        )
        for meter, day in part
    }
    return {"known": len(part), "heard": sum(day.heard for _, day in part), "heard_of": {}, "meters": meters}


def _about(events: Iterable[tuple[int, AnomalyEvent]], partition: Partition) -> Iterator[tuple[AnomalyEvent, Meter]]:
    """Each event of a meter with what is known of the meter."""
    for _, event in events:
        if event.meter_id is not None:
            yield event, partition.meters[partition.index[event.meter_id]][-1]
