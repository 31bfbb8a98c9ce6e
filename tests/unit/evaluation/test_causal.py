"""Looking ahead is seen wherever it shows: in a line, in a line too many, in a score."""

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from evaluation.causal import Written, first_difference
from evaluation.judge import instant
from tests.support.records import at, line

LAST = instant(at(5))


def written(*lines: dict[str, Any], scores: tuple[float, ...] = (0.1, np.nan, 0.3)) -> Written:
    columns = {"meter_id": np.array(["m"] * len(scores), object), "score": np.array(scores, np.float32)}
    return Written({"anomalies.jsonl": lines}, columns)


WHOLE = written(line("a", "m", "leak", 4), line("b", "m", "leak", 6), scores=(0.1, np.nan, 0.3, 0.4))


def test_more_may_follow() -> None:
    assert first_difference(written(line("a", "m", "leak", 4)), WHOLE, LAST) is None
    assert first_difference(WHOLE, WHOLE, LAST) is None


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (written(line("a", "m", "burst", 4)), "anomalies.jsonl: line 1 is"),
        (written(line("a", "m", "leak", 4), line("b", "m", "leak", 6), line("c", "m", "leak", 7)), "line 3"),
        (written(), "line 1 is .* with what came later, and nothing without it"),
        (written(line("a", "m", "leak", 4), scores=(0.1, np.nan, 0.2)), "scores: row 3, score is 0.2.* and 0.3"),
        (written(line("a", "m", "leak", 4), scores=(0.1, 0.2, 0.3)), "scores: row 2"),
        (written(line("a", "m", "leak", 4), scores=(0.1,) * 5), "5 rows"),
    ],
)
def test_the_first_difference_is_told(part: Written, says: str) -> None:
    found = first_difference(part, WHOLE, LAST)
    assert found is not None
    assert re.search(says, found)


def test_what_is_due_at_the_last_moment_may_be_said_with_what_follows() -> None:
    whole = dataclasses.replace(WHOLE, lines={"anomalies.jsonl": [line("a", "m", "leak", 5)]})
    assert first_difference(written(), whole, LAST) is None
