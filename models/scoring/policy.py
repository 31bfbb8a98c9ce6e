"""The policy in force: thresholds, the prior of each cause, what is off, and when to act."""

import dataclasses
import functools
import hashlib
import tomllib
from collections.abc import Mapping
from typing import Any, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from models.domain.causes import CAUSES
from models.domain.errors import PolicyError
from models.domain.times import HOUR, NEVER, SECOND
from models.scoring.rules.registry import DEFAULTS, NUMBER, RULES, at
from models.scoring.rules.rule import Rule

_GENERAL: Final = {
    "day_close_lag_h": (6.0, "h", "design: event time past a local day's end before the day is learnt"),
    "watch_every_h": (3.0, "h", "ours: event time between two looks for silent meters"),
    "rebaseline_days": (30.0, "days", "ours: after so long an open anomaly is the new normal and is learnt from"),
}
_PER_1000: Final = "per 1,000 meter-days"
_MODELS: Final = {
    "theft": (1.0, "0 or 1", "ours: the trees trained on theft; without them nothing is called theft-like"),
    "half_space": (0.0, "0 or 1", "ours: half-space trees in the place of the forest, to compare"),
    "trees": (64.0, "trees", "ours: measured, see OnlineIsolationForest; in 8 groves"),
    "window": (2048.0, "readings", "Online Isolation Forest, ICML 2024: latest of a cohort, for the forest"),
    "leaf": (32.0, "readings", "Online Isolation Forest, ICML 2024: so many split the root, twice as many a child"),
}
_LEAST: Final = {"trees": 8.0, "window": 256.0, "leaf": 2.0}
"""Of the table `models`: forests of fewer are none."""
_FLEETS: Final = "the labelled fleets of `meterwatch evaluate`; no utility has so many"
_PRIOR: Final = {
    "leak": (2.5, _PER_1000, _FLEETS),
    "burst": (0.5, _PER_1000, _FLEETS),
    "theft": (3.5, _PER_1000, _FLEETS),
    "meter_fault": (0.3, _PER_1000, _FLEETS),
    "estimated_read_error": (1.0, _PER_1000, _FLEETS),
    "data_error": (0.8, _PER_1000, _FLEETS),
    "communication_fault": (0.3, _PER_1000, "ten real homes: silent for a day or more"),
    "unusual_use": (2.0, _PER_1000, f"{_FLEETS}: vacations, guests, electric cars and the like"),
}
GROUPS: Final = {
    "fleet_window_h": (24.0, "h", "ours: findings of one family so close together may have one reason"),
    "fleet_share": (
        0.2,
        "share",
        "ours: of the group's meters heard in a closed day; silence and read errors",
    ),
    "fleet_step_share": (0.3, "share", "ours: the same with leaks, bursts and losses counted in, as a unit step shows"),
    "fleet_least": (8.0, "meters", "ours: fewer are a coincidence"),
    "technical_loss": (0.045, "share", "detection rules E6: 3.5-4.5 % on a lean grid; where learning begins"),
    "balance_loss": (0.05, "share", "detection rules E6"),
    "balance_days": (7.0, "days", "detection rules E6; a larger loss in proportion sooner"),
    "balance_least_days": (3.0, "days", "ours: but never sooner; as long below half of it ends the anomaly"),
    "balance_coverage": (0.95, "share", "detection rules E6"),
    "balance_sure": (0.6, "share", "ours: how sure a balance is of a meter before anybody is sent there"),
    "premise_low": (0.1, "share", "ours: of what is expected; below it electricity is near zero"),
    "premise_usual": (0.5, "share", "ours: of what is expected; from it on water or gas is used as usual"),
    "premise_days": (3.0, "days", "ours: electricity near zero with water or gas in use"),
    "part_wait_h": (24.0, "h", "ours: for the other partitions' part of a group's day"),
}
ACROSS: Final = ("E6", "W12", "X1", "F1")
"""Rules across meters, whose figures are in the table `groups`"""
_ACTING: Final = {
    "hold_off_h": (1.0, "h", "design: the fleet gate may claim an anomaly meanwhile; gas safety, burst, tamper none"),
    "hold_off_loss_h": (
        24.0,
        "h",
        "ours: theft and faulty meters; nothing is urgent, the fleet gate needs a closed day",
    ),
    "hold_off_reads_h": (24.0, "h", "ours: read and data errors; the same"),
    "hold_off_silence_h": (24.0, "h", "ours: silent meters; the same"),
    "leak_lasts_h": (48.0, "h", "SFPUC: a flow of 48 h; of many that last for a day people are the reason"),
    "toilet_lasts_h": (120.0, "h", "ours: the same of flow that comes and goes"),
    "silence_lasts_h": (168.0, "h", "ours: the field gives a remote meter a week; most come back by themselves"),
    "zero_lasts_d": (60.0, "days", "ours: two bills; a home may stand empty for weeks"),
    "notice_fresh_h": (48.0, "h", "issue: an older leak goes to review"),
    "leak_span_h": (
        72.0,
        "h",
        "detection rules W2: a leak is found so long after its start; later by more = late data",
    ),
    "order_fresh_d": (7.0, "days", "issue: an older problem goes to review"),
    "not_found_d": (14.0, "days", "ours: nobody is sent again for the same family after a crew found nothing"),
    "tamper_after_work_h": (24.0, "h", "detection rules E1: the crew opened the cover itself"),
    "hold_expires_d": (14.0, "days", "ours: a draft that nobody decides; bills wait no longer"),
    "explained_h": (24.0, "h", "detection rules W1: a leak is heard of so long after irrigation or pool has ended"),
    "false_per_1000": (0.1, _PER_1000, "issue: what rules say beyond all faults expected; more goes to review"),
    "keep_d": (7.0, "days", "ours: so long a closed anomaly, a claim and an answer are remembered"),
    "quiet_from_h": (20.0, "h local", "DC Water: text and phone 08:00-20:00"),
    "quiet_until_h": (8.0, "h local", "DC Water"),
    "notice_every_h": (24.0, "h", "detection rules: one notice in 24 h"),
    "notice_repeat_d": (7.0, "days", "SFPUC: weekly while the flow persists"),
}
_TABLES: Final = {"general": _GENERAL, "prior": _PRIOR, "models": _MODELS, "groups": GROUPS, "acting": _ACTING}


@dataclasses.dataclass(frozen=True)
class Policy:
    """What decides. `settings` is an array in the registry's order."""

    settings: NDArray[np.float64]
    on: NDArray[np.bool_]
    shadow: NDArray[np.bool_]
    """Rules that are evaluated and counted, and say nothing"""
    general: Mapping[str, float]
    prior: Mapping[str, float]
    """By cause: how many faults begin per 1,000 meter-days"""
    models: Mapping[str, float]
    """Forests and tables"""
    groups: Mapping[str, float]
    """Across meters: balances and fleet incidents"""
    acting: Mapping[str, float]
    """When something is done about an anomaly"""
    quiet: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Rules across meters that say nothing -> `off`, or `shadow` where the audit trail has what they would have said"""
    live_from: int = NEVER
    """Event time, microseconds: before it everything learns and nothing is said."""

    @classmethod
    def default(cls) -> Self:
        """The registry's defaults."""
        return cls(
            settings=np.array(DEFAULTS),
            on=np.ones(len(RULES), np.bool_),
            shadow=np.array([bool(rule.shadow) for rule in RULES]),
            general=_defaults("general"),
            prior=_defaults("prior"),
            models=_defaults("models"),
            groups=_defaults("groups"),
            acting=_defaults("acting"),
        )

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The defaults with what a TOML file changes. PolicyError names the key that is wrong."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"not TOML: {error}") from None
        policy = cls.default()
        tables = {name: dict(getattr(policy, name)) for name in _TABLES}
        for name, table in tables.items():
            for key, value in _table(name, given.pop(name, {})).items():
                if key not in table:
                    raise PolicyError(f"{name}.{key}: unknown, one of {', '.join(table)}")
                table[key] = _number(f"{name}.{key}", value)
        for key, least in _LEAST.items():
            if tables["models"][key] < least:
                raise PolicyError(f"models.{key}: {least:g} or more, got {tables['models'][key]:g}")
        quiet: dict[str, str] = {}
        for rule_id, table in _table("rules", given.pop("rules", {})).items():
            if rule_id in ACROSS:
                quiet |= _quiet(rule_id, table)
                continue
            if rule_id not in NUMBER:
                raise PolicyError(f"rules.{rule_id}: no such rule, `meterwatch policy show` lists them")
            policy._override(RULES[NUMBER[rule_id]], table)
        if given:
            raise PolicyError(f"{next(iter(given))}: unknown, one of {', '.join(_TABLES)}, rules")
        return dataclasses.replace(policy, quiet=quiet, **cast(Any, tables))

    def _override(self, rule: Rule, table: Any) -> None:
        names = {setting.name for setting in rule.settings}
        for key, value in _table(f"rules.{rule.id}", table).items():
            where = f"rules.{rule.id}.{key}"
            if key in ("on", "shadow"):
                getattr(self, key)[NUMBER[rule.id]] = _flag(where, value)
            elif key in names:
                self.settings[at(rule.id, key)] = _number(where, value)
            else:
                raise PolicyError(f"{where}: unknown, one of on, shadow, {', '.join(sorted(names))}")

    @property
    def rules_on(self) -> int:
        """Rules that say what they find, a bit each."""
        return _bits(self.on & ~self.shadow)

    @property
    def in_shadow(self) -> int:
        """Rules that are evaluated and counted alone, a bit each."""
        return _bits(self.on & self.shadow)

    @functools.cached_property
    def priors(self) -> NDArray[np.float64]:
        """[causes] `prior` as an array."""
        return np.array([self.prior[cause] for cause in CAUSES])

    @functools.cached_property
    def digest(self) -> str:
        """Version of the policy: the first 12 hex digits of the SHA-256 of its TOML."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()[:12]

    @property
    def watch_every(self) -> int:
        """Microseconds."""
        return max(int(self.general["watch_every_h"] * HOUR), SECOND)

    @property
    def day_close_lag(self) -> int:
        """Microseconds."""
        return int(self.general["day_close_lag_h"] * HOUR)

    def to_toml(self) -> str:
        """Everything that can be set, as a TOML file with unit and source of each figure."""
        lines: list[str] = []
        for table, own in _TABLES.items():
            lines += [*([""] if lines else []), f"[{table}]"]
            lines += [
                f"{n} = {_text(getattr(self, table)[n])}  # {unit}; {source}" for n, (_, unit, source) in own.items()
            ]
        for number, rule in enumerate(RULES):
            lines += ["", f"[rules.{rule.id}]  # {rule.title}: {rule.cause}; {', '.join(rule.services)}"]
            lines.append(f"on = {str(bool(self.on[number])).lower()}")
            source = f"  # true or false; {rule.shadow}" if rule.shadow else ""
            lines.append(f"shadow = {str(bool(self.shadow[number])).lower()}{source}")
            for setting in rule.settings:
                value = self.settings[at(rule.id, setting.name)]
                lines.append(f"{setting.name} = {_text(value)}  # {setting.unit}; {setting.source}")
        for rule_id in ACROSS:
            lines += ["", f"[rules.{rule_id}]  # across meters: figures in [groups]"]
            lines.append(f"on = {str(self.quiet.get(rule_id) != 'off').lower()}")
            lines.append(f"shadow = {str(self.quiet.get(rule_id) == 'shadow').lower()}")
        return "\n".join(lines) + "\n"


def _quiet(rule_id: str, table: Any) -> dict[str, str]:
    """Of a rule across meters, as `Policy.quiet` has it."""
    given = _table(f"rules.{rule_id}", table)
    for key in given:
        if key not in ("on", "shadow"):
            raise PolicyError(f"rules.{rule_id}.{key}: unknown, one of on, shadow; figures are in the table groups")
    on, shadow = (_flag(f"rules.{rule_id}.{key}", given.get(key, key == "on")) for key in ("on", "shadow"))
    if on and not shadow:
        return {}
    return {rule_id: "shadow" if on else "off"}


def _flag(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{where}: true or false, got {value!r}")
    return value


def _bits(rules: NDArray[np.bool_]) -> int:
    return sum(1 << number for number in np.flatnonzero(rules).tolist())


def _defaults(table: str) -> dict[str, float]:
    return {name: default for name, (default, _, _) in _TABLES[table].items()}


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
