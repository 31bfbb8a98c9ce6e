"""Imported before any kernel: the helpers inside of kernels are kept beside them.

Tests call helpers by themselves, and numba keeps those alone that it is told to: each run would compile them anew.
"""

from typing import cast

import numba

from models.state import jit


def _kept(function: jit.F) -> jit.F:
    return cast(jit.F, numba.njit(nogil=True, cache=True)(function))


jit.inner = _kept
