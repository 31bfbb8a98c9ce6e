"""What a rule is: its id, what it says, and its settings with unit, default and source."""

import dataclasses
from typing import Final

from models.domain.causes import Cause, Severity


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """A threshold: `source` names where the figure was read; "ours" is a first guess to be tuned on data."""

    name: str
    unit: str
    default: float
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the trade.

    `text` is the evidence sentence, with {value}, {threshold} and {unit}. `needs` are columns of METERS without which
    the rule is off. `explains` are the rules whose findings on the same readings this one accounts for. The anomaly
    stays open until the rule has been silent for `clear_h` hours of valid reads. `shadow` says why a rule is in shadow
    by default: evaluated and counted, it opens nothing. `sees` is what it looks at: rules that look at the same are no
    independent evidence. `firm` says that somebody may be sent for theft by this rule alone.
    """

    id: str
    title: str
    cause: Cause
    services: tuple[str, ...]
    sees: str
    severity: Severity
    clear_h: float
    text: str
    unit: str
    settings: tuple[Setting, ...]
    needs: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    shadow: str = ""
    firm: bool = False


ALL: Final = ("electricity", "water", "gas", "heat")
PIPE: Final = ("water", "gas")
FLOW: Final = (
    "W1", "W4", "W6", "W14", "W15", "W16", "G3", "G6", "W2b", "W3", "W5", "W8", "W10", "W10b", "G1", "G2",
)  # fmt: skip
"""Rules on the flow of water and gas."""
