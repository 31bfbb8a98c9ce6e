"""The story of a replay: read everything; chunk by chunk detect, look across meters, act; write as it is said."""

import time
from pathlib import Path
from typing import Any

from cli.policy import read_policy
from cli.replay.files import DeadRow
from cli.replay.lanes import Lane, chunks, feed, lanes_of
from cli.replay.output import Folder
from cli.replay.readings import Progress, Readings, read_readings
from cli.replay.reference import Fleet, Row, Weather, no_collection, read_fleet, read_rows
from cli.replay.request import Request
from cli.replay.scores import ScoreTable
from cli.replay.stages import Stages, in_time
from cli.replay.summary import Tally
from models.contracts import Account, AnomalyEvent, Context, MeterEvent
from models.domain.blocks import Rejected
from models.domain.ids import partition_of
from models.domain.times import to_us
from models.pipeline import Outcome, detect, finish


def replay(request: Request, started: float, progress: Progress) -> dict[str, Any]:
    """Replay, write the folder, and return the summary. `started`: `time.perf_counter` when the program did.

    Raises UnusableError for anything that the caller can mend; nothing is written then.
    """
    warm_up_s = time.perf_counter() - started  # importing `models.pipeline` compiled the kernels
    folder = Folder(request.out, force=request.force, substitutes=request.substitutes)
    policy = read_policy(request.policy, request.live_from)
    with no_collection():
        fleet = read_fleet(request.meters)
    _rows(request.weather, Weather)  # what later stages will use is held against its contract now
    events = _rows(request.events, MeterEvent)
    accounts = {account.account_id: account for account in _rows(request.accounts, Account)}
    contexts = _rows(request.context, Context)
    tally = Tally()
    with folder:

        def dead(letters: list[DeadRow]) -> None:
            tally.rejected.update(letter.reason for letter in letters)
            folder.dead_letters(letters)

        readings = read_readings(request.readings, fleet, dead, progress)
        with no_collection():
            lanes = lanes_of(fleet, readings, request.partitions)
        _tell(events, lanes)
        stages = Stages(lanes, policy, accounts, contexts)
        table = ScoreTable(readings, fleet) if request.scores else None

        def settle(outcomes: list[tuple[Lane, Outcome]]) -> None:
            for lane, outcome in outcomes:
                tally.counts.update(outcome.counts)
                tally.shadow.update(outcome.shadow)
                tally.drifts(lane.partition.number, outcome.drifts)
                dead([letter for rejected in outcome.rejected for letter in _letters(rejected, lane, readings, fleet)])
                folder.substitutes(outcome.substitutes or ())
                if table:
                    table.put(lane, outcome.scores)
                stages.tell(lane, outcome.events, outcome.days)
            said = stages.advance(lanes)
            events = in_time(in_order(outcomes), said.events)
            tally.anomalies(events)
            folder.anomalies(events)
            for kind, lines in (
                ("work_orders", said.orders),
                ("notifications", said.notifications),
                ("holds", said.holds),
            ):
                tally.actions(kind, lines)
                folder.actions(kind, lines)

        for chunk in chunks(readings):
            fed = [(lane, feed(lane, readings, fleet, chunk)) for lane in lanes]
            settle(
                [
                    (
                        lane,
                        detect(blocks, lane.partition, policy, scores=request.scores, substitutes=request.substitutes),
                    )
                    for lane, blocks in fed
                    if len(blocks)
                ]
            )
            progress("detect", chunk.stop, len(readings))
        settle([(lane, finish(lane.partition)) for lane in lanes])
        if table:
            table.write(folder.scores)
        summary = tally.summary(fleet, lanes, policy, readings.in_file, started, warm_up_s)
        folder.publish(summary)
    return summary


def in_order(outcomes: list[tuple[Lane, Outcome]]) -> list[AnomalyEvent]:
    """The events of several lanes in order of replay. Within a lane the order is the one in which they were said."""
    if len(outcomes) == 1:
        return [event for _, event in outcomes[0][1].events]
    placed: list[tuple[int, AnomalyEvent]] = []
    for lane, outcome in outcomes:
        latest = -1
        for offset, event in outcome.events:
            latest = max(latest, int(lane.places[offset]))
            placed.append((latest, event))
    return [event for _, event in sorted(placed, key=lambda said: said[0])]


def _rows(path: Path | None, model: type[Row]) -> list[Row]:
    """An optional table, row by row."""
    return [] if path is None else [row for _, row in read_rows(path, model)]


def _tell(events: list[MeterEvent], lanes: list[Lane]) -> None:
    """What meters report of themselves waits in their partition until event time gets there."""
    partitions = [lane.partition for lane in lanes]
    for event in events:
        partition = partitions[partition_of(event.meter_id, len(partitions))]
        partition.put_event(event.meter_id, to_us(event.at), to_us(event.received_at or event.at), event.code)


def _letters(rejected: Rejected, lane: Lane, readings: Readings, fleet: Fleet) -> list[DeadRow]:
    """A rejected block, a line for each of its rows."""
    places = lane.places[rejected.offset : rejected.offset + rejected.readings]
    return [
        DeadRow(int(readings.row[place]), rejected.reason, rejected.detail, readings.raw(int(place), fleet))
        for place in places
    ]
