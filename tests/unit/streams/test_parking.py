"""Blocks that wait for their meter: bounded, durable, released or dead-lettered."""

import dataclasses

from models.domain.times import DAY, HOUR, NEVER
from streams.codecs.json import Unknown
from streams.parking import Parking

NOW = 20_000 * DAY


def block(offset: int, meter_id: str = "m", size: int = 10) -> Unknown:
    return Unknown(offset, meter_id, b"x" * size, 4)


def lot(blocks: int = 5, size: int = 1000) -> Parking:
    return Parking(blocks, size)


def replayed(*sources: Parking) -> Parking:
    """What another worker would recover."""
    copy = lot()
    for source in sources:
        for key, value in (*source.arrivals(), *source.departures()):
            copy.apply(key, value)
    return copy


def test_released_in_order_when_their_meter_is_known() -> None:
    parking = lot()
    for b in (block(3, "a"), block(4, "b"), block(7, "a")):
        assert parking.park(b, NOW) is None
    assert not parking.waiting_for(lambda meter: meter == "c")
    assert parking.waiting_for(lambda meter: meter == "a")
    assert [m.offset for m in parking.release(lambda meter: meter == "a")] == [3, 7]
    assert len(parking) == 1


def test_a_day_of_event_time_later_they_are_dead_letters() -> None:
    parking = lot()
    parking.park(block(3), NOW)
    parking.park(block(4), NOW + HOUR)
    assert parking.expire(NOW + DAY - 1) == []
    (letter,) = parking.expire(NOW + DAY)
    assert (letter.offset, letter.reason, letter.raw, letter.readings) == (3, "unknown_meter", b"x" * 10, 4)
    assert len(parking) == 1


def test_time_begins_with_the_first_event_time() -> None:
    parking = lot()
    parking.park(block(3), NEVER)
    parking.date(NEVER)
    parking.date(NOW)
    assert parking.expire(NOW + DAY - 1) == []
    assert len(parking.expire(NOW + DAY)) == 1


def test_what_does_not_fit_is_refused_at_once() -> None:
    for parking in (lot(blocks=2), lot(size=25)):
        assert parking.park(block(1), NOW) is None
        assert parking.park(block(2), NOW) is None
        refused = parking.park(block(3), NOW)
        assert refused is not None
        assert refused.reason == "unknown_meter"
        assert "no room" in refused.detail
        parking.release(lambda _: True)
        assert parking.park(block(4), NOW) is None


def test_parked_twice_is_parked_once() -> None:
    parking = lot()
    assert parking.park(block(3), NOW) is None
    parking.settle()
    assert parking.park(block(3), NOW + HOUR) is None
    assert len(parking) == 1
    assert parking.arrivals() == []


def test_recovered_from_its_records() -> None:
    parking = lot()
    for n in range(4):
        parking.park(block(n, f"meter-{n % 2}"), NOW + n)
    assert len(replayed(parking)) == 4
    assert all(key.startswith(b"k") for key, _ in parking.arrivals())
    first = dataclasses.replace(block(0))
    before = parking.arrivals()
    parking.settle()
    gone = parking.release(lambda meter: meter == "meter-0")
    assert [message.value for message in gone] == [first.value] * 2
    assert parking.arrivals() == []
    assert [value for _, value in parking.departures()] == [None, None]
    copy = lot()
    for key, value in (*before, *parking.departures()):
        copy.apply(key, value)
    assert len(copy) == 2
    assert copy.departures() == []
    assert copy.expire(NOW + DAY + 1) == parking.expire(NOW + DAY + 1) != []


def test_snapshot_and_back() -> None:
    parking = lot()
    for n in range(3):
        parking.park(block(n, f"zähler-{n}", size=n), NOW + n)
    copy = lot()
    copy.restore(parking.arrays())
    assert copy.expire(NOW + 2 * DAY) == parking.expire(NOW + 2 * DAY)
    lot().restore(lot().arrays())
