"""The way without a broker: the worker's codec and the same functions as its stages, in this process."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final

import numpy as np

from cli.demo.feed import READINGS, Parcel
from cli.demo.seen import Seen
from cli.demo.show import ACTIONS
from cli.replay.lanes import Lane
from cli.replay.output import Action
from cli.replay.stages import Said, Stages
from models.contracts import Account, Context, Meter
from models.pipeline import detect
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.codecs.json import Message, decode
from streams.settings import Settings

_BATCH: Final = 1000
"""Messages detected at once."""


def stream(seen: Seen, paint: Callable[[], None]) -> None:
    """The whole play, batch by batch, `paint` after each. Nobody answers: there is nobody to receive."""
    show, feed, settings = seen.show, seen.show.feed, Settings()
    policy = dataclasses.replace(Policy.default(), live_from=show.live_from)
    lanes = [Lane(Partition(n), np.empty(0, np.int32), np.empty(0, np.int64)) for n in range(feed.partitions)]
    accounts: dict[str, Account] = {}
    contexts: list[Context] = []
    for told in show.reference:
        if told.topic == "meters":
            lanes[feed.place(told)].partition.put_meter(Meter.model_validate_json(told.value))
        elif told.topic == "accounts":
            accounts[told.key] = Account.model_validate_json(told.value)
        elif told.topic == "context":
            contexts.append(Context.model_validate_json(told.value))
    stages = Stages(lanes, policy, accounts, contexts)
    offsets = dict.fromkeys(range(feed.partitions), 0)
    seen.begin()
    for batch in _batches(feed.until(show.until)):
        for number, parcels in groupby(sorted(batch, key=feed.place), key=feed.place):
            partition = lanes[number].partition
            messages = [Message(offset, parcel.value) for offset, parcel in enumerate(parcels, start=offsets[number])]
            offsets[number] += len(messages)
            decoded = decode(messages, partition, feed.partitions, settings.max_message_bytes)
            outcome = detect(decoded.blocks, partition, policy)
            for _, event in outcome.events:
                seen.event(event.ce_id, json.loads(event.to_json()))
            for letter in (*decoded.rejected, *outcome.rejected):
                seen.letter(settings.topics.readings, number, letter.offset, letter.reason)
            stages.tell(lanes[number], outcome.events, outcome.days)
        said = stages.advance(lanes)
        for event in said.events:
            seen.event(event.ce_id, json.loads(event.to_json()))
        for kind in ACTIONS:
            for line in _lines(said, kind):
                seen.action(kind, line.ce_id, line.model_dump(mode="json"))
        seen.progress(feed.handled(offsets))
        paint()
    seen.over = True


def _lines(said: Said, kind: str) -> Sequence[Action]:
    lines: dict[str, Sequence[Action]] = {
        "work_orders": said.orders,
        "notifications": said.notifications,
        "holds": said.holds,
    }
    return lines[kind]


def _batches(parcels: Iterator[Parcel]) -> Iterator[list[Parcel]]:
    while batch := list(islice(parcels, _BATCH)):
        yield [parcel for parcel in batch if parcel.topic == READINGS]
