"""A folder that is made whole beside its place, and takes the place in one step."""

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from etl_project.export import manifest
from etl_project.export.model import ExportError
from etl_project.lake import sync

_EXCHANGE = 2
_AT_FDCWD = -100


def check_free(target: Path) -> None:
    """Raise ExportError unless ``target`` is not there, is empty, or holds an earlier export and nothing else."""
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise ExportError(f"{target} is not a folder; name another with --to")
    there = {str(path.relative_to(target)) for path in target.rglob("*") if not path.is_dir() or path.is_symlink()}
    if not there:
        return
    made = manifest.names(target)
    if made is None:
        raise ExportError(f"{target} holds other files and no export's {manifest.NAME}; name another folder with --to")
    if others := sorted(there - made):
        raise ExportError(
            f"{target} holds {others[0]}, which no export made; move it elsewhere, or name another folder with --to"
        )


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Give a new folder to fill, and put it at ``target`` once it is filled and on disk; on an error nothing has changed.

    What stood at ``target`` goes in the same instant. What a killed process left half made beside it is cleared away.
    """
    target = target.resolve()
    check_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}.building-"
    _clear(target.parent, prefix)
    building = target.parent / f"{prefix}{uuid4().hex[:12]}"
    building.mkdir()
    lock = os.open(building, os.O_RDONLY)
    try:
        with suppress(OSError):  # a network's disk may lock no folders
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield building
        for path in building.rglob("*"):
            sync(path)
        sync(building)
        check_free(target)  # somebody may have put something there meanwhile
        _put(building, target)
        sync(target.parent)
    finally:
        os.close(lock)
        shutil.rmtree(building, ignore_errors=True)


def _put(building: Path, target: Path) -> None:
    """Move ``building`` to ``target``; what stood there stands at ``building`` then."""
    if not target.exists():
        building.rename(target)
        return
    if not _exchanged(building, target):
        aside = building.with_name(building.name + "-old")
        target.rename(aside)
        try:
            building.rename(target)
        except BaseException:
            aside.rename(target)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or its disk cannot."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _clear(parent: Path, prefix: str) -> None:
    for left in parent.glob(f"{prefix}*"):
        try:
            descriptor = os.open(left, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another process fills it
            continue
        finally:
            os.close(descriptor)
        shutil.rmtree(left, ignore_errors=True)
