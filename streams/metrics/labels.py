"""Labels and what they may say: never a meter, a premise or an account, and never without bounds."""

import dataclasses
from typing import Final

from models.domain.causes import CAUSES
from models.domain.units import SERVICES
from models.scoring.rules.registry import RULES
from streams.codecs.json import REASONS
from streams.settings import MOST_DISTRICTS

OTHER: Final = "other"
NONE: Final = "none"


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """A label is bounded by its list of values, or by how many different ones it may have; the rest is `other`."""

    name: str
    values: tuple[str, ...] = ()
    """All of them, where they can be listed"""
    most: int = 0
    """So many, where they cannot"""
    meaning: str = ""

    @property
    def bound(self) -> int:
        """The most values there can be, `other` included."""
        return len({*self.values, OTHER}) if self.values else self.most + 1


STAGE: Final = Label("stage", ("detect", "groups", "respond", "reference", "device", "feedback"))
STATEFUL: Final = Label("stage", ("detect", "groups", "respond"))
TOPIC: Final = Label("topic", most=32, meaning="input topics")
PARTITION: Final = Label("partition", most=1024, meaning="those that the worker owns")
FATE: Final = Label("fate", ("accepted", "rejected", "duplicates", "revisions", "late"))
"""Of `Outcome.counts`, each reading in one of them; parked ones count when they are released."""
SERVICE: Final = Label("service", (*SERVICES, OTHER))
SAID_OF: Final = Label("service", (*SERVICES, "several", OTHER))
"""`several`: an incident is of no single meter."""
REASON: Final = Label("reason", (*REASONS, OTHER))
PASSED_ON: Final = Label("kind", ("anomaly", "claim", "outcome", "decision", "context", "finding", "day", OTHER))
RULE: Final = Label("rule", (*(rule.id for rule in RULES), OTHER))
DETECTOR: Final = Label("detector", ("adwin", "kswin", "page_hinkley", OTHER))
CAUSE: Final = Label("cause", (*CAUSES, OTHER))
STATUS: Final = Label("status", ("opened", "updated", "closed", OTHER))
ACTION: Final = Label("kind", ("work_order", "notification", "hold", OTHER))
LINE: Final = Label(
    "status", ("open", "cancelled", "completed", "due", "draft", "approved", "rejected", "released", "expired", OTHER)
)
OPEN: Final = Label("status", ("open", "pending", "draft", "approved", OTHER))
AGE: Final = Label("age", ("<1d", "1-3d", "3-7d", "7-30d", ">30d"), meaning="event time since it was detected")
DISTRICT: Final = Label(
    "district",
    most=MOST_DISTRICTS + 1,
    meaning="transformer or water district: as many as `districts` says, those with most open cases first; "
    "`none` where `ami.meters` names none",
)
CURRENCY: Final = Label("currency", most=8, meaning="ISO 4217, as of the accounts")
