"""What all tests share."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import hypothesis
import numba
import pytest

import tests.support.kernels  # noqa: F401 - before any kernel
from cli.kafka import GIVEN, Cluster, LocalKafka, cluster, missing_tools

# No deadline for an example: the first one may load data or compile kernels, and machines differ.
hypothesis.settings.register_profile("meterwatch", deadline=None)
hypothesis.settings.load_profile("meterwatch")

_KERNELS: Final = (
    "models.scoring.judge",
    "models.scoring.close, models.scoring.sample, models.scoring.detectors.half_space, models.state.fit",
)
"""Modules of kernels that take about as long to compile."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Kernels are compiled by two processes at once before there are test workers, each of which would compile all."""
    config = session.config
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", 0):
        return
    kept: Any = numba.config
    if all(any(Path(kept.CACHE_DIR).rglob(name)) for name in ("judge.judge-*.nbc", "sample.look-*.nbc")):
        return
    config.get_terminal_writer().line("Kernels are compiled, half a minute or so.")
    programs = [f"import tests.support.kernels, {modules}" for modules in _KERNELS]
    for compiling in [subprocess.Popen([sys.executable, "-c", program]) for program in programs]:
        compiling.wait()


@pytest.fixture(scope="session")
def kafka() -> Iterator[Cluster]:
    """The Kafka of this run: the given one, or one of its own. Shared, so take topic names from `unique`."""
    with cluster() as running:
        yield running


@pytest.fixture
def local_kafka() -> Iterator[LocalKafka]:
    """A Kafka for one test, which may kill and restart it."""
    if os.environ.get(GIVEN) and missing_tools():
        pytest.skip(f"runs on the cluster in {GIVEN}, which is not ours to stop")
    with LocalKafka() as running:
        yield running


@pytest.fixture
def unique() -> str:
    """Begins the names of topics and groups of one test."""
    return f"test-{uuid.uuid4().hex[:8]}"
