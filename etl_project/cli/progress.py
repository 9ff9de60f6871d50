"""What long commands show on stderr: the stages' lines, and how far they are, with rate and time left.

In a terminal a bar that goes when it is full; elsewhere a printable line now and then.
"""

import logging
import sys
import time
from typing import Any

from etl_project import progress
from etl_project.printable import printable

#: What takes less is not worth a line, in seconds; and the time between two lines where there is no terminal.
_SHORT, _BETWEEN = 2.0, 10.0


class Shown(logging.Handler):
    """Shows lines that the stages log, and what ``progress.each`` counts."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.bar: Any = None
        self.task: Any = None
        self.begun: dict[str, float] = {}
        self.told = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line of the log."""
        text = "  " + printable(record.getMessage())
        if self.bar is not None:
            self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def counted(self, what: str, done: int | None, total: int | None) -> None:
        """Show how far the work is, once it has taken a while."""
        now = time.monotonic()
        begun = self.begun.setdefault(what, now)
        if done is None:
            del self.begun[what]
            self._close()
        elif done and now - begun >= _SHORT:
            if sys.stderr.isatty():
                self._draw(what, done, total)
            elif now - self.told >= _BETWEEN:
                self.told = now
                print("  " + line(what, done, total, now - begun), file=sys.stderr, flush=True)

    def _draw(self, what: str, done: int, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        if self.bar is None:
            columns = (
                TextColumn("  {task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(elapsed_when_finished=True),
            )
            self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task(what, total=total, rate="")
        rate = done / (time.monotonic() - self.begun[what])
        self.bar.update(self.task, completed=done, rate=f"{rate:,.1f} a second")

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = self.task = None


def line(what: str, done: int, total: int | None, seconds: float) -> str:
    """Return how far ``what`` is after ``seconds``, in one line."""
    rate = done / seconds
    shown = f"{what}: {done:,} of {total:,}" if total else f"{what}: {done:,}"
    left = f", {(total - done) / rate:,.0f} s left" if total else ""
    return f"{shown}, {rate:,.1f} a second{left}"


def show_progress() -> None:
    """Show what the stages tell from now on."""
    shown = Shown()
    progress.listener = shown.counted
    log = logging.getLogger("etl_project")
    log.addHandler(shown)
    log.setLevel(logging.INFO)
    log.propagate = False
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
