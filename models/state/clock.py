"""Event time of a partition: the highest `sent_at` so far, guarded against absurd stamps; and the close of local days.

A block too far ahead, by a day or twice its own span, is held until another bears it out, for then the input had a
hole; if the next falls back behind, what was held was absurd.
"""

import base64
import dataclasses
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.domain.blocks import BLOCK_COLUMNS, DTYPES, READING_COLUMNS, Blocks, Rejected
from models.domain.localtime import FIRST_DAY, midnights
from models.domain.times import DAY, HOUR, NEVER, SECOND, to_text

MAX_HELD: Final = 3
Int64 = NDArray[np.int64]


@dataclasses.dataclass(eq=False)
class Held:
    """One block that waits to be borne out."""

    block: Blocks
    raw: bytes
    sent_at: int
    limit: int

    def rejected(self, event_time: int) -> Rejected:
        ahead = (self.sent_at - event_time) / HOUR
        detail = f"sent_at {to_text(self.sent_at)} is {ahead:.0f} h ahead of event time and nothing bore it out"
        return Rejected(int(self.block.offset[0]), "absurd_time", detail, self.raw, len(self.block.start))


@dataclasses.dataclass
class Clock:
    """Event time, the blocks held, and the last closed local day of each time zone. Microseconds UTC."""

    event_time: int = NEVER
    held: list[Held] = dataclasses.field(default_factory=list)
    closed: dict[str, int] = dataclasses.field(default_factory=dict)
    watched: int = NEVER
    """When silent meters were last looked for."""

    def admit(self, blocks: Blocks, interval_s: NDArray[np.int32]) -> tuple[Blocks, Int64, list[Rejected]]:
        """The blocks that may go on, with the event time at which each does, and those refused.

        `interval_s`: [b] seconds. Blocks that were held come back before the one that bore them out.
        """
        ends = blocks.start[blocks.first[1:] - 1] + interval_s * np.int64(SECOND)
        sent_at = np.where(blocks.sent_at == NEVER, ends, blocks.sent_at)
        span = ends - blocks.start[blocks.first[:-1]]
        limit = np.maximum(DAY, 2 * span)
        if not len(blocks):
            return blocks, sent_at, []
        so_far = np.maximum.accumulate(np.concatenate(([self.event_time], sent_at)))
        known = so_far[:-1] != NEVER
        if not self.held and not np.any(known & (sent_at - np.where(known, so_far[:-1], sent_at) > limit)):
            self.event_time = int(so_far[-1])
            return blocks, so_far[1:], []
        return self._one_by_one(blocks, sent_at, limit)

    def _one_by_one(self, blocks: Blocks, sent_at: Int64, limit: Int64) -> tuple[Blocks, Int64, list[Rejected]]:
        taken: list[Blocks] = []
        times: list[int] = []
        rejected: list[Rejected] = []

        def take(block: Blocks, sent: int) -> None:
            self.event_time = max(self.event_time, sent)
            taken.append(block)
            times.append(self.event_time)

        for k in range(len(blocks)):
            one = blocks.take(np.array([k]))
            sent, reach = int(sent_at[k]), int(limit[k])
            if self.event_time == NEVER or sent - self.event_time <= reach:
                rejected += [held.rejected(self.event_time) for held in self.held]
                self.held.clear()
                take(one, sent)
                continue
            agree = self._agreeing(sent, reach)
            others = sum(held.block.meter[0] != one.meter[0] for held in agree)
            if others or len(agree) >= MAX_HELD - 1:
                jumped = max([sent, *(held.sent_at for held in agree)])
                stay = [held for held in self.held if held.sent_at - jumped > held.limit]
                for held in self.held:
                    if held not in stay:
                        take(held.block, held.sent_at)
                self.held = stay
                take(one, sent)
                continue
            self.held.append(Held(one, one.raw(0), sent, reach))
            if len(self.held) > MAX_HELD:
                rejected.append(self.held.pop(0).rejected(self.event_time))
        if not taken:
            return blocks.take(np.empty(0, np.int64)), np.empty(0, np.int64), rejected
        return Blocks.concat(taken), np.array(times, np.int64), rejected

    def _agreeing(self, sent: int, reach: int) -> list[Held]:
        """Held blocks that bear a new one out: each within a day of the next, as a meter's daily uploads are."""
        agree: list[Held] = []
        for held in reversed(self.held):
            if abs(held.sent_at - sent) <= max(reach, held.limit):
                agree.append(held)
                sent, reach = held.sent_at, held.limit
        return agree

    def finish(self) -> list[Rejected]:
        """The input ended: nothing will bear out what is held."""
        rejected = [held.rejected(self.event_time) for held in self.held]
        self.held.clear()
        return rejected

    def next_close(self, zone: str, lag: int, now: int) -> int:
        """Event time at which the next local day of `zone` closes; for a zone not seen before, as of `now`."""
        starts = midnights(zone)
        if zone not in self.closed:
            self.closed[zone] = int(np.searchsorted(starts, now - lag, side="right")) - 2 + FIRST_DAY
        return int(starts[self.closed[zone] + 2 - FIRST_DAY]) + lag

    def close(self, zone: str, event_time: int, lag: int) -> tuple[int, int]:
        """The last local day of `zone` that closes by `event_time`, and when it was due; it counts as closed now."""
        starts = midnights(zone)
        last = int(np.searchsorted(starts, event_time - lag, side="right")) - 2 + FIRST_DAY
        self.closed[zone] = last
        return last, int(starts[last + 1 - FIRST_DAY]) + lag

    def next_watch(self, every: int, now: int) -> int:
        """Event time at which silent meters are looked for next: at whole multiples of `every`, microseconds."""
        if self.watched == NEVER:
            self.watched = now - now % every
        return self.watched + every

    def watch(self, every: int, now: int) -> None:
        """They are looked for at `now`."""
        self.watched = now - now % every

    def to_plain(self, meter_ids: list[str]) -> dict[str, Any]:
        """As JSON can hold it."""
        held = [
            {
                "meter_id": meter_ids[h.block.meter[0]],
                "raw": base64.b64encode(h.raw).decode(),
                "limit": h.limit,
                "heads": {name: int(getattr(h.block, name)[0]) for name in BLOCK_COLUMNS if name != "meter"},
                "readings": {name: getattr(h.block, name).tolist() for name in READING_COLUMNS},
                "at": h.sent_at,
            }
            for h in self.held
        ]
        return {"event_time": self.event_time, "closed": self.closed, "watched": self.watched, "held": held}

    @classmethod
    def from_plain(cls, plain: dict[str, Any], index: dict[str, int]) -> "Clock":
        """Back from `to_plain`; `index` as meters are numbered now."""
        held = []
        for h in plain["held"]:
            raw = base64.b64decode(h["raw"])
            readings: dict[str, Any] = {
                name: np.array(h["readings"][name], DTYPES.get(name, np.float64)) for name in READING_COLUMNS
            }
            block = Blocks(
                meter=np.array([index[h["meter_id"]]], np.int32),
                sent_at=np.array([h["heads"]["sent_at"]], np.int64),
                offset=np.array([h["heads"]["offset"]], np.int64),
                interval_s=np.array([h["heads"]["interval_s"]], np.int32),
                first=np.array([0, len(readings["start"])], np.int64),
                raw=lambda _block, raw=raw: raw,  # type: ignore[misc]
                **readings,
            )
            held.append(Held(block, raw, h["at"], h["limit"]))
        return cls(plain["event_time"], held, dict(plain["closed"]), plain["watched"])
