"""The `meterwatch` command."""

import typer

app = typer.Typer(help="Real-time anomaly detection for smart meters.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Real-time anomaly detection for smart meters."""


def run() -> None:
    """Entry point of the console script."""
    app()
