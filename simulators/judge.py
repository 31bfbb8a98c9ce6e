"""Found against injected: which of the faults that were put in came out as anomalies, and with the right cause."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from models.domain.times import DAY, to_us
from simulators.faults import Injected

GRACE: Final = 2 * DAY
"""An anomaly may be detected this long after its fault has ended: day closes and daily uploads come late."""
LEAD: Final = DAY
"""An anomaly may be judged to have begun this long before its fault did: what stands out is often a whole day."""

Line = Mapping[str, Any]
"""One line of `anomalies.jsonl`, or one message of `ami.anomalies`."""


@dataclasses.dataclass(slots=True)
class Tally:
    """One kind of fault."""

    injected: int = 0
    found: int = 0
    found_right_cause: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the injected faults, and what else was said.

    The others are first lines of anomalies and not false alarms as such: the series are real and have real trouble.
    """

    kinds: dict[str, Tally]
    found: tuple[tuple[Injected, Line], ...]
    """each fault that was found, with the first line of an anomaly that found it, of the right cause if there is one"""
    missed: tuple[Injected, ...]
    elsewhere: tuple[Line, ...]
    """on meters with a fault, but not of it"""
    untouched: tuple[Line, ...]
    """on meters as they are"""

    def summary(self) -> dict[str, dict[str, int]]:
        """Objects kind -> number, as `build/demo/summary.json` has them."""
        return {
            name: {kind: getattr(tally, name) for kind, tally in self.kinds.items()}
            for name in ("injected", "found", "found_right_cause")
        }


def judge(lines: Iterable[Line], truth: Sequence[Injected]) -> Verdict:
    """`lines` in order of writing, those of one `id` being the life of one anomaly.

    A fault is found by an anomaly on its meter (or a fleet incident that lists it) that was detected from onset to
    end + `GRACE` and whose first `start` lies from onset - `LEAD` to end. Its cause is right when any of these has, by
    end + `GRACE`, a line that names an expected cause.
    """
    lives: dict[str, list[Line]] = {}
    for line in lines:
        lives.setdefault(line["id"], []).append(line)
    kinds: dict[str, Tally] = {}
    found: list[tuple[Injected, Line]] = []
    missed: list[Injected] = []
    matched: set[str] = set()
    for fault in truth:
        own = {id_: life for id_, life in lives.items() if _matches(life[0], fault)}
        matched |= own.keys()
        tally = kinds.setdefault(fault.kind, Tally())
        tally.injected += 1
        tally.found += bool(own)
        right = [life for life in own.values() if _names(life, fault)]
        tally.found_right_cause += bool(right)
        if own:
            found.append((fault, (right or list(own.values()))[0][0]))
        else:
            missed.append(fault)
    touched = {fault.meter_id for fault in truth}
    others = [life[0] for id_, life in lives.items() if id_ not in matched]
    return Verdict(
        kinds=kinds,
        found=tuple(found),
        missed=tuple(missed),
        elsewhere=tuple(line for line in others if touched & _meters(line)),
        untouched=tuple(line for line in others if not touched & _meters(line)),
    )


def _meters(line: Line) -> set[str]:
    return {line["meter_id"]} if line.get("meter_id") else set(line.get("meters") or ())


def _matches(first: Line, fault: Injected) -> bool:
    return (
        fault.meter_id in _meters(first)
        and fault.onset <= _us(first["detected_at"]) <= fault.end + GRACE
        and fault.onset - LEAD <= _us(first["start"]) <= fault.end
    )


def _names(life: Sequence[Line], fault: Injected) -> bool:
    until = fault.end + GRACE
    return any(line["cause"] in fault.expected_causes and _us(line["updated_at"]) <= until for line in life)


def _us(text: str) -> int:
    return to_us(dt.datetime.fromisoformat(text))
