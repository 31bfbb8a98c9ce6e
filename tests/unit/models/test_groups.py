"""The stage `groups`: the same results whatever the interleaving, the batches, the repeats and the crashes."""

import functools
from typing import Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contracts import Finding, GroupDay, GroupRecord, Mark, MeterDay
from models.deciding.groups import GroupOutcome, Groups, balance
from models.domain.ids import partition_of
from models.domain.times import DAY, HOUR, to_datetime, to_us
from models.state.merge import END
from tests import kit
from tests.support.grouped import (
    Stage,
    close_of,
    day_of,
    finding,
    fleet_day,
    fleet_meter,
    heard_of,
    line,
    read,
    start_of,
)

SOURCES: Final = ("detect-0", "detect-1", "detect-2")
GRID = [kit.meter(f"g{n}", "electricity", transformer_id="T1") for n in range(8)]
TOTAL = kit.meter("total", "electricity", transformer_id="T1", is_total=True)
HOME = [kit.meter(f"p-{service}", service, premise_id="P1") for service in ("electricity", "water")]
FLEET = [fleet_meter(f"f{n}", "H1" if n < 30 else "H2", "A" if n % 2 else "B") for n in range(60)]
DAYS: Final = 14


def source_of(meter_id: str) -> str:
    return SOURCES[partition_of(meter_id, len(SOURCES))]


def _parts(group: str, day: int, reads: list[MeterDay], lag: dict[str, int]) -> list[GroupDay]:
    by: dict[str, list[MeterDay]] = {}
    for each in reads:
        by.setdefault(source_of(each.meter.meter_id), []).append(each)
    return [day_of(group, day, own, source, close_of(day) + lag[source]) for source, own in by.items()]


@functools.cache
def streams() -> dict[str, list[GroupRecord]]:
    """What each source says, in its order: a thief behind a transformer, a stopped meter, a fleet that goes wrong."""
    said: list[GroupDay | Finding] = []
    chance = np.random.default_rng(3)
    for day in range(DAYS):
        lag = {source: int(chance.integers(0, 5 * HOUR)) if n else 0 for n, source in enumerate(SOURCES)}
        if day == 9:
            lag["detect-1"] = 40 * HOUR  # nothing came in for long; the others do not wait for ever
        used = chance.normal(10, 0.5, len(GRID))
        bent = [value * (0.1 if n == 2 and day >= 3 else 1.0) for n, value in enumerate(used)]
        grid = [read(meter, value, 10.0) for meter, value in zip(GRID, bent, strict=True)]
        said += _parts("transformer:T1", day, [*grid, read(TOTAL, float(used.sum()) / 0.96)], lag)
        home = [read(HOME[0], 0.0 if 4 <= day < 11 else 9.0, 10.0), read(HOME[1], 250.0, 260.0)]
        said += _parts("premise:P1", day, home, lag)
        for source in SOURCES:
            own = [meter for meter in FLEET if source_of(meter.meter_id) == source]
            said.append(fleet_day(day, heard_of(own), source))
    for n, meter in enumerate(FLEET[:25]):
        at = close_of(5) + n * HOUR // 2
        source = source_of(meter.meter_id)
        said.append(finding(meter, line(meter, "communication_fault", at), source=source))
        back = line(meter, "communication_fault", at + 2 * DAY, sequence=2, status="closed", opened=at)
        said.append(finding(meter, back, source=source))
    streams: dict[str, list[GroupRecord]] = {}
    for source in SOURCES:
        own_said = sorted(
            (r for r in said if r.source == source), key=lambda r: (to_us(r.at or to_datetime(0)), r.kind)
        )
        streams[source] = []
        for record in own_said:
            streams[source] += [Mark(source=source, at=record.at), record]
        streams[source].append(Mark(source=source, at=to_datetime(start_of(DAYS + 4))))
    return streams


def interleaved(picks: list[int]) -> list[GroupRecord]:
    """One order in which the sources' records may come in."""
    left = {source: list(records) for source, records in streams().items()}
    order: list[GroupRecord] = []
    for n in range(sum(map(len, left.values()))):
        there = [source for source in SOURCES if left[source]]
        order.append(left[there[picks[n % len(picks)] % len(there)]].pop(0))
    return order


def told(outcomes: list[GroupOutcome]) -> tuple[list[str], list[str], list[str]]:
    """All that was said, repeats dropped, as text."""
    events = [event.to_json() for outcome in outcomes for event in outcome.events]
    cases = [case.model_dump_json() for outcome in outcomes for case in outcome.cases]
    decisions = [repr(decision) for outcome in outcomes for decision in outcome.decisions]
    return list(dict.fromkeys(events)), list(dict.fromkeys(cases)), list(dict.fromkeys(decisions))


@functools.cache
def expected() -> tuple[list[str], list[str], list[str]]:
    return told([balance(list(enumerate(interleaved([0, 1, 2]))), Groups(0, SOURCES), kit.POLICY)])


def test_the_streams_bring_about_one_of_each() -> None:
    groups = Groups(0, SOURCES)
    outcome = balance(list(enumerate(interleaved([0]))), groups, kit.POLICY)
    lines = [(event.meter_id, event.cause, event.status) for event in outcome.events]
    assert ("g2", "theft", "opened") in lines
    assert ("p-electricity", "meter_fault", "opened") in lines
    assert ("p-electricity", "meter_fault", "closed") in lines
    assert next(status for meter, _, status in lines if meter is None) == "opened"
    assert (None, "communication_fault", "closed") in lines
    assert outcome.late > 0
    assert groups.event_time == start_of(DAYS + 4) < END
    times = [to_us(event.updated_at) for event in outcome.events]
    assert times == sorted(times)
    said_at = [case.time for case in outcome.cases]
    assert said_at == sorted(said_at)


picks = st.lists(st.integers(0, 2), min_size=1, max_size=40)
cuts = st.lists(st.integers(1, 60), min_size=1, max_size=10)


@settings(max_examples=25, deadline=None)
@given(picks=picks, cuts=cuts, crashes=st.lists(st.sampled_from(("none", "before", "between", "after")), min_size=1))
def test_nothing_depends_on_interleaving_batches_repeats_or_crashes(
    picks: list[int], cuts: list[int], crashes: list[str]
) -> None:
    records = list(enumerate(interleaved(picks)))
    groups, changelog, outcomes = Groups(0, SOURCES), [], []
    at = step = 0
    while at < len(records):
        end = at + cuts[step % len(cuts)]
        crash = crashes[step % len(crashes)] if step < 30 else "none"
        step += 1
        outcomes.append(balance(records[max(0, at - 3) : end], groups, kit.POLICY))
        if crash != "before":
            changes = groups.changes()
            changelog += changes[: len(changes) // 2] if crash == "between" else changes
            groups.settle()
        if crash != "none":
            groups = Groups(0, SOURCES)
            for key, value in changelog:
                groups.apply(key, value)
        at = end if crash in ("none", "after") else at
    assert told(outcomes)[0] == expected()[0]
    assert sorted(told(outcomes)[1]) == sorted(expected()[1])
    assert sorted(told(outcomes)[2]) == sorted(expected()[2])


def test_a_snapshot_is_the_whole_of_it() -> None:
    records = list(enumerate(interleaved([2, 0, 1])))
    half = len(records) // 2
    groups = Groups(0, SOURCES)
    first = balance(records[:half], groups, kit.POLICY)
    again = Groups(0, SOURCES)
    again.restore(groups.arrays())
    assert told([first, balance(records[half:], again, kit.POLICY)]) == expected()


def test_a_source_without_meters_is_not_waited_for() -> None:
    stage = Stage(Groups(0, ["detect-0", "detect-1"]))
    balance([(0, Mark(source="detect-1", at=None))], stage.groups, kit.POLICY)
    records: list[GroupRecord] = [day_of("premise:P1", day, [read(HOME[0], 1.0, 1.0)]) for day in range(3)]
    records.append(Mark(source="detect-0", at=to_datetime(start_of(9))))
    balance(list(enumerate(records, 1)), stage.groups, kit.POLICY)
    known = stage.groups.premises.get("premise:P1")
    assert known is not None
    assert known.judged.isoformat() == "2024-03-03"
    assert known.waiting == {}
