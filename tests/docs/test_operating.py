"""docs/operating.md names every setting, reason and exit code there is."""

import pathlib

import pytest

from streams import worker
from streams.codecs.json import REASONS
from streams.settings import Settings
from streams.steps import POINTS

DOCS = pathlib.Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "operating.md").read_text()


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - {"topics"}))
def test_settings(name: str) -> None:
    assert f"`{name}`" in PAGE.partition("## Settings")[2]


@pytest.mark.parametrize("reason", REASONS)
def test_reasons(reason: str) -> None:
    assert f"`{reason}`" in PAGE


def test_exit_codes() -> None:
    for code in (worker.OK, worker.FAILED, worker.UNUSABLE, worker.STALLED):
        assert f"\n| {code} |" in PAGE


def test_crash_points() -> None:
    adr = (DOCS / "adr" / "0003-outputs-state-acks.md").read_text()
    assert f"each of the {('no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven')[len(POINTS)]} points" in adr
