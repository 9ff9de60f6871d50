"""``papers run``, ``rebuild`` and ``reparse``: start the job, and show what it did."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl_project.cli.common import (
    BUSY,
    FAILED,
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    meant,
    print_json,
    stop,
)
from etl_project.cli.progress import show_progress
from etl_project.command import command_line, pasted
from etl_project.lake import Lake, LakeBusy, writer_lock
from etl_project.printable import printable

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from collections.abc import Callable

    from etl_project.run import Summary

_MOST_FILES_SHOWN = 40


def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Capture files or folders. Without any: the lake's inbox, and what was fetched.", show_default=False
        ),
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="A check that judges captures by what is usual, and may fail this time without stopping publication. "
            "May be given several times.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Take captures in, parse, deduplicate, check and publish.

    Examples: `papers run my_captures/`, `papers run page.txt --lake ~/papers`.
    """  # fmt: skip
    from etl_project.drift import ACCEPTABLE
    from etl_project.raw import all_unfinished, problem_with
    from etl_project.sources import fetched

    where = lake_of(lake)
    if any(not path.strip() for path in paths or []):
        raise stop("an empty name was given (an unset variable?); name files or folders", 2)
    if unknown := [name for name in accept or [] if name not in ACCEPTABLE]:
        raise stop(
            f"{printable(unknown[0])}: cannot be accepted.{meant(unknown[0], ACCEPTABLE)} Only these can: {', '.join(ACCEPTABLE)}",
            2,
        )
    given = [Path(path) for path in paths or []]
    problems = [(path, problem_with(path)) for path in given or [where.inbox]]
    is_empty = not (any(where.raw.glob("??/*.json")) or fetched.untaken(where))
    if all(problem for _, problem in problems) and (given or is_empty):
        if not given:
            raise stop(
                f"nothing to take in; put captures into {where.inbox}, or name them: {command_line(where, 'run PATH...')}",
                UNREADABLE,
            )
        for path, problem in problems:
            print(f"papers: {printable(str(path))}: {problem}", file=sys.stderr)
        raise stop("nothing to take in", UNREADABLE)
    from etl_project.run import Summary, run_job

    if is_empty and (waits := all_unfinished(given or [where.inbox])):  # tables of nothing would fail their checks
        files = [{"file": str(path), "outcome": "unfinished", "note": why} for path, why in waits.items()]
        if as_json:
            print_json({**vars(Summary("", False, files)), "exit_code": 0})
        else:
            for path, why in waits.items():
                print(f"{printable(str(path))}: left alone, {printable(why)}")
            print("nothing is there to take in yet; run again when it is complete")
        return

    _run(where, lambda lake: run_job(lake, given, accept or []), "papers run", as_json)


def rebuild(lake: LakeOption = None, as_json: JsonOption = False) -> None:
    """Make all tables anew from the lake's raw/ alone, whatever state the warehouse is in; papers keep their ids.

    Then as `papers run`. If nothing can be published, all stays as it was. Example: `papers rebuild --lake my_lake`.
    """
    where = lake_of(lake)
    if not any(where.raw.glob("??/*.json")):
        raise stop(
            f"{where.raw} holds no captures yet; take some in with: {command_line(where, 'run PATH...')}", UNREADABLE
        )
    from etl_project.run import rebuild as rebuild_lake

    _run(where, rebuild_lake, "papers rebuild", as_json)


def reparse(
    everything: Annotated[
        bool,
        typer.Option("--all", help="Read every capture again, not only what was refused or read by an older parser."),
    ] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read captures again after the parser improved: those with something refused, and those that an older parser read.

    Then as `papers run`, and what changed is shown. Papers keep their ids. Example: `papers reparse --all`.
    """
    where = lake_of(lake)
    if not where.warehouse.exists():
        raise stop(
            f"{where.root} holds nothing to read again; take captures in with: {command_line(where, 'run PATH...')}",
            UNREADABLE,
        )
    from etl_project.run import reparse as reparse_lake

    _run(where, lambda lake: reparse_lake(lake, everything), "papers reparse", as_json)


def _run(lake: Lake, job: "Callable[[Lake], Summary]", name: str, as_json: bool) -> None:
    show_progress()
    from etl_project import decisions, history, raw, warehouse

    try:
        with writer_lock(lake, name):
            summary = job(lake)
    except LakeBusy as busy:
        raise stop(str(busy), BUSY) from None
    except (warehouse.WarehouseError, history.DamagedHistory, raw.DamagedReceipt, decisions.DamagedDecisions) as error:
        raise stop(str(error), FAILED) from None
    except OSError as error:
        raise stop(f"the lake {lake.root} cannot be written: {error.strerror}; nothing was published", FAILED) from None
    if as_json:
        print_json({**vars(summary), "exit_code": summary.exit_code})
    else:
        print_summary(lake, summary)
    raise typer.Exit(summary.exit_code)


def print_summary(lake: Lake, summary: Any) -> None:
    """Print what a run did with each file, how its checks went, and where the results are."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    if summary.changes is not None and not summary.changes["dumps"]:
        console.print("nothing to read again: nothing was refused, and this parser read all (--all reads them anew)")
        return
    # of many files only those that need a look; all are told otherwise
    odd = [file for file in summary.files if file["refused"] or file["outcome"] == "unreadable"]
    shown = summary.files if len(summary.files) <= _MOST_FILES_SHOWN else odd[:_MOST_FILES_SHOWN]
    if shown:
        table = Table("file", "", "form", header_style="bold")
        table.add_column("records", justify="right")
        table.add_column("refused", justify="right")
        for file in shown:
            cells = (Path(file["file"]).name, file["outcome"], file["form"] or "-", file["records"], file["refused"])
            table.add_row(*(escape(printable(str("-" if cell is None else cell))) for cell in cells))
        console.print(table)
    if rest := len(summary.files) - len(shown):
        console.print(f"{rest} more files, {len(odd) - len(shown)} of them with something refused")
    for file in shown:
        if file["note"]:
            console.print(
                f"[yellow]{escape(printable(file['file']))}[/]: {escape(printable(file['note']))}", soft_wrap=True
            )
    if summary.hidden:
        console.print(f"{summary.hidden} files were passed over: their names, or their folders', begin with a dot")
    if counts := summary.papers:
        console.print(
            f"papers: {counts['papers']} ({counts['new']} new, {counts['known']} known, {counts['merged']} merged) "
            f"from {counts['mentions']} mentions"
        )
    warnings = sum(check["severity"] == "warning" or check["accepted"] for check in summary.checks_failed)
    critical = len(summary.checks_failed) - warnings
    console.print(
        f"checks: {summary.checks_run - len(summary.checks_failed)} passed, {critical} failed, {warnings} warned"
    )
    for check in summary.checks_failed:
        console.print(
            f"  [red]{check['table']}.{check['check']}[/] ({check['severity']}{', accepted' * check['accepted']}; "
            f"{check['owner']}): {escape(printable(pasted(lake, check['why'] or '')))}",
            soft_wrap=True,
        )
    if not summary.published:
        console.print(
            f"[red]nothing was published[/]; readers keep what they had. {escape(printable(summary.error))}".rstrip(),
            soft_wrap=True,
        )
        return
    if summary.error:
        console.print(f"[red]failed after the publication[/]: {escape(printable(summary.error))}", soft_wrap=True)
    if summary.changes is not None:
        _print_changes(console, summary.changes)
    console.print(
        f"database: {escape(str(lake.database))}\nparquet:  {escape(str(lake.exports))}\nreport:   {escape(str(lake.report))}",
        soft_wrap=True,
    )
    refused = any(file["refused"] for file in summary.files)
    console.print(
        "next:     " + command_line(lake, "rejects" if refused else 'sql "from papers limit 5"'),
        soft_wrap=True,
        markup=False,
    )  # fmt: skip


def _print_changes(console: Any, changes: dict[str, Any]) -> None:
    """Print what reading captures again changed."""

    def counts(name: str) -> str:
        return ", ".join(f"{count} {what}" for what, count in changes[name].items())

    print_plain = partial(console.print, soft_wrap=True, markup=False)
    print_plain(
        f"read again: {changes['dumps']} captures; mentions: {counts('mentions')}; refusals: {counts('refusals')}"
    )
    if changes["columns"]:
        print_plain(f"changed values: {counts('columns').replace(',', ';')}")
    for row in changes["examples"]:
        was, now = (printable(str("-" if row[name] is None else row[name]))[:60] for name in ("before", "after"))
        print_plain(
            f"  {printable(row['file_name'])}, line {row['line_start']}: {printable(row['title'])[:50]}: {row['column']}: {was} -> {now}"
        )
