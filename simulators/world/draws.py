"""How things happen in time: profiles of a day, events drawn from them, events put on the grid, noise that lasts."""

import math

import numpy as np

from models.domain.blocks import Float64
from simulators.world.calendar import PER_HOUR, Bools, Calendar

Bump = tuple[float, float, float]
"""Hour of the clock, width in hours, weight."""


def profile(*bumps: Bump, floor: float = 0.0) -> Float64:
    """[97] how much of a day's events have happened by each quarter of an hour, 0 to 1."""
    hour = (np.arange(96) + 0.5) / 4
    level = np.full(96, floor)
    for centre, width, weight in bumps:
        away = (hour - centre + 12) % 24 - 12
        level += weight * np.exp(-0.5 * (away / width) ** 2) / width
    return np.concatenate(([0.0], np.cumsum(level) / level.sum()))


def level_of(cumulative: Float64, clock: Float64) -> Float64:
    """A profile as a level by the clock, mean 1 over a day."""
    return (np.diff(cumulative) * 96)[np.minimum((clock * 4).astype(np.int64), 95)]


def happen(
    rng: np.random.Generator,
    calendar: Calendar,
    per_day: Float64,
    workday: Float64,
    restday: Float64 | None = None,
    *,
    shift: float = 0.0,
    lively: Float64 | None = None,
) -> Float64:
    """Where on the grid events fall, `per_day` [d] of them a day, in no order of time.

    They come `shift` hours later than the profiles say, and closer together where `lively` [n], 0 to 2 and 1 in the
    mean, is high.
    """
    day = np.repeat(np.arange(calendar.days), rng.poisson(per_day if lively is None else 2 * per_day))
    chance = rng.random(len(day))
    clock = np.interp(chance, workday, np.arange(97) / 4)
    if restday is not None:
        resting = calendar.rest[day]
        clock[resting] = np.interp(chance[resting], restday, np.arange(97) / 4)
    at = calendar.position(day, clock) + shift * PER_HOUR
    if lively is None:
        return at
    slot = np.clip(at, 0, calendar.bins - 1).astype(np.int64)
    return at[2 * rng.random(len(at)) < lively[slot]]


def deposit(calendar: Calendar, at: Float64, hours: Float64 | float, amount: Float64 | float) -> Float64:
    """[n] what falls into each quarter of events that begin `at`, last `hours` and spend `amount` evenly."""
    n = calendar.bins
    length = np.maximum(np.broadcast_to(np.asarray(hours, np.float64), at.shape) * PER_HOUR, 1e-3)
    rate = np.broadcast_to(np.asarray(amount, np.float64), at.shape) / length
    change = np.concatenate((at, at + length))
    step = np.concatenate((rate, -rate))
    slot = np.clip(np.floor(change).astype(np.int64), 0, n)
    inside = slot + 1 - np.clip(change, 0, n)
    first = np.bincount(slot, step * inside, minlength=n + 1)[:n]
    after = np.cumsum(np.bincount(slot, step, minlength=n + 1))[: n - 1]
    first[1:] += after
    return np.where(first > 1e-7, first, 0.0)


def wander(rng: np.random.Generator, n: int, lasts: float) -> Float64:
    """[n] noise of mean 0 and deviation 1 that forgets itself over `lasts` steps."""
    block = max(int(lasts / 8), 1)
    keep = math.exp(-block / lasts)
    kernel = keep ** np.arange(math.ceil(-5 / math.log(keep)))
    knots = n // block + 2
    noise = rng.standard_normal(knots + len(kernel) - 1)
    values = np.convolve(noise, kernel, "valid") * math.sqrt(1 - keep * keep)
    return np.interp(np.arange(n) / block, np.arange(knots), values)


def in_chunks(rng: np.random.Generator, amount: Float64, chunk: float) -> Float64:
    """[n] the same in portions of `chunk`, as a boiler or a pump that is on or off spends it."""
    whole = np.floor((np.cumsum(amount) + rng.random() * chunk) / chunk)
    return np.diff(whole, prepend=whole[0] if len(whole) else 0.0) * chunk


def by_bin(calendar: Calendar, days: Float64 | Bools) -> Float64:
    """[n] a value of each day for its quarters."""
    return np.asarray(days, np.float64)[calendar.day]
