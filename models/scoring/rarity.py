"""How often each rule speaks in this very fleet: as measured elsewhere at first, with time as its own days say.

False rates of fleets lie up to a hundredfold apart, so that what a rule says is odd in one and daily bread in another.
Each closed day has kept of how many meters each rule spoke (`ClosedDay.said`). What spoke in the last fortnight may
well be true, and somebody is looking into it: it does not count yet.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.domain.times import DAY
from models.scoring.rules.measured import FALSE_DAYS, LASTS_DAYS
from models.scoring.rules.registry import RULES

PENDING_DAYS: Final = 14
"""Days whose findings do not count yet."""
NEWS: Final = 28 * DAY
"""What has gone on for longer is known by now, and makes no reading odd."""
NOTHING_SAID: Final = np.zeros((len(FALSE_DAYS), len(RULES) + 1), np.int32)
NOTHING_BEGUN: Final = np.zeros(FALSE_DAYS.shape, np.int32)


def rarity_of(said: NDArray[np.int32]) -> NDArray[np.float64]:
    """[services, rules] surprise (`models.scoring.calibrate`) of a finding; `said`: sum of `ClosedDay.said`.

    It is how few meter-days have one of the rule, or of a rarer one that spoke here. What was measured elsewhere weighs
    as much as one story of the rule. 0 of what has no false rate, see `FALSE_DAYS`.
    """
    known = FALSE_DAYS > 0
    weight = LASTS_DAYS / np.where(known, FALSE_DAYS, 1.0)
    share = np.where(known, (LASTS_DAYS + said[:, :-1]) / (weight + said[:, -1:]), 0.0)
    order = np.argsort(share, axis=1, kind="stable")
    heard = np.take_along_axis(np.where(said[:, :-1] > 0, share, 0.0), order, axis=1)
    rarer = np.empty(share.shape)
    np.put_along_axis(rarer, order, np.cumsum(heard, axis=1) - heard, axis=1)
    return np.where(known, -np.log(np.clip(share + rarer, 1e-12, 1.0)), 0.0)
