"""`meterwatch bootstrap`: history in files of the replay contract to Kafka, for workers to learn from.

READINGS go out as interval blocks in order of `received_at`, which becomes `sent_at`. Workers started with a
`--live-from` after the last of them learn and say nothing.
"""

import asyncio
import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pydantic
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from numpy.typing import NDArray

from cli.cluster import ask
from cli.errors import UnusableError
from cli.replay.files import DeadRow
from cli.replay.lanes import chunks
from cli.replay.readings import Readings, read_readings
from cli.replay.reference import Fleet, no_collection, read_fleet, read_rows
from cli.sending import Sender
from models.contracts import MAX_INTERVALS, Account, Context
from models.domain.quality import DERIVED, EDITED, ESTIMATED, MISSING, QUESTIONABLE, VALID
from models.domain.times import SECOND, to_text
from streams.settings import Settings

Progress = Callable[[str, int, int], None]
"""Called with a step, how much of it is done, and of how much (0 = not known)."""
_NAMES: Final = {
    VALID: "valid",
    EDITED: "edited",
    DERIVED: "derived",
    ESTIMATED: "estimated",
    QUESTIONABLE: "questionable",
    MISSING: "missing",
}
_LOOK_S: Final = 0.5


class Block(NamedTuple):
    """One message of `ami.readings`."""

    meter_id: str
    value: bytes
    readings: int


@dataclasses.dataclass(frozen=True, slots=True)
class History:
    """What has been read from files of the replay contract."""

    fleet: Fleet
    accounts: list[Account]
    context: list[Context]
    readings: Readings
    rejected: Counter[str]
    """Rows that were set aside, by reason"""

    @classmethod
    def read(
        cls, readings: Path, meters: Path, accounts: Path | None, context: Path | None, progress: Progress
    ) -> "History":
        """Raises UnusableError for what the caller can mend."""
        with no_collection():
            fleet = read_fleet(meters)
        rejected: Counter[str] = Counter()

        def dead(letters: list[DeadRow]) -> None:
            rejected.update(letter.reason for letter in letters)

        history = cls(
            fleet=fleet,
            accounts=[] if accounts is None else [row for _, row in read_rows(accounts, Account)],
            context=[] if context is None else [row for _, row in read_rows(context, Context)],
            readings=read_readings(readings, fleet, dead, progress),
            rejected=rejected,
        )
        if not len(history.readings):
            raise UnusableError(f"{readings}: nothing in it can be learnt from: {dict(rejected) or 'no rows'}")
        return history

    @property
    def live_from(self) -> str:
        """The first whole second after all of it has come in."""
        return to_text((int(self.readings.received_at[-1]) // SECOND + 1) * SECOND)


def bootstrap(history: History, settings: Settings, progress: Progress, *, wait: bool) -> dict[str, Any]:
    """Sends it all, and waits until the workers have committed it. Returns what was sent. Raises UnusableError."""
    number = ask(_send(history, settings, progress, wait=wait), settings.bootstrap_servers)
    return {
        "meters": len(history.fleet),
        "accounts": len(history.accounts),
        "context": len(history.context),
        "readings": len(history.readings),
        "blocks": number,
        "rejected": dict(history.rejected),
        "live_from": history.live_from,
    }


async def _send(history: History, settings: Settings, progress: Progress, *, wait: bool) -> int:
    """How many blocks it was."""
    topics = settings.topics
    async with Sender(settings.bootstrap_servers) as sender:
        for versions in history.fleet.versions:
            for meter in versions:
                await sender.send(topics.meters, meter.meter_id, _json(meter))
        for account in history.accounts:
            await sender.send(topics.accounts, account.account_id, _json(account))
        for fact in history.context:
            await sender.send(topics.context, fact.premise_id, _json(fact))
        await sender.settle()  # workers know a meter before they see its readings
        sent = number = 0
        for block in blocks(history.readings, history.fleet):
            await sender.send(topics.readings, block.meter_id, block.value)
            sent, number = sent + block.readings, number + 1
            progress("send", sent, len(history.readings))
    if wait:
        await _until_learnt(settings, sender.ends[topics.readings], progress)
    return number


def blocks(readings: Readings, fleet: Fleet) -> Iterator[Block]:
    """Readings as messages: what a meter delivers at one moment, as far as it stands together, is one.

    A block has room for a register at its end only, and so ends with every register there is.
    """
    for chunk in chunks(readings):
        meter, received_at = readings.meter[chunk], readings.received_at[chunk]
        delivery = np.cumsum((np.diff(meter, prepend=-1) != 0) | (np.diff(received_at, prepend=-1) != 0))
        places = np.lexsort((readings.start[chunk], delivery)) + chunk.start
        delivery = delivery[places - chunk.start]
        start = readings.start[places]
        interval = fleet.interval_s(readings.meter[places], start)
        apart = (np.diff(delivery) != 0) | (np.diff(start) != interval[:-1] * SECOND) | (np.diff(interval) != 0)
        if readings.register is not None:
            apart |= ~np.isnan(readings.register[places[:-1]])
        for run in np.split(places, np.flatnonzero(apart) + 1):
            for at in range(0, len(run), MAX_INTERVALS):
                yield _block(readings, fleet, run[at : at + MAX_INTERVALS])


def _block(readings: Readings, fleet: Fleet, places: NDArray[np.int64]) -> Block:
    first, last = int(places[0]), int(places[-1])
    meter = readings.meter[first : first + 1]
    message: dict[str, Any] = {
        "meter_id": fleet.ids[int(meter[0])],
        "start": to_text(int(readings.start[first])),
        "interval_s": int(fleet.interval_s(meter, readings.start[first : first + 1])[0]),
        "sent_at": to_text(int(readings.received_at[first])),
        "values": _nulls(readings.value[places]),
    }
    if readings.rank is not None:
        names = [_NAMES[rank] for rank in readings.rank[places].tolist()]
        message["quality"] = names[0] if len(set(names)) == 1 else names
    for name, column in (("voltages", readings.voltage), ("received", readings.received)):
        if column is not None and not np.isnan(column[places]).all():
            message[name] = _nulls(column[places])
    if readings.register is not None and not np.isnan(readings.register[last]):
        message["register"] = float(readings.register[last])
    return Block(message["meter_id"], json.dumps(message, separators=(",", ":")).encode(), len(places))


async def _until_learnt(settings: Settings, ends: Mapping[int, int], progress: Progress) -> None:
    """Until the group has committed each partition as far as `ends`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    try:
        await admin.start()
        while (done := await _committed(admin, settings, ends)) < sum(ends.values()):
            progress("learn", done, sum(ends.values()))
            await asyncio.sleep(_LOOK_S)
        progress("learn", done, done)
    finally:
        await admin.close()


async def _committed(admin: AIOKafkaAdminClient, settings: Settings, ends: Mapping[int, int]) -> int:
    try:
        offsets = await admin.list_consumer_group_offsets(settings.app_id)
    except GroupCoordinatorNotAvailableError:  # a broker that has just come up
        return 0
    at = {tp.partition: found.offset for tp, found in offsets.items() if tp.topic == settings.topics.readings}
    return sum(min(end, max(0, at.get(number, 0))) for number, end in ends.items())


def _json(contract: pydantic.BaseModel) -> bytes:
    return contract.model_dump_json(exclude_none=True, by_alias=True).encode()


def _nulls(column: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in column.tolist()]  # NaN alone differs from itself
