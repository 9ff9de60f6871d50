"""Where things lie in a data lake, and the lock that lets one run at a time write in it."""

import errno
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

PROJECT = Path(__file__).resolve().parent.parent


class LakeBusy(Exception):
    """Another run is writing in the lake; the message names it."""


@dataclass(frozen=True)
class Lake:
    """The folders of one data lake, all below ``root``."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Drop folder: what is put here is taken in by the next run and left where it is."""
        return self.root / "inbox"

    @property
    def fetched(self) -> Path:
        """Pages as a service sent them, by listing and day; the next run takes in the complete ones."""
        return self.root / "fetched"

    @property
    def raw(self) -> Path:
        """Immutable store of the bytes as received."""
        return self.root / "raw"

    @property
    def ids(self) -> Path:
        """History of ids and loads, as data: what of the tables is not in the captures."""
        return self.raw / "ids"

    @property
    def warehouse(self) -> Path:
        """The pipeline's own database; readers get ``database``."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def decisions(self) -> Path:
        """What people decided about papers, a line each; never rewritten by the pipeline."""
        return self.root / "decisions" / "decisions.jsonl"

    @property
    def left_out(self) -> Path:
        """Which captures people left out of the tables, a line each; never rewritten by the pipeline."""
        return self.decisions.with_name("captures.jsonl")

    @property
    def published(self) -> Path:
        """Folder of the publications; ``current`` in it is the link that a publication moves."""
        return self.root / "published"

    @property
    def database(self) -> Path:
        """The published database."""
        return self.published / "papers.duckdb"

    @property
    def exports(self) -> Path:
        """Parquet files of the same publication."""
        return self.root / "exports" / "latest"

    @property
    def report(self) -> Path:
        """The page about the last run and what is published: one file that needs nothing else."""
        return self.root / "reports" / "latest.html"

    @property
    def alerts(self) -> Path:
        """Runs that failed, a line of JSON each, as people were told of them."""
        return self.root / "alerts" / "alerts.jsonl"

    @property
    def made(self) -> tuple[Path, ...]:
        """Folders that the pipeline fills itself: what lies there is never taken for a capture that somebody named."""
        made = (self.fetched, self.raw, self.warehouse.parent, self.published, self.exports.parent, self.dagster_home)
        return (*made, self.decisions.parent, self.report.parent, self.alerts.parent)

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history."""
        return self.root / "dagster_home"


#: File systems of networks lock files, and not folders; then the file alone is the lock.
_NO_LOCK_ON_FOLDERS = {errno.EBADF, errno.EINVAL, errno.EISDIR, errno.ENOLCK, errno.ENOTSUP}


@dataclass
class _Lock:
    """A lock that this process holds, ``times`` over, on a folder and the file in it that names the holder."""

    folder: int
    file: TextIO
    times: int = 1

    def drop(self) -> None:
        with suppress(OSError):  # the disk may be gone; the lock is freed all the same
            self.file.close()
        os.close(self.folder)


_held: dict[Path, _Lock] = {}


@contextmanager
def writer_lock(
    lake: Lake,
    holder: str,
    path: Path | None = None,
    wait: float = 0,
    waiting: Callable[[str], None] = lambda reason: None,
) -> Iterator[None]:
    """Hold the lake's lock (or that at ``path``) as ``holder``; raise LakeBusy if another process has it for ``wait`` seconds more.

    ``waiting`` is told once what is waited for. The lock is on the folder, and on the file in it that says who has
    it: whoever deletes that file lets nobody in. The kernel frees the lock of a process that died, however it died,
    and no program that this process starts inherits it. Within one process the lock may be taken again (the command
    line holds it around the run that takes it, too).
    """
    path = path or _lock_file(lake)
    if lock := _held.get(path):
        lock.times += 1
        try:
            yield
        finally:
            lock.times -= 1
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    end, told = time.monotonic() + wait, False
    while (taken := _taken(path)) is None:
        reason = f"{lake.root} is in use by {_holder(path) or 'another run'}; try again later"
        if time.monotonic() >= end:
            raise LakeBusy(reason)
        if not told:
            waiting(reason)
            told = True
        time.sleep(0.2)
    try:
        taken.file.truncate(0)
        taken.file.write(f"{holder} (process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC)")
        taken.file.flush()
        _held[path] = taken
        yield
    finally:
        _held.pop(path, None)
        with suppress(OSError):
            taken.file.truncate(0)
        taken.drop()


def is_lost(lake: Lake) -> bool:
    """Say whether the folder whose lock this process holds is no longer at its path: a mount was lost, or it was replaced.

    What is written then would make a lake of its own under the same name, which nobody has locked.
    """
    path = _lock_file(lake)
    return path in _held and not _is_at(_held[path].folder, path.parent)


def _lock_file(lake: Lake) -> Path:
    return lake.warehouse.with_name("lock")


def _taken(path: Path) -> _Lock | None:
    """Return the lock, or None if another process has it."""
    while True:
        lock = _Lock(os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY), path.open("a+", encoding="utf-8"))
        try:
            fcntl.flock(lock.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                fcntl.flock(lock.folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in _NO_LOCK_ON_FOLDERS:
                    raise
            # both may have been replaced between opening and locking: a lock on what is gone keeps nobody out
            if _is_at(lock.file.fileno(), path) and _is_at(lock.folder, path.parent):
                return lock
        except BlockingIOError:
            lock.drop()
            return None
        except BaseException:
            lock.drop()
            raise
        lock.drop()


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _holder(path: Path) -> str:
    """Return what the holder wrote about itself, or "" if that was left by a process that is no more."""
    for _ in range(5):
        try:
            told = path.read_text("utf-8")
        except (OSError, ValueError):
            return ""
        process = re.search(r"\(process (\d+)", told)
        if process and is_alive(int(process[1])):
            return told
        time.sleep(0.02)  # the holder has the lock, and has not written yet
    return ""


def is_alive(process: int) -> bool:
    """Say whether a process with this id runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def sync(path: Path) -> None:
    """Return once a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
