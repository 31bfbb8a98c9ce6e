"""The demo without a broker: what it sends, what it says, what it leaves in its folder, and when it is a success."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import cli.demo.run as run
from cli.demo import report
from cli.demo.feed import SPOILS, Feed, Handled
from cli.demo.screen import Screen
from cli.demo.seen import Seen, shortfalls
from cli.kafka import GIVEN
from models.domain.ids import partition_of
from models.domain.times import to_text
from simulators.scene import Scene, build

FEW = ("water-flow", "uk-gas-0", "il-electricity-0", "water-flow.01", "uk-gas-0.10", "water-flow.28")
"""Three series as they are; a leak, a burst and a control."""


@pytest.fixture(scope="module")
def scene() -> Scene:
    few = Scene(tuple(member for member in build().members if member.meter.meter_id in FEW))
    assert [fault.kind for fault in few.truth] == ["leak", "burst"]
    return few


@pytest.fixture
def few(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The demo's scene is a small one, and no cluster is given."""
    monkeypatch.setattr(run, "build", lambda _seed: scene)
    monkeypatch.delenv(GIVEN, raising=False)
    return scene


def seen_of(scene: Scene, *, readings: int = 0) -> Seen:
    feed = Feed.of(scene, 2, seed=0)
    seen = Seen(scene, feed)
    seen.progress(Handled(len(feed.parcels), readings, 0))
    return seen


def line(scene: Scene, kind: str, **changed: Any) -> dict[str, Any]:
    fault = next(fault for fault in scene.truth if fault.kind == kind)
    at = to_text(fault.onset)
    said = {"id": kind, "meter_id": fault.meter_id, "cause": fault.expected_causes[0], "status": "opened", "start": at}
    return {**said, "detected_at": at, "updated_at": at, **changed}


def test_every_message_goes_where_it_belongs_and_a_few_are_spoiled_after_the_sound_one(scene: Scene) -> None:
    feed = Feed.of(scene, 3, seed=1)
    assert feed.readings == scene.readings
    assert all(parcel.partition == partition_of(parcel.key, 3) for parcel in feed.parcels)
    assert [parcel.sent_at for parcel in feed.parcels] == sorted(parcel.sent_at for parcel in feed.parcels)
    spoiled = [at for at, parcel in enumerate(feed.parcels) if not parcel.readings]
    assert len(spoiled) == len(SPOILS)
    assert all(feed.parcels[at - 1].key == feed.parcels[at].key for at in spoiled)
    assert Feed.of(scene, 3, seed=1).parcels == feed.parcels
    assert Feed.of(scene, 3, seed=2).parcels != feed.parcels


def test_offsets_tell_how_far_a_consumer_is(scene: Scene) -> None:
    feed = Feed.of(scene, 2, seed=0)
    own = [[parcel for parcel in feed.parcels if parcel.partition == number] for number in range(2)]
    assert feed.handled({}) == Handled(0, 0, 0)
    assert feed.handled({0: 5}) == Handled(5, sum(parcel.readings for parcel in own[0][:5]), 0)
    ends = {number: len(parcels) for number, parcels in enumerate(own)}
    assert feed.handled(ends) == Handled(len(feed.parcels), feed.readings, min(p[-1].sent_at for p in own))


def test_without_a_broker_it_finds_the_same_and_says_so(
    few: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(tmp_path, embedded=True, as_json=True) == run.OK
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert summary == json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary.pop("readings_per_s") > 0
    assert summary.pop("median_delay_s").keys() == {"leak", "burst"}
    ones = {"leak": 1, "burst": 1}
    assert summary == {
        "injected": ones,
        "found": ones,
        "found_right_cause": ones,
        "expected_cause": {"leak": "leak", "burst": "burst"},
        "readings": few.readings,
        "dead_letters": len(SPOILS),
        "kafka_version": None,
    }
    lines = [json.loads(text) for text in (tmp_path / "anomalies.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({(said["id"], said["sequence"]) for said in lines}) == len(lines)
    assert "in this process, no broker" in err
    assert "water-flow.01 is a copy of water-flow, a branch of a real water main" in err
    assert "simulated by its authors" in err


def test_without_java_it_says_what_is_missing_and_goes_on_in_process(
    few: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "missing_tools", lambda: ["Java 17 or newer (on Debian: apt-get install it)"])
    assert run.main(tmp_path) == run.OK
    said = capsys.readouterr().out
    assert "Java 17 or newer (on Debian: apt-get install it) missing" in said
    assert GIVEN in said


def test_a_kind_that_is_never_found_or_no_leak_in_a_real_series_is_no_success(scene: Scene) -> None:
    seen = seen_of(scene)
    seen.letters = Counter(dict.fromkeys(SPOILS, 1))
    assert shortfalls(seen, seen.verdict()) == [
        "leak: none of 1 injected was found",
        "burst: none of 1 injected was found",
        "no injected leak was found in a copy of a real series",
    ]
    for number, kind in enumerate(("leak", "burst")):
        seen.event(str(number), line(scene, kind))
    assert shortfalls(seen, seen.verdict()) == []
    seen.letters["schema"] = 0
    (said,) = shortfalls(seen, seen.verdict())
    assert "refused" in said


def test_exit_1_and_what_is_missing_when_nothing_is_found(
    few: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Seen, "event", lambda *_: None)
    assert run.main(tmp_path, embedded=True) == run.FAILED
    assert "Missing: no injected leak was found in a copy of a real series" in capsys.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["found"] == {"leak": 0, "burst": 0}


def test_repeats_are_dropped(scene: Scene) -> None:
    seen = seen_of(scene)
    for _ in range(2):
        seen.event("one", line(scene, "leak"))
        seen.letter(0, 7, "schema")
    seen.letter(1, 7, "schema")
    assert len(seen.lines) == 1
    assert seen.letters == {"schema": 2}


def test_a_terminal_gets_a_table_and_nothing_of_it_stays(scene: Scene) -> None:
    seen = seen_of(scene, readings=1234)
    evidence = [{"rule": "W1", "text": "[flow] all night"}]
    seen.event("one", line(scene, "leak", evidence=evidence))
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, markup=False, width=120, height=50)
    with Screen(console, seen) as screen:
        screen.paint()
    picture = text.getvalue()
    for shown in ("1,234 readings", "to come", "begun", "found", "leak opened: [flow] all night"):
        assert shown in picture
    assert report.summary(seen, seen.verdict(), "4.4.0")["kafka_version"] == "4.4.0"
