"""The audit trail: whole chains pass with repeats and overlaps, and whatever is tampered with is named."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.acting.audit import Chain, Decision, verify
from models.contracts import AuditEntry


def _chain(length: int, writer: str = "respond", partition: int = 0) -> list[AuditEntry]:
    chain = Chain(writer, partition)
    return [chain.write(_decision(n)) for n in range(length)]


def _decision(n: int) -> Decision:
    return Decision(
        n * 3_600_000_000, "hold.draft", f"hold-{n}", {"n": n, "why": "größer", "x": [1.5]}, {"policy": "1"}
    )


@given(st.integers(1, 6), st.lists(st.integers(0, 5)))
def test_what_was_written_again_after_a_crash_is_in_order(length: int, crashes: list[int]) -> None:
    chain, written, states = Chain("respond", 2), [], []
    for n in range(length):
        states.append(chain.plain())
        written.append(chain.write(_decision(n)))
    for crash in crashes:
        again = Chain.from_plain(states[crash % length])
        written += [again.write(_decision(n)) for n in range(crash % length, length)]
    assert verify(written) == []
    assert verify(AuditEntry.model_validate_json(entry.model_dump_json()) for entry in written) == []


def test_chains_are_checked_apart() -> None:
    mixed = [
        entry for pair in zip(_chain(3), _chain(3, "detect"), _chain(3, partition=1), strict=True) for entry in pair
    ]
    assert verify(mixed) == []


def test_a_hole_is_named_once() -> None:
    one, _, _, four, five = _chain(5)
    assert verify([one, four, five]) == ["respond 0, entry 3: hole, 1 to 2 are missing"]
    assert verify([four]) == ["respond 0, entry 3: hole, 0 to 2 are missing"]


def test_what_was_changed_is_broken() -> None:
    one, two, three = _chain(3)
    changes: list[dict[str, Any]] = [{"decision": "hold.approved"}, {"inputs": {}}, {"hash": "f" * 64}]
    for change in changes:
        assert "respond 0, entry 1: broken, its hash is not that of its content" in verify(
            [one, two.model_copy(update=change), three]
        )


def test_another_entry_in_the_same_place_is_a_fork() -> None:
    one, two, three = _chain(3)
    other = Chain("respond", 0, one.sequence + 1, one.hash).write(_decision(7))
    assert verify([one, two, three, other]) == ["respond 0, entry 1: fork, another entry has this place"]
    assert verify([one, other, three]) == ["respond 0, entry 2: broken, it does not go on from the entry before"]
