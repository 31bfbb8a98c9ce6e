"""Local copies of partitions, so that a worker recovers from the tail of the changelog and not from all of it.

A snapshot is a cache: one that is missing, torn, of another layout or of another cluster is ignored.
"""

import contextlib
import logging
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
log = logging.getLogger(__name__)


class Snapshots:
    """One file a partition, in a folder a cluster, consumer group and changelog topic."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def write(self, number: int, arrays: Arrays) -> None:
        """The file is whole or it is not there: written beside, synced, renamed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=f".{number}-", suffix=".npz")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes `allow_pickle` for one of them
                file.flush()
                os.fsync(file.fileno())
            pathlib.Path(name).replace(self._path(number))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                pathlib.Path(name).unlink()
            raise

    def read(self, number: int) -> Arrays | None:
        """None when there is none that can be read."""
        path = self._path(number)
        try:
            with path.open("rb") as bytes_, np.load(bytes_, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever a torn or foreign file makes numpy and zipfile raise
            log.warning("ignoring snapshot %s, the changelog will be read whole: %s", path, error)
            return None

    def _path(self, number: int) -> pathlib.Path:
        return self._folder / f"{number}.npz"
