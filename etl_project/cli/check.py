"""``papers check``: how the checks went."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer

from etl_project.cli.common import (
    FAILED,
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    meant,
    open_published,
    open_warehouse,
    print_json,
    rows_of,
    stop,
)
from etl_project.command import command_line, pasted
from etl_project.lake import Lake, LakeBusy, writer_lock
from etl_project.printable import printable


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

    where = lake_of(lake)
    table, _, check_name = (name or "").rpartition(".")
    with _results(where) as connection:
        runs = rows_of(
            connection,
            "select run_id, max(checked_at) as last_at from check_results group by run_id order by last_at desc, run_id",
        )
        rows = rows_of(
            connection,
            "select checked_at, run_id, table_name, check_name, severity, owner, passed, accepted, failing_rows, observed "
            "from check_results where check_name = coalesce(nullif($1, ''), check_name) "
            "and table_name = coalesce(nullif($2, ''), table_name) order by checked_at desc, run_id, table_name, check_name",
            [check_name, table],
        )
    if not runs:
        raise stop(
            f"no run has been checked in {where.root} yet; run: {command_line(where, 'run PATH...')}", UNREADABLE
        )
    if name and not rows:
        raise stop(
            f"{printable(name)}: no check of that name was run; {command_line(where, 'check')} shows all.{meant(check_name, {name for _, name in _remedies()})}",
            UNREADABLE,
        )
    last = runs[0]["run_id"]
    stopped = any(
        r["run_id"] == last and not r["passed"] and r["severity"] == "critical" and not r["accepted"] for r in rows
    )
    shown = [row for row in rows if (history or row["run_id"] == last) and not (failed and row["passed"])]
    remedies = _remedies()
    for row in shown:
        row["remedy"] = None if row["passed"] else remedies.get((row["table_name"], row["check_name"]))
    if as_json:
        print_json(shown)
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
                    print(
                        f"    {OWNERS.get(row['owner'], row['owner'])}: {pasted(where, row['remedy'] or '')}".rstrip()
                    )
                elif name:
                    print(f"  {_verdict(row)} ({row['severity']}): {row['check_name']}")
    raise typer.Exit(FAILED if stopped else 0)


def _verdict(row: dict[str, Any]) -> str:
    return "passed" if row["passed"] else "accepted" if row["accepted"] else "failed"


def _seen(row: dict[str, Any]) -> str:
    return "" if row["passed"] else f": {printable(row['observed'] or '')}"


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
                connection = stack.enter_context(open_warehouse(lake))
        except LakeBusy as busy:
            print(f"papers: {busy}; until then, what the last publication tells:", file=sys.stderr)
        except (duckdb.Error, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            print(f"papers: the warehouse cannot be read ({reason}); what the last publication tells:", file=sys.stderr)
        connection = connection or stack.enter_context(open_published(lake))
        if not rows_of(connection, "select 1 as there from duckdb_tables() where table_name = 'check_results'"):
            raise stop(
                f"no run has been checked in {lake.root} yet; run: {command_line(lake, 'run PATH...')}", UNREADABLE
            )
        yield connection
