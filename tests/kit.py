"""A small partition, streams to feed it, and what came of them.

A stream is a list of blocks in the JSON form of `ami.readings`, so that it can also be sent through Kafka. Two things
go beyond it, as a replay's deliveries do: `starts` in place of `start`, one an interval, and a list as `register`.
"""

import collections
import dataclasses
import datetime as dt
import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from models.contracts import AnomalyEvent, GroupDay, Meter
from models.domain.blocks import Blocks, BlocksBuilder
from models.domain.drifts import CohortDrift
from models.domain.localtime import FIRST_DAY
from models.domain.quality import ABSENT, MISSING, rank_of
from models.domain.times import NEVER, SECOND, to_text, to_us
from models.pipeline import Outcome, advance, detect, finish
from models.scoring.policy import Policy
from models.state import ring
from models.state.layout import RING_DAYS
from models.state.partition import Partition

Block = dict[str, Any]
Stream = list[Block]
_RING: Final[Any] = ring
"""Kernels have no types."""
POLICY: Final = Policy.default()
_UNITS: Final = {"electricity": "kWh", "water": "L", "gas": "m3", "heat": "kWh"}


def meter(meter_id: str = "m", service: str = "water", **facts: Any) -> Meter:
    """An hourly meter in UTC, but for what `facts`, as in JSON, say."""
    given = {"unit": _UNITS[service], "interval_s": 3600, "timezone": "UTC", **facts}
    return Meter.model_validate_json(json.dumps({"meter_id": meter_id, "service": service, **given}))


def partition(meters: Iterable[Meter]) -> Partition:
    """A fresh partition that knows `meters`."""
    fresh = Partition()
    for each in meters:
        fresh.put_meter(each)
    return fresh


def us(time: str) -> int:
    """Microseconds of ISO text; UTC where it names no zone."""
    moment = dt.datetime.fromisoformat(time)
    return to_us(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def block(start: str | int, values: Iterable[float | None], meter_id: str = "m", **more: Any) -> Block:
    """One block; `start` ISO text (UTC where it names no zone) or microseconds; None and NaN are missing."""
    return {
        "meter_id": meter_id,
        "start": to_text(start if isinstance(start, int) else us(start)),
        "values": [None if value is None or np.isnan(value) else float(value) for value in values],
        **more,
    }


def table(text: str) -> Stream:
    """A stream as a text table: a header with `start` and `values`, a line a block, `.` = not there.

    Values are separated by commas, `_` is missing; `sent_at` and `start` are ISO times in UTC.
    """
    header, *lines = (line.split() for line in text.strip().splitlines())
    return [_line({name: cell for name, cell in zip(header, line, strict=True) if cell != "."}) for line in lines]


def _line(cells: dict[str, str]) -> Block:
    read: Block = {"meter_id": "m", **cells}
    read["values"] = [None if value == "_" else float(value) for value in cells["values"].split(",")]
    read |= {name: to_text(us(cells[name])) for name in ("start", "sent_at") if name in cells}
    return read | {name: float(cells[name]) for name in ("register", "interval_s") if name in cells}


def columns(stream: Iterable[Block], known: Partition, offset: int = 0) -> Blocks:
    """Blocks of known meters as columns, numbered from `offset`."""
    builder = BlocksBuilder()
    for number, each in enumerate(stream, offset):
        at = known.lookup(each["meter_id"])
        values = [np.nan if value is None else float(value) for value in each["values"]]
        codes = each.get("quality")
        codes = codes if isinstance(codes, list) else [codes] * len(values)
        ranks = [rank_of(code) for code in codes]
        register = each.get("register")
        if not isinstance(register, list | None):
            register = [np.nan] * (len(values) - 1) + [register]
        builder.add(
            at,
            number,
            each.get("starts") or _starts(each, known.meters[at][-1].interval_s),
            values,
            [MISSING if np.isnan(v) else r for v, r in zip(values, ranks, strict=True) if r is not None],
            sent_at=us(each["sent_at"]) if "sent_at" in each else NEVER,
            interval_s=int(each.get("interval_s", 0)),
            registers=register,
            voltages=each.get("voltages"),
            received=each.get("received"),
            raw=json.dumps(each).encode(),
        )
    return builder.build()


def _starts(each: Block, interval_s: int) -> range:
    step = int(each.get("interval_s", interval_s)) * SECOND
    first = us(each["start"])
    return range(first, first + len(each["values"]) * step, step)


def kept(known: Partition, at: int = 0) -> dict[int, float]:
    """What a meter's ring holds: start of the slot -> value, without what is missing."""
    row, zone = known.rows[at], known.midnights[known.facts[known.fact_of[at]]["zone"]]
    interval_s, found = int(row["interval_s"]), {}
    for place in range(RING_DAYS):
        slab = _RING.slab(known.ring_at[at], place, interval_s)
        day = int(_RING.day_at(known.ring, slab))
        if day < FIRST_DAY:
            continue
        for slot in range(ring.slots_of(interval_s)):
            if _RING.rank_at(known.ring, slab, slot, interval_s) not in (MISSING, ABSENT):
                start = int(zone[day - FIRST_DAY]) + slot * interval_s * SECOND
                place_of = (known.ring, known.exact, slab, known.exact_at[at], day, slot, interval_s, row["decimals"])
                found[start] = float(_RING.value_at(*place_of))
    return dict(sorted(found.items()))


@dataclasses.dataclass
class Run:
    """What a partition said of a stream so far."""

    partition: Partition
    policy: Policy = POLICY
    events: list[tuple[int, AnomalyEvent]] = dataclasses.field(default_factory=list)
    days: list[GroupDay] = dataclasses.field(default_factory=list)
    drifts: list[CohortDrift] = dataclasses.field(default_factory=list)
    scores: list[tuple[Any, ...]] = dataclasses.field(default_factory=list)
    """row, meter id, start, score, expected, state; None for NaN"""
    rejected: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    shadow: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def feed(self, stream: Sequence[Block], cuts: Iterable[int] = (), offset: int = 0, **options: Any) -> "Run":
        """The stream in batches that end at `cuts`; its first block has `offset`."""
        edges = sorted({0, *cuts, len(stream)})
        for low, high in itertools.pairwise(edges):
            blocks = columns(stream[low:high], self.partition, offset + low)
            self._note(detect(blocks, self.partition, self.policy, scores=True, **options))
        return self

    def tick(self, offset: int, time: str) -> "Run":
        """Time passes."""
        self._note(advance(self.partition, self.policy, offset, us(time)))
        return self

    def finish(self) -> "Run":
        """The input ends."""
        self._note(finish(self.partition))
        return self

    def _note(self, outcome: Outcome) -> None:
        self.events += outcome.events
        self.days += outcome.days
        self.drifts += outcome.drifts
        self.rejected += [(letter.offset, letter.reason) for letter in outcome.rejected]
        self.counts += outcome.counts
        self.shadow += outcome.shadow
        for part in outcome.scores:
            ids = [self.partition.meter_ids[at] for at in part.meter]
            score, expected = ([None if np.isnan(x) else float(x) for x in c] for c in (part.score, part.expected))
            self.scores += zip(
                part.row.tolist(), ids, part.start.tolist(), score, expected, part.state.tolist(), strict=True
            )

    @property
    def said(self) -> list[str]:
        """Events as `status cause`, in order."""
        return [f"{event.status} {event.cause}" for _, event in self.events]

    @property
    def whole(self) -> tuple[Any, ...]:
        """Everything that must not depend on how the stream was cut."""
        lines = [(offset, event.ce_id, event.to_json()) for offset, event in self.events]
        return lines, self.scores, sorted(self.rejected), +self.counts, self.shadow, self.partition.digests()


def run(meters: Iterable[Meter], stream: Sequence[Block], cuts: Iterable[int] = (), policy: Policy = POLICY) -> Run:
    """A stream through a fresh partition."""
    return Run(partition(meters), policy).feed(stream, cuts)
