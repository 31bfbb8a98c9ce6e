"""Billing holds: drafts for the intervals that should not be billed as they are; only a person moves them on."""

import datetime as dt
import math
from typing import Final, Literal

from models.acting.cases import Case, Known
from models.acting.moment import Moment
from models.acting.plan import Plan
from models.contracts import Account, BillingDecision, BillingHold
from models.domain.times import to_us

_MOVES: Final[dict[tuple[str, str], Literal["approved", "rejected", "released"]]] = {
    ("draft", "approve"): "approved",
    ("draft", "reject"): "rejected",
    ("draft", "release"): "released",
    ("approved", "release"): "released",
}


def see_to(case: Case, known: Known, wanted: Plan, moment: Moment) -> None:
    """After the hold-off: draft what is wanted, or withdraw the draft of another cause."""
    if not wanted.hold:
        withdraw(case, known, moment, f"cause is now {known.event.cause}")
    elif known.event.id in case.holds:
        extend(case, known, moment)
    elif not wanted.review and "hold" not in known.done:
        meter, event = known.meter, known.event
        draft = BillingHold(
            id=known.next_id("hold"),
            sequence=0,
            meter_id=meter.meter_id,
            premise_id=meter.premise,
            created_at=moment.time,
            updated_at=moment.time,
            anomaly_id=event.id,
            account_id=meter.account,
            status="draft",
            from_=event.start,
            to=event.updated_at,
            reason=event.cause,
            volume_at_stake=0.0,
            unit=meter.unit,
            amount_at_stake=0.0,
            currency="",
        )
        _say(case, _of_now(draft, known, moment), known, moment)


def extend(case: Case, known: Known, moment: Moment) -> None:
    """News of an anomaly change the intervals and the money at stake while it is a draft."""
    hold = case.holds.get(known.event.id)
    if hold is not None and hold.status == "draft":
        line = _of_now(hold, known, moment)
        if line != hold:
            _say(case, line, known, moment)


def withdraw(case: Case, known: Known, moment: Moment, reason: str) -> None:
    """A draft expires: nobody decided in time, or there is no reason for it any more."""
    hold = case.holds.get(known.event.id)
    if hold is not None and hold.status == "draft":
        _say(case, hold.model_copy(update={"status": "expired"}), known, moment, reason)


def expire(case: Case, moment: Moment) -> None:
    """Drafts that nobody has decided for `hold_expires_d`."""
    for anomaly, hold in sorted(case.holds.items()):
        if hold.status == "draft" and to_us(hold.created_at) + moment.days("hold_expires_d") <= moment.now:
            known = case.anomalies[anomaly]
            known.settle("hold")
            withdraw(case, known, moment, "nobody decided")


def answer(case: Case, decision: BillingDecision, moment: Moment) -> bool:
    """A person decided; False if there is no such hold, or it cannot go that way."""
    hold = next((hold for hold in case.holds.values() if hold.id == decision.hold_id), None)
    status = None if hold is None else _MOVES.get((hold.status, decision.decision))
    if hold is None or status is None:
        return False
    known = case.anomalies.get(hold.anomaly_id)
    if known is not None:
        known.settle("hold")
    line = hold.model_copy(update={"status": status, "decided_by": decision.by})
    _say(case, line, known, moment, f"decided by {decision.by}", decision.id)
    return True


def _of_now(hold: BillingHold, known: Known, moment: Moment) -> BillingHold:
    """The draft with the intervals and the money of what is known now."""
    event = known.event
    account: Account | None = moment.accounts.get(hold.account_id)
    tariff = None if account is None else account.tariff_per_unit
    to = event.end or event.updated_at
    if event.observed is not None and event.expected is not None:
        a_day = abs(event.observed - event.expected)
    else:  # as the line before said it
        a_day = hold.volume_at_stake / max(_days(hold.from_, hold.to), 1 / 96)
    days = _days(event.start, to)
    volume = a_day * days
    if event.observed is not None and event.expected is not None:
        off = (event.expected_within or 0.0) * math.sqrt(days)  # days differ each in its own way
    else:
        off = hold.volume_high - hold.volume_at_stake
    low, high = max(0.0, volume - off), volume + off
    update = {
        "from_": min(event.start, to),
        "to": to,
        "reason": event.cause,
        "volume_at_stake": round(volume, 6),
        "volume_low": round(low, 6),
        "volume_high": round(high, 6),
        "amount_at_stake": round(volume * (tariff or 0.0), 2),
        "amount_low": round(low * (tariff or 0.0), 2),
        "amount_high": round(high * (tariff or 0.0), 2),
        "currency": (None if account is None else account.currency) or "",
    }
    return hold.model_copy(update=update)


def _days(since: dt.datetime, until: dt.datetime) -> float:
    return max((until - since) / dt.timedelta(days=1), 0.0)


def _say(
    case: Case,
    line: BillingHold,
    known: Known | None,
    moment: Moment,
    reason: str | None = None,
    answer: str | None = None,
) -> None:
    line = line.model_copy(update={"sequence": line.sequence + 1, "updated_at": moment.time})
    case.holds.pop(line.anomaly_id, None)
    if line.status in ("draft", "approved"):
        case.holds[line.anomaly_id] = line
    moment.actions.holds.append(line)
    account = moment.accounts.get(line.account_id)
    moment.decide(
        f"hold.{line.status}",
        line.id,
        known,
        sequence=line.sequence,
        reason=reason,
        answer=answer,
        volume_at_stake=line.volume_at_stake,
        amount_at_stake=line.amount_at_stake,
        tariff_per_unit=None if account is None else account.tariff_per_unit,
    )
