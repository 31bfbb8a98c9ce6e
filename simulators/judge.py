"""Found against injected: which of the faults that were put in came out as anomalies, how soon, and for what cause."""

import dataclasses
import datetime as dt
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from models.domain.times import DAY, NEVER, SECOND, to_us
from simulators.faults import Injected

GRACE: Final = 2 * DAY
"""An anomaly may be detected this long after its fault has ended: day closes and daily uploads come late."""
LEAD: Final = DAY
"""An anomaly may be judged to have begun this long before its fault did: what stands out is often a whole day."""
THEFT_LEAD: Final = 3 * DAY
"""The same for thefts, which show by the day."""
BENIGN: Final = "unusual_use"
"""What may be said of a look-alike: it tells nobody and orders nothing."""

Line = Mapping[str, Any]
"""One line of `anomalies.jsonl`, or one message of `ami.anomalies`."""


@dataclasses.dataclass(slots=True)
class Tally:
    """One kind of fault."""

    injected: int = 0
    found: int = 0
    found_right_cause: int = 0
    expected_cause: str = ""
    """Right causes, with `|` between them"""
    delays_s: list[float] = dataclasses.field(default_factory=list)
    """Of each fault that was found, from its onset to `detected_at`, in seconds of event time"""

    @property
    def median_delay_s(self) -> float | None:
        """None when nothing was found."""
        return statistics.median(self.delays_s) if self.delays_s else None


@dataclasses.dataclass(slots=True)
class Likeness:
    """One kind of look-alike."""

    injected: int = 0
    flagged: int = 0
    """Called anything worse than unusual use"""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the injected faults and look-alikes, and what else was said, as first lines of anomalies."""

    kinds: dict[str, Tally]
    look_alikes: dict[str, Likeness]
    found: tuple[tuple[Injected, Line], ...]
    """each fault that was found, with the first line of an anomaly that found it, of the right cause if there is one"""
    missed: tuple[Injected, ...]
    elsewhere: tuple[Line, ...]
    """on meters with a fault or a look-alike, but not of it"""
    untouched: tuple[Line, ...]
    """on meters as they are, once live: false alarms, unless the meters are real and have real trouble"""

    def summary(self) -> dict[str, dict[str, Any]]:
        """Objects kind -> value, as `build/demo/summary.json` has them."""
        names = ("injected", "found", "found_right_cause", "median_delay_s", "expected_cause")
        return {name: {kind: getattr(tally, name) for kind, tally in self.kinds.items()} for name in names}

    def false_alarms_per_1000(self, meter_days: float) -> float:
        """Per 1,000 meter-days, which are those of meters without fault or look-alike, once live."""
        return 1000 * len(self.untouched) / meter_days if meter_days else 0.0


def judge(lines: Iterable[Line], truth: Sequence[Injected], live_from: int = NEVER) -> Verdict:
    """`lines` in order of writing, those of one `id` being the life of one anomaly; `live_from` in microseconds UTC.

    A fault is found by an anomaly on its meter (or a fleet incident that lists it) that was detected from onset to
    end + `GRACE` and whose first `start` lies from onset - `LEAD`, or `THEFT_LEAD`, to end. Its cause is right when any
    of these has, by end + `GRACE`, a line that names an expected cause.
    """
    lives: dict[str, list[Line]] = {}
    for line in lines:
        lives.setdefault(line["id"], []).append(line)
    of_meter: dict[str, list[str]] = {}
    for id_, life in lives.items():
        for meter_id in _meters(life[0]):
            of_meter.setdefault(meter_id, []).append(id_)
    verdict = Verdict({}, {}, (), (), (), ())
    found: list[tuple[Injected, Line]] = []
    missed: list[Injected] = []
    matched: set[str] = set()
    for fault in truth:
        own = {id_: lives[id_] for id_ in of_meter.get(fault.meter_id, ()) if _matches(lives[id_][0], fault)}
        matched |= own.keys()
        if fault.role == "look_alike":
            likeness = verdict.look_alikes.setdefault(fault.kind, Likeness())
            likeness.injected += 1
            likeness.flagged += any(line["cause"] != BENIGN for life in own.values() for line in life)
            continue
        tally = verdict.kinds.setdefault(fault.kind, Tally(expected_cause=fault.expected_cause))
        tally.injected += 1
        right = [life for life in own.values() if _names(life, fault)]
        tally.found_right_cause += bool(right)
        if own:
            first = min((life[0] for life in right or own.values()), key=lambda line: _us(line["detected_at"]))
            tally.found += 1
            tally.delays_s.append((_us(first["detected_at"]) - fault.onset) / SECOND)
            found.append((fault, first))
        else:
            missed.append(fault)
    touched = {fault.meter_id for fault in truth}
    others = [life[0] for id_, life in lives.items() if id_ not in matched]
    return dataclasses.replace(
        verdict,
        found=tuple(found),
        missed=tuple(missed),
        elsewhere=tuple(line for line in others if touched & _meters(line)),
        untouched=tuple(
            line for line in others if not touched & _meters(line) and _us(line["detected_at"]) >= live_from
        ),
    )


def _meters(line: Line) -> set[str]:
    return {line["meter_id"]} if line.get("meter_id") else set(line.get("meters") or ())


def _matches(first: Line, fault: Injected) -> bool:
    lead = THEFT_LEAD if "theft" in fault.expected_causes else LEAD
    return (
        fault.onset <= _us(first["detected_at"]) <= fault.end + GRACE
        and fault.onset - lead <= _us(first["start"]) <= fault.end
    )


def _names(life: Sequence[Line], fault: Injected) -> bool:
    until = fault.end + GRACE
    return any(line["cause"] in fault.expected_causes and _us(line["updated_at"]) <= until for line in life)


def _us(text: str) -> int:
    return to_us(dt.datetime.fromisoformat(text))
