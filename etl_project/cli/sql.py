"""``papers sql``: a query on the published tables."""

import contextlib
import io
import json
import shutil
import sys
from datetime import date
from enum import Enum
from typing import Annotated, Any

import typer

from etl_project.cli.common import JsonOption, LakeOption, lake_of, open_published, print_json, rows_of, stop
from etl_project.printable import printable
from etl_project.spreadsheet import safe_cell


class Format(str, Enum):
    """How ``papers sql`` prints rows."""

    TABLE = "table"
    CSV = "csv"
    EXACT_CSV = "csv-exact"
    JSON = "json"


def sql(
    query: Annotated[str, typer.Argument(help="A query on the published tables.")],
    lake: LakeOption = None,
    output: Annotated[Format, typer.Option("--format", "-f", help="How to print the rows.")] = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Ask the published database, read-only.

    In csv, a null is an empty cell and an empty text `""`; text that a spreadsheet would run as a formula has an apostrophe before it, and what steers a terminal is a space;
    csv-exact, into a file or a pipe, leaves all as it is.
    Example: `papers sql "select title, published_on from papers order by published_on desc limit 5"`.
    """
    import duckdb

    output = Format.JSON if as_json else output
    if not query.strip():
        raise stop('an empty query; for example: papers sql "from papers limit 5"', 2)
    with open_published(lake_of(lake)) as connection:
        try:
            statements = len(connection.extract_statements(query))
            if statements != 1:  # of several, only the last one's answer would be seen
                raise stop(f"{statements or 'no'} statements in it; ask one query at a time", 2)
            if output is Format.TABLE:
                relation = connection.sql(query)
                if relation is not None:
                    width = shutil.get_terminal_size((160, 40)).columns
                    shown = io.StringIO()
                    with contextlib.redirect_stdout(shown):
                        relation.show(max_width=width, max_rows=100)
                    print("\n".join(map(printable, shown.getvalue().split("\n"))), end="")
                return
            rows = rows_of(connection, query)
            names = [column[0] for column in connection.description or []]
        except duckdb.Error as error:
            raise stop(str(error).strip(), 2) from None
    if output is Format.JSON:
        print_json(rows)
    elif names:  # also of no rows: who reads it needs the columns
        _print_csv(names, rows, exact=output is Format.EXACT_CSV)


def _print_csv(names: list[str], rows: list[dict[str, Any]], exact: bool) -> None:
    """Print rows as `papers export` writes them, but for a byte order mark: a null is an empty cell, an empty text `""`."""
    import polars as pl

    for_terminal = sys.stdout.isatty()
    columns = {}
    for name in names:
        cells = [_cell(row[name] if exact else safe_cell(row[name])) for row in rows]
        columns[name] = [printable(cell) if for_terminal and cell else cell for cell in cells]
    print(pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)).write_csv(), end="")


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, date) else str(value)
