"""The topics a worker needs: made before it starts, never by it, and checked when it does."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from models.domain.errors import MeterwatchError
from streams.settings import Settings

_LARGE: Final = {"max.message.bytes": str(4 * 1024 * 1024)}
"""A dead letter carries a whole message of `ami.readings` (1 MiB) in base64; a partition's record may hold three."""
_COMPACT: Final = {"cleanup.policy": "compact"}
_FOR_EVER: Final = {"retention.ms": "-1"}
_CHANGELOG: Final = {
    **_COMPACT,
    **_LARGE,
    "segment.bytes": str(64 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
    "min.compaction.lag.ms": str(24 * 3600 * 1000),
}


class TopicsError(MeterwatchError):
    """Topics that are missing or not as the worker needs them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A topic as it is; `partitions` 0 = it is not there. `problems` tell what to do about it."""

    name: str
    partitions: int
    config: Mapping[str, str]
    problems: tuple[str, ...]


def wanted(settings: Settings) -> list[Topic]:
    """Every topic of ours, in the order of the design."""
    names, n, copies = settings.topics, settings.partitions, settings.replication
    return [
        Topic(names.readings, n, copies, {}),
        Topic(names.meters, n, copies, _COMPACT),
        Topic(names.meter_events, n, copies, {}),
        Topic(names.accounts, n, copies, _COMPACT),
        Topic(names.context, n, copies, {}),
        Topic(names.outcomes, n, copies, {}),
        Topic(names.decisions, n, copies, {}),
        Topic(names.anomalies, n, copies, {}),
        Topic(names.work_orders, n, copies, {}),
        Topic(names.notifications, n, copies, {}),
        Topic(names.holds, n, copies, {}),
        Topic(names.dead_letters, n, copies, _LARGE),
        Topic(names.audit, n, copies, _FOR_EVER),
        Topic(names.groups, n, copies, {}),
        Topic(names.cases, n, copies, {}),
        Topic(names.labels, n, copies, {}),
        Topic(names.state, n, copies, _CHANGELOG),
        Topic(names.state_groups, n, copies, _CHANGELOG),
        Topic(names.state_cases, n, copies, _CHANGELOG),
    ]


async def create(settings: Settings) -> list[str]:
    """Make what is missing, leave what is there. Returns the names of what was made."""
    new = [NewTopic(t.name, t.partitions, t.replication, topic_configs=dict(t.config)) for t in wanted(settings)]
    made = []
    async with _Admin(settings) as admin:
        response = await admin.create_topics(new)
    for name, code, message, *_ in response.topic_errors:
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            continue
        if code:
            raise TopicsError(f"cannot create topic {name}: {message or error.__name__}")
        made.append(name)
    await _until_seen(settings, made)
    return made


async def delete(settings: Settings) -> None:
    """Remove every topic of ours with all that is in it: for demos and tests that were guests on a cluster."""
    async with _Admin(settings) as admin:
        response = await admin.delete_topics([topic.name for topic in wanted(settings)])
    for name, code in response.topic_error_codes:
        if code and for_code(code) is not UnknownTopicOrPartitionError:
            raise TopicsError(f"cannot delete topic {name}: {for_code(code).__name__}")


async def describe(settings: Settings) -> list[Found]:
    """The topics as they are, with what is wrong about each."""
    topics = wanted(settings)
    async with _Admin(settings) as admin:
        described = await admin.describe_topics([topic.name for topic in topics])
        partitions = {d["topic"]: len(d["partitions"]) for d in described if not d["error_code"]}
        there = [topic.name for topic in topics if topic.name in partitions]
        configs = await _configs(admin, there) if there else {}
    return [_compare(topic, partitions.get(topic.name, 0), configs.get(topic.name, {})) for topic in topics]


async def check(settings: Settings) -> None:
    """Raises TopicsError with all that is wrong."""
    problems = [problem for found in await describe(settings) for problem in found.problems]
    if problems:
        raise TopicsError("; ".join(problems))


async def _until_seen(settings: Settings, names: Sequence[str]) -> None:
    """A broker says that a topic is made a moment before its metadata tell of it."""
    for _ in range(100):
        if not {found.name for found in await describe(settings) if not found.partitions} & set(names):
            return
        await asyncio.sleep(0.1)
    raise TopicsError("the broker made topics and does not tell of them")


def _compare(topic: Topic, partitions: int, config: Mapping[str, str]) -> Found:
    if not partitions:
        return Found(topic.name, 0, {}, (f"topic {topic.name} does not exist: run `meterwatch topics create`",))
    problems = []
    if partitions != topic.partitions:
        problems.append(f"topic {topic.name} has {partitions} partitions, the settings say {topic.partitions}")
    policy = config.get("cleanup.policy", "delete")
    if policy != topic.config.get("cleanup.policy", "delete"):
        problems.append(
            f"topic {topic.name} has cleanup.policy={policy}: set it to {topic.config.get('cleanup.policy', 'delete')}"
        )
    size = int(config.get("max.message.bytes", 0))
    if size < int(topic.config.get("max.message.bytes", 0)):
        problems.append(
            f"topic {topic.name} has max.message.bytes={size}: set it to {topic.config['max.message.bytes']}"
        )
    shown = {key: config[key] for key in ("cleanup.policy", "max.message.bytes", "retention.ms") if key in config}
    return Found(topic.name, partitions, shown, tuple(problems))


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for response in responses
        for _code, _message, _kind, name, entries in response.resources
    }


class _Admin:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def __aenter__(self) -> AIOKafkaAdminClient:
        self._client = AIOKafkaAdminClient(bootstrap_servers=self._settings.bootstrap_servers)
        await self._client.start()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
