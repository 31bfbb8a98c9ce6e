"""Premises with several commodities: electricity near zero while water or gas is used as usual (rule X1).

Somebody is at home, so the electricity meter is bypassed or has stopped. Where nothing is used the premise is vacant,
and nothing is said.
"""

from collections.abc import Sequence
from typing import Final

import pydantic

from models.contracts import Alternative, AnomalyEvent, Evidence, GroupDay, MeterDay
from models.deciding.confidence import under
from models.deciding.outcome import GroupOutcome, next_line
from models.deciding.watched import Open, Watched, midnight
from models.domain.causes import Cause
from models.domain.ids import anomaly_id
from models.domain.times import to_datetime
from models.domain.units import BASE
from models.scoring.policy import Policy

_LEAST_KWH: Final = 0.5
"""A day of which less is expected says nothing."""
_CONFIDENCE: Final = 0.6
"""Ours: a second reading of a premise, no inspection bore it out yet"""


class Spell(pydantic.BaseModel):
    """Days on which an electricity meter read next to nothing while the premise was in use."""

    since: int
    """Start of the first, microseconds"""
    days: int = 0
    total: float = 0.0
    """Meter's unit, as below"""
    expected: float = 0.0


class Premise(Watched):
    """What is remembered of a premise."""

    spells: dict[str, Spell] = pydantic.Field(default_factory=dict)
    """By electricity meter"""
    vacant: int = 0
    """Days without use of anything, up to the last judged"""


def judge(
    group: str, known: Premise, parts: Sequence[GroupDay], at: int, policy: Policy, outcome: GroupOutcome
) -> None:
    """A premise's closed day, all parts of it, at event time `at`."""
    days = {meter_id: day for part in parts for meter_id, day in part.meters.items()}
    others = [day for day in days.values() if day.meter.service in ("water", "gas") and _is_clear(day, policy)]
    in_use = any(_share(day) >= policy.groups["premise_usual"] for day in others)
    idle = bool(days) and all(day.coverage and day.total == 0 for day in days.values())
    known.vacant = known.vacant + 1 if idle else 0
    for meter_id in sorted(days):
        day = days[meter_id]
        if day.meter.service != "electricity" or day.meter.is_total or not _is_clear(day, policy):
            continue
        low = _share(day) < policy.groups["premise_low"]
        if not low or known.vacant or day.received or day.meter.has_generation:
            known.spells.pop(meter_id, None)
            if not low and known.open is not None and known.open.event.meter_id == meter_id:
                _close(known, parts[0], at, outcome)
        elif in_use and day.expected is not None and day.expected * BASE[day.meter.unit] >= _LEAST_KWH:
            spell = known.spells.setdefault(meter_id, Spell(since=midnight(parts[0].day, parts[0].timezone)))
            spell.days += 1
            spell.total += day.total
            spell.expected += day.expected
            long = spell.days >= policy.groups["premise_days"]
            if long and known.open is None and meter_id not in known.own and at >= policy.live_from:
                event = _event(group, day, spell, parts[0], at, policy)
                known.open = Open(event=event, meter=day.meter)
                outcome.say(event, day.meter, group=group, days=spell.days)


def _is_clear(day: MeterDay, policy: Policy) -> bool:
    """Whether the day was read, and something is expected of it."""
    return day.coverage >= policy.groups["balance_coverage"] and day.expected is not None and day.expected > 0


def _share(day: MeterDay) -> float:
    """Of what was expected."""
    return day.total / day.expected if day.expected else 0.0


def _close(known: Premise, part: GroupDay, at: int, outcome: GroupOutcome) -> None:
    if known.open is not None:
        end = to_datetime(midnight(part.day, part.timezone))
        outcome.say(next_line(known.open.event, "closed", at, end=end), known.open.meter)
        known.open = None


def _event(group: str, day: MeterDay, spell: Spell, part: GroupDay, at: int, policy: Policy) -> AnomalyEvent:
    """A meter that reads nothing at all has rather stopped, one that reads a little is rather bypassed."""
    cause: Cause = "meter_fault" if spell.total == 0 else "theft"
    other: Cause = "theft" if spell.total == 0 else "meter_fault"
    share = spell.total / spell.expected
    return AnomalyEvent(
        id=anomaly_id(f"{group} {day.meter.meter_id}", "loss", midnight(part.day, part.timezone)),
        meter_id=day.meter.meter_id,
        cause=cause,
        status="opened",
        start=to_datetime(spell.since),
        detected_at=to_datetime(at),
        updated_at=to_datetime(at),
        sequence=1,
        confidence=round(under(_CONFIDENCE, cause, policy), 4),
        firm=True,
        severity="medium",
        alternatives=(Alternative(cause=other, confidence=round((1 - _CONFIDENCE) / 2, 4)),),
        evidence=(
            Evidence(
                rule="X1",
                value=round(share, 6),
                threshold=policy.groups["premise_low"],
                unit="share of the expected",
                text=f"electricity at {100 * share:.1f} % of what is usual for {spell.days} days, "
                "while water or gas at the premise is used as usual",
            ),
        ),
        observed=spell.total / spell.days,
        expected=spell.expected / spell.days,
    )
