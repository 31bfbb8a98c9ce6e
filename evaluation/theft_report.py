"""What the trained trees reach on homes, and families, that they were not shown; as figures, and as a page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evaluation.markdown import table
from evaluation.measures import Days, threshold_at
from evaluation.train import LOOK_ALIKES, THEFT, Shown, fit
from models.scoring.detectors import theft
from models.scoring.detectors.trees import mean_of

FOLDS: Final = 5
RATES: Final = {"found_1": 0.01, "found_0_1": 0.001}
Scores = Mapping[str, NDArray[np.float32]]
"""[homes, days] by kind, of one fleet."""


def figures(shown: Sequence[Shown]) -> dict[str, Any]:
    """By source and family, each home scored by trees that were not shown it nor, in `unseen`, any of the family."""
    homes = sorted({home for one in shown for home in one.homes})
    folds = [frozenset(homes[n::FOLDS]) for n in range(FOLDS)]
    scores = _held_out(shown, folds, None, ("clean", *THEFT, *LOOK_ALIKES))
    unseen = {kind: _held_out(shown, folds, kind, ("clean", kind)) for kind in THEFT}
    found = {}
    for source in dict.fromkeys(one.source for one in shown):
        mine = [n for n, one in enumerate(shown) if one.source == source]
        kinds = [kind for kind in (*THEFT, *LOOK_ALIKES) if any(kind in scores[n] for n in mine)]
        found[source] = {
            "homes": len({home for n in mine for home in shown[n].homes}),
            "stretches": sum(len(shown[n].homes) for n in mine),
            "families": {kind: _of(shown, scores, mine, kind) for kind in kinds},
            "unseen": {kind: _of(shown, unseen[kind], mine, kind) for kind in kinds if kind in THEFT},
        }
    return found


def _held_out(
    shown: Sequence[Shown], folds: Iterable[frozenset[str]], without: str | None, kinds: Iterable[str]
) -> list[Scores]:
    scores: list[Scores] = [
        {kind: np.full(one.days[kind].shape[:2], np.nan, np.float32) for kind in kinds if kind in one.days}
        for one in shown
    ]
    for held in folds:
        trees = fit(shown, held=held, without=without)
        for one, of in zip(shown, scores, strict=True):
            mine = np.array([home in held for home in one.homes])
            for kind, grid in of.items():
                seen = one.days[kind][mine]
                grid[mine] = mean_of(trees, seen.reshape(-1, theft.SEEN)).reshape(seen.shape[:2])
    return scores


def _of(shown: Sequence[Shown], scores: Sequence[Scores], mine: Sequence[int], kind: str) -> dict[str, float]:
    thresholds = {name: threshold_at([scores[n]["clean"].ravel() for n in mine], rate) for name, rate in RATES.items()}
    days = [Days(scores[n][kind], shown[n].attacked[kind], shown[n].lasts[kind]) for n in mine if kind in scores[n]]
    return {
        "roc": float(np.mean([one.roc() for one in days])),
        **{name: float(np.mean([one.found(at) for one in days])) for name, at in thresholds.items()},
    }


def page(found: Mapping[str, Mapping[str, Any]], command: str, digest: str) -> str:
    """Markdown; `found`: figures by source."""
    parts = [_about(command, digest)]
    for source, of in found.items():
        parts.append(f"## {source[:1].upper()}{source[1:]}")
        parts += [f"{of['homes']} homes, {of['stretches']} stretches of 75 days.", _families(of)]
    return "\n\n".join(parts) + "\n"


def _about(command: str, digest: str) -> str:
    return f"""# The theft model

Written by `{command}`; the trees are version `{digest}`.

Small boosted trees (scikit-learn's, run by our own kernel) look at how a home's closed days depart from its own past,
peers taken out, and say how theft-like that is. They were trained on attacks put into homes, against the same homes as
they are and homes that live on in another way: a vacation, other tenants, a baby, an electric car, panels that nobody
registered, a season, guests.

Each home here is scored by trees that were not shown it; *unseen* by trees that were not shown the family either. *ROC*
holds attacked days against the same days of the other homes, from the day of the onset on; *found* is the share of
homes flagged within 7 days at a threshold that 1 % (0.1 %) of clean meter-days exceed. Of look-alikes it is the share
taken for theft, and low is good."""


def _families(of: Mapping[str, Any]) -> str:
    rows = []
    for kind, one in of["families"].items():
        unseen = of["unseen"].get(kind)
        cells = [f"{one[name]:.2f}" for name in ("roc", *RATES)]
        rows.append([kind, *cells, *([f"{unseen[name]:.2f}" for name in ("roc", "found_1")] if unseen else ["", ""])])
    return table(["family", "ROC", "found at 1 %", "found at 0.1 %", "ROC, unseen", "found at 1 %, unseen"], rows)
