"""Work orders: one open per meter and problem family, evidence appended, cancelled when the cause clears."""

from models.acting.cases import Case, Known
from models.acting.moment import Moment
from models.acting.plan import Plan, stale, tampered
from models.acting.wording import local
from models.contracts import Evidence, FieldOutcome, WorkOrder
from models.domain.causes import FAMILY
from models.domain.times import to_text

_PROBLEM = {
    "leak": "possible leak",
    "burst": "possible burst",
    "theft": "use that seems not to be registered",
    "meter_fault": "meter seems to be faulty",
    "estimated_read_error": "estimated for too long or wrongly",
    "data_error": "reads seem to be wrong",
    "communication_fault": "meter silent",
    "unusual_use": "meter reports tampering",
}
_MOST_EVIDENCE = 12
"""Lines of evidence that an order carries, the latest ones."""


def see_to(case: Case, known: Known, wanted: Plan, moment: Moment) -> None:
    """After the hold-off: open what is wanted, or join the order there is; leave the one that was for another cause."""
    mine, family, meter_id = case.order_of(known.event.id), known.family, known.meter.meter_id
    same = case.order_for(meter_id, family)
    if wanted.work is not None and f"order {family}" not in known.done:
        alone = mine is not None and not any(case.live(a) for a in mine.anomaly_ids if a != known.event.id)
        if same is not None:
            _join(case, known, same, wanted, moment)
        elif mine is not None and alone:
            _join(case, known, mine, wanted, moment)
            return
        elif not wanted.review and not _refused(case, known, moment):
            _open(case, known, wanted, moment)
    if mine is not None and (mine is not same or (wanted.work is None and mine.problem != known.event.cause)):
        leave(case, known, moment, f"cause is now {known.event.cause}", mine)


def append(case: Case, known: Known, moment: Moment) -> None:
    """News of an anomaly go to its open order."""
    order = case.order_of(known.event.id)
    if order is not None:
        evidence = _together(order.evidence, known.event.evidence)
        if evidence != order.evidence:
            _say(case, order.model_copy(update={"evidence": evidence}), known, moment)


def leave(case: Case, known: Known, moment: Moment, reason: str, order: WorkOrder | None = None) -> None:
    """An anomaly needs its order no more; without others it is cancelled."""
    order = order or case.order_of(known.event.id)
    if order is None:
        return
    if any(case.live(anomaly) for anomaly in order.anomaly_ids if anomaly != known.event.id):
        if known.closed is None:
            rest = tuple(anomaly for anomaly in order.anomaly_ids if anomaly != known.event.id)
            _say(case, order.model_copy(update={"anomaly_ids": rest}), known, moment, reason)
    else:
        _say(case, order.model_copy(update={"status": "cancelled", "reason": reason}), known, moment, reason)


def answer(case: Case, order: WorkOrder, outcome: FieldOutcome, moment: Moment) -> None:
    """What the crew found: without access it stays open, else it is completed."""
    given = outcome.model_dump(mode="json", include={"id", "outcome", "cause"})
    family = FAMILY[order.problem]
    if outcome.outcome == "no_access":
        _say(case, order.model_copy(update={"reason": "no access"}), None, moment, "no access", given)
        return
    reason = outcome.outcome.replace("_", " ")
    case.worked = moment.now + moment.hours("tamper_after_work_h")
    if outcome.outcome == "not_found":
        case.barred[f"{order.meter_id} {family}"] = moment.now + moment.days("not_found_d")
    for anomaly in order.anomaly_ids:
        if anomaly in case.anomalies:
            case.anomalies[anomaly].settle(f"order {family}")
    _say(case, order.model_copy(update={"status": "completed", "reason": reason}), None, moment, reason, given)


def _refused(case: Case, known: Known, moment: Moment) -> bool:
    """Whether nobody is sent, with the reason on the audit trail."""
    family = known.family
    why, until = None, case.barred.get(f"{known.meter.meter_id} {family}")
    if until is not None:
        why = "a crew found nothing"
    elif known.event.cause == "unusual_use" and tampered(known) and (case.orders or case.worked is not None):
        why, until = "a crew is or was at the premise", case.worked
    if why is not None:
        ends = None if until is None else to_text(until)
        moment.decide("action.withheld", known.event.id, known, kind="work_order", why=why, until=ends)
    elif stale(known, moment, moment.days("order_fresh_d")):
        moment.decide("action.review", known.event.id, known, kind="work_order", why="too old")
    else:
        return False
    known.settle(f"order {family}")
    return True


def _open(case: Case, known: Known, wanted: Plan, moment: Moment) -> None:
    event, meter = known.event, known.meter
    order = WorkOrder(
        id=known.next_id("work_order"),
        sequence=0,
        meter_id=meter.meter_id,
        premise_id=meter.premise,
        created_at=moment.time,
        updated_at=moment.time,
        anomaly_ids=(),
        status="open",
        priority=5,
        work_type=wanted.work or "inspect",
        problem=event.cause,
        summary="",
        service=meter.service,
        reported_at=event.detected_at,
    )
    _join(case, known, order, wanted, moment)


def _join(case: Case, known: Known, order: WorkOrder, wanted: Plan, moment: Moment) -> None:
    """The anomaly becomes part of the order, which takes on its problem if that is more urgent or alone in it."""
    event = known.event
    priority = max(1, wanted.priority - (known.family == "flow" and case.away(moment.time)))
    others = [anomaly for anomaly in order.anomaly_ids if anomaly != event.id and case.live(anomaly)]
    ids = tuple(dict.fromkeys((*order.anomaly_ids, event.id)))
    update: dict[str, object] = {"anomaly_ids": ids, "evidence": _together(order.evidence, event.evidence)}
    if not others or priority < order.priority:
        update |= {"priority": priority, "work_type": wanted.work, "problem": event.cause, "summary": _summary(known)}
    line = order.model_copy(update=update)
    if line != order:
        _say(case, line, known, moment)


def _summary(known: Known) -> str:
    event, meter = known.event, known.meter
    since = local(event.start, meter.timezone)
    seen = next((f" Seen: {evidence.text}." for evidence in event.evidence), "")
    return (
        f"{meter.service.capitalize()} meter {meter.meter_id}: {_PROBLEM[event.cause]} since {since}, "
        f"confidence {event.confidence:.0%}.{seen}"
    )


def _together(there: tuple[Evidence, ...], new: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return (*there, *(evidence for evidence in new if evidence not in there))[-_MOST_EVIDENCE:]


def _say(
    case: Case,
    line: WorkOrder,
    known: Known | None,
    moment: Moment,
    reason: str | None = None,
    outcome: dict[str, object] | None = None,
) -> None:
    line = line.model_copy(update={"sequence": line.sequence + 1, "updated_at": moment.time})
    case.orders.pop(line.id, None)
    if line.status == "open":
        case.orders[line.id] = line
    moment.actions.orders.append(line)
    moment.decide(
        f"work_order.{line.status}",
        line.id,
        known,
        sequence=line.sequence,
        anomalies=list(line.anomaly_ids),
        priority=line.priority,
        reason=reason,
        outcome=outcome,
        contexts=case.context(),
    )
