"""What the demo has seen so far, whichever way it came."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from cli.demo.feed import Handled
from cli.demo.show import ACTIONS, Show
from evaluation.judge import Line, Verdict, judge
from models.domain.times import to_text


class Seen:
    """Filled by a transport, read by the screen and the report. Repeats are dropped by their ids."""

    def __init__(self, show: Show) -> None:
        self.show = show
        self.lines: list[Line] = []
        """Anomaly events in order of arrival."""
        self.letters: Counter[str] = Counter()
        """Dead letters by reason."""
        self.actions: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in ACTIONS}
        """Kind -> line id -> line, in order of arrival."""
        self.handled = Handled(0, 0, 0)
        self.lag: Mapping[str, int] = {}
        """Stage -> messages that wait for it."""
        self.over = False
        self._ids: set[object] = set()
        self._latest: dict[str, dict[str, Any]] = {}
        """Action or anomaly -> its last line"""
        self._began = self._ended = time.monotonic()
        self._judged: tuple[object, Verdict] | None = None

    def begin(self) -> None:
        """The first reading is about to be sent."""
        self._began = time.monotonic()

    def progress(self, handled: Handled) -> None:
        """So much is done with."""
        if handled != self.handled:
            self.handled, self._ended = handled, time.monotonic()

    def event(self, ce_id: str, line: dict[str, Any]) -> None:
        """One line in the life of an anomaly."""
        if self._new(ce_id):
            self.lines.append(line)
            self._latest[line["id"]] = line

    def action(self, kind: str, ce_id: str, line: dict[str, Any]) -> None:
        """One line in the life of an action of a kind of `ACTIONS`."""
        if self._new(ce_id):
            self.actions[kind][ce_id] = line
            self._latest[line["id"]] = line

    def letter(self, topic: str, partition: int, offset: int, reason: str) -> None:
        """A dead letter of the message at `offset`."""
        if self._new((topic, partition, offset)):
            self.letters[reason] += 1

    def _new(self, id_: object) -> bool:
        new = id_ not in self._ids
        self._ids.add(id_)
        return new

    @property
    def readings_per_s(self) -> float:
        """Readings done with, from the first one sent to the latest progress."""
        return self.handled.readings / max(1e-3, self._ended - self._began)

    @property
    def share(self) -> float:
        """Of the play that is over, by event time, 0-1."""
        span = self.show.until - self.show.since
        return 1.0 if self.over else min(max((self.handled.event_time - self.show.since) / span, 0.0), 0.99)

    @property
    def opened(self) -> list[Line]:
        """First lines of anomalies."""
        return [line for line in self.lines if line["status"] == "opened"]

    @property
    def incidents(self) -> list[Line]:
        """First lines of anomalies of many meters."""
        return [line for line in self.opened if not line.get("meter_id")]

    def count(self, kind: str) -> int:
        """Different actions of a kind."""
        return len({line["id"] for line in self.actions[kind].values()})

    def open(self, kind: str, *statuses: str) -> int:
        """Actions of a kind whose last line has one of these statuses."""
        ids = {line["id"] for line in self.actions[kind].values()}
        return sum(self._latest[id_]["status"] in statuses for id_ in ids)

    def verdict(self) -> Verdict:
        """Found against injected: of the faults that have begun, in the end of all."""
        key = (len(self.lines), self.handled.event_time, self.over)
        if self._judged is None or self._judged[0] != key:
            begun = [f for f in self.show.truth if self.over or f.onset <= self.handled.event_time]
            self._judged = key, judge(self.lines, begun, self.show.live_from)
        return self._judged[1]

    @property
    def now(self) -> str:
        """Event time, ISO 8601."""
        return to_text(self.handled.event_time)
