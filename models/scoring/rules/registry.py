"""The rules in order, and their settings as one array.

The order is the rule's bit in findings and state rows: new rules go to the end. Kernels take settings as one array;
`at` gives a setting's place in it.
"""

from typing import Final

from models.scoring.rules.catalogue import data, limits, model, norm, pipe, reads, use
from models.scoring.rules.rule import Rule

_ORDER: Final = (
    "D5", "D9", "D10", "D3", "D13", "W6", "W15", "W1", "W4", "W14", "G3", "D17", "D14", "G6", "D15", "D2",
    "D6", "D1", "D16", "D12", "E1", "E2", "E3", "E4", "E5", "E9", "D18", "W16", "S1",
    "W2b", "W3", "W5", "W7", "W8", "W9", "W10", "W10b", "G1", "G2", "G5", "E7", "E8", "D4", "D8", "D19",
    "S2", "W13", "W17",
)  # fmt: skip
_BY_ID: Final = {rule.id: rule for part in (data, pipe, limits, reads, use, norm, model) for rule in part.RULES}
RULES: Final[tuple[Rule, ...]] = tuple(_BY_ID[rule_id] for rule_id in _ORDER)
NUMBER: Final = {rule.id: position for position, rule in enumerate(RULES)}
_PLACES: Final = {
    (rule.id, setting.name): place
    for place, (rule, setting) in enumerate((rule, setting) for rule in RULES for setting in rule.settings)
}
DEFAULTS: Final = tuple(setting.default for rule in RULES for setting in rule.settings)


def at(rule_id: str, setting: str) -> int:
    """Place of a setting in the array that kernels take."""
    return _PLACES[rule_id, setting]
