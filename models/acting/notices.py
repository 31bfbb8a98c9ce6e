"""Notices to customers: whether, when, by which channel; the text is in `models.acting.wording`."""

import datetime as dt
import zoneinfo
from typing import Any, Final, Literal

from models.acting.cases import Case, Known
from models.acting.moment import Moment
from models.acting.plan import lasting, stale
from models.acting.wording import VERSION, local, text
from models.contracts import Account, Context, Notification
from models.domain.times import NEVER, to_datetime, to_text, to_us
from models.scoring.policy import Policy

Channel = Literal["email", "sms", "phone", "post"]
_CHANNELS: Final[tuple[Channel, ...]] = ("email", "sms", "phone", "post")
_AS_URGENT: Final = {"leak": ("leak", "burst"), "burst": ("burst",)}
"""Kinds of notice after which another one of a kind is a repeat."""
EXPLAINS: Final = ("irrigation", "pool", "humidifier")
"""Contexts in which water is meant to flow."""


def look(case: Case, known: Known, kind: Literal["leak", "burst"] | None, moment: Moment) -> None:
    """A notice is due: send it, wait for its time, or leave it and say why on the audit trail."""
    meter = known.meter
    account = moment.accounts.get(meter.account)
    known.notice_due = None
    if kind is None:
        return
    told = max(case.noticed.get(f"{meter.account} {other}", NEVER) for other in _AS_URGENT[kind])
    if told > moment.now:
        known.repeats, known.notice_due = True, told
        return
    if known.repeats and _silent(case, meter.meter_id):
        known.notice_due = moment.now + moment.days("notice_repeat_d")
        _withheld(case, known, kind, moment, "the meter is silent", account)
        return
    explained = _explained(case, known, moment) if kind == "leak" else []
    if explained:
        ends = [None if c.until is None else to_us(c.until) + moment.hours("explained_h") for c in explained]
        known.notice_due = None if None in ends else max(end for end in ends if end is not None)
        _withheld(case, known, kind, moment, "it is explained", account)
        return
    channel = _channel(account, kind)
    if channel is None:
        known.settle(f"notice {kind}")
        _withheld(case, known, kind, moment, "opted out", account)
        return
    waited = lasting(known, moment) - known.since  # it makes it no older
    if not known.repeats and stale(known, moment, moment.hours("notice_fresh_h") + waited):
        known.settle(f"notice {kind}")
        moment.decide("action.review", known.event.id, known, kind="notification", template=kind, why="too old")
        return
    written = moment.cases.accounts.get(meter.account)
    due = moment.now if written is None else max(moment.now, written.until)
    due = opens(due, meter.timezone, moment.policy)
    if due > moment.now:
        known.notice_due = due
    else:
        _send(case, known, kind, channel, account, moment)


def opens(time: int, timezone: str, policy: Policy) -> int:
    """The first moment from `time` on at which customers may be written to, local time; microseconds."""
    here = to_datetime(time).astimezone(zoneinfo.ZoneInfo(timezone))
    hour = here.hour + here.minute / 60 + here.second / 3600
    opening, closing = policy.acting["quiet_until_h"], policy.acting["quiet_from_h"]
    if opening <= hour < closing:
        return time
    day = here.date() + dt.timedelta(days=int(hour >= closing))
    at = dt.datetime.combine(day, dt.time(), tzinfo=here.tzinfo) + dt.timedelta(hours=opening)
    return max(time, to_us(at))


def _send(
    case: Case, known: Known, kind: Literal["leak", "burst"], channel: Channel, account: Account | None, moment: Moment
) -> None:
    event, meter = known.event, known.meter
    language, words = text(
        kind,
        None if account is None else account.language,
        local(event.start, meter.timezone),
        event.rate,
        short=channel == "sms",
        away=case.away(moment.time),
    )
    notification = Notification(
        id=known.next_id("notification"),
        meter_id=meter.meter_id,
        premise_id=meter.premise,
        created_at=moment.time,
        updated_at=moment.time,
        anomaly_id=event.id,
        account_id=meter.account,
        channel=channel,
        template=f"{kind}/{VERSION}",
        language=language,
        text=words,
    )
    moment.actions.notifications.append(notification)
    moment.decide(
        "notification.sent",
        notification.id,
        known,
        channel=channel,
        repeat=known.repeats,
        rate=event.rate,
        account=_plain(account),
        contexts=case.context(),
        wording=notification.template,
    )
    known.settle(f"notice {kind}")
    again = max(moment.days("notice_repeat_d"), moment.hours("notice_every_h"))
    known.repeats, known.notice_due = True, moment.now + again
    case.noticed[f"{meter.account} {kind}"] = known.notice_due
    moment.cases.written(meter.account, moment.now + moment.hours("notice_every_h"))


def _withheld(case: Case, known: Known, kind: str, moment: Moment, why: str, account: Account | None) -> None:
    moment.decide(
        "action.withheld",
        known.event.id,
        known,
        kind="notification",
        template=kind,
        why=why,
        account=_plain(account),
        contexts=case.context(),
        look_again=None if known.notice_due is None else to_text(known.notice_due),
    )


def _plain(account: Account | None) -> dict[str, Any] | None:
    return None if account is None else account.model_dump(mode="json", include={"language", "channels", "opt_out"})


def _channel(account: Account | None, kind: str) -> Channel | None:
    """The first of the account's channels that it has not opted out of; e-mail where nothing is said."""
    if account is None:
        return "email"
    refused = {word.lower() for word in account.opt_out or ()}
    if refused & {"all", kind}:
        return None
    wanted = [word.lower() for word in account.channels or ("email",)]
    return next((c for word in wanted for c in _CHANNELS if c == word and c not in refused), None)


def _explained(case: Case, known: Known, moment: Moment) -> list[Context]:
    """Contexts that began before the leak was detected and hold still, or ended less than `explained_h` ago."""
    before = moment.now - moment.hours("explained_h")
    return [
        context
        for context in case.contexts
        if context.kind in EXPLAINS
        and context.from_ <= min(known.event.detected_at, moment.time)
        and (context.until is None or to_us(context.until) > before)
    ]


def _silent(case: Case, meter_id: str) -> bool:
    """Whether nothing has been heard of a meter, so that nobody knows if its trouble goes on."""
    return any(
        known.closed is None and known.event.cause == "communication_fault" and known.meter.meter_id == meter_id
        for known in case.anomalies.values()
    )
