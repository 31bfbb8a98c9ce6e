"""The trees trained on theft: what they are made of, that ours say what scikit-learn's do, and what they may learn."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from cli.errors import UnusableError
from cli.train import run as train_and_write
from evaluation import theft_report, train
from evaluation.fleets import ATTACKED_DAYS, simulated
from evaluation.train import LOOK_ALIKES, THEFT, Shown, fit, trees_of
from models.scoring.detectors import theft
from models.scoring.detectors.trees import mean_of
from models.state.layout import LEAST, STATS, ZERO_RUN

HOMES: Final = 12
ROBBED: Final = np.arange(HOMES) % 3 == 0
FALLEN: Final = np.ix_(ROBBED, np.arange(2, ATTACKED_DAYS), np.arange(LEAST, LEAST + 7))
"""Base and level from the third day on."""


def shown(seed: int, source: str = "simulated") -> Shown:
    """Homes of noise; of a theft base and level fall, of a look-alike the hours change."""
    rng = np.random.default_rng(seed)

    def days(count: int = ATTACKED_DAYS) -> NDArray[np.float32]:
        return rng.normal(0, 0.5, (HOMES, count, theft.SEEN)).astype(np.float32)

    every = {kind: days() for kind in ("clean", "h1", "h2", "vacation")}
    every["h1"][FALLEN] -= 2.5
    every["h2"][FALLEN] -= 2.5
    every["vacation"][ROBBED, 2:, 20:24] += 2.5
    return Shown(
        source,
        tuple(f"{source}-{seed}-{n}" for n in range(HOMES)),
        days(10),
        every,
        {kind: ROBBED if kind != "clean" else np.zeros(HOMES, np.bool_) for kind in every},
        dict.fromkeys(every, ATTACKED_DAYS),
    )


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "_TREES", 5)
    monkeypatch.setattr(train, "_LEAST_LEAF", 10)
    monkeypatch.setattr(train, "_BINS", 16)


def test_our_trees_say_what_those_of_scikit_learn_do() -> None:
    rng = np.random.default_rng(0)
    x = (np.round(rng.normal(0, 2, (2000, theft.SEEN)) * 20) / 20).astype(np.float32)
    model: Any = HistGradientBoostingClassifier(max_iter=12, max_leaf_nodes=15, max_depth=5, random_state=0)
    model.fit(x, x[:, 0] + x[:, 3] * x[:, 7] < rng.normal(0, 1, len(x)))
    apart = model.decision_function(x) - len(trees := trees_of(model)) * mean_of(trees, x)
    assert np.ptp(apart) < 1e-5, "the same but for a constant"


def test_only_a_family_that_there_is_can_be_kept_from_the_trees(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="--without h9: not one of h1, h2"):
        train_and_write(("simulated",), range(1), 6, tmp_path, "", report=False, without="h9")
    assert not list(tmp_path.iterdir())


def test_theft_is_told_from_another_life() -> None:
    trees = fit([shown(0), shown(1, "real")])
    other = shown(2)
    said = {kind: mean_of(trees, days[ROBBED, -1].copy()) for kind, days in other.days.items()}
    assert said["h1"].min() > max(said["clean"].max(), said["vacation"].max())


def test_less_use_and_more_zeros_in_deviations_never_look_more_honest() -> None:
    trees = fit([shown(0)])
    x = np.random.default_rng(3).normal(0, 1, (500, theft.SEEN)).astype(np.float32)
    for n, step in ((LEAST, -1), (STATS + LEAST, -1), (ZERO_RUN, 1), (theft.DROP, -1)):
        more = x.copy()
        more[:, n] += step
        assert (mean_of(trees, more) >= mean_of(trees, x)).all()


def test_held_homes_and_families_are_left_out() -> None:
    one, other = shown(0), shown(1)
    assert fit([one, other], held=other.homes).tobytes() == fit([one]).tobytes()
    poisoned = shown(0)
    poisoned.days["h2"][:] = np.nan
    assert fit([poisoned], without="h2").tobytes() == fit([one], without="h2").tobytes()


def test_the_page_has_every_source_and_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theft_report, "FOLDS", 2)
    monkeypatch.setattr(theft_report, "THEFT", ("h1", "h3"))
    found = theft_report.figures([shown(0), shown(1), shown(2, "real")])
    assert set(found) == {"simulated", "real"}
    assert found["simulated"]["stretches"] == 2 * HOMES
    assert found["simulated"]["families"]["h1"]["roc"] > 0.8
    assert found["simulated"]["unseen"]["h1"]["roc"] > 0.8
    page = theft_report.page(found, "meterwatch train", "abc")
    assert "| h1 |" in page
    assert "| vacation |" in page
    assert "| h3 |" not in page, "nothing of it was shown"


def test_a_fleet_is_shown_day_by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "THEFT", ("bypass_70",))
    monkeypatch.setattr(train, "LOOK_ALIKES", ())
    seen = train.show(simulated(0, 6), 0)
    assert seen.days["clean"].shape == (6, ATTACKED_DAYS, theft.SEEN)
    assert seen.source == "simulated"
    robbed = seen.attacked["bypass_70"]
    assert robbed.any()
    assert not seen.attacked["clean"].any()
    level = slice(LEAST, LEAST + 7)
    fell = seen.days["bypass_70"][robbed][:, :, level] - seen.days["clean"][robbed][:, :, level]
    assert (fell[:, 0] <= 0).all(), "the day of the onset counts as it ends"
    assert fell[:, 5].mean() < -1
    assert np.array_equal(seen.days["bypass_70"][~robbed, 0], seen.days["clean"][~robbed, 0])
    assert set(THEFT).isdisjoint(LOOK_ALIKES)
