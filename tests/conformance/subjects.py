"""Every detector as the suite sees it. A new one joins with a subject of its own, at the end."""

import copy
import hashlib
from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from models.scoring.calibrate import score, surprises_of, table_of
from models.scoring.cohorts import LEVEL_DAYS, QUANTILES, SCORE_DAYS, level_shifted, quantiles_of, scores_shifted
from models.scoring.detectors.base import Detector
from models.scoring.detectors.forest import OnlineIsolationForest
from models.scoring.detectors.half_space import HalfSpaceTrees
from models.scoring.drift import strength, watch_pages
from models.state.page import PAGE

Vectors = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]


class Subject(Protocol):
    """A detector of vectors [n, width]: learnt one after the other, scored 0-1 or NaN while it warms up."""

    width: int
    warm: int
    """Vectors after which it gives scores."""
    full: int
    """Vectors after which its memory has its final size."""
    sample: int
    """Vectors that the suite scores at a time."""
    seeded: bool
    """Whether it draws lots."""

    def new(self, seed: int) -> Any:
        """One that has learnt nothing."""

    def learn(self, detector: Any, vectors: Vectors) -> None:
        """One vector after the other."""

    def scores(self, detector: Any, vectors: Vectors) -> NDArray[np.floating]:
        """Score [n] of each vector, as if it came next."""

    def arrays(self, detector: Any) -> Arrays:
        """All that it keeps."""

    def back(self, arrays: Arrays) -> Any:
        """From `arrays`."""

    def day(self, meters: Sequence[bytes], vectors: Vectors) -> dict[bytes, float]:
        """What a new one says of each of `meters` after a day's `vectors` of theirs, which came in this order."""


class OfVectors:
    """A `models.scoring.detectors.base.Detector`."""

    seeded, sample = True, 60

    def __init__(self, kind: type[Detector], width: int, warm: int, full: int, **settings: int) -> None:
        self.kind, self.width, self.warm, self.full, self.settings = kind, width, warm, full, settings

    def new(self, seed: int) -> Detector:
        kind: Any = self.kind
        detector: Detector = kind(self.width, seed=seed, **self.settings)
        return detector

    def learn(self, detector: Detector, vectors: Vectors) -> None:
        detector.partial_fit(vectors)

    def scores(self, detector: Detector, vectors: Vectors) -> NDArray[np.floating]:
        return detector.score_samples(vectors)

    def arrays(self, detector: Detector) -> Arrays:
        return detector.arrays()

    def back(self, arrays: Arrays) -> Detector:
        return self.kind.from_arrays(arrays)

    def day(self, meters: Sequence[bytes], vectors: Vectors) -> dict[bytes, float]:
        by_hash = sorted(range(len(meters)), key=lambda n: hashlib.blake2b(meters[n], digest_size=16).digest())
        detector = self.new(0).partial_fit(vectors[by_hash])
        return dict(zip(meters, detector.score_samples(vectors).tolist(), strict=True))


class _Kept:
    """What keeps the last `full` vectors and nothing else; `detector` is a list of one array."""

    width: int
    full: int
    sample = 60
    seeded = False

    def new(self, seed: int) -> list[Vectors]:
        return [np.empty((0, self.width), np.float32)]

    def learn(self, detector: list[Vectors], vectors: Vectors) -> None:
        detector[0] = np.concatenate([detector[0], vectors])[-self.full :]

    def arrays(self, detector: list[Vectors]) -> Arrays:
        return {"kept": detector[0].copy()}

    def back(self, arrays: Arrays) -> list[Vectors]:
        return [arrays["kept"].copy()]


class Calibrated(_Kept):
    """Tail tables of a window of raw values."""

    width, warm, full = 1, 100, 500

    def scores(self, detector: list[Vectors], vectors: Vectors) -> NDArray[np.floating]:
        surprises = surprises_of(table_of(detector[0][:, 0]), vectors[:, 0])
        return np.array([score(surprise) for surprise in surprises.tolist()])

    def day(self, meters: Sequence[bytes], vectors: Vectors) -> dict[bytes, float]:
        return dict(zip(meters, self.scores([vectors], vectors).tolist(), strict=True))


class Levels(_Kept):
    """ADWIN over a cohort's level: 1 where a day shifted it."""

    width, warm, full, sample = 1, 0, LEVEL_DAYS, 10

    def scores(self, detector: list[Vectors], vectors: Vectors) -> NDArray[np.floating]:
        kept = detector[0][1 - self.full :, 0] / 100
        return np.array([float(level_shifted([*kept.tolist(), level / 100])) for level in vectors[:, 0].tolist()])

    def day(self, meters: Sequence[bytes], vectors: Vectors) -> dict[bytes, float]:
        return dict.fromkeys(meters, float(np.median(vectors)))


class Distributions(_Kept):
    """KSWIN over the quantiles of a cohort's scores: 1 where three days like this would be distributed otherwise."""

    width, warm, full, sample = QUANTILES, 0, SCORE_DAYS, 5

    def scores(self, detector: list[Vectors], vectors: Vectors) -> NDArray[np.floating]:
        kept = np.sort(detector[0][3 - self.full :], axis=1)
        days = [np.concatenate([kept, np.sort([vector] * 3, axis=1)]) for vector in vectors]
        return np.array([float(scores_shifted(day)) for day in days])

    def day(self, meters: Sequence[bytes], vectors: Vectors) -> dict[bytes, float]:
        return dict.fromkeys(meters, float(quantiles_of(vectors).sum()))


class Pages:
    """PageHinkley in pages of a meter's row: how near its threshold it is, either way."""

    width, warm, full, sample, seeded = 2, 14, 0, 60, False

    def new(self, seed: int) -> NDArray[np.void]:
        return np.zeros((1, self.width), PAGE)

    def learn(self, detector: NDArray[np.void], vectors: Vectors) -> None:
        for vector in vectors:
            watch_pages(detector, vector[None])

    def scores(self, detector: NDArray[np.void], vectors: Vectors) -> NDArray[np.floating]:
        pages = np.repeat(detector, len(vectors), axis=0)
        watch_pages(pages, vectors)
        near = [[abs(strength(page)) for page in row] for row in pages]
        scores: NDArray[np.floating] = np.minimum(np.max(near, axis=1), 1.0)
        return scores

    def arrays(self, detector: NDArray[np.void]) -> Arrays:
        return {"pages": detector.view(np.uint8).copy()}

    def back(self, arrays: Arrays) -> NDArray[np.void]:
        return arrays["pages"].view(PAGE).copy()

    def day(self, meters: Sequence[bytes], vectors: Vectors) -> dict[bytes, float]:
        pages = np.zeros(vectors.shape, PAGE)
        for _ in range(self.warm):
            watch_pages(pages, vectors)
        return {meter: abs(strength(row[0])) for meter, row in zip(meters, pages, strict=True)}


SUBJECTS: Final[dict[str, Subject]] = {
    "forest": OfVectors(OnlineIsolationForest, 5, 64, 256, trees=16, window=256, leaf=8),
    "half-space trees": OfVectors(HalfSpaceTrees, 5, 100, 100, trees=10, depth=6, window=100),
    "calibration": Calibrated(),
    "page-hinkley": Pages(),
    "adwin of a cohort": Levels(),
    "kswin of a cohort": Distributions(),
}


def clean(subject: Subject, count: int, seed: int = 0) -> Vectors:
    """Vectors of nothing special, in deviations."""
    return np.random.default_rng(seed).normal(size=(count, subject.width)).astype(np.float32)


def taught(subject: Subject, count: int = 300, seed: int = 0) -> Any:
    """One that learnt `count` clean vectors."""
    detector = subject.new(seed)
    subject.learn(detector, clean(subject, count))
    return detector


def kept(subject: Subject, detector: Any) -> dict[str, bytes]:
    """All that it keeps, bit for bit."""
    return {name: array.tobytes() for name, array in copy.deepcopy(subject.arrays(detector)).items()}
