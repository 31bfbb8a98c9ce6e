"""What every detector over vectors offers, and what its score means."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Detector(Protocol):
    """Learns vectors and says how odd others are; scikit-learn's names.

    The score contract: f4, 0-1, **higher is odder** (scikit-learn's `score_samples` has the other sign), NaN while
    nothing is learnt, which is a state of its own and never a low score. Scoring changes nothing. A missing feature
    is NaN and never an error. The same seed and the same vectors in the same order give the same bits, however they
    are split into calls. Memory does not grow with what is learnt.

    Scores of different detectors are not comparable, nor is a fixed cut on one: calibrate first.
    """

    features: int

    def partial_fit(self, vectors: ArrayLike) -> Self:
        """Learn vectors [n, features], one after the other."""

    def score_samples(self, vectors: ArrayLike) -> NDArray[Any]:
        """Scores f4 [n] of vectors [n, features]."""

    def score_one(self, vector: ArrayLike) -> float:
        """Score of one vector [features]: for convenience, not for speed."""

    def compiled(self) -> NDArray[np.void]:
        """What is learnt so far as frozen trees, for `models.scoring.detectors.trees`."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The whole state for a snapshot; no pickle is needed to read it."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Back from `arrays`. Raises VersionError when another layout wrote them."""


def rows_of(detector: Detector, vectors: ArrayLike) -> NDArray[np.float32]:
    """Vectors as kernels take them. ValueError where they are not [n, features]."""
    rows = np.ascontiguousarray(vectors, np.float32)
    if rows.ndim != 2 or rows.shape[1] != detector.features:
        owner, got = type(detector).__name__, list(rows.shape)
        raise ValueError(f"{owner}: vectors [n, {detector.features}] expected, got {got}")
    return rows


def in_order(keys: Sequence[bytes]) -> NDArray[np.intp]:
    """Places of `keys`, unlike each other, by their hash: an order for learning that not even arrival can change."""
    hashes = [hashlib.blake2b(key, digest_size=16).digest() for key in keys]
    return np.array(sorted(range(len(keys)), key=hashes.__getitem__), np.intp)
