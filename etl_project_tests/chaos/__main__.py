"""Try the faults, in lanes beside each other, and print the table.

What became of each trial stands in ``outcomes.jsonl`` of the folder; started again with the same folder, it goes on.
"""

import argparse
import json
import logging
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from etl_project_tests.chaos import deliveries_once, disks, engines, kills, orphans, readers
from etl_project_tests.chaos.trials import LINKS, Chain, Outcome, as_row, trial

_MIB = 1 << 20


class Plan:
    """How many of each fault are tried."""

    def __init__(self, short: bool) -> None:
        self.kills, self.repeated = (2, 0) if short else (200, 10)
        self.lines = [9] if short else list(range(1, 26))
        self.changes = 3 if short else 10**6
        self.calls = 2 if short else 60
        self.memory = [900] if short else [*range(300, 2000, 170), 3000, 6000]
        self.sizes = [2000] if short else [64, 256, 700, 2000, 3500, 5000, 8000]
        self.disks = 1 if short else 10
        self.ways = (
            ["the same files in two runs at once", "half-copied into the inbox, then completed"]
            if short
            else list(deliveries_once.WAYS)
        )
        self.readers, self.publications = (10, 10) if short else (20, 50)
        self.orphans = 0 if short else 2


def specs(plan: Plan, chain: Chain, length: float, seed: int) -> Iterator[tuple[str, str, int, tuple[Any, ...]]]:
    """Yield the trials: fault as the table names it, name, delivery, and what ``attempt`` needs to know."""
    chosen = random.Random(seed)

    def delivery() -> int:
        return chosen.randrange(1, LINKS)

    # from the start of the interpreter to the end
    for n, moment in enumerate(kills.moments(seed, plan.kills, length)):
        yield "SIGKILL at a random moment", f"{n}", delivery(), ("after", moment)
    for n in range(plan.repeated):
        several = kills.moments(seed + n, 3, length)
        yield "SIGKILL of three runs in a row", f"{n}", delivery(), ("several", several)
    for line in plan.lines:
        yield "SIGKILL at a stage boundary", f"line {line}", delivery(), ("line", line)
    counted = kills.changes(_copy(chain, "counted"), chain.delivery(1))
    numbers = list(range(1, counted + 1))
    for n in sorted(chosen.sample(numbers, min(plan.changes, counted))):
        yield "SIGKILL at a change of a file", f"{n} of {counted}", 1, ("change", "kill", n)
        error = ("ENOSPC+", "EIO", "EROFS+")[n % 3]
        yield "error at a change of a file (ENOSPC, EIO, EROFS)", f"{error} {n} of {counted}", 1, ("change", error, n)
    if problem := engines.problem():
        yield "fault in a system call", problem, 0, ("left out",)
    else:
        calls = engines.calls(_copy(chain, "calls"), chain.delivery(1))
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


def _copy(chain: Chain, name: str) -> Any:
    from etl_project.lake import Lake

    place = chain.folder / name / "lake"
    shutil.rmtree(place.parent, ignore_errors=True)
    shutil.copytree(chain.lake(0).root, place, symlinks=True)
    return Lake(place)


def attempt(folder: Path, fault: str, name: str, number: int, what: tuple[Any, ...]) -> dict[str, Any]:
    """Make one trial, in a process of its lane; return its outcome as a row."""
    logging.getLogger("etl_project").setLevel(logging.ERROR)
    chain = Chain(folder)
    place = folder / "lanes" / f"{fault}_{name}".replace(" ", "_").replace("/", "_").replace("(", "").replace(")", "")
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


def table(outcomes: list[dict[str, Any]]) -> str:
    """Return the outcomes as the table of docs/promises.md."""
    lines = [
        "| fault | tried | survived | mentions lost | longest time without a readable publication |",
        "|---|---|---|---|---|",
    ]
    for fault in dict.fromkeys(outcome["fault"] for outcome in outcomes):
        of = [outcome for outcome in outcomes if outcome["fault"] == fault]
        if not any(outcome["hit"] or outcome["survived"] for outcome in of):
            lines.append(f"| {fault} | {of[0]['why']} | | | |")
            continue
        gap = max(outcome["gap"] for outcome in of)
        survived, lost = sum(outcome["survived"] for outcome in of), sum(outcome["lost"] for outcome in of)
        lines.append(f"| {fault} | {len(of)} | {survived} | {lost} | {gap:g} s |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="some of each, in under three minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2, help="trials beside each other")
    parser.add_argument(
        "--folder", type=Path, help="where lakes and outcomes are; default: a new one, deleted in the end"
    )
    parser.add_argument("--only", default="", help="faults whose names have these words")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="papers-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("etl_project").setLevel(logging.ERROR)
    os.environ["PAPERS_LAKE"] = str(folder / "none")
    chain, plan, begin = Chain(folder), Plan(given.short), time.monotonic()
    length = chain.make()
    print(f"a run takes {length:.1f} s here", file=sys.stderr, flush=True)
    log = folder / "outcomes.jsonl"
    outcomes = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    done = {(outcome["fault"], outcome["name"]) for outcome in outcomes}
    todo = [spec for spec in specs(plan, chain, length, given.seed) if spec[:2] not in done and given.only in spec[0]]

    def note(outcome: dict[str, Any]) -> None:
        outcomes.append(outcome)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome) + "\n")
        told = "survived" if outcome["survived"] else "left out" if not outcome["hit"] else "NOT SURVIVED"
        print(
            f"{time.monotonic() - begin:6.0f} s  {outcome['fault']}, {outcome['name']}: {told} {outcome['why']}",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    with ProcessPoolExecutor(given.lanes, mp_context=get_context("spawn"), max_tasks_per_child=25) as lanes:
        for future in as_completed([lanes.submit(attempt, folder, *spec) for spec in todo]):
            note(future.result())
    name = f"{plan.readers} processes, {plan.publications} publications"
    if ("readers beside publications", name) not in done and given.only in "readers beside publications":
        seen = readers.hammer(_copy(chain, "hammer"), folder / "hammer", plan.readers, plan.publications)
        print(json.dumps({**seen, "errors": seen["errors"][:5], "mixed": seen["mixed"][:5]}), file=sys.stderr)
        why = (seen["errors"] + seen["mixed"])[:1]
        note(as_row(Outcome("readers beside publications", name, survived=not why, why=why[0] if why else "")))
    print(table(outcomes))
    failed = [outcome for outcome in outcomes if not outcome["survived"] and not outcome["why"].startswith("left out")]
    for outcome in failed:
        print(f"not survived: {outcome['fault']}, {outcome['name']}: {outcome['why']}", file=sys.stderr)
    if not given.folder and not failed:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
