"""Options that several commands have, and how results are printed."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
Bootstrap = Annotated[
    str | None, typer.Option("--bootstrap-servers", help="host:port of Kafka, several with commas between them.")
]
Partitions = Annotated[int | None, typer.Option("--partitions", min=1, help="Partitions of ami.readings.")]
LiveFrom = Annotated[
    str | None, typer.Option("--live-from", help="ISO 8601 with a zone: before it everything learns, nothing is said.")
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="TOML; `meterwatch policy show` prints the defaults.")
]


def instant(option: str, text: str | None) -> int:
    """Microseconds UTC of an argument, `NEVER` where there is none."""
    from cli.errors import UnusableError
    from models.domain.times import NEVER, to_us

    if text is None:
        return NEVER
    try:
        return to_us(dt.datetime.fromisoformat(text))
    except ValueError as error:
        raise UnusableError(f"{option} {text}: {error}; write it as 2026-01-31T00:00:00Z") from None


def print_json(plain: Any) -> None:
    """A result for programs."""
    import json

    typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
