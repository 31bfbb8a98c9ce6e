"""`--ablate`: the same files replayed without each stage that a policy can switch off, and baselines beside them."""

import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from cli.evaluate.labelled import Replaying
from cli.evaluate.record import record_of
from cli.evaluate.request import Files
from cli.policy import read_policy
from cli.replay.readings import read_readings
from cli.replay.reference import read_fleet
from evaluation.baselines import baselines
from evaluation.labelled import figures
from evaluation.record import Record
from evaluation.side import side_by_side
from models.scoring.policy import Policy
from models.scoring.rules.catalogue import model
from models.scoring.rules.registry import RULES

_NEVER: Final = 1e9
_BY_SCORE: Final = frozenset(rule.id for rule in model.RULES)
"""Rules that make an anomaly of a score"""


def without(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """The policy without each of its stages, by name."""
    by_score = np.array([rule.id in _BY_SCORE for rule in RULES])
    yield "without rules", dataclasses.replace(policy, on=policy.on & by_score)
    yield "without anomalies by score", dataclasses.replace(policy, on=policy.on & ~by_score)
    yield "without theft model", dataclasses.replace(policy, models={**policy.models, "theft": 0.0})
    yield "half-space trees", dataclasses.replace(policy, models={**policy.models, "half_space": 1.0})
    yield "without fleet gate", dataclasses.replace(policy, groups={**policy.groups, "fleet_least": _NEVER})
    off = {name: 0.0 for name in policy.acting if name.startswith("hold_off")}
    yield "without hold-offs", dataclasses.replace(policy, acting={**policy.acting, **off})


def ablate(
    inputs: Sequence[Files], records: Sequence[Record], whole: dict[str, Any], replaying: Replaying
) -> dict[str, Any]:
    """`stages` and `baselines` as `evaluation.side` has them. `records`, `whole`: of all stages together."""
    stages = {"all": whole}
    for name, policy in without(read_policy(replaying.policy)):
        with tempfile.TemporaryDirectory() as folder:
            changed = Path(folder) / "policy.toml"
            changed.write_text(policy.to_toml(), encoding="utf-8")
            other = dataclasses.replace(replaying, policy=changed)
            found = []
            for number, files in enumerate(inputs):
                other.replay(files, Path(folder) / str(number))
                found.append(record_of(Path(folder) / str(number), files, replaying.live_from))
            stages[name] = figures(found)
    simple: dict[str, list[Record]] = {}
    for files, record in zip(inputs, records, strict=True):
        for name, one in _baselines(files, record):
            simple.setdefault(name, []).append(one)
    scored = {"score": whole, **{name: figures(own) for name, own in simple.items() if len(own) == len(records)}}
    return {"stages": side_by_side(stages), "baselines": side_by_side(scored, said=False)}


def _baselines(files: Files, record: Record) -> Iterator[tuple[str, Record]]:
    """Records that say nothing, with the baselines' scores."""
    assert files.readings is not None  # noqa: S101 - it was replayed
    readings = read_readings(files.readings, read_fleet(files.meters), lambda _: None, lambda *_: None)
    first = min((event.onset for event in record.events), default=0)
    for name, days in baselines(record.days, readings.meter, readings.start, readings.value, first).items():
        yield name, dataclasses.replace(record, days=days, lines=(), actions={})
