"""Causes of an anomaly and the problem families they belong to."""

from typing import Final, Literal, get_args

Cause = Literal[
    "leak",
    "burst",
    "theft",
    "meter_fault",
    "estimated_read_error",
    "data_error",
    "communication_fault",
    "unusual_use",
]
Status = Literal["opened", "updated", "closed"]
Severity = Literal["low", "medium", "high", "critical"]

CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
FAMILIES: Final = ("flow", "loss", "reads", "silence", "use")
"""Position is the episode's place in a meter's state row."""
FAMILY: Final[dict[Cause, str]] = {
    "leak": "flow",
    "burst": "flow",
    "theft": "loss",
    "meter_fault": "loss",
    "estimated_read_error": "reads",
    "data_error": "reads",
    "communication_fault": "silence",
    "unusual_use": "use",
}
PRECEDENCE: Final[tuple[Cause, ...]] = (
    "data_error",
    "estimated_read_error",
    "burst",
    "leak",
    "meter_fault",
    "theft",
    "unusual_use",
    "communication_fault",
)
"""Where several causes fit the same readings, the earlier wins (replay contract, Causes)."""
