"""`meterwatch topics, policy, dlq, audit`: commands that look at a running system and at what it is told.

As in `cli.main`, what a command needs is imported when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Bootstrap, Json, Partitions, PolicyFile, print_json

topics_app = typer.Typer(help="The topics on Kafka.", no_args_is_help=True)
policy_app = typer.Typer(help="Thresholds, confidences and what is off.", no_args_is_help=True)
dlq_app = typer.Typer(help="Dead letters: messages that could not be read or attributed.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)

Place = Annotated[
    str, typer.Argument(help="Where the message stood: partition/offset, or topic/partition/offset.", metavar="PLACE")
]
Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only letters of this reason; may be repeated.")]


@topics_app.command("create")
def topics_create(bootstrap_servers: Bootstrap = None, partitions: Partitions = None, json: Json = False) -> None:
    """Make the topics that are missing; what is there stays as it is."""
    from cli.topics import create

    made = create(bootstrap_servers, partitions)
    if json:
        print_json({"created": made})
    else:
        typer.echo("\n".join(f"created {name}" for name in made) or "nothing to do: all topics are there")


@topics_app.command("describe")
def topics_describe(bootstrap_servers: Bootstrap = None, partitions: Partitions = None, json: Json = False) -> None:
    """The topics as they are."""
    from cli.topics import describe, table

    found = describe(bootstrap_servers, partitions)
    if json:
        print_json(found)
    else:
        import rich

        rich.print(table(found))


@topics_app.command("check")
def topics_check(bootstrap_servers: Bootstrap = None, partitions: Partitions = None, json: Json = False) -> None:
    """Exit 2 if a worker could not run on the topics as they are, with what to do about it."""
    from cli.topics import describe

    problems = [problem for topic in describe(bootstrap_servers, partitions) for problem in topic["problems"]]
    if json:
        print_json({"problems": problems})
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
        print_json(tomllib.loads(text))
    else:
        typer.echo(text, nl=False)


@policy_app.command("check")
def policy_check(
    file: Annotated[Path | None, typer.Argument(help="TOML; none = the defaults.")] = None, json: Json = False
) -> None:
    """What a policy file changes, with a warning for what may be a slip. Exit 2 if it cannot be used."""
    import dataclasses

    from cli.policy import overrides, read_policy, table

    found = overrides(read_policy(file))
    if json:
        print_json([{**dataclasses.asdict(one), "warning": one.warning} for one in found])
        return
    if found:
        import rich

        rich.print(table(found))
    else:
        typer.echo("all defaults")
    for one in found:
        if one.warning:
            typer.echo(f"warning: {one.warning}", err=True)


@dlq_app.command("list")
def dlq_list(bootstrap_servers: Bootstrap = None, reason: Reasons = None, json: Json = False) -> None:
    """How many letters there are of each reason, first and last; of a given reason, each."""
    import rich

    from cli import dlq
    from cli.settings import read_settings

    found = dlq.letters(read_settings(bootstrap_servers=bootstrap_servers))
    if reason:
        picked = dlq.chosen(found, reason)
        print_json([one.plain() for one in picked]) if json else rich.print(dlq.listing(picked))
    else:
        counts = dlq.by_reason(found)
        print_json(counts) if json else rich.print(dlq.summary(counts) if counts else "no dead letters")


@dlq_app.command("show")
def dlq_show(place: Place, bootstrap_servers: Bootstrap = None, json: Json = False) -> None:
    """A letter with the message as it came."""
    from cli import dlq
    from cli.settings import read_settings

    for found in dlq.chosen(dlq.letters(read_settings(bootstrap_servers=bootstrap_servers)), places=[place]):
        if json:
            print_json({**found.plain(), "text": found.text})
        else:
            letter = found.letter
            typer.echo(f"{found.place}, set aside {found.at.isoformat(timespec='seconds')}")
            typer.echo(f"{letter.reason}: {dlq.printable(letter.detail)}\n\n{found.text}")


@dlq_app.command("replay")
def dlq_replay(
    bootstrap_servers: Bootstrap = None,
    reason: Reasons = None,
    offset: Annotated[
        list[str] | None, typer.Option("--offset", help="Where it stood, partition/offset; may be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send.")] = False,
    json: Json = False,
) -> None:
    """Send messages back to the topic they came from, once what was wrong is put right.

    They go to the partition of their meter, with a header `meterwatch-replayed`. What was read before is dropped as a
    repeat; what still cannot be read becomes a dead letter again.
    """
    from cli import dlq
    from cli.errors import UnusableError
    from cli.settings import read_settings

    if not (reason or offset):
        raise UnusableError("which letters? choose with --reason or --offset")
    settings = read_settings(bootstrap_servers=bootstrap_servers)
    picked = dlq.chosen(dlq.letters(settings), reason or [], offset or [])
    if not (yes or dry_run):
        raise UnusableError(f"{len(picked)} letters would be sent back: say --yes, or --dry-run to see them")
    back = dlq.send_back(settings, picked, dry_run=dry_run)
    if json:
        print_json([one.plain() for one in back])
        return
    for one in back:
        told = one.plain()
        key = dlq.printable(one.key or "none")
        typer.echo(f"{told['place']} {told['reason']} -> {told['to']}, key {key}")
    typer.echo(f"{len(back)} messages {'would be' if dry_run else 'are'} sent back")


@audit_app.command("verify")
def audit_verify(
    bootstrap_servers: Bootstrap = None,
    file: Annotated[Path | None, typer.Option(help="JSON lines instead of the topic.")] = None,
    json: Json = False,
) -> None:
    """Every chain of the audit trail from its first entry on. Exit 1 if one is broken."""
    import rich

    from cli import audit
    from cli.settings import read_settings

    if file is None:
        verdict = audit.from_kafka(read_settings(bootstrap_servers=bootstrap_servers))
    else:
        verdict = audit.from_file(file)
    if json:
        print_json(verdict.plain())
    else:
        rich.print(verdict.table())
        for problem in verdict.problems:
            typer.echo(problem, err=True)
        typer.echo(f"{verdict.plain()['entries']:,} entries, {'BROKEN' if verdict.problems else 'whole'}")
    raise typer.Exit(1 if verdict.problems else 0)
