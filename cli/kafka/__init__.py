"""A real Apache Kafka on this machine, without Docker: for the demo, the tests and the benchmarks.

The jars come from Maven Central once and stay in `build/kafka/`. A broker is one KRaft node (broker and controller in
one process) over a scratch directory that goes away with it. docs/kafka.md gives the recipe by hand.

All of this blocks; from a coroutine call it through `asyncio.to_thread`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from cli.kafka.broker import LocalKafka
from cli.kafka.jars import LocalKafkaError, missing_tools

__all__ = ["GIVEN", "Cluster", "LocalKafka", "LocalKafkaError", "cluster", "missing_tools"]

GIVEN = "KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True)
class Cluster:
    """A Kafka to work with; `version` is "unknown" for one that was given."""

    bootstrap: str
    version: str


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """The cluster named in KAFKA_BOOTSTRAP_SERVERS if set, otherwise a local one for as long as the context lasts."""
    if given := os.environ.get(GIVEN):
        yield Cluster(given, "unknown")
    else:
        with LocalKafka() as kafka:
            yield Cluster(kafka.bootstrap, kafka.version)
