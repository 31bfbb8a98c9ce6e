"""`python -m benchmarks.run [CASE ...]`: measure, show, and keep in `benchmarks/results/latest.json`."""

import sys
from collections.abc import Sequence
from typing import Final

import rich
import rich.table

from benchmarks.forest import forest
from benchmarks.harness import RUNS, Case, Result, keep, machine
from benchmarks.joint import failover_s, kafka_block96_1w, kafka_single_1w
from benchmarks.replay import replay_100k_meters

CASES: Final[tuple[Case, ...]] = (forest, replay_100k_meters, kafka_block96_1w, kafka_single_1w, failover_s)
"""In the order in which they run; each by the name of its function."""


def main(names: Sequence[str] = ()) -> None:
    """Run the cases named, or all. Exits 2 for a name that no case has."""
    known = {case.__name__: case for case in CASES}
    if unknown := [name for name in names if name not in known]:
        sys.stderr.write(f"no such case: {', '.join(unknown)}; there are {', '.join(known)}\n")
        sys.exit(2)
    results: list[Result] = []
    for name in names or known:
        rich.print(f"{name} ...")
        results += known[name]()
        keep(results)
    table = rich.table.Table("case", "value", "unit", "ratio", "to", box=None)
    for figure in results:
        ratio = "" if figure.ratio is None else f"{figure.ratio:g}"
        table.add_row(figure.case, f"{figure.value:g}", figure.unit, ratio, figure.ratio_to or "")
    rich.print(table)
    rich.print(f"medians of {RUNS} on {machine()}")


if __name__ == "__main__":
    main(sys.argv[1:])
