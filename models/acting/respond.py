"""The stage `respond`: from anomalies, claims and answers to orders, notices and holds.

Time moves on by the lowest mark of all sources. What was said before it is taken in the order of event time, and what
was to be looked at (ends of hold-offs, mornings, weekly repeats, drafts that expire) at its own time in between. So
nothing depends on how the sources interleave or where a batch ends. Answers of people and contexts have no source: they
are taken where they stand in the input, at the low mark.
"""

from collections.abc import Mapping, Sequence

from models.acting import holds, notices, orders
from models.acting.cases import Case, Cases, Known
from models.acting.losses import loss
from models.acting.moment import Actions, Moment
from models.acting.plan import Plan, hold_off_ends, plan
from models.contracts import (
    Account,
    AnomalySaid,
    CaseRecord,
    Claim,
    Context,
    ContextGiven,
    DecisionGiven,
    Mark,
    OutcomeGiven,
)
from models.domain.times import NEVER, to_us
from models.scoring.policy import Policy
from models.state.merge import END

__all__ = ["Actions", "respond"]


def respond(
    records: Sequence[tuple[int, CaseRecord]], cases: Cases, policy: Policy, accounts: Mapping[str, Account]
) -> Actions:
    """Take (input offset, record) in, offsets growing: `cases` moves on, and what is to be done comes back.

    Offsets that `cases` has seen are skipped. An account's limits hold over its premises in the same partition.
    """
    moment = Moment(NEVER, cases, policy, policy.digest, accounts, Actions())
    for offset, record in records:
        if offset <= cases.offset:
            continue
        cases.offset = offset
        if isinstance(record, Mark):
            cases.merge.mark(record.source, None if record.at is None else to_us(record.at))
        elif isinstance(record, AnomalySaid | Claim):
            cases.put(record)
        else:
            _advance(moment)
            _answer(record, moment)
    _advance(moment)
    return moment.actions


def _advance(moment: Moment) -> None:
    """Up to the low mark: records and timers in order of time, records first. Time stands still without any mark."""
    cases, low = moment.cases, moment.cases.event_time
    if not NEVER < low < END:
        return
    for record in cases.due():
        _look_until(record.time, moment)
        moment.now = record.time
        if isinstance(record, Claim):
            _claim(record, moment)
        else:
            _hear(record, moment)
    _look_until(low, moment)
    cases.forget_accounts(low)


def _look_until(time: int, moment: Moment) -> None:
    """Timers from before `time`."""
    for due, premise in moment.cases.timers(time):
        moment.now = due
        case = _case(premise, moment)
        known = [case.anomalies[name] for name in sorted(case.anomalies)]
        for anomaly in known:
            if anomaly.due is not None and anomaly.due <= due:
                _release(case, anomaly, moment)
        for anomaly in known:
            if anomaly.notice_due is not None and anomaly.notice_due <= due:
                notices.look(case, anomaly, plan(anomaly).notice, moment)
        holds.expire(case, moment)
        _keep(premise, case, moment)


def _hear(said: AnomalySaid, moment: Moment) -> None:
    """A line in the life of an anomaly. Fleet incidents have no meter: nothing is done about them here."""
    event, premise = said.event, said.meter.premise
    case = _case(premise, moment)
    known = case.anomalies.get(event.id)
    if event.meter_id is None or (known is None and event.status == "closed"):
        return
    before: tuple[str, Plan] | None = None
    if known is None:
        known = case.anomalies[event.id] = Known(event=event, meter=said.meter, since=moment.now)
        known.hear(event, said.meter)
    elif event.sequence <= known.event.sequence or known.closed is not None:
        return
    else:
        before = (known.event.cause, plan(known))
        known.hear(event, said.meter)
    if event.status == "closed":
        _close(case, known, moment)
    elif event.id in case.claims:
        if before is None:
            moment.decide("action.claimed", event.id, known, incidents=sorted(case.claims[event.id]))
    elif known.due is not None or before != (event.cause, plan(known)):
        known.due = max(moment.now, hold_off_ends(known, moment))
        known.notice_due = None
    else:
        orders.append(case, known, moment)
        holds.extend(case, known, moment)
    _keep(premise, case, moment)


def _release(case: Case, known: Known, moment: Moment) -> None:
    """The hold-off is over."""
    known.due = None
    wanted = plan(known)
    orders.see_to(case, known, wanted, moment)
    holds.see_to(case, known, wanted, moment)
    if wanted.notice is not None and f"notice {wanted.notice}" not in known.done:
        known.notice_due = moment.now
    if wanted.review and case.order_of(known.event.id) is None and known.event.id not in case.holds:
        moment.decide("action.review", known.event.id, known, why="its rules say more here than there can be faults")
    if wanted == Plan():
        moment.decide("action.none", known.event.id, known)


def _close(case: Case, known: Known, moment: Moment) -> None:
    """It ended by itself: what is pending is dropped, its order is cancelled, a draft reaches to its end."""
    known.closed = moment.now
    if known.due is not None:
        moment.decide("action.withheld", known.event.id, known, why="closed within its hold-off")
    elif known.notice_due is not None and not known.repeats:
        moment.decide("action.withheld", known.event.id, known, kind="notification", why="closed before it was sent")
    known.due = known.notice_due = None
    if known.pace and known.event.id not in case.claims:
        until = known.event.end or known.event.updated_at
        moment.actions.lost.append(loss(known.event, known.meter, known.pace, until, moment.accounts, known.doubt))
    orders.leave(case, known, moment, "cleared by itself")
    holds.extend(case, known, moment)


def _claim(claim: Claim, moment: Moment) -> None:
    """An incident claims an anomaly, and all that is pending or open for it is withdrawn; or it gives it back."""
    case = _case(claim.premise_id, moment)
    known = case.anomalies.get(claim.anomaly_id)
    incidents = case.claims.get(claim.anomaly_id, {})
    first = not incidents
    if claim.holds == (claim.incident_id in incidents):
        return
    if claim.holds:
        case.claims[claim.anomaly_id] = {**incidents, claim.incident_id: moment.now}
        moment.decide("action.claimed", claim.anomaly_id, known, incident=claim.incident_id)
        if known is not None and first:
            known.due = known.notice_due = None
            reason = f"part of incident {claim.incident_id}"
            orders.leave(case, known, moment, reason)
            holds.withdraw(case, known, moment, reason)
    else:
        del incidents[claim.incident_id]
        if not incidents:
            del case.claims[claim.anomaly_id]
        moment.decide("action.returned", claim.anomaly_id, known, incident=claim.incident_id)
        if known is not None and known.closed is None and not incidents:
            known.since = moment.now
            known.done = [what for what in known.done if not what.startswith("notice ")]
            known.due = max(moment.now, hold_off_ends(known, moment))
    _keep(claim.premise_id, case, moment)


def _answer(record: OutcomeGiven | DecisionGiven | ContextGiven, moment: Moment) -> None:
    """Somebody said what is known of a premise, what a crew found, or what is to become of a hold."""
    low = moment.cases.event_time
    if isinstance(record, ContextGiven):
        moment.now = low if NEVER < low < END else to_us(record.context.from_)
        _context(record.context, moment)
        return
    given = record.outcome if isinstance(record, OutcomeGiven) else record.decision
    moment.now = low if NEVER < low < END else to_us(given.at)
    case = _case(given.premise_id, moment)
    if given.id in case.answers:
        return
    case.answers[given.id] = moment.now + moment.days("keep_d")
    if isinstance(record, OutcomeGiven):
        order = case.orders.get(record.outcome.order_id)
        taken = order is not None
        if order is not None:
            orders.answer(case, order, record.outcome, moment)
    else:
        taken = holds.answer(case, record.decision, moment)
    if not taken:
        what = given.model_dump(mode="json", exclude={"id", "note"})
        moment.decide("answer.ignored", given.id, None, given=what, why="nothing open that it fits")
    _keep(given.premise_id, case, moment)


def _context(context: Context, moment: Moment) -> None:
    """A context replaces the one of the same kind and beginning."""
    case = _case(context.premise_id, moment)
    others = [c for c in case.contexts if (c.kind, c.from_) != (context.kind, context.from_)]
    case.contexts = sorted([*others, context], key=lambda c: (c.from_, c.kind))
    _keep(context.premise_id, case, moment)


def _case(premise: str, moment: Moment) -> Case:
    return moment.cases.cases.get(premise) or Case()


def _keep(premise: str, case: Case, moment: Moment) -> None:
    moment.cases.keep(premise, case, moment.now, moment.policy.acting)
