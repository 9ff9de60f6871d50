"""Which faults are tried, how often, and one of them in a process of its lane."""

import logging
import random
import re
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from etl_project.lake import Lake
from etl_project_tests.chaos import deliveries_once, disks, engines, kills, orphans
from etl_project_tests.chaos.trials import Chain, Outcome, as_row, trial

_MIB = 1 << 20
#: So many of each does every run make, and more.
_FEW_CALLS = {"pwrite64": 400, "fdatasync": 40, "ftruncate": 3, "rename": 3}


class Plan:
    """How many of each fault are tried."""

    def __init__(self, short: bool) -> None:
        self.short = short
        self.kills, self.repeated = (1, 0) if short else (200, 10)
        self.lines = [] if short else list(range(1, 26))
        self.changes = 1 if short else 10**6
        self.calls = 1 if short else 60
        self.memory = [900] if short else [*range(300, 2000, 170), 3000, 6000]
        self.sizes = [] if short else [64, 256, 700, 2000, 3500, 5000, 8000]
        self.disks = 1 if short else 10
        self.ways = list(deliveries_once.WAYS)[: 1 if short else None]
        self.readers, self.publications = (10, 10) if short else (20, 50)
        self.orphans = 0 if short else 2


def specs(
    plan: Plan, chain: Chain, length: float, counted: int, seed: int
) -> Iterator[tuple[str, str, int, tuple[Any, ...]]]:
    """Yield the trials: fault as the table names it, name, delivery, and what ``attempt`` needs to know."""
    chosen = random.Random(seed)

    def delivery() -> int:
        return chosen.randrange(1, chain.links)

    # from the start of the interpreter to the end
    for n, moment in enumerate(kills.moments(seed, plan.kills, length)):
        yield "SIGKILL at a random moment", f"{n}", delivery(), ("after", moment)
    for n in range(plan.repeated):
        several = kills.moments(seed + n, 3, length)
        yield "SIGKILL of three runs in a row", f"{n}", delivery(), ("several", several)
    for line in plan.lines:
        yield "SIGKILL at a stage boundary", f"line {line}", delivery(), ("line", line)
    numbers = list(range(1, counted + 1))
    for n in sorted(chosen.sample(numbers, min(plan.changes, counted))):
        yield "SIGKILL at a change of a file", f"{n} of {counted}", 1, ("change", "kill", n)
        error = ("ENOSPC+", "EIO", "EROFS+")[n % 3]
        yield "error at a change of a file (ENOSPC, EIO, EROFS)", f"{error} {n} of {counted}", 1, ("change", error, n)
    if problem := engines.problem():
        yield "fault in a system call", problem, 0, ("left out",)
    else:
        # counting takes a run
        calls = _FEW_CALLS if plan.short else engines.calls(copy_of_first(chain, "calls"), chain.delivery(1))
        for call, what, number, and_on in engines.drawn(seed, calls, plan.calls):
            name = f"{call} {what} {number}{'+' * and_on}"
            yield "fault in a system call (ENOSPC, EIO, SIGKILL)", name, 1, ("call", call, what, number, and_on)
    for size in plan.memory:
        yield "no memory (RLIMIT_AS)", f"{size} MiB", delivery(), ("limit", resource.RLIMIT_AS, size * _MIB)
    for size in plan.sizes:
        yield "no larger files (RLIMIT_FSIZE)", f"{size} KiB", delivery(), ("limit", resource.RLIMIT_FSIZE, size << 10)
    for name in disks.FAULTS:
        for n, moment in enumerate(kills.moments(seed, plan.disks, length * 0.95)):
            room = chosen.choice([0, 100_000, 1_000_000, 4_000_000])
            yield name, f"{n}", delivery(), ("disk", name, max(moment, 1.0), room)
    for way in plan.ways:
        yield "delivered oddly", way, 0, ("way", way)
    for n in range(plan.orphans):
        yield "power cut of papers ui", f"{n}", 0, ("orphan",)


def copy_of_first(chain: Chain, name: str) -> Lake:
    place = chain.folder / name / "lake"
    shutil.rmtree(place.parent, ignore_errors=True)
    shutil.copytree(chain.lake(0).root, place, symlinks=True)
    return Lake(place)


def attempt(folder: Path, spec: tuple[str, str, int, tuple[Any, ...]]) -> dict[str, Any]:
    """Make one trial, in a process of its lane; return its outcome as a row."""
    fault, name, number, what = spec
    logging.getLogger("etl_project").setLevel(logging.ERROR)
    chain = Chain(folder, 0)
    place = folder / "lanes" / re.sub(r"[^\w+-]+", "_", f"{fault}_{name}")
    kind, *details = what
    if kind == "left out":
        return as_row(Outcome(fault, name, hit=False, why=f"left out: {name}"))
    if kind == "way":
        return as_row(deliveries_once.deliver_oddly(chain, name, place))
    if kind == "orphan":
        return as_row(orphans.power_cut(chain, place))
    if kind == "disk":
        return as_row(_on_a_disk(chain, fault, name, number, details, place))
    strikes = {
        "after": kills.after, "several": kills.several, "line": kills.at_line, "change": kills.at_change,
        "call": engines.at_call, "limit": engines.with_limit,
    }  # fmt: skip
    outcome = trial(chain, fault, name, number, strikes[kind](*details), place)
    if kind == "after" and not outcome.hit:  # this run was faster: its moment is moved into it
        outcome = trial(chain, fault, name, number, kills.after(details[0] * 0.7), place)
    return as_row(outcome)


def _on_a_disk(chain: Chain, fault: str, name: str, number: int, details: list[Any], place: Path) -> Outcome:
    kind, moment, room = details
    shutil.rmtree(place, ignore_errors=True)
    with disks.disk(place) as (disk, problem):
        if problem:
            return Outcome(fault, name, hit=False, why=f"left out: {problem}")
        strike = disks.FAULTS[kind](disk, moment, *([room] if kind == "disk full" else []))
        # a reader of a disk that is gone has nothing to read
        outcome = trial(chain, fault, name, number, strike, disk.place, gap_counts=kind == "disk full")
    if outcome.survived:
        shutil.rmtree(place, ignore_errors=True)
    return outcome
