"""`python -m cli` is the `meterwatch` command, for whoever has this Python and no path to the command."""

from cli.main import run

run()
