"""A progress bar over the stages' units, whichever way they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from flows.stages import Stage

_watchers: list[Callable[[Stage], None]] = []


def advance(stage: Stage) -> None:
    """Tell whoever watches that a unit of the stage is done."""
    for watcher in _watchers:
        watcher(stage)


@contextmanager
def progress_bar(console: Console, first: str) -> Iterator[None]:
    """A bar on the console while this lasts, if a person sees it: what is being done, how many units are done."""
    if not console.is_terminal:
        yield
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn("{task.completed:.0f} done"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(first, total=None)

        def watch(stage: Stage) -> None:
            progress.update(bar, description=stage.says, advance=1)

        _watchers.append(watch)
        try:
            yield
            progress.update(bar, description="done", total=progress.tasks[0].completed)
        finally:
            _watchers.remove(watch)


@contextmanager
def counted_bar(console: Console, says: str, count: int) -> Iterator[Callable[[], None]]:
    """A bar over so many things, if a person sees it; what is yielded is called for each that is done."""
    if not console.is_terminal:
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(says, total=count)
        yield lambda: progress.advance(bar)
