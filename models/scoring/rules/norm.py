"""Rules on use against the meter's own norm and its peers: D4, W7, E7, E8, G5."""

import numpy as np

from models.baseline.departures import STEADY_DAYS, slow
from models.baseline.measure import EXPECTED, FLAT, LEAST_HOUR, SEEN, SLOTS, SOLID_HOURS, TOP, TOTAL
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import ELECTRICITY, GAS, HEAT, WATER
from models.scoring.rules.findings import say
from models.scoring.rules.registry import NUMBER, at
from models.state.jit import inner
from models.state.layout import ZEROS

_D4, _W7, _E7, _E8, _G5 = (np.int64(NUMBER[rule]) for rule in ("D4", "W7", "E7", "E8", "G5"))
_HIGH, _LOW = at("D4", "high"), at("D4", "low")
_MIDDLE, _MIDDLE_HIGH, _MIDDLE_LOW = at("D4", "middle_kwh"), at("D4", "middle_high"), at("D4", "middle_low")
_LARGE, _LARGE_HIGH, _LARGE_LOW = at("D4", "large_kwh"), at("D4", "large_high"), at("D4", "large_low")
_NORM = at("W7", "ratio")
_SLOPE, _VOLTS_KW, _SLOPE_DAYS = at("E7", "ratio"), at("E7", "volts_kw"), at("E7", "days")
_WITHIN, _PEAK, _LEAST, _EVEN_DAYS = at("E8", "within"), at("E8", "peak"), at("E8", "least"), at("E8", "days")
_SAME = at("E8", "same_h")
_DEAD_HOURS, _DEAD_ZEROS = at("G5", "hours"), at("G5", "zeros")
_WARM = 7
"""Days learnt before a day is held against what is expected."""


@inner
def norm_rules(row, fact, features, start, many, settings, findings, count, i, calm):
    """Findings on one reading, and `calm` bits as in the data rules. `many`: enough peers used something of late."""
    end = start + row.interval_s * SECOND
    total, expected = features[TOTAL], features[EXPECTED]
    whole = row.days >= _WARM and features[SEEN] >= 0.9 * features[SLOTS] and expected > 0

    if fact.service == ELECTRICITY or fact.service == HEAT:
        high, low = settings[_HIGH], settings[_LOW]
        bill = 30.0 * expected * fact.base_units
        if bill >= settings[_LARGE]:
            high, low = settings[_LARGE_HIGH], settings[_LARGE_LOW]
        elif bill >= settings[_MIDDLE]:
            high, low = settings[_MIDDLE_HIGH], settings[_MIDDLE_LOW]
        off = 100.0 * (total / expected - 1.0) if expected > 0 else 0.0
        if whole and (off > high or off < -low):
            count = say(findings, count, i, _D4, off, high if off > 0 else -low, end - DAY)
        else:
            calm |= 1 << _D4

    if fact.service == WATER:
        if whole and total >= settings[_NORM] * expected and np.exp(row.drop) >= settings[_NORM]:
            count = say(findings, count, i, _W7, total / expected, settings[_NORM], end - DAY)
        elif total < settings[_NORM] * expected:
            calm |= 1 << _W7

    if fact.service == ELECTRICITY:
        known = row.days >= settings[_SLOPE_DAYS] and fact.has_generation == 0 and row.slope >= settings[_VOLTS_KW]
        if known and row.slope_now >= settings[_SLOPE] * row.slope:
            count = say(findings, count, i, _E7, row.slope_now / row.slope, settings[_SLOPE], end - 7 * DAY)
        elif row.slope_now < 0.5 * (1.0 + settings[_SLOPE]) * row.slope or row.slope == 0:
            calm |= 1 << _E7

        mean = total / max(features[SEEN], 1.0)
        top, rate = features[TOP], mean * 3600.0 / row.interval_s
        if top > settings[_WITHIN] * mean:
            calm |= 1 << _E8
        elif row.days >= settings[_EVEN_DAYS] and whole and rate >= settings[_LEAST] * row.level:
            uneven = row.day_top >= settings[_PEAK] * row.level
            apart = max(top / mean, rate / max(features[LEAST_HOUR], 1e-12))
            told = features[SOLID_HOURS] >= 18 and features[FLAT] * row.interval_s < 3600.0 * settings[_SAME]
            if uneven and told and apart <= settings[_WITHIN]:
                count = say(findings, count, i, _E8, apart, settings[_WITHIN], end - DAY)

    if fact.service == GAS:
        if row.zero_since == NEVER:
            calm |= 1 << _G5
        elif many and row.days > STEADY_DAYS and slow(row, ZEROS) >= settings[_DEAD_ZEROS]:
            zeros = (end - row.zero_since) / HOUR
            if zeros >= settings[_DEAD_HOURS]:
                count = say(findings, count, i, _G5, zeros, settings[_DEAD_HOURS], row.zero_since)
    return count, calm
