"""The fault families: what goes wrong with a meter or behind it, as pure functions over its reads."""

from simulators.faults import fleet, look_alikes, pipes, read_errors, theft
from simulators.faults.family import FAMILIES, Family, Fault, Injected, Role
from simulators.faults.fleet import strike
from simulators.faults.reads import ESTIMATED, VALID, Reads

__all__ = [
    "ESTIMATED",
    "FAMILIES",
    "VALID",
    "Family",
    "Fault",
    "Injected",
    "Reads",
    "Role",
    "fleet",
    "look_alikes",
    "pipes",
    "read_errors",
    "strike",
    "theft",
]
