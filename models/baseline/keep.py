"""What a reading moves on in its meter's row, before anything is measured or judged by it."""

from typing import Final

import numpy as np

from models.baseline.measure import LAST_HOUR
from models.domain.quality import DERIVED, EDITED, ESTIMATED, MISSING
from models.domain.times import HOUR, NEVER, SECOND
from models.state import ring as r
from models.state.jit import inner

ZERO_BRIDGE: Final = 6 * HOUR
"""Longest hole that a run of zeros goes on over; one up to `_ZERO_GAP` is left out of it."""
_ZERO_GAP: Final = 24 * HOUR

_USUAL_H: Final = 24.0
"""Hours between uploads, until a meter shows otherwise."""


@inner
def heard(row, event_time):
    """A block came: how long its meter usually lets us wait. Rises towards a longer time by a fifth, falls slowly."""
    if row.heard_at == NEVER:
        row.upload_h = _USUAL_H
    if row.heard_at != NEVER and event_time > row.heard_at:
        waited = (event_time - row.heard_at) / HOUR
        row.upload_h += (0.2 if waited > row.upload_h else 0.01) * (waited - row.upload_h)
    row.heard_at = max(row.heard_at, event_time)


@inner
def rank_to_keep(row, value, rank, start, register, resolution):
    """`CATCH_UP` for a read that holds the use of the hole before it, by the register or by the meter's own maximum."""
    interval = row.interval_s * SECOND
    if row.value_at == NEVER or value <= 0 or rank < DERIVED:
        return rank
    hole = (start - row.value_at) // interval - 1
    if hole < 1:
        return rank
    if not np.isnan(register) and not np.isnan(row.register):
        step = register - row.register
        if abs(step - value) <= 2 * resolution + 1e-9 * abs(register):
            return r.CATCH_UP
        return rank
    most = row.top * row.interval_s / 3600.0
    if row.days > 0 and most < value <= (hole + 1) * most:
        return r.CATCH_UP
    return rank


@inner
def place_of(start, interval, interval_s, zone):
    """Local day and slot of an interval: those of its midpoint. `interval`: microseconds."""
    day = r.local_day(start + interval // 2, zone)
    return day, r.slot_in_day(start + interval // 2, day, interval_s, zone)


@inner
def advance(row, slot_time, value, rank, features, new_slot):
    """What a reading at the head moves on: newest slot, runs of zeros and of flow."""
    if slot_time > row.head:
        row.head = slot_time
    if rank == MISSING or not new_slot:
        return
    if slot_time > row.value_at:
        interval = row.interval_s * SECOND
        if value != 0 or rank < EDITED:
            if row.zero_since != NEVER:
                row.zeros_ended = max(row.zeros_ended, (slot_time - row.zero_since) / HOUR)
            row.zero_since = NEVER
        elif row.zero_since == NEVER or slot_time - row.value_at > interval + _ZERO_GAP:
            row.zero_since = slot_time
        elif slot_time - row.value_at > interval + ZERO_BRIDGE:
            row.zero_since += slot_time - row.value_at - interval
        if row.dry_at == NEVER or features[LAST_HOUR] == 0:
            row.dry_at = slot_time + interval - HOUR
        row.value_at = slot_time
        if rank == ESTIMATED:
            row.estimated_since = slot_time if row.estimated_since == NEVER else row.estimated_since
        elif rank >= EDITED:
            row.estimated_since = NEVER


@inner
def pend(row, start, amount, rank, fate, missing):
    """The sum of values since the register was read; a revision among them makes it incomparable."""
    if start + row.interval_s * SECOND // 2 < row.register_at or missing:  # reads come some seconds early or late
        return
    if fate == r.NEW or fate == r.SECOND_START:
        row.pending += amount
        row.pending_slots += fate == r.NEW
        row.pending_estimated += rank == ESTIMATED
    elif fate == r.REVISED:
        row.pending_slots = -(2**30)


@inner
def settle(row, register, end):
    """The register was read at `end`: values are summed up anew from there."""
    row.register, row.register_at = register, end
    row.pending, row.pending_slots, row.pending_estimated = 0.0, 0, 0


@inner
def receive(row, day, received):
    """Energy received from the customer, by local day."""
    if day > row.received_day:
        again = day == row.received_day + 1 and row.received > 0
        row.reverse_days = min(row.reverse_days + 1, 255) if again else 0
        row.received_before = row.received if day == row.received_day + 1 else 0.0
        row.received_day, row.received = day, 0.0
    if day == row.received_day and received > 0:
        row.received += received
