"""Transformers and water districts: what goes in, against what the meters behind it read (rules E6 and W12).

Of the supply, a share is lost on the way: the technical loss, learnt from days without a suspicion. What is missing
beyond it adds up day by day; it is a finding once it amounts to `balance_loss` over `balance_days`, so a larger loss is
found sooner. A child whose own drop matches what is missing is named; else it is somewhere behind the total meter.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Final

import pydantic

from models.contracts import Alternative, AnomalyEvent, Evidence, GroupDay, MeterDay
from models.deciding.confidence import under
from models.deciding.outcome import GroupOutcome, next_line
from models.deciding.watched import Open, Watched, midnight
from models.domain.causes import FAMILY, Cause, Severity
from models.domain.ids import anomaly_id
from models.domain.times import to_datetime
from models.domain.units import base_of
from models.scoring.policy import Policy

_MEMORY: Final = 45
"""Days over which the technical loss is learnt"""
_PRIOR: Final = 7
"""Days that the policy's technical loss counts for"""
_SPREAD: Final = 0.01
"""Share: a grid's loss is not known better, however steady it was"""
_MATCH: Final = 0.5
_CLEARLY: Final = 0.2
"""A child is named from a match of 0.5 on, if the next one's is 0.2 less."""


class Child(pydantic.BaseModel):
    """A meter over the days of a run, kWh or litres."""

    total: float = 0.0
    expected: float = 0.0
    """Days without expectation count as read"""
    apart: float = 0.0
    """Between its drop and what is missing, day by day"""


class Run(pydantic.BaseModel):
    """Days on which something is missing."""

    since: int
    """Start of the first, microseconds"""
    days: int = 0
    missing: float = 0.0
    """kWh or litres"""
    excess: float = 0.0
    """Sum over its days of the share of the supply that is missing"""
    children: dict[str, Child] = pydantic.Field(default_factory=dict)


class Balance(Watched):
    """What is remembered of a transformer or district."""

    loss: float = 0.0
    """Technical, share of the supply"""
    spread: float = _SPREAD
    """Mean absolute difference of a day's loss from it"""
    days: int = 0
    """Learnt"""
    sum: float = 0.0
    """Of what is missing, less half of what would be a finding: CUSUM, share times days"""
    run: Run | None = None
    """While `sum` is above zero"""
    quiet: int = 0
    """Days since there was a loss"""
    ended: int = 0
    """Start of the first of them, microseconds"""


@dataclasses.dataclass(frozen=True, slots=True)
class _Flows:
    """A day of the group, kWh or litres."""

    total: MeterDay
    """The total meter, the larger of several"""
    children: list[MeterDay]
    supply: float
    used: float
    covered: float
    """Share of the children's slots that were read"""


def judge(
    group: str, known: Balance, parts: Sequence[GroupDay], at: int, policy: Policy, outcome: GroupOutcome
) -> None:
    """A group's closed day, all parts of it, at event time `at`."""
    flows, settings = _flows(parts, policy), policy.groups
    if flows is None:
        return
    electric = flows.total.meter.service == "electricity"
    share = (flows.supply - flows.used) / flows.supply
    if known.days == 0:
        known.loss = settings["technical_loss"] if electric else share
    if not electric and known.days < settings["balance_days"]:
        _learn(known, share, known.days)  # what always leaks in a district is its own affair: there is no usual figure
        return
    excess = share - known.loss - (1 - flows.covered)
    least = max(settings["balance_loss"], 3 * known.spread)
    enough = settings["balance_days"] * least / 2
    known.sum = min(max(0.0, known.sum + min(excess, 4 * least) - least / 2), 2 * enough)
    if known.sum == 0.0:
        known.run = None
        if excess > -least:
            _learn(known, share, known.days + _PRIOR)
    else:
        known.run = known.run or Run(since=midnight(parts[0].day, parts[0].timezone))
        _add(known.run, flows, max(0.0, excess))
    known.quiet = known.quiet + 1 if excess < least / 2 else 0
    if known.quiet == 1:
        known.ended = midnight(parts[0].day, parts[0].timezone)
    found = known.run is not None and known.run.days >= settings["balance_least_days"] and known.sum > enough - 1e-9
    if known.open is not None and known.quiet >= settings["balance_least_days"]:
        _close(known, at, known.ended, outcome)
        known.sum, known.run = 0.0, None
    elif found and at >= policy.live_from:
        _accuse(group, known, flows, parts[0], at, policy, outcome)


def _flows(parts: Sequence[GroupDay], policy: Policy) -> _Flows | None:
    """The day's flows; None where they cannot be told."""
    days = {meter_id: day for part in parts for meter_id, day in part.meters.items()}
    totals = [days[meter_id] for meter_id in sorted(days) if days[meter_id].meter.is_total]
    if not totals:
        return None
    service = totals[0].meter.service
    totals = [day for day in totals if day.meter.service == service]
    children = [
        days[meter_id]
        for meter_id in sorted(days)
        if days[meter_id].meter.service == service and not days[meter_id].meter.is_total
    ]
    if not children:
        return None
    covered = math.fsum(day.coverage for day in children) / len(children)
    supply = math.fsum(map(_net, totals))
    if min(covered, *(day.coverage for day in totals)) < policy.groups["balance_coverage"] or supply <= 0:
        return None
    return _Flows(max(totals, key=_net), children, supply, math.fsum(map(_net, children)), covered)


def _net(day: MeterDay) -> float:
    return (day.total - day.received) * base_of(day.meter.service, day.meter.unit)


def _learn(known: Balance, share: float, days: int) -> None:
    rate = 1 / min(days + 1, _MEMORY)
    known.spread += rate * (max(_SPREAD, abs(share - known.loss)) - known.spread)
    known.loss += rate * (share - known.loss)
    known.days += 1


def _add(run: Run, flows: _Flows, excess: float) -> None:
    missing = excess * flows.supply
    run.days += 1
    run.missing += missing
    run.excess += excess
    for day in flows.children:
        child = run.children.setdefault(day.meter.meter_id, Child())
        base = base_of(day.meter.service, day.meter.unit)
        expected = day.total if day.expected is None else day.expected
        child.total += day.total * base
        child.expected += expected * base
        child.apart += abs((expected - day.total) * base - missing)


def _matches(run: Run) -> list[tuple[float, str]]:
    """How well each child's drop is what is missing, in size and in time; 1 = to the digit. The best first."""
    if run.missing <= 0:
        return []
    matches = []
    for meter_id, child in run.children.items():
        size = abs(child.expected - child.total - run.missing) / run.missing
        matches.append((1 - math.sqrt(size * child.apart / run.missing), meter_id))
    return sorted(matches, key=lambda match: (-match[0], match[1]))


def _accuse(
    group: str, known: Balance, flows: _Flows, part: GroupDay, at: int, policy: Policy, outcome: GroupOutcome
) -> None:
    """Say on whom the loss falls, unless it is said already."""
    run = known.run
    if run is None:
        return
    (match, best), (second, _) = [*_matches(run), (0.0, ""), (0.0, "")][:2]
    if match >= _MATCH and best in known.own:
        outcome.note(at, "balance.explained", known.own[best], group=group, match=round(match, 4))
        _close(known, at, at, outcome)
        return
    electric = flows.total.meter.service == "electricity"
    named = electric and match >= _MATCH and second <= match - _CLEARLY
    day = next((day for day in flows.children if named and day.meter.meter_id == best), flows.total)
    if known.open is not None and (day is flows.total or not known.open.meter.is_total):
        return
    _close(known, at, at, outcome)
    opened = midnight(part.day, part.timezone)
    event = _event(group, known, run, day, match if named else None, opened, at, policy)
    known.open = Open(event=event, meter=day.meter)
    outcome.say(
        event, day.meter, group=group, supply=flows.supply, used=flows.used, covered=flows.covered, loss=known.loss,
        spread=known.spread, days=run.days, matches=[[name, round(value, 4)] for value, name in _matches(run)[:2]],
    )  # fmt: skip


def _close(known: Balance, at: int, end: int, outcome: GroupOutcome) -> None:
    if known.open is not None:
        event = next_line(known.open.event, "closed", at, end=to_datetime(end))
        outcome.say(event, known.open.meter, quiet_days=known.quiet)
        known.open = None


def _event(
    group: str, known: Balance, run: Run, day: MeterDay, match: float | None, opened: int, at: int, policy: Policy
) -> AnomalyEvent:
    meter, excess = day.meter, run.excess / run.days
    base = base_of(meter.service, meter.unit)
    sure = excess / (excess + known.spread)
    cause: Cause = "theft" if meter.service == "electricity" else "leak"
    severity: Severity = "high" if match is not None or cause == "leak" else "medium"
    confidence = sure * (0.4 if match is None else 0.5 + 0.5 * match)
    if cause == "leak":
        confidence, severity = 0.6 * sure, "critical" if meter.service == "gas" else severity
    firm = cause == "theft" and confidence >= policy.groups["balance_sure"]
    confidence = under(confidence, cause, policy)
    text = (
        f"{100 * excess:.1f} % of the supply of {group} is neither metered nor its usual loss of "
        f"{100 * known.loss:.1f} %, for {run.days} days"
    )
    child: dict[str, Any] = {}
    if match is not None:
        drop = run.children[meter.meter_id]
        text += f"; this meter fell by as much at that time (match {match:.2f})"
        child = {"observed": drop.total / base / run.days, "expected": drop.expected / base / run.days}
    return AnomalyEvent(
        id=anomaly_id(f"{group} {meter.meter_id}", FAMILY[cause], opened),
        meter_id=meter.meter_id,
        cause=cause,
        status="opened",
        start=to_datetime(run.since),
        detected_at=to_datetime(at),
        updated_at=to_datetime(at),
        sequence=1,
        confidence=round(confidence, 4),
        firm=firm,
        severity=severity,
        alternatives=(Alternative(cause="meter_fault", confidence=round((1 - confidence) / 2, 4)),)
        if cause == "theft"
        else (),
        evidence=(
            Evidence(
                rule="E6" if cause == "theft" else "W12",
                value=round(excess, 6),
                threshold=policy.groups["balance_loss"],
                unit="share of supply",
                text=text,
            ),
        ),
        rate=run.missing / (24 * run.days) if cause == "leak" else None,
        **child,
    )
