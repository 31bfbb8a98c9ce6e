"""How kernels are compiled: nogil, no fastmath, cached beside the package under a digest of all its source.

numba's own cache looks at the file of the compiled function alone and would keep a kernel whose helpers, in other
files, have changed. With the digest in the path a change in any of them compiles anew. Where the package cannot be
written to, set NUMBA_CACHE_DIR, which numba prefers.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])
_PACKAGE = Path(__file__).parents[1]
_WITH_KERNELS = ("domain", "state", "baseline", "scoring")
"""Folders that hold kernels, or what is compiled into them."""


def _digest() -> str:
    sources = sorted(path for folder in _WITH_KERNELS for path in (_PACKAGE / folder).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


_config: Any = numba.config
if not _config.CACHE_DIR:
    _config.CACHE_DIR = str(_PACKAGE / "__pycache__" / f"kernels-{_digest()}")


def inner(function: F) -> F:
    """A helper of kernels: compiled into each kernel that calls it."""
    return cast(F, numba.njit(nogil=True)(function))


def kernel(signature: Any) -> Callable[[F], F]:
    """An entry point: compiled for `signature` alone, when the module is imported or from the cache."""
    return cast(Callable[[F], F], numba.njit(signature, nogil=True, cache=True))
