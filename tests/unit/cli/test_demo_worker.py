"""What is made of a worker that has ended."""

import asyncio
import sys
from pathlib import Path

import pytest

from cli.demo.worker import Worker, WorkerError
from models.domain.times import NEVER
from streams.settings import Settings


def ended(tmp_path: Path, code: str) -> Worker:
    """Whose process ran a line of Python instead."""
    worker = Worker(Settings(), NEVER, tmp_path / "worker.log")
    (tmp_path / "worker.log").write_text("its last words", encoding="utf-8")

    async def run() -> None:
        worker._process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        await worker._process.wait()

    asyncio.run(run())
    return worker


def test_one_that_stopped_as_told_interrupts(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ended(tmp_path, "pass").check()


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_one_that_ended_by_itself_is_an_error_with_its_last_words(tmp_path: Path, code: str) -> None:
    with pytest.raises(WorkerError, match="its last words"):
        ended(tmp_path, code).check()
