"""Try the faults, in lanes beside each other, and print the table.

What became of each trial stands in ``outcomes.jsonl`` of the folder; started again with the same folder, it goes on.
"""

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from etl_project_tests.chaos import readers
from etl_project_tests.chaos.plan import Plan, attempt, copy_of_first, specs
from etl_project_tests.chaos.trials import Chain, Outcome, as_row


def table(outcomes: list[dict[str, Any]]) -> str:
    """Return the outcomes as the table of docs/promises.md."""
    lines = [
        "| fault | tried | survived | mentions lost | longest time without a readable publication |",
        "|---|---|---|---|---|",
    ]
    for fault in dict.fromkeys(outcome["fault"] for outcome in outcomes):
        of = [outcome for outcome in outcomes if outcome["fault"] == fault]
        felt = [outcome for outcome in of if outcome["hit"] or not outcome["survived"]]
        if all(outcome["why"].startswith("left out") for outcome in felt):
            lines.append(f"| {fault} | {felt[0]['why'] if felt else 'never felt by a run'} | | | |")
            continue
        felt = [outcome for outcome in felt if not outcome["why"].startswith("left out")]
        lost, gaps = ([o[name] for o in felt if o[name] is not None] for name in ("lost", "gap"))
        cells = (
            len(felt),
            sum(outcome["survived"] for outcome in felt),
            sum(lost) if lost else "not measured",
            f"{max(gaps):g} s" if gaps else "not measured",
        )
        lines.append(f"| {fault} | {' | '.join(map(str, cells))} |")
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
    chain, plan, begin = Chain(folder, 2 if given.short else 6), Plan(given.short), time.monotonic()
    length, changes = chain.make()
    print(f"a run takes {length:.1f} s here", file=sys.stderr, flush=True)
    log = folder / "outcomes.jsonl"
    outcomes = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    done = {(outcome["fault"], outcome["name"]) for outcome in outcomes}
    todo = [
        spec
        for spec in specs(plan, chain, length, changes, given.seed)
        if spec[:2] not in done and given.only in spec[0]
    ]

    def note(outcome: dict[str, Any]) -> None:
        outcomes.append(outcome)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome) + "\n")
        told = "survived" if outcome["survived"] else "left out" if not outcome["hit"] else "NOT SURVIVED"
        print(
            f"{time.monotonic() - begin:6.0f} s  {outcome['fault']}, {outcome['name']}: {told} {outcome['why']}",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    # no executor of concurrent.futures: with a most of tasks for a process it stands still once that is reached (CPython 115634)
    with get_context("spawn").Pool(given.lanes, maxtasksperchild=25) as lanes:
        for outcome in lanes.imap_unordered(partial(attempt, folder), todo):
            note(outcome)
    name = f"{plan.readers} processes, {plan.publications} publications"
    if ("readers beside publications", name) not in done and given.only in "readers beside publications":
        seen = readers.hammer(copy_of_first(chain, "hammer"), folder / "hammer", plan.readers, plan.publications)
        print(json.dumps({**seen, "errors": seen["errors"][:5], "mixed": seen["mixed"][:5]}), file=sys.stderr)
        why = (seen["errors"] + seen["mixed"])[:1]
        note(
            as_row(
                Outcome(
                    "readers beside publications",
                    name,
                    survived=not why,
                    gap=None if why else 0.0,
                    why=why[0] if why else "",
                )
            )
        )
    print(table(outcomes))
    failed = [outcome for outcome in outcomes if not outcome["survived"] and not outcome["why"].startswith("left out")]
    for outcome in failed:
        print(f"not survived: {outcome['fault']}, {outcome['name']}: {outcome['why']}", file=sys.stderr)
    if not given.folder and not failed:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
