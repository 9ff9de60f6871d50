"""Ends a run that stands still for ever, so that the lake's lock is free again and the next run can go on.

Where memory ends in a library's own threads, some wait for others that are gone, at times with the interpreter's lock:
then no code of the run's process runs any more, and no handler of signals either. So a process of its own looks at it
from outside, with the standard library alone; the run's end, however it ends, is its end.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

#: Seconds without work after which a run is ended, and how often it is looked at. Looks are counted, not the clock: a
#: machine that sleeps wakes up with the count that it had.
LONGEST_STANDSTILL, EVERY = 600.0, 10.0
_WHAT_NEXT = "readers have the last whole publication, and what was taken in is kept. Run again; if it ends so again, give it more memory"
#: Less than this share of one core, and fewer bytes read and written in all, is no work: threads that only wake up and look.
_LEAST_SHARE, _LEAST_BYTES = 0.01, 1 << 20
#: What the process says at its end; one that ends without it was killed, or aborted.
_DONE = b"done"
#: Of a thread: computes or wants to, waits for a disk, was stopped (Ctrl+Z, a debugger). The others sleep.
_NOT_ASLEEP = frozenset("RDTt")


@contextmanager
def watched() -> Iterator[None]:
    """Have this process killed (SIGKILL) if it stands still for ``LONGEST_STANDSTILL`` seconds; stderr says so, or that it died.

    Standing still: all its threads sleep whenever looked at, and next to nothing is computed, read or written. Nothing
    is watched where there is no ``/proc``, or no process to be had.
    """
    watcher = _start()
    try:
        yield
    finally:
        if watcher is not None:
            with suppress(subprocess.TimeoutExpired):
                watcher.communicate(_DONE, EVERY)


def _start() -> "subprocess.Popen[bytes] | None":
    if not Path("/proc/self/task").is_dir():
        return None
    numbers = map(str, (os.getpid(), LONGEST_STANDSTILL, EVERY))
    try:
        # a session of its own: Ctrl+C is for the run
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, *numbers], stdin=subprocess.PIPE, start_new_session=True
        )
    except OSError:
        return None


class _Work(NamedTuple):
    """What a process has done so far: seconds computed, bytes read and written; and whether a thread does not sleep now."""

    seconds: float
    bytes: int
    awake: bool


def _work(process: int) -> _Work:
    """Return what ``process`` has done; OSError if it is gone."""
    threads = [_stat(path / "stat") for path in Path(f"/proc/{process}/task").iterdir()]
    ticks = sum(map(int, _stat(Path(f"/proc/{process}/stat"))[11:15]))  # its own and its children's
    moved = 0
    with suppress(PermissionError):  # of a process that changed its user
        lines = Path(f"/proc/{process}/io").read_text("ascii").splitlines()
        moved = sum(int(line.partition(": ")[2]) for line in lines if line.startswith(("rchar", "wchar")))
    awake = any(thread[0] in _NOT_ASLEEP for thread in threads)
    return _Work(ticks / os.sysconf("SC_CLK_TCK"), moved, awake)


def _stat(path: Path) -> list[str]:
    """Return the fields of a ``stat`` from the state on; of a thread that ended meanwhile, that it did."""
    try:
        return path.read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if path.parent.parent.name == "task":
            return ["X"]
        raise


def _watch(process: int, longest: float, every: float) -> None:
    """Look at ``process``, which started this one, until it ends, or says that it is done, or stands still for ``longest``."""
    begun, still = _work(process), 0.0
    while not (told := select.select([sys.stdin], [], [], every)[0]) and os.getppid() == process:
        now = _work(process)
        seconds, moved = now.seconds - begun.seconds, now.bytes - begun.bytes
        if now.awake or seconds >= _LEAST_SHARE * longest or moved >= _LEAST_BYTES:
            begun, still = now, 0.0
            continue
        still += every
        if still >= longest:
            os.kill(process, signal.SIGKILL)
            minutes = f"{longest / 60:.0f} minutes" if longest >= 60 else f"{longest:g} seconds"
            print(
                f"papers: the run stood still for {minutes} and was ended, as where memory ran out and threads wait for each "
                f"other; {_WHAT_NEXT}",
                file=sys.stderr,
            )
            return
    if not told or os.read(0, len(_DONE)) != _DONE:
        print(f"papers: the run died (killed, or aborted, as where memory ran out); {_WHAT_NEXT}", file=sys.stderr)


if __name__ == "__main__":
    with suppress(OSError):
        _watch(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
