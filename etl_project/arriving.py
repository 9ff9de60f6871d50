"""Which files are still being written: half of a file must not be taken for the whole."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

#: A file that changed within so many seconds is looked at again before it is taken.
_REST = 0.5
#: What browsers, aria2, curl, WinSCP and others put behind the name of a copy that is not complete.
_ENDINGS = (".part", ".partial", ".filepart", ".crdownload", ".opdownload", ".download", ".aria2", ".tmp", ".temp")

GROWING = "still being written"


def unfinished_by_name(file: Path, below: Path) -> str:
    """Return why the name of ``file``, found below the folder ``below``, says that it is no complete copy, or ""."""
    for part in file.relative_to(below).parts:
        if part.lower().endswith(_ENDINGS):
            return f"{part} is the name of an unfinished copy; if it is complete, rename it"
    for ending in _ENDINGS:  # a browser keeps the name that the file will have, with nothing in it
        if os.path.lexists(file.with_name(file.name + ending)):
            return f"{file.name + ending} is beside it, so it is an unfinished copy; if it is complete, delete that one"
    return ""


def growing(files: Iterable[Path]) -> set[Path]:
    """Return those of ``files`` that changed while looked at; waits half a second at most, and only if one changed just before."""
    seen = {}
    youngest = _REST
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue  # whoever opens it tells why not
        age = time.time() - status.st_ctime  # the time of the file's content can be set by a copying tool, this one not
        if age < _REST:
            seen[file] = (status.st_size, status.st_mtime_ns)
            youngest = min(youngest, max(age, 0))
    if seen:
        time.sleep(_REST - youngest)
    return {file for file, before in seen.items() if before != _size_and_time(file)}


def _size_and_time(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def is_open_for_writing(descriptor: int) -> bool:
    """Say whether some process has the regular file of ``descriptor`` (opened for reading) open for writing, as far as one can know.

    The kernel knows: it leases a file for reading only where nobody writes. It tells the file's owner and root, on
    Linux, of a file on a disk of this machine; otherwise the answer is no.
    """
    if sys.platform != "linux":
        return False
    try:
        # whoever opens the file in this instant waits for the lease's end; the signal that tells of it is one that
        # nobody minds, since the usual one ends the process
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # another's file, or a file system without leases
    return False


def is_being_written(file: Path) -> bool:
    """Say whether some process has ``file`` open for writing; no if it cannot be opened."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return is_open_for_writing(descriptor)
    finally:
        os.close(descriptor)
