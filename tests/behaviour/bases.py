"""What stories begin with: homes as they usually are."""

from typing import Any, Final

import numpy as np

from tests.behaviour.story import Story, heating, home, power

WATER: Final = home(60)
POWER: Final = power(60)
GAS: Final = heating(60)
MORE: Final = home(10, seed=2)
COOKING: Final = np.where(np.isin(np.arange(24), (7, 12, 19)), 0.2, 0.0) * np.ones((30, 1))
DARK_NIGHTS: Final = np.where(np.arange(24) < 4, 0.0, POWER[:21])
"""A home in which nothing is on by night."""
AWAY: Final = np.round(0.2 + POWER[21:30] / 100, 3)
"""A home without people: the fridge and what is on standby."""
NIGHT_IRRIGATION: Final = np.where(np.isin(np.arange(24), (2, 3)), 300.0, 0.0)


def water(**facts: Any) -> Story:
    return Story("water", **facts).days(WATER[:21])


def electricity(**facts: Any) -> Story:
    return Story("electricity", **facts).days(POWER[:21])


def gas(**facts: Any) -> Story:
    return Story("gas", **facts).days(COOKING[:21])
