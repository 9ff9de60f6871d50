"""Where things lie in a data lake, and the lock that lets one run at a time write in it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    def made(self) -> tuple[Path, ...]:
        """Folders that the pipeline fills itself: what lies there is never taken for a capture that somebody named."""
        made = (self.fetched, self.raw, self.warehouse.parent, self.published, self.exports.parent, self.dagster_home)
        return (*made, self.decisions.parent)

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history."""
        return self.root / "dagster_home"


_held: dict[Path, int] = {}


@contextmanager
def writer_lock(lake: Lake, holder: str, path: Path | None = None) -> Iterator[None]:
    """Hold the lake's lock (or that at ``path``) as ``holder``; raise LakeBusy at once if another process has it.

    The kernel frees the lock of a process that died, however it died. Within one process the lock may
    be taken again (the command line holds it around the run that takes it, too).
    """
    path = path or lake.root / "warehouse" / "lock"
    if _held.get(path):
        _held[path] += 1
        try:
            yield
        finally:
            _held[path] -= 1
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LakeBusy(
                f"{lake.root} is in use by {file.read().strip() or 'another run'}; try again later"
            ) from None
        file.truncate(0)
        file.write(f"{holder} (process {os.getpid()})")
        file.flush()
        _held[path] = 1
        try:
            yield
        finally:
            _held[path] = 0
            file.truncate(0)


def sync(path: Path) -> None:
    """Return once a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
