"""SIGKILL at random moments, at stage boundaries, and at the n-th change that a run makes; and errors there."""

import random
import subprocess
from pathlib import Path

from etl_project.lake import Lake
from etl_project_tests.chaos.trials import Fault, environment, papers

_LONGEST_RUN = 900


def after(seconds: float) -> Fault:
    """Kill the run so many seconds after it began; where it is faster, again and earlier."""

    def strike(lake: Lake, delivery: Path) -> tuple[bool, int, str]:
        process = subprocess.Popen(
            papers(lake, delivery), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return code < 0, code, ""

    return strike


def several(moments: list[float]) -> Fault:
    """Kill the run, and the run after it, and so on."""

    def strike(lake: Lake, delivery: Path) -> tuple[bool, int, str]:
        hits = [after(moment)(lake, delivery) for moment in moments]
        return any(hit for hit, *_ in hits), hits[-1][1], ""

    return strike


def at_line(number: int) -> Fault:
    """Kill the run when it tells of its ``number``-th step."""

    def strike(lake: Lake, delivery: Path) -> tuple[bool, int, str]:
        process = subprocess.Popen(
            papers(lake, delivery), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment()
        )
        assert process.stderr
        for n, _ in enumerate(process.stderr, 1):
            if n == number:
                process.kill()
                break
        process.stderr.read()
        code = process.wait(_LONGEST_RUN)
        return code < 0, code, ""

    return strike


def at_change(fault: str, number: int) -> Fault:
    """Do ``fault`` at the ``number``-th change that Python's own code makes in the lake."""

    def strike(lake: Lake, delivery: Path) -> tuple[bool, int, str]:
        command = papers(lake, delivery, inject=(fault, number))
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment(), timeout=_LONGEST_RUN
        )
        return done.returncode != 0, done.returncode, done.stdout + done.stderr

    return strike


def moments(seed: int, count: int, length: float) -> list[float]:
    """Return ``count`` moments spread over the ``length`` of a run: one at random in each of as many equal parts."""
    chosen = random.Random(seed)
    found = [(n + chosen.random()) * length / count for n in range(count)]
    chosen.shuffle(found)
    return found


def at_swap(lake: Lake, delivery: Path) -> int:
    """Kill a run when it moves the link that readers go by; return its exit code."""
    command = papers(lake, delivery, inject=("kill@current.next", 1))
    return subprocess.run(command, capture_output=True, check=False, env=environment(), timeout=_LONGEST_RUN).returncode
