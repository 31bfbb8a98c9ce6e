"""What is done about an anomaly, by its cause: one table, the hold-offs, and how old a trouble may be."""

import dataclasses
from collections.abc import Callable
from typing import Final, Literal

from models.acting.cases import Known
from models.acting.moment import Moment
from models.domain.causes import FAMILY, Cause
from models.domain.times import to_us

WorkType = Literal["inspect", "repair", "exchange", "communication", "safety"]


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What is done once the hold-off is over. Priority 1 = at once, 5 = when somebody is near."""

    notice: Literal["leak", "burst"] | None = None
    work: WorkType | None = None
    priority: int = 3
    hold: bool = False
    review: bool = False
    """A person is to look first: nothing new is sent or held."""


def tampered(known: Known) -> bool:
    """The meter itself reported tampering: a reason to look, by itself no theft."""
    return known.event.cause in ("unusual_use", "theft") and "E1" in known.rules


_Fits = Callable[[Known], bool]


def _gas(known: Known) -> bool:
    return known.meter.service == "gas"


def _business(known: Known) -> bool:
    return known.meter.is_total or known.meter.customer_class not in (None, "residential")


def _firm(known: Known) -> bool:
    return known.event.firm


def _tampered(known: Known) -> bool:
    return tampered(known)


def _long_estimated(known: Known) -> bool:
    return "D1" in known.rules


def _away(known: Known) -> bool:
    return known.rules == ["W13"]


def _moved(known: Known) -> bool:
    return "D12" in known.rules and {*known.rules} <= _SHIFTED


def _any(known: Known) -> bool:
    return True


_PLANS: Final[tuple[tuple[Cause, _Fits, Plan], ...]] = (
    ("leak", _gas, Plan(work="safety", priority=1)),
    ("burst", _gas, Plan(work="safety", priority=1)),
    ("leak", _business, Plan(notice="leak", work="inspect", priority=3)),
    ("leak", _any, Plan(notice="leak")),
    ("burst", _any, Plan(notice="burst", work="repair", priority=1)),
    ("meter_fault", _away, Plan()),
    ("meter_fault", _any, Plan(work="exchange", priority=3, hold=True)),
    ("theft", _firm, Plan(work="inspect", priority=2, hold=True)),
    ("theft", _tampered, Plan(work="inspect", priority=2, hold=True)),
    ("unusual_use", _tampered, Plan(work="inspect", priority=2)),
    ("estimated_read_error", _long_estimated, Plan(work="communication", priority=4, hold=True)),
    ("estimated_read_error", _any, Plan(hold=True)),
    ("data_error", _moved, Plan()),
    ("data_error", _any, Plan(work="inspect", priority=4, hold=True)),
    ("communication_fault", _any, Plan(work="communication", priority=4)),
)
"""The first that fits. Theft and gas are never told to a customer; on evidence of theft that is not firm
nothing is done, nor where nobody may be at home: D17 tells when it lasts. A clock is set from the head-end."""
_LASTS: Final = dict.fromkeys(("W1", "W4", "W14"), "leak_lasts_h") | {"W16": "toilet_lasts_h"}
"""How long a flow that a rule takes for a leak must have lasted at a home; the shortest of its rules counts."""
_STILL: Final = {"D17", "W13", "E3", "S1", "S2"}
"""What speaks of a meter that reads nothing; where no other rule does, a home may stand empty."""
_SHIFTED: Final = {"D12", "E3", "S1", "S2"}
"""What speaks of hours that have moved; where no other rule does, it may be a life that has."""
_HOLD_OFF: Final = {
    "loss": "hold_off_loss_h",
    "reads": "hold_off_reads_h",
    "silence": "hold_off_silence_h",
}


def plan(known: Known) -> Plan:
    """What is to be done.

    Behind the meter of a transformer or district is no customer: nobody is told, and nothing is billed.
    """
    wanted = next((p for cause, fits, p in _PLANS if cause == known.event.cause and fits(known)), Plan())
    if known.meter.is_total:
        wanted = dataclasses.replace(wanted, notice=None, hold=False)
    acts = wanted.work is not None or wanted.hold
    return dataclasses.replace(wanted, review=acts and known.event.review)


def hold_off_ends(known: Known, moment: Moment) -> int:
    """Event time, microseconds, from which something is done. Burst, gas safety and tamper wait for nothing."""
    event = known.event
    if event.cause == "burst" or (event.cause == "leak" and known.meter.service == "gas") or tampered(known):
        return known.since
    ends = known.since + moment.hours(_HOLD_OFF.get(FAMILY[event.cause], "hold_off_h"))
    lasts = _lasts(known, moment)
    ends = max(ends, to_us(event.start) + lasts) if lasts else ends
    return max(ends, lasting(known, moment))


def _lasts(known: Known, moment: Moment) -> int:
    """Microseconds for which silence or zeros are to last before anybody is sent; 0 for all else."""
    if known.event.cause == "communication_fault":
        return moment.hours("silence_lasts_h")
    if known.event.cause == "meter_fault" and "D17" in known.rules and {*known.rules} <= _STILL:
        return moment.days("zero_lasts_d")
    return 0


def lasting(known: Known, moment: Moment) -> int:
    """Event time, microseconds, from which a leak of water has lasted so long that it is surely one."""
    if known.event.cause != "leak" or not known.rules:
        return known.since
    lasts = min(moment.hours(_LASTS[rule]) if rule in _LASTS else 0 for rule in known.rules)
    return max(known.since, to_us(known.event.start) + lasts)


def stale(known: Known, moment: Moment, limit: int) -> bool:
    """Whether a trouble is too old to act on without a person, `limit` in microseconds.

    Compared is the time of release with the later of `detected_at` and `updated_at`, when it was last heard of, and
    with `evidence_end`, when it was last read, which is older where reads came late. Where a line does not say
    `evidence_end`, a leak or burst of water is also too old if it was detected more than `limit` and `leak_span_h`
    after its `start`, for rules that are given reads in time find it sooner.
    """
    event = known.event
    limit += _lasts(known, moment)  # it was waited for
    if moment.now - max(to_us(event.detected_at), to_us(event.updated_at)) > limit:
        return True
    if event.evidence_end is not None:
        return moment.now - to_us(event.evidence_end) > limit
    if FAMILY[event.cause] != "flow" or known.meter.service == "gas":
        return False
    return to_us(event.detected_at) - to_us(event.start) > limit + moment.hours("leak_span_h")
