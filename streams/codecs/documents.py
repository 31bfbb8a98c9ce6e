"""Topics of single JSON documents: what fits its contract, and what does not as `Rejected`."""

from collections.abc import Iterable
from typing import TypeVar

import pydantic

from models.domain.blocks import Rejected
from streams.codecs.json import Message
from streams.records import brief

D = TypeVar("D")


def read(message: Message, contract: pydantic.TypeAdapter[D]) -> D | Rejected:
    """One message. Never raises for what it holds."""
    if not message.value:
        return Rejected(message.offset, "empty", "a message without bytes")
    try:
        return contract.validate_json(message.value)
    except pydantic.ValidationError as error:
        reason = "not_json" if error.errors(include_url=False)[0]["type"] == "json_invalid" else "schema"
        return Rejected(message.offset, reason, brief(error), message.value)


def read_all(
    messages: Iterable[Message], contract: pydantic.TypeAdapter[D]
) -> tuple[list[tuple[int, D]], list[Rejected]]:
    """(offset, document) of what fits, and the rest."""
    documents: list[tuple[int, D]] = []
    rejected: list[Rejected] = []
    for message in messages:
        document = read(message, contract)
        if isinstance(document, Rejected):
            rejected.append(document)
        else:
            documents.append((message.offset, document))
    return documents, rejected
