"""Faults in the system calls of the engines (DuckDB's and SQLite's own writes), by strace; and limits of the process."""

import random
import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from etl_project.lake import Lake
from etl_project_tests.chaos.trials import Fault, environment, papers

_LONGEST_RUN = 900
CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "write")


def problem() -> str:
    """Return why system calls cannot be tampered with here, or ""."""
    if not shutil.which("strace"):
        return "no strace"
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "strace is not permitted"


def calls(lake: Lake, delivery: Path) -> dict[str, int]:
    """Return how often a run calls what can fail."""
    counted = lake.root.with_name("calls.txt")
    command = [
        "strace",
        "-f",
        "-qq",
        "-c",
        "-o",
        str(counted),
        "-e",
        f"trace={','.join(CALLS)}",
        *papers(lake, delivery),
    ]
    subprocess.run(command, capture_output=True, check=False, env=environment(), timeout=_LONGEST_RUN)
    rows = [line.split() for line in counted.read_text("utf-8").splitlines()]
    return {row[-1]: int(row[3]) for row in rows if row and row[-1] in CALLS}


def at_call(call: str, what: str, number: int, and_on: bool = False) -> Fault:
    """Do ``what`` (``error=ENOSPC``, ``signal=SIGKILL``) at the ``number``-th ``call`` of a thread, ``and_on``: at all after it."""

    def strike(lake: Lake, delivery: Path) -> tuple[bool, int, str]:
        inject = f"inject={call}:{what}:when={number}{'+' if and_on else ''}"
        fast = [] if what.startswith("signal") else ["--seccomp-bpf"]  # with it, signals are not sent
        command = ["strace", "-f", "-qq", *fast, "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        command += papers(lake, delivery)
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment(), timeout=_LONGEST_RUN
        )
        return done.returncode != 0, done.returncode, done.stdout + done.stderr

    return strike


def drawn(seed: int, counted: dict[str, int], count: int) -> list[tuple[str, str, int, bool]]:
    """Return ``count`` faults in calls, of all kinds in turn, at random ones of the calls that a run makes."""
    chosen = random.Random(seed)
    kinds = [
        (call, what, and_on)
        for call in CALLS
        if call != "write" and counted.get(call)
        for what, and_on in (
            ("error=ENOSPC", True),
            ("error=EIO", False),
            ("signal=SIGKILL", False),
            ("error=ENOSPC", False),
        )
    ]
    chosen.shuffle(kinds)
    return [
        (call, what, chosen.randint(1, counted[call]), and_on)
        for call, what, and_on in (kinds[n % len(kinds)] for n in range(count))
    ]


def _limited(limit: int, size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(limit, (size, size))


def with_limit(limit: int, size: int) -> Fault:
    """Run with a resource limit (``resource.RLIMIT_...``) of ``size`` bytes."""

    def strike(lake: Lake, delivery: Path) -> tuple[bool, int, str]:
        done = subprocess.run(
            papers(lake, delivery), capture_output=True, text=True, check=False, env=environment(),
            timeout=_LONGEST_RUN, preexec_fn=_limited(limit, size),
        )  # fmt: skip
        # where memory ends before the program began, the interpreter tells it as it can
        began = re.search(r"^  \w+: ", done.stderr, re.MULTILINE)
        return done.returncode != 0, done.returncode, done.stdout + done.stderr if began else ""

    return strike
