"""What runs leave behind about themselves: results of checks, and measured values beside what they were before.

Written also by runs that publish nothing: those are the ones that people look for. Great Expectations has closed the
warehouse when results are written.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from etl_project.contract import Table, polars_schema
from etl_project.printable import printable
from etl_project.tables import CHECK_RESULTS, NEW_CAPTURE_VALUES, NEW_CAPTURES, PAPER_CHANGES, RUN_STATISTICS, TABLES
from etl_project.warehouse import SQL_FOLDER, append, attached, replace, scalar, transaction

if TYPE_CHECKING:
    import duckdb

    from etl_project.expectations import Outcome

#: Of so many runs results and values are kept: a year of daily runs.
KEPT_RUNS = 400
_SQL = SQL_FOLDER / "quality"


_NO_READERS = {
    "raw_dumps": pl.DataFrame(schema={"dump_id": pl.String}),
    "papers": pl.DataFrame(schema={"paper_id": pl.String}),
    "publication": pl.DataFrame(schema={"run_id": pl.String}),
    "run_statistics": pl.DataFrame(schema=polars_schema(RUN_STATISTICS)),
    "check_results": pl.DataFrame(schema=polars_schema(CHECK_RESULTS)),
}


def record(
    connection: "duckdb.DuckDBPyConnection", run_id: str, outcomes: Sequence["Outcome"], accepted: Sequence[str] = ()
) -> None:
    """Keep the results of checks that a run made; those of the same checks of the same run are replaced."""
    rows = [
        (
            run_id, _now(), o.check.table, o.check.name, o.check.severity, o.check.owner, o.passed,
            not o.passed and o.check.name in accepted, o.failing, None if o.passed else printable(o.observed),
        )
        for o in outcomes
    ]  # fmt: skip
    names = [[o.check.table, o.check.name] for o in outcomes]
    with transaction(connection):
        connection.execute(
            "delete from check_results where run_id = ? and [table_name, check_name] in (select unnest(?))",
            [run_id, names],
        ).fetchall()
        append(connection, CHECK_RESULTS, pl.DataFrame(rows, schema=polars_schema(CHECK_RESULTS), orient="row"))
        _forget_old(connection, CHECK_RESULTS, "checked_at")


def measure(
    connection: "duckdb.DuckDBPyConnection",
    run_id: str,
    readers: Mapping[str, pl.DataFrame] | None,
    counted: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    """Find the captures that readers do not have, measure what there is now, keep and return it (``run_statistics``).

    ``readers`` is what they have (``publish.what_readers_have``), None before the first publication. ``counted`` are
    values that were counted outside the warehouse, by measure. A run that measures again replaces what it measured before.
    """
    readers = readers or _NO_READERS
    # DuckDB finds frames by the names of variables
    published_dumps, published_papers = readers["raw_dumps"], readers["papers"]  # noqa: F841
    statistics = readers["run_statistics"].join(readers["publication"], on="run_id", how="semi")
    published_statistics = statistics.select("measure", "form", "dimension", "value")
    counts = [(name, "", "", float(value)) for name, value in (counted or {}).items()]
    with transaction(connection):
        for name in ("compared_captures", "compared_values"):
            query = (_SQL / f"{name}.sql").read_text("utf-8")
            connection.execute(f"create or replace temp table {name} as {query}").fetchall()
        for table, query in (
            (NEW_CAPTURES, "select dump_id, form from compared_captures where is_new order by all"),
            (
                NEW_CAPTURE_VALUES,
                "select dump_id, dimension, mentions from compared_values where is_new order by all",
            ),
        ):
            replace(connection, table, connection.sql(query).pl())
        counts += [
            ("rows", "", table.name, float(scalar(connection, f"select count(*) from {table.name}")))
            for table in TABLES
            if not table.tells_of_a_run
        ]
        counted_outside = pl.DataFrame(counts, schema=published_statistics.schema, orient="row")  # noqa: F841
        for table in (RUN_STATISTICS, CHECK_RESULTS):  # a warehouse that was built anew knows nothing of runs before
            kept = readers[table.name]  # noqa: F841
            connection.execute(
                f"insert into {table.name} by name from kept where not exists (select 1 from {table.name} where run_id <> ?)",
                [run_id],
            ).fetchall()
        connection.execute("delete from run_statistics where run_id = ?", [run_id]).fetchall()
        number = scalar(connection, "select coalesce(max(run_number), 0) + 1 from run_statistics")
        measured: pl.DataFrame = connection.sql((_SQL / "measured.sql").read_text("utf-8")).pl()
        rows = measured.with_columns(
            run_id=pl.lit(run_id),
            run_number=pl.lit(number, pl.Int32),
            measured_at=pl.lit(_now(), pl.Datetime("us")),
        )
        schema = polars_schema(RUN_STATISTICS)
        rows = rows.select([pl.col(name).cast(kind) for name, kind in schema.items()])
        append(connection, RUN_STATISTICS, rows.sort(RUN_STATISTICS.key))
        _forget_old(connection, RUN_STATISTICS, "measured_at")
    return rows


def record_changes(connection: "duckdb.DuckDBPyConnection", published: Path, had: pl.DataFrame) -> dict[str, int]:
    """Fill ``paper_changes`` with what differs from the publication at ``published``; return how many papers, by change.

    ``had`` are the ids (``paper_id``) of all papers that readers ever had. Where there is no publication, or one that cannot
    be compared, all others are new and nothing else is told.
    """
    had_papers = had.unique()  # noqa: F841 - DuckDB finds frames by the names of variables
    values, changes = ((_SQL / f"{name}.sql").read_text("utf-8") for name in ("paper_values", "paper_changes"))
    connection.execute(f"create or replace temp table values_now as {values}").fetchall()
    connection.execute("create or replace temp table values_before as from values_now limit 0").fetchall()
    with attached(connection, published) as found:
        if found:
            connection.execute(f"create or replace temp table values_before as {values}").fetchall()
    with transaction(connection):
        replace(connection, PAPER_CHANGES, connection.sql(f"{changes} order by paper_id").pl())
    rows = connection.execute("select change, count(*) from paper_changes group by change").fetchall()
    return dict(rows)


def _forget_old(connection: "duckdb.DuckDBPyConnection", table: Table, time: str) -> None:
    connection.execute(
        f"delete from {table.name} where run_id not in "
        f"(select run_id from {table.name} group by run_id order by max({time}) desc limit {KEPT_RUNS})"
    ).fetchall()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
