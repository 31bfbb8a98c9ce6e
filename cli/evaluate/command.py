"""`meterwatch evaluate` as it is typed. What it needs is imported when it runs."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Json, LiveFrom, PolicyFile, instant, print_json

_Optional = Annotated[Path | None, typer.Option(help="As for `meterwatch replay`.")]


def evaluate(
    folder: Annotated[
        Path | None, typer.Argument(help="With readings.parquet or .csv, meters.csv and labels.csv in it.")
    ] = None,
    readings: Annotated[Path | None, typer.Option(help="READINGS, as for `meterwatch replay`.")] = None,
    meters: Annotated[Path | None, typer.Option(help="METERS, as for `meterwatch replay`.")] = None,
    labels: Annotated[Path | None, typer.Option(help="LABELS: meter_id, kind, start, end, expected_cause.")] = None,
    weather: _Optional = None,
    events: _Optional = None,
    accounts: _Optional = None,
    context: _Optional = None,
    replayed: Annotated[Path | None, typer.Option(help="Judge this folder of a replay with --scores.")] = None,
    policy: PolicyFile = None,
    partitions: Annotated[int, typer.Option(min=1, max=10_000, help="As for `meterwatch replay`.")] = 1,
    live_from: LiveFrom = None,
    causal: Annotated[
        bool, typer.Option("--causal", help="Also cut the input at some moments: what was said before must not change.")
    ] = False,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="Also replay without each stage, and score by simple baselines.")
    ] = False,
    scenario: Annotated[
        str | None, typer.Option(help="Make labelled data of --fleet first: electricity, water, gas, or fleet.")
    ] = None,
    contest: Annotated[bool, typer.Option("--contest", help="Detectors side by side, to models.md.")] = False,
    fleet: Annotated[
        list[str] | None,
        typer.Option(help="simulated, packaged, or a folder with meters.csv and readings.parquet; several are fine."),
    ] = None,
    homes: Annotated[int | None, typer.Option(min=4, help="Of a simulated fleet, at most of a real one.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many fleets of each.")] = 3,
    first_seed: Annotated[int, typer.Option(min=0, help="0 to 4 are for tuning, 10 and more for reports.")] = 10,
    quick: Annotated[bool, typer.Option("--quick", help="Of --contest: one seed, fewer homes and families.")] = False,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("build/evaluation"),
    json: Json = False,
) -> None:
    """How much of what is labelled is found, how soon, for the right cause, and what is said where nothing is wrong.

    Give a FOLDER of labelled data, or its files, or a --scenario to make it of; or --contest: how well detectors tell
    faults from clean days.
    """
    sources = tuple(fleet or ("simulated", "packaged"))
    numbers = tuple(range(first_seed, first_seed + seeds))
    if contest:
        _contest(sources, numbers, homes, out, quick=quick, json=json)
        return
    from cli.errors import UnusableError
    from cli.evaluate.labelled import Replaying, write
    from cli.evaluate.record import record_of
    from cli.evaluate.request import Files
    from cli.evaluate.screen import show
    from evaluation.labelled import figures as measure

    replaying = Replaying(policy, partitions, instant("--live-from", live_from))
    if replayed is not None and (causal or ablate):
        raise UnusableError("--causal and --ablate need to replay: name --readings and not --replayed")
    if scenario is not None:
        from cli.evaluate.scenario import HOMES, make

        folders = make(scenario, sources, numbers, homes or HOMES, out / "data")
        inputs = [(files, out / "replay" / name) for name, files in folders]
        if not inputs:
            raise UnusableError(f"--scenario {scenario}: no meters for it in {', '.join(sources)}")
    elif folder is not None:
        inputs = [(Files.in_folder(folder), out / "replay")]
    elif meters is not None and labels is not None and (readings or replayed):
        inputs = [(Files(readings, meters, labels, weather, events, accounts, context), replayed or out / "replay")]
    else:
        raise UnusableError(
            "nothing to evaluate: a FOLDER, or --meters and --labels with --readings or --replayed, or --scenario"
        )
    if replayed is None:
        for files, place in inputs:
            replaying.replay(files, place)
    records = [record_of(place, files, replaying.live_from) for files, place in inputs]
    result = measure(records)
    if ablate:
        from cli.evaluate.stages import ablate as take_apart

        result |= take_apart([files for files, _ in inputs], records, result, replaying)
    write(result, out, " ".join(["meterwatch", *sys.argv[1:]]))
    if json:
        print_json(result)
    else:
        show(result)
    if causal:
        from cli.evaluate.causal import looks_ahead

        for files, place in inputs:
            if difference := looks_ahead(files, place, replaying):
                typer.echo(f"not causal: {difference}", err=True)
                raise typer.Exit(1)
        typer.echo("causal: nothing that was said changes with what came later", err=True)


def _contest(
    sources: tuple[str, ...], seeds: tuple[int, ...], homes: int | None, out: Path, *, quick: bool, json: bool
) -> None:
    from cli.evaluate.contest import run, show
    from evaluation.run import Wanted

    wanted = Wanted.quick(sources, seeds[0]) if quick else Wanted(sources, seeds)
    given = [f"--fleet {source}" for source in sources]
    given += [f"--first-seed {seeds[0]}", "--quick" if quick else f"--seeds {len(seeds)}"]
    if homes is not None:
        wanted = dataclasses.replace(wanted, homes=homes)
        given.append(f"--homes {homes}")
    result = run(wanted, out, " ".join(["meterwatch evaluate --contest", *given]))
    if json:
        print_json(result)
    else:
        show(result)
