"""Settings and topics that do not fit each other are refused with words."""

import pydantic
import pytest

from streams.settings import Settings
from streams.topics import Topic, _compare, wanted


def test_heartbeats_must_fit_in_the_session() -> None:
    with pytest.raises(pydantic.ValidationError, match="more than a third"):
        Settings(heartbeat_s=4)
    with pytest.raises(pydantic.ValidationError, match="longer than request_timeout_s"):
        Settings(session_timeout_s=70)


def test_topics_of_one_worker_have_the_same_partitions() -> None:
    topics = wanted(Settings(partitions=5))
    assert {topic.partitions for topic in topics} == {5}
    assert [topic.name for topic in topics if topic.config.get("cleanup.policy") == "compact"] == [
        "ami.meters",
        "cis.accounts",
        "meterwatch.state",
        "meterwatch.state.groups",
        "meterwatch.state.cases",
    ]


@pytest.mark.parametrize(
    ("partitions", "config", "problem"),
    [
        (0, {}, "topic t does not exist: run `meterwatch topics create`"),
        (3, {"cleanup.policy": "compact"}, "topic t has 3 partitions, the settings say 4"),
        (4, {"cleanup.policy": "delete"}, "topic t has cleanup.policy=delete: set it to compact"),
        (4, {"cleanup.policy": "compact"}, None),
    ],
)
def test_what_is_wrong_with_a_topic_is_said(partitions: int, config: dict[str, str], problem: str | None) -> None:
    found = _compare(Topic("t", 4, 1, {"cleanup.policy": "compact"}), partitions, config)
    assert found.problems == ((problem,) if problem else ())
