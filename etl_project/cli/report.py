"""``papers report``: the page about the last run."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from etl_project.cli.common import (
    FAILED,
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    open_published,
    print_json,
    rows_of,
    stop,
)
from etl_project.command import command_line


def report(
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell where the report of the last run is: one page with what came in, checks, charts and a table to search.

    Every run writes it; where it is missing, it is made from what is published. Example: `papers report --open`.
    """
    import duckdb

    where = lake_of(lake)
    if not where.report.exists():
        with open_published(where) as connection:
            (publication,) = rows_of(connection, "select run_id from publication")
        from etl_project.report.write import write

        try:
            write(where, publication["run_id"], published=True)
        except OSError as error:
            raise stop(f"{where.report} cannot be written: {error.strerror}", FAILED) from None
        except duckdb.Error:
            raise stop(
                f"what is published is of another version; publish anew with: {command_line(where, 'run')}", UNREADABLE
            ) from None
    if as_json:
        written = datetime.fromtimestamp(where.report.stat().st_mtime, UTC)
        print_json({"report": str(where.report), "written_at": written, "bytes": where.report.stat().st_size})
    else:
        print(where.report)
    if show:
        typer.launch(where.report.as_uri())
