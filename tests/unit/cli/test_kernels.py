"""What builds an image is told whether its kernels are compiled."""

import sys

import pytest

from cli import kernels
from models.scoring.close import close
from models.scoring.judge import judge


def test_kernels_are_counted_and_what_is_loaded_is_not_compiled() -> None:
    ready, _ = kernels.warm()
    assert ready >= 5
    assert kernels._is_kernel(judge)
    assert kernels._is_kernel(close)
    assert kernels.warm() == (ready, [])


@pytest.mark.parametrize(
    ("arguments", "ready", "compiled", "code"),
    [([], 3, ["judge"], 0), (["--cached"], 3, [], 0), (["--cached"], 3, ["judge"], 1), (["--cached"], 0, [], 1)],
)
def test_exit_code(
    arguments: list[str], ready: int, compiled: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "warm", lambda: (ready, compiled))
    monkeypatch.setattr(sys, "argv", ["kernels", *arguments])
    if code:
        with pytest.raises(SystemExit) as stopped:
            kernels.main()
        assert stopped.value.code == code
    else:
        kernels.main()
