"""The `meterwatch` command. What a command needs is imported when it runs, so that `--help` is there at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import STARTED
from cli.evaluate.command import evaluate
from cli.operations import audit_app, dlq_app, policy_app, topics_app
from cli.options import Bootstrap, Json, LiveFrom, Partitions, PolicyFile, instant, print_json

app = typer.Typer(
    help="Real-time anomaly detection for smart meters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(topics_app, name="topics")
app.add_typer(policy_app, name="policy")
app.add_typer(dlq_app, name="dlq")
app.add_typer(audit_app, name="audit")
app.command()(evaluate)


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
    substitutes: Annotated[
        bool, typer.Option("--substitutes", help="Write substitutes.jsonl: values proposed for what days lack.")
    ] = False,
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
        substitutes=substitutes,
        partitions=partitions,
        live_from=instant("--live-from", live_from),
        force=force,
    )
    request.check()
    from cli.replay.screen import show  # compiles the kernels where they are not cached

    summary = show(request, STARTED)
    if json:
        print_json(summary)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for summary.json and what was found.")] = Path("build/demo"),
    meters: Annotated[
        int, typer.Option(min=10, help="Of the town; it takes 500 or so to have room for it all.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Which town, which faults, and where.")] = 0,
    real: Annotated[bool, typer.Option("--real", help="Real series and copies of them in place of a town.")] = False,
    embedded: Annotated[bool, typer.Option("--embedded", help="No Kafka: the same pipeline in this process.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="The town goes on after it, until Ctrl-C.")] = False,
    health_port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="The worker's /metrics; none = any free port.")
    ] = None,
    json: Json = False,
) -> None:
    """A town through a real Kafka, faults injected, found and acted on; under five minutes."""
    from cli.demo.run import Wanted
    from cli.demo.run import main as show

    wanted = Wanted(out, meters, seed, real=real, embedded=embedded, keep=keep, health_port=health_port, as_json=json)
    raise typer.Exit(show(wanted))


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
    deps = Deps(policy=read_policy(policy, instant("--live-from", live_from)))
    set_up(verbose=verbose)
    raise typer.Exit(work(settings, deps))


@app.command()
def simulate(
    bootstrap_servers: Bootstrap = None,
    meters: Annotated[int, typer.Option(min=10, help="Meters of the town, total meters among them.")] = 1000,
    days: Annotated[int, typer.Option(min=1, help="Local days.")] = 81,
    clean_days: Annotated[int, typer.Option(min=0, help="Of them, before the first fault.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same town and faults.")] = 0,
    start: Annotated[
        str | None, typer.Option(help="ISO 8601 with a zone; none = so that the last day is today.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="Times the clock; 0 = as fast as Kafka takes it.")] = 0,
    faults: Annotated[bool, typer.Option("--faults/--no-faults", help="Whether anything goes wrong.")] = True,
    json: Json = False,
) -> None:
    """A head-end: meters, customers, reads and meter events of a simulated town to Kafka, the truth to sim.labels."""
    import datetime as dt

    from cli.progress import progress_on_screen
    from cli.settings import read_settings
    from cli.simulate import Simulation
    from cli.simulate import simulate as run_simulation
    from models.domain.times import DAY, to_us

    begin = to_us(dt.datetime.now(dt.UTC)) // DAY * DAY - days * DAY if start is None else instant("--start", start)
    wanted = Simulation(meters=meters, days=days, clean_days=clean_days, seed=seed, start=begin, faults=faults)
    settings = read_settings(bootstrap_servers=bootstrap_servers)
    with progress_on_screen({"send": "days"}) as progress:
        summary = run_simulation(wanted, settings, speed, progress)
    if json:
        print_json(summary)
    else:
        typer.echo(f"{summary['readings']:,} readings of {summary['meters']:,} meters; clean to {summary['live_from']}")


@app.command()
def bootstrap(
    readings: Annotated[Path, typer.Option(help="READINGS: .csv, .csv.gz or .parquet, one row per interval.")],
    meters: Annotated[Path, typer.Option(help="METERS: one row per meter and effective_from.")],
    accounts: Annotated[Path | None, typer.Option(help="ACCOUNTS: account_id, language, channels, ...")] = None,
    context: Annotated[Path | None, typer.Option(help="CONTEXT: premise_id, kind, from, until.")] = None,
    bootstrap_servers: Bootstrap = None,
    app_id: Annotated[str | None, typer.Option(help="Consumer group of the workers to wait for.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Until the workers have learnt all of it.")] = True,
    json: Json = False,
) -> None:
    """History in files to Kafka, for workers to learn from.

    Start them with the `--live-from` that this prints first, and they say nothing of it.
    """
    from cli.bootstrap import History
    from cli.bootstrap import bootstrap as send_history
    from cli.progress import progress_on_screen
    from cli.settings import read_settings

    settings = read_settings(bootstrap_servers=bootstrap_servers, app_id=app_id)
    with progress_on_screen({"read": "reading"}) as progress:
        history = History.read(readings, meters, accounts, context, progress)
    typer.echo(f"for workers: --live-from {history.live_from}", err=True)
    with progress_on_screen({"send": "sending", "learn": "learning"}) as progress:
        summary = send_history(history, settings, progress, wait=wait)
    if json:
        print_json(summary)
    else:
        for reason, rows in summary["rejected"].items():
            typer.echo(f"set aside: {reason} {rows:,}", err=True)
        typer.echo(
            f"{summary['readings']:,} readings in {summary['blocks']:,} blocks; --live-from {summary['live_from']}"
        )


@app.command()
def kafka() -> None:
    """A local Kafka in the foreground, until Ctrl-C."""
    from cli.kafka.__main__ import main as local_kafka

    local_kafka()


@app.command()
def train(
    fleet: Annotated[
        list[str] | None,
        typer.Option(help="simulated, packaged, or a folder with meters.csv and readings.parquet; several are fine."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many fleets of each.")] = 6,
    first_seed: Annotated[int, typer.Option(min=0, help="Of the fleets; reports use 10 and more.")] = 200,
    homes: Annotated[int, typer.Option(min=6, help="In each fleet, at most.")] = 90,
    report: Annotated[
        bool, typer.Option(help="Write a page of what the trees reach on what they were not shown.")
    ] = True,
    without: Annotated[str | None, typer.Option(help="A family of theft that the trees are not shown.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for theft.npz and theft-model.md.")] = Path("build/train"),
) -> None:
    """Train the trees that say how theft-like a meter looks, on attacks put into simulated and real homes."""
    from cli.train import run as fit

    sources = tuple(fleet or ("simulated", "packaged"))
    given = [f"--fleet {source}" for source in sources]
    given += [f"--first-seed {first_seed} --seeds {seeds} --homes {homes}"]
    if without:
        given.append(f"--without {without}")
    numbers = range(first_seed, first_seed + seeds)
    version = fit(sources, numbers, homes, out, " ".join(["meterwatch train", *given]), report=report, without=without)
    typer.echo(f"trees {version}: {out / 'theft.npz'}")


@app.command()
def bench(case: Annotated[list[str] | None, typer.Argument(help="Only these cases.")] = None) -> None:
    """Measure speed; results in benchmarks/results/latest.json. Runs in the repository only."""
    from benchmarks.run import main as measure

    measure(case or [])


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
