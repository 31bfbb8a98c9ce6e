"""`meterwatch worker` in a process of its own: started, killed and started again, stopped."""

import asyncio
import os
import sys
import tempfile
import urllib.request
from asyncio.subprocess import Process
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cli.settings import PREFIX, as_environment
from models.domain.errors import MeterwatchError
from models.domain.times import NEVER, to_text
from streams.settings import Settings

_READY_S: Final = 300.0
"""For a worker to start, kernels compiled and all, on a slow machine."""
_STOP_S: Final = 20.0


class WorkerError(MeterwatchError):
    """The worker has ended or does not start; with its last words."""


class Worker:
    """Told everything through its environment. `async with` starts it, and at the end stops it as an operator would."""

    def __init__(self, settings: Settings, live_from: int, log: Path) -> None:
        self._settings = settings
        self._arguments = [] if live_from == NEVER else ["--live-from", to_text(live_from)]
        self._log = log
        self._process: Process | None = None
        self.starts = 0

    async def __aenter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory(prefix="meterwatch-demo-")
        self._log.write_bytes(b"")
        try:
            await self._start()
        except BaseException:
            self._scratch.cleanup()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        try:
            await self._stop()
        finally:
            self._scratch.cleanup()

    async def _start(self) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        own = as_environment(self._settings.model_copy(update={"state_dir": Path(self._scratch.name)}))
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli", "worker", *self._arguments),
                env=others | own,
                stdout=output,
                stderr=output,
            )
        self.starts += 1

    async def kill(self) -> None:
        """SIGKILL, and the same worker again at once."""
        self.check()
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
        await self._start()

    async def until_ready(self) -> None:
        """Raises WorkerError when it takes too long."""
        url = f"http://{self._settings.health_host}:{self._settings.health_port}/readyz"
        try:
            async with asyncio.timeout(_READY_S):
                while not await asyncio.to_thread(_answers, url):
                    self.check()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise WorkerError(f"the worker is not ready after {_READY_S:g} s, see {self._log}") from None

    def check(self) -> None:
        """Raises WorkerError when it has ended by itself, and KeyboardInterrupt when it was told to.

        A Ctrl-C reaches all of the group, and the worker may have done with it before it is heard here.
        """
        if self._process is not None and self._process.returncode is not None:
            if self._process.returncode == 0:
                raise KeyboardInterrupt
            words = self._log.read_text(errors="replace").strip()[-1500:]
            raise WorkerError(f"the worker has ended with exit code {self._process.returncode}:\n{words}")

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own worker, on this machine
            return bool(answer.status == 200)
    except OSError:
        return False
