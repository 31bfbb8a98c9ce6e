"""The kernels that grow and prune the trees of `models.scoring.detectors.forest`."""

from typing import Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.scoring.detectors.trees import LEAF, NODE
from models.state.jit import inner, kernel

LARGEST: Final = np.float32(1e6)
"""What is beyond is learnt as this."""

_NODES: Final = nb.from_dtype(NODE)[:, ::1]
_i2, _i4, _f4, _u8 = nb.int16[:, ::1], nb.int32[:, ::1], nb.float32[:, ::1], nb.uint64[::1]


@inner
def _random(chance, t):
    """Uniform in 0-1, from tree `t`'s own stream (splitmix64)."""
    chance[t] += np.uint64(0x9E3779B97F4A7C15)
    z = chance[t]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@inner
def _split(tree, count, place, window, held, at, chance, t):
    """Leaf `at` splits at random between the lowest and highest of a random feature that differs among its own."""
    features = window.shape[1]
    members = np.empty(count[at], np.int64)
    n = 0
    for s in range(held):
        if place[s] == at:
            members[n] = s
            n += 1
    for _ in range(features):
        feature = min(np.int64(_random(chance, t) * features), features - 1)
        low = high = window[members[0], feature]
        for k in range(1, n):
            low, high = min(low, window[members[k], feature]), max(high, window[members[k], feature])
        threshold = np.float32(low + (high - low) * _random(chance, t))
        if not low < threshold:
            continue
        tree[at].feature, tree[at].value = feature, threshold
        for k in range(n):
            child = 2 * at + 1 if window[members[k], feature] < threshold else 2 * at + 2
            place[members[k]] = child
            count[child] += 1
        return


@inner
def _merge(tree, count, place, at):
    """Node `at` is a leaf again, and has what its leaves had."""
    for s in range(len(place)):
        node = np.int64(place[s])
        while node > at:
            node = (node - 1) // 2
        if node == at:
            place[s] = at
    tree[at].feature = LEAF
    first, last = 2 * at + 1, 2 * at + 2
    while first < len(tree):
        for node in range(first, last + 1):
            tree[node].feature = LEAF
            count[node] = 0
        first, last = 2 * first + 1, 2 * last + 2


@inner
def _add(tree, count, place, window, slot, held, leaf, chance, t):
    at = 0
    count[0] += 1
    while tree[at].feature != LEAF:
        at = 2 * at + 1 if window[slot, tree[at].feature] < tree[at].value else 2 * at + 2
        count[at] += 1
    place[slot] = at
    if count[at] >= leaf and 2 * at + 2 < len(tree):
        _split(tree, count, place, window, held, at, chance, t)


@inner
def _forget(tree, count, place, slot, leaf):
    at, merged = np.int64(place[slot]), LEAF
    place[slot] = LEAF
    while True:
        count[at] -= 1
        if tree[at].feature != LEAF and count[at] < leaf:
            merged = at
        if at == 0:
            break
        at = (at - 1) // 2
    if merged != LEAF:
        _merge(tree, count, place, merged)


@kernel(nb.void(_NODES, _i4, _i2, _f4, _u8, nb.int64, nb.int64, _f4))
def learn(
    nodes: NDArray[np.void],
    count: NDArray[np.int32],
    place: NDArray[np.int16],
    window: NDArray[np.float32],
    chance: NDArray[np.uint64],
    leaf: int,
    learnt: int,
    given: NDArray[np.float32],
) -> None:
    """Vectors `given` [n, features] into all trees, one after the other; `learnt` were so far.

    `nodes`, `count` [trees, nodes]: the trees and how many vectors of the window are under each node. `place`
    [trees, window]: the leaf of each vector of the ring `window` [window, features]. `chance` [trees]: a random
    stream of each tree's own, so that it does not matter how vectors are split into calls.
    """
    trees, size = place.shape
    for i in range(len(given)):
        slot = (learnt + i) % size
        if learnt + i >= size:
            for t in range(trees):
                _forget(nodes[t], count[t], place[t], slot, leaf)
        for f in range(given.shape[1]):
            value = given[i, f]
            window[slot, f] = 0 if np.isnan(value) else min(max(value, -LARGEST), LARGEST)
        held = min(learnt + i + 1, size)
        for t in range(trees):
            _add(nodes[t], count[t], place[t], window, slot, held, leaf, chance, t)
