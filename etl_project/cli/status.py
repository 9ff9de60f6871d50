"""``papers status``: what is published and what waits."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl_project.cli.common import (
    FAILED,
    JsonOption,
    LakeOption,
    lake_of,
    open_published,
    print_json,
    rows_of,
    stop,
)
from etl_project.command import command_line
from etl_project.printable import printable

_MOST_HELD_SHOWN = 10


def status(lake: LakeOption = None, as_json: JsonOption = False) -> None:
    """Show what is published, when it was, and what waits: in the inbox, fetched, or taken in by a run that did not publish.

    Example: `papers status --json`.
    """
    from etl_project import decisions, left_out
    from etl_project.raw import DamagedReceipt, content_of, files_below, is_taken, receipts
    from etl_project.sources.fetched import untaken

    where = lake_of(lake)
    found, problem = files_below(where.inbox)
    files = [] if problem else [file for file in found if file.is_file()]
    with open_published(where) as connection:
        (publication,) = rows_of(connection, "select * from publication")
        tables = rows_of(
            connection,
            "select table_name from duckdb_tables() where table_name <> 'publication' "
            "and not starts_with(table_name, 'search_') order by table_oid",  # the index of search tells nothing of its own
        )
        counts = {
            t["table_name"]: rows_of(connection, f"select count(*) as n from {t['table_name']}")[0]["n"] for t in tables
        }
        newest = rows_of(connection, "select max(received_at) as received_at from raw_dumps")[0]["received_at"]
        known = {row["dump_id"] for row in rows_of(connection, "select dump_id from raw_dumps")}
        left = {
            row["dump_id"]
            for row in rows_of(connection, "select dump_id from refused_records where reason = 'left_out'")
        }
        names = [file.name for file in files]
        taken = "select file_name, byte_count, modified_at from raw_dumps where file_name in (select unnest(?))"
        as_taken = {tuple(row.values()) for row in rows_of(connection, taken, [names])} if names else set()
        decided = rows_of(connection, "select count(distinct decision_number) as n from decisions")[0]["n"]
    # what a run took in stays, also if it published nothing
    try:
        held = list(receipts(where.raw, known))
        out = left_out.read(where)
        undecided = len(known & (left ^ out.keys())) + max(0, len(decisions.read(where)) - decided)
    except (DamagedReceipt, decisions.DamagedDecisions) as error:
        raise stop(str(error), FAILED) from None
    new = sum(not _is_known(file, as_taken) and not is_taken(where.raw, content_of(file) or "") for file in files)
    pages = len(untaken(where))
    if as_json:
        print_json(
            {
                **publication,
                "newest_capture_received_at": newest,
                "report": str(where.report) if where.report.exists() else None,
                "files_in_inbox": len(files),
                "files_waiting": new,
                "fetched_pages_waiting": pages,
                "decisions_waiting": undecided,
                "captures_not_published": [{"dump_id": one.dump_id, "file_name": one.file_name} for one in held],
                "rows": counts,
            }
        )
        return
    print(
        f"published  {publication['published_at']} UTC by run {publication['run_id'][:8]}, schema version {publication['schema_version']}"
    )
    print(
        f"database   {where.database}\nparquet    {where.exports}\nreport     {where.report if where.report.exists() else 'none yet; made by: ' + command_line(where, 'report')}\n"
        f"inbox      {len(files)} files, {new} of them not taken in yet"
    )
    if pages:
        print(f"fetched    {pages} pages wait for the next run")
    if undecided:
        print(f"decided    {undecided} decisions wait for the next run: {command_line(where, 'run')}")
    if held:
        print(
            f"not published  {len(held)} captures are taken in: a run is at work, was cut off, or did not publish "
            f"({command_line(where, 'check --failed')} tells which checks failed, {command_line(where, 'doctor')} what is damaged)"
        )
        for one in held[:_MOST_HELD_SHOWN]:
            print(
                f"  {one.dump_id}  {printable(one.file_name)}{'  left out from the next run on' * (one.dump_id in out)}"
            )
        if len(held) > _MOST_HELD_SHOWN:
            print(f"  and {len(held) - _MOST_HELD_SHOWN} more")
    for name, count in counts.items():
        print(f"  {name:<18}{count:>12,}")


def _is_known(file: Path, as_taken: set[tuple[Any, ...]]) -> bool:
    """Say whether a file of this name, size and time was taken in: most are known by that, and need not be read."""
    try:
        facts = file.stat()
    except OSError:
        return False
    return (file.name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC).replace(tzinfo=None)) in as_taken
