"""Towns that the tests look at, built once."""

import datetime as dt

import pytest

from simulators.world import Town, build

SPRING = dt.datetime(2026, 3, 16, 12, tzinfo=dt.UTC)
"""Two weeks before the clocks change in Berlin, on 29 March 2026."""


@pytest.fixture(scope="session")
def town() -> Town:
    """300 meters over four weeks of spring."""
    return build(seed=10, meters=300, start=SPRING, days=28)
