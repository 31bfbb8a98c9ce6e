"""The kernels of closed days, of what a reading moves on, and of silence, against plain Python twins."""

import dataclasses
import itertools
import math
import statistics
from typing import Any, Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from models.baseline import days, keep
from models.domain.causes import FAMILIES
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.quality import EDITED, ESTIMATED, MISSING, VALID
from models.domain.times import DAY, HOUR, NEVER
from models.domain.units import SERVICES
from models.scoring import close
from models.state import ring
from models.state.layout import COHORT, FACTS, HASHES, LEVEL, NO_DAY, STATS, new_rows
from tests import kit

_MANY: Final = hypothesis.settings(max_examples=25, derandomize=True)
_SOME: Final = hypothesis.settings(max_examples=15, derandomize=True)
_FEW: Final = hypothesis.settings(max_examples=8, derandomize=True)
_DAYS: Final[Any] = days
_KEEP: Final[Any] = keep
_CLOSE: Final[Any] = close
_RING: Final[Any] = ring
"""Kernels have no types."""
_FIRST: Final = 20_000
Hours = list[float | None]


def row_of(**columns: Any) -> Any:
    """A fresh row as kernels see it, with some columns set."""
    rows = new_rows(1).view(np.recarray)
    for name, value in columns.items():
        rows[name] = value
    return rows[0]


def summed(hours: Hours) -> tuple[Any, Any]:
    """Hourly rates as sums and counts, two reads an hour."""
    there = np.array([hour is not None for hour in hours])
    return np.array([0.0 if hour is None else 2 * hour for hour in hours]), 2.0 * there


rates: Final = st.lists(st.sampled_from([None, 0.0, 0.001, 0.5, 1.0, 2.0, 7.5]), min_size=24, max_size=24)

# Statistics of a day --------------------------------------------------------------------------------------------------


def told_by(hours: Hours, level: float) -> list[float]:
    """Base, night, level, evening: a twin of `statistics`."""

    def log(some: list[float | None] | list[float], least: int) -> float:
        known = [rate for rate in some if rate is not None]
        return math.log(max(statistics.fmean(known), 0.02 * level, 1e-6)) if len(known) >= least else math.nan

    if not any(hours):
        return [math.nan] * STATS
    pairs = [(a + b) / 2 for a, b in itertools.pairwise(hours) if a is not None and b is not None]
    return [log([min(pairs)] if pairs else [], 1), log(hours[1:6], 3), log(hours, 12), log(hours[17:22], 3)]


@_MANY
@hypothesis.given(rates, st.sampled_from([0.0, 1.0, 40.0]))
def test_what_is_told_of_a_day(hours: Hours, level: float) -> None:
    out = np.empty(STATS, np.float32)
    _DAYS.statistics(row_of(level=level), *summed(hours), out)
    assert out.tolist() == pytest.approx(told_by(hours, level), rel=1e-5, nan_ok=True)


# Peers ----------------------------------------------------------------------------------------------------------------

departures: Final = st.lists(st.integers(-9, 9).map(lambda n: n / 4), max_size=12)


@_MANY
@hypothesis.given(departures, departures)
def test_medians_are_frozen_of_those_that_know_their_past(water: list[float], gas: list[float]) -> None:
    """A service each: meters that are new, at rest, or of another service are no peers."""
    own = [*water, *gas, 5.0, math.nan]
    rows = new_rows(len(own))
    rows["days"], rows["stats"]["mean"] = 7, 1.0
    rows["days"][-2] = 6
    rows["stats"]["variance"] = np.arange(len(own))[:, None]
    service = np.array([1] * len(water) + [2] * len(gas) + [1, 1], np.uint8)
    values = np.repeat(np.array(own, np.float32)[:, None] + 1, STATS, axis=1)
    frozen = close.cohorts(rows, service, values)
    assert frozen.shape == (len(SERVICES), STATS)
    for number, peers in ((0, []), (1, water), (2, gas), (3, [])):
        for cohort in frozen[number]:
            if len(peers) < 2:
                assert cohort.item() == (0, 0, 0, 0, 0)
                continue
            assert cohort["peers"] == len(peers)
            assert cohort["low"] == sorted(peers)[len(peers) // 2 - 1]
            first = 0 if number == 1 else len(water)
            deviations = np.sqrt(np.arange(first, first + len(peers)))
            assert cohort["deviation"] == pytest.approx(np.median(deviations))


def frozen_of(peers: list[float], deviation: float = 0.0) -> Any:
    """The medians of one statistic, by `cohorts`."""
    rows = new_rows(len(peers))
    rows["days"], rows["stats"]["mean"], rows["stats"]["variance"] = 30, 1.0, deviation**2
    values = np.repeat(np.array(peers, np.float32)[:, None] + 1, STATS, axis=1)
    return close.cohorts(rows, np.ones(len(peers), np.uint8), values)[1]


@_MANY
@hypothesis.given(st.lists(st.integers(-9, 9).map(lambda n: n / 4), min_size=2, max_size=15))
def test_the_median_of_others_leaves_the_own_one_out(peers: list[float]) -> None:
    cohort = frozen_of(peers).view(np.recarray)
    for at, own in enumerate(peers):
        others = np.delete(peers, at)
        assert _DAYS._median_of_others(cohort[0], np.float32(own)) == pytest.approx(np.median(others))


def test_a_cohort_of_one_corrects_nothing() -> None:
    assert _DAYS._median_of_others(frozen_of([2.5]).view(np.recarray)[0], np.float32(2.5)) == 0
    alone, none = (row_of(days=30) for _ in range(2))
    for row in (alone, none):
        row["stats"]["mean"], row["stats"]["variance"] = 1.0, 0.04
    given = np.full(STATS, 3.5, np.float32)
    _DAYS.accumulate(alone, _FIRST, given, frozen_of([2.5]), 1.0)
    _DAYS.accumulate(none, _FIRST, given, np.zeros(STATS, COHORT), 1.0)
    assert alone.tobytes() == none.tobytes()
    assert alone["stats"]["fast"].tolist() == [3.0] * STATS


# Departures -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class PlainStat:
    """Of one statistic: what is usual, and how far from it of late."""

    mean: float = 0.0
    variance: float = 0.0
    fast: float = 0.0
    slow: float = 0.0


@dataclasses.dataclass
class PlainDepartures:
    """A twin of `accumulate`: the others' departures are lists, and their median is taken of them."""

    stats: list[PlainStat] = dataclasses.field(default_factory=lambda: [PlainStat() for _ in range(STATS)])
    drop: float = 0.0
    drop_day: int = NO_DAY

    def take(self, day: int, learnt: int, values: list[float], peers: list[float], weight: float) -> None:
        seen = [n for n in range(STATS) if not math.isnan(values[n])]
        odd = math.sqrt(sum(self.stats[n].slow ** 2 for n in seen) / max(len(seen), 1))
        rate = weight * min(1.0, max(0.05, 1 - (odd - 1.6))) / min(max(learnt, 1), 45)
        for n in seen:
            stat, own = self.stats[n], values[n] - self.stats[n].mean
            if stat.mean == stat.variance == 0:
                stat.mean = values[n]
                continue
            others = [each for at, each in enumerate(peers) if at != nearest(peers, own)] if len(peers) > 1 else []
            r = own - (statistics.median(others) * len(others) / (len(others) + 5) if others else 0.0)
            if learnt >= 14:
                z = r / max(math.sqrt(stat.variance), 0.4 * 0.5 * bool(others), 0.1)
                z = min(max(z, -6.0), 6.0)
                stat.fast += 0.5 * (z - stat.fast)
                stat.slow += 0.25 * (z - stat.slow)
                if n == LEVEL:
                    self.drop += 0.25 * (r - self.drop)
                    self.mark(day)
            stat.variance += rate * (min(r * r, 9 * stat.variance + 1) - stat.variance)
            stat.mean += rate * own

    def mark(self, day: int) -> None:
        if self.stats[LEVEL].slow > -0.4:
            self.drop_day = NO_DAY
        elif self.stats[LEVEL].slow < -0.8 and self.drop_day == NO_DAY:
            self.drop_day = day - 1


def nearest(peers: list[float], own: float) -> int:
    """Which of the peers is left out for `own`: of those in the middle the one on its side."""
    order = sorted(range(len(peers)), key=peers.__getitem__)
    middle = len(peers) // 2
    if len(peers) % 2 == 0:
        return order[middle - 1] if own <= peers[order[middle - 1]] else order[middle]
    mid = peers[order[middle]]
    return order[middle] if own == mid else order[0] if own < mid else order[-1]


taken: Final = st.lists(
    st.tuples(
        st.lists(st.sampled_from([math.nan, -3.0, -1.0, 0.25, 0.5, 0.5, 0.75, 4.0]), min_size=STATS, max_size=STATS),
        departures.filter(lambda peers: len(peers) != 1),
        st.sampled_from([0.0, 0.05, 1.0, 1.0, 1.0]),
    ),
    min_size=1,
    max_size=30,
)


@_MANY
@hypothesis.given(taken)
def test_departures_with_peers_taken_out(taken: list[tuple[list[float], list[float], float]]) -> None:
    row, plain = row_of(), PlainDepartures()
    for n, (values, peers, weight) in enumerate(taken):
        row["days"] = 5 + n
        cohort = frozen_of(peers, 0.5) if peers else np.zeros(STATS, COHORT)
        _DAYS.accumulate(row, _FIRST + n, np.array(values, np.float32), cohort, weight)
        plain.take(_FIRST + n, 5 + n, values, peers, weight)
        for stat, expected in zip(row["stats"], plain.stats, strict=True):
            assert stat.item() == pytest.approx(dataclasses.astuple(expected), rel=1e-3, abs=1e-4)
        assert row["drop"] == pytest.approx(plain.drop, rel=1e-3, abs=1e-4)
        assert row["drop_day"] == plain.drop_day


def test_days_of_reads_known_to_be_wrong_are_left_out() -> None:
    row = row_of(days=30)
    row["episodes"]["opened"][FAMILIES.index("reads")] = 1
    _DAYS.accumulate(row, _FIRST, np.ones(STATS, np.float32), np.zeros(STATS, COHORT), 1.0)
    assert not row["stats"]["mean"].any()


# Profiles, copies, nights ---------------------------------------------------------------------------------------------


@dataclasses.dataclass
class PlainShift:
    """A twin of `look_for_shift`."""

    profile: list[float]
    recent: list[int] = dataclasses.field(default_factory=lambda: [0] * 24)
    shift: int = 0
    since: int = NO_DAY

    def look(self, day: int, learnt: int, hours: Hours) -> None:
        known = [hour for hour in hours if hour is not None]
        if len(known) < 24 or sum(known) <= 0:
            return
        mean = statistics.fmean(known)
        now = [min(24 * hour / mean, 255.0) for hour in known]
        pairs = zip(self.recent, now, strict=True)
        self.recent = [int(new) if learnt <= 1 else int(np.rint(old + 0.3 * (new - old))) for old, new in pairs]
        if learnt < 14:
            return
        fits = {lag: self.fit(lag) for lag in (0, *range(-6, -1), *range(2, 7))}
        best = max(fits, key=fits.__getitem__)
        if fits[best] < 0.65 or fits[best] - fits[0] < 0.3:
            best = 0
        if best == 0:
            self.since = NO_DAY
        elif self.shift == 0 or abs(best - self.shift) > 1:
            self.since = day
        self.shift = best

    def fit(self, lag: int) -> float:
        x, y = np.array(self.recent), np.roll(self.profile, lag)
        return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else 0.0


@_MANY
@hypothesis.given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(-7, 7), st.sampled_from(["", "", "", "", "hole", "zeros", "peak"])), max_size=20),
    st.sampled_from([1, 10, 20]),
)
def test_a_shifted_profile(seed: int, moves: list[tuple[int, str]], learnt: int) -> None:
    rng = np.random.default_rng(seed)
    usual = rng.uniform(0, 1, 24) + np.where(rng.uniform(size=24) < 0.2, 5.0, 0)
    row, plain = row_of(profile=usual.astype(np.float32)), PlainShift(usual.astype(np.float32).tolist())
    for n, (lag, kind) in enumerate(moves):
        row["days"] = learnt + n
        hours: Hours = [*(np.roll(usual, lag) * rng.uniform(0.8, 1.2, 24) * (kind != "zeros")).tolist()]
        hours[n] = None if kind == "hole" else 1000.0 if kind == "peak" else hours[n]
        _DAYS.look_for_shift(row, _FIRST + n, *summed(hours))
        plain.look(_FIRST + n, learnt + n, hours)
        assert row["recent"].tolist() == plain.recent
        assert (row["shift"], row["shift_day"]) == (plain.shift, plain.since)


@pytest.mark.parametrize(("level", "shift"), [(0.0, 4), (2.0, 0), (-2.0, 0)])
def test_who_uses_more_or_less_lives_otherwise_and_has_no_shifted_clock(level: float, shift: int) -> None:
    usual = np.where(np.arange(24) == 7, 5.0, 1.0)
    row = row_of(profile=usual.astype(np.float32), days=20)
    row["stats"]["slow"][LEVEL] = level
    for n in range(8):
        _DAYS.look_for_shift(row, _FIRST + n, *summed([*np.roll(usual, 4).tolist()]))
    assert row["shift"] == shift


@_SOME
@hypothesis.given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("uuuuezdf")), max_size=40))
def test_a_copied_day_is_one_of_a_dict_of_days(kinds: list[tuple[int, str]]) -> None:
    """u: usual, e: with an estimate, z: hardly any use, d: nothing came, f: few different values."""
    first, stream, kept = kit.us("2024-03-01") // DAY, [], dict[int, list[float]]()
    copied = since = NO_DAY
    kinds = [
        move for move, before in zip(kinds, [(0, "u"), *kinds], strict=False) if (move[1], before[1]) != ("d", "d")
    ]
    for day, (seed, kind) in enumerate([*kinds, (0, "u")], first):
        if kind == "d":
            continue
        values = np.random.default_rng(seed).permutation(24).astype(float)
        values = np.where(values < 17, 0.0, values) if kind == "z" else values % 7 if kind == "f" else values
        quality = ["estimated" if kind == "e" and slot == 12 else None for slot in range(24)]
        stream.append(kit.block(day * DAY, values, quality=quality, register=[0.0] * 24))
        if day == first + len(kinds):
            break  # only there to close the last day
        kept.pop(day % HASHES, None)
        if kind == "u":
            if values.tolist() in kept.values():
                since = day if copied < day - 3 else since
                copied = day
            kept[day % HASHES] = values.tolist()
    row = kit.run([kit.meter(resolution=0.001)], stream).partition.rows[0]
    assert (row["copied_day"], row["copied_since"]) == (copied, since)
    assert np.flatnonzero(row["hashes"]).tolist() == sorted(kept)


@_MANY
@hypothesis.given(st.lists(st.lists(st.sampled_from([None, 0.0, 0.0, 3.0]), min_size=6, max_size=6), max_size=40))
def test_nights_with_flow(nights: list[Hours]) -> None:
    row, of_late, usual, run = row_of(), 0.0, 0.0, 0
    for learnt, hours in enumerate(nights, 1):
        row["days"] = learnt
        _DAYS.look_at_night(row, _FIRST + learnt, *summed([*hours, *[9.0] * 18]))
        known = [hour > 0 for hour in hours if hour is not None]
        if len(known) >= 4:
            share = sum(known) / len(known)
            of_late += (share - of_late) / 3
            run = run + 1 if share >= 0.3 else 0
            usual += (share - usual) / learnt if run <= 2 or learnt < 7 else 0
        assert (row["wet"], row["night"]) == pytest.approx((of_late, usual), rel=1e-4, abs=1e-6)
        assert row["wet_nights"] == run


# What a reading moves on ----------------------------------------------------------------------------------------------


@_MANY
@hypothesis.given(st.lists(st.sampled_from([-5, 0, 1, 6, 24, 24, 24, 200]), min_size=1, max_size=40))
def test_how_long_a_meter_lets_us_wait(waits: list[int]) -> None:
    row, now, newest, usual = row_of(), 10**12, 10**12, 24.0
    _KEEP.heard(row, now)
    for wait in waits:
        now += wait * HOUR
        _KEEP.heard(row, now)
        if now > newest:
            waited = (now - newest) / HOUR
            usual += (0.2 if waited > usual else 0.01) * (waited - usual)
            newest = now
        assert row["upload_h"] == pytest.approx(usual, rel=1e-4)
        assert row["heard_at"] == newest


@_MANY
@hypothesis.given(
    st.lists(
        st.tuples(
            st.integers(-2, 5),
            st.sampled_from([0.5, 1.0, -2.0]),
            st.sampled_from([VALID, EDITED, ESTIMATED, MISSING]),
            st.sampled_from([ring.NEW, ring.NEW, ring.NEW, ring.SECOND_START, ring.REVISED, ring.LATE]),
        ),
        max_size=20,
    )
)
def test_what_is_summed_since_the_register_was_read(reads: list[tuple[int, float, int, int]]) -> None:
    row = row_of(register_at=10**12)
    for hours, amount, rank, fate in reads:
        _KEEP.pend(row, 10**12 + hours * HOUR, amount, rank, fate, rank == MISSING)
    since = [read for read in reads if read[0] >= 0 and read[2] != MISSING]
    summed_up = [read for read in since if read[3] in (ring.NEW, ring.SECOND_START)]
    assert row["pending"] == sum(amount for _, amount, _, _ in summed_up)
    assert row["pending_estimated"] == sum(rank == ESTIMATED for _, _, rank, _ in summed_up)
    if any(fate == ring.REVISED for *_, fate in since):
        assert row["pending_slots"] < 0
    else:
        assert row["pending_slots"] == sum(fate == ring.NEW for *_, fate in since)


@_MANY
@hypothesis.given(st.lists(st.tuples(st.sampled_from([-1, 0, 0, 1, 1, 1, 2]), st.sampled_from([0.0, 0.25, 1.0]))))
def test_energy_that_came_back_by_day(reads: list[tuple[int, float]]) -> None:
    row, day, back = row_of(), _FIRST, dict[int, float]()
    for step, received in reads:
        day += step
        _KEEP.receive(row, day, received)
        newest = max([day, *back])
        if day == newest:
            back[day] = back.get(day, 0.0) + received
        run = 0
        while back.get(newest - 1 - run, 0.0) > 0:
            run += 1
        assert (row["received_day"], row["received"]) == (newest, back[newest])
        assert row["received_before"] == back.get(newest - 1, 0.0)
        assert row["reverse_days"] == run


# All meters -----------------------------------------------------------------------------------------------------------

_SILENCE: Final = FAMILIES.index("silence")
waiting: Final = st.tuples(
    st.sampled_from([0, 10, 23, 24, 50, 96, 400]),  # hours since it was heard of
    st.sampled_from([0.0, 12.0, 24.0, 100.0]),  # upload time that the MDM says
    st.sampled_from([1.0, 30.0]),  # that was learnt
    st.sampled_from(["", "", "", "unknown", "unheard", "no value", "outage", "said"]),
)


@_MANY
@hypothesis.given(st.lists(waiting, max_size=12))
def test_who_is_silent(meters: list[tuple[int, float, float, str]]) -> None:
    now, count = 10**15, len(meters)
    rows, facts = new_rows(count), np.zeros(max(count, 1), FACTS)
    fact_of, silent = np.arange(count, dtype=np.int32), np.empty(count, np.int32)
    expected = []
    for at, (hours, said, learnt, kind) in enumerate(meters):
        rows["heard_at"][at] = NEVER if kind == "unheard" else now - hours * HOUR
        rows["value_at"][at] = NEVER if kind == "no value" else now - hours * HOUR
        rows["outage_at"][at] = now if kind == "outage" else NEVER
        rows["episodes"]["opened"][at, _SILENCE] = now if kind == "said" else NEVER
        rows["upload_h"][at], facts["upload_h"][at] = learnt, said
        fact_of[at] = -1 if kind == "unknown" else at
        if not kind and hours >= max(24, 2 * (said or learnt)):
            expected.append(at)
    found = _CLOSE.watch(rows, facts, fact_of, count, now, 24.0, 2.0, _SILENCE, silent)
    assert silent[:found].tolist() == expected


@_FEW
@hypothesis.given(st.integers(0, 10_000), st.integers(1, 9))
def test_totals_are_sums_of_what_is_kept(seed: int, length: int) -> None:
    """Two time zones, holes, estimates, missing values, and energy that comes back."""
    rng = np.random.default_rng(seed)
    known = kit.partition(
        [
            kit.meter("a", "electricity", resolution=0.001),
            kit.meter("b", "electricity", resolution=0.001, timezone="Europe/Madrid"),
            kit.meter("c", "electricity", resolution=0.001),
            kit.meter("never", "electricity"),
        ]
    )
    stream, day = [], kit.us("2024-03-25") // DAY
    slots: dict[str, dict[int, tuple[float | None, bool]]] = {"a": {}, "b": {}, "c": {}}
    back: dict[tuple[str, int], float] = {}
    for n in range(length):
        for meter_id in "abc":
            zone = midnights("Europe/Madrid" if meter_id == "b" else "UTC")
            begin, end = (int(zone[day + n + more - FIRST_DAY]) for more in (0, 1))
            count = (end - begin) // HOUR
            values = [None if rng.integers(9) == 0 else float(v) for v in rng.integers(0, 9, count)]
            if rng.integers(5) == 0:
                continue
            quality = ["estimated" if rng.integers(4) == 0 else None for _ in values]
            received = rng.integers(0, 3, count).astype(float).tolist() if meter_id == "c" else None
            still = [0.0] * count  # by its register no value holds what a hole before it used
            stream.append(kit.block(begin, values, meter_id, quality=quality, received=received, register=still))
            slots[meter_id] |= {begin + h * HOUR: (v, quality[h] is None) for h, v in enumerate(values)}
            if received is not None:
                back[meter_id, day + n] = sum(received)
    run = kit.Run(known).feed(stream)
    p = run.partition
    for number, name in enumerate(p.zones):
        meters = (p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, len(p), number)
        for asked in range(day + length - 2, day + length):
            out = np.empty(len(p), close.DAY)
            found = out[: _CLOSE.totals(*meters, asked, out)]
            there = [m for m in "abc" if slots[m] and p.zones[p.facts["zone"][p.fact_of[p.lookup(m)]]] == name]
            assert [p.meter_ids[at] for at in found["meter"]] == there
            begin, end = p.midnights[number, asked - FIRST_DAY : asked + 2 - FIRST_DAY]
            for meter_id, line in zip(there, found, strict=True):
                of_day = [read for start, read in slots[meter_id].items() if begin <= start < end]
                seen = [value for value, _ in of_day if value is not None]
                solid = sum(value is not None and valid for value, valid in of_day)
                row = p.rows[line["meter"]]
                assert line["total"] == pytest.approx(sum(seen) if seen else math.nan, nan_ok=True)
                assert line["coverage"] == pytest.approx(solid / ((end - begin) // HOUR))
                warm = bool(seen) and row["days"] >= 7
                assert math.isnan(line["expected"]) == (not warm)
                if warm and len(seen) == 24:
                    assert line["expected"] == pytest.approx(row["profile"].sum(), rel=1e-5)
                if meter_id == "c" and (meter_id, asked) in back:
                    assert line["received"] == back[meter_id, asked]
                elif meter_id != "c":
                    assert math.isnan(line["received"])
