"""`meterwatch topics` on a real Kafka."""

import json
import sys

import pytest

from cli.kafka import Cluster
from cli.main import run
from streams.settings import Topics as Names

pytestmark = pytest.mark.kafka
NAMES = tuple(Names.model_fields)


@pytest.fixture
def topics(
    kafka: Cluster, unique: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> "Topics":
    for name in NAMES:
        monkeypatch.setenv(f"METERWATCH_TOPICS_{name.upper()}", f"{unique}.{name}")
    return Topics(kafka, monkeypatch, capsys)


class Topics:
    """The command, with topics of this test's own."""

    def __init__(self, kafka: Cluster, patch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]) -> None:
        self._kafka, self._patch, self._said = kafka, patch, said

    def __call__(self, verb: str, *options: str) -> tuple[int, str, str]:
        arguments = ["topics", verb, "--bootstrap-servers", self._kafka.bootstrap, *options]
        self._patch.setattr(sys, "argv", ["meterwatch", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0), *self._said.readouterr()


def test_topics_are_checked_made_and_described(topics: Topics, unique: str) -> None:
    code, _, problems = topics("check", "--partitions", "3")
    assert code == 2
    assert problems.count("run `meterwatch topics create`") == len(NAMES)
    made = json.loads(topics("create", "--partitions", "3", "--json")[1])["created"]
    assert sorted(made) == sorted(f"{unique}.{name}" for name in NAMES)
    assert "nothing to do" in topics("create", "--partitions", "3")[1]
    assert topics("check", "--partitions", "3") == (0, "", "")
    described = json.loads(topics("describe", "--partitions", "3", "--json")[1])
    assert [(topic["name"], topic["partitions"], topic["problems"]) for topic in described] == [
        (name, 3, []) for name in made
    ]
    assert "the settings say 8" in " ".join(topics("describe")[1].split())
    code, _, problems = topics("check", "--partitions", "4")
    assert code == 2
    assert "has 3 partitions, the settings say 4" in problems
