"""What all tests share."""

import os
import uuid
from collections.abc import Iterator

import hypothesis
import pytest

from cli.kafka import GIVEN, Cluster, LocalKafka, cluster, missing_tools

# No deadline for an example: the first one may load data or compile kernels, and machines differ.
hypothesis.settings.register_profile("meterwatch", deadline=None)
hypothesis.settings.load_profile("meterwatch")


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
