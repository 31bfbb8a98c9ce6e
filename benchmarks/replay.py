"""`meterwatch replay` of a large fleet from Parquet, start to end, on one core."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.fleet import Files, write_fleet
from benchmarks.harness import RUNS, SCRATCH, Result, result

METERS: Final = 100_000
HOURS: Final = 96
_ASKED: Final = {"replay_100k_meters": 100_000, "state_bytes_per_meter": 1024, "ring_bytes_per_meter": 2048}
"""What issue 2 and the design ask for."""


def replay_100k_meters(meters: int = METERS, hours: int = HOURS, runs: int = RUNS) -> Iterator[Result]:
    """Readings a second, and bytes a meter of what is learnt and of recent intervals."""
    files = write_fleet(SCRATCH / "fleet", meters, hours)
    summaries = [_replay(files) for _ in range(runs)]
    for case, field, unit, what in (
        ("replay_100k_meters", "readings_per_s", "readings/s", "asked for"),
        ("state_bytes_per_meter", "state_bytes_per_meter", "bytes", "at most"),
        ("ring_bytes_per_meter", "ring_bytes_per_meter", "bytes", "at most"),
    ):
        asked = _ASKED[case]
        yield result(case, [summary[field] for summary in summaries], unit, asked, f"{what} {asked}")
    shutil.rmtree(SCRATCH / "fleet")


def _replay(files: Files) -> dict[str, Any]:
    out = SCRATCH / "replayed"
    program = [sys.executable, "-c", "from cli.main import run; run()"]
    arguments = ["replay", "--readings", files.readings, "--meters", files.meters, "--out", out, "--force", "--json"]
    done = subprocess.run(
        [*program, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        preexec_fn=_on_one_core if hasattr(os, "sched_setaffinity") else None,
    )
    summary: dict[str, Any] = json.loads(done.stdout)
    assert summary["accepted"] == files.rows
    shutil.rmtree(out)
    return summary


def _on_one_core() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
