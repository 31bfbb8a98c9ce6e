"""Rules on the data itself, for every service: D3, D5, D9, D10, D13, D14, D17, D18; W9 of pipes, W13 of water.

Each looks at one reading with the day before it, says what it finds, and marks in `calm` the bits of the rules that
this reading speaks against: only those end an anomaly, silence of a rule for want of data does not.
"""

from typing import Final

import numpy as np

from models.baseline.departures import slow
from models.baseline.measure import (
    ACTIVE,
    BEFORE,
    BEFORE_2,
    COARSE,
    EXPECTED,
    FLAT,
    LEAST_HOUR,
    SEEN,
    SLOTS,
    SOLID_HOURS,
    TOP,
    TOTAL,
)
from models.domain.times import HOUR, NEVER, SECOND
from models.domain.units import ELECTRICITY, GAS, WATER
from models.scoring.rules.findings import say
from models.scoring.rules.registry import NUMBER, at
from models.state.jit import inner
from models.state.layout import FLAT_RUN, LEVEL, RATIO

_D3, _D5, _D9, _D10, _D13, _D14, _D15, _D17, _D18, _W9, _W13 = (
    np.int64(NUMBER[rule]) for rule in ("D3", "D5", "D9", "D10", "D13", "D14", "D15", "D17", "D18", "W9", "W13")
)
_STEP_TOLERANCE, _STEP_DAYS, _STEP_COARSE = at("D5", "tolerance"), at("D5", "days"), at("D5", "coarse")
_CONFLICTS = at("D9", "reads")
_NEGATIVE, _DIAL = at("D10", "grid_steps"), at("D10", "dial_share")
_SPIKE, _SPIKE_DAYS = at("D3", "ratio"), at("D3", "days")
_SPIKE_KW, _SPIKE_WATER, _SPIKE_GAS = at("D3", "kw"), at("D3", "water_l_h"), at("D3", "gas_l_h")
_FLAT, _FLAT_HOURS, _FLAT_STEPS = at("D13", "intervals"), at("D13", "hours"), at("D13", "grid_steps")
_FLAT_FEW, _FLAT_USUAL = at("D13", "few_steps"), at("D13", "usual")
_GAP = at("D14", "hours")
_ZERO_RATIO, _ZERO_SLOTS = at("D17", "ratio"), at("D17", "slots")
_ZERO_ELECTRICITY, _ZERO_EMPTY = at("D17", "electricity_h"), at("D17", "empty_h")
_ZERO_PIPE, _ZERO_DAYS = at("D17", "pipe_h"), at("D17", "days")
_UNUSED, _UNUSED_RATIO, _UNUSED_DAYS = at("W13", "hours"), at("W13", "ratio"), at("W13", "days")
_ZERO_ACTIVE, _ZERO_QUIET = at("D17", "active"), at("D17", "quiet")
_VOLTS = at("E4", "volts")
_CAPACITY, _GAS_CAPACITY = at("D18", "share"), at("D18", "gas_share")
_MINOR, _MAJOR = at("W9", "minor"), at("W9", "major")
_USUAL_FROM, _USUAL_TO = 0.3, 3.0
"""Ratios of a day to the usual that are no step."""
_UNEVEN: Final = 2.0
"""Largest interval of pipes over the mean one with use, on a day on which somebody is at home."""
_STEPS: Final = (1000.0, 100.0, 10.0, 0.1, 0.01, 0.001)


@inner
def multiplier_step(row, fact, features, settings):
    """The step that the last 24 h show against what is usual: 10, 0.1, their squares and cubes, or the meter's own
    multiplier left out or applied twice; 0 where none.

    A day's total, its largest interval and its least hour must all bear it out: an electric car raises the peak and not
    the base, a leak the base and not the peak, a vacation leaves the base. A step up leaves every value on a grid ten
    times as coarse, which no return from a vacation does; a leak of ten litres an hour does, and is even. A step down
    is only told of a meter that has a base.
    """
    if row.days < settings[_STEP_DAYS] or features[SEEN] < 0.9 * features[SLOTS] or features[EXPECTED] <= 0:
        return 0.0
    ratio = features[TOTAL] / features[EXPECTED]
    if (
        _USUAL_FROM < ratio < _USUAL_TO or ratio <= 0 or features[FLAT] > 0.5 * features[ACTIVE]
    ):  # what is even flows on
        return 0.0
    tolerance = settings[_STEP_TOLERANCE]
    top = features[TOP] / (row.interval_s / 3600.0)
    based = row.base > 0.05 * row.level and features[SOLID_HOURS] >= 18
    base = features[LEAST_HOUR] / row.base if based else ratio
    own = max(fact.multiplier, 1.0)
    for n in range(len(_STEPS) + 2 * (own > 1.0)):
        step = _STEPS[n] if n < len(_STEPS) else own if n == len(_STEPS) else 1.0 / own
        if not 1 / tolerance < ratio / step < tolerance or not 0.5 / tolerance < base / step < 2 * tolerance:
            continue
        if step > 1 and n < len(_STEPS):
            coarse = features[COARSE] >= settings[_STEP_COARSE] and features[COARSE] == features[ACTIVE]
            uneven = fact.service == ELECTRICITY or features[TOP] * features[ACTIVE] >= _UNEVEN * features[TOTAL]
            if coarse and uneven and top >= 2.0 * row.day_top:
                return step
        elif based:
            most, least = max(ratio, base, top / row.day_top), min(ratio, base, top / row.day_top)
            if 0.7 * step < least and most < 1.4 * step and most < 1.4 * least:
                return step
    return 0.0


@inner
def data_rules(
    row, fact, features, start, value, resolution, value_before, follows, settings, findings, count, i, calm
):
    """Findings of the data rules on one reading.

    `value_before`: start of the value before it; `follows`: a register came with it and moved by just its value.
    """
    interval = row.interval_s * SECOND
    hours = row.interval_s / 3600.0
    step = multiplier_step(row, fact, features, settings)
    if step > 0:
        count = say(findings, count, i, _D5, features[TOTAL] / features[EXPECTED], step, start + interval - 24 * HOUR)
    elif _USUAL_FROM * features[EXPECTED] < features[TOTAL] < _USUAL_TO * features[EXPECTED] or row.days == 0:
        calm |= 1 << _D5  # not merely because a day fits no step so well

    if row.conflicts > settings[_CONFLICTS] and start - row.conflict_at * SECOND < 24 * HOUR:
        count = say(findings, count, i, _D9, row.conflicts, settings[_CONFLICTS], start)
    else:
        calm |= 1 << _D9

    lowest = -max(settings[_NEGATIVE] * resolution, 0.02 * row.level * hours)
    rolled = fact.dial_max > 0 and abs(value + fact.dial_max) < settings[_DIAL] * 2 * fact.dial_max
    if value < lowest and not rolled:
        count = say(findings, count, i, _D10, value, lowest, start)
    else:
        calm |= 1 << _D10

    if fact.service == WATER or fact.service == GAS:
        minor, back = -settings[_MINOR] * resolution, -(value + features[BEFORE])
        twice = value < minor and features[BEFORE] < minor and not rolled
        if twice and back > settings[_MAJOR] * resolution:
            count = say(findings, count, i, _W9, back, settings[_MAJOR] * resolution, start - interval)
        elif value >= 0:
            calm |= 1 << _W9

    limit = settings[_SPIKE] * max(row.top, 1.2 * row.day_top) * hours
    if limit > 0:
        can = settings[_SPIKE_KW]
        if fact.service == WATER:
            can = settings[_SPIKE_WATER]
        elif fact.service == GAS:
            can = settings[_SPIKE_GAS]
        limit = max(limit, can * hours / fact.base_units)
    spiked = features[BEFORE] > limit and value <= 0.5 * limit and not features[BEFORE_2] > 0.5 * limit
    if spiked and limit > 0 and row.days >= settings[_SPIKE_DAYS]:
        count = say(findings, count, i, _D3, features[BEFORE], limit, start - interval)
    else:
        calm |= 1 << _D3

    capacity = (settings[_GAS_CAPACITY] if fact.service == GAS else settings[_CAPACITY]) * fact.size * 1000.0
    if fact.size > 0 and value / hours * fact.base_units > capacity:
        count = say(findings, count, i, _D18, value / hours * fact.base_units, capacity, start)
    else:
        calm |= 1 << _D18

    wires = fact.service == ELECTRICITY
    steps = settings[_FLAT_FEW] if wires else settings[_FLAT_STEPS]
    own = value <= steps * resolution or (follows and not wires)  # so small, or counted so, that it may be the same
    enough = max(settings[_FLAT], settings[_FLAT_HOURS] / hours)
    usual = row.stats[FLAT_RUN]
    if features[FLAT] >= enough and usual.mean > 0:  # seldom, and an exponential
        enough = max(enough, settings[_FLAT_USUAL] * np.expm1(usual.mean + 2.0 * usual.deviation / RATIO) / hours)
    if features[FLAT] >= enough and value > 0 and not own:
        since = start - np.int64(features[FLAT] - 1) * interval
        count = say(findings, count, i, _D13, features[FLAT], enough, since)
    elif features[FLAT] <= 1:
        calm |= 1 << _D13

    missed = max(settings[_GAP], 1.5 * hours)
    hole = 0.0 if value_before == NEVER else (start - value_before - interval) / HOUR
    if hole >= missed:
        count = say(findings, count, i, _D14, hole, missed, value_before + interval)
    else:
        calm |= 1 << _D14
    calm |= 1 << _D15

    if value > 0:
        calm |= 1 << _D17 | 1 << _W13
    elif value == 0 and row.zero_since != NEVER and row.days >= settings[_ZERO_DAYS]:
        empty = row.active < settings[_ZERO_ACTIVE] or slow(row, LEVEL) < -settings[_ZERO_QUIET]
        least = settings[_ZERO_PIPE]
        if fact.service == ELECTRICITY:
            least = settings[_ZERO_EMPTY] if empty else settings[_ZERO_ELECTRICITY]
        allowed = max(least, settings[_ZERO_SLOTS] * min(hours, 1.0), settings[_ZERO_RATIO] * row.zero_run)
        zeros = (start + interval - row.zero_since) / HOUR
        live = fact.service == ELECTRICITY and row.voltage > settings[_VOLTS]  # then it is a matter of E4
        if zeros >= allowed and row.level > 0 and not live:
            count = say(findings, count, i, _D17, zeros, allowed, row.zero_since)
        allowed = max(settings[_UNUSED], settings[_UNUSED_RATIO] * row.zero_run)
        used = fact.service == WATER and fact.customer_class <= 1 and row.days >= settings[_UNUSED_DAYS]
        if used and zeros >= allowed and row.level > 0:
            count = say(findings, count, i, _W13, zeros, allowed, row.zero_since)
    return count, calm
