"""The kernels' helpers against plain Python twins, which say the same without bits, slabs and compiled code."""

import dataclasses
import math
from typing import Any, Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from models.baseline import day as days_of
from models.baseline import expect, learn, measure
from models.domain.ids import murmur2, partition_of
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.quality import ABSENT, DERIVED, EDITED, MISSING, VALID
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.scoring import vector
from models.scoring.calibrate import CAP, table_of
from models.scoring.vector import PARTS
from models.state import ring
from models.state.layout import RATIO, RING_DAYS, new_rows
from tests import kit

_MANY: Final = hypothesis.settings(max_examples=25, derandomize=True)
_RING: Final[Any] = ring
_DAY: Final[Any] = days_of
_LEARN: Final[Any] = learn
_MEASURE: Final[Any] = measure
_EXPECT: Final[Any] = expect
_VECTOR: Final[Any] = vector
"""Kernels have no types."""

# Partitioner ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_murmur2_is_that_of_the_java_client(key: str, signed: int) -> None:
    """The vectors of Kafka's own UtilsTest; the partitioner drops the sign."""
    assert murmur2(key.encode()) == signed & 0x7FFFFFFF
    assert partition_of(key, 12) == (signed & 0x7FFFFFFF) % 12


# Ring -----------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class PlainRing:
    """Day -> slot -> entries (start, value) and the slot's rank; at most `RING_DAYS` days, by the place they take."""

    days: dict[int, tuple[int, dict[int, tuple[list[list[float]], int]]]] = dataclasses.field(default_factory=dict)

    def slots(self, day: int) -> dict[int, tuple[list[list[float]], int]]:
        there, slots = self.days.get(day % RING_DAYS, (day, {}))
        if there != day:
            slots = {}
        self.days[day % RING_DAYS] = (day, slots)
        return slots

    def put(self, day: int, slot: int, start: int, value: float, rank: int) -> int:
        slots = self.slots(day)
        if slot not in slots:
            slots[slot] = ([[start, value]], rank)
            return ring.NEW
        entries, there = slots[slot]
        same = [entry for entry in entries if entry[0] == start]
        if not same:
            slots[slot] = ([entries[0], [start, value + sum(e[1] for e in entries[1:])]], min(rank, there))
            return ring.SECOND_START
        if same[0][1] == value and (there == MISSING) == (rank == MISSING):
            return ring.DUPLICATE
        if rank < (DERIVED if there == ring.CATCH_UP else there):
            return ring.OUTRANKED
        same[0][1] = value
        slots[slot] = (entries, rank)
        return ring.REVISED


puts = st.lists(
    st.tuples(
        st.integers(20_000, 20_012),  # day
        st.integers(0, 24),  # slot
        st.integers(0, 2),  # start within the slot
        st.sampled_from([0.0, 1.0, 2.5, -2.5, 65.535, 0.001, 12.0]),
        st.sampled_from([MISSING, 1, 2, DERIVED, EDITED, VALID, ring.CATCH_UP]),
    ),
    max_size=60,
)


@_MANY
@hypothesis.given(puts, st.booleans())
def test_the_ring_is_a_dict_of_dicts(puts: list[tuple[int, int, int, float, int]], exact: bool) -> None:
    interval_s, decimals, plain = 3600, 3, PlainRing()
    words = np.zeros(ring.words_of(interval_s) * RING_DAYS, np.uint16)
    entries = np.zeros(ring.slots_of(interval_s) * ring.ENTRIES * RING_DAYS, ring.EXACT)
    entries["start"] = NEVER
    exact_at = 0 if exact else -1
    for day, slot, within, size, rank in puts:
        start = (day * 24 + slot) * HOUR + (within * SECOND if exact else 0)
        value = 0.0 if rank == MISSING else size
        at = _RING.slab(0, day, interval_s)
        if not _RING.holds(words, at, day):
            _RING.open_day(words, entries, at, exact_at, day, interval_s)
        if rank == ring.CATCH_UP and slot in plain.slots(day):
            continue  # is only given to the newest slot, which is empty
        fate = _RING.put(words, entries, at, exact_at, day, slot, interval_s, decimals, start, value, rank)
        assert fate == plain.put(day, slot, start, value, rank)
    for day, slots in plain.days.values():
        at = _RING.slab(0, day, interval_s)
        assert _RING.day_at(words, at) == day
        for slot in range(25):
            found, rank = slots.get(slot, ([], ABSENT))
            assert _RING.rank_at(words, at, slot, interval_s) == rank
            if found:
                value = _RING.value_at(words, entries, at, exact_at, day, slot, interval_s, decimals)
                assert value == pytest.approx(sum(entry[1] for entry in found), abs=1e-12)


@_MANY
@hypothesis.given(st.integers(-(10**7), 10**7), st.integers(0, 6))
def test_decimals_are_those_that_a_value_is_written_with(digits: int, decimals: int) -> None:
    value = digits / 10**decimals
    written = f"{value:.{decimals}f}".rstrip("0").partition(".")[2]
    assert _RING.decimals_of(value) == (len(written) if decimals else 0)


@pytest.mark.parametrize("value", [0.1234567, 1e-7, math.pi, 1 / 3])
def test_more_decimals_than_six_are_too_many(value: float) -> None:
    assert _RING.decimals_of(value) == ring.MAX_DECIMALS + 1


@_MANY
@hypothesis.given(
    st.sampled_from(["UTC", "Europe/Madrid", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"]),
    st.integers(kit.us("1990-01-01T00:00"), kit.us("2099-12-31T00:00")),
)
def test_a_local_day_holds_its_moment(timezone: str, moment: int) -> None:
    starts = midnights(timezone)
    day = _RING.local_day(moment, starts)
    assert day == int(np.searchsorted(starts, moment, side="right")) - 1 + FIRST_DAY
    assert starts[day - FIRST_DAY] <= moment < starts[day + 1 - FIRST_DAY]
    slot = _RING.slot_in_day(moment, day, 900, starts)
    assert 0 <= slot < ring.slots_of(900)


# Measure --------------------------------------------------------------------------------------------------------------


def measured(values: list[float | None], ranks: list[int]) -> dict[int, float]:
    """The features of hourly slots, oldest first, with no past learnt: a twin of `measure`."""
    last = list(zip(values, ranks, strict=True))[-24:]
    seen = [value for value, _ in last if value is not None]
    solid = [value for value, rank in last if value is not None and rank in (VALID, EDITED) and value >= 0]
    out = {
        measure.TOTAL: sum(seen),
        measure.SEEN: len(seen),
        measure.SLOTS: 24,
        measure.TOP: max([0.0, *seen]),
        measure.ACTIVE: sum(value != 0 for value in seen),
        measure.SOLID_HOURS: len(solid),
        measure.LEAST_HOUR: min([math.inf, *solid]),
        measure.BEFORE: nan(values, 1),
        measure.BEFORE_2: nan(values, 2),
    }
    is_solid = [v is not None and r in (VALID, EDITED) and v >= 0 for v, r in zip(values, ranks, strict=True)]
    hours = [v if s and v is not None else math.nan for v, s in zip(values, is_solid, strict=True)][::-1]
    out |= {measure.HOURLY + n: hours[n] if n < len(hours) else math.nan for n in range(24)}
    out[measure.COARSE] = sum(value != 0 and value % 1 == 0 for value in seen)
    out[measure.LAST_HOUR] = hours[0]
    out[measure.TWO_HOURS] = min(hours[:2]) if len(hours) > 1 and not any(map(math.isnan, hours[:2])) else math.nan
    flat = 0
    while flat < min(24, len(values)) and values[-1] is not None and values[-1 - flat] == values[-1]:
        flat += 1
    out[measure.FLAT] = flat
    lost = wet = 0
    for passed, hour in enumerate([*hours, *[math.nan] * 48][:48], 1):
        lost += math.isnan(hour)
        if hour <= 0 or lost > 12:
            break
        wet = passed if hour > 0 else wet
    out[measure.WET_HOURS] = wet
    return out


def nan(values: list[float | None], back: int) -> float:
    value = values[-1 - back] if len(values) > back else None
    return math.nan if value is None else value


slots = st.lists(
    st.tuples(
        st.sampled_from([None, 0.0, 1.0, 1.0, 1.0, 2.5, -3.0]), st.sampled_from([VALID, VALID, VALID, EDITED, DERIVED])
    ),
    min_size=1,
    max_size=70,
)


@_MANY
@hypothesis.given(slots)
def test_measure_is_a_walk_over_a_plain_list(slots: list[tuple[float | None, int]]) -> None:
    interval_s, first = 3600, kit.us("2024-03-20")
    starts, row = midnights("UTC"), new_rows(1)[0]
    row["interval_s"], row["decimals"] = interval_s, 1
    words, none = np.zeros(ring.words_of(interval_s) * RING_DAYS, np.uint16), np.zeros(0, ring.EXACT)
    day = slot = 0
    for n, (value, rank) in enumerate(slots):
        start = first + n * HOUR
        day = _RING.local_day(start, starts)
        slot = _RING.slot_in_day(start, day, interval_s, starts)
        at = _RING.slab(0, day, interval_s)
        if not _RING.holds(words, at, day):
            _RING.open_day(words, none, at, -1, day, interval_s)
        kept = MISSING if value is None else rank
        _RING.put(words, none, at, -1, day, slot, interval_s, 1, start, 0.0 if value is None else value, kept)
    out = np.empty(measure.WIDTH)
    _MEASURE.measure(records(row), words, 0, none, -1, day, slot, starts, 0.1, measure.WET_REACH, out)
    twin = measured([value for value, _ in slots], [rank for _, rank in slots])
    assert {place: out[place] for place in twin} == pytest.approx(twin, nan_ok=True)


def records(row: np.void) -> Any:
    """A row as kernels see it."""
    return np.array([row]).view(np.recarray)[0]


# Learn ----------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class PlainBaseline:
    """What hourly days in UTC teach: a twin of `learn_day` over lists of 24 values, None = not there."""

    days: int = 0
    level: float = 0.0
    spread: float = 0.0
    base: float = 0.0
    base_top: float = 0.0
    day_top: float = 0.0
    active: float = 0.0
    peak: float = 0.0
    top: float = 0.0
    zero_run: float = 0.0
    profile: list[float] = dataclasses.field(default_factory=lambda: [0.0] * 24)
    """As it is kept: in whole 2048ths of the level."""
    noise: float = 0.0

    def learn(self, values: list[float | None], weight: float, zeros: float) -> None:
        given = weight
        bound = 10 * self.top if self.days >= 3 and self.top > 0 else 1e12
        hours = {hour: min(v, bound) for hour, v in enumerate(values) if v is not None and v >= 0}
        if weight == 0 or len(hours) < 12:
            return
        usual = [self.level * part / 2048 for part in self.profile]
        seen = list(hours.values())
        mean = sum(seen) / len(seen)
        expected = sum(usual[hour] for hour in hours) / len(hours)
        spread = max(self.spread, 0.05 * self.level)
        if self.days >= 7 and spread > 0:
            weight *= max(0.05, 1 - max(0.0, abs(mean - expected) / spread - 3) / 3)
        rate, off_rate = weight / min(self.days + 1, 45), weight / min(max(self.days, 1), 45)
        if self.days:
            self.spread += off_rate * (abs(mean - expected) - self.spread)
            off = sum(abs(seen - usual[hour]) for hour, seen in hours.items()) / len(hours)
            self.noise += off_rate * (off - self.noise)
        self.level += rate * (mean - self.level)
        for hour in range(24):
            if hour in hours:
                usual[hour] += rate * (hours[hour] - usual[hour])
            elif not self.days:
                usual[hour] = mean
            self.profile[hour] = min(round(usual[hour] / self.level * 2048), 65_535) if self.level else 0
        self.base += rate * (min(seen) - self.base)
        self.day_top += rate * (max(seen) - self.day_top)
        self.active += rate * (sum(v != 0 for v in seen) / len(seen) - self.active)
        pairs = [min(hours[h], hours[h + 1]) for h in range(23) if h in hours and h + 1 in hours]
        self.peak = decayed(self.peak, max([*pairs, 0.0]), max(given, 0.5))
        self.top = decayed(self.top, max(seen), given)
        self.base_top = decayed(self.base_top, min(seen), given)
        self.zero_run = decayed(self.zero_run, zeros, 1.0)
        self.days += 1


def decayed(most: float, seen: float, weight: float) -> float:
    most *= 0.995
    return max(most, most + weight * (seen - most))


days = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from([1.0, 1.0, 1.0, 0.05, 0.0]),
        st.sampled_from(["usual", "usual", "usual", "usual", "holes", "odd", "huge", "zeros"]),
    ),
    max_size=25,
)


@_MANY
@hypothesis.given(days)
def test_what_a_day_teaches(days: list[tuple[int, float, str]]) -> None:
    first, starts, interval_s, plain = 20_000, midnights("UTC"), 3600, PlainBaseline()
    rows = new_rows(1).view(np.recarray)
    rows["interval_s"], rows["decimals"] = interval_s, 1
    words, none = np.zeros(ring.words_of(interval_s) * RING_DAYS, np.uint16), np.zeros(0, ring.EXACT)
    rates, hours = np.empty(days_of.MOST_SLOTS), (np.empty(24), np.empty(24))
    for day, (seed, weight, kind) in enumerate(days, first):
        rng = np.random.default_rng(seed)
        values: list[float | None] = [*rng.integers(0, 30, 24).astype(float)]
        if kind == "holes":
            values = [v if rng.integers(2) else None for v in values]
        elif kind == "zeros":
            values = [0.0 if 3 < hour < 3 + seed % 20 else v for hour, v in enumerate(values)]
        elif kind != "usual":
            values[seed % 24] = -3.0 if kind == "odd" and seed % 2 else 6000.0
        at = _RING.slab(0, day, interval_s)
        _RING.open_day(words, none, at, -1, day, interval_s)
        for slot, value in enumerate(values):
            if value is not None:
                start = starts[day - FIRST_DAY] + slot * HOUR
                _RING.put(words, none, at, -1, day, slot, interval_s, 1, start, value, VALID)
        rows["zeros_ended"] = zeros = seed % 30
        count, there = _DAY.read_day(rows[0], words, 0, none, -1, day, starts, rates, *hours)
        enough = _LEARN.learn_day(rows[0], day, weight, rates[:count], there, *hours)
        assert enough == (sum(v is not None and v >= 0 for v in values) >= 12)
        plain.learn(values, weight, zeros)
        for name, expected in dataclasses.asdict(plain).items():
            step = 1.0 if name == "profile" else 1e-3
            assert rows[0][name].tolist() == pytest.approx(expected, rel=1e-3, abs=step), name


def test_the_hour_of_the_wall_clock() -> None:
    """The day's hours as a clock on the wall shows them: one is skipped in spring and comes twice in autumn."""
    for date, shown in {
        "2024-03-30": [*range(24)],
        "2024-03-31": [0, 1, *range(3, 24)],
        "2024-10-27": [0, 1, 2, *range(2, 24)],
    }.items():
        starts, day = midnights("Europe/Madrid"), kit.us(date) // DAY
        shift = _EXPECT.clock_shift(day, starts)
        assert [_EXPECT.wall_hour(slot, 3600, shift) for slot in range(len(shown))] == shown
        assert _RING.slots_in_day(day, 3600, starts) == len(shown)


# Score ----------------------------------------------------------------------------------------------------------------

_CLEAN: Final = np.random.default_rng(5).exponential(size=(300, len(PARTS) + 1)).astype(np.float32)
_TABLES: Final = np.stack([table_of(_CLEAN[:, n]) for n in range(len(PARTS) + 1)])
raws: Final = st.lists(st.one_of(st.none(), st.floats(-5, 50, width=32)), min_size=len(PARTS), max_size=len(PARTS)).map(
    lambda values: np.array([math.nan if value is None else value for value in values], np.float32)
)


def rare(table: Any, value: float) -> float:
    """Between the knots on a line."""
    return math.nan if math.isnan(table[0, 0]) else float(np.interp(value, *table.astype(np.float64)))


def plain_score(raw: Any, found: float, tables: Any) -> float:
    """A twin of `surprises` and `score_of`."""
    known = {part: rare(table, value) for part, table, value in zip(PARTS, tables, raw.tolist(), strict=False)}
    known = {part: value for part, value in known.items() if not math.isnan(value)}
    if "theft" in known:
        doubt = {"theft": 0, "forest": 4}
        known = {part: value - doubt[part] for part, value in known.items() if part in doubt}
    if not known:
        return math.nan
    most = max(*known.values(), found)
    combined = rare(tables[-1], most)
    return 1 - math.exp(-(max(most - math.log(len(PARTS)), 0.0) if math.isnan(combined) else combined))


@_MANY
@hypothesis.given(raws, st.sampled_from([0.0, 0.0, 3.5, 7.3, 9.5]), st.sets(st.integers(0, len(PARTS))))
def test_the_score_is_how_rare_the_rarest_part_is(raw: Any, found: float, uncalibrated: set[int]) -> None:
    tables, out = _TABLES.copy(), np.empty(len(PARTS), np.float32)
    for n in uncalibrated:
        tables[n] = math.nan
    _VECTOR.surprises(raw, tables, out)
    score = _VECTOR.score_of(out, found, tables)
    assert score == pytest.approx(plain_score(raw, found, tables), abs=1e-5, nan_ok=True)
    assert math.isnan(score) or 0 <= score < 1
    if not math.isnan(score) and found:
        assert score >= _VECTOR.score_of(out, 0.0, tables), "a rule that speaks is no reason to be calmer"


def test_no_score_is_surer_than_one_in_a_million() -> None:
    out = np.empty(len(PARTS), np.float32)
    _VECTOR.surprises(np.full(len(PARTS), 1e30, np.float32), _TABLES, out)
    assert _VECTOR.score_of(out, 1.0, _TABLES) <= 1 - math.exp(-CAP)


def test_the_profile_is_kept_in_parts_of_the_level() -> None:
    """An hour of 3 where the mean is 2 is expected to be 3 again, whatever the interval."""
    profile = np.full(24, RATIO, np.uint16)
    profile[7] = RATIO * 3 // 2
    for interval_s in (900, 1800, 3600):
        slot = 7 * 3600 // interval_s
        assert _EXPECT.expected_in(2.0, profile, slot, interval_s, 0) == pytest.approx(3.0 * interval_s / 3600)
    assert _EXPECT.expected_in(2.0, profile, 0, 86_400, 0) == 48.0
