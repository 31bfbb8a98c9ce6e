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
_LITRES_IN_KWH: Final = 1000 / 10.5
"""Of natural gas, which differs from town to town by a tenth."""
CLASSES: Final = ("residential", "multi_family", "commercial", "industrial", "institutional")
STATUSES: Final = ("active", "inactive", "vacant")


def base_of(service: str, unit: str) -> float:
    """Base units of a service in one unit of its meters: gas is litres, even where it is counted as energy."""
    return BASE[unit] * (_LITRES_IN_KWH if service == "gas" and unit in ENERGY else 1.0)
