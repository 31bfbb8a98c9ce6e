"""`meterwatch train`: the trees that say how theft-like a meter looks, and a page of what they reach."""

from collections.abc import Sequence
from pathlib import Path

from cli.errors import UnusableError
from cli.progress import progress_on_screen
from evaluation.stretches import made
from evaluation.theft_report import figures, page
from evaluation.train import THEFT, Shown, fit, show
from models.scoring.detectors import theft


def run(
    sources: Sequence[str],
    seeds: Sequence[int],
    homes: int,
    out: Path,
    command: str,
    *,
    report: bool,
    without: str | None,
) -> str:
    """Writes `theft.npz` and, if asked for, `theft-model.md` into `out`, which is made; returns the trees' version.

    `without`: a family that the trees are not shown. UnusableError of one that there is not.
    """
    if without is not None and without not in THEFT:
        raise UnusableError(f"--without {without}: not one of {', '.join(THEFT)}")
    shown: list[Shown] = []
    with progress_on_screen({"fleets": "fleets"}) as progress:
        for n, (source, seed) in enumerate((source, seed) for source in sources for seed in seeds):
            shown += [show(fleet, seed) for fleet in made(source, seed, homes, ["electricity"])]
            progress("fleets", n + 1, len(sources) * len(seeds))
    trees = fit(shown, without=without)
    out.mkdir(parents=True, exist_ok=True)
    (out / "theft.npz").write_bytes(theft.to_bytes(trees))
    version = theft.digest(trees)
    if report:
        (out / "theft-model.md").write_text(page(figures(shown), command, version), encoding="utf-8")
    return version
