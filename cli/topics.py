"""`meterwatch topics`: what `streams.topics` does, as one call each."""

import dataclasses
from typing import Any

import rich.table

from cli.cluster import ask
from cli.settings import read_settings
from streams import topics


def create(bootstrap_servers: str | None, partitions: int | None) -> list[str]:
    """Names of the topics that were missing and are there now."""
    settings = read_settings(bootstrap_servers=bootstrap_servers, partitions=partitions)
    return ask(topics.create(settings), settings.bootstrap_servers)


def describe(bootstrap_servers: str | None, partitions: int | None) -> list[dict[str, Any]]:
    """Each topic with its partitions (0 = not there), configuration and problems."""
    settings = read_settings(bootstrap_servers=bootstrap_servers, partitions=partitions)
    return [dataclasses.asdict(found) for found in ask(topics.describe(settings), settings.bootstrap_servers)]


def table(found: list[dict[str, Any]]) -> rich.table.Table:
    """`describe` for people."""
    name = rich.table.Column("topic", overflow="fold")
    shown = rich.table.Table(name, "partitions", "configuration", "to do", box=None)
    for topic in found:
        config = ", ".join(f"{key}={value}" for key, value in topic["config"].items())
        shown.add_row(topic["name"], str(topic["partitions"]), config, "; ".join(topic["problems"]))
    return shown
