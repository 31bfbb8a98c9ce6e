"""Rules on use that is stolen, or cannot be: E1, E2, E3, E4, E5, E9."""

import numpy as np

from models.baseline.departures import STEADY_DAYS, fast, slow
from models.baseline.measure import SEEN, SLOTS, TOTAL
from models.domain.localtime import FIRST_DAY
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import ELECTRICITY, WATER
from models.scoring.rules.findings import say
from models.scoring.rules.registry import NUMBER, at
from models.state.jit import inner
from models.state.layout import LEAST, LEVEL, NIGHT, NO_DAY

_E1, _E2, _E3, _E4, _E5, _E9 = (np.int64(NUMBER[rule]) for rule in ("E1", "E2", "E3", "E4", "E5", "E9"))
_TAMPER = at("E1", "hours")
_REVERSE, _REVERSE_DAYS = at("E2", "kwh_day"), at("E2", "days")
_DROP_DAYS = at("E3", "days")
_DROP, _DROP_LEVEL, _DROP_BASE = at("E3", "ratio"), at("E3", "level"), at("E3", "base")
_DROP_BOTH, _DROP_STEP = at("E3", "both"), at("E3", "step")
_ZERO_HOURS, _VOLTS = at("E4", "hours"), at("E4", "volts")
_USE, _USE_WATER, _USE_GAS, _USE_DAYS = (
    at("E5", "kwh_day"),
    at("E5", "water_l_day"),
    at("E5", "gas_l_day"),
    at("E5", "days"),
)
_AFTER_DAYS, _AFTER_RATIO, _AFTER_LEVEL = at("E9", "days"), at("E9", "ratio"), at("E9", "level")
_OF_LATE = 2
"""Days ago that a step of the last days is dated."""
_INACTIVE = 1


@inner
def use_rules(row, fact, features, start, day, zone, settings, findings, count, i, calm):
    """Findings of the rules on use on one reading; `calm` bits as in the data rules."""
    end = start + row.interval_s * SECOND
    if row.tamper_at != NEVER and end - row.tamper_at <= settings[_TAMPER] * HOUR:
        count = say(findings, count, i, _E1, max((end - row.tamper_at) / HOUR, 0.0), settings[_TAMPER], row.tamper_at)
    else:
        calm |= 1 << _E1

    if fact.service == ELECTRICITY:
        received = row.received * fact.base_units
        days = row.reverse_days + (received > settings[_REVERSE])
        if fact.has_generation == 0 and received > settings[_REVERSE] and days >= settings[_REVERSE_DAYS]:
            since = zone[row.received_day - row.reverse_days - FIRST_DAY]
            count = say(findings, count, i, _E2, received, settings[_REVERSE], since)
        elif row.reverse_days == 0 and received <= settings[_REVERSE]:
            calm |= 1 << _E2

        if row.voltage > settings[_VOLTS] and row.zero_since != NEVER and row.days > 0 and row.level > 0:
            zeros = (end - row.zero_since) / HOUR
            if zeros >= max(settings[_ZERO_HOURS], row.zero_run):
                count = say(findings, count, i, _E4, zeros, settings[_ZERO_HOURS], row.zero_since)
        elif row.zero_since == NEVER:
            calm |= 1 << _E4

        level, drop = slow(row, LEVEL), np.exp(row.drop)
        base, of_late = min(slow(row, LEAST), slow(row, NIGHT)), fast(row, LEVEL)
        since = day if row.drop_day == NO_DAY else np.int64(row.drop_day)
        fallen = row.days > STEADY_DAYS and fact.has_generation == 0 and row.zero_since == NEVER
        lasting = of_late <= -settings[_DROP_LEVEL] and day - since >= settings[_DROP_DAYS]
        lasting = lasting and level + base <= -settings[_DROP_BOTH]
        low = level <= -settings[_DROP_LEVEL] and base <= -settings[_DROP_BASE] and drop <= settings[_DROP]
        if fallen and low and lasting:
            if of_late <= level - settings[_DROP_STEP]:  # on top of an old decline
                since = day - _OF_LATE
            count = say(findings, count, i, _E3, 100.0 * drop, 100.0 * settings[_DROP], zone[since - FIRST_DAY])
        elif level > -0.5 * settings[_DROP_LEVEL]:  # not merely a better day
            calm |= 1 << _E3
        after = row.tamper_at != NEVER and end - row.tamper_at <= settings[_AFTER_DAYS] * DAY
        low = of_late <= -settings[_AFTER_LEVEL] and drop <= settings[_AFTER_RATIO]
        if after and fallen and low:
            count = say(findings, count, i, _E9, 100.0 * drop, 100.0 * settings[_AFTER_RATIO], row.tamper_at)
        elif level > -0.5 * settings[_DROP_LEVEL]:
            calm |= 1 << _E9

    if fact.status == _INACTIVE:
        least = settings[_USE]
        if fact.service == WATER:
            least = settings[_USE_WATER]
        elif fact.service != ELECTRICITY:
            least = settings[_USE_GAS]
        used = features[TOTAL] * fact.base_units
        if used <= least:
            row.inactive_since = 0
            calm |= 1 << _E5
        elif features[SEEN] >= 0.75 * features[SLOTS]:
            if row.inactive_since == 0:
                row.inactive_since = max(end - DAY, row.first) // SECOND
            since = row.inactive_since * SECOND
            if end - since >= settings[_USE_DAYS] * DAY:
                count = say(findings, count, i, _E5, used, least, since)
    else:
        calm |= 1 << _E5
    return count, calm
