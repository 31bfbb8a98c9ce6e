"""The demo without a broker: what it sends, what it says, what it leaves in its folder, and when it is a success."""

import dataclasses
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import cli.demo.run as run
from cli.demo import checks, real, report
from cli.demo.feed import READINGS, SPOILS, Feed, Handled, Parcel, parcels_of, spoiled
from cli.demo.kafka import Proof
from cli.demo.screen import Screen
from cli.demo.seen import Seen
from cli.demo.show import ACTIONS, Show
from cli.kafka import GIVEN
from models.domain.ids import partition_of
from models.domain.times import DAY, HOUR, to_text
from simulators.faults import Injected
from simulators.scene import Scene, build

FEW = ("water-flow", "uk-gas-0", "il-electricity-0", "water-flow.01", "uk-gas-0.10", "water-flow.28")
"""Three series as they are; a leak, a burst and a control."""
ONSET = 20_000 * DAY


@pytest.fixture(scope="module")
def scene() -> Scene:
    few = Scene(tuple(member for member in build().members if member.meter.meter_id in FEW))
    assert [fault.kind for fault in few.truth] == ["leak", "burst"]
    return few


@pytest.fixture
def few(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The demo's scene is a small one, and no cluster is given."""
    monkeypatch.setattr(run, "build_scene", lambda _seed: scene)
    monkeypatch.delenv(GIVEN, raising=False)
    return scene


def seen_of(scene: Scene) -> Seen:
    return Seen(real.show_of(scene, 0, 2))


def played(truth: tuple[Injected, ...] = ()) -> Seen:
    """A play with nothing in it that is over."""
    seen = Seen(Show(1, (), Feed([], 1), truth, ONSET - DAY, ONSET + DAY))
    seen.over = True
    return seen


def fault(kind: str, meter_id: str, cause: Any, fleet: str | None = None) -> Injected:
    return Injected(kind, meter_id, ONSET, ONSET + 5 * DAY, (cause,), fleet=fleet)


def line(of: Injected, id_: str, at: int, **changed: Any) -> dict[str, Any]:
    said = {"id": id_, "meter_id": of.meter_id, "cause": of.expected_causes[0], "status": "opened", "evidence": []}
    return {**said, "start": to_text(of.onset), "detected_at": to_text(at), "updated_at": to_text(at), **changed}


def test_every_message_goes_where_it_belongs_and_a_few_are_spoiled_after_the_sound_one(scene: Scene) -> None:
    def parcels(seed: int) -> list[Parcel]:
        return list(real.show_of(scene, seed, 3).feed.until())

    sent = parcels(1)
    assert sum(parcel.readings for parcel in sent) == scene.readings
    assert [parcel.sent_at for parcel in sent] == sorted(parcel.sent_at for parcel in sent)
    spoils = [at for at, parcel in enumerate(sent) if not parcel.readings]
    assert len(spoils) == len(SPOILS)
    assert all(sent[at - 1].key == sent[at].key for at in spoils)
    assert parcels(1) == sent
    assert parcels(2) != sent


def test_offsets_tell_how_far_a_consumer_is(scene: Scene) -> None:
    feed = Feed(parcels_of(scene.messages()), 2)
    assert feed.handled({}) == Handled(0, 0, 0)
    sent = list(feed.until())
    own = [[parcel for parcel in sent if partition_of(parcel.key, 2) == number] for number in range(2)]
    assert feed.sent == len(sent)
    assert feed.handled({0: 5}) == Handled(5, sum(parcel.readings for parcel in own[0][:5]), 0)
    ends = {number: len(parcels) for number, parcels in enumerate(own)}
    assert feed.handled(ends) == Handled(len(sent), scene.readings, min(p[-1].sent_at for p in own))


def test_a_feed_stops_where_it_is_told_and_goes_on_from_there() -> None:
    parcels = [Parcel(READINGS, "m", b"{}", at, 1) for at in range(6)]
    parcels.insert(2, Parcel("meter_events", "m", b"{}", 1))
    feed = Feed(parcels, 1)
    assert [parcel.sent_at for parcel in feed.until(3)] == [0, 1, 1, 2]
    assert feed.sent == 3
    assert [parcel.sent_at for parcel in feed.until()] == [3, 4, 5]
    assert list(feed.until()) == []


def test_lone_readings_are_left_as_they_are() -> None:
    lone = [Parcel(READINGS, "m", b'{"value": 1}', at, 1) for at in range(9)]
    assert list(spoiled(lone, [0] * len(SPOILS))) == lone


def test_without_a_broker_it_finds_the_same_and_says_so(
    few: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(run.Wanted(tmp_path, real=True, embedded=True, as_json=True)) == run.OK
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert summary == json.loads((tmp_path / report.SUMMARY).read_text(encoding="utf-8"))
    assert summary.pop("readings_per_s") > 0
    assert summary.pop("median_delay_s").keys() == {"leak", "burst"}
    done = {kind: summary.pop(kind) for kind in ACTIONS}
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
    lines = [json.loads(text) for text in (tmp_path / report.ANOMALIES).read_text(encoding="utf-8").splitlines()]
    assert len({(said["id"], said["sequence"]) for said in lines}) == len(lines)
    for kind, name in report.ACTION_FILES.items():
        texts = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        assert len({json.loads(text)["id"] for text in texts}) == done[kind]
    assert done["work_orders"] > 0
    assert "in this process, no broker" in err
    assert "water-flow.01 is a copy of water-flow, a branch of a real water main" in err
    assert "simulated by its authors" in err


def test_without_java_it_says_what_is_missing_and_goes_on_in_process(
    few: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "missing_tools", lambda: ["Java 17 or newer (on Debian: apt-get install it)"])
    assert run.main(run.Wanted(tmp_path, real=True)) == run.OK
    said = capsys.readouterr().out
    assert "Java 17 or newer (on Debian: apt-get install it) missing" in said
    assert GIVEN in said


def test_a_town_too_small_for_all_faults_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(GIVEN, raising=False)
    assert run.main(run.Wanted(tmp_path, meters=12, embedded=True)) == run.FAILED
    assert "--meters 12" in capsys.readouterr().err


def test_a_kind_that_is_never_found_or_no_leak_in_a_real_series_is_no_success(scene: Scene) -> None:
    seen = seen_of(scene)
    seen.over = True
    assert real.shortfalls(scene, seen.verdict()) == [
        "leak: none of 1 injected was found",
        "burst: none of 1 injected was found",
        "no injected leak was found in a copy of a real series",
    ]
    for injected in scene.truth:
        seen.event(injected.kind, line(injected, injected.kind, injected.onset))
    assert real.shortfalls(scene, seen.verdict()) == []


def test_dead_letters_are_those_that_were_sent_on_purpose() -> None:
    assert checks.spoiled_short(Counter(dict.fromkeys(SPOILS, 1))) == []
    for letters in ({}, {"schema": 2}, {**dict.fromkeys(SPOILS, 1), "unknown_meter": 1}):
        (said,) = checks.spoiled_short(letters)
        assert "refused" in said


def test_exit_1_and_what_is_missing_when_nothing_is_found(
    few: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Seen, "event", lambda *_: None)
    assert run.main(run.Wanted(tmp_path, real=True, embedded=True)) == run.FAILED
    assert "Missing: no injected leak was found in a copy of a real series" in capsys.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["found"] == {"leak": 0, "burst": 0}


def test_repeats_are_dropped(scene: Scene) -> None:
    seen = seen_of(scene)
    for _ in range(2):
        seen.event("one", line(scene.truth[0], "a", ONSET))
        seen.action("holds", "two", {"id": "h", "status": "draft"})
        seen.letter("t", 0, 7, "schema")
    seen.letter("t", 1, 7, "schema")
    assert len(seen.lines) == 1
    assert (seen.count("holds"), seen.open("holds", "draft")) == (1, 1)
    seen.action("holds", "three", {"id": "h", "status": "released"})
    assert (seen.count("holds"), seen.open("holds", "draft"), len(seen.actions["holds"])) == (1, 0, 2)
    assert seen.letters == {"schema": 2}


def test_nothing_may_be_done_for_a_meter_because_its_fleet_is_at_fault() -> None:
    truth = (fault("unit_step", "m1", "data_error", "he-1"), fault("leak", "m2", "leak"))
    seen = played(truth)
    seen.event("1", line(truth[0], "its", ONSET + DAY))
    seen.event("2", line(truth[0], "older", ONSET - DAY))
    seen.event("3", line(truth[1], "other", ONSET + DAY))
    created = to_text(ONSET + 2 * DAY)
    seen.action("work_orders", "4", {"id": "a", "meter_id": "m1", "created_at": created, "anomaly_ids": ["older"]})
    seen.action("holds", "5", {"id": "b", "meter_id": "m2", "created_at": created, "anomaly_id": "other"})
    assert checks.fleet_short(truth, seen) == []
    seen.action("notifications", "6", {"id": "c", "meter_id": "m1", "created_at": created, "anomaly_id": "its"})
    (said,) = checks.fleet_short(truth, seen)
    assert "{'notifications': 1}" in said


def test_each_line_takes_effect_once_and_the_trail_is_whole() -> None:
    actions = {"holds": {"a", "b"}}
    proof = Proof({"holds": Counter(a=1, b=1)}, {"billing": Counter(draft=2)}, 3, [], 1)
    assert checks.proof_short(proof, actions, kills=1) == []
    for broken, words in (
        ({"effects": {"holds": Counter(a=2, b=1)}}, "1 took effect twice"),
        ({"effects": {"holds": Counter(a=1)}}, "1 never"),
        ({"effects": {"holds": Counter(a=1, b=1, c=1)}}, "1 unknown"),
        ({"received": {"billing": Counter(refused=1)}}, "refused"),
        ({"audit_problems": ["a hole"]}, "a hole"),
        ({"kills": 0}, "killed 0 times"),
    ):
        (said,) = checks.proof_short(dataclasses.replace(proof, **broken), actions, kills=1)
        assert words in said


def test_figures_that_fall_short_are_said_and_those_that_do_are_not_bent() -> None:
    good = checks.Figures(0.3, 1000, (17, 20), (1, 2), 25 * 3600.0)
    verdict = played().verdict()
    assert checks.figures_short(good, verdict) == []
    for worse, words in (
        ({"false_alarms_per_1000": 0.31}, "false alarms"),
        ({"right_cause": (16, 20)}, "right cause"),
        ({"thefts": (0, 1)}, "thefts"),
        ({"leak_delay_s": 25 * 3600 + 1.0}, "constant leaks"),
        ({"leak_delay_s": None}, "never"),
    ):
        (said,) = checks.figures_short(dataclasses.replace(good, **worse), verdict)
        assert words in said


def test_a_terminal_gets_a_table_and_nothing_of_it_stays(scene: Scene) -> None:
    seen = seen_of(scene)
    leak = scene.truth[0]
    seen.progress(Handled(7, 1234, leak.onset + HOUR))
    seen.lag = {"groups": 3}
    evidence = [{"rule": "W1", "text": "[flow] all night"}]
    seen.event("one", line(leak, "one", leak.onset, evidence=evidence))
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, markup=False, width=120, height=50)
    with Screen(console, seen) as screen:
        screen.paint()
    picture = text.getvalue()
    for shown in ("1,234 readings", "to come", "begun", "found", "groups 3", "leak opened: [flow] all night"):
        assert shown in picture
    assert report.summary(seen, seen.verdict(), "4.4.0")["kafka_version"] == "4.4.0"
