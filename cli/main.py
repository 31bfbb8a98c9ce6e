"""The `meterwatch` command. What a command needs is imported when it runs, so that `--help` is there at once."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import STARTED

app = typer.Typer(
    help="Real-time anomaly detection for smart meters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="The topics on Kafka.", no_args_is_help=True)
policy_app = typer.Typer(help="Thresholds, confidences and what is off.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(policy_app, name="policy")

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


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"meterwatch {version('meterwatch')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Real-time anomaly detection for smart meters."""


@app.command()
def replay(
    readings: Annotated[Path, typer.Option(help="READINGS: .csv, .csv.gz or .parquet, one row per interval.")],
    meters: Annotated[Path, typer.Option(help="METERS: one row per meter and effective_from.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    weather: Annotated[Path | None, typer.Option(help="WEATHER: zone, start, temp_c.")] = None,
    events: Annotated[Path | None, typer.Option(help="EVENTS: meter_id, at, code, received_at.")] = None,
    accounts: Annotated[Path | None, typer.Option(help="ACCOUNTS: account_id, language, channels, ...")] = None,
    context: Annotated[Path | None, typer.Option(help="CONTEXT: premise_id, kind, from, until.")] = None,
    policy: PolicyFile = None,
    partitions: Annotated[int, typer.Option(min=1, max=10_000, help="Split meters as so many partitions do.")] = 1,
    live_from: LiveFrom = None,
    scores: Annotated[bool, typer.Option("--scores", help="Write scores.parquet.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over the replay that is in the folder.")] = False,
    json: Json = False,
) -> None:
    """Files in, files out: the same pipeline as the workers, without Kafka."""
    from cli.replay.request import Request

    request = Request(
        readings=readings,
        meters=meters,
        out=out,
        weather=weather,
        events=events,
        accounts=accounts,
        context=context,
        policy=policy,
        scores=scores,
        partitions=partitions,
        live_from=_instant("--live-from", live_from),
        force=force,
    )
    request.check()
    from cli.replay.screen import show  # compiles the kernels where they are not cached

    summary = show(request, STARTED)
    if json:
        _print_json(summary)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for summary.json and what was found.")] = Path("build/demo"),
    seed: Annotated[int, typer.Option(min=0, help="Which faults are injected, and where.")] = 0,
    embedded: Annotated[bool, typer.Option("--embedded", help="No Kafka: the same pipeline in this process.")] = False,
    json: Json = False,
) -> None:
    """Real meters through a real Kafka, faults injected and found; about three minutes."""
    from cli.demo.run import main as show

    raise typer.Exit(show(out, seed=seed, embedded=embedded, as_json=json))


@app.command()
def worker(
    bootstrap_servers: Bootstrap = None,
    app_id: Annotated[str | None, typer.Option(help="Consumer group: workers with the same share the work.")] = None,
    instance_id: Annotated[str | None, typer.Option(help="This worker's name, for life; another in each.")] = None,
    partitions: Partitions = None,
    state_dir: Annotated[Path | None, typer.Option(help="Folder for snapshots; may be lost.")] = None,
    health_port: Annotated[int | None, typer.Option(help="/livez, /readyz, /metrics; 0 = any free port.")] = None,
    policy: PolicyFile = None,
    live_from: LiveFrom = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what Faust and Kafka's client say, too.")] = False,
) -> None:
    """A detection worker on Kafka, until it is told to stop.

    Every setting is also a variable METERWATCH_ and its name, such as METERWATCH_SNAPSHOT_EVERY_S; options win.
    """
    from cli.logs import set_up
    from cli.policy import read_policy
    from cli.settings import read_settings
    from streams.deps import Deps
    from streams.worker import run as work

    settings = read_settings(
        bootstrap_servers=bootstrap_servers,
        app_id=app_id,
        instance_id=instance_id,
        partitions=partitions,
        state_dir=state_dir,
        health_port=health_port,
    )
    deps = Deps(policy=read_policy(policy, _instant("--live-from", live_from)))
    set_up(verbose=verbose)
    raise typer.Exit(work(settings, deps))


@app.command()
def kafka() -> None:
    """A local Kafka in the foreground, until Ctrl-C."""
    from cli.kafka.__main__ import main as local_kafka

    local_kafka()


@app.command()
def bench(case: Annotated[list[str] | None, typer.Argument(help="Only these cases.")] = None) -> None:
    """Measure speed; results in benchmarks/results/latest.json. Runs in the repository only."""
    from benchmarks.run import main as measure

    measure(case or [])


@topics_app.command("create")
def topics_create(bootstrap_servers: Bootstrap = None, partitions: Partitions = None, json: Json = False) -> None:
    """Make the topics that are missing; what is there stays as it is."""
    from cli.topics import create

    made = create(bootstrap_servers, partitions)
    if json:
        _print_json({"created": made})
    else:
        typer.echo("\n".join(f"created {name}" for name in made) or "nothing to do: all topics are there")


@topics_app.command("describe")
def topics_describe(bootstrap_servers: Bootstrap = None, partitions: Partitions = None, json: Json = False) -> None:
    """The topics as they are."""
    from cli.topics import describe, table

    found = describe(bootstrap_servers, partitions)
    if json:
        _print_json(found)
    else:
        import rich

        rich.print(table(found))


@topics_app.command("check")
def topics_check(bootstrap_servers: Bootstrap = None, partitions: Partitions = None, json: Json = False) -> None:
    """Exit 2 if a worker could not run on the topics as they are, with what to do about it."""
    from cli.topics import describe

    problems = [problem for topic in describe(bootstrap_servers, partitions) for problem in topic["problems"]]
    if json:
        _print_json({"problems": problems})
    for problem in problems:
        typer.echo(problem, err=True)
    raise typer.Exit(2 if problems else 0)


@policy_app.command("show")
def policy_show(policy: PolicyFile = None, json: Json = False) -> None:
    """The policy in force as TOML, every threshold with its unit and source."""
    import tomllib

    from cli.policy import read_policy

    text = read_policy(policy).to_toml()
    if json:
        _print_json(tomllib.loads(text))
    else:
        typer.echo(text, nl=False)


def _instant(option: str, text: str | None) -> int:
    """Microseconds UTC of an argument, `NEVER` where there is none."""
    from cli.errors import UnusableError
    from models.domain.times import NEVER, to_us

    if text is None:
        return NEVER
    try:
        return to_us(dt.datetime.fromisoformat(text))
    except ValueError as error:
        raise UnusableError(f"{option} {text}: {error}; write it as 2026-01-31T00:00:00Z") from None


def _print_json(plain: Any) -> None:
    import json

    typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))


def run() -> None:
    """Entry point of the console script. Exit 0 done, 2 unusable arguments or files, 1 a bug, with its traceback."""
    from models.domain.errors import MeterwatchError

    try:
        app()
    except MeterwatchError as error:
        typer.echo(f"meterwatch: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
