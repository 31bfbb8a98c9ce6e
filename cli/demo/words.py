"""Times, origins and findings as a person reads them."""

from evaluation.judge import Line
from models.domain.times import to_datetime
from simulators.series import Series


def moment(us: int) -> str:
    """To the minute, UTC; 0 = there is none yet."""
    return f"{to_datetime(us):%Y-%m-%d %H:%M}Z" if us else "starting         "


def stamp(text: str) -> str:
    """`moment` of a time in a message."""
    return f"{text[:10]} {text[11:16]}Z"


def hours(seconds: float | None) -> str:
    """A delay; none = nothing was found."""
    return "-" if seconds is None else f"{seconds / 3600:,.1f} h"


def times(number: int) -> str:
    """How often."""
    return {0: "never", 1: "once"}.get(number, f"{number} times")


def incident(line: Line) -> str:
    """An anomaly of many meters."""
    return f"{line['cause']} of {len(line['meters'])} meters from {stamp(line['start'])}"


def origin(series: Series) -> str:
    """Where a series comes from, and whether anybody ever lived with it."""
    if series.origin == "simulated":
        return "simulated by its authors (eemeter's Illinois samples)"
    if series.meter.service == "water":
        return "a branch of a real water main (River's WaterFlow)"
    return "by the look of it a real British meter (eemeter's samples)"


def evidence(line: Line) -> str:
    """What the rules saw, in their words."""
    return "; ".join(seen["text"] for seen in line["evidence"])


def who(line: Line) -> str:
    """A meter, or how many."""
    return line["meter_id"] or f"{len(line['meters'])} meters"


def sentence(line: Line) -> str:
    """One event of `ami.anomalies`."""
    said = f"{stamp(line['updated_at'])}  {who(line)}  {line['cause']} {line['status']}"
    return f"{said}: {evidence(line)}" if line["status"] == "opened" else said
