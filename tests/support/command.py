"""The command in this process: how it ended and what it said."""

import os
import sys
from typing import NamedTuple

import pytest

from cli.main import run


class Done(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Command:
    """`meterwatch`, with no settings in the environment but those that a test gives."""

    def __init__(self, patch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str], **settings: str) -> None:
        self._patch, self._said = patch, said
        for name in os.environ:
            if name.startswith(("METERWATCH_", "KAFKA_")):
                patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(f"METERWATCH_{name.upper()}", value)

    def __call__(self, *arguments: object) -> Done:
        self._patch.setattr(sys, "argv", ["meterwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, *self._said.readouterr())


def refused(done: Done) -> str:
    """What is said of arguments that cannot be used."""
    assert done.code == 2, done
    assert done.out == ""
    return done.err
