"""Whether of what is said at 0.8 eight in ten are so."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from evaluation.judge import BENIGN
from evaluation.rates import about, lives
from evaluation.record import Plain, Record

BINS: Final = 10


class Said(NamedTuple):
    """An anomaly as it stood in the end."""

    cause: str
    confidence: float
    so: bool


def said(records: Sequence[Record]) -> list[Said]:
    """Every anomaly once, by its last line: so is what an event of one of its meters expects.

    That a look-alike is unusual use is so, too. On a meter with nothing labelled nothing is; but a cause that no label
    names, and a leak of what flows on by itself, cannot be judged and are left out.
    """
    named = {cause for record in records for event in record.events for cause in event.expected_causes or (BENIGN,)}
    return [
        Said(str(life.last["cause"]), float(life.last["confidence"]), life.last["cause"] == about(record, life))
        for record in records
        for life in lives(record)
        if life.last["cause"] in named
    ]


def calibration(records: Sequence[Record]) -> Plain:
    """Expected calibration error, `ece`: mean distance between confidence and share that is so, over bins of a tenth.

    `by_cause` has it for each cause, `mean_over_causes` is their plain mean; `bins` has (mean confidence, share that
    is so, count).
    """
    every = said(records)
    by_cause: dict[str, list[Said]] = {}
    for one in every:
        by_cause.setdefault(one.cause, []).append(one)
    causes = {
        cause: {
            "anomalies": len(own),
            "said": float(np.mean([one.confidence for one in own])),
            "so": float(np.mean([one.so for one in own])),
            "ece": _error(own),
        }
        for cause, own in sorted(by_cause.items())
    }
    return {
        "anomalies": len(every),
        "ece": _error(every),
        "mean_over_causes": float(np.mean([one["ece"] for one in causes.values()])) if causes else None,
        "by_cause": causes,
        "bins": _bins(every),
    }


def _bins(every: Sequence[Said]) -> list[tuple[float, float, int]]:
    place = np.array([min(int(one.confidence * BINS), BINS - 1) for one in every], np.int64)
    confidence, so = np.array([one.confidence for one in every]), np.array([one.so for one in every], float)
    return [
        (float(confidence[place == n].mean()), float(so[place == n].mean()), int((place == n).sum()))
        for n in np.unique(place)
    ]


def _error(every: Sequence[Said]) -> float | None:
    if not every:
        return None
    return float(sum(abs(mean - share) * count for mean, share, count in _bins(every)) / len(every))
