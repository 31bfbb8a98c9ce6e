"""The rules on what the detectors say: S1 of closed days, S2 as a day ends."""

import numpy as np

from models.domain.localtime import FIRST_DAY
from models.domain.times import DAY
from models.scoring.calibrate import combined
from models.scoring.detectors.trees import attribution
from models.scoring.rules.findings import MOST_NAMED, say
from models.scoring.rules.registry import NUMBER, at
from models.scoring.vector import BASE, THEFT
from models.state.jit import inner

_S1, _S2 = np.int64(NUMBER["S1"]), np.int64(NUMBER["S2"])
_ONE_IN, _DAYS = at("S1", "one_in"), at("S1", "days")
_ODDS, _THEFT_ONE_IN = at("S2", "log_odds"), at("S2", "one_in")


@inner
def model_rules(surprises, x, nodes, start, settings, findings, count, i, calm):
    """Findings of the models on one reading: `surprises` of the parts and vector `x`; `calm` bits as in the data rules.

    What is named in a finding are the features that make the vector odd, the first most of all.
    """
    rare = combined(surprises[BASE:THEFT])
    if np.isnan(rare):
        return count, calm
    if rare < np.log(settings[_ONE_IN]):
        if rare < 0.5 * np.log(settings[_ONE_IN]):
            calm |= 1 << _S1
        return count, calm
    count = say(findings, count, i, _S1, np.exp(rare), settings[_ONE_IN], start - np.int64(settings[_DAYS] * DAY))
    shares, finding = attribution(nodes, x), findings[count - 1]
    for n in range(MOST_NAMED):
        best = np.argmax(shares)
        finding.named[n] = best if shares[best] > 0 else -1
        shares[best] = 0.0
    return count, calm


@inner
def theft_rules(before, now, surprise, day, zone, settings, findings, count, i, calm):
    """S2 at the last reading of a local day: log odds of theft as of the day `before` and `now`, and their surprise."""
    if now < 0:
        calm |= 1 << _S2
    elif min(before, now) >= settings[_ODDS] and not surprise < np.log(settings[_THEFT_ONE_IN]):
        count = say(findings, count, i, _S2, now, settings[_ODDS], zone[day - 1 - FIRST_DAY])
    return count, calm
