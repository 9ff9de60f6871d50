"""Disks that fill up, turn read-only, go away or lose power in the middle of a run. Needs to mount; left out elsewhere."""

import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl_project.lake import Lake
from etl_project_tests.chaos.trials import Fault, environment, papers

_LONGEST_RUN = 900
_SHUTDOWN = 0x8004587D  # ext4's EXT4_IOC_SHUTDOWN
_NO_FLUSH = 2


def _try(*command: object) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0


class Disk:
    """A small disk of its own, mounted at ``place``: ext4 in a file, as far as this machine lets us."""

    def __init__(self, folder: Path, size: str = "160M") -> None:
        self.image, self.under, self.place = folder / "image", folder / "under", folder / "lake"
        self.size = size

    def make(self) -> str:
        """Mount it; return why that cannot be done here, or ""."""
        for place in (self.under, self.place):
            place.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return "mounting needs root"
        with self.image.open("wb") as file:
            file.truncate(int(self.size[:-1]) << 20)
        if not _try("mkfs.ext4", "-q", "-F", self.image):
            return "no mkfs.ext4"
        return "" if self.mount() else "no loop devices"

    def mount(self) -> bool:
        # the lake is seen through a second mount, which can go away alone
        return _try("mount", "-o", "loop,errors=remount-ro", self.image, self.under) and self.bind()

    def bind(self) -> bool:
        return _try("mount", "--bind", self.under, self.place)

    def unmount(self) -> None:
        for place in (self.place, self.under):
            tries = 0
            while os.path.ismount(place):
                # what a run started lives a moment longer and has files open; the image must be let go before it is used again
                if not _try("umount", place):
                    tries += 1
                    time.sleep(0.2)
                    if tries > 75:
                        _try("umount", "-l", place)

    def device(self) -> str:
        for line in Path("/proc/self/mounts").read_text("utf-8").splitlines():
            source, place, *_ = line.split()
            if place == str(self.under):
                return source.rpartition("/")[2]
        return ""


@contextmanager
def disk(folder: Path) -> Iterator[tuple[Disk, str]]:
    """Give a disk, and why there is none, if so; it is gone in the end."""
    made = Disk(folder)
    problem = made.make()
    try:
        yield made, problem
    finally:
        made.unmount()
        made.image.unlink(missing_ok=True)


def _run_with(lake: Lake, delivery: Path, moment: float, harm, mend) -> tuple[bool, int, str]:
    process = subprocess.Popen(
        papers(lake, delivery), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
    )
    time.sleep(moment)
    at_work = process.poll() is None
    harm()
    said, _ = process.communicate(timeout=_LONGEST_RUN)
    mend()
    return at_work, process.returncode, said


def full(on: Disk, moment: float, room: int) -> Fault:
    """Fill the disk but for ``room`` bytes at ``moment`` (seconds), and empty it when the run is over."""
    filler = on.under / "filler"

    def fill() -> None:
        free = os.statvfs(on.under).f_bavail * os.statvfs(on.under).f_frsize
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, free - room))

    return lambda lake, delivery: _run_with(lake, delivery, moment, fill, lambda: filler.unlink(missing_ok=True))


def lost_mount(on: Disk, moment: float) -> Fault:
    """Take the mount away at ``moment``, and bring it back when the run is over."""

    def back() -> None:
        assert on.bind()

    return lambda lake, delivery: _run_with(lake, delivery, moment, lambda: _try("umount", "-l", on.place), back)


def read_only(on: Disk, moment: float) -> Fault:
    """Let the file system find an error at ``moment``, upon which it takes no more writes; mend it when the run is over."""

    def harm() -> None:
        Path(f"/sys/fs/ext4/{on.device()}/trigger_fs_error").write_text("1", "utf-8")

    def mend() -> None:
        on.unmount()
        _try("e2fsck", "-fy", on.image)
        assert on.mount()

    return lambda lake, delivery: _run_with(lake, delivery, moment, harm, mend)


def power_cut(on: Disk, moment: float) -> Fault:
    """Cut the disk off at ``moment`` with all that is not on it yet, as a power cut does; mount it again afterwards."""

    def harm() -> None:
        descriptor = os.open(on.under, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_FLUSH))
        finally:
            os.close(descriptor)

    def mend() -> None:
        on.unmount()
        assert on.mount()

    return lambda lake, delivery: _run_with(lake, delivery, moment, harm, mend)


FAULTS = {
    "disk full": full,
    "mount lost": lost_mount,
    "disk turns read-only": read_only,
    "power of the disk cut": power_cut,
}
