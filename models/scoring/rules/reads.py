"""Rules on how a reading came about: its register, its quality, its day as a whole. D1, D2, D6, D8, D12, D16,
D19."""

import numpy as np

from models.baseline.measure import FLAT, HERE
from models.domain.localtime import FIRST_DAY
from models.domain.quality import EDITED, ESTIMATED
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import ELECTRICITY, GAS
from models.scoring.rules.findings import say
from models.scoring.rules.registry import NUMBER, at
from models.state.jit import inner
from models.state.ring import decimals_of

_D1, _D2, _D6, _D8, _D12, _D16, _D19 = (
    np.int64(NUMBER[rule]) for rule in ("D1", "D2", "D6", "D8", "D12", "D16", "D19")
)
_ESTIMATED_DAYS = at("D1", "days")
_SHARE, _STEPS, _LASTS = at("D2", "share"), at("D2", "grid_steps"), at("D2", "hours")
_SURE, _SURE_LASTS = at("D2", "sure"), at("D2", "sure_hours")
_JUMP, _JUMP_STEPS, _JUMP_HOURS = at("D6", "share"), at("D6", "grid_steps"), at("D6", "hours")
_SHIFT = at("D12", "hours")
_STALE, _STALE_STEPS = at("D8", "hours"), at("D8", "steps")
_ALONE = at("D19", "days")
_SEEN_LATE = 1
"""Days until the last days fit better turned."""


@inner
def read_rules(
    row, fact, features, start, day, zone, value, rank, estimated_since, register, copied_day, copied_since,
    settings, findings, count, i, calm,
):  # fmt: skip
    """Findings on one reading from its quality and its day.

    `estimated_since`: of the run of estimates before it; `copied_day`, `copied_since`: as far as this reading shows.
    """
    interval = row.interval_s * SECOND
    since = row.estimated_since
    if rank == ESTIMATED and since != NEVER and start + interval - since >= settings[_ESTIMATED_DAYS] * DAY:
        count = say(findings, count, i, _D1, (start + interval - since) / DAY, settings[_ESTIMATED_DAYS], since)
    elif rank >= EDITED:
        calm |= 1 << _D1

    if rank >= EDITED and estimated_since != NEVER and start > estimated_since and row.days > 0:
        run = (start - estimated_since) / HOUR * row.level
        off = value - features[HERE]
        if abs(off) > settings[_JUMP] * run and start - estimated_since >= settings[_JUMP_HOURS] * HOUR:
            count = say(findings, count, i, _D6, 100.0 * abs(off) / run, 100.0 * settings[_JUMP], estimated_since)
    elif rank >= EDITED:
        calm |= 1 << _D6

    if copied_day >= day - 1:
        copied = np.float64(copied_day - copied_since + 1)
        count = say(findings, count, i, _D16, copied, 1.0, zone[copied_since - FIRST_DAY])
    else:
        calm |= 1 << _D16

    home = fact.service != GAS and fact.customer_class <= 1  # mains pump when they like, heating follows the weather
    own = fact.is_total == 0 and (fact.service == ELECTRICITY or home)
    if own and abs(row.shift) >= settings[_SHIFT] and row.closed_day > row.shift_day:
        count = say(findings, count, i, _D12, row.shift, settings[_SHIFT], zone[row.shift_day - _SEEN_LATE - FIRST_DAY])
    else:
        calm |= 1 << _D12

    alone = 0.0 if np.isnan(row.register) or not np.isnan(register) else (start + interval - row.register_at) / DAY
    if alone >= settings[_ALONE]:
        count = say(findings, count, i, _D19, alone, settings[_ALONE], row.register_at)
    else:
        calm |= 1 << _D19
    return count, calm


@inner
def register_rules(
    row, fact, features, start, register, day, resolution, copied_day, settings, findings, count, i, calm
):
    """Findings on a register read: what it moved by since the one before, against the values in between.

    None of them may be revised, and a hole counts for anything from nothing to the meter's own maximum; a register that
    fell back was exchanged or reset. Which of both is wrong where estimates stand in between is no question: D6.
    """
    interval = row.interval_s * SECOND
    missing = (start + interval - row.register_at) // interval - row.pending_slots
    if np.isnan(row.register) or row.pending_slots < 0 or missing < 0:
        return count, calm
    step = register - row.register
    if step < 0 and fact.dial_max > 0:
        step += fact.dial_max
    grid = max(resolution, 1e-9 * abs(register))
    if step < -2.0 * grid:
        return count, calm
    off = row.pending - step
    if missing > 0 and off < 0:
        off = min(off + missing * row.top * interval / HOUR, 0.0)
    if row.pending_estimated > 0:
        if missing > 0 or row.pending_estimated * row.interval_s < settings[_JUMP_HOURS] * 3600:
            return count, calm
        allowed = max(settings[_JUMP] * abs(row.pending), settings[_JUMP_STEPS] * grid)
        if abs(off) > allowed:
            share = 100.0 * abs(off) / max(abs(row.pending), grid)
            count = say(findings, count, i, _D6, share, 100.0 * settings[_JUMP], row.register_at)
        return count, calm
    made_up = (features[FLAT] * row.interval_s >= 6 * 3600 and row.pending > 0) or copied_day >= day - 2
    allowed = max(settings[_SHARE] * abs(step), settings[_STEPS] * grid)
    before = 0.0 if row.unmatched_since == NEVER else row.unmatched
    if abs(off) <= allowed and missing > 0:
        return count, calm
    if abs(off) <= allowed or abs(before + off) <= allowed:  # or a slip that is made good
        row.unmatched_since = NEVER
        calm |= 1 << _D2
        calm |= 1 << _D8
    elif not made_up:
        if row.unmatched_since == NEVER:
            row.unmatched_since = row.register_at
        row.unmatched = before + off
        lasts = (start + interval - row.unmatched_since) / HOUR
        sure = settings[_SURE] * abs(step) < abs(off) < 0.5 * abs(step) and lasts >= settings[_SURE_LASTS]
        used = step == 0 and row.pending > settings[_STALE_STEPS] * 10.0 ** -np.float64(decimals_of(register))
        if used and lasts >= settings[_STALE]:
            count = say(findings, count, i, _D8, lasts, settings[_STALE], row.unmatched_since)
        if sure or lasts >= settings[_LASTS]:
            count = say(findings, count, i, _D2, row.pending, step, row.unmatched_since)
    return count, calm
