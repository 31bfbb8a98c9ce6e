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
_i2, _i4, _f4, _u8 = nb.int16[:, ::1], nb.int32[:, ::1], nb.float32[:, ::1], nb.uint64[:]


@inner
def _random(chance, t):
    """Uniform in 0-1, from tree `t`'s own stream (splitmix64)."""
    chance[t] += np.uint64(0x9E3779B97F4A7C15)
    z = chance[t]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.float64((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


@inner
def _split(tree, count, bits, place, window, at, margin, least_margin, feature, share):
    """Leaf `at` splits at `share` of the way through its widened box, in `feature`."""
    members = np.empty(count[at], np.int64)
    n = 0
    for slot in range(len(place)):
        if place[slot] == at:
            members[n] = slot
            n += 1
    low = high = window[members[0], feature]
    for k in range(1, n):
        value = window[members[k], feature]
        low, high = min(low, value), max(high, value)
    wider = max(margin * (high - low), least_margin)
    threshold = np.float32(low - wider + (high - low + 2 * wider) * share)
    first = 2 * at + 1
    tree[at].feature, tree[at].value = feature, threshold
    bits[first], bits[first + 1] = bits[at] - np.log2(share), bits[at] - np.log2(1 - share)
    for k in range(n):
        child = first + (window[members[k], feature] >= threshold)
        place[members[k]] = child
        count[child] += 1


@inner
def _merge(tree, count, place, at):
    """Node `at` is a leaf again, and has what its leaves had."""
    for slot in range(len(place)):
        node = np.int64(place[slot])
        while node > at:
            node = (node - 1) // 2
        if node == at:
            place[slot] = at
    tree[at].feature = LEAF
    first, last = 2 * at + 1, 2 * at + 2
    while first < len(tree):
        for node in range(first, last + 1):
            tree[node].feature = LEAF
            count[node] = 0
        first, last = 2 * first + 1, 2 * last + 2


@inner
def _forget(tree, count, place, slot, leaf):
    at, merged, depth = 0, LEAF, 0
    last = np.int64(place[slot])
    while 2 << depth <= last + 1:
        depth += 1
    place[slot] = LEAF
    for above in range(depth + 1):  # from the root down to the vector's leaf
        at = ((last + 1) >> (depth - above)) - 1
        count[at] -= 1
        if merged == LEAF and tree[at].feature != LEAF and count[at] < leaf << above:
            merged = at
    if merged != LEAF:
        _merge(tree, count, place, merged)


@kernel(nb.void(_NODES, _i4, _f4, _i2, _f4, nb.uint64[::1], nb.int64, nb.float64, nb.float64, nb.int64, _f4))
def learn(
    nodes: NDArray[np.void],
    count: NDArray[np.int32],
    bits: NDArray[np.float32],
    place: NDArray[np.int16],
    window: NDArray[np.float32],
    chance: NDArray[np.uint64],
    leaf: int,
    margin: float,
    least_margin: float,
    learnt: int,
    given: NDArray[np.float32],
) -> None:
    """Vectors `given` [n, features] into all trees, one after the other; `learnt` were so far.

    `nodes`, `count`, `bits` [trees, nodes]: the trees, how many vectors of the window are under each node, and how
    often the first box was halved to get its box. `place` [trees, window]: the leaf of each vector of the ring
    `window` [window, features]; LEAF where there is none. `chance` [trees]: a random stream of each tree's own, so
    that it does not matter how vectors are split into calls.
    """
    (trees, size), features = place.shape, window.shape[1]
    for i in range(len(given)):
        slot = (learnt + i) % size
        if learnt + i >= size:
            for t in range(trees):
                _forget(nodes[t], count[t], place[t], slot, leaf)
        for f in range(features):
            value = given[i, f]
            window[slot, f] = 0 if np.isnan(value) else min(max(value, -LARGEST), LARGEST)
        for t in range(trees):
            tree, at, limit = nodes[t], 0, leaf
            count[t, 0] += 1
            while tree[at].feature != LEAF:
                at = 2 * at + 1 + (window[slot, tree[at].feature] >= tree[at].value)
                count[t, at] += 1
                limit *= 2
            place[t, slot] = at
            if count[t, at] >= limit and 2 * at + 2 < len(tree):
                feature, share = np.int64(_random(chance, t) * features), 1 - _random(chance, t)
                share = min(max(share, 1e-6), 1 - 1e-6)
                _split(tree, count[t], bits[t], place[t], window, at, margin, least_margin, feature, share)
