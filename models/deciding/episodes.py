"""From findings to anomalies: an episode per meter and problem family, opened, updated and closed.

An episode opens when a rule fires that no other one explains, keeps the family of the cause it opened with, and closes
once valid reads have spoken against all of its rules for as long as the rules ask. Of the causes that fit, the one
that comes first in the order of precedence is named; the others are its alternatives.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.contracts import Alternative, AnomalyEvent
from models.deciding.confidence import chances
from models.deciding.evidence import rate_of, speaks_against, speaks_for, within
from models.deciding.restraint import to_review
from models.domain.causes import CAUSES, FAMILIES, FAMILY, PRECEDENCE, SEVERITIES, Status
from models.domain.ids import anomaly_id
from models.domain.times import DAY, HOUR, NEVER, SECOND, to_datetime
from models.scoring.policy import Policy
from models.scoring.rules.registry import NUMBER, RULES
from models.state.partition import Partition

_FAMILY_OF_RULE: Final = tuple(FAMILIES.index(FAMILY[rule.cause]) for rule in RULES)
_SECOND_OPINION: Final = sum(1 << NUMBER[rule] for rule in ("S1", "D4", "W7", "W17"))
"""What the models say, and that use is much or little: every other rule accounts for it."""
_EXPLAINS: Final = tuple(
    sum(1 << NUMBER[other] for other in rule.explains) | (0 if _SECOND_OPINION >> number & 1 else _SECOND_OPINION)
    for number, rule in enumerate(RULES)
)
_RANK: Final = {cause: place for place, cause in enumerate(PRECEDENCE)}
_CAUSE: Final = tuple(CAUSES.index(rule.cause) for rule in RULES)
_LINGER: Final = DAY // SECOND
"""For so many seconds a cause keeps its precedence after its rules have fallen silent, while the episode goes on."""

_REASON: Final = 3 * DAY
"""What accounts for a trouble begins sooner than so long after it, as both are dated; what comes later is another."""
_MOVED: Final = NUMBER["D12"]
_SILENCE: Final = FAMILIES.index("silence")
_SURER: Final = 0.1
"""A change of confidence that is worth a line."""
_TOLD: Final = 0.05
"""An alternative that no rule has named is told from this probability on."""


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

    @property
    def second(self) -> int:
        """Its start, as episodes remember it."""
        return self.start // SECOND


def decide(reading: Reading, partition: Partition, policy: Policy) -> Iterator[AnomalyEvent]:
    """Move the meter's episodes on by one reading; what there is to say of them."""
    episodes = partition.rows[reading.meter]["episodes"]
    fired = {int(f["rule"]): f for f in reading.findings}
    if fired and _goes_on(episodes, fired, reading.second):
        return
    if fired and reading.event_time >= policy.live_from:
        explained = _explained_by(fired)
        for episode in episodes:
            if episode["opened"] != NEVER:
                explained |= _explained_by(_numbers(int(episode["rules"])))
        for rule in sorted(fired, key=lambda n: _RANK[RULES[n].cause]):
            if explained >> rule & 1:
                continue
            family = _FAMILY_OF_RULE[rule]
            if _replaces(rule, fired[rule], episodes[family], reading):
                yield _line("closed", family, episodes[family], {}, reading, partition, policy)
                episodes[family]["opened"] = NEVER
            if _open_in(episodes, rule, fired[rule]) is None:
                _begin(episodes, rule, reading, fired[rule])
        yield from _carry_on(episodes, fired, reading, partition, policy)
    for family, episode in enumerate(episodes):
        if episode["opened"] != NEVER and _is_over(episode, set(fired), reading):
            yield _line("closed", family, episode, fired, reading, partition, policy)
            episodes[family]["opened"] = NEVER


def _goes_on(episodes: NDArray[Any], fired: Iterable[int], second: int) -> bool:
    """The usual case, done at once: one open episode, and nothing fires that it does not have already."""
    opened = [family for family, at in enumerate(episodes["opened"].tolist()) if at != NEVER]
    if len(opened) != 1:
        return False
    episode = episodes[opened[0]]
    rules, last = int(episode["rules"]), int(episode["last"])
    if second < last or any(not rules >> rule & 1 for rule in fired):
        return False
    if any(_CAUSE[rule] == episode["cause"] for rule in fired):
        episode["named"] = second
    elif second - int(episode["named"]) > _LINGER:
        return False
    episode["last"] = second
    return True


def _explained_by(rules: Iterable[int]) -> int:
    """What these rules account for, a bit a rule."""
    explained = 0
    for rule in rules:
        explained |= _EXPLAINS[rule]
    return explained


def telling(rules: int) -> tuple[int, ...]:
    """Of rules, a bit each, the numbers of those that none of the others accounts for."""
    return tuple(_numbers(rules & ~_explained_by(_numbers(rules)) or rules))


def _open_in(episodes: NDArray[Any], rule: int, finding: Any) -> int | None:
    """Family of the open episode that a rule belongs to: its own family's, or one whose cause has come to be there.

    Or one that it accounts for, unless that was there long before it: what began last week is not due to it.
    """
    own = _FAMILY_OF_RULE[rule]
    for family, episode in enumerate(episodes):
        if episode["opened"] != NEVER:
            present, rules = FAMILIES.index(FAMILY[CAUSES[episode["cause"]]]), int(episode["rules"])
            if own in (family, present) or rules >> rule & 1:
                return family
            if _EXPLAINS[rule] & rules and not _long_after(finding, episode):
                return family
    return None


def _long_after(finding: Any, episode: Any) -> bool:
    return int(finding["since"]) - int(episode["start"]) >= _REASON


def _replaces(rule: int, finding: Any, episode: Any, reading: Reading) -> bool:
    """Whether a finding ends the open episode of its family, for one of its own: another trouble, and a later one."""
    return bool(
        episode["opened"] != NEVER
        and _CAUSE[rule] != episode["cause"]
        and not int(episode["rules"]) >> rule & 1
        and _long_after(finding, episode)
        and reading.second > episode["last"]
    )


def _begin(episodes: NDArray[Any], rule: int, reading: Reading, finding: Any) -> None:
    """Opens an episode, but not within the one before it: a revised interval would open it again, under the same id.

    A flow, or hours that have moved, that began before the last one was over is the same one, and was told.
    """
    episode = episodes[_FAMILY_OF_RULE[rule]]
    again = RULES[rule].cause == "leak" or (rule == _MOVED and int(episode["rules"]) >> rule & 1)
    told = again and finding["since"] < int(episode["last"]) * SECOND
    if reading.second <= episode["last"] or told:
        return
    episode["opened"], episode["last"], episode["named"] = reading.start, reading.second, reading.second
    episode["cause"] = _CAUSE[rule]
    episode["severity"] = 0
    episode["start"] = min(int(finding["since"]), reading.event_time)
    episode["detected_at"] = reading.event_time
    episode["sequence"] = 0
    episode["rules"] = 0


def _carry_on(
    episodes: NDArray[Any], fired: dict[int, Any], reading: Reading, partition: Partition, policy: Policy
) -> Iterator[AnomalyEvent]:
    """Fired rules join their episodes; a line for each that is new, of another cause, surer or less so, or worse."""
    joined = {family: _join(family, episode, episodes, fired, reading) for family, episode in enumerate(episodes)}
    for family, news in joined.items():
        episode = episodes[family]
        if news is None:
            continue
        sure = float(_chances(episodes, family, partition, reading.meter, policy)[episode["cause"]])
        if news or abs(sure - float(episode["confidence"])) >= _SURER:
            status: Status = "updated" if episode["sequence"] else "opened"
            yield _line(status, family, episode, fired, reading, partition, policy)


def _join(family: int, episode: Any, episodes: NDArray[Any], fired: dict[int, Any], reading: Reading) -> bool | None:
    """Fired rules join an episode: whether it is new, of another cause or worse; None if none of them is its own."""
    if episode["opened"] == NEVER:
        return None
    mine = [rule for rule, finding in fired.items() if _open_in(episodes, rule, finding) == family]
    if not mine:
        return None
    active = int(episode["rules"])
    if reading.second - int(episode["named"]) > _LINGER:
        active &= ~sum(1 << n for n in _numbers(active) if _CAUSE[n] == episode["cause"])
    active |= sum(1 << rule for rule in mine)
    cause = min({_CAUSE[n] for n in telling(active)}, key=lambda c: _RANK[CAUSES[c]])
    named = [n for n in _numbers(active) if _CAUSE[n] == cause]
    severity = max(SEVERITIES.index(RULES[n].severity) for n in named)
    news = episode["sequence"] == 0 or cause != episode["cause"] or severity > episode["severity"]
    episode["rules"], episode["cause"], episode["severity"] = active, cause, severity
    episode["last"] = max(int(episode["last"]), reading.second)
    if any(_CAUSE[rule] == cause for rule in mine):
        episode["named"] = episode["last"]
    return bool(news)


def _chances(
    episodes: NDArray[Any], family: int, partition: Partition, meter: int, policy: Policy
) -> NDArray[np.float64]:
    """[causes] of an episode: what else is open of the meter competes with it, but silence speaks of itself alone."""
    open_ones = [n for n, episode in enumerate(episodes) if episode["opened"] != NEVER]
    rules = 0
    for other in open_ones:
        if (other == _SILENCE) == (family == _SILENCE):
            rules |= int(episodes[other]["rules"])
    return chances(telling(rules), partition.service(meter), policy)


def _numbers(rules: int) -> Iterator[int]:
    return (n for n in range(len(RULES)) if rules >> n & 1)


def _is_over(episode: Any, fired: set[int], reading: Reading) -> bool:
    """Whether this reading ends the episode: all of its rules spoken against, for as long as they ask."""
    rules = int(episode["rules"])
    if any(rules >> n & 1 for n in fired) or rules & ~reading.calm:
        return False
    quiet = reading.second - int(episode["last"])
    return quiet > 0 and quiet * SECOND >= max(RULES[n].clear_h for n in _numbers(rules)) * HOUR


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
    rules = tuple(_numbers(int(episode["rules"])))
    sure = _chances(partition.rows[reading.meter]["episodes"], family, partition, reading.meter, policy)
    episode["confidence"] = sure[episode["cause"]]
    spoken = {RULES[n].cause for n in rules}
    others = [(c, float(sure[n])) for n, c in enumerate(CAUSES) if c != cause and (c in spoken or sure[n] >= _TOLD)]
    end = min(int(episode["last"]) * SECOND + reading.interval, reading.event_time)
    evidence = tuple(speaks_for(f, unit) for n, f in fired.items() if int(episode["rules"]) >> n & 1)
    day = next(((float(f["total"]), float(f["usual"])) for f in fired.values() if f["usual"]), (None, None))
    named = [n for n in rules if RULES[n].cause == cause]
    against = speaks_against(cause, named, day, reading.start, partition, reading.meter)
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
        confidence=round(float(sure[episode["cause"]]), 4),
        benign=round(max(0.0, 1.0 - float(sure.sum())), 4),
        firm=any(RULES[n].firm for n in named),
        review=to_review(named, partition.service(reading.meter), partition.learnt, policy),
        severity=SEVERITIES[episode["severity"]],
        alternatives=tuple(Alternative(cause=c, confidence=round(p, 4)) for c, p in sorted(others)),
        evidence=evidence,
        against=() if status == "closed" else tuple(against),
        evidence_end=to_datetime(max(end, int(episode["start"]))),
        observed=day[0],
        expected=day[1],
        expected_within=None if day[1] is None else within(partition, reading.meter),
        rate=rate_of(evidence, partition, reading.meter) if FAMILY[cause] == "flow" else None,
    )
