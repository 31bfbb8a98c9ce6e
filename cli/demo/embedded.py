"""The way without a broker: the worker's codec and pipeline, in this process."""

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from cli.demo.feed import Feed, Parcel
from cli.demo.seen import Seen
from models.domain.ids import partition_of
from models.pipeline import detect
from models.scoring.policy import Policy
from models.state.partition import Partition
from streams.codecs.json import Message, decode
from streams.settings import Settings

_BATCH: Final = 200
"""Messages detected at once."""


def stream(seen: Seen, paint: Callable[[], None]) -> None:
    """The whole feed, batch by batch, `paint` after each."""
    feed, policy, settings = seen.feed, Policy.default(), Settings()
    partitions = [Partition(number) for number in range(feed.partitions)]
    for meter in seen.scene.meters:
        partitions[partition_of(meter.meter_id, feed.partitions)].put_meter(meter)
    offsets = dict.fromkeys(range(feed.partitions), 0)
    seen.begin()
    for batch in _batches(feed):
        for number, parcels in groupby(sorted(batch, key=_partition), key=_partition):
            messages = [Message(offset, parcel.value) for offset, parcel in enumerate(parcels, start=offsets[number])]
            offsets[number] += len(messages)
            decoded = decode(messages, partitions[number], feed.partitions, settings.max_message_bytes)
            outcome = detect(decoded.blocks, partitions[number], policy)
            for _, event in outcome.events:
                seen.event(event.ce_id, json.loads(event.to_json()))
            for letter in (*decoded.rejected, *outcome.rejected):
                seen.letter(number, letter.offset, letter.reason)
        seen.progress(feed.handled(offsets))
        paint()


def _batches(feed: Feed) -> Iterator[list[Parcel]]:
    return (feed.parcels[at : at + _BATCH] for at in range(0, len(feed.parcels), _BATCH))


def _partition(parcel: Parcel) -> int:
    return parcel.partition
