"""One suite, every detector: `tests.conformance.subjects`."""

import io

import numpy as np
import pytest

from models.domain.errors import VersionError
from tests.conformance.subjects import SUBJECTS, OfVectors, Subject, clean, kept, taught


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


def test_scores_are_from_0_to_1(subject: Subject) -> None:
    vectors = clean(subject, subject.sample, seed=1)
    vectors[::3] *= 1e6
    vectors[::5] = 0
    scores = subject.scores(taught(subject), vectors)
    assert scores.shape == (subject.sample,)
    assert np.issubdtype(scores.dtype, np.floating)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_higher_is_odder(subject: Subject) -> None:
    detector, vectors = taught(subject), clean(subject, subject.sample, seed=1)
    usual, odd = subject.scores(detector, vectors), subject.scores(detector, vectors + 30)
    assert odd.min() > np.quantile(usual, 0.9)


def test_warming_up_is_a_state_of_its_own_and_no_low_score(subject: Subject) -> None:
    scores = subject.scores(subject.new(0), clean(subject, 5))
    assert np.isnan(scores).all() if subject.warm else (scores == 0).all()
    assert not np.isnan(subject.scores(taught(subject, subject.warm), clean(subject, 5))).any()


def test_scoring_changes_nothing(subject: Subject) -> None:
    detector, vectors = taught(subject), clean(subject, subject.sample, seed=1)
    before, given = kept(subject, detector), vectors.copy()
    scores = subject.scores(detector, vectors)
    assert kept(subject, detector) == before
    assert (vectors == given).all()
    assert subject.scores(detector, vectors).tobytes() == scores.tobytes()
    untouched = taught(subject)
    for one in (detector, untouched):
        subject.learn(one, vectors)
    assert kept(subject, detector) == kept(subject, untouched)


def test_a_seed_decides_all_chance(subject: Subject) -> None:
    assert kept(subject, taught(subject, seed=3)) == kept(subject, taught(subject, seed=3))
    assert (kept(subject, taught(subject, seed=3)) != kept(subject, taught(subject, seed=4))) == subject.seeded


def test_a_snapshot_goes_on_as_if_nothing_had_happened(subject: Subject) -> None:
    detector, vectors = taught(subject), clean(subject, 300, seed=1)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **subject.arrays(detector))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        restored = subject.back(dict(arrays))
    assert kept(subject, restored) == kept(subject, detector)
    scored = vectors[: subject.sample]
    assert subject.scores(restored, scored).tobytes() == subject.scores(detector, scored).tobytes()
    for one in (detector, restored):
        subject.learn(one, vectors)
    assert kept(subject, restored) == kept(subject, detector)


@pytest.mark.parametrize("name", [name for name, subject in SUBJECTS.items() if isinstance(subject, OfVectors)])
def test_a_snapshot_of_another_version_is_refused(name: str) -> None:
    subject = SUBJECTS[name]
    arrays = subject.arrays(taught(subject))
    with pytest.raises(VersionError, match="this program reads"):
        subject.back({**arrays, "version": arrays["version"] + 1})


def test_a_snapshot_is_a_copy(subject: Subject) -> None:
    detector = taught(subject)
    arrays = subject.arrays(detector)
    before = {name: array.tobytes() for name, array in arrays.items()}
    subject.learn(detector, clean(subject, 50, seed=1))
    assert {name: array.tobytes() for name, array in arrays.items()} == before
    restored = subject.back(arrays)
    subject.learn(restored, clean(subject, 50, seed=2))
    assert {name: array.tobytes() for name, array in arrays.items()} == before


def test_what_is_missing_is_no_error_and_not_odd(subject: Subject) -> None:
    holed = clean(subject, 300)
    holed[np.random.default_rng(1).random(holed.shape) < 0.2] = np.nan
    detector = subject.new(0)
    subject.learn(detector, holed)
    usual = subject.scores(detector, clean(subject, subject.sample, seed=2))
    assert ((usual >= 0) & (usual <= 1)).all()
    nothing = subject.scores(detector, np.full((1, subject.width), np.nan, np.float32))[0]
    assert np.isnan(nothing) or nothing <= np.quantile(usual, 0.9)


def test_memory_is_bounded(subject: Subject) -> None:
    detector, sizes = subject.new(0), []
    for seed in range(3):
        subject.learn(detector, clean(subject, max(subject.full, 50), seed))
        sizes.append(sum(array.nbytes for array in subject.arrays(detector).values()))
    assert len(set(sizes)) == 1


def test_one_at_a_time_equals_all_at_once(subject: Subject) -> None:
    vectors, scored = clean(subject, 300), clean(subject, subject.sample, seed=1)
    alone = subject.new(0)
    for vector in vectors:
        subject.learn(alone, vector[None])
    together = taught(subject)
    assert kept(subject, alone) == kept(subject, together)
    singly = np.concatenate([subject.scores(together, vector[None]) for vector in scored])
    assert singly.tobytes() == subject.scores(together, scored).tobytes()


def test_the_order_of_meters_does_not_matter(subject: Subject) -> None:
    meters, vectors = [f"M{n}".encode() for n in range(200)], clean(subject, 200)
    said = subject.day(meters, vectors)
    shuffled = np.random.default_rng(1).permutation(200)
    assert subject.day([meters[at] for at in shuffled], vectors[shuffled]) == said
