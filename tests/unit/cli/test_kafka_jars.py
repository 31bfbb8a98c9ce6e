"""Fetching Kafka, with a stand-in for Maven."""

import threading
from pathlib import Path

import pytest

from cli.kafka import LocalKafka, LocalKafkaError, missing_tools
from cli.kafka.jars import install

MVN = """#!/bin/sh
echo called >> "$(dirname "$0")/calls"
for word; do case $word in -DoutputDirectory=*) out=${word#*=};; esac; done
mkdir -p "$out" && sleep 0.2 && touch "$out/kafka.jar"
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of programs that comes first on the PATH; the working directory is empty."""
    directory = tmp_path / "tools"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory), prepend=":")
    monkeypatch.chdir(tmp_path)
    return directory


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_jars_are_fetched_once_however_many_ask(tools: Path, tmp_path: Path) -> None:
    program(tools / "mvn", MVN)
    found: list[Path] = []
    callers = [threading.Thread(target=lambda: found.append(install(tmp_path / "cache"))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert (tools / "calls").read_text() == "called\n"
    assert len(set(found)) == 1
    assert len(found) == 4
    assert (found[0] / "kafka.jar").exists()


def test_a_fetch_that_fails_leaves_nothing_behind(tools: Path, tmp_path: Path) -> None:
    program(tools / "mvn", MVN + "echo no network; exit 1\n")
    with pytest.raises(LocalKafkaError, match="no network"):
        install(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_what_is_missing_is_said_in_words(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tools))
    assert [tool.split(" (")[0] for tool in missing_tools()] == ["Java 17 or newer", "Maven"]
    with pytest.raises(LocalKafkaError, match=r"needs Java 17.*Maven.*KAFKA_BOOTSTRAP_SERVERS"):
        LocalKafka().start()


def test_an_old_java_is_not_enough(tools: Path) -> None:
    program(tools / "mvn", MVN)
    program(tools / "java", "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    assert missing_tools() == ["Java 17 or newer (on Debian: apt-get install openjdk-17-jre-headless)"]
