"""The ring: a meter's intervals of the last 8 local days, by slot of the local day, as the readings came.

A day is a slab of 16-bit words: day number (2 words), a code a slot, a nibble a slot. Code x 10^-decimals is the value;
the nibble is quality rank (3 bits) and sign (1 bit). At 15 minutes this is 254 bytes a day, 2,032 in all.

A meter whose readings do not fit, since they lie off their slots or have more digits than a code holds, is *exact*:
its slots have two entries each of whole floats beside the words, so that what comes twice is still recognised by
(start, value) as it came.
"""

from typing import Final

import numpy as np

from models.domain.localtime import FIRST_DAY
from models.domain.quality import ABSENT, DERIVED, MISSING
from models.domain.times import DAY, NEVER, SECOND
from models.state.jit import inner
from models.state.layout import RING_DAYS

CATCH_UP: Final = 6
"""Rank of a slot whose value holds the use of the hole before it, too; compared as `DERIVED`."""
MAX_CODE: Final = 65_535
MAX_DECIMALS: Final = 6
ENTRIES: Final = 2
"""Starts that an exact meter can tell apart in one slot; a third is added to the second."""
EXACT: Final = np.dtype([("start", "i8"), ("value", "f8")])

NEW, SECOND_START, DUPLICATE, REVISED, OUTRANKED, LATE, REPLAYED = range(7)
"""What became of a reading: the first two are accepted; see `put`. LATE is older than the ring, REPLAYED is input that
the row has already seen."""

_POWERS: Final = 10.0 ** np.arange(MAX_DECIMALS + 1)
_HEADER: Final = 2


def slots_of(interval_s: int) -> int:
    """Slots in the longest local day, 25 hours."""
    return -(-90_000 // interval_s)


def words_of(interval_s: int) -> int:
    """16-bit words in a day's slab."""
    slots = slots_of(interval_s)
    return _HEADER + slots + -(-slots // 4)


@inner
def local_day(time, midnights):
    """Local day (days since 1970) of a moment; `midnights` as in `models.domain.localtime`."""
    at = time // DAY - FIRST_DAY
    while midnights[at] > time:
        at -= 1
    while midnights[at + 1] <= time:
        at += 1
    return at + FIRST_DAY


@inner
def slot_in_day(middle, day, interval_s, midnights):
    """Slot of the interval whose midpoint is `middle`."""
    return (middle - midnights[day - FIRST_DAY]) // (interval_s * SECOND)


@inner
def slots_in_day(day, interval_s, midnights):
    """Slots of this very day: 23, 24 or 25 hours' worth, at least 1."""
    length = midnights[day + 1 - FIRST_DAY] - midnights[day - FIRST_DAY]
    return max(1, length // (interval_s * SECOND))


@inner
def slab(ring_at, day, interval_s):
    """Where a day's words begin."""
    slots = (90_000 + interval_s - 1) // interval_s
    return ring_at + (day % RING_DAYS) * (_HEADER + slots + (slots + 3) // 4)


@inner
def day_at(ring, at):
    """Day that the slab at `at` is of; 0 while it is empty."""
    return np.int64(ring[at]) | (np.int64(ring[at + 1]) << 16)


@inner
def holds(ring, at, day):
    """Whether the slab at `at` is of this day."""
    return day_at(ring, at) == day


@inner
def open_day(ring, exact, at, exact_at, day, interval_s):
    """Empty the slab, and an exact meter's entries, for a new day."""
    slots = (90_000 + interval_s - 1) // interval_s
    ring[at] = day & 0xFFFF
    ring[at + 1] = (day >> 16) & 0xFFFF
    ring[at + _HEADER : at + _HEADER + slots] = 0
    ring[at + _HEADER + slots : at + _HEADER + slots + (slots + 3) // 4] = 0x7777
    if exact_at >= 0:
        e = _entry(exact_at, day, 0, interval_s)
        for entry in range(e, e + slots * ENTRIES):
            exact[entry].start = NEVER
            exact[entry].value = 0.0


@inner
def codes_of(at):
    """Where the codes of the slab at `at` begin."""
    return at + _HEADER


@inner
def nibbles_of(at, interval_s):
    """Where the nibbles of the slab at `at` begin."""
    return at + _HEADER + (90_000 + interval_s - 1) // interval_s


@inner
def nibble_at(ring, nibbles, slot):
    """Quality rank (3 bits) and sign (8) of a slot; `nibbles` as `nibbles_of` says."""
    return (np.int64(ring[nibbles + (slot >> 2)]) >> (4 * (slot & 3))) & 15


@inner
def decoded(code, nibble, power):
    """The value that a code stands for; `power`: ten to the meter's decimals, see `power_of`."""
    size = np.float64(code) / power
    return -size if nibble & 8 else size


@inner
def power_of(decimals):
    """Ten to the meter's decimals."""
    return _POWERS[decimals]


@inner
def rank_at(ring, at, slot, interval_s):
    """Quality rank in a slot; ABSENT where nothing came."""
    return nibble_at(ring, nibbles_of(at, interval_s), slot) & 7


@inner
def _mark(ring, at, slot, interval_s, nibble):
    word = at + _HEADER + (90_000 + interval_s - 1) // interval_s + slot // 4
    shift = 4 * (slot % 4)
    ring[word] = np.uint16((np.int64(ring[word]) & ~(15 << shift)) | (nibble << shift))


@inner
def _entry(exact_at, day, slot, interval_s):
    slots = (90_000 + interval_s - 1) // interval_s
    return exact_at + ((day % RING_DAYS) * slots + slot) * ENTRIES


@inner
def value_at(ring, exact, at, exact_at, day, slot, interval_s, decimals):
    """Value in a slot that is not absent; two starts in one slot are summed."""
    if exact_at >= 0:
        e = _entry(exact_at, day, slot, interval_s)
        if exact[e + 1].start != NEVER:
            return exact[e].value + exact[e + 1].value
        return exact[e].value
    nibble = nibble_at(ring, nibbles_of(at, interval_s), slot)
    return decoded(ring[codes_of(at) + slot], nibble, _POWERS[decimals])


@inner
def store(ring, exact, at, exact_at, day, slot, interval_s, decimals, entry, start, value, rank):
    """Write an entry of a slot, whatever is there."""
    if exact_at >= 0:
        e = _entry(exact_at, day, slot, interval_s)
        exact[e + entry].start = start
        exact[e + entry].value = value
        ring[at + _HEADER + slot] = 0
    else:
        ring[at + _HEADER + slot] = np.uint16(np.rint(abs(value) * _POWERS[decimals]))
    _mark(ring, at, slot, interval_s, rank | (8 if value < 0 else 0))


@inner
def put(ring, exact, at, exact_at, day, slot, interval_s, decimals, start, value, rank):
    """Keep a reading; says what became of it.

    NEW: the slot was empty. DUPLICATE: same start, equal value. REVISED: same start, other value, now in place.
    OUTRANKED: same start, other value of a worse quality, dropped. SECOND_START: another start in the slot, summed.
    A missing value is kept as 0 with rank MISSING.
    """
    there = rank_at(ring, at, slot, interval_s)
    if there == ABSENT:
        store(ring, exact, at, exact_at, day, slot, interval_s, decimals, 0, start, value, rank)
        return NEW
    entry = 0
    old = value
    if exact_at >= 0:
        e = _entry(exact_at, day, slot, interval_s)
        if exact[e].start == start:
            old = exact[e].value
        elif exact[e + 1].start == start:
            entry = 1
            old = exact[e + 1].value
        else:
            value += exact[e + 1].value
            store(ring, exact, at, exact_at, day, slot, interval_s, decimals, 1, start, value, min(rank, there))
            return SECOND_START
    else:
        old = value_at(ring, exact, at, exact_at, day, slot, interval_s, decimals)
    if old == value and (there == MISSING) == (rank == MISSING):
        return DUPLICATE
    if rank < (DERIVED if there == CATCH_UP else there):
        return OUTRANKED
    store(ring, exact, at, exact_at, day, slot, interval_s, decimals, entry, start, value, rank)
    return REVISED


@inner
def decimals_of(value):
    """Decimals a value is written with, `MAX_DECIMALS` + 1 where more than that."""
    for decimals in range(MAX_DECIMALS + 1):
        scaled = np.rint(value * _POWERS[decimals])
        if scaled / _POWERS[decimals] == value:
            return decimals
    return MAX_DECIMALS + 1
