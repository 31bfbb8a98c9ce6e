"""The messages on our topics, one model each. JSON Schema of all of them is generated into `docs/contracts/`."""

from models.contracts.anomaly import Alternative, AnomalyEvent, Evidence
from models.contracts.base import Contract
from models.contracts.dead_letter import DeadLetter
from models.contracts.meter import Meter
from models.contracts.readings import MAX_INTERVALS, IntervalBlock, LoneReading

__all__ = [
    "MAX_INTERVALS",
    "Alternative",
    "AnomalyEvent",
    "Contract",
    "DeadLetter",
    "Evidence",
    "IntervalBlock",
    "LoneReading",
    "Meter",
]
