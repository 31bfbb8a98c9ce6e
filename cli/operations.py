"""`meterwatch topics, policy`: commands that look at a running system and at what it is told.

As in `cli.main`, what a command needs is imported when it runs.
"""

import typer

from cli.options import Bootstrap, Json, Partitions, PolicyFile, print_json

topics_app = typer.Typer(help="The topics on Kafka.", no_args_is_help=True)
policy_app = typer.Typer(help="Thresholds, confidences and what is off.", no_args_is_help=True)


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
