"""``papers sql``: a query on the published tables."""

import contextlib
import io
import shutil
import sys
from enum import Enum
from typing import Annotated

import typer

from etl_project.cli.common import JsonOption, LakeOption, lake_of, open_published, plain, print_json, rows_of, stop
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

    In csv, text that a spreadsheet would run as a formula has an apostrophe before it, and what steers a terminal is a space;
    csv-exact, into a file or a pipe, leaves all as it is.
    Example: `papers sql "select title, published_on from papers order by published_on desc limit 5"`.
    """
    import csv

    import duckdb

    output = Format.JSON if as_json else output
    if not query.strip():
        raise stop('an empty query; for example: papers sql "from papers limit 5"', 2)
    with open_published(lake_of(lake)) as connection:
        try:
            if output is Format.TABLE:
                relation = connection.sql(query)
                if relation is not None:
                    width = shutil.get_terminal_size((160, 40)).columns
                    shown = io.StringIO()
                    with contextlib.redirect_stdout(shown):
                        relation.show(max_width=width, max_rows=100)
                    print("\n".join(map(plain, shown.getvalue().split("\n"))), end="")
                return
            rows = rows_of(connection, query)
            names = [column[0] for column in connection.description or []]
        except duckdb.Error as error:
            raise stop(str(error).strip(), 2) from None
    if output is Format.JSON:
        print_json(rows)
    elif names:  # also of no rows: who reads it needs the columns
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            cells = row if output is Format.EXACT_CSV else {name: safe_cell(value) for name, value in row.items()}
            if sys.stdout.isatty():
                cells = {name: plain(value) if isinstance(value, str) else value for name, value in cells.items()}
            writer.writerow(cells)
