"""``papers``: the command line. Thin: each command calls one function and shows what it gives.

Exit codes: 0 ok; 1 nothing was published, or something was refused; 2 wrong usage; 3 another run has
the lake; 4 an input could not be read or fetched.
"""

import contextlib
import io
import json
import logging
import os
import shutil
import socket
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl_project.command import command_line
from etl_project.lake import PROJECT, Lake, LakeBusy, writer_lock

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from collections.abc import Callable

    from etl_project.decisions import Side
    from etl_project.run import Summary

app = typer.Typer(
    name="papers",
    help="Captures of the Hugging Face papers pages in, clean and deduplicated tables out.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

FAILED, BUSY, UNREADABLE = 1, 3, 4
_MOST_FILES_SHOWN = 40
_MOST_HELD_SHOWN = 10

LakeOption = Annotated[
    Path | None,
    typer.Option("--lake", help="Folder of the data lake. Default: $PAPERS_LAKE, else data_lake/ of the project.", show_default=False),
]  # fmt: skip
Day = datetime | None
_DAY = ["%Y-%m-%d"]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class Format(str, Enum):
    """How ``papers sql`` prints rows."""

    TABLE = "table"
    CSV = "csv"
    EXACT_CSV = "csv-exact"
    JSON = "json"


def _lake(given: Path | None) -> Lake:
    try:
        root = (given or Path(os.environ.get("PAPERS_LAKE") or PROJECT / "data_lake")).absolute()
    except FileNotFoundError:
        raise _stop("the folder in which you are was deleted; go to another, or name the lake from / on", 2) from None
    if root.exists() and not root.is_dir():
        raise _stop(f"{root} is a file; a lake is a folder", 2)
    return Lake(root)


def _stop(message: str, code: int) -> typer.Exit:
    print("\n".join(_plain(line) for line in f"papers: {message}".splitlines()), file=sys.stderr)
    return typer.Exit(code)


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"papers-etl {installed('papers-etl')}")
        raise typer.Exit


@app.command()
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

    where = _lake(lake)
    if any(not path.strip() for path in paths or []):
        raise _stop("an empty name was given (an unset variable?); name files or folders", 2)
    if unknown := [name for name in accept or [] if name not in ACCEPTABLE]:
        raise _stop(f"{_plain(unknown[0])}: cannot be accepted; only these can: {', '.join(ACCEPTABLE)}", 2)
    given = [Path(path) for path in paths or []]
    problems = [(path, problem_with(path)) for path in given or [where.inbox]]
    is_empty = not (any(where.raw.glob("??/*.json")) or fetched.untaken(where))
    if all(problem for _, problem in problems) and (given or is_empty):
        if not given:
            raise _stop(
                f"nothing to take in; put captures into {where.inbox}, or name them: papers run PATH...", UNREADABLE
            )
        for path, problem in problems:
            print(f"papers: {_plain(str(path))}: {problem}", file=sys.stderr)
        raise _stop("nothing to take in", UNREADABLE)
    from etl_project.run import Summary, run_job

    if is_empty and (waits := all_unfinished(given or [where.inbox])):  # tables of nothing would fail their checks
        files = [{"file": str(path), "outcome": "unfinished", "note": why} for path, why in waits.items()]
        if as_json:
            _print_json({**vars(Summary("", False, files)), "exit_code": 0})
        else:
            for path, why in waits.items():
                print(f"{_plain(str(path))}: left alone, {_plain(why)}")
            print("nothing is there to take in yet; run again when it is complete")
        return

    _run(where, lambda lake: run_job(lake, given, accept or []), "papers run", as_json)


@app.command()
def rebuild(lake: LakeOption = None, as_json: JsonOption = False) -> None:
    """Make all tables anew from the lake's raw/ alone, whatever state the warehouse is in; papers keep their ids.

    Then as `papers run`. If nothing can be published, all stays as it was.
    """
    where = _lake(lake)
    if not any(where.raw.glob("??/*.json")):
        raise _stop(f"{where.raw} holds no captures yet; take some in with: papers run PATH...", UNREADABLE)
    from etl_project.run import rebuild as rebuild_lake

    _run(where, rebuild_lake, "papers rebuild", as_json)


@app.command()
def reparse(
    everything: Annotated[
        bool,
        typer.Option("--all", help="Read every capture again, not only what was refused or read by an older parser."),
    ] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read captures again after the parser improved: those with something refused, and those that an older parser read.

    Then as `papers run`, and what changed is shown. Papers keep their ids.
    """
    where = _lake(lake)
    if not where.warehouse.exists():
        raise _stop(f"{where.root} holds nothing to read again; take captures in with: papers run PATH...", UNREADABLE)
    from etl_project.run import reparse as reparse_lake

    _run(where, lambda lake: reparse_lake(lake, everything), "papers reparse", as_json)


def _run(lake: Lake, job: "Callable[[Lake], Summary]", name: str, as_json: bool) -> None:
    _show_progress()
    from etl_project import decisions, history, raw, warehouse

    try:
        with writer_lock(lake, name):
            summary = job(lake)
    except LakeBusy as busy:
        raise _stop(str(busy), BUSY) from None
    except (warehouse.WarehouseError, history.DamagedHistory, raw.DamagedReceipt, decisions.DamagedDecisions) as error:
        raise _stop(str(error), FAILED) from None
    except OSError as error:
        raise _stop(
            f"the lake {lake.root} cannot be written: {error.strerror}; nothing was published", FAILED
        ) from None
    if as_json:
        _print_json({**vars(summary), "exit_code": summary.exit_code})
    else:
        _print_summary(lake, summary)
    raise typer.Exit(summary.exit_code)


def _on(given: Day, otherwise: date) -> date:
    return given.date() if given else otherwise


@app.command()
def fetch(
    day: Annotated[Day, typer.Option("--date", formats=_DAY, help="Fetch the listing of this day.")] = None,
    first: Annotated[Day, typer.Option("--from", formats=_DAY, help="Fetch every day from this one...")] = None,
    last: Annotated[Day, typer.Option("--to", formats=_DAY, help="...to this one. Default: today (UTC).")] = None,
    query: Annotated[str | None, typer.Option("--search", help="Fetch what the service finds for these words.")] = None,
    trending: Annotated[bool, typer.Option("--trending", help="Fetch what is trending now.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Ask even for days that were over when fetched.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch listings from Hugging Face into the lake; the next `papers run` takes them in.

    $HF_ENDPOINT names another service, $HF_TOKEN is sent to it if set.
    Examples: `papers fetch --date 2026-06-29`, `papers fetch --from 2026-06-01 --to 2026-06-30`.
    """
    from etl_project.sources import fetched, huggingface

    where = _lake(lake)
    service = huggingface.Service.of(os.environ)
    if problem := service.problem():
        raise _stop(problem, 2)
    today = datetime.now(UTC).date()
    if (day is not None) + (first is not None) + (query is not None) + trending != 1 or (last and not first):
        raise _stop("say what to fetch, one of: --date D, --from D [--to D], --search WORDS, --trending", 2)
    if query is not None:
        if not (0 < len(query.strip()) <= huggingface.LONGEST_QUERY and query.isprintable()):
            raise _stop(f"a search is 1 to {huggingface.LONGEST_QUERY} characters of text", 2)
        listings = [huggingface.search(query.strip(), today)]
    elif trending:
        listings = [huggingface.trending(today)]
    else:
        start, end = _on(day or first, today), _on(day or last, today)
        if problem := fetched.problem_with(start, end, today):
            raise _stop(problem, 2)
        listings = [huggingface.daily_papers(on) for on in fetched.days(start, end)]
    _show_progress()
    results = []
    try:
        for result in fetched.fetch(where, service, listings, again=again):
            results.append(result)
            if result.outcome != "not tried":
                print(
                    f"{result.day}  {result.listing}  {result.outcome:<6} {result.items:>4} items "
                    f"{result.pages:>2} pages {result.requests:>2} requests",
                    file=sys.stderr if as_json else sys.stdout,
                    flush=True,
                )
    except LakeBusy as busy:
        raise _stop(str(busy), BUSY) from None
    except OSError as error:
        raise _stop(f"the lake {where.root} cannot be written: {error.strerror}", FAILED) from None
    failed = [result for result in results if not result.ok]
    code = UNREADABLE if failed else 0
    if as_json:
        _print_json({"listings": [result._asdict() for result in results], "exit_code": code})
    else:
        if untried := [result for result in failed if result.outcome == "not tried"]:
            print(f"not tried: {untried[0].day} to {untried[-1].day} ({len(untried)})")
        waiting = len(fetched.untaken(where))
        print(f"next:     {command_line(where, 'run')}" if waiting else "nothing new for papers run to take in")
    if failed:
        names = ", ".join(str(result.day) for result in failed if result.outcome == "failed")
        raise _stop(f"not fetched: {names}; the same command fetches only what is missing", code)


class _PlainFormatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        return "  " + _plain(record.getMessage())


def _show_progress() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter("  %(message)s"))
    progress = logging.getLogger("etl_project")
    progress.addHandler(handler)
    progress.setLevel(logging.INFO)
    progress.propagate = False
    logging.getLogger("great_expectations").setLevel(logging.ERROR)


def _print_summary(lake: Lake, summary: Any) -> None:
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
            table.add_row(*(escape(_plain(str("-" if cell is None else cell))) for cell in cells))
        console.print(table)
    if rest := len(summary.files) - len(shown):
        console.print(f"{rest} more files, {len(odd) - len(shown)} of them with something refused")
    for file in shown:
        if file["note"]:
            console.print(f"[yellow]{escape(_plain(file['file']))}[/]: {escape(_plain(file['note']))}", soft_wrap=True)
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
            f"{check['owner']}): {escape(_plain(check['why'] or ''))}",
            soft_wrap=True,
        )
    if not summary.published:
        console.print(
            f"[red]nothing was published[/]; readers keep what they had. {escape(_plain(summary.error))}".rstrip(),
            soft_wrap=True,
        )
        return
    if summary.error:
        console.print(f"[red]failed after the publication[/]: {escape(_plain(summary.error))}", soft_wrap=True)
    if summary.changes is not None:
        _print_changes(console, summary.changes)
    console.print(f"database: {escape(str(lake.database))}\nparquet:  {escape(str(lake.exports))}", soft_wrap=True)
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
        was, now = (_plain(str("-" if row[name] is None else row[name]))[:60] for name in ("before", "after"))
        print_plain(
            f"  {_plain(row['file_name'])}, line {row['line_start']}: {_plain(row['title'])[:50]}: {row['column']}: {was} -> {now}"
        )


def _plain(text: str) -> str:
    """Return ``text`` without control characters: a title could otherwise steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _shown(text: str) -> str:
    """Return a cell of CSV as it may be looked at: a pipe, too, often ends in a terminal (`| less`, `| head`).

    Line ends and spaces of all kinds stay; ``csv-exact`` has all as it is.
    """
    return "".join(c if c.isprintable() or c in "\n\t" or unicodedata.category(c) == "Zs" else " " for c in text)


def _print_json(value: Any) -> None:
    """Print ``value`` as JSON; what could steer a terminal stands as an escape, and reads back as it was."""
    text = json.dumps(value, indent=2, default=str, ensure_ascii=False)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) if _steers(text) else text)


def _steers(text: str) -> bool:
    return not text.replace("\n", "").isprintable()


def _safe_cell(value: Any) -> Any:
    """Return a cell of CSV of which no spreadsheet makes a formula: text that begins like one gets an apostrophe before it.

    What steers a terminal is a space in it. Numbers and dates stay as they are, and so does text in JSON and Parquet, which no
    program runs. After OWASP, "CSV Injection".
    """
    if not isinstance(value, str):
        return value
    return f"'{_shown(value)}" if value.lstrip(" ")[:1] in _BEGINS_FORMULA else _shown(value)


_BEGINS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def _open(lake: Lake) -> Any:
    """Open the published database, closed to all other files, or stop with what to do."""
    if not lake.database.exists():
        raise _stop(f"nothing is published in {lake.root} yet; run: papers run PATH...", UNREADABLE)
    from etl_project.publish import open_read_only

    return open_read_only(lake.database, alone=True)


def _rows(connection: Any, query: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters or [])
    names = [column[0] for column in cursor.description]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        # one of them would silently win
        raise _stop(f"several columns are called {', '.join(repeated)}; name them with: select a.x as ax, b.x as bx", 2)
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@app.command()
def status(lake: LakeOption = None, as_json: JsonOption = False) -> None:
    """Show what is published, when it was, and what waits: in the inbox, fetched, or taken in by a run that did not publish."""
    from etl_project import decisions, left_out
    from etl_project.raw import DamagedReceipt, receipts
    from etl_project.sources.fetched import untaken

    where = _lake(lake)
    with _open(where) as connection:
        (publication,) = _rows(connection, "select * from publication")
        tables = _rows(
            connection, "select table_name from duckdb_tables() where table_name <> 'publication' order by table_oid"
        )
        counts = {
            t["table_name"]: _rows(connection, f"select count(*) as n from {t['table_name']}")[0]["n"] for t in tables
        }
        newest = _rows(connection, "select max(received_at) as received_at from raw_dumps")[0]["received_at"]
        known = {row["dump_id"] for row in _rows(connection, "select dump_id from raw_dumps")}
    # what a run took in stays, also if it published nothing
    try:
        held = list(receipts(where.raw, known))
        out = left_out.read(where)
    except (DamagedReceipt, decisions.DamagedDecisions) as error:
        raise _stop(str(error), FAILED) from None
    waiting = (
        sum(1 for f in where.inbox.rglob("*") if f.is_file() and not f.name.startswith("."))
        if where.inbox.is_dir()
        else 0
    )
    pages = len(untaken(where))
    if as_json:
        _print_json(
            {
                **publication,
                "newest_capture_received_at": newest,
                "files_in_inbox": waiting,
                "fetched_pages_waiting": pages,
                "captures_not_published": [{"dump_id": one.dump_id, "file_name": one.file_name} for one in held],
                "rows": counts,
            }
        )
        return
    print(
        f"published  {publication['published_at']} UTC by run {publication['run_id'][:8]}, schema version {publication['schema_version']}"
    )
    print(
        f"database   {where.database}\nparquet    {where.exports}\ninbox      {waiting} files (known ones stay there)"
    )
    if pages:
        print(f"fetched    {pages} pages wait for the next run")
    if held:
        print(
            f"not published  {len(held)} captures are taken in: a run is at work, was cut off, or did not publish "
            f"({command_line(where, 'check --failed')} tells which checks failed, {command_line(where, 'doctor')} what is damaged)"
        )
        for one in held[:_MOST_HELD_SHOWN]:
            print(f"  {one.dump_id}  {_plain(one.file_name)}{'  left out from the next run on' * (one.dump_id in out)}")
        if len(held) > _MOST_HELD_SHOWN:
            print(f"  and {len(held) - _MOST_HELD_SHOWN} more")
    for name, count in counts.items():
        print(f"  {name:<18}{count:>12,}")


@app.command(context_settings={"ignore_unknown_options": True})  # a query may start with a comment: "-- ..."
def sql(
    query: Annotated[str, typer.Argument(help="A query on the published tables.")],
    lake: LakeOption = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")] = Format.TABLE,
) -> None:
    """Ask the published database, read-only.

    In csv, text that a spreadsheet would run as a formula has an apostrophe before it, and what steers a terminal is a space;
    csv-exact, into a file or a pipe, leaves all as it is.
    Example: `papers sql "select title, published_on from papers order by published_on desc limit 5"`.
    """
    import csv

    import duckdb

    if not query.strip():
        raise _stop('an empty query; for example: papers sql "from papers limit 5"', 2)
    with _open(_lake(lake)) as connection:
        try:
            if output is Format.TABLE:
                relation = connection.sql(query)
                if relation is not None:
                    width = shutil.get_terminal_size((160, 40)).columns
                    shown = io.StringIO()
                    with contextlib.redirect_stdout(shown):
                        relation.show(max_width=width, max_rows=100)
                    print("\n".join(map(_plain, shown.getvalue().split("\n"))), end="")
                return
            rows = _rows(connection, query)
        except duckdb.Error as error:
            raise _stop(str(error).strip(), 2) from None
    if output is Format.JSON:
        _print_json(rows)
    elif rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            cells = row if output is Format.EXACT_CSV else {name: _safe_cell(value) for name, value in row.items()}
            if sys.stdout.isatty():
                cells = {name: _plain(value) if isinstance(value, str) else value for name, value in cells.items()}
            writer.writerow(cells)


@app.command()
def explain(
    paper: Annotated[
        str,
        typer.Argument(
            help="A paper id (or its start), an arXiv id or the address of its page, or words of the title."
        ),
    ],
    other: Annotated[
        str | None, typer.Argument(help="A second paper: why the two are not one.", show_default=False)
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a paper's values come from: every mention, its file and lines, and the rule that joined it.

    With a second paper: which keys the two share, which scores they get, and which rule parts them.
    """
    with _open(_lake(lake)) as connection:
        _same_schema(connection)
        paper_id = _find_paper(connection, paper)
        if other is None:
            explained = _explained(connection, paper_id)
        else:
            explained = _compared(connection, paper_id, _find_paper(connection, other))
    if as_json:
        _print_json(explained)
    elif other is None:
        _print_explained(explained)
    else:
        _print_compared(explained)


def _find_paper(connection: Any, name: str) -> str:
    """Return the id of the paper that the user names; stop with what fits if none or several do."""
    from etl_project.captures.pieces import read_target
    from etl_project.fields import find_arxiv_id, title_key

    paper = name.strip()
    paper = read_target(paper).arxiv_id or find_arxiv_id(paper) or paper.lower()
    if not paper:
        raise _stop("an empty name; give a paper id or words of a title", 2)
    found = _rows(
        connection,
        "select paper_id, arxiv_id, title from papers where starts_with(paper_id, $1) or arxiv_id = $1 "
        "or paper_id in (select paper_id from merged_papers where merged_paper_id = $1) "
        "or paper_id in (select paper_id from paper_mentions where contains(title_key, $2)) "
        "order by case when paper_id = $1 or arxiv_id = $1 then 0 else 1 end, title limit 20",
        [paper, title_key(paper)],
    )
    if found and paper in (found[0]["paper_id"], found[0]["arxiv_id"]):
        found = found[:1]
    if not found:
        raise _stop(
            f'no paper has the id or title {paper!r}; look with: papers sql "select paper_id, title from papers"',
            UNREADABLE,
        )
    if len(found) > 1:
        for row in found:
            print(f"{row['paper_id']}  {_plain(row['title'])}", file=sys.stderr)
        raise _stop(f"{len(found)} papers fit {paper!r}; give one of these ids", 2)
    return str(found[0]["paper_id"])


WhyOption = Annotated[str, typer.Option("--why", help="The reason, kept with the decision.")]


@app.command()
def merge(
    paper: Annotated[str, typer.Argument(help="A paper, as for explain.")],
    other: Annotated[str, typer.Argument(help="The paper that is the same.")],
    why: WhyOption,
    lake: LakeOption = None,
) -> None:
    """Decide that two papers are one. It is kept in the lake and applied on every run."""
    with _open(_lake(lake)) as connection:
        _same_schema(connection)
        ids = [_find_paper(connection, name) for name in (paper, other)]
        if ids[0] == ids[1]:
            raise _stop(f"{ids[0]} is one paper already", 2)
        a, b = (_sides(connection, "paper_id = ? and rule = 'new_paper'", paper_id)[0] for paper_id in ids)
        arxiv_ids = _rows(
            connection, "select arxiv_id from papers where paper_id in (?, ?) and arxiv_id is not null", ids
        )
    if len(arxiv_ids) == 2:
        raise _stop("the two have different arXiv ids, which are two papers whatever is decided", 2)
    _decide(_lake(lake), "same", a, (b,), why)


@app.command()
def split(
    paper: Annotated[str, typer.Argument(help="A paper, as for explain.")],
    mentions: Annotated[
        list[str], typer.Argument(help="Its mentions that are of another paper, as explain shows them.")
    ],
    why: WhyOption,
    lake: LakeOption = None,
) -> None:
    """Decide that some mentions of a paper are of another one. It is kept in the lake and applied on every run."""
    with _open(_lake(lake)) as connection:
        _same_schema(connection)
        sides = _sides(connection, "paper_id = ?", _find_paper(connection, paper))
    by_id = {side.mention_id: side for side in sides}
    for mention in mentions:
        if mention not in by_id:
            raise _stop(f"{mention} is no mention of this paper; it has {', '.join(by_id)}", 2)
    leaving = tuple(by_id[mention] for mention in dict.fromkeys(mentions))
    copies = {side[2:] for side in leaving}
    staying = [side for side in sides if side[2:] not in copies]
    if not staying:
        raise _stop("no mention would stay: all others are copies of these", 2)
    if any(side.arxiv_id for side in leaving):
        raise _stop("a mention with the paper's arXiv id is of that paper; name mentions without it", 2)
    _decide(_lake(lake), "different", staying[0], leaving, why)


@app.command("leave-out")
def leave_out(
    captures: Annotated[
        list[str],
        typer.Argument(help="Captures, by file name or dump_id, as `papers check` and `papers status` tell them."),
    ],
    why: Annotated[
        str | None, typer.Option("--why", help="The reason, kept with the decision.", show_default=False)
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take them back into the tables.")] = False,
    lake: LakeOption = None,
) -> None:
    """Decide that captures are left out of the tables, as if they had not come. It is kept in the lake and applied on every run.

    Their bytes stay in the lake's raw/, and `papers rejects` shows them. Example: `papers leave-out page.html --why "a login page"`.
    """  # fmt: skip
    from etl_project import left_out
    from etl_project.raw import DamagedReceipt

    where = _lake(lake)
    if undo == bool(why and why.strip()):
        raise _stop("a decision needs a reason, --why; taking it back, --undo, needs none", 2)
    chosen = []
    for name in captures:
        try:
            found = left_out.find(where, name) or left_out.find(where, Path(name).name)
        except DamagedReceipt as error:
            raise _stop(str(error), FAILED) from None
        if not found:
            raise _stop(f"no capture in {where.raw} has the file name or id {name!r}", UNREADABLE)
        if len({one.dump_id for one in found}) > 1:
            for one in found:
                print(
                    _plain(f"{one.dump_id}  {one.file_name}  received {one.received_at} from {one.source}"),
                    file=sys.stderr,
                )
            raise _stop(f"{len(found)} captures are called {name!r}; give one of these ids", 2)
        chosen += found
    _written(where.left_out, lambda: left_out.write(where, chosen, None if undo else (why or "").strip()))
    names = ", ".join(_plain(f"{one.file_name} ({one.dump_id})") for one in chosen)
    print(f"decided: {names} {'is in the tables again' if undo else 'is left out'} from the next run on: papers run")


def _written(path: Path, write: "Callable[[], None]") -> None:
    """Write a decision, or stop with what stands in the way."""
    try:
        write()
    except LakeBusy as busy:
        raise _stop(str(busy), BUSY) from None
    except OSError as error:
        raise _stop(f"{path}: cannot be written ({error.strerror})", UNREADABLE) from None


def _sides(connection: Any, which: str, paper_id: str) -> "list[Side]":
    """Return the mentions of a paper that fit the condition ``which``, the one that made it first, as decisions name them."""
    from etl_project.decisions import Side
    from etl_project.dedupe.keys import keys

    mentions = _mentions(connection, which, paper_id)
    return [
        Side(row["mention_id"], title, row["title_key"], row["text_key"], row["abstract_kind"], row["arxiv_id"])
        for row, title in zip(keys(mentions).iter_rows(named=True), mentions["title"], strict=True)
    ]


def _mentions(connection: Any, which: str, paper_id: str) -> Any:
    """Return the mentions of a paper as the matching takes them, the one that made it first."""
    import polars as pl

    rows = _rows(
        connection,
        "select mention_id, 1 as load_number, arxiv_id, title, abstract_clean, abstract_kind "
        f"from paper_mentions join parsed_rows using (mention_id) where {which} order by rule <> 'new_paper', mention_id",
        [paper_id],
    )
    return pl.DataFrame(
        rows, schema_overrides=dict.fromkeys(("arxiv_id", "abstract_clean", "abstract_kind"), pl.String)
    )


def _decide(lake: Lake, verdict: str, a: "Side", b: "tuple[Side, ...]", why: str) -> None:
    from etl_project import decisions

    if not why.strip():
        raise _stop("a decision needs a reason: --why", 2)
    made = decisions.Decision(verdict, a, b, why.strip(), datetime.now(UTC).replace(tzinfo=None))
    _written(lake.decisions, lambda: decisions.append(lake, made))
    print(
        f"decided: {a.mention_id} and {', '.join(side.mention_id for side in b)} are of "
        f"{_DECIDED[verdict]}; it holds from the next run on: papers run"
    )


def _compared(connection: Any, a: str, b: str) -> dict[str, Any]:
    """Return what two papers share, and why they are two (or the mentions that make them one)."""
    from etl_project.dedupe.compare import compare

    def title(paper_id: str) -> Any:
        return _rows(connection, "select title from papers where paper_id = ?", [paper_id])[0]["title"]

    shown = {"paper_a": a, "title_a": title(a), "paper_b": b, "title_b": title(b)}
    if a == b:
        return {**shown, "verdict": "one paper", "reason": "both names are of one paper"}
    found = _rows(
        connection,
        "select kind from related_papers where paper_id = least($1, $2) and related_paper_id = greatest($1, $2)",
        [a, b],
    )
    compared = compare(*(_mentions(connection, "paper_id = ?", paper_id) for paper_id in (a, b)))
    return {
        **shown,
        "verdict": "two papers",
        "related": found[0]["kind"] if found else None,
        **compared._asdict(),
        "reason": compared.reason + (_parted_by(connection, a, b) if compared.would_join else ""),
    }


def _parted_by(connection: Any, a: str, b: str) -> str:
    """Return what parts two papers that the rules, asked for them alone, would join."""
    decided = _rows(
        connection,
        "select decision_number from decisions join paper_mentions on decisions.mention_id = paper_mentions.mention_id "
        "join paper_mentions other on decisions.other_mention_id = other.mention_id where verdict = 'different' "
        "and state = 'applied' and [paper_mentions.paper_id, other.paper_id] in ([$1, $2], [$2, $1])",
        [a, b],
    )
    if decided:
        return f"; people decided that they are two (decision {decided[0]['decision_number']})"
    return (
        "; alone they would be one: what stands under their titles beside them parts them, other arXiv ids or "
        "texts, or it is too much to be compared"
    )


def _print_compared(pair: dict[str, Any]) -> None:
    for name in ("a", "b"):
        print(f"{pair[f'paper_{name}']}  {_plain(pair[f'title_{name}'])}")
    print(f"{pair['verdict']}: {_plain(pair['reason'])}")
    if "related" not in pair:
        return
    ids = [paper_id or "none" for paper_id in pair["arxiv_ids"]]
    edits = pair["title_edits"]
    shared = "one of the two shows no abstract"
    if pair["containment"] is not None:
        shared = (
            f"{pair['containment']:.0%} of the shorter in the other, of {pair['mention_a']} and {pair['mention_b']}"
        )
    told = {
        "arXiv ids": " and ".join(ids),
        "title keys": "the same" if not edits else f"{edits} edit{'s' * (edits > 1)} apart",
        "text keys": "the same" if pair["same_text"] else "none in common",
        "passages": shared,
        "related_papers": pair["related"] or "not there",
    }
    for name, value in told.items():
        print(f"  {name:<16} {value}")


def _same_schema(connection: Any) -> None:
    """Stop with what to do if the publication was made by a program of another schema version, or lacks a table."""
    from etl_project.tables import SCHEMA_VERSION, TABLES

    (row,) = _rows(connection, "select schema_version from publication")
    if row["schema_version"] != SCHEMA_VERSION:
        raise _stop(
            f"what is published has schema version {row['schema_version']}, this program has {SCHEMA_VERSION}; "
            "publish anew with: papers run",
            UNREADABLE,
        )
    known = {row["table_name"] for row in _rows(connection, "select table_name from duckdb_tables()")}
    if missing := sorted({table.name for table in TABLES} - known):
        raise _stop(f"what is published has no table {missing[0]} yet; publish anew with: papers run", UNREADABLE)


_NAMES_SHOWN = 5


def _explained(connection: Any, paper_id: str) -> dict[str, Any]:
    """Return the paper's values, and rows of what they are from."""

    def rows(query: str) -> list[dict[str, Any]]:
        return _rows(connection, query, [paper_id])

    (values,) = rows("select * from papers where paper_id = ?")
    return {
        **values,
        "sources": rows("select field, mention_id, n_mentions, n_values from value_sources where paper_id = ? order by field"),
        "authors": rows("select position, name, mention_id from paper_authors where paper_id = ? order by position"),
        "repositories": rows(
            "select repo_key, url, source, g.n_mentions, stars, stars_step, stars_mention_id, captured_on as stars_on from github_links g "
            "left join paper_metrics m on stars_mention_id = m.mention_id where g.paper_id = ? order by repo_key"
        ),
        "links": rows("select url, kind, source, n_mentions from paper_links where paper_id = ? order by url"),
        "mentions": rows(
            "select mention_id, rule, file_name, line_start, line_end, p.form, mirror, title, abstract_kind, arxiv_id, n_authors, "
            "coalesce(organisation_handle, organisation_name) as organisation, published_raw, published_on, published_basis, "
            "arxiv_published_at, daily_submitted_at, upvotes, comments, github_stars, received_at "
            "from paper_mentions join parsed_rows p using (mention_id) join captures using (dump_id) "
            "join raw_dumps using (dump_id) where paper_id = ? order by rule <> 'new_paper', mention_id"
        ),
        "merged": rows("select merged_paper_id from merged_papers where paper_id = ? order by merged_paper_id"),
        "decisions": rows(
            "select distinct decision_number, verdict, mention_id, other_mention_id, why, decided_at, state from decisions "
            "where mention_id in (select mention_id from paper_mentions where paper_id = $1) "
            "or other_mention_id in (select mention_id from paper_mentions where paper_id = $1) order by all"
        ),
        "related": rows(
            "select p.paper_id, p.title, kind, containment from related_papers r "
            "join papers p on p.paper_id = if(r.paper_id = $1, r.related_paper_id, r.paper_id) "
            "where $1 in (r.paper_id, r.related_paper_id) order by containment desc, p.paper_id"
        ),
    }  # fmt: skip


def _print_explained(paper: dict[str, Any]) -> None:
    print(f"{paper['paper_id']}  {_plain(paper['title'])}")
    names = [author["name"] for author in paper["authors"]]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    organisation = [paper["organisation_handle"], paper["organisation_name"]]
    shown = {
        "title": "",
        "abstract": _IN_ABSTRACTS_PLACE[paper["abstract_kind"]],
        "ai_summary": paper["ai_summary"],
        "arxiv_id": paper["arxiv_id"],
        "published_on": paper["published_on"] and f"{paper['published_on']}{' (year inferred)' * paper['published_year_inferred']}",
        "arxiv_published_at": paper["arxiv_published_at"] and f"{paper['arxiv_published_at']} UTC",
        "daily_on": paper["daily_on"],
        "n_authors": None if paper["n_authors"] is None else f"{paper['n_authors']}{': ' * bool(names)}{', '.join(names[:_NAMES_SHOWN])}{more}",
        "organisation": " ".join(part for part in organisation if part) or None,
    }  # fmt: skip
    sources = {source["field"]: source for source in paper["sources"]}
    for field, value in shown.items():
        origin = f"from {sources[field]['mention_id']}" if field in sources else ""
        text = "-" if value is None else _plain(str(value))
        print(f"  {field:<20} {'   '.join(part for part in (text, origin) if part)}")
    for repository in paper["repositories"]:
        stars = ""
        if repository["stars"] is not None:
            day = f" on {repository['stars_on']}" if repository["stars_on"] else ""
            stars = f"   {repository['stars']:,} stars{day}, from {repository['stars_mention_id']}"
        print(f"  {'repository':<20} {_plain(repository['url'])} ({_WHERE[repository['source']]}){stars}")
    for source in paper["sources"]:
        if source["n_values"] > 1:
            print(
                f"  contradiction: {source['field']} has {source['n_values']} different values in {source['n_mentions']} mentions"
            )
    mentions = paper["mentions"]
    print(f"{len(mentions)} mention{'s' if len(mentions) > 1 else ''}:")
    for m in mentions:
        mirror = f"  served by {_plain(m['mirror'])}" if m["mirror"] else ""
        print(
            f"  {m['mention_id']}  {_plain(m['file_name'])} lines {m['line_start']}-{m['line_end']}  {m['form']}  joined by {m['rule']}{mirror}"
        )
        told = [f"{k} {m[k]}" for k in _TOLD_BY_MENTIONS if m[k] is not None]
        print(f"      {_plain(', '.join(told))}")
    for link in paper["links"]:
        print(f"  link {_plain(link['url'])}  ({link['kind']}, {_WHERE[link['source']]})")
    for row in paper["merged"]:
        print(f"  took over {row['merged_paper_id']}")
    for row in paper["decisions"]:
        print(
            f"  decided on {row['decided_at']:%Y-%m-%d} ({row['state']}): {row['mention_id']} and {row['other_mention_id']} "
            f"are of {_DECIDED[row['verdict']]}: {_plain(row['why'])}"
        )
    for row in paper["related"]:
        print(f"  looks like {row['paper_id']}  {_plain(row['title'])}  ({row['kind']}, {row['containment']:.0%})")


_IN_ABSTRACTS_PLACE = {
    "abstract": "",
    "cut": "only its beginning",
    "summary": "- (a summary stands in its place)",
    None: "- (no page shows it)",
}
_DECIDED = {"same": "one paper", "different": "different papers"}
_WHERE = {"abstract": "in the abstract", "page": "on the page", "both": "in the abstract and on the page"}
_TOLD_BY_MENTIONS = (
    "abstract_kind",
    "arxiv_id",
    "published_raw",
    "published_basis",
    "arxiv_published_at",
    "daily_submitted_at",
    "n_authors",
    "organisation",
    "upvotes",
    "comments",
    "github_stars",
)


@app.command()
def forms(
    file: Annotated[
        Path | None, typer.Argument(help="A file: how it is recognised, and where its lines go.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the forms of captures that are read, or how one file is read. Needs no lake and changes nothing.

    Example: `papers forms page.md`.
    """
    if file is None:
        _show_forms(as_json)
        return
    from etl_project.recognise import recognise_file

    if file.is_dir():
        raise _stop(f"{_plain(str(file))}: a folder; give one capture file, or all of it to: papers run", UNREADABLE)
    if not file.is_file():
        raise _stop(f"{_plain(str(file))}: no such file; give one capture file", UNREADABLE)
    try:
        found = recognise_file(file)
    except OSError as error:
        raise _stop(
            f"{_plain(str(file))}: cannot be read ({error.strerror}); check its permissions", UNREADABLE
        ) from None
    if as_json:
        where = [stretch._asdict() for stretch in found.stretches]
        _print_json({**found.facts, "carried": found.carried, "where": where})
        return
    for name, value in found.facts.items():
        if value is not None:
            print(f"{name:<13}{_plain(str(value))}")
    if found.carried:
        print(f"{'carries':<13}{', '.join(f'{word} {count}' for word, count in found.carried.items())}")
    for stretch in found.stretches:
        lines = str(stretch.first) if stretch.first == stretch.last else f"{stretch.first}-{stretch.last}"
        print(f"  {lines:>13}  {stretch.went:<8} {_plain(stretch.what)[:120]}".rstrip())


def _show_forms(as_json: bool) -> None:
    from etl_project.captures.catalogue import READ

    if as_json:
        _print_json([{**form._asdict(), "lacks": form.lacks} for form in READ])
        return
    for form in READ:
        print(f"{form.name}\n  {form.looks}\n  known by     {form.known_by}\n  carries      {', '.join(form.carries)}")
        print(
            f"  cannot tell  {', '.join(form.lacks) or '-'}" + (f"\n  note         {form.notes}" if form.notes else "")
        )


@app.command()
def rejects(
    reason: Annotated[
        str | None, typer.Option(help="Only what was refused for this reason.", show_default=False)
    ] = None,
    file: Annotated[str | None, typer.Option(help="Only files with this in their name.", show_default=False)] = None,
    new: Annotated[bool, typer.Option("--new", help="Only captures that came since the publication before.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every record, line and file that was refused, with the reason and what to do about it."""
    from etl_project.captures import REFUSAL_REASONS

    if reason is not None and reason not in REFUSAL_REASONS:
        raise _stop(f"{_plain(reason)}: no such reason; the reasons are: {', '.join(REFUSAL_REASONS)}", 2)
    where = _lake(lake)
    # what a first run refused is not published if it refused everything
    with (
        _open_warehouse(where)
        if not where.database.exists() and where.warehouse.exists()
        else _open(where) as connection
    ):
        if new:
            _same_schema(connection)
        rows = _rows(
            connection,
            "select file_name, source, line_start, line_end, reason, detail, text, dump_id from refused_records "
            "join raw_dumps using (dump_id) where reason = coalesce($1, reason) and contains(file_name, coalesce($2, '')) "
            f"{'and dump_id in (select dump_id from new_captures) ' if new else ''}order by file_name, dump_id, line_start",
            [reason, file],
        )
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        first, last = row["line_start"], row["line_end"]
        lines = "" if not last else f", line {first}" if first == last else f", lines {first}-{last}"
        print(f"{_plain(row['file_name'])}{lines}: {row['reason']}: {_plain(row['detail'])}")
        if row["text"].strip():
            print(f"    {_plain(row['text'])[:120]}")
    counts = Counter(row["reason"] for row in rows)
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:>6} {name}", file=sys.stderr)
    print(f"{len(rows)} refused", file=sys.stderr)


def _open_warehouse(lake: Lake) -> Any:
    """Open the warehouse for reading, for what is not published; a run needs it alone, so not for long."""
    from etl_project.publish import open_read_only

    return open_read_only(lake.warehouse, alone=True)


@app.command()
def check(
    name: Annotated[
        str | None, typer.Argument(help="Only this check, by its name or as table.check.", show_default=False)
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="All runs that are kept, not only the last one.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only checks that failed.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how the checks of the last run went, also of one that published nothing; with `--history`, of all runs.

    Exit code 1 if the last run has a critical check that failed and was not accepted.
    Examples: `papers check`, `papers check --history a_day_comes_once`.
    """
    from etl_project.contract import OWNERS

    where = _lake(lake)
    table, _, check_name = (name or "").rpartition(".")
    with _results(where) as connection:
        runs = _rows(
            connection,
            "select run_id, max(checked_at) as last_at from check_results group by run_id order by last_at desc, run_id",
        )
        rows = _rows(
            connection,
            "select checked_at, run_id, table_name, check_name, severity, owner, passed, accepted, failing_rows, observed "
            "from check_results where check_name = coalesce(nullif($1, ''), check_name) "
            "and table_name = coalesce(nullif($2, ''), table_name) order by checked_at desc, run_id, table_name, check_name",
            [check_name, table],
        )
    if not runs:
        raise _stop(f"no run has been checked in {where.root} yet; run: papers run PATH...", UNREADABLE)
    if name and not rows:
        raise _stop(f"{_plain(name)}: no check of that name was run; `papers check` shows all", UNREADABLE)
    last = runs[0]["run_id"]
    stopped = any(
        r["run_id"] == last and not r["passed"] and r["severity"] == "critical" and not r["accepted"] for r in rows
    )
    shown = [row for row in rows if (history or row["run_id"] == last) and not (failed and row["passed"])]
    remedies = _remedies()
    for row in shown:
        row["remedy"] = None if row["passed"] else remedies.get((row["table_name"], row["check_name"]))
    if as_json:
        _print_json(shown)
    elif history:
        for row in shown:
            print(
                f"{row['checked_at']:%Y-%m-%d %H:%M:%S}  {row['run_id'][:8]}  {_verdict(row):<8}  {row['severity']:<8}  "
                f"{row['table_name']}.{row['check_name']}{_seen(row)}"
            )
    else:
        print(f"run {last[:8]} of {runs[0]['last_at']:%Y-%m-%d %H:%M} UTC")
        for of_table in sorted({row["table_name"] for row in shown}, key=_place):
            own = [row for row in shown if row["table_name"] == of_table]
            passed = sum(row["passed"] for row in own)
            print(f"{of_table:<18} {passed:>3} passed, {len(own) - passed} failed")
            for row in own:
                if not row["passed"]:
                    print(f"  {_verdict(row)} ({row['severity']}): {row['check_name']}{_seen(row)}")
                    print(f"    {OWNERS.get(row['owner'], row['owner'])}: {row['remedy'] or ''}".rstrip())
                elif name:
                    print(f"  {_verdict(row)} ({row['severity']}): {row['check_name']}")
    raise typer.Exit(FAILED if stopped else 0)


def _verdict(row: dict[str, Any]) -> str:
    return "passed" if row["passed"] else "accepted" if row["accepted"] else "failed"


def _seen(row: dict[str, Any]) -> str:
    return "" if row["passed"] else f": {_plain(row['observed'] or '')}"


def _place(table: str) -> int:
    """Return where a table stands in the order of the data; those that are gone stand last."""
    from etl_project.tables import BY_NAME

    return [*BY_NAME, table].index(table)


def _remedies() -> dict[tuple[str, str], str]:
    from etl_project.expectations import checks_for
    from etl_project.tables import TABLES

    return {(check.table, check.name): check.remedy for table in TABLES for check in checks_for(table)}


@contextmanager
def _results(lake: Lake) -> Iterator[Any]:
    """Open what holds the results of checks: the warehouse, which has those of runs that published nothing, too.

    While a run has it, or where it cannot be read, the publication. No run can begin while it is open.
    """
    import duckdb

    with ExitStack() as stack:
        connection = None
        try:
            if lake.warehouse.exists():
                stack.enter_context(writer_lock(lake, "papers check"))
                connection = stack.enter_context(_open_warehouse(lake))
        except LakeBusy as busy:
            print(f"papers: {busy}; until then, what the last publication tells:", file=sys.stderr)
        except (duckdb.Error, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            print(f"papers: the warehouse cannot be read ({reason}); what the last publication tells:", file=sys.stderr)
        connection = connection or stack.enter_context(_open(lake))
        if not _rows(connection, "select 1 as there from duckdb_tables() where table_name = 'check_results'"):
            raise _stop(f"no run has been checked in {lake.root} yet; run: papers run PATH...", UNREADABLE)
        yield connection


@app.command()
def doctor(
    backup: Annotated[
        bool, typer.Option("--backup", help="The lake is a backup: it needs no tables, only what they are made from.")
    ] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for damage in the lake, all of it, and say what mends it. Changes nothing. Exit code 1 if there is a problem.

    Reads every file: a lake of many captures takes as long as reading them.
    """
    from etl_project.doctor import examine

    where = _lake(lake)
    findings = []
    for finding in examine(where, backup=backup):
        findings.append(finding)
        if not as_json:
            print(f"{finding.check:<12} {finding.outcome:<8} {_plain(finding.found)}".rstrip(), flush=True)
            if finding.remedy:
                print(f"{'':<12} {'remedy:':<8} {_plain(finding.remedy)}")
    problems = sum(finding.outcome == "problem" for finding in findings)
    code = FAILED if problems else 0
    if as_json:
        told = [finding._asdict() for finding in findings]
        _print_json({"lake": str(where.root), "findings": told, "exit_code": code})
    else:
        print(f"{problems} problems" if problems != 1 else "1 problem", file=sys.stderr)
    raise typer.Exit(code)


@app.command()
def ui(
    lake: LakeOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 3000,
    name: Annotated[
        str | None, typer.Option(help="Name under which a reverse proxy serves it, too.", show_default=False)
    ] = None,
) -> None:
    """Open the Dagster UI on this lake, on this machine only; its run history is kept in the lake.

    It asks for no login. From elsewhere: `ssh -L 3000:127.0.0.1:3000 THIS-MACHINE`, or a reverse proxy with a login.
    """
    from etl_project.dagster_home import environment, fail_orphans
    from etl_project.webserver import NAME

    where = _lake(lake)
    os.environ.update(environment(where))
    try:
        with writer_lock(where, "papers ui"):
            import dagster as dg

            with dg.DagsterInstance.get() as instance:
                for run_id in fail_orphans(instance):
                    print(f"run {run_id[:8]} had lost its process; it is marked as failed", file=sys.stderr)
    except LakeBusy:
        pass  # a run is at work, and looks itself
    except OSError as error:
        raise _stop(f"the lake {where.root} cannot be written: {error.strerror}", FAILED) from None
    arguments = ["dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    print(
        f"http://127.0.0.1:{port} (stop with Ctrl+C). For this machine only, since it asks for no login; from elsewhere:\n"
        f"  ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}\n"
        "for others: a reverse proxy with a login, and its name as papers ui --name NAME (docs/operations.md)",
        file=sys.stderr,
    )
    with_name = {NAME: name} if name else {}
    command = [sys.executable, "-m", "etl_project.webserver", *arguments]
    os.execve(sys.executable, command, {**os.environ, **with_name})


def main() -> None:
    """Entry point. What DuckDB's binding says about itself at exit is not for the user, so the channel closes before."""
    code: Any = 0
    try:
        app()
    except SystemExit as stop:
        code = stop.code
    except BrokenPipeError:  # `papers sql ... | head`
        code = 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sys.stderr.flush()
    os.dup2(nowhere, 2)
    sys.exit(code)


if __name__ == "__main__":
    main()
