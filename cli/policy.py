"""The policy in force, from a file or the defaults."""

import dataclasses
from pathlib import Path

from cli.errors import UnusableError
from models.domain.errors import PolicyError
from models.domain.times import NEVER
from models.scoring.policy import Policy


def read_policy(path: Path | None, live_from: int = NEVER) -> Policy:
    """The policy in a file, else the default. Raises UnusableError."""
    if path is None:
        policy = Policy.default()
    else:
        try:
            policy = Policy.from_toml(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UnusableError(f"{path}: cannot be read: {error.strerror}") from error
        except (UnicodeDecodeError, PolicyError) as error:
            raise UnusableError(f"{path}: {error}") from error
    return dataclasses.replace(policy, live_from=live_from) if live_from != NEVER else policy
