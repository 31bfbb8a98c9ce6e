"""Units of meters and what one of each is in its service's base unit."""

from typing import Final

SERVICES: Final = ("electricity", "water", "gas", "heat")
"""Position is the code in columns."""
ELECTRICITY, WATER, GAS, HEAT = range(4)

BASE: Final[dict[str, float]] = {
    "Wh": 0.001,
    "kWh": 1.0,
    "L": 1.0,
    "m3": 1000.0,
    "gal": 3.785411784,
    "ft3": 28.316846592,
}
"""Base units in one unit: kWh for energy, litres for volume (gal is the US gallon; NIST SP 811, appendix B)."""
ENERGY: Final = frozenset({"Wh", "kWh"})
CLASSES: Final = ("residential", "multi_family", "commercial", "industrial", "institutional")
STATUSES: Final = ("active", "inactive", "vacant")
