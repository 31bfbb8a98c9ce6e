"""What a replay does after detection: actions from anomalies, incidents that hold them back, accounts and contexts."""

from pathlib import Path

import numpy as np
import pytest

from cli.replay.lanes import Lane
from cli.replay.stages import Said, Stages, in_time
from models.contracts import AnomalyEvent, Meter
from models.domain.ids import partition_of
from models.domain.times import DAY, HOUR, to_datetime, to_text
from models.state.partition import Partition
from tests import kit
from tests.support.grouped import close_of, fleet_day, fleet_meter, heard_of, line
from tests.support.replays import WATER, Replayed, run, write_csv, write_meters

FLEET = [fleet_meter(f"m{n}", "H1" if n < 40 else "H2", firmware="f1") for n in range(80)]
NOON = close_of(0) + 6 * HOUR


def lanes_of(meters: list[Meter], partitions: int) -> list[Lane]:
    lanes = [Lane(Partition(number), np.empty(0, np.int32), np.empty(0, np.int64)) for number in range(partitions)]
    for meter in meters:
        lanes[partition_of(meter.meter_id, partitions)].partition.put_meter(meter)
    return lanes


def played(partitions: int, sick: int, step: int) -> list[Said]:
    """`sick` meters of a head-end turn wrong by a factor, one each `step`; an hour a chunk."""
    lanes = lanes_of(FLEET, partitions)
    stages = Stages(lanes, kit.POLICY, {}, [])
    events: dict[int, list[AnomalyEvent]] = {}
    for n, meter in enumerate(FLEET[:sick]):
        events.setdefault((n * step) // HOUR, []).append(line(meter, "data_error", NOON + n * step))
    said = []
    for hour in range(-12, 48):
        for lane in lanes:
            mine = [event for event in events.get(hour, []) if event.meter_id in lane.partition.index]
            own = [lane.partition.meters[at][-1] for at in range(len(lane.partition))]
            source = f"detect-{lane.partition.number}"
            days = [fleet_day(0, heard_of(own), source)] if hour == -6 else []
            stages.tell(lane, [(0, event) for event in mine], days)
            lane.partition.clock.event_time = NOON + (hour + 1) * HOUR
        said.append(stages.advance(lanes))
    return said


@pytest.mark.parametrize("partitions", [1, 3])
def test_nothing_is_sent_or_ordered_for_a_fleet_fault(partitions: int) -> None:
    said = played(partitions, 30, HOUR // 60)
    events = [event for each in said for event in each.events]
    assert {(event.meter_id, event.incident) for event in events} == {(None, "head_end:H1")}
    assert len(events[-1].meters) == 30
    assert [each for each in said if each.orders or each.notifications or each.holds] == []


def test_a_few_meters_are_no_fleet_fault() -> None:
    said = played(1, 5, HOUR // 60)
    assert [event for each in said for event in each.events] == []
    assert {order.meter_id for each in said for order in each.orders} == {f"m{n}" for n in range(5)}


def test_partitions_say_the_same() -> None:
    def told(partitions: int) -> list[list[str]]:
        said = played(partitions, 30, 10 * HOUR // 60)
        kinds = ([e for s in said for e in s.events], [o for s in said for o in s.orders])
        return [sorted(line.model_dump_json() for line in lines) for lines in kinds]

    assert told(1) == told(4)


def test_detection_and_the_rest_are_told_in_order_of_time() -> None:
    first, second = (line(FLEET[n], "leak", NOON + n) for n in (0, 2))
    between = line(FLEET[1], "theft", NOON)
    assert in_time([first, second], [between]) == [first, between, second]


# Whole replays --------------------------------------------------------------------------------------------------------

LEAK_FROM = 16
HOURS = 24 * 20
BEGIN = kit.us("2024-03-01")


def leaking(folder: Path, **options: Path) -> Replayed:
    """A home that leaks from the 17th day on, at 40 L an hour."""
    folder.mkdir()
    rows = []
    for hour in range(HOURS):
        usual = 30 if hour % 24 in (7, 8, 19) else 0
        rows.append(f"home,{to_text(BEGIN + hour * HOUR)},{usual + (40 if hour >= 24 * LEAK_FROM else 0)}")
    columns = "service,unit,interval_s,timezone,premise_id,account_id,customer_class"
    meters = write_meters(folder / "meters.csv", {"home": f"{WATER},P1,A1,residential"}, columns)
    return run(folder / "out", write_csv(folder / "readings.csv", "meter_id,start,value", rows), meters, **options)


def test_a_leak_leads_to_a_notice_in_the_account_s_words(tmp_path: Path) -> None:
    accounts = write_csv(tmp_path / "accounts.csv", "account_id,language,channels", ["A1,es,sms", "A2,en,email"])
    replayed = leaking(tmp_path / "leak", accounts=accounts)
    notice = replayed.lines("notifications.jsonl")[0]
    assert (notice["meter_id"], notice["account_id"], notice["premise_id"]) == ("home", "A1", "P1")
    assert (notice["language"], notice["channel"]) == ("es", "sms")
    leaks = [each for each in replayed.anomalies if each["cause"] == "leak"]
    assert notice["anomaly_id"] == leaks[0]["id"]
    assert notice["created_at"] > leaks[0]["detected_at"]


def test_who_opted_out_is_not_written_to(tmp_path: Path) -> None:
    accounts = write_csv(tmp_path / "accounts.csv", "account_id,opt_out", ["A1,all"])
    assert leaking(tmp_path / "leak", accounts=accounts).lines("notifications.jsonl") == []


def test_nobody_is_written_to_about_their_irrigation(tmp_path: Path) -> None:
    until = to_datetime(BEGIN + 60 * DAY).isoformat()
    context = write_csv(
        tmp_path / "c.csv", "premise_id,kind,from,until", [f"P1,irrigation,2024-01-01T00:00:00Z,{until}"]
    )
    told = leaking(tmp_path / "leak", context=context)
    untold = leaking(tmp_path / "other")
    assert told.anomalies == untold.anomalies
    assert len(told.lines("notifications.jsonl")) < len(untold.lines("notifications.jsonl"))
