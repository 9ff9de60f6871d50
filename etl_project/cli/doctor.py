"""``papers doctor``: damage in the lake, and what mends it."""

import sys
from typing import Annotated

import typer

from etl_project.cli.common import FAILED, JsonOption, LakeOption, lake_of, print_json
from etl_project.cli.progress import show_progress
from etl_project.printable import printable


def doctor(
    backup: Annotated[
        bool, typer.Option("--backup", help="The lake is a backup: it needs no tables, only what they are made from.")
    ] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for damage in the lake, all of it, and say what mends it. Changes nothing. Exit code 1 if there is a problem.

    Reads every file: a lake of many captures takes as long as reading them. Example: `papers doctor --lake my_lake`.
    """
    from etl_project.doctor import examine

    where = lake_of(lake)
    show_progress()
    findings = []
    for finding in examine(where, backup=backup):
        findings.append(finding)
        if not as_json:
            print(f"{finding.check:<12} {finding.outcome:<8} {printable(finding.found)}".rstrip(), flush=True)
            if finding.remedy:
                print(f"{'':<12} {'remedy:':<8} {printable(finding.remedy)}")
    problems = sum(finding.outcome == "problem" for finding in findings)
    code = FAILED if problems else 0
    if as_json:
        told = [finding._asdict() for finding in findings]
        print_json({"lake": str(where.root), "findings": told, "exit_code": code})
    else:
        print(f"{problems} problems" if problems != 1 else "1 problem", file=sys.stderr)
    raise typer.Exit(code)
