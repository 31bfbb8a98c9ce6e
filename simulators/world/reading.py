"""What a head-end gets of a meter that nothing is wrong with: reads, and the small troubles that every fleet has."""

import dataclasses
from typing import Final

import numpy as np

from models.domain.blocks import Float64, Int64
from models.domain.times import DAY, HOUR, SECOND
from simulators.faults import ESTIMATED, Reads
from simulators.headend import Form, Telling, Upload
from simulators.series import snap
from simulators.world.calendar import PER_HOUR, Bools, Calendar
from simulators.world.draws import level_of, profile, wander
from simulators.world.hardware import Model, by_interval, counted

EXCHANGED: Final = "0.21.0.213"
"""Event code that a meter with another register has been put in, in the form of IEC 61968-9."""
FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "electricity": ("daily",) * 13 + ("four_hourly",) * 6 + ("lone",),
    "water": ("daily",) * 15 + ("four_hourly",) * 4 + ("lone",),
    "gas": ("daily",) * 17 + ("four_hourly",) * 3,
}
REGISTERS: Final[tuple[Telling, ...]] = ("always",) * 6 + ("daily",) * 3 + ("never",)
UPLOAD_S: Final[dict[Form, float]] = {"daily": 86_400.0, "four_hourly": 14_400.0}
_POOR_RADIO: Final = 0.06
_STREET_LOAD: Final = profile((7.5, 1.5, 1.0), (19.0, 2.5, 3.0), (13.0, 3.0, 1.0), floor=0.02)


def reads_of(
    rng: np.random.Generator, calendar: Calendar, model: Model, use: Float64, fed: Float64 | None = None
) -> tuple[Reads, Float64]:
    """Reads of a meter, and what was truly used in each of their intervals, meter's unit.

    `use` and `fed` are by the quarter of an hour in kWh, litres or m3; `fed` is what the customer gave to the grid.
    """
    start, true = by_interval(calendar, use * model.per_base, model.interval_s)
    metered = counted(true, model.resolution, rng.random())
    received = None
    if fed is not None:
        received = counted(by_interval(calendar, fed, model.interval_s)[1], model.resolution, rng.random())
    kw = true * 3600 / model.interval_s
    voltage = _voltage(rng, calendar, start, kw) if model.tells_voltage and model.service == "electricity" else None
    reads = Reads.valid(
        start,
        metered,
        model.interval_s,
        model.resolution,
        voltage=voltage,
        received=received,
        timezone=calendar.timezone,
    )
    return _on_a_bad_line(rng, reads), true


def upload_of(rng: np.random.Generator, model: Model, head_end: str, outages: tuple[tuple[int, int], ...]) -> Upload:
    """How its reads come: by habit, with the usual lateness and repeats."""
    forms = FORMS[model.service] if model.interval_s < 14_400 else ("daily",)
    form = forms[int(rng.integers(0, len(forms)))]
    minutes = int(rng.integers(0, 40))
    blocks = form != "lone"
    return Upload(
        form=form,
        delay_s={"lone": 20 + 5 * minutes, "four_hourly": 300 + 60 * minutes, "daily": 1500 + 120 * minutes}[form],
        register=REGISTERS[int(rng.integers(0, len(REGISTERS)))],
        head_end=head_end,
        register_from=float(snap(np.array([_age(rng, model)]), model.resolution)[0]),
        outages=outages,
        late=0.01 if blocks else 0.002,
        repeated=0.003 if blocks else 0.0005,
        revised=0.002 if blocks else 0.0,
        seed=int(rng.integers(0, 2**31)),
    )


def exchanged(rng: np.random.Generator, reads: Reads, upload: Upload, at: int) -> tuple[Reads, Upload]:
    """As if a fitter had put in another meter at `at`, microseconds: an hour without reads, a register at zero."""
    lost = reads.lost | reads.span(at - max(HOUR, reads.interval_s * SECOND), at)
    events = tuple(sorted((*reads.events, (at + int(rng.integers(60, 900)) * SECOND, EXCHANGED))))
    return dataclasses.replace(reads, lost=lost, events=events), dataclasses.replace(upload, restarts=(at,))


def _age(rng: np.random.Generator, model: Model) -> float:
    """A register after some years; one in twenty with a dial is about to begin again."""
    usual = {"electricity": 22_000.0, "water": 700_000.0 * model.per_base, "gas": 6_000.0 * model.per_base}[
        model.service
    ]
    stands = usual * float(rng.uniform(0.05, 1.8))
    if model.dial_max is not None:
        stands = model.dial_max * 0.9995 if rng.random() < 0.05 else stands % model.dial_max
    return stands


def _voltage(rng: np.random.Generator, calendar: Calendar, start: Int64, kw: Float64) -> Float64:
    """[n] mean volts: the street's load and the customer's own pull it down."""
    hour = calendar.clock[np.searchsorted(calendar.start, start)]
    street = 1.6 * level_of(_STREET_LOAD, hour)
    grid = 1.1 * wander(rng, len(start), 24 * PER_HOUR) + 0.45 * rng.standard_normal(len(start))
    pull = min(rng.uniform(0.3, 0.7), 6 / max(float(kw.max(initial=0.0)), 1e-9))  # cables are as thick as they need be
    return snap(rng.normal(233.5, 1.6) - street - pull * kw + grid, 0.1)


def _on_a_bad_line(rng: np.random.Generator, reads: Reads) -> Reads:
    """Some intervals never come, of some the head-end says that they are missing, a few stretches are estimated."""
    n = len(reads.start)
    poor = rng.random() < _POOR_RADIO
    days = n * reads.interval_s / 86_400
    lost = reads.lost | _stretches(rng, n, (0.15 if poor else 0.01) * days, 4 * HOUR // SECOND // reads.interval_s)
    missing = _stretches(rng, n, (0.15 if poor else 0.01) * days, 1)
    guessed = _stretches(rng, n, 0.0015 * days, max(14 * 3600 // reads.interval_s, 1))
    day = DAY // SECOND // reads.interval_s
    guessed[: 7 * day] = False
    at = np.flatnonzero(guessed)
    value = np.where(missing, np.nan, reads.value)
    if len(at):
        before = np.mean([reads.value[at - k * day] for k in range(1, 8)], axis=0)
        value[at] = snap(before, reads.resolution)
    quality = np.where(guessed, ESTIMATED, reads.quality).astype(np.int16)
    return dataclasses.replace(reads, lost=lost, value=value, quality=quality)


def _stretches(rng: np.random.Generator, n: int, expected: float, mean_length: int) -> Bools:
    """[n] stretches of about `mean_length`, `expected` of them."""
    hit = np.zeros(n + 1, np.int64)
    begins = rng.integers(0, n, rng.poisson(expected))
    ends = np.minimum(begins + rng.geometric(1 / max(mean_length, 1), len(begins)), n)
    np.add.at(hit, begins, 1)
    np.add.at(hit, ends, -1)
    return np.cumsum(hit[:-1]) > 0
