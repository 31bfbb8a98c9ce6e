"""The rules that look across meters, as `models.deciding.groups` judges them."""

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule over a group of meters; `settings` are names in `models.scoring.policy`, table `groups`."""

    id: str
    title: str
    says: str
    source: str
    settings: tuple[str, ...]


GROUP_RULES: Final = (
    GroupRule(
        "E6",
        "transformer balance",
        "`theft`, of the child whose drop matches what is lost in size and time, else of the total meter",
        "detection rules E6",
        ("technical_loss", "balance_loss", "balance_days", "balance_least_days", "balance_coverage", "part_wait_h"),
    ),
    GroupRule(
        "W12",
        "district balance",
        "`leak`, of the district's total meter: what flows in and reaches nobody, beyond the district's own usual",
        "detection rules W12, by days in place of nights",
        ("balance_loss", "balance_days", "balance_least_days", "balance_coverage", "part_wait_h"),
    ),
    GroupRule(
        "X1",
        "electricity near zero while water or gas is used",
        "`theft`, or `meter_fault` where nothing at all is read",
        "detection rules, cross-commodity evidence",
        ("premise_low", "premise_usual", "premise_days"),
    ),
    GroupRule(
        "F1",
        "one signature on many meters",
        "one incident of `communication_fault` or `data_error` for a head-end, model or firmware, and claims its "
        "meters' anomalies",
        "detection rules, fleet-fault gate",
        ("fleet_window_h", "fleet_share", "fleet_step_share", "fleet_least"),
    ),
)
