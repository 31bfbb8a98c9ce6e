"""Progress of a long command on a terminal's standard error, nothing where there is none."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import rich.console
import rich.progress


@contextlib.contextmanager
def progress_on_screen(steps: Mapping[str, str]) -> Iterator[Callable[[str, int, int], None]]:
    """What to call with a step, how much of it is done, and of how much (0 = not known). `steps`: step -> its words."""
    console = rich.console.Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda _step, _done, _total: None
        return
    bar = rich.progress.Progress(
        "{task.description:>9}",
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, rich.progress.TaskID] = {}

    def progress(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = bar.add_task(steps[step], total=None)
        bar.update(tasks[step], completed=done, total=total or None)

    with bar:
        yield progress
