"""What `meterwatch replay` is asked for, and what can be refused before the kernels are loaded."""

import dataclasses
from pathlib import Path

from cli.policy import read_policy
from cli.replay.files import open_table
from cli.replay.output import Folder
from models.domain.times import NEVER


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """The arguments of `meterwatch replay`."""

    readings: Path
    meters: Path
    out: Path
    weather: Path | None = None
    events: Path | None = None
    accounts: Path | None = None
    context: Path | None = None
    policy: Path | None = None
    scores: bool = False
    substitutes: bool = False
    partitions: int = 1
    live_from: int = NEVER
    """Microseconds UTC."""
    force: bool = False

    def check(self) -> None:
        """Raises UnusableError for a folder, policy or file that can be seen at a glance to be of no use."""
        Folder(self.out, force=self.force)
        read_policy(self.policy)
        for path in (self.readings, self.meters, self.weather, self.events, self.accounts, self.context):
            if path is not None:
                open_table(path)
