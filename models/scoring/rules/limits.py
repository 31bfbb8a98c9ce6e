"""Rules on what flows in a pipe, water and gas, against limits of the trade: W2b, W3, W5, W8, W10, W10b, G1, G2."""

import numpy as np

from models.baseline.measure import (
    ACTIVE,
    BEFORE,
    HOURLY,
    LAST_HOUR,
    LEAST_HOUR,
    SEEN,
    SLOTS,
    TOTAL,
    WET_HOURS,
    WIDTH,
)
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import WATER
from models.scoring.rules.findings import say
from models.scoring.rules.registry import NUMBER, at
from models.state.jit import inner

_W2B, _W3, _W5, _W8, _W10, _W10B, _G1, _G2 = (
    np.int64(NUMBER[rule]) for rule in ("W2b", "W3", "W5", "W8", "W10", "W10b", "G1", "G2")
)
_TIERS = at("W2b", "residential_h")
"""Hours and litres an hour, class by class"""
_SMALL, _SMALL_SIZE = at("W3", "small_l_h"), at("W3", "small_m3_h")
_LARGE, _LARGE_SIZE = at("W3", "large_l_h"), at("W3", "large_m3_h")
_QUARTERS = at("W5", "quarters")
_NOISE, _NOISE_HOURS = at("W8", "litres_day"), at("W8", "hours")
_CRITICAL, _CHRONIC = at("W10", "critical_l_h"), at("W10b", "weeks")
_HOUSEHOLD = at("W1", "household_l_h")
_CUT_OFF, _PAST, _PAST_DAYS = at("G1", "share"), at("W6", "past"), at("W15", "days")
_SAME, _EVEN_LEAST, _EVEN_SMALL = at("G2", "same"), at("G2", "least_l_h"), at("G2", "small_h")
_EVEN_MIDDLE, _EVEN_MIDDLE_HOURS = at("G2", "middle_l_h"), at("G2", "middle_h")
_EVEN_LARGE, _EVEN_LARGE_HOURS = at("G2", "large_l_h"), at("G2", "large_h")
_WEEK = 7 * DAY


@inner
def limit_rules(row, fact, features, start, value, resolution, day_seen, settings, findings, count, i, calm):
    """Findings on one reading of a pipe; `calm` bits as in the data rules. `day_seen`: enough of 24 h is solid.

    Longer intervals than an hour hide the hours without flow: nothing is told of them.
    """
    hours = row.interval_s / 3600.0
    if hours > 1:
        return count, calm
    if fact.service == WATER:
        return _water(row, fact, features, start, hours, day_seen, settings, findings, count, i, calm)
    return _gas(row, fact, features, start, value, hours, resolution, settings, findings, count, i, calm)


@inner
def _water(row, fact, features, start, hours, day_seen, settings, findings, count, i, calm):
    end = start + row.interval_s * SECOND
    litres = fact.base_units
    least, last = features[LEAST_HOUR] * litres, features[LAST_HOUR] * litres
    household = fact.customer_class <= 1 and features[TOTAL] * litres < settings[_HOUSEHOLD] * features[SEEN] * hours

    if fact.customer_class > 0:
        place = _TIERS + 2 * (fact.customer_class - 1)
        flow = settings[place + 1]
        if last < flow:
            calm |= 1 << _W2B
        if last < flow or row.tier_at == 0:
            row.tier_at = max(row.tier_at, start // SECOND)
        since = row.tier_at * SECOND + HOUR
        if day_seen and least >= flow and end - since >= settings[place] * HOUR:
            count = say(findings, count, i, _W2B, least, flow, since)

    if fact.size > 0:
        flow = settings[_SMALL] if fact.size <= settings[_SMALL_SIZE] else settings[_LARGE]
        if household and day_seen and least >= flow and fact.size <= settings[_LARGE_SIZE]:
            count = say(findings, count, i, _W3, least, flow, end - DAY)
        elif last < flow:
            calm |= 1 << _W3

    quarters = 96.0 * features[ACTIVE] / features[SLOTS]
    all_there = household and row.interval_s <= 900 and features[SEEN] == features[SLOTS]
    if all_there and quarters >= settings[_QUARTERS] and features[ACTIVE] < features[SLOTS]:
        count = say(findings, count, i, _W5, quarters, settings[_QUARTERS], end - DAY)
    elif quarters < settings[_QUARTERS]:
        calm |= 1 << _W5

    wet = features[WET_HOURS]
    if household and day_seen and 24.0 * least >= settings[_NOISE] and wet >= settings[_NOISE_HOURS]:
        count = say(findings, count, i, _W8, 24.0 * least, settings[_NOISE], end - np.int64(wet) * HOUR)
    elif 24.0 * last < settings[_NOISE]:
        calm |= 1 << _W8

    if household and day_seen and least >= settings[_CRITICAL]:
        count = say(findings, count, i, _W10, least, settings[_CRITICAL], end - DAY)
    elif last < settings[_CRITICAL]:
        calm |= 1 << _W10
    weeks = 0.0 if row.dry_at == NEVER else (end - row.dry_at - HOUR) / _WEEK
    if household and least > 0 and weeks >= settings[_CHRONIC]:
        count = say(findings, count, i, _W10B, weeks, settings[_CHRONIC], row.dry_at + HOUR)
    elif last == 0:
        calm |= 1 << _W10B
    return count, calm


@inner
def _gas(row, fact, features, start, value, hours, resolution, settings, findings, count, i, calm):
    end = start + row.interval_s * SECOND
    litres = fact.base_units
    last = features[LAST_HOUR] * litres

    allowed = settings[_CUT_OFF] * fact.size * 1000.0
    if row.days >= settings[_PAST_DAYS]:
        allowed = max(allowed, settings[_PAST] * row.peak * litres)
    flow = min(value, features[BEFORE]) / hours * litres
    if (
        fact.size > 0
        and flow >= allowed
        and not (_on_tens(value, resolution) and _on_tens(features[BEFORE], resolution))
    ):
        count = say(findings, count, i, _G1, flow, allowed, end - 2 * row.interval_s * SECOND)
    elif value / hours * litres < allowed:
        calm |= 1 << _G1

    even, apart = 1, settings[_SAME] * features[LAST_HOUR]
    if last >= settings[_EVEN_LEAST] and apart >= resolution:
        for hour in range(HOURLY + 1, WIDTH):
            if not abs(features[hour] - features[LAST_HOUR]) <= apart:
                break
            even += 1
    passes = settings[_EVEN_SMALL]
    if last >= settings[_EVEN_LARGE]:
        passes = settings[_EVEN_LARGE_HOURS]
    elif last >= settings[_EVEN_MIDDLE]:
        passes = settings[_EVEN_MIDDLE_HOURS]
    if even >= passes and last >= settings[_EVEN_LEAST]:
        count = say(findings, count, i, _G2, even, passes, end - even * HOUR)
    elif even <= 1:
        calm |= 1 << _G2
    return count, calm


@inner
def _on_tens(value, resolution):
    """On a grid ten times as coarse as the meter's: a unit step would be, and is left to D5."""
    tens = value / (10.0 * resolution)
    return abs(tens - np.rint(tens)) < 1e-6
