"""A drift of a whole cohort: its meters' world has changed (a heat wave, a tariff), and not one of the meters."""

from dataclasses import dataclass
from typing import Literal

Detector = Literal["adwin", "kswin"]


@dataclass(frozen=True)
class CohortDrift:
    """`detector` says that `series` of the cohort's closed days shifted with local day `day` (days since 1970)."""

    zone: str
    service: str
    customer_class: str | None
    series: str
    detector: Detector
    day: int
