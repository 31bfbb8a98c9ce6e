"""What a worker is built from besides its settings: handed in, so that a test can hand in something else."""

import dataclasses
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry

from models.acting.respond import Actions, respond
from models.deciding.groups import GroupOutcome, balance
from models.pipeline import Outcome, advance, detect
from models.scoring.policy import Policy


def _nothing(_point: str) -> None:
    pass


@dataclasses.dataclass(frozen=True, slots=True)
class Deps:
    """The parts."""

    policy: Policy = dataclasses.field(default_factory=Policy.default)
    detect: Callable[..., Outcome] = detect
    advance: Callable[..., Outcome] = advance
    balance: Callable[..., GroupOutcome] = balance
    respond: Callable[..., Actions] = respond
    registry: CollectorRegistry = dataclasses.field(default_factory=CollectorRegistry)
    reached: Callable[[str], None] = _nothing
    """Told of each point of the loop as it is passed, see `streams.steps.POINTS`."""
    producer: Callable[[Any], Any] | None = None
    """Makes the bulk producer from the settings; none = `streams.publish.producer`."""
