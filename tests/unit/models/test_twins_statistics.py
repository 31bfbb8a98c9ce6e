"""What is told of a closed day against a plain Python twin, which knows the clock on the wall from the zone itself."""

import datetime as dt
import itertools
import math
import zoneinfo
from typing import Any, Final

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from models.baseline import day as days_of
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.quality import DERIVED, EDITED, ESTIMATED, VALID
from models.scoring import close
from models.state import layout as s
from models.state.layout import STATS
from models.state.partition import Partition
from tests import kit

_MANY: Final = hypothesis.settings(max_examples=40, derandomize=True)
_DAY: Final[Any] = days_of
_CLOSE: Final[Any] = close
"""Kernels have no types."""
_ZONE: Final = "Europe/Madrid"
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_DECIMALS: Final = 3
_QUALITY: Final = {VALID: "valid", EDITED: "edited", DERIVED: "derived", ESTIMATED: "estimated", 0: None}
_SECONDS: Final = (900, 1800, 3600, 3 * 3600, 86_400)
Rates = list[float | None]


def plain_hours(date: str, interval_s: int) -> list[int]:
    """Hour of the wall clock at the middle of each slot of the local day."""
    zone = zoneinfo.ZoneInfo(_ZONE)
    first = dt.datetime.fromisoformat(date).replace(tzinfo=zone)
    begin, end = (int(midnight.timestamp()) for midnight in (first, first + dt.timedelta(days=1)))
    count = max(1, (end - begin) // interval_s)
    return [dt.datetime.fromtimestamp(begin + (n + 0.5) * interval_s, zone).hour for n in range(count)]


def plain_statistics(rates: Rates, hours: list[int], interval_h: float, row: Any, copied: bool) -> dict[int, float]:
    """A twin of `statistics`: those that can be told."""
    there = [rate for rate in rates if rate is not None]
    runs = [(rate, len(list(group))) for rate, group in itertools.groupby(there)]
    out = {
        s.COPIED: float(copied),
        s.ZEROS: sum(rate == 0 for rate in there) / len(there),
        s.ZERO_RUN: math.log1p(interval_h * max([0, *(run for rate, run in runs if rate == 0)])),
        s.FLAT_RUN: math.log1p(interval_h * max([0, *(run for rate, run in runs if rate != 0)])),
    }
    by_hour = [[r for r, h in zip(rates, hours, strict=True) if h == hour and r is not None] for hour in range(24)]
    hourly = [float(np.mean(some)) if some else math.nan for some in by_hour]
    known = [rate for rate in hourly if rate == rate]
    if not sum(known):
        return out
    mean, floor = float(np.mean(known)), max(0.02 * float(row["level"]), 1e-6)

    def log(some: list[float]) -> float:
        return math.log(max(float(np.mean(some)), floor))

    if len(known) >= 12 or interval_h >= 12:
        out[s.LEVEL] = log([mean])
    if pairs := [a + b for a, b in itertools.pairwise(hourly) if a + b == a + b]:
        out[s.LEAST] = log([min(pairs) / 2])
        if s.LEVEL in out:
            out[s.BASE_SHARE] = out[s.LEAST] - out[s.LEVEL]
    for n, part in ((s.NIGHT, hourly[1:6]), (s.EVENING, hourly[17:22])):
        if len(seen := [rate for rate in part if rate == rate]) >= 3:
            out[n] = log(seen)
    if len(there) >= 12:
        out |= plain_spread(rates, sorted(there), floor)
    if row["days"] >= 7 and len(known) == 24 and row["profile"].any():
        out |= plain_shape(np.array(hourly) / mean, row["profile"] / row["profile"].mean())
    return out


def plain_spread(rates: Rates, x: list[float], floor: float) -> dict[int, float]:
    count, mean = len(x), float(np.mean(x))
    lows = x[3 * count // 48 : max(7 * count // 48, 3 * count // 48 + 1)]
    tops = x[min(44 * count // 48, count - 1) :]
    low, high = x[5 * (count - 1) // 100], x[95 * (count - 1) // 100]
    out = {
        s.LOW: math.log(max(float(np.mean(lows)), floor)),
        s.MIDDLE: math.log(max(float(np.median(x)), floor)),
        s.TOP: math.log(max(float(np.mean(tops)), floor)),
        s.VARIATION: math.log(max(float(np.std(x)) / mean, 0.005)),
        s.PEAK: math.log(x[-1] / mean),
        s.SPAN: math.log(max(high, floor) / max(low, floor)),
        s.DISTINCT: len(set(x)) / count,
    }
    neighbours = [(a, b) for a, b in itertools.pairwise(rates) if a is not None and b is not None]
    if len(neighbours) >= 11:
        steps = [abs(b - a) / mean for a, b in neighbours]
        out[s.STEP_MEAN] = math.log(max(float(np.mean(steps)), 0.005))
        out[s.STEP_MIDDLE] = math.log(max(float(np.median(steps)), 0.005))
        centre = float(np.mean(np.log(np.maximum(x, floor))))
        off = [[math.log(max(rate, floor)) - centre for rate in pair] for pair in neighbours]
        all_of = sum((math.log(max(rate, floor)) - centre) ** 2 for rate in x)
        out[s.STEADINESS] = sum(a * b for a, b in off) / all_of if all_of > 1e-9 else 1.0
    return out


def plain_shape(x: Any, y: Any) -> dict[int, float]:
    def correlation(usual: Any) -> float:
        return float(np.corrcoef(x, usual)[0, 1]) if x.std() > 1e-9 and usual.std() > 0 else 0.0

    like, back = correlation(y), correlation(y[::-1])
    usually = np.log((y + 0.1) / (y[::-1] + 0.1))
    return {
        s.LIKE: like,
        s.REVERSED: back,
        s.TURNED: like - back,
        s.BLOCKS: float(np.abs((x - y).reshape(8, 3).sum(axis=1)).sum() / 24),
        s.ORDER: float(np.mean(np.log(x + 0.1) * usually) / np.sqrt(np.mean(usually**2) + 0.01)),
    }


def day_of(date: str) -> int:
    return dt.date.fromisoformat(date).toordinal() - _EPOCH


def read(date: str, interval_s: int, meters: dict[str, tuple[Any, Any]]) -> Partition:
    """A partition that has read one local day: values and ranks of each meter, 0 = nothing came."""
    known = kit.partition(kit.meter(name, "electricity", interval_s=interval_s, timezone=_ZONE) for name in meters)
    start = int(midnights(_ZONE)[day_of(date) - FIRST_DAY])
    stream = [
        kit.block(
            start, np.where(ranks == 0, np.nan, values), name, quality=[_QUALITY[rank] for rank in ranks.tolist()]
        )
        for name, (values, ranks) in meters.items()
    ]
    return kit.Run(known).feed(stream).partition


def surveyed(p: Partition, date: str) -> tuple[int, Any]:
    """How many meters have a day to tell of, and what is told."""
    out = np.empty((len(p), STATS), np.float32)
    meters = (p.rows, p.ring, p.ring_at, p.exact, p.exact_at, p.facts, p.fact_of, p.midnights, len(p), 0)
    return int(_CLOSE.survey(*meters, day_of(date), day_of(date), out)), out


@hypothesis.given(
    date=st.sampled_from(["2024-03-30", "2024-03-31", "2024-10-27"]),
    interval_s=st.sampled_from(_SECONDS),
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["usual", "usual", "usual", "few", "zeros", "flat", "none"]),
    holes=st.sampled_from([0.0, 0.0, 0.1, 0.5]),
    level=st.sampled_from([0.0, 1.0, 400.0]),
    learnt=st.sampled_from([6, 7, 60]),
    copied=st.booleans(),
)
@hypothesis.settings(_MANY, max_examples=120)
def test_what_is_told_of_a_day(
    date: str, interval_s: int, seed: int, kind: str, holes: float, level: float, learnt: int, copied: bool
) -> None:
    rng, hours = np.random.default_rng(seed), plain_hours(date, interval_s)
    count, interval_h = len(hours), interval_s / 3600
    values = rng.gamma(0.7, 4, count).round(_DECIMALS)
    values = {
        "usual": values, "few": np.round(values) / 4, "zeros": np.where(rng.random(count) < 0.6, 0, values),
        "flat": np.full(count, 0.1), "none": np.zeros(count),
    }[kind]  # fmt: skip
    ranks = np.where(rng.random(count) < holes, rng.choice([DERIVED, ESTIMATED, 0], count), VALID)
    ranks[rng.random(count) < 0.1 * (holes > 0)] = EDITED
    values[rng.random(count) < 0.05 * (holes > 0)] = -1.0
    solid = (ranks == VALID) | (ranks == EDITED)
    rates: Rates = [v / interval_h if ok and v >= 0 else None for v, ok in zip(values, solid, strict=True)]
    there = sum(rate is not None for rate in rates)
    known = read(date, interval_s, {"m": (values, ranks)})
    row = known.rows[0]
    row["days"], row["level"], row["profile"] = learnt, level, rng.integers(0, 9000, 24) * (seed % 9 > 0)
    digest = _DAY.fingerprint(np.array([math.nan if rate is None else rate for rate in rates]))
    if copied:
        row["hashes"][(day_of(date) - 3) % s.HASHES] = [*int(digest).to_bytes(3)]
    found, out = surveyed(known, date)
    assert found == (there > 0 and there >= 0.5 * count)
    told = {n: float(value) for n, value in enumerate(out[0]) if value == value}
    expected = plain_statistics(rates, hours, interval_h, row, copied and digest > 0) if found else {}
    assert told == pytest.approx(expected, abs=2e-5)


@_MANY
@hypothesis.given(st.integers(0, 10_000), st.integers(0, 47), st.floats(0.001, 5))
def test_a_day_is_known_again_by_all_of_its_values(seed: int, at: int, more: float) -> None:
    rates = np.random.default_rng(seed).permutation(48) / 4
    digest = _DAY.fingerprint(rates)
    assert 0 < digest < 1 << 24
    assert _DAY.fingerprint(rates.copy()) == digest
    other = rates.copy()
    other[at] += more
    assert _DAY.fingerprint(other) != digest
    other[at] = math.nan
    assert _DAY.fingerprint(other) == 0


@pytest.mark.parametrize("values", [[0.0] * 41 + [1.0, 2, 3, 4, 5, 6, 7], [1.0, 2, 3, 4, 5, 6, 7] * 7, [5.0] * 48])
def test_a_day_with_little_in_it_is_like_many(values: list[float]) -> None:
    assert _DAY.fingerprint(np.array(values)) == 0


def test_a_fraction_stolen_is_a_step_in_any_home() -> None:
    """What is taken away evenly moves base and level by its logarithm, and neither flatness, runs nor shape."""
    rng = np.random.default_rng(3)
    for size in (0.3, 40.0):
        values, ranks = (size * rng.gamma(2, 1, 24).clip(0.2)).round(2), np.full(24, VALID)
        known = read("2024-03-30", 3600, {"all": (values, ranks), "some": ((0.6 * values).round(3), ranks)})
        known.rows["days"], known.rows["level"], known.rows["profile"] = 30, size, rng.integers(500, 4000, 24)
        found, told = surveyed(known, "2024-03-30")
        assert found == 2
        steps = told[1] - told[0]
        assert steps[: s.VARIATION] == pytest.approx(np.full(s.VARIATION, math.log(0.6)), abs=1e-4)
        assert steps[s.VARIATION :] == pytest.approx(np.zeros(STATS - s.VARIATION), abs=1e-4)
