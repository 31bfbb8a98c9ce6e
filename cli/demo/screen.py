"""The demo while it runs: a live table on a terminal, a line now and then where there is none."""

import time
from collections import Counter
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.demo import words
from cli.demo.seen import Seen

_LATEST: Final = 6
_LINES: Final = 10
"""Lines for a whole run where there is no terminal."""
_AGAIN_S: Final = 0.4
_ROWS: Final = 11
"""Kinds of faults below each other."""


class Screen:
    """Shows `seen` when it is asked to, twice a second at most; nothing of it stays on a terminal when it is left."""

    def __init__(self, console: Console, seen: Seen) -> None:
        self._console = console
        self._seen = seen
        self._said = 0
        self._painted = 0.0
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def paint(self) -> None:
        """Things have moved on."""
        if self._live:
            if time.monotonic() - self._painted >= _AGAIN_S or self._seen.over:
                self._live.update(_picture(self._seen), refresh=True)
                self._painted = time.monotonic()
            return
        tenth = int(_LINES * self._seen.share)
        if tenth > self._said:
            self._said = tenth
            self._console.print(_line(self._seen), soft_wrap=True)


def _line(seen: Seen) -> str:
    found = seen.verdict()
    return (
        f"{words.moment(seen.handled.event_time)}  {seen.handled.readings:>9,} readings, {seen.readings_per_s:,.0f}/s; "
        f"{len(seen.opened)} anomalies opened ({_by_cause(seen)}); {len(found.found)} of "
        f"{len(found.found) + len(found.missed)} faults found so far; {_done(seen)}; "
        f"{seen.letters.total()} dead letters"
    )


def _by_cause(seen: Seen) -> str:
    causes = Counter(line["cause"] for line in seen.opened)
    return ", ".join(f"{cause} {count}" for cause, count in causes.most_common()) or "none yet"


def _done(seen: Seen) -> str:
    return (
        f"{seen.open('work_orders', 'open')} orders open of {seen.count('work_orders')}, "
        f"{seen.count('notifications')} notices, "
        f"{seen.open('holds', 'draft', 'approved')} holds open of {seen.count('holds')}"
    )


def _picture(seen: Seen) -> Group:
    counts = Table.grid(padding=(0, 3))
    counts.add_row(
        Text(
            words.moment(seen.handled.event_time) if seen.handled.messages else "waiting for the worker", style="bold"
        ),
        ProgressBar(100, 100 * seen.share, width=30),
        f"{seen.handled.readings:,} readings",
        f"{seen.readings_per_s:,.0f}/s",
        f"{seen.letters.total()} dead letters",
    )
    lag = ", ".join(f"{stage} {waiting:,}" for stage, waiting in seen.lag.items())
    status = Text(f"{_done(seen)}; {len(seen.incidents)} fleet incidents" + (f"; waiting for {lag}" if lag else ""))
    tables = Table.grid(padding=(0, 4))
    tables.add_row(*_faults(seen), _causes(seen))
    latest = Text("\n".join(words.sentence(line) for line in seen.lines[-_LATEST:][::-1]), no_wrap=True)
    return Group(counts, status, "", tables, "", Padding(latest, (0, 0, 1, 0)))


def _faults(seen: Seen) -> list[Table]:
    """A row for each kind, in tables beside each other."""
    kinds = seen.verdict().kinds
    planned = list(Counter(fault.kind for fault in seen.show.truth if fault.role == "fault").items())
    tables = []
    for at in range(0, len(planned), _ROWS):
        table = Table("fault", box=None, header_style="bold")
        for name in ("to come", "begun", "found"):
            table.add_column(name, justify="right")
        for kind, count in planned[at : at + _ROWS]:
            begun, found = (kinds[kind].injected, kinds[kind].found) if kind in kinds else (0, 0)
            table.add_row(kind, str(count - begun), str(begun), Text(str(found), style="green" if found else ""))
        tables.append(table)
    return tables


def _causes(seen: Seen) -> Table:
    table = Table("cause", box=None, header_style="bold")
    table.add_column("opened", justify="right")
    for cause, count in Counter(line["cause"] for line in seen.opened).most_common():
        table.add_row(cause, str(count))
    return table
