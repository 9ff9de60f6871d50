"""``papers status``: what is published and what waits."""

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
    from etl_project.raw import DamagedReceipt, receipts
    from etl_project.sources.fetched import untaken

    where = lake_of(lake)
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
    # what a run took in stays, also if it published nothing
    try:
        held = list(receipts(where.raw, known))
        out = left_out.read(where)
    except (DamagedReceipt, decisions.DamagedDecisions) as error:
        raise stop(str(error), FAILED) from None
    waiting = (
        sum(1 for f in where.inbox.rglob("*") if f.is_file() and not f.name.startswith("."))
        if where.inbox.is_dir()
        else 0
    )
    pages = len(untaken(where))
    if as_json:
        print_json(
            {
                **publication,
                "newest_capture_received_at": newest,
                "report": str(where.report) if where.report.exists() else None,
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
        f"database   {where.database}\nparquet    {where.exports}\nreport     {where.report if where.report.exists() else 'none yet; papers report makes it'}\ninbox      {waiting} files (known ones stay there)"
    )
    if pages:
        print(f"fetched    {pages} pages wait for the next run")
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
