"""What unit tests share."""

import functools
from collections.abc import Iterator

import pytest

from models.state.closed import ClosedDay


@pytest.fixture(autouse=True, scope="session")
def _closed_days_are_read_once() -> Iterator[None]:
    """Of the same bytes the same day: most of the time of all restarts went into reading them again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClosedDay, "from_bytes", staticmethod(functools.cache(ClosedDay.from_bytes)))
        yield
