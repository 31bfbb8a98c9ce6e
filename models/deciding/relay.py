"""What a partition of `detect` tells the stages after it: its anomalies, and the days of its meters by group.

The source is `detect-<partition>`. An anomaly goes to `respond` with the meter it is about, and as a finding to the
groups the meter belongs to; a closed day goes to each transformer and premise with its meters, to the fleet in counts.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

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
    return ([] if _kin(meter) == _ALONE else [FLEET]) + _places(meter)


def fleet_groups(meter: Meter) -> list[str]:
    """What a meter may share a fault with others through: head-end, model, firmware."""
    return _fleet_groups(_kin(meter))


def group_days(partition: Partition, day: dt.date, at: int, columns: NDArray[Any]) -> list[GroupDay]:
    """What there is to say of a local day that closed at event time `at`, microseconds.

    `columns`: a row for every meter of the zone whose day closed: meter (place), total (NaN = no read at all),
    expected (NaN while warming up), coverage (0-1), received (NaN = none); meter's unit.
    """
    parts: dict[tuple[str, str], dict[str, MeterDay]] = {}
    heard_of: dict[tuple[str, str], int] = Counter()
    fleets: dict[str, Counter[tuple[_Kin, bool]]] = {}
    names = ("meter", "total", "expected", "coverage", "received")
    for place, total, expected, coverage, received in zip(*(columns[name].tolist() for name in names), strict=True):
        meter = partition.meters[place][-1]
        zone, kin, heard = meter.timezone, _kin(meter), total == total
        if kin != _ALONE:
            fleets.setdefault(zone, Counter())[kin, heard] += 1
        groups = _places(meter)
        if not groups:
            continue
        # Unchecked: a fleet closes its day at once, and checking takes most of the time.
        its_day = MeterDay.model_construct(
            meter=meter,
            total=total if heard else 0.0,
            expected=expected if expected == expected else None,
            coverage=coverage if heard else 0.0,
            received=received if received == received else 0.0,
        )
        for group in groups:
            parts.setdefault((zone, group), {})[meter.meter_id] = its_day
            heard_of[zone, group] += heard
    said: dict[str, Any] = {"kind": "day", "source": source_of(partition), "at": to_datetime(at), "day": day}
    days = [
        GroupDay.model_construct(
            **said, timezone=zone, group=group, known=len(part), heard=heard_of[zone, group], heard_of={}, meters=part
        )
        for (zone, group), part in parts.items()
    ]
    return [_fleet_day(said, zone, counts) for zone, counts in fleets.items()] + days


_Kin = tuple[str | None, str | None, str | None]
"""Head-end, model, firmware"""
_ALONE: Final[_Kin] = (None, None, None)


def _kin(meter: Meter) -> _Kin:
    return meter.head_end, meter.model, meter.firmware


def _fleet_groups(kin: _Kin) -> list[str]:
    named = zip(("head_end", "model", "firmware"), kin, strict=True)
    return [f"{kind}:{name}" for kind, name in named if name is not None]


def _places(meter: Meter) -> list[str]:
    named = (("transformer", meter.transformer_id), ("premise", meter.premise_id))
    return [f"{kind}:{name}" for kind, name in named if name is not None]


def _fleet_day(said: dict[str, Any], zone: str, counts: Mapping[tuple[_Kin, bool], int]) -> GroupDay:
    heard_of: Counter[str] = Counter()
    heard = 0
    for (kin, was_heard), count in counts.items():
        if was_heard:
            heard += count
            heard_of.update(dict.fromkeys(_fleet_groups(kin), count))
    known = sum(counts.values())
    return GroupDay(**said, timezone=zone, group=FLEET, known=known, heard=heard, heard_of=dict(heard_of))


def _about(events: Iterable[tuple[int, AnomalyEvent]], partition: Partition) -> Iterator[tuple[AnomalyEvent, Meter]]:
    """Each event of a meter with what is known of the meter."""
    for _, event in events:
        if event.meter_id is not None:
            yield event, partition.meters[partition.index[event.meter_id]][-1]
