"""Rules on what flows in a pipe, water and gas: W1, W4, W6, W14, W15, W16, W17, G3, G6."""

import numpy as np

from models.baseline.measure import (
    HOURLY,
    LAST_HOUR,
    LEAST_HOUR,
    SEEN,
    SOLID_HOURS,
    TOP,
    TOTAL,
    TWO_HOURS,
    WET_HOURS,
    WIDTH,
)
from models.baseline.patterns import told_by_night
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import GAS, WATER
from models.scoring.rules.findings import say
from models.scoring.rules.registry import NUMBER, at
from models.state.jit import inner

_W1, _W4, _W6, _W14, _W15, _W16, _W17, _G3, _G6 = (
    np.int64(NUMBER[rule]) for rule in ("W1", "W4", "W6", "W14", "W15", "W16", "W17", "G3", "G6")
)
_TOP_RATIO, _TOP_RISE = at("G6", "ratio"), at("G6", "rise_l_h")
_TOP_HOURS, _TOP_DAYS = at("G6", "hours"), at("G6", "days")
_TOP_SURE, _TOP_LASTS = at("G6", "sure_hours"), at("G6", "lasts_h")
_TOP_APART = at("G6", "apart_l_h")
_FLOW, _SIZE, _HOUSEHOLD = at("W1", "flow_l_h"), at("W1", "size_m3_h"), at("W1", "household_l_h")
_STEADY_HOURS, _IDLE = at("W1", "steady_hours"), at("W4", "hours")
_SHARE, _GAS_SHARE, _PAST = at("W6", "share"), at("W6", "gas_share"), at("W6", "past")
_RATIO, _RISE, _BASE_DAYS = at("W14", "ratio"), at("W14", "rise_l_h"), at("W14", "days")
_PAST_TOP, _OTHERS_HOURS = at("W14", "past"), at("W14", "others_h")
_BURST, _GAS_BURST = at("W15", "ratio"), at("W15", "gas_ratio")
_FLOOR, _GAS_FLOOR = at("W15", "floor_l_h"), at("W15", "gas_floor_l_h")
_SUDDEN, _EVEN, _BURST_DAYS = at("W15", "sudden_l_h"), at("W15", "even"), at("W15", "days")
_TOLD, _NIGHTS, _NIGHT_DAYS = at("W16", "told"), at("W16", "nights"), at("W16", "days")
_BAND, _BAND_SHARE = at("W17", "band"), at("W17", "share")
_STOP_DAYS, _STEADY = at("G3", "days"), at("G3", "steady")
SOLID = 18
"""Hours of 24 that must be there: an about-hourly meter skips a slot now and then."""
_FEWEST, _OF_FEW = 14, 2
"""With fewer hours than these no leak is told, and so many more must be steady where hours are few."""


@inner
def _on_tens(flow, resolution):
    """Whether an hour's flow lies on a grid ten times as coarse as the meter's: of a real one that is one in ten."""
    tens = flow / (10.0 * resolution) if resolution > 0 else 0.5
    return flow > 0 and abs(tens - np.rint(tens)) < 1e-6


@inner
def pipe_rules(row, fact, features, start, day, at_six, settings, findings, count, i, calm):
    """Findings of the flow rules on one reading; `calm` bits as in the data rules. `at_six`: it ends at six, local.

    Longer intervals than an hour hide the hours without flow: of them only bursts are told.
    """
    interval = row.interval_s * SECOND
    end = start + interval
    hours = row.interval_s / 3600.0
    litres = fact.base_units
    least, last = features[LEAST_HOUR], features[LAST_HOUR]
    two_hours = features[TWO_HOURS]
    hourly = hours <= 1
    day_seen = hourly and features[SOLID_HOURS] >= SOLID and end - row.first >= DAY
    day_since = end - DAY
    burst = two_hours if hourly else last
    near = 0  # hours about the least one: a leak adds to all hours alike, and some had nothing else
    for hour in range(HOURLY, WIDTH):
        if features[hour] <= 1.25 * least + 1.0 / litres:
            near += 1
    few = features[SOLID_HOURS] < SOLID
    flows_on = hourly and features[SOLID_HOURS] >= _FEWEST and end - row.first >= DAY
    flows_on = flows_on and near >= settings[_STEADY_HOURS] + _OF_FEW * few

    share = settings[_GAS_SHARE] if fact.service == GAS else settings[_SHARE]
    allowed = share * fact.size * 1000.0
    if row.days >= settings[_BURST_DAYS]:
        allowed = max(allowed, settings[_PAST] * row.peak * litres)
    resolution = max(fact.resolution, row.resolution)
    before, third = features[HOURLY + 1], features[HOURLY + 2]
    tens = _on_tens(last, resolution) and _on_tens(before, resolution) and _on_tens(third, resolution)
    tenfold = hourly and tens and not last == before == third  # what just flows on is even
    if tenfold:
        burst = np.nan  # left to D5

    if fact.size > 0 and burst * litres >= allowed:
        count = say(findings, count, i, _W6, burst * litres, allowed, end - 2 * max(HOUR, interval))
    elif last * litres < allowed and not tenfold:
        calm |= 1 << _W6

    ratio = settings[_GAS_BURST] if fact.service == GAS else settings[_BURST]
    floor = settings[_GAS_FLOOR] if fact.service == GAS else settings[_FLOOR]
    allowed = max(ratio * row.peak, floor / litres)
    if hourly and fact.service == WATER:  # an hour and a half of watering the garden fills no two hours evenly
        sudden = burst >= max(settings[_EVEN] * max(last, before), settings[_SUDDEN] / litres)
        burst = burst if sudden or third > allowed else np.nan
    if row.days >= settings[_BURST_DAYS] and burst > allowed:
        count = say(findings, count, i, _W15, burst, allowed, end - 2 * max(HOUR, interval))
    elif last <= allowed and not tenfold:
        calm |= 1 << _W15

    if fact.service == WATER:
        daily = features[TOTAL] / max(features[SEEN] * hours, hours) * litres
        household = fact.customer_class <= 1 and fact.size <= settings[_SIZE] and daily < settings[_HOUSEHOLD]
        if household and flows_on and least * litres >= settings[_FLOW]:
            count = say(findings, count, i, _W1, least * litres, settings[_FLOW], day_since)
        elif last * litres < settings[_FLOW]:
            calm |= 1 << _W1
        if household and hourly and features[WET_HOURS] >= settings[_IDLE]:
            count = say(
                findings,
                count,
                i,
                _W4,
                features[WET_HOURS],
                settings[_IDLE],
                end - np.int64(features[WET_HOURS]) * HOUR,
            )
        elif last == 0:
            calm |= 1 << _W4
        allowed = max(settings[_RATIO] * row.base, row.base + settings[_RISE] / litres)
        since = day_since
        if not household:  # works have weekends, and shifts
            allowed = max(allowed, settings[_PAST_TOP] * row.base_top)
            if not last > allowed or row.low_at == 0:
                row.low_at = start // SECOND
            since = row.low_at * SECOND + HOUR
        if flows_on and least > allowed:
            row.fired_day[day % 2] = max(row.fired_day[day % 2], day)  # told or not yet, the day teaches little
        lasting = household or end - since >= settings[_OTHERS_HOURS] * HOUR
        if row.days >= settings[_BASE_DAYS] and flows_on and least > allowed and lasting:
            count = say(findings, count, i, _W14, least, allowed, since)
        elif last <= allowed:
            calm |= 1 << _W14

        if at_six and household and hourly and row.days >= settings[_NIGHT_DAYS]:
            night, _ = told_by_night(litres * features[HOURLY:WIDTH], litres * resolution, row.night)
            told = row.wet + night
            comes_and_goes = least * litres < settings[_FLOW]  # if it never stops the others tell
            if night > 0 and told >= settings[_TOLD] and row.wet_nights + 1 >= settings[_NIGHTS] and comes_and_goes:
                since = end - DAY - 6 * HOUR  # the first of the nights may have been chance
                count = say(findings, count, i, _W16, told, settings[_TOLD], since)
        elif row.wet < 0.5 * settings[_TOLD]:
            calm |= 1 << _W16

        low, high = np.inf, -np.inf  # of the day up to two hours ago
        for hour in range(HOURLY + 2, WIDTH):
            if features[hour] == features[hour]:
                low, high = min(low, features[hour]), max(high, features[hour])
        band = max(settings[_BAND] * (high - low), settings[_BAND_SHARE] * high)
        narrow = day_seen and high - low <= 2.0 * settings[_BAND_SHARE] * high
        if not household and narrow and low * litres >= settings[_HOUSEHOLD]:
            up = last > max(high + band, row.top)
            if up or last < min(low - band, (1.0 - settings[_BAND_SHARE]) * row.base):
                count = say(findings, count, i, _W17, last, high + band if up else low - band, start)
            else:
                calm |= 1 << _W17
        elif household:
            calm |= 1 << _W17

    if fact.service == GAS:
        wet = 0.0 if row.dry_at == NEVER else (end - row.dry_at) / HOUR - 1
        steady = day_seen and features[TOP] / hours <= settings[_STEADY] * max(least, 1e-12)
        if wet >= settings[_STOP_DAYS] * 24 and steady:
            count = say(findings, count, i, _G3, wet, settings[_STOP_DAYS] * 24, row.dry_at + HOUR)
        elif last == 0:
            calm |= 1 << _G3
        allowed = max(settings[_TOP_RATIO] * row.base_top, row.base_top + settings[_TOP_RISE] / litres)
        even = max(min(1.25 * least, least + settings[_TOP_APART] / litres), least + 1.5 * resolution)  # or a pulse
        at_least = 0
        for hour in range(HOURLY, WIDTH):
            if features[hour] <= even:
                at_least += 1
        lasting = wet >= settings[_TOP_LASTS]
        steady = at_least >= (settings[_TOP_HOURS] if lasting else settings[_TOP_SURE])
        if row.days >= settings[_TOP_DAYS] and day_seen and least > allowed and steady:
            count = say(findings, count, i, _G6, least, allowed, day_since)
        elif last <= allowed:
            calm |= 1 << _G6
    return count, calm
