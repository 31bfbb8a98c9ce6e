"""From findings to anomalies: an episode per meter and problem family, opened, updated and closed.

An episode opens when a rule fires that no other one explains, keeps the family of the cause it opened with, and closes
once valid reads have spoken against all of its rules for as long as the rules ask. Of the causes that fit, the one
that comes first in the order of precedence is named; the others are its alternatives.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, Final

from numpy.typing import NDArray

from models.contracts import Alternative, AnomalyEvent, Evidence
from models.domain.causes import CAUSES, FAMILIES, FAMILY, PRECEDENCE, SEVERITIES, Cause, Status
from models.domain.ids import anomaly_id
from models.domain.times import DAY, HOUR, NEVER, to_datetime
from models.scoring.policy import Policy
from models.scoring.rules.registry import NUMBER, RULES
from models.scoring.vector import FEATURES
from models.state.partition import Partition

_FAMILY_OF_RULE: Final = tuple(FAMILIES.index(FAMILY[rule.cause]) for rule in RULES)
_SECOND_OPINION: Final = 1 << NUMBER["S1"]
"""What the models say: every other rule accounts for it."""
_EXPLAINS: Final = tuple(
    sum(1 << NUMBER[other] for other in rule.explains) | (_SECOND_OPINION if rule.id != "S1" else 0) for rule in RULES
)
_RANK: Final = {cause: place for place, cause in enumerate(PRECEDENCE)}
_CAUSE: Final = tuple(CAUSES.index(rule.cause) for rule in RULES)
_LINGER: Final = DAY
"""For so long a cause keeps its precedence after its rules have fallen silent, while others of the episode fire."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a meter with what the rules said of it; times in microseconds."""

    meter: int
    start: int
    interval: int
    event_time: int
    calm: int
    findings: tuple[Any, ...]
    """Records of `models.scoring.rules.findings.FINDING`."""


def decide(reading: Reading, partition: Partition, policy: Policy) -> Iterator[AnomalyEvent]:
    """Move the meter's episodes on by one reading; what there is to say of them."""
    episodes = partition.rows[reading.meter]["episodes"]
    fired = {int(f["rule"]): f for f in reading.findings}
    if fired and _goes_on(episodes, fired, reading.start):
        return
    if fired and reading.event_time >= policy.live_from:
        explained = _explained_by(fired)
        for episode in episodes:
            if episode["opened"] != NEVER:
                explained |= _explained_by(_numbers(int(episode["rules"])))
        for rule in sorted(fired, key=lambda n: _RANK[RULES[n].cause]):
            if _open_in(episodes, rule) is None and not explained >> rule & 1:
                _begin(episodes, rule, reading, fired[rule])
        yield from _carry_on(episodes, fired, reading, partition, policy)
    for family, episode in enumerate(episodes):
        if episode["opened"] != NEVER and _is_over(episode, set(fired), reading):
            yield _line("closed", family, episode, fired, reading, partition, policy)
            episodes[family]["opened"] = NEVER


def _goes_on(episodes: NDArray[Any], fired: Iterable[int], start: int) -> bool:
    """The usual case, done at once: one open episode, and nothing fires that it does not have already."""
    opened = [family for family, at in enumerate(episodes["opened"].tolist()) if at != NEVER]
    if len(opened) != 1:
        return False
    episode = episodes[opened[0]]
    rules, last = int(episode["rules"]), int(episode["last"])
    if start < last or any(not rules >> rule & 1 for rule in fired):
        return False
    if any(_CAUSE[rule] == episode["cause"] for rule in fired):
        episode["named"] = start
    elif start - int(episode["named"]) > _LINGER:
        return False
    episode["last"] = start
    return True


def _explained_by(rules: Iterable[int]) -> int:
    """What these rules account for, a bit a rule."""
    explained = 0
    for rule in rules:
        explained |= _EXPLAINS[rule]
    return explained


def _open_in(episodes: NDArray[Any], rule: int) -> int | None:
    """Family of the open episode that a rule belongs to: its own family's, or one whose cause has come to be there."""
    own = _FAMILY_OF_RULE[rule]
    for family, episode in enumerate(episodes):
        if episode["opened"] != NEVER:
            present = FAMILIES.index(FAMILY[CAUSES[episode["cause"]]])
            if own in (family, present) or _EXPLAINS[rule] & int(episode["rules"]):
                return family
    return None


def _begin(episodes: NDArray[Any], rule: int, reading: Reading, finding: Any) -> None:
    """Opens an episode, but not within the one before it: a revised interval would open it again, under the same id.

    A flow that began before the last one was over is the same one, and was told.
    """
    episode = episodes[_FAMILY_OF_RULE[rule]]
    if reading.start <= episode["last"] or (RULES[rule].cause == "leak" and finding["since"] < episode["last"]):
        return
    episode["opened"] = episode["last"] = episode["named"] = reading.start
    episode["cause"] = _CAUSE[rule]
    episode["severity"] = 0
    episode["start"] = min(int(finding["since"]), reading.event_time)
    episode["detected_at"] = reading.event_time
    episode["sequence"] = 0
    episode["rules"] = 0


def _carry_on(
    episodes: NDArray[Any], fired: dict[int, Any], reading: Reading, partition: Partition, policy: Policy
) -> Iterator[AnomalyEvent]:
    """Fired rules join their episodes; a line for each episode that opened, changed its cause or grew worse."""
    for family, episode in enumerate(episodes):
        if episode["opened"] == NEVER:
            continue
        mine = [rule for rule in fired if _open_in(episodes, rule) == family]
        if not mine:
            continue
        active = int(episode["rules"])
        if reading.start - int(episode["named"]) > _LINGER:
            active &= ~sum(1 << n for n in _numbers(active) if _CAUSE[n] == episode["cause"])
        active |= sum(1 << rule for rule in mine)
        telling = active & ~_explained_by(_numbers(active)) or active
        cause = min({_CAUSE[n] for n in _numbers(telling)}, key=lambda c: _RANK[CAUSES[c]])
        named = [n for n in _numbers(active) if _CAUSE[n] == cause]
        severity = max(SEVERITIES.index(RULES[n].severity) for n in named)
        news = episode["sequence"] == 0 or cause != episode["cause"] or severity > episode["severity"]
        episode["rules"], episode["cause"], episode["severity"] = active, cause, severity
        episode["confidence"] = max(policy.confidence[n] for n in named)
        episode["last"] = max(int(episode["last"]), reading.start)
        if any(_CAUSE[rule] == cause for rule in mine):
            episode["named"] = episode["last"]
        if news:
            status: Status = "updated" if episode["sequence"] else "opened"
            yield _line(status, family, episode, fired, reading, partition, policy)


def _numbers(rules: int) -> Iterator[int]:
    return (n for n in range(len(RULES)) if rules >> n & 1)


def _is_over(episode: Any, fired: set[int], reading: Reading) -> bool:
    """Whether this reading ends the episode: all of its rules spoken against, for as long as they ask."""
    rules = int(episode["rules"])
    if any(rules >> n & 1 for n in fired) or rules & ~reading.calm:
        return False
    quiet = reading.start - int(episode["last"])
    return quiet > 0 and quiet >= max(RULES[n].clear_h for n in _numbers(rules)) * HOUR


def _line(
    status: Status,
    family: int,
    episode: Any,
    fired: dict[int, Any],
    reading: Reading,
    partition: Partition,
    policy: Policy,
) -> AnomalyEvent:
    episode["sequence"] += 1
    meter_id = partition.meter_ids[reading.meter]
    cause = CAUSES[episode["cause"]]
    unit = partition.unit(reading.meter)
    others: dict[Cause, float] = {}
    for n in _numbers(int(episode["rules"]) | sum(1 << n for n in fired)):
        if RULES[n].cause != cause:
            others[RULES[n].cause] = max(others.get(RULES[n].cause, 0.0), float(policy.confidence[n]))
    end = min(int(episode["last"]) + reading.interval, reading.event_time)
    evidence = tuple(_evidence(f, unit) for n, f in fired.items() if int(episode["rules"]) >> n & 1)
    day = next(((float(f["total"]), float(f["usual"])) for f in fired.values() if f["usual"]), (None, None))
    return AnomalyEvent(
        id=anomaly_id(meter_id, FAMILIES[family], int(episode["opened"])),
        meter_id=meter_id,
        cause=cause,
        status=status,
        start=to_datetime(episode["start"]),
        end=to_datetime(max(end, int(episode["start"]))) if status == "closed" else None,
        detected_at=to_datetime(episode["detected_at"]),
        updated_at=to_datetime(reading.event_time),
        sequence=int(episode["sequence"]),
        confidence=round(float(episode["confidence"]), 4),
        severity=SEVERITIES[episode["severity"]],
        alternatives=tuple(Alternative(cause=c, confidence=round(p, 4)) for c, p in sorted(others.items())),
        evidence=evidence,
        evidence_end=to_datetime(max(end, int(episode["start"]))),
        observed=day[0],
        expected=day[1],
        rate=_rate(evidence, partition, reading.meter) if FAMILY[cause] == "flow" else None,
    )


def _rate(evidence: tuple[Evidence, ...], partition: Partition, meter: int) -> float | None:
    """Base units an hour beyond the meter's least hour, by the rules that tell a flow; None where none does."""
    base_units = float(partition.facts["base_units"][partition.fact_of[meter]])
    flows = [e.value * (1.0 if e.unit == "L/h" else base_units) for e in evidence if e.unit.endswith("/h")]
    if not flows:
        return None
    return round(max(max(flows) - float(partition.rows["base"][meter]) * base_units, 0.0), 3)


def _evidence(finding: Any, unit: str) -> Evidence:
    rule = RULES[finding["rule"]]
    name = rule.unit.replace("unit", unit)
    value, threshold = float(finding["value"]), float(finding["threshold"])
    names = [FEATURES[n] for n in finding["named"].tolist() if n >= 0]
    named = f", most of all in {', '.join(names)}" if names else ""
    text = rule.text.format(value=value, threshold=threshold, unit=unit, named=named)
    return Evidence(rule=rule.id, value=value, threshold=threshold, unit=name, text=text)
