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

from models.baseline import departures as departing
from models.baseline import keep, patterns
from models.domain.causes import FAMILIES
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.quality import EDITED, ESTIMATED, MISSING, VALID
from models.domain.times import DAY, HOUR, NEVER, SECOND
from models.domain.units import CLASSES, SERVICES
from models.scoring import close
from models.scoring.learnt import in_force
from models.scoring.sample import close_day
from models.state import ring
from models.state.closed import COHORTS, WHOLE, cohort_of
from models.state.layout import (
    COHORT,
    FACTS,
    HASHES,
    LEAST,
    LEVEL,
    NO_DAY,
    PAGED,
    RING_DAYS,
    STATS,
    TOP,
    VARIATION,
    new_rows,
)
from tests import kit

_MANY: Final = hypothesis.settings(max_examples=25, derandomize=True)
_SOME: Final = hypothesis.settings(max_examples=15, derandomize=True)
_FEW: Final = hypothesis.settings(max_examples=8, derandomize=True)
_DEPARTING: Final[Any] = departing
_PATTERNS: Final[Any] = patterns
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

# Peers ----------------------------------------------------------------------------------------------------------------

departures: Final = st.lists(st.integers(-9, 9).map(lambda n: n / 4), max_size=12)


def frozen(own: list[float], deviations: list[float], days: list[int], meters: list[tuple[int, int]]) -> Any:
    """The medians of a day that departs by `own` from each meter's past. `meters`: service and class of each."""
    known = kit.partition(
        kit.meter(f"m{n}", SERVICES[service], customer_class=CLASSES[group - 1] if group else None)
        for n, (service, group) in enumerate(meters)
    )
    known.seal_facts()
    count = len(own)
    known.rows["days"][:count], known.rows["stats"]["mean"][:count] = days, 1.0
    known.rows["stats"]["deviation"][:count] = 2048 * np.array(deviations, np.float32)[:, None]
    values = np.repeat(np.array(own, np.float32)[:, None] + 1, STATS, axis=1)
    return close_day(known, 0, _FIRST, _FIRST, values, in_force(known, kit.POLICY.models)).medians


@_SOME
@hypothesis.given(departures, departures, departures)
def test_medians_are_frozen_of_those_that_know_their_past(
    homes: list[float], shops: list[float], gas: list[float]
) -> None:
    """Of each class, and of each service; meters that are new, or not read that day, are no peers."""
    own = [*homes, *shops, *gas, 5.0, math.nan]
    cohort = [(1, 1)] * len(homes) + [(1, 3)] * len(shops) + [(2, 0)] * len(gas) + [(1, 1), (1, 1)]
    deviations = [n / 4 for n in range(len(own))]
    medians = frozen(own, deviations, [7] * (len(own) - 2) + [6, 7], cohort)
    assert medians.shape == (COHORTS, STATS)
    expected = {cohort_of(1, 1): homes, cohort_of(1, 3): shops, cohort_of(2, 0): gas}
    expected |= {cohort_of(1, WHOLE): [*homes, *shops], cohort_of(2, WHOLE): gas}
    for at in range(COHORTS):
        peers = expected.get(at, [])
        if len(peers) < 2:
            assert medians[at, LEAST].item() == (0, 0, 0, 0, 0)
            continue
        first = 0 if peers[: len(homes)] == homes and at // (WHOLE + 1) == 1 else len(homes)
        first = len(homes) + len(shops) if at // (WHOLE + 1) == 2 else len(homes) if at == cohort_of(1, 3) else first
        for line in (medians[at, LEAST], medians[at, LEVEL], medians[at, -1]):
            assert line["peers"] == len(peers)
            assert line["low"] == sorted(peers)[len(peers) // 2 - 1]
            assert line["mid"] == sorted(peers)[len(peers) // 2]
            assert line["deviation"] == pytest.approx(np.median(deviations[first : first + len(peers)]))


def frozen_of(peers: list[float], deviation: float = 0.0) -> Any:
    """The medians of a service's meters."""
    count = len(peers)
    return frozen(peers, [deviation] * count, [30] * count, [(1, 1)] * count)[cohort_of(1, WHOLE)]


@_MANY
@hypothesis.given(st.lists(st.integers(-9, 9).map(lambda n: n / 4), min_size=2, max_size=15))
def test_the_median_of_others_leaves_the_own_one_out(peers: list[float]) -> None:
    cohort = frozen_of(peers).view(np.recarray)
    for at, own in enumerate(peers):
        others = np.delete(peers, at)
        assert _DEPARTING._median_of_others(cohort[0], np.float32(own)) == pytest.approx(np.median(others))


def test_a_cohort_of_one_corrects_nothing() -> None:
    assert _DEPARTING._median_of_others(frozen_of([2.5]).view(np.recarray)[0], np.float32(2.5)) == 0
    alone, none = (row_of(days=30) for _ in range(2))
    for row in (alone, none):
        row["stats"]["mean"], row["stats"]["deviation"] = 1.0, 410
    given, paged = np.full(STATS, 3.5, np.float32), np.empty(len(PAGED), np.float32)
    _DEPARTING.accumulate(alone, _FIRST, given, frozen_of([2.5]), 1.0, paged)
    _DEPARTING.accumulate(none, _FIRST, given, np.zeros(STATS, COHORT), 1.0, paged)
    assert alone.tobytes() == none.tobytes()
    assert [_DEPARTING.fast(alone, n) for n in range(STATS)] == [3.0] * STATS
    assert [_DEPARTING.slow(alone, n) for n in range(STATS)] == [1.5] * STATS
    assert paged.tolist() == [6.0] * len(PAGED)
    assert _DEPARTING.oddness(alone) == 1.5


# Departures -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class PlainStat:
    """Of one statistic: what is usual, and how far from it of late; in the steps in which it is kept."""

    mean: float
    deviation: float
    fast: float
    slow: float

    @classmethod
    def of(cls, stat: Any) -> "PlainStat":
        return cls(float(stat["mean"]), stat["deviation"] / 2048, stat["fast"] / 20, stat["slow"] / 20)


def plain_departures(row: Any, values: list[float], peers: list[float], weight: float) -> tuple[list[PlainStat], float]:
    """A twin of `accumulate`, and how far the level fell of late: others' departures are lists."""
    stats, drop, learnt = [PlainStat.of(stat) for stat in row["stats"]], float(row["drop"]), int(row["days"])
    odd = math.sqrt(statistics.fmean(sorted(stat.slow**2 for stat in stats)[-6:]))
    rate = weight * min(1.0, max(0.05, 1 - (odd - 1.6))) / min(max(learnt, 1), 45)
    for n, stat in enumerate(stats):
        if math.isnan(values[n]):
            continue
        if math.isnan(stat.mean):
            stat.mean = values[n]
            continue
        own = values[n] - stat.mean
        others = [each for at, each in enumerate(peers) if at != nearest(peers, own)] if len(peers) > 1 else []
        r = own - (statistics.median(others) * len(others) / (len(others) + 5) if others else 0.0)
        if learnt >= 14:
            z = r / max(stat.deviation, 0.4 * 0.5 * bool(others), departing._LEAST[n])
            z = min(max(z, -6.0), 6.0)
            stat.fast += 0.5 * (z - stat.fast)
            stat.slow += 0.25 * (z - stat.slow)
            drop += 0.25 * (r - drop) * (n == LEVEL)
        variance = stat.deviation**2
        stat.deviation = math.sqrt(variance + rate * (min(r * r, 9 * variance + 1) - variance))
        stat.mean += rate * own
    return stats, drop


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


@_SOME
@hypothesis.given(taken)
def test_departures_with_peers_taken_out(taken: list[tuple[list[float], list[float], float]]) -> None:
    """Each day from the state that the days before left, within the steps in which it is kept."""
    row, drop_day = row_of(), NO_DAY
    paged = np.empty(len(PAGED), np.float32)
    for n, (values, peers, weight) in enumerate(taken):
        row["days"] = learnt = 5 + n
        cohort = frozen_of(peers, 0.5) if peers else np.zeros(STATS, COHORT)
        before = row["stats"].copy()
        plain, drop = plain_departures(row, values, peers, weight)
        _DEPARTING.accumulate(row, _FIRST + n, np.array(values, np.float32), cohort, weight, paged)
        for stat, expected in zip(row["stats"], plain, strict=True):
            assert stat["mean"] == pytest.approx(expected.mean, rel=1e-5, abs=1e-5, nan_ok=True)
            assert stat["deviation"] / 2048 == pytest.approx(expected.deviation, rel=1e-5, abs=0.6 / 2048)
            assert (stat["fast"] / 20, stat["slow"] / 20) == pytest.approx((expected.fast, expected.slow), abs=0.026)
        counted = learnt >= 14 and not math.isnan(values[LEVEL]) and not math.isnan(before["mean"][LEVEL])
        assert math.isnan(paged[PAGED.index(LEVEL)]) == (not counted)
        if counted:
            slow = _DEPARTING.slow(row, LEVEL)
            if slow > -0.4:
                drop_day = NO_DAY
            elif slow < -0.8 and drop_day == NO_DAY:
                drop_day = _FIRST + n - 1
            z = 2 * plain[LEVEL].fast - before["fast"][LEVEL] / 20
            assert paged[PAGED.index(LEVEL)] == pytest.approx(z, abs=1e-4)
        assert row["drop_day"] == drop_day
        assert row["drop"] == pytest.approx(drop, rel=1e-4, abs=1e-6)


@_SOME
@hypothesis.given(st.lists(st.integers(-127, 127), min_size=STATS, max_size=STATS))
def test_a_meter_is_as_odd_as_its_six_strongest_departures(slow: list[int]) -> None:
    row = row_of()
    row["stats"]["slow"] = slow
    strongest = sorted((n / 20) ** 2 for n in slow)[-6:]
    assert _DEPARTING.oddness(row) == pytest.approx(math.sqrt(statistics.fmean(strongest)))


def test_days_of_reads_known_to_be_wrong_are_left_out() -> None:
    row = row_of(days=30)
    row["episodes"]["opened"][FAMILIES.index("reads")] = 1
    paged = np.zeros(len(PAGED), np.float32)
    _DEPARTING.accumulate(row, _FIRST, np.ones(STATS, np.float32), np.zeros(STATS, COHORT), 1.0, paged)
    assert np.isnan(row["stats"]["mean"]).all()
    assert np.isnan(paged).all()


# Profiles, copies, nights ---------------------------------------------------------------------------------------------


@dataclasses.dataclass
class PlainShift:
    """A twin of `look_for_shift`."""

    profile: list[float]
    turned: list[int] = dataclasses.field(default_factory=lambda: [0] * 13)
    usual_gain: float = 0.0
    off: float = 0.0
    shift: int = 0
    since: int = NO_DAY

    def look(self, day: int, learnt: int, hours: Hours, *, same: bool, weight: float) -> None:
        known = np.array([hour for hour in hours if hour is not None])
        if len(known) < 24 or known.sum() <= 0:
            return
        now = np.log(known / known.mean() + 0.1)
        likes = [self.like(now, lag) for lag in range(-6, 7)]
        self.turned = [int(np.rint(n + 0.3 * (127 * like - n))) for n, like in zip(self.turned, likes, strict=True)]
        far = [place for place in range(13) if abs(place - 6) >= 3]
        best = max(far, key=self.turned.__getitem__)
        gain = (self.turned[best] - self.turned[6]) / 127
        if gain <= 0:
            self.since = NO_DAY
        elif self.since == NO_DAY:
            self.since = day
        odd = self.usual_gain + max(self.off, 0.05)
        shifted = self.turned[best] >= 0.3 * 127 and gain >= odd and same
        self.shift = best - 6 if gain >= 0.1 and learnt >= 14 and (shifted or self.shift) else 0
        if learnt >= 7:
            beyond = max(likes[place] for place in far) - likes[6] - self.usual_gain
            self.usual_gain += weight / min(learnt, 45) * beyond
            self.off += weight / min(learnt, 45) * (min(abs(beyond), 4 * max(self.off, 0.05)) - self.off)

    def like(self, now: Any, lag: int) -> float:
        y = np.roll(np.log(np.array(self.profile) / np.mean(self.profile) + 0.1), lag)
        return float(np.corrcoef(now, y)[0, 1]) if now.std() > 1e-5 and y.std() > 1e-5 else 0.0


@_MANY
@hypothesis.given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(-7, 7), st.sampled_from(["", "", "", "", "hole", "zeros", "peak"])), max_size=20),
    st.sampled_from([1, 5, 10, 20]),
    st.sampled_from([0.0, 1.0]),
)
def test_a_shifted_profile(seed: int, moves: list[tuple[int, str]], learnt: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    usual = rng.uniform(0, 1, 24) + np.where(rng.uniform(size=24) < 0.2, 5.0, 0)
    profile = np.rint(2048 * usual).astype(np.uint16)
    row, plain = row_of(profile=profile), PlainShift(profile.tolist())
    for n, (lag, kind) in enumerate(moves):
        row["days"] = learnt + n
        hours: Hours = [*(np.roll(usual, lag) * rng.uniform(0.8, 1.2, 24) * (kind != "zeros")).tolist()]
        hours[n] = None if kind == "hole" else 1000.0 if kind == "peak" else hours[n]
        _PATTERNS.look_for_shift(row, _FIRST + n, weight, *summed(hours))
        plain.look(_FIRST + n, learnt + n, hours, same=True, weight=weight)
        assert row["turned"].tolist() == plain.turned
        assert (row["shift"], row["shift_day"]) == (plain.shift, plain.since)
        assert (row["turn"], row["turn_off"]) == pytest.approx((plain.usual_gain, plain.off), abs=1e-5)


def shifted(days: int, **columns: Any) -> Any:
    """A meter of 30 days after so many that are four hours late."""
    usual = np.where(np.arange(24) == 7, 5.0, 1.0)
    row = row_of(profile=np.rint(2048 * usual).astype(np.uint16), days=30, turn=-0.5, turn_off=0.1)
    for name, value in columns.items():
        row[name] = value
    for n in range(14 + days):
        _PATTERNS.look_for_shift(row, _FIRST + n, 0.0, *summed([*np.roll(usual, 4 * (n >= 14)).tolist()]))
    return row


def test_days_that_are_late_show_within_days_and_date_the_shift() -> None:
    assert shifted(1)["shift"] == 0
    row = shifted(4)
    assert row["shift"] == 4
    assert 14 <= row["shift_day"] - _FIRST <= 16


def test_a_home_whose_days_often_fit_better_turned_has_no_shifted_clock() -> None:
    assert shifted(6, turn=0.6, turn_off=0.5)["shift"] == 0


@pytest.mark.parametrize("statistic", [LEVEL, TOP, VARIATION])
@pytest.mark.parametrize("departure", [3.0, -3.0])
def test_who_uses_more_or_less_lives_otherwise_and_has_no_shifted_clock(statistic: int, departure: float) -> None:
    stats = new_rows(1)[0]["stats"]
    stats["slow"][statistic] = 20 * departure
    assert shifted(6, stats=stats)["shift"] == 0


def alike(a: list[float], b: list[float] | None) -> bool:
    both = [(x, y) for x, y in zip(a, b or a, strict=True) if x == x and y == y]
    some = [x for x, _ in both if x]
    same = all(x == y for x, y in both)
    return b is not None and same and len(both) >= 18 and len(some) >= 8 and len({x for x, _ in both}) >= 8


@_SOME
@hypothesis.given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("uuuueehzdf")), max_size=40))
def test_a_copied_day_is_one_of_a_dict_of_days(kinds: list[tuple[int, str]]) -> None:
    """u: usual, e: with an estimate, h: half of it estimates, z: hardly any use, d: nothing came, f: few values.

    A day with holes, or that equals one with holes, is known again within a week.
    """
    first, stream, kept = kit.us("2024-03-01") // DAY, [], dict[int, list[float]]()
    read = dict[int, list[float]]()
    copied = since = NO_DAY
    kinds = [
        move for move, before in zip(kinds, [(0, "u"), *kinds], strict=False) if (move[1], before[1]) != ("d", "d")
    ]
    for day, (seed, kind) in enumerate([*kinds, (0, "u")], first):
        if kind == "d":
            continue
        values = np.random.default_rng(seed).permutation(24).astype(float)
        values = np.where(values < 17, 0.0, values) if kind == "z" else values % 7 if kind == "f" else values
        holes = {"e": range(12, 13), "h": range(12, 24)}.get(kind, range(0))
        quality = ["estimated" if slot in holes else None for slot in range(24)]
        stream.append(kit.block(day * DAY, values, quality=quality, register=[0.0] * 24))
        if day == first + len(kinds):
            break  # only there to close the last day
        kept.pop(day % HASHES, None)
        read[day] = [math.nan if slot in holes else value for slot, value in enumerate(values)]
        within_a_week = any(alike(read[day], read.get(day - n)) for n in range(1, RING_DAYS))
        if within_a_week or read[day] in kept.values():
            since = day if copied < day - 3 else since
            copied = day
        if kind == "u":
            kept[day % HASHES] = values.tolist()
    row = kit.run([kit.meter(resolution=0.001)], stream).partition.rows[0]
    assert (row["copied_day"], row["copied_since"]) == (copied, since)
    assert np.flatnonzero(row["hashes"].any(axis=1)).tolist() == sorted(kept)


@_MANY
@hypothesis.given(
    st.lists(
        st.lists(st.sampled_from([None, 0.0, 0.0, 3.0, 9.0, 9.5, 20.0, 300.0]), min_size=24, max_size=24), max_size=9
    ),
    st.sampled_from([0.0, 0.4, 1.0]),
)
def test_nights_with_flow(nights: list[Hours], weight: float) -> None:
    row, told, usual, run = row_of(), 0.0, 0.0, 0
    for learnt, hours in enumerate(nights, 10):
        row["days"] = learnt
        flows = np.array([math.nan if hour is None else hour for hour in hours])
        _PATTERNS.look_at_night(row, weight, flows, 1.0)
        night = [hour for hour in hours[:6] if hour is not None]
        if len(night) >= 4:
            told = min(max(told + plain_night(hours, usual), 0.0), 12.0)
            run = run + 1 if told > 0 else 0
            share = sum(hour >= 4 for hour in night) / len(night)
            usual += weight * (share - usual) / learnt if told < 3 or learnt < 14 else 0.0
        assert (row["wet"], row["night"]) == pytest.approx((told, usual), rel=1e-4, abs=1e-5)
        assert row["wet_nights"] == run


def plain_night(hours: Hours, usual: float) -> float:
    """A twin of `told_by_night` with a grid of a litre: log of how much likelier the night is with a running toilet."""
    usual = min(max(usual, 0.15), 0.85)
    known = [hour for hour in hours[:6] if hour is not None and hour <= 200]
    told = sum(math.log(1 + 0.7 * (1 - usual) / usual) if hour >= 4 else math.log(0.3) for hour in known)
    marked = [None if hour is None else "over" if hour > 200 else hour for hour in hours[:6]]
    wet = [hour for hour in marked if hour == "over" or (isinstance(hour, float) and hour >= 4)]
    for one, other in itertools.pairwise(wet):
        if isinstance(one, float) and isinstance(other, float):
            alike = abs(one - other) <= max(1.0, 0.1 * max(one, other))
            told += math.log(0.6 / 0.16) if alike else math.log(0.4 / 0.84)
    quiet = max(map(len, "".join("w" if hour is not None and hour >= 4 else "q" for hour in hours).split("w")))
    return min(max(told, -6.0), -1.0 if quiet > 5 else 3.0)


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
            st.sampled_from([-2, -1, -0.02, 0, 0.02, 1, 2, 5]),  # some come a minute early or late
            st.sampled_from([0.5, 1.0, -2.0]),
            st.sampled_from([VALID, EDITED, ESTIMATED, MISSING]),
            st.sampled_from([ring.NEW, ring.NEW, ring.NEW, ring.SECOND_START, ring.REVISED, ring.LATE]),
        ),
        max_size=20,
    )
)
def test_what_is_summed_since_the_register_was_read(reads: list[tuple[float, float, int, int]]) -> None:
    row = row_of(register_at=10**12, interval_s=3600)
    for hours, amount, rank, fate in reads:
        _KEEP.pend(row, 10**12 + int(hours * HOUR), amount, rank, fate, rank == MISSING)
    since = [read for read in reads if read[0] > -0.5 and read[2] != MISSING]
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
        rows["outage_at"][at] = now // SECOND if kind == "outage" else 0
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
            values = [None if rng.integers(9) == 0 else v / 8 for v in rng.integers(0, 9, count).tolist()]
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
                    assert line["expected"] == pytest.approx(row["level"] * row["profile"].sum() / 2048, rel=1e-5)
                if meter_id == "c" and (meter_id, asked) in back:
                    assert line["received"] == back[meter_id, asked]
                elif meter_id != "c":
                    assert math.isnan(line["received"])
