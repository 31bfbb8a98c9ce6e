"""Audit entries as part of a partition's state: once decided they stay as they are, wherever the worker dies."""

import hypothesis
import pytest
from hypothesis import strategies as st

from models.acting.audit import verify
from models.contracts import AuditEntry, Decision
from streams.trail import Trail, new_trail

Log = list[tuple[bytes, bytes | None]]


def decision(n: int) -> Decision:
    return Decision(n * 1_000_000, "hold.draft", f"hold-{n}", {"sequence": 1, "rules": ["A1"]}, {"policy": "x"})


def step(trail: Trail, numbers: range, log: Log) -> list[AuditEntry]:
    """One decision for each input offset in `numbers`, to the end."""
    trail.write([decision(n) for n in numbers], numbers.start - 1, numbers.stop - 1)
    log += [*trail.arrivals(), *trail.departures()]
    trail.settle()
    return trail.unsent()


def recovered(log: Log) -> Trail:
    trail = new_trail("respond", 3)
    for key, value in log:
        trail.apply(key, value)
    trail.recovered()
    return trail


def numbers(entries: list[AuditEntry]) -> list[str]:
    """Subjects by place in the chain, repeats left out."""
    return list({entry.sequence: entry.subject for entry in sorted(entries, key=lambda e: e.sequence)}.values())


def test_a_chain_goes_on_after_a_crash() -> None:
    log: Log = []
    before = step(recovered([]), range(3), log)
    trail = recovered(log)
    again = trail.unsent()
    assert again == before, "what may not have reached the topic is written again, to the last byte"
    after = step(trail, range(3, 5), log)
    assert verify([*before, *again, *after]) == []
    assert [entry.sequence for entry in after] == [3, 4]


def test_the_state_keeps_the_entries_of_the_last_step_alone() -> None:
    log: Log = []
    trail = recovered([])
    for n in range(0, 50, 5):
        step(trail, range(n, n + 5), log)
    kept = {key: value for key, value in log if value is not None}
    for key, value in log:
        if value is None:
            kept.pop(key, None)
    assert len(kept) == 5
    step(trail, range(50, 50), log)
    assert recovered(log).unsent()[-1].sequence == 49, "the last one stays: the next goes on from it"


@hypothesis.given(st.integers(0, 6), st.lists(st.integers(1, 4), max_size=4))
def test_a_batch_that_is_done_again_decides_nothing_twice(written: int, cuts: list[int]) -> None:
    """The state was cut off after some of its records: the entries were in it, the input offset was not."""
    log: Log = []
    first = step(recovered([]), range(2), log)
    trail = recovered(log)
    trail.unsent()
    trail.write([decision(n) for n in range(2, 8)], 1, 7)
    log += trail.arrivals()[:written]
    again = recovered(log)
    entries = [*first, *again.unsent()]
    at = 2
    for size in [*cuts, 6]:
        upto = min(8, at + size)
        entries += step(again, range(at, upto), log)
        at = upto
    assert verify(entries) == []
    assert numbers(entries) == [f"hold-{n}" for n in range(8)]


def test_a_snapshot_is_as_good_as_the_changelog() -> None:
    log: Log = []
    trail = recovered([])
    step(trail, range(4), log)
    other = new_trail("respond", 3)
    other.restore(trail.arrays())
    other.recovered()
    assert other.unsent() == recovered(log).unsent()
    assert step(other, range(4, 6), []) == step(recovered(log), range(4, 6), [])[-2:]


@pytest.mark.parametrize("other", ["at", "decision", "subject", "inputs"])
def test_only_the_very_same_decision_is_known(other: str) -> None:
    log: Log = []
    step(recovered([]), range(1), log)
    trail = recovered(log)
    trail.unsent()
    changed = {"at": 7, "decision": "hold.approved", "subject": "hold-9", "inputs": {"sequence": 2}}
    plain = {name: getattr(decision(0), name) for name in ("at", "decision", "subject", "inputs", "versions")}
    trail.write([decision(0), Decision(**{**plain, other: changed[other]})], -1, 0)
    assert [entry.sequence for entry in trail.unsent()] == [1]
