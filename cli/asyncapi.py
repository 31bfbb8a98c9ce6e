"""The AsyncAPI 3 document of our topics, for `docs/contracts/asyncapi.json`: written by `python -m cli.schemas`.

Names, partitions and configuration are those of `streams.topics` with the settings as they come; payloads are the JSON
Schema files beside the document. The changelogs are ours alone and left out.
"""

import dataclasses
import typing
from importlib.metadata import version
from typing import Any, Final

from models.contracts import AnomalyEvent, BillingHold, WorkOrder
from streams import topics
from streams.codecs.json import REASONS
from streams.records import JSON
from streams.settings import Settings

NAME: Final = "asyncapi.json"
CHANGELOGS: Final = ("state", "state_groups", "state_cases")
_FORMAT: Final = "application/schema+json;version=draft-07"
"""The newest JSON Schema that AsyncAPI asks of every tool. The files say 2020-12 and use only what both have."""
_BINDING: Final = "0.5.0"
_TICK: Final = {
    "type": "object",
    "required": ["tick"],
    "properties": {"tick": {"type": "string", "format": "date-time", "description": "Event time of the partition."}},
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Message:
    name: str
    """Of the schema file, too, unless there is a `schema`."""
    key: str | None
    """What the Kafka key is; None = there is none."""
    headers: dict[str, Any] | None = None
    schema: dict[str, Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Channel:
    topic: str
    """Field of `streams.settings.Topics`"""
    title: str
    messages: tuple[_Message, ...]
    send: tuple[str, ...] = ()
    """Names of the messages that we write"""
    receive: tuple[str, ...] = ()
    """Names of the messages that we read"""
    whole: bool = False
    """Read from its beginning by each worker, without a consumer group"""


def _cloud_event(*kinds: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode.",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": {"type": "string", "format": "uuid", "description": "The same for every repeat of this line."},
            "ce_source": {"type": "string", "pattern": "^/meterwatch/", "description": "Stage that speaks."},
            "ce_type": {"type": "string", "enum": [f"meterwatch.{kind}" for kind in kinds]},
            "ce_time": {"type": "string", "format": "date-time", "description": "Event time of this line."},
            "content-type": {"type": "string", "const": JSON},
        },
    }


def _statuses(kind: str, contract: type[AnomalyEvent | WorkOrder | BillingHold]) -> dict[str, Any]:
    statuses = typing.get_args(contract.model_fields["status"].annotation)
    return _cloud_event(*(f"{kind}.{status}" for status in statuses))


_LETTER_HEADERS: Final = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"type": "string", "enum": list(REASONS), "description": "As in the letter."}},
}
_READ: Final = ("interval-block", "lone-reading", "tick")
_CHANNELS: Final = (
    _Channel(
        "readings",
        "Interval reads of meters",
        (_Message("interval-block", "meter"), _Message("lone-reading", "meter"), _Message("tick", None, None, _TICK)),
        send=("tick",),
        receive=_READ,
    ),
    _Channel("meters", "Meters as they are", (_Message("meter", "meter"),), receive=("meter",)),
    _Channel("meter_events", "What meters report", (_Message("meter-event", "meter"),), receive=("meter-event",)),
    _Channel("accounts", "Accounts", (_Message("account", "account"),), receive=("account",), whole=True),
    _Channel("context", "What is known of premises", (_Message("context", "premise"),), receive=("context",)),
    _Channel("outcomes", "What crews found", (_Message("field-outcome", "premise"),), receive=("field-outcome",)),
    _Channel(
        "decisions", "Decisions about holds", (_Message("billing-decision", "premise"),), receive=("billing-decision",)
    ),
    _Channel(
        "anomalies",
        "Anomalies opened, updated and closed",
        (_Message("anomaly-event", "meter; of a fleet incident its id", _statuses("anomaly", AnomalyEvent)),),
        send=("anomaly-event",),
    ),
    _Channel(
        "work_orders",
        "Work for field crews",
        (_Message("work-order", "premise", _statuses("work_order", WorkOrder)),),
        send=("work-order",),
    ),
    _Channel(
        "notifications",
        "Notices to customers",
        (_Message("notification", "account", _cloud_event("notification.due")),),
        send=("notification",),
    ),
    _Channel(
        "holds",
        "Intervals that should not be billed as they are",
        (_Message("billing-hold", "account", _statuses("hold", BillingHold)),),
        send=("billing-hold",),
    ),
    _Channel(
        "dead_letters",
        "What could not be read or attributed",
        (_Message("dead-letter", None, _LETTER_HEADERS),),
        send=("dead-letter",),
    ),
    _Channel(
        "audit",
        "Every decision",
        (_Message("audit-entry", "writer and partition, as detect-3"),),
        send=("audit-entry",),
    ),
    _Channel(
        "groups",
        "What stages tell each other of groups of meters",
        (_Message("group-record", "group; of a mark its source"),),
        send=("group-record",),
        receive=("group-record",),
    ),
    _Channel(
        "cases",
        "What stages tell each other of premises",
        (_Message("case-record", "premise; of a mark its source"),),
        send=("case-record",),
        receive=("case-record",),
    ),
    _Channel("labels", "The truth about a simulated fleet", (_Message("label", "meter"),), send=("label",)),
)


def document() -> dict[str, Any]:
    """The whole document, as plain values."""
    settings = Settings()
    there = {topic.name: topic for topic in topics.wanted(settings)}
    named = {channel.topic: there[getattr(settings.topics, channel.topic)] for channel in _CHANNELS}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:meterwatch:topics",
        "info": {
            "title": "Meterwatch",
            "version": version("meterwatch"),
            "description": "Interval reads of smart meters in, anomalies and what is done about them out. Every key is"
            " placed by murmur2, as in Kafka's Java client. Messages come at least once; ids tell repeats apart."
            " Accounts are pseudonyms: no name, address, phone number or e-mail is on any topic.",
        },
        "defaultContentType": JSON,
        "servers": {
            "kafka": {
                "host": settings.bootstrap_servers,
                "protocol": "kafka",
                "description": "Where METERWATCH_BOOTSTRAP_SERVERS says; this is its default.",
            }
        },
        "channels": {channel.topic: _channel(channel, named[channel.topic]) for channel in _CHANNELS},
        "operations": {
            f"{action}_{channel.topic}": _operation(channel, action, settings.app_id)
            for channel in _CHANNELS
            for action in ("receive", "send")
            if getattr(channel, action)
        },
    }


def _channel(channel: _Channel, topic: topics.Topic) -> dict[str, Any]:
    config = topic.config
    configuration: dict[str, Any] = {"cleanup.policy": [config.get("cleanup.policy", "delete")]}
    configuration |= {name: int(config[name]) for name in ("retention.ms", "max.message.bytes") if name in config}
    return {
        "address": topic.name,
        "title": channel.title,
        "description": f"Partitions as METERWATCH_PARTITIONS says, {topic.partitions} by default.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {message.name: _message(message) for message in channel.messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": topic.replication,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING,
            }
        },
    }


def _message(message: _Message) -> dict[str, Any]:
    schema = message.schema or {"$ref": f"./{message.name}.json"}
    written: dict[str, Any] = {"name": message.name, "contentType": JSON}
    if message.headers:
        written["headers"] = message.headers
    written["payload"] = {"schemaFormat": _FORMAT, "schema": schema}
    if message.key:
        key = {"type": "string", "description": message.key}
        written["bindings"] = {"kafka": {"key": key, "bindingVersion": _BINDING}}
    return written


def _operation(channel: _Channel, action: str, group: str) -> dict[str, Any]:
    at = f"#/channels/{channel.topic}"
    written: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": at},
        "summary": channel.title,
        "messages": [{"$ref": f"{at}/messages/{name}"} for name in getattr(channel, action)],
    }
    if action == "receive" and not channel.whole:
        written["bindings"] = {"kafka": {"groupId": {"type": "string", "default": group}, "bindingVersion": _BINDING}}
    return written
