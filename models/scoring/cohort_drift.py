"""Drift of cohorts, from a partition's closed days: see `models.scoring.cohorts` for what finds it."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.domain.drifts import CohortDrift, Detector
from models.domain.units import CLASSES, SERVICES
from models.scoring.cohorts import LEVEL_DAYS, SCORE_DAYS, level_shifted, quantiles_of, scores_shifted
from models.scoring.vector import NOW
from models.state.closed import COHORTS, LEVEL_DRIFTED, PEERS, SCORES_DRIFTED, WHOLE, ClosedDay
from models.state.layout import LEVEL

_SERIES: Final[tuple[tuple[int, str, Detector], ...]] = (
    (LEVEL_DRIFTED, "level", "adwin"),
    (SCORES_DRIFTED, "scores", "kswin"),
)


def drifted(before: Mapping[int, ClosedDay], day: int, closed: ClosedDay) -> NDArray[np.uint8]:
    """`ClosedDay.drifted` of local day `day`, by the days `before` it. Cohorts of few have no drift."""
    said = np.zeros(COHORTS, np.uint8)
    for cohort in np.flatnonzero(closed.medians["peers"][:, LEVEL] >= PEERS).tolist():
        since = max((d for d, of in before.items() if d < day and of.drifted[cohort]), default=day - LEVEL_DAYS + 1)
        days = {d: of for d, of in before.items() if since <= d < day} | {day: closed}
        if level_shifted([_level(days.get(d), cohort) for d in range(since, day + 1)]):
            said[cohort] |= LEVEL_DRIFTED
        scores = [_scores(of, cohort) for d, of in sorted(days.items()) if d > day - SCORE_DAYS]
        if scores_shifted(np.stack(scores)):
            said[cohort] |= SCORES_DRIFTED
    return said


def told(zone: str, day: int, closed: ClosedDay) -> list[CohortDrift]:
    """The drifts of a closed day, to be reported."""
    found = []
    for cohort in np.flatnonzero(closed.drifted).tolist():
        service, own = divmod(cohort, WHOLE + 1)
        customer_class = None if own in (0, WHOLE) else CLASSES[own - 1]
        for bit, series, detector in _SERIES:
            if closed.drifted[cohort] & bit:
                found.append(CohortDrift(zone, SERVICES[service], customer_class, series, detector, day))
    return found


def _level(of: ClosedDay | None, cohort: int) -> float:
    """Median departure of the meters' levels from what is usual for each: a natural logarithm."""
    if of is None or of.medians["peers"][cohort, LEVEL] < PEERS:
        return np.nan
    return float(of.medians["mid"][cohort, LEVEL])


def _scores(of: ClosedDay, cohort: int) -> NDArray[np.float32]:
    there = of.of(cohort)
    return quantiles_of(of.parts[there[of.quiet[there]], NOW])
