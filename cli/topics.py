"""`meterwatch topics`: what `streams.topics` does, as one call each."""

import asyncio
import dataclasses
from collections.abc import Coroutine
from typing import Any, TypeVar

import rich.table
from aiokafka.errors import KafkaError

from cli.errors import UnusableError
from cli.settings import read_settings
from streams import topics

T = TypeVar("T")


def create(bootstrap_servers: str | None, partitions: int | None) -> list[str]:
    """Names of the topics that were missing and are there now."""
    settings = read_settings(bootstrap_servers=bootstrap_servers, partitions=partitions)
    return _ask(topics.create(settings), settings.bootstrap_servers)


def describe(bootstrap_servers: str | None, partitions: int | None) -> list[dict[str, Any]]:
    """Each topic with its partitions (0 = not there), configuration and problems."""
    settings = read_settings(bootstrap_servers=bootstrap_servers, partitions=partitions)
    return [dataclasses.asdict(found) for found in _ask(topics.describe(settings), settings.bootstrap_servers)]


def table(found: list[dict[str, Any]]) -> rich.table.Table:
    """`describe` for people."""
    name = rich.table.Column("topic", overflow="fold")
    shown = rich.table.Table(name, "partitions", "configuration", "to do", box=None)
    for topic in found:
        config = ", ".join(f"{key}={value}" for key, value in topic["config"].items())
        shown.add_row(topic["name"], str(topic["partitions"]), config, "; ".join(topic["problems"]))
    return shown


def _ask(question: Coroutine[Any, Any, T], bootstrap_servers: str) -> T:
    try:
        return asyncio.run(question)
    except (KafkaError, OSError, OverflowError) as error:  # a port beyond 65535 overflows
        raise UnusableError(f"Kafka at {bootstrap_servers}: {error or type(error).__name__}") from error
