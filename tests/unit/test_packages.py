"""The packages are importable by the names that the console script and the documents use."""

import importlib
from importlib.metadata import entry_points

import pytest


@pytest.mark.parametrize("name", ["models", "streams", "simulators", "evaluation", "cli"])
def test_package_says_what_it_is_for(name: str) -> None:
    assert importlib.import_module(name).__doc__


def test_console_script_is_installed() -> None:
    (script,) = entry_points(group="console_scripts", name="meterwatch")
    assert callable(script.load())
