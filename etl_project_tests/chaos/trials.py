"""One trial: a lake as it was after some deliveries, a fault in the run on the next one, and what is left of it.

The lakes without faults are made once (``Chain``); a trial works on a copy of one, and its next run must end as that
of the lake without a fault did, byte for byte.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from etl_project.lake import PROJECT, Lake, writer_lock
from etl_project.run import run_job
from etl_project_tests.chaos import watching
from etl_project_tests.chaos.deliveries import deliver

_LONGEST_RUN = 900


@dataclass
class Outcome:
    """What became of a trial. ``hit``: the run felt the fault. ``lost``: mentions that are missing after it, and ``gap``: the

    longest time without a readable publication, in seconds; None where the trial does not measure it.
    """

    fault: str
    name: str
    hit: bool = True
    survived: bool = False
    lost: int | None = None
    gap: float | None = None
    why: str = ""
    exits: list[int] = field(default_factory=list)


class Chain:
    """Lakes after 1, 2, ... deliveries, made without a fault, below ``folder``."""

    def __init__(self, folder: Path, links: int) -> None:
        self.folder, self.links = folder, links

    def lake(self, number: int) -> Lake:
        return Lake(self.folder / "chain" / str(number))

    def delivery(self, number: int) -> Path:
        return deliver(self.folder / "deliveries", number)

    def make(self) -> tuple[float, int]:
        """Make what is missing; return how long a run as a process takes here, in seconds, and how many changes it makes."""
        for number in range(self.links):
            lake = self.lake(number)
            if lake.root.exists():
                continue
            making = Lake(lake.root.with_name(f"making{number}"))
            shutil.rmtree(making.root, ignore_errors=True)
            if number:
                shutil.copytree(self.lake(number - 1).root, making.root, symlinks=True)
            complete(making, self.delivery(number))
            making.root.rename(lake.root)
        lake = Lake(self.folder / "timed" / "lake")
        shutil.rmtree(lake.root.parent, ignore_errors=True)
        shutil.copytree(self.lake(0).root, lake.root, symlinks=True)
        start = time.monotonic()
        command = papers(lake, self.delivery(1), inject=("none", 0))
        subprocess.run(command, capture_output=True, check=True, env=environment(), timeout=_LONGEST_RUN)
        return time.monotonic() - start, int(lake.root.with_name("changes.txt").read_text("utf-8"))


def papers(lake: Lake, *paths: Path, inject: tuple[str, int] | None = None) -> list[str]:
    """Return the command of `papers run` in a process of its own, with a fault in it."""
    module = ["-m", "etl_project.cli"]
    if inject:
        module = ["-m", "etl_project_tests.chaos.inject", *map(str, inject), str(lake.root)]
    return [sys.executable, *module, "run", *map(str, paths), "--lake", str(lake.root)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT)}


def complete(lake: Lake, delivery: Path) -> None:
    """Run the job without a fault, in this process; Broken unless it publishes what it should."""
    with writer_lock(lake, "the run after a fault"):
        summary = run_job(lake, [delivery])
    if not summary.published or summary.error or summary.checks_failed:
        failed = "; ".join(check["check"] for check in summary.checks_failed)
        raise watching.Broken(f"the run without a fault: {summary.error or failed or summary}")


#: A fault: starts a run on the lake with the delivery, does harm, and returns (was at work, exit code, what it printed).
Fault = Callable[[Lake, Path], tuple[bool, int, str]]


def trial(
    chain: Chain, fault: str, name: str, number: int, strike: Fault, place: Path, gap_counts: bool = True
) -> Outcome:
    """Strike the run on delivery ``number`` in a copy of the lake before it at ``place``; say what is left."""
    outcome = Outcome(fault, name)
    lake = Lake(place)
    if not os.path.ismount(place):
        shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(chain.lake(number - 1).root, place, symlinks=True, dirs_exist_ok=True)
    if os.path.ismount(place):  # what was copied is on the disk before it is harmed
        subprocess.run(["sync", "-f", str(place)], check=True)
    delivery, after = chain.delivery(number), chain.lake(number)
    try:
        before = watching.whole(lake)
        with watching.Sampler(lake) as sampler:
            outcome.hit, code, said = strike(lake, delivery)
            outcome.exits.append(code)
        now = watching.whole(lake)
        kept, done = watching.content(lake), watching.content(after)
        if now == before and kept != watching.content(chain.lake(number - 1)):
            raise watching.Broken("the last publication was changed")
        if now != before and kept != done:
            raise watching.Broken("a half was published")
        if code == 0 and now == before:
            raise watching.Broken("the run says that it published, and it did not")
        if code == 1 and now != before and "nothing was published" in said:
            raise watching.Broken("the run says that nothing was published, and it was")
        if "Traceback" in said:
            outcome.why = f"told by a traceback: {said[said.index('Traceback') :][-800:]}"
        with watching.Sampler(lake) as second:
            complete(lake, delivery)
        watching.whole(lake)
        if gap_counts:
            outcome.gap = round(max(sampler.gap, second.gap), 2)
            if outcome.gap:
                outcome.why = (sampler.errors + second.errors)[0]
        ended = watching.content(lake)
        outcome.lost = len(set(watching.mentions(after)) - set(watching.mentions(lake)))
        if different := sorted(table for table in done if ended[table] != done[table]):
            raise watching.Broken(
                f"after the next run these differ from a lake without a fault: {', '.join(different)}"
            )
        left = leftovers(lake)
        if left:
            raise watching.Broken(f"the next run left {left[0]}")
        outcome.survived = outcome.lost == 0 and not outcome.gap
    except watching.Broken as error:
        outcome.why = str(error)
    if outcome.survived and not os.path.ismount(place):
        shutil.rmtree(place, ignore_errors=True)
    return outcome


def leftovers(lake: Lake) -> list[str]:
    """Return what a whole run should have cleared away."""
    patterns = ("raw/*/*.partial", "published/.building*", "published/*.next", "warehouse/spill/*", "warehouse/*.wal")
    return [str(path) for pattern in patterns for path in lake.root.glob(pattern)]


def as_row(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)
