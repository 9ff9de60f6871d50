"""``papers rejects``: what was refused."""

import sys
from collections import Counter
from typing import Annotated

import typer

from etl_project.cli.common import (
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    meant,
    open_published,
    open_warehouse,
    print_json,
    rows_of,
    same_schema,
    stop,
)
from etl_project.printable import printable


def rejects(
    reason: Annotated[
        str | None, typer.Option(help="Only what was refused for this reason.", show_default=False)
    ] = None,
    file: Annotated[str | None, typer.Option(help="Only files with this in their name.", show_default=False)] = None,
    new: Annotated[bool, typer.Option("--new", help="Only captures that came since the publication before.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every record, line and file that was refused, with the reason and what to do about it.

    Examples: `papers rejects --new`, `papers rejects --reason unknown_form --file page`.
    """
    from etl_project.captures import REFUSAL_REASONS

    if reason is not None and reason not in REFUSAL_REASONS:
        raise stop(
            f"{printable(reason)}: no such reason.{meant(reason, REFUSAL_REASONS)} The reasons are: {', '.join(REFUSAL_REASONS)}",
            2,
        )
    where = lake_of(lake)
    # what a first run refused is not published if it refused everything
    with (
        open_warehouse(where)
        if not where.database.exists() and where.warehouse.exists()
        else open_published(where) as connection
    ):
        if new:
            same_schema(connection, where)
        rows = rows_of(
            connection,
            "select file_name, source, line_start, line_end, reason, detail, text, dump_id from refused_records "
            "join raw_dumps using (dump_id) where reason = coalesce($1, reason) and contains(file_name, coalesce($2, '')) "
            f"{'and dump_id in (select dump_id from new_captures) ' if new else ''}order by file_name, dump_id, line_start",
            [reason, file],
        )
        if file and not rows:
            names = {row["file_name"] for row in rows_of(connection, "select file_name from raw_dumps")}
            if not any(file in name for name in names):
                raise stop(f"{printable(file)}: no capture is called so.{meant(file, names)}", UNREADABLE)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        first, last = row["line_start"], row["line_end"]
        lines = "" if not last else f", line {first}" if first == last else f", lines {first}-{last}"
        print(f"{printable(row['file_name'])}{lines}: {row['reason']}: {printable(row['detail'])}")
        if row["text"].strip():
            print(f"    {printable(row['text'])[:120]}")
    counts = Counter(row["reason"] for row in rows)
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:>6} {name}", file=sys.stderr)
    print(f"{len(rows)} refused", file=sys.stderr)
