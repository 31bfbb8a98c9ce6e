"""The policy in force, from a file or the defaults."""

import dataclasses
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import rich.table

from cli.errors import UnusableError
from models.domain.errors import PolicyError
from models.domain.times import NEVER
from models.scoring.policy import Policy

_FAR: Final = 10.0
"""A threshold so many times its default, or so small a part of it, is worth a second look."""


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


@dataclasses.dataclass(frozen=True, slots=True)
class Override:
    """A setting that is not at its default."""

    name: str
    default: float | bool
    now: float | bool
    unit: str
    """Empty for `on`, `confidence` and most of `shadow`, as is the source."""
    source: str

    @property
    def warning(self) -> str | None:
        """Why somebody should look at it again; None = no reason."""
        if isinstance(self.now, bool):
            if self.name.endswith(".shadow"):
                return f"{self.name}: the rule is counted alone, nothing it knows will be said" if self.now else None
            return None if self.now else f"{self.name}: the rule is off, nothing it knows will be found"
        if not self.default:
            return None
        if not self.now:
            return f"{self.name}: is 0, {self.default:g} by default"
        ratio = max(self.now / self.default, self.default / self.now)
        return f"{self.name}: {ratio:.3g} times off its default" if ratio > _FAR else None


def overrides(policy: Policy) -> list[Override]:
    """What a policy changes, in the order of `meterwatch policy show`."""
    return [
        Override(name, default, now, unit, source)
        for (name, default, unit, source), (_, now, *_) in zip(
            _figures(Policy.default()), _figures(policy), strict=True
        )
        if now != default
    ]


def table(found: list[Override]) -> rich.table.Table:
    """Overrides for people."""
    shown = rich.table.Table(
        "setting", "default", "now", "unit", rich.table.Column("source", overflow="fold"), box=None
    )
    for one in found:
        shown.add_row(one.name, _shown(one.default), _shown(one.now), one.unit, one.source)
    return shown


def _shown(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"


def _figures(policy: Policy) -> Iterator[tuple[str, Any, str, str]]:
    """(name, value, unit, source) of everything that can be set: the policy's own text says it all."""
    heading = ""
    for line in policy.to_toml().splitlines():
        setting, _, comment = line.partition("  # ")
        if setting.startswith("["):
            heading = setting.strip("[]")
        elif setting:
            unit, _, source = comment.partition("; ")
            ((name, value),) = tomllib.loads(setting).items()
            yield f"{heading}.{name}", value, unit, source
