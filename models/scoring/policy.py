"""The policy in force: thresholds, confidence per rule, what is off, and when to act."""

import dataclasses
import tomllib
from collections.abc import Mapping
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.domain.errors import PolicyError
from models.domain.times import HOUR, NEVER
from models.scoring.rules.registry import DEFAULTS, NUMBER, RULES, Rule, at

_GENERAL: Final = {
    "day_close_lag_h": (6.0, "h", "design: event time past a local day's end before the day is learnt"),
    "rebaseline_days": (30.0, "days", "ours: after so long an open anomaly is the new normal and is learnt from"),
}


@dataclasses.dataclass(frozen=True)
class Policy:
    """What decides. `settings` and `confidence` are arrays in the registry's order."""

    settings: NDArray[np.float64]
    confidence: NDArray[np.float64]
    on: NDArray[np.bool_]
    general: Mapping[str, float]
    live_from: int = NEVER
    """Event time, microseconds: before it everything learns and nothing is said."""

    @classmethod
    def default(cls) -> Self:
        """The registry's defaults."""
        return cls(
            settings=np.array(DEFAULTS),
            confidence=np.array([rule.confidence for rule in RULES]),
            on=np.ones(len(RULES), np.bool_),
            general={name: default for name, (default, _, _) in _GENERAL.items()},
        )

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The defaults with what a TOML file changes. PolicyError names the key that is wrong."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"not TOML: {error}") from None
        policy = cls.default()
        general = dict(policy.general)
        for key, value in _table("general", given.pop("general", {})).items():
            if key not in general:
                raise PolicyError(f"general.{key}: unknown, one of {', '.join(general)}")
            general[key] = _number(f"general.{key}", value)
        for rule_id, table in _table("rules", given.pop("rules", {})).items():
            if rule_id not in NUMBER:
                raise PolicyError(f"rules.{rule_id}: no such rule, `meterwatch policy show` lists them")
            policy._override(RULES[NUMBER[rule_id]], table)
        if given:
            raise PolicyError(f"{next(iter(given))}: unknown, one of general, rules")
        return dataclasses.replace(policy, general=general)

    def _override(self, rule: Rule, table: Any) -> None:
        names = {setting.name for setting in rule.settings}
        for key, value in _table(f"rules.{rule.id}", table).items():
            where = f"rules.{rule.id}.{key}"
            if key == "on":
                if not isinstance(value, bool):
                    raise PolicyError(f"{where}: true or false, got {value!r}")
                self.on[NUMBER[rule.id]] = value
            elif key == "confidence":
                confidence = _number(where, value)
                if not confidence <= 1:
                    raise PolicyError(f"{where}: 0 to 1, got {value!r}")
                self.confidence[NUMBER[rule.id]] = confidence
            elif key in names:
                self.settings[at(rule.id, key)] = _number(where, value)
            else:
                raise PolicyError(f"{where}: unknown, one of on, confidence, {', '.join(sorted(names))}")

    @property
    def rules_on(self) -> np.uint32:
        """Rules that are on, a bit each."""
        return np.uint32(sum(1 << number for number in np.flatnonzero(self.on)))

    @property
    def day_close_lag(self) -> int:
        """Microseconds."""
        return int(self.general["day_close_lag_h"] * HOUR)

    def to_toml(self) -> str:
        """Everything that can be set, as a TOML file with unit and source of each figure."""
        lines = ["[general]"]
        for name, (_, unit, source) in _GENERAL.items():
            lines.append(f"{name} = {_text(self.general[name])}  # {unit}; {source}")
        for number, rule in enumerate(RULES):
            lines += ["", f"[rules.{rule.id}]  # {rule.title}: {rule.cause}; {', '.join(rule.services)}"]
            lines.append(f"on = {str(bool(self.on[number])).lower()}")
            lines.append(f"confidence = {_text(self.confidence[number])}")
            for setting in rule.settings:
                value = self.settings[at(rule.id, setting.name)]
                lines.append(f"{setting.name} = {_text(value)}  # {setting.unit}; {setting.source}")
        return "\n".join(lines) + "\n"


def _table(where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError(f"{where}: a table of settings, got {value!r}")
    return value


def _text(value: float) -> str:
    """Short where that says it all."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(float(value))


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
        raise PolicyError(f"{where}: a number of 0 or more, got {value!r}")
    return float(value)
