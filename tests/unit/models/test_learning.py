"""When a day teaches: late uploads, new habits, long absences."""

import numpy as np

from models.domain.times import DAY, HOUR, to_text, to_us
from simulators.series import load
from tests import kit

FIRST = kit.us("2024-03-01")


def usual(day: int) -> list[float | None]:
    """A home's litres by hour, dry at night."""
    return [*np.random.default_rng(day).integers(5, 40, 24).astype(float) * ([0] * 6 + [1] * 17 + [0])]


def delivered(meter_id: str, day: int, values: list[float | None], hours_late: float) -> kit.Block:
    """A local day in UTC, sent so many hours after its end."""
    sent_at = to_text(FIRST + (day + 1) * DAY + int(hours_late * HOUR))
    return kit.block(FIRST + day * DAY, values, meter_id, sent_at=sent_at)


def test_a_head_end_that_delivers_after_the_close_still_teaches() -> None:
    """Days close 6 h after their end; one meter's come 10 h after, while another's move event time on."""
    meters = [kit.meter("prompt", timezone="UTC"), kit.meter("late", timezone="UTC")]
    stream = []
    for day in range(12):
        stream += [delivered("prompt", day, usual(day), 7), delivered("late", day, usual(day), 10)]
    run = kit.run(meters, stream)
    learnt = {m: int(run.partition.rows["days"][run.partition.lookup(m)]) for m in ("prompt", "late")}
    assert learnt["prompt"] >= 10
    assert learnt["late"] >= 10


def test_a_new_habit_is_got_used_to() -> None:
    """Irrigation by night that begins one day is a burst at first and the way of the house in the end."""
    stream = []
    for day in range(100):
        values = usual(day)
        if day >= 30:
            values[2:5] = [500.0] * 3
        stream.append(delivered("m", day, values, 0))
    run = kit.run([kit.meter(timezone="UTC")], stream)
    opened = [event for _, event in run.events if event.status == "opened"]
    assert opened
    assert opened[0].cause == "burst"
    assert max(event.detected_at for event in opened).timestamp() * 1e6 < FIRST + 60 * DAY


def test_a_home_that_is_often_left_is_not_called_stuck() -> None:
    """Electricity is off for two days at a time, every week; then for two days more."""
    stream = []
    for day in range(60):
        away = day % 7 in (5, 6)
        stream.append(delivered("m", day, [0.0] * 24 if away else [1.0 + hour % 5 for hour in range(24)], 0))
    run = kit.run([kit.meter(service="electricity", unit="kWh", timezone="UTC")], stream)
    stuck = [event for _, event in run.events if event.cause == "meter_fault" and event.status == "opened"]
    assert all(event.detected_at.timestamp() * 1e6 < FIRST + 30 * DAY for event in stuck), "known by then"


def test_a_burst_in_a_backlog_that_comes_newest_first_is_found() -> None:
    """Thirty usual days, then two that come hour by hour from the last to the first, with a burst in them."""
    stream = [delivered("m", day, usual(day), 0) for day in range(30)]
    backlog = np.array([*usual(30), *usual(31)], np.float64)
    backlog[20:26] += 1500.0
    back = FIRST + 32 * DAY + HOUR
    hours = [kit.block(FIRST + 30 * DAY + n * HOUR, [backlog[n]], sent_at=to_text(back)) for n in range(48)]
    run = kit.run([kit.meter(timezone="UTC")], stream + hours[::-1])
    opened = [event for _, event in run.events if event.status == "opened" and event.cause == "burst"]
    assert opened
    assert FIRST + 30 * DAY + 20 * HOUR <= opened[0].start.timestamp() * 1e6 <= FIRST + 30 * DAY + 26 * HOUR


def test_a_steady_flow_that_the_register_follows_is_a_leak_and_no_estimate() -> None:
    """50 L in every half-hour: with a register beside it that moves the same, it is real."""
    flat = [50.0] * 48
    told = {}
    for follows in (True, False):
        register, stream = 0.0, []
        for day in range(14):
            values = [v / 2 for v in usual(day) for _ in (0, 1) if v is not None] if day < 10 else flat
            for n, value in enumerate(values):
                register += value if follows or day < 10 else 3.0
                stream.append(kit.block(FIRST + day * DAY + n * HOUR // 2, [value], register=register))
        run = kit.run([kit.meter(timezone="UTC", interval_s=1800)], stream)
        told[follows] = {event.cause for _, event in run.events}
    assert told[True] == {"leak"}
    assert "estimated_read_error" in told[False]


def test_a_real_main_leaves_its_band_four_times() -> None:
    """River's WaterFlow, hour by hour: three low spells and a peak of an hour, and nothing else is said of its flow."""
    one = load("water-flow")
    stream = [
        kit.block(start, [value], "water-flow") for start, value in zip(one.start.tolist(), one.value, strict=True)
    ]
    opened = [event for _, event in kit.run([one.meter], stream).events if event.status == "opened"]
    expected = ["2022-03-24T08", "2022-03-29T07", "2022-04-03T04", "2022-04-27T13"]
    told = [event for event in opened if event.cause != "communication_fault"]
    assert [to_text(to_us(event.start))[:13] for event in told] == expected
    assert {event.cause for event in told} == {"unusual_use"}
