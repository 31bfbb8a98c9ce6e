"""Settings of a worker from the environment and from options; options win.

Every field of `streams.settings.Settings` is `METERWATCH_` and its name in capitals (`METERWATCH_APP_ID`), a topic's
name `METERWATCH_TOPICS_READINGS`. `KAFKA_BOOTSTRAP_SERVERS` names the cluster where nothing of ours does.
"""

import os
from collections.abc import Mapping
from typing import Any, Final

import pydantic

from cli.errors import UnusableError
from streams.settings import Settings, Topics

PREFIX: Final = "METERWATCH_"
_TOPICS: Final = "topics_"


def read_settings(environment: Mapping[str, str] = os.environ, **options: Any) -> Settings:
    """Settings in force. `options` that are None were not given. Raises UnusableError that names the setting."""
    given: dict[str, Any] = {}
    if cluster := environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        given["bootstrap_servers"] = cluster
    names: dict[str, str] = {}
    for variable, text in environment.items():
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX):
            if name not in _known():
                raise UnusableError(f"{variable}: no such setting; there are {', '.join(sorted(_known()))}")
            (names if name.startswith(_TOPICS) else given)[name.removeprefix(_TOPICS)] = text
    given |= {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(topics=Topics(**names), **given)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        raise UnusableError(f"{where}: {first['msg'].removeprefix('Value error, ')}, got {first['input']!r}") from None


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that `read_settings` makes these settings of: for a worker in a process of its own."""
    plain = settings.model_dump(mode="json", exclude_none=True)
    topics = {_TOPICS + name: topic for name, topic in plain.pop("topics").items()}
    return {PREFIX + name.upper(): str(value) for name, value in {**plain, **topics}.items()}


def _known() -> set[str]:
    return {_TOPICS + name for name in Topics.model_fields} | (Settings.model_fields.keys() - {"topics"})
