"""Frozen trees, as readings are scored with them: one array, the same for every kind of forest.

Heap layout `nodes[trees, 2**(depth + 1) - 1]`: the children of node i are 2i + 1 and 2i + 2, and a vector goes to the
first where its feature is below the node's value. The last 2**depth nodes are the leaves; their value is what a tree
says of a vector that ends there, 0 or more, lower is odder. The score of a vector is 2**-(mean over the trees): 0-1,
higher is odder. All leaves are at the bottom, so that a walk has no branch to guess wrong: three times as fast.

Vectors are f4 and signed, 0 = as expected. A missing feature (NaN) goes the way of 0, so that what is not known is
never odd by itself.
"""

from typing import Any, Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from models.state.jit import inner, kernel

NODE: Final = np.dtype([("value", "f4"), ("feature", "i4")])
"""Inner node: threshold and feature. Leaf: what it says."""
LEAF: Final = -1
"""Feature of a leaf, in trees that are not frozen yet."""

_NODES: Final = nb.from_dtype(NODE)[:, ::1]
_ONE, _TWO = np.uint64(1), np.uint64(2)


def frozen(trees: NDArray[np.void], says: NDArray[np.floating[Any]]) -> NDArray[np.void]:
    """Trees with leaves anywhere, and what each leaf `says`, with all leaves at the bottom."""
    nodes, leaf, says = trees.copy(), trees["feature"] == LEAF, says.astype(np.float32)
    first = 0
    while 2 * first + 1 < nodes.shape[1]:
        parents, last = np.arange(first, 2 * first + 1), 2 * first + 1
        for child in (2 * parents + 1, 2 * parents + 2):
            above = leaf[:, parents]
            says[:, child] = np.where(above, says[:, parents], says[:, child])
            leaf[:, child] |= above
        first = last
    nodes["feature"][leaf] = 0
    nodes["value"][:, first:] = says[:, first:]
    return nodes


@inner
def leaf_mean(nodes, x):
    """Mean over the trees of the value of the leaf that vector `x` ends in; NaN from trees that learnt nothing."""
    depth, total = 0, 0.0
    while 2 << depth <= nodes.shape[1]:
        depth += 1
    for t in range(len(nodes)):
        at = np.uint64(0)
        for _ in range(depth):
            node = nodes[t, at]
            value = x[np.uint64(node.feature)]
            value = np.float32(0) if value != value else value
            at = _TWO * at + _ONE + np.uint64(value >= node.value)
        total += nodes[t, at].value
    return total / len(nodes)


@inner
def oddness(nodes, x):
    """Score of vector `x`: 0-1, higher is odder."""
    return np.float32(2.0 ** -leaf_mean(nodes, x))


@kernel(nb.float32[::1](_NODES, nb.float32[:, ::1]))
def mean_of(nodes: NDArray[np.void], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the trees say of vectors `x` [n, features], each what `leaf_mean` says of it."""
    means = np.empty(len(x), np.float32)
    for i in range(len(x)):
        means[i] = leaf_mean(nodes, x[i])
    return means


@kernel(nb.float32[::1](_NODES, nb.float32[:, ::1]))
def oddness_of(nodes: NDArray[np.void], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores of vectors `x` [n, features], each what `oddness` says of it."""
    scores = np.empty(len(x), np.float32)
    for i in range(len(x)):
        scores[i] = oddness(nodes, x[i])
    return scores


@kernel(nb.float32[::1](_NODES, nb.float32[::1]))
def attribution(nodes: NDArray[np.void], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share [features] of each feature in the score of `x`, sums to 1: how much less odd it were, if that were 0.

    All alike where nothing makes it odd. Takes one scoring a feature, so it is for evidence and not for each reading.
    """
    changed, shares = x.copy(), np.zeros(len(x), np.float32)
    before, total = leaf_mean(nodes, x), 0.0
    for f in range(len(x)):
        if np.isnan(x[f]) or x[f] == 0:
            continue
        changed[f] = 0
        shares[f] = max(leaf_mean(nodes, changed) - before, 0.0)
        changed[f] = x[f]
        total += shares[f]
    for f in range(len(x)):
        shares[f] = shares[f] / total if total > 0 else 1.0 / len(x)
    return shares
