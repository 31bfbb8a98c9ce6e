"""What rules say of a reading, and the shape in which they say it."""

from typing import Final

import numpy as np

from models.state.jit import inner

MOST_NAMED: Final = 3
FINDING: Final = np.dtype(
    [
        ("reading", "i8"),  # its position in the batch
        ("since", "i8"),  # from when on the rule says the trouble goes on
        ("value", "f8"),
        ("threshold", "f8"),
        ("total", "f8"),  # of the 24 h up to the reading, meter's unit
        ("usual", "f8"),  # expected of the same
        ("rule", "u1"),
        ("named", "i1", MOST_NAMED),  # features of `models.scoring.vector` that it is about; -1 = none
    ]
)


@inner
def say(findings, count, reading, rule, value, threshold, since):
    """Note a finding at `count`; the new count."""
    finding = findings[count]
    finding.reading = reading
    finding.rule = rule
    finding.value = value
    finding.threshold = threshold
    finding.since = since
    for n in range(MOST_NAMED):
        finding.named[n] = -1
    return count + 1
