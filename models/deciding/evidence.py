"""What speaks for an anomaly and what against it, in plain sentences, and how much flows or is lost."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from models.contracts import Evidence
from models.domain.causes import FAMILY, Cause
from models.domain.times import DAY, NEVER, SECOND
from models.domain.units import SERVICES
from models.scoring.rules.measured import openings
from models.scoring.rules.registry import RULES
from models.scoring.vector import FEATURES
from models.state.partition import Partition

_USUAL: Final = 0.9
"""Of what is expected, and as much beyond it: a day within is as usual."""
_LATELY: Final = 2 * DAY
WITHIN: Final = 2.0
"""Mean absolute differences of a day from what is expected that nine days in ten stay within, as of a normal one."""


def speaks_for(finding: Any, unit: str) -> Evidence:
    """A rule's finding as a sentence."""
    rule = RULES[finding["rule"]]
    name = rule.unit.replace("unit", unit)
    value, threshold = float(finding["value"]), float(finding["threshold"])
    names = [FEATURES[n] for n in finding["named"].tolist() if n >= 0]
    named = f", most of all in {', '.join(names)}" if names else ""
    text = rule.text.format(value=value, threshold=threshold, unit=unit, named=named)
    return Evidence(rule=rule.id, value=value, threshold=threshold, unit=name, text=text)


def speaks_against(
    cause: Cause,
    rules: Iterable[int],
    day: tuple[float | None, float | None],
    at: int,
    partition: Partition,
    meter: int,
) -> Iterator[str]:
    """Sentences. `rules` name the cause; `day`: observed and expected in 24 h; `at`: the reading, microseconds."""
    row, service = partition.rows[meter], SERVICES[partition.service(meter)]
    read = row["register_at"] != NEVER and at - int(row["register_at"]) < _LATELY
    if cause in ("data_error", "estimated_read_error") and read and row["unmatched_since"] == NEVER:
        yield "the register, read in the last two days, agrees with the intervals"
    observed, expected = day
    if observed is not None and expected is not None and FAMILY[cause] in ("flow", "loss"):
        share = observed / expected if expected > 0 else 0.0
        if _USUAL <= share <= 2 - _USUAL:
            yield f"the last 24 h came to {100 * share:.0f} % of what is expected, as usual"
    if cause in ("theft", "meter_fault") and 0 <= at // SECOND - int(row["outage_until"]) < _LATELY // SECOND:
        yield "a power outage at the meter ended less than two days before"
    often = max((openings(RULES[n].id, service).false_rate, RULES[n].id) for n in rules)
    if often[0] > 0:
        yield f"rule {often[1]} says the same of sound meters, {often[0]:.2g} times in 1,000 days of a meter"


def rate_of(evidence: Iterable[Evidence], partition: Partition, meter: int) -> float | None:
    """Base units an hour beyond the meter's least hour, by the rules that tell a flow; None where none does."""
    base_units = float(partition.facts["base_units"][partition.fact_of[meter]])
    flows = [e.value * (1.0 if e.unit == "L/h" else base_units) for e in evidence if e.unit.endswith("/h")]
    if not flows:
        return None
    return round(max(max(flows) - float(partition.rows["base"][meter]) * base_units, 0.0), 3)


def within(partition: Partition, meter: int) -> float:
    """Meter's unit: what a day differs from the expected by at most, nine times in ten."""
    return round(24 * WITHIN * float(partition.rows["spread"][meter]), 6)
