"""`python -m cli.kernels`: compiles every kernel, or loads it from the cache; `--cached` fails if any is compiled.

For building an image: the first fills NUMBA_CACHE_DIR, the second proves that a container will find it all there.
"""

import importlib
import pkgutil
import sys
import time
from typing import Any, Final

import rich
from numba.core import event
from numba.core.dispatcher import Dispatcher

import models

_COMPILING: Final = "numba:compile"


def warm() -> tuple[int, list[str]]:
    """Imports all of `models`. Returns how many kernels are ready, and the names of those that had to be compiled."""
    with event.install_recorder(_COMPILING) as recorder:
        modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(models.__path__, "models.")]
    kernels = {id(thing) for module in modules for thing in vars(module).values() if _is_kernel(thing)}
    started = [record.data["dispatcher"].__name__ for _, record in recorder.buffer if record.is_start]
    return len(kernels), started


def _is_kernel(thing: Any) -> bool:
    """Not the helpers inside of kernels, which have no cache of their own."""
    return isinstance(thing, Dispatcher) and thing.stats.cache_path is not None


def main() -> None:
    """Exit 1 with `--cached` where anything was compiled, or where there is no kernel at all."""
    began = time.perf_counter()
    ready, compiled = warm()
    rich.print(f"{ready} kernels in {time.perf_counter() - began:.1f} s, functions compiled: {len(compiled)}")
    if not ready or ("--cached" in sys.argv[1:] and compiled):
        rich.print(", ".join(sorted(set(compiled))))
        sys.exit(1)


if __name__ == "__main__":
    main()
