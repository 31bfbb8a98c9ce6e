"""What rules say of a reading, and the shape in which they say it."""

from typing import Final

import numpy as np

from models.state.jit import inner

FINDING: Final = np.dtype([("reading", "i8"), ("since", "i8"), ("value", "f8"), ("threshold", "f8"), ("rule", "u1")])
"""`reading` is its position in the batch, `since` the moment from which the rule says the trouble goes on."""


@inner
def say(findings, count, reading, rule, value, threshold, since):
    """Note a finding at `count`; the new count."""
    finding = findings[count]
    finding.reading = reading
    finding.rule = rule
    finding.value = value
    finding.threshold = threshold
    finding.since = since
    return count + 1
