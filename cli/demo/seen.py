"""What the demo has seen so far, whichever way it came."""

import time
from collections import Counter

from cli.demo.feed import SPOILS, Feed, Handled
from simulators.judge import Line, Verdict, judge
from simulators.scene import Scene


class Seen:
    """Filled by a transport, read by the screen and the report. Repeats are dropped by their ids."""

    def __init__(self, scene: Scene, feed: Feed) -> None:
        self.scene = scene
        self.feed = feed
        self.lines: list[Line] = []
        """Anomaly events in order of arrival."""
        self.letters: Counter[str] = Counter()
        """Dead letters by reason."""
        self.handled = Handled(0, 0, 0)
        self._ids: set[object] = set()
        self._began = self._ended = time.monotonic()

    def begin(self) -> None:
        """The first reading is about to be sent."""
        self._began = time.monotonic()

    def progress(self, handled: Handled) -> None:
        """So much is done with."""
        self.handled, self._ended = handled, time.monotonic()

    def event(self, ce_id: str, line: Line) -> None:
        """One line in the life of an anomaly."""
        if self._new(ce_id):
            self.lines.append(line)

    def letter(self, partition: int, offset: int, reason: str) -> None:
        """A dead letter of the message at `offset`."""
        if self._new((partition, offset)):
            self.letters[reason] += 1

    def _new(self, id_: object) -> bool:
        new = id_ not in self._ids
        self._ids.add(id_)
        return new

    @property
    def done(self) -> bool:
        """Every message is done with."""
        return self.handled.messages == len(self.feed.parcels)

    @property
    def readings_per_s(self) -> float:
        """Readings done with, from the first one sent to the latest progress."""
        return self.handled.readings / max(1e-3, self._ended - self._began)

    @property
    def opened(self) -> list[Line]:
        """First lines of anomalies."""
        return [line for line in self.lines if line["status"] == "opened"]

    def verdict(self) -> Verdict:
        """Found against injected: of the faults that have begun, in the end of all."""
        begun = [fault for fault in self.scene.truth if self.done or fault.onset <= self.handled.event_time]
        return judge(self.lines, begun)


def shortfalls(seen: Seen, verdict: Verdict) -> list[str]:
    """Why a demo that has ended must not be called a success; empty when it may."""
    missing = [f"{kind}: none of {t.injected} injected was found" for kind, t in verdict.kinds.items() if not t.found]
    if not found_leaks(seen.scene, verdict):
        missing.append("no injected leak was found in a copy of a real series")
    if seen.letters != dict.fromkeys(SPOILS, 1):
        missing.append(f"sent to be refused: {', '.join(SPOILS)}; refused: {dict(seen.letters) or 'none'}")
    return missing


def found_leaks(scene: Scene, verdict: Verdict) -> list[Line]:
    """First lines of injected leaks found in copies of real series, the water main's first."""
    real = {m.meter.meter_id: m.series.meter.service for m in scene.members if m.series.origin == "measured"}
    leaks = [line for fault, line in verdict.found if fault.kind == "leak" and fault.meter_id in real]
    return sorted(leaks, key=lambda line: real[line["meter_id"]] != "water")
