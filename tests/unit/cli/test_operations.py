"""Commands for operators, as far as they need no Kafka: policy check, audit verify, and what dead letters are."""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.dlq import by_reason, chosen, returns, unique
from cli.errors import UnusableError
from models.acting.audit import Chain
from models.contracts import DeadLetter, Decision
from models.domain.ids import partition_of
from tests.support.command import Command, refused


@pytest.fixture
def meterwatch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


# policy check ---------------------------------------------------------------------------------------------------------


def check(meterwatch: Command, folder: Path, text: str, *options: str) -> Any:
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    return meterwatch("policy", "check", folder / "policy.toml", *options)


def test_a_policy_is_held_against_the_defaults(meterwatch: Command, tmp_path: Path) -> None:
    text = "[general]\nrebaseline_days = 20\n[rules.W1]\nflow_l_h = 5\n[prior]\ntheft = 2\n"
    done = check(meterwatch, tmp_path, text, "--json")
    assert done.code == 0
    found = {one["name"]: one for one in json.loads(done.out)}
    assert list(found) == ["general.rebaseline_days", "prior.theft", "rules.W1.flow_l_h"]
    flow = found["rules.W1.flow_l_h"]
    assert (flow["default"], flow["now"], flow["unit"], flow["warning"]) == (3.8, 5, "L/h", None)
    assert "Badger" in flow["source"]
    shown = check(meterwatch, tmp_path, text)
    assert (shown.code, shown.err) == (0, "")
    assert "rules.W1.flow_l_h" in shown.out
    assert meterwatch("policy", "check") == (0, "all defaults\n", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[rules.W1]\non = false", "rules.W1.on: the rule is off"),
        ("[rules.W1]\nflow_l_h = 380", "rules.W1.flow_l_h: 100 times off its default"),
        ("[rules.W1]\nflow_l_h = 0.1", "rules.W1.flow_l_h: 38 times off its default"),
        ("[general]\nrebaseline_days = 0", "general.rebaseline_days: is 0, 30 by default"),
    ],
)
def test_what_may_be_a_slip_is_pointed_out(meterwatch: Command, tmp_path: Path, text: str, says: str) -> None:
    done = check(meterwatch, tmp_path, text)
    assert done.code == 0
    assert done.err.startswith(f"warning: {says}")
    assert len(done.err.splitlines()) == 1


def test_a_policy_that_cannot_be_used_is_one_line(meterwatch: Command, tmp_path: Path) -> None:
    for text, says in (("[rules.W99]\non = true", "rules.W99: no such rule"), ("[general", "not TOML")):
        said = refused(check(meterwatch, tmp_path, text))
        assert says in said
        assert len(said.splitlines()) == 1
    assert "none.toml: cannot be read" in refused(meterwatch("policy", "check", tmp_path / "none.toml"))


# audit verify ---------------------------------------------------------------------------------------------------------


def trail(folder: Path, *, spoil: str = "", by: str = "") -> Path:
    """Two chains, one of them with an entry written again."""
    respond, detect = Chain("respond", 1), Chain("detect", 0)
    entries = [
        chain.write(Decision(at=n, decision="hold.draft", subject=f"a{n}"))
        for n in range(3)
        for chain in (respond, detect)
    ]
    text = "\n".join(entry.model_dump_json() for entry in [*entries, entries[-2]])
    (folder / "audit.jsonl").write_text(text.replace(spoil, by, 1) if spoil else text, encoding="utf-8")
    return folder / "audit.jsonl"


def test_a_whole_trail_is_counted_by_chain(meterwatch: Command, tmp_path: Path) -> None:
    done = meterwatch("audit", "verify", "--file", trail(tmp_path), "--json")
    assert done.code == 0
    assert json.loads(done.out) == {
        "entries": 6,
        "chains": [
            {"writer": "detect", "partition": 0, "entries": 3},
            {"writer": "respond", "partition": 1, "entries": 3},
        ],
        "problems": [],
    }
    assert "6 entries, whole" in meterwatch("audit", "verify", "--file", tmp_path / "audit.jsonl").out


@pytest.mark.parametrize(
    ("spoil", "by", "says"),
    [
        ('"subject":"a1"', '"subject":"a9"', "respond 1, entry 1: broken"),
        ('"sequence":1', '"sequence":"one"', "line 3: no audit entry"),
    ],
)
def test_a_broken_trail_is_said_to_be_so(meterwatch: Command, tmp_path: Path, spoil: str, by: str, says: str) -> None:
    done = meterwatch("audit", "verify", "--file", trail(tmp_path, spoil=spoil, by=by))
    assert done.code == 1
    assert says in done.err
    assert "BROKEN" in done.out
    assert "none: cannot be read" in refused(meterwatch("audit", "verify", "--file", tmp_path / "none"))


# dead letters ---------------------------------------------------------------------------------------------------------


class Record(NamedTuple):
    """What is looked at of a Kafka record."""

    value: bytes
    timestamp: int
    topic: str = "ami.readings.dlq"
    partition: int = 0
    offset: int = 0


def letter(offset: int, reason: str, raw: bytes, at_s: int = 0) -> Record:
    encoded = base64.b64encode(raw).decode()
    told = DeadLetter(reason=reason, detail="why", topic="ami.readings", partition=2, offset=offset, raw=encoded)
    return Record(told.model_dump_json().encode(), at_s * 1000)


RECORDS = [
    letter(5, "unknown_meter", b'{"meter_id": "m1", "value": 1}', 10),
    letter(6, "not_json", b"\xff\x1b[2J{", 20),
    letter(5, "unknown_meter", b'{"meter_id": "m1", "value": 1}', 30),
    letter(9, "unknown_meter", b'{"meter_id": "m1", "value": 1}', 40),
    letter(11, "schema", b'{"meter_id": ["m"]}', 50),
]


def test_a_letter_written_again_is_one() -> None:
    found = by_reason(unique(RECORDS))
    assert [(row["reason"], row["letters"]) for row in found] == [("unknown_meter", 2), ("not_json", 1), ("schema", 1)]
    assert found[0]["first"] == "1970-01-01T00:00:10+00:00"
    assert (found[0]["last"], found[0]["place"]) == ("1970-01-01T00:00:40+00:00", "ami.readings/2/9")


def test_letters_are_chosen_by_reason_or_place_and_a_choice_of_nothing_is_refused() -> None:
    assert [one.short for one in chosen(unique(RECORDS), ["not_json"], ["2/11"])] == ["2/6", "2/11"]
    assert [one.short for one in chosen(unique(RECORDS), places=["ami.readings/2/5"])] == ["2/5"]
    with pytest.raises(UnusableError, match=r"no dead letter with 7/7, absurd_time"):
        chosen(unique(RECORDS), ["absurd_time", "schema"], ["7/7"])


def test_messages_go_back_where_their_key_belongs_and_the_same_bytes_once() -> None:
    picked = chosen(unique(RECORDS), ["unknown_meter", "not_json", "schema"])
    assert [(one.letter.short, one.key, one.partition) for one in returns(picked, 7)] == [
        ("2/9", "m1", partition_of("m1", 7)),
        ("2/6", None, 2),
        ("2/11", None, 2),
    ]
    (outcome,) = unique([letter(1, "schema", b'{"meter_id": "m1", "premise_id": "p1"}')])
    assert [one.partition for one in returns([outcome], 7, "premise_id")] == [partition_of("p1", 7)]


def test_a_message_cannot_drive_the_terminal() -> None:
    (one,) = chosen(unique(RECORDS), ["not_json"])
    assert one.text == r"\xff\x1b[2J{"


def test_a_record_that_is_no_letter_is_named() -> None:
    with pytest.raises(UnusableError, match=r"ami\.readings\.dlq partition 0 offset 0: no dead letter"):
        list(unique([Record(b"{}", 0)]))


def test_what_cannot_be_asked(meterwatch: Command) -> None:
    assert "choose with --reason or --offset" in refused(meterwatch("dlq", "replay", "--yes"))
    for command in (("dlq", "list"), ("dlq", "show", "0/1"), ("audit", "verify")):
        assert "Kafka at 127.0.0.1:1" in refused(meterwatch(*command, "--bootstrap-servers", "127.0.0.1:1"))
