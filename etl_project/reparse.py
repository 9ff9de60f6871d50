"""Dumps that were read badly, read again: which they are, and what became of their records.

What the reading before gave is kept in the warehouse's schema ``reparsed`` from the moment it is forgotten until it has been
compared, so that it can be told what changed though a run fails in between.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from etl_project import raw, warehouse
from etl_project.contract import polars_schema
from etl_project.lake import Lake
from etl_project.parse import PARSER_VERSION
from etl_project.tables import PARSED_ROWS, RAW_DUMPS

#: Rows of ``Changes.examples``.
EXAMPLES = 20
#: They tell where a mention stands, and are its name rather than its value.
_PLACES = ("mention_id", "dump_id", "seq", "line_start", "line_end")


@dataclass
class Changes:
    """What reading dumps again changed.

    ``mentions`` counts new, gone, changed and unchanged ones, ``refusals`` new, gone and unchanged ones; ``columns`` counts
    changed values. ``examples`` are rows with file_name, line_start, title, column (or ``mention``), before and after.
    """

    dumps: int
    mentions: dict[str, int]
    refusals: dict[str, int]
    columns: dict[str, int]
    examples: list[dict[str, Any]]


NOTHING = Changes(0, {}, {}, {}, [])


def take_again(lake: Lake, everything: bool = False) -> int:
    """Forget what was read of dumps with refusals or of an older parser (or of all), so that the next run reads them again.

    Bytes are opened and decoded anew, too. Papers keep their ids. Returns the number of dumps; the caller holds the lock.
    """
    with warehouse.connect(lake) as connection:
        again = {
            row[0]
            for row in connection.execute(
                "select dump_id from captures where $1 or refusals > 0 or parser_version <> $2",
                [everything, PARSER_VERSION],
            ).fetchall()
        }
        if not again:
            return 0
        ids = pl.DataFrame({"dump_id": sorted(again)})  # noqa: F841  (DuckDB finds the frame by this name)
        receipts = [receipt for receipt in raw.receipts(lake.raw) if receipt.dump_id in again]
        with warehouse.transaction(connection):
            connection.execute("create schema if not exists reparsed").fetchall()
            for table in ("parsed_rows", "refused_records"):  # of other names: Great Expectations looks in all schemas
                connection.execute(
                    f"create or replace table reparsed.{table}_before as from {table} semi join ids using (dump_id)"
                ).fetchall()
            connection.execute("create or replace table reparsed.dumps as from ids").fetchall()
            loads = dict(
                connection.execute(
                    "select dump_id, load_number from raw_dumps semi join ids using (dump_id)"
                ).fetchall()
            )
            for receipt in receipts:
                row = {**raw.read_dump(lake.raw, receipt), "load_number": loads[receipt.dump_id]}
                connection.execute("delete from raw_dumps where dump_id = ?", [receipt.dump_id]).fetchall()
                warehouse.append(connection, RAW_DUMPS, pl.DataFrame([row], schema=polars_schema(RAW_DUMPS)))
            warehouse.read_again(connection, again)
    return len(again)


def compare(lake: Lake) -> Changes | None:
    """Return what changed of the dumps that ``take_again`` named, and forget what they gave before; None if no run read them yet."""
    columns = [column.name for column in PARSED_ROWS.columns if column.name not in _PLACES]
    with warehouse.connect(lake) as connection:
        if warehouse.scalar(connection, "select count(*) from captures where parser_version = 0"):
            return None
        both = (
            "reparsed.parsed_rows_before b full join (from parsed_rows semi join reparsed.dumps using (dump_id)) a "
            "on b.mention_id = a.mention_id"
        )
        differs = {name: f"(a.mention_id = b.mention_id and a.{name} is distinct from b.{name})" for name in columns}
        (counts,) = _rows(
            connection,
            "select count(*) filter (b.mention_id is null) as new, count(*) filter (a.mention_id is null) as gone, "
            f"count(*) filter ({' or '.join(differs.values())}) as changed, "
            f"{', '.join(f'count(*) filter ({differs[name]}) as {name}' for name in columns)}, "
            f"count(*) as total from {both}",
        )
        mentions = {name: counts[name] for name in ("new", "gone", "changed")}
        mentions["unchanged"] = counts["total"] - sum(mentions.values())
        (refusals,) = _rows(
            connection,
            "with b as (select dump_id, line_start, line_end, reason from reparsed.refused_records_before), "
            "a as (select dump_id, line_start, line_end, reason from refused_records semi join reparsed.dumps using (dump_id)) "
            "select (select count(*) from (from a except all from b)) as new, "
            "(select count(*) from (from b except all from a)) as gone, "
            "(select count(*) from (from a intersect all from b)) as unchanged",
        )
        shown = [
            "select coalesce(a.dump_id, b.dump_id) as dump_id, coalesce(a.line_start, b.line_start) as line_start, "
            "coalesce(a.title, b.title) as title, 'mention' as column, case when a.mention_id is null then 'read' end as before, "
            f"case when b.mention_id is null then 'read' end as after from {both} where a.mention_id is null or b.mention_id is null"
        ]
        shown += [
            f"select a.dump_id, a.line_start, a.title, '{name}', cast(b.{name} as varchar), cast(a.{name} as varchar) from {both} where {differs[name]}"
            for name in columns
            if counts[name]
        ]
        examples = _rows(
            connection,
            "select file_name, line_start, title, changes.column, before, after from "
            f"({' union all '.join(shown)}) changes join raw_dumps using (dump_id) "
            f"order by file_name, line_start, changes.column limit {EXAMPLES}",
        )
        dumps = int(warehouse.scalar(connection, "select count(*) from reparsed.dumps"))
        connection.execute("drop schema reparsed cascade").fetchall()
    return Changes(dumps, mentions, refusals, {name: counts[name] for name in columns if counts[name]}, examples)


def _rows(connection: Any, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.read(connection, query).to_dicts()
    return rows
