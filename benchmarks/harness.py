"""What a benchmark case gives, and where figures are kept.

A case is a function without arguments that yields results; `benchmarks.run` lists them. A figure is the median of
`RUNS` runs, which stand beside it.
"""

import dataclasses
import json
import os
import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

RUNS: Final = 3
LATEST: Final = Path(__file__).parent / "results" / "latest.json"
SCRATCH: Final = Path(__file__).parents[1] / "build" / "bench"
"""For what a case generates; may be removed at any time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """One figure. `ratio` = value / reference, `ratio_to` says to what: another case of the same run, or a limit."""

    case: str
    value: float
    unit: str
    ratio: float | None = None
    ratio_to: str | None = None
    runs: tuple[float, ...] = ()


Case = Callable[[], Iterator[Result]]


def result(case: str, runs: Sequence[float], unit: str, reference: float, ratio_to: str) -> Result:
    """The median of `runs`, held against `reference`."""
    value = statistics.median(runs)
    return Result(case, _round(value), unit, _round(value / reference), ratio_to, tuple(_round(run) for run in runs))


def machine() -> str:
    """What was measured on, without a name."""
    cpu = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        cpu = models[0].partition(":")[2].strip() if models else cpu
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def keep(results: Sequence[Result], path: Path = LATEST) -> None:
    """Write `results`; figures of cases that did not run stay as they are, in their place."""
    there: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    new = {result.case: {**dataclasses.asdict(result), "machine": machine()} for result in results}
    figures = [new.pop(figure["case"], figure) for figure in there] + list(new.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _round(value: float) -> float:
    return float(f"{value:.4g}")
