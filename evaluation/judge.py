"""Found against injected: which events of labelled meters came out as anomalies, how soon, and for what cause.

The one place that decides it, for the demo and for every figure of `meterwatch evaluate`.
"""

import dataclasses
import datetime as dt
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from models.domain.times import DAY, LATEST, NEVER, SECOND, to_us
from simulators.faults import Injected

GRACE: Final = 2 * DAY
"""An anomaly may name its cause this long after its event has ended: day closes and daily uploads come late."""
LEAD: Final = DAY
"""An anomaly may be judged to have begun this long before its event did: what stands out is often a whole day."""
THEFT_LEAD: Final = 3 * DAY
"""The same for thefts, which show by the day."""
BENIGN: Final = "unusual_use"
"""What may be said of a look-alike: it tells nobody and orders nothing."""

Line = Mapping[str, Any]
"""One line of `anomalies.jsonl`, or one message of `ami.anomalies`."""


class Life:
    """The lines of one anomaly, in order of writing."""

    def __init__(self, first: Line) -> None:
        self.first = first
        self.lines: list[Line] = []
        self.opened, self.start = instant(first["detected_at"]), instant(first["start"])

    @property
    def last(self) -> Line:
        """As it stands in the end."""
        return self.lines[-1]

    @property
    def meters(self) -> set[str]:
        """That it is about; a fleet incident lists them, and more as it goes on."""
        return set().union(*map(_meters, self.lines))

    def fits(self, onset: int, end: int, lead: int) -> bool:
        """Whether it may be about what was so in [onset, end): it opened since, and by its first line began then."""
        return onset <= self.opened <= end + GRACE and onset - lead <= self.start <= end

    def names(self, meter_ids: Collection[str], causes: Collection[str]) -> int:
        """When a line about one of the meters first names one of the causes, microseconds; `LATEST` for never."""
        own = (line for line in self.lines if line["cause"] in causes and not _meters(line).isdisjoint(meter_ids))
        return next((instant(line["updated_at"]) for line in own), LATEST)


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """An event that was found, and the anomaly that counts for it."""

    event: Injected
    life: Life
    right: bool
    """Whether it named an expected cause in time"""
    at: int
    """Microseconds: when it first did, or else when it was opened"""

    @property
    def delay_s(self) -> float:
        """From the onset."""
        return (self.at - self.event.onset) / SECOND


@dataclasses.dataclass(slots=True)
class Tally:
    """One kind of fault."""

    injected: int = 0
    found: int = 0
    found_right_cause: int = 0
    expected_cause: str = ""
    """Right causes, with `|` between them"""
    delays_s: list[float] = dataclasses.field(default_factory=list)
    """Of each fault that was found, in seconds of event time"""

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
    """What came of the events, and what else was said."""

    kinds: dict[str, Tally]
    look_alikes: dict[str, Likeness]
    found: tuple[Match, ...]
    """faults, in order of the truth"""
    missed: tuple[Injected, ...]
    alike: tuple[tuple[Injected, tuple[Life, ...]], ...]
    """each look-alike, and what was said of it"""
    elsewhere: tuple[Line, ...]
    """first lines, on meters with a fault or a look-alike, but not of it"""
    untouched: tuple[Line, ...]
    """first lines, on meters as they are, once live: false alarms, unless the meters are real and have real trouble"""

    def summary(self) -> dict[str, dict[str, Any]]:
        """Objects kind -> value, as `build/demo/summary.json` has them."""
        names = ("injected", "found", "found_right_cause", "median_delay_s", "expected_cause")
        return {name: {kind: getattr(tally, name) for kind, tally in self.kinds.items()} for name in names}

    def false_alarms_per_1000(self, meter_days: float) -> float:
        """Per 1,000 meter-days, which are those of meters without fault or look-alike, once live."""
        return 1000 * len(self.untouched) / meter_days if meter_days else 0.0


def judge(lines: Iterable[Line], truth: Sequence[Injected], live_from: int = NEVER) -> Verdict:
    """`lines` in order of writing, those of one `id` being the life of one anomaly; `live_from` in microseconds UTC.

    An event is found by one anomaly on its meter (or a fleet incident that lists it; it counts for each), and no other
    event of the meter by the same one. The anomaly opens between onset and end + `GRACE`, what opened before does not
    count; its first `start` lies from onset - `LEAD`, or `THEFT_LEAD`, to end. Its cause is right when a line names an
    expected one by end + `GRACE`; that line dates it.
    """
    lives = lives_of(lines)
    of_meter: dict[str, list[str]] = {}
    for id_, life in lives.items():
        for meter_id in life.meters:
            of_meter.setdefault(meter_id, []).append(id_)
    own = [{id_: lives[id_] for id_ in of_meter.get(event.meter_id, ()) if fits(lives[id_], event)} for event in truth]
    kinds, look_alikes = _empty(truth)
    alike: list[tuple[Injected, tuple[Life, ...]]] = []
    found = _matches(truth, own)
    for number, event in enumerate(truth):
        if event.role == "look_alike":
            said = tuple(own[number].values())
            alike.append((event, said))
            look_alikes[event.kind].flagged += any(line["cause"] != BENIGN for life in said for line in life.lines)
        elif number in found:
            tally = kinds[event.kind]
            tally.found += 1
            tally.found_right_cause += found[number].right
            tally.delays_s.append(found[number].delay_s)
    touched = {event.meter_id for event in truth}
    about = set().union(*own)
    others = [life for id_, life in lives.items() if id_ not in about]
    return Verdict(
        kinds,
        look_alikes,
        found=tuple(found[number] for number in sorted(found)),
        missed=tuple(event for n, event in enumerate(truth) if event.role == "fault" and n not in found),
        alike=tuple(alike),
        elsewhere=tuple(life.first for life in others if touched & life.meters),
        untouched=tuple(life.first for life in others if not touched & life.meters and life.opened >= live_from),
    )


def _matches(truth: Sequence[Injected], own: Sequence[Mapping[str, Life]]) -> dict[int, Match]:
    """By number of the fault. Right causes have the first choice, the soonest of them; then earlier onsets."""
    order = [n for n in sorted(range(len(truth)), key=lambda n: truth[n].onset) if truth[n].role == "fault"]
    matches = {n: [(_match(life, truth[n]), id_) for id_, life in own[n].items()] for n in order}
    found: dict[int, Match] = {}
    taken: set[tuple[str, str]] = set()
    for right in (True, False):
        for n in order:
            meter_id = truth[n].meter_id
            free = [(m, id_) for m, id_ in matches[n] if m.right >= right and (id_, meter_id) not in taken]
            if free and n not in found:
                found[n], id_ = min(free, key=lambda candidate: candidate[0].at)
                taken.add((id_, meter_id))
    return found


def lives_of(lines: Iterable[Line]) -> dict[str, Life]:
    """By id, in order of opening."""
    lives: dict[str, Life] = {}
    for line in lines:
        if line["id"] not in lives:
            lives[line["id"]] = Life(line)
        lives[line["id"]].lines.append(line)
    return lives


def fits(life: Life, event: Injected) -> bool:
    """Whether an anomaly of the event's meter may be about the event, whatever its cause."""
    return life.fits(event.onset, event.end, lead_of(event))


def lead_of(event: Injected) -> int:
    """How long before the event its anomaly may be said to have begun, microseconds."""
    return THEFT_LEAD if "theft" in event.expected_causes and not event.any_cause else LEAD


def instant(text: str) -> int:
    """Microseconds of ISO 8601."""
    return to_us(dt.datetime.fromisoformat(text))


def _match(life: Life, event: Injected) -> Match:
    at = life.names((event.meter_id,), event.expected_causes)
    right = at <= event.end + GRACE
    return Match(event, life, right, at if right else life.opened)


def _empty(truth: Iterable[Injected]) -> tuple[dict[str, Tally], dict[str, Likeness]]:
    """With what was injected counted."""
    kinds: dict[str, Tally] = {}
    look_alikes: dict[str, Likeness] = {}
    for event in truth:
        if event.role == "look_alike":
            look_alikes.setdefault(event.kind, Likeness()).injected += 1
        else:
            kinds.setdefault(event.kind, Tally(expected_cause=event.expected_cause)).injected += 1
    return kinds, look_alikes


def _meters(line: Line) -> set[str]:
    return {line["meter_id"]} if line.get("meter_id") else set(line.get("meters") or ())
