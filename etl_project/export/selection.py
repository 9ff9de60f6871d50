"""A connection to a published database in, the rows of its tables out: all, or those of some papers.

Rows come in the order that they have in the database, which is that of the table's key, a batch at a time. Each batch
is a query of its own over a range of row numbers: nothing is sorted, so no more than a batch is held, and no result is
left open while another one is asked for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from etl_project import progress
from etl_project.contract import Table
from etl_project.export.model import ExportError, Publication
from etl_project.export.schema import arrow_schema
from etl_project.tables import TABLES

#: Rows of a batch and of a row group of Parquet: abstracts make one of 20,000 rows 100 MB.
BATCH = 20480

_SQL = Path(__file__).resolve().parent.parent.parent / "sql"
_MENTIONS = "select mention_id from {main}.paper_mentions where paper_id in (select paper_id from chosen)"
_DUMPS = f"select dump_id from {{main}}.parsed_rows where mention_id in ({_MENTIONS})"
#: Count papers, so they are counted anew over the chosen ones.
_COUNTED = ("papers_by_month", "coverage")


class Selection:
    """The tables of one publication, or what they hold of the papers for which ``where`` is true.

    Of chosen papers: tables with ``paper_id`` have their rows; tables of mentions those of their mentions; ``raw_dumps``,
    ``captures`` and ``refused_records`` those of the captures that mention them; a pair of papers stands where both are
    chosen. Tables that tell of runs have nothing to choose by, and are not to be had.
    """

    def __init__(self, connection: Any, where: str = "") -> None:
        """Choose the papers. A condition that DuckDB does not take raises its error."""
        self._connection = connection
        (name,) = connection.execute("select current_database()").fetchall()[0]
        self._main = '"' + name.replace('"', '""') + '".main'
        self.where = where.strip()
        (self.publication,) = (
            Publication(*row)
            for row in connection.execute("select run_id, published_at, schema_version from publication").fetchall()
        )
        if self.where:
            self._choose()

    def _choose(self) -> None:
        # on lines of its own: it may end in a comment; evaluated once: it may be random
        query = f"select paper_id from {self._main}.papers where (\n{self.where}\n)"
        statements = self._connection.extract_statements(query)
        if len(statements) != 1:
            raise ExportError("--where is one condition on papers, without a semicolon")
        self._connection.execute(f"create temp table chosen as {query}").fetchall()
        for table in TABLES:
            if condition := _condition(table):
                # in the way of the tables themselves, for what counts papers
                self._connection.execute(
                    f"create temp view {table.name} as select * from {self._main}.{table.name} "
                    f"where {condition.format(main=self._main)}"
                ).fetchall()

    def tables(self) -> tuple[Table, ...]:
        """Return the tables that are to be had."""
        return tuple(t for t in TABLES if not self.where or t.name in _COUNTED or _condition(t))

    def count(self, table: Table, also: str = "") -> int:
        """Return the number of rows of ``table`` for which the condition ``also`` is true."""
        also = f" where {also}" if also else ""
        (count,) = self._connection.execute(f"select count(*) from {self._source(table)}{also}").fetchall()[0]
        return int(count)

    def values(self, query: str) -> list[Any]:
        """Return the first column of a query on the selection."""
        return [row[0] for row in self._connection.execute(query).fetchall()]

    def batches(self, table: Table, also: str = "", columns: tuple[str, ...] = ()) -> Iterator[pa.RecordBatch]:
        """Give the rows of ``table`` (for which the condition ``also`` is true; of all ``columns``, if none are named) by its key."""
        schema = arrow_schema(table)
        if columns:
            schema = pa.schema([schema.field(name) for name in columns])
        for rows in self._batches(table, ", ".join(schema.names), also):
            for batch in rows.combine_chunks().to_batches():
                yield _as(batch, schema)

    def authors(self, first: str, last: str) -> dict[str, list[str]]:
        """Return the names of the authors of papers by id, in their order, for ids from ``first`` to ``last``."""
        rows = self._connection.execute(
            f"select paper_id, name from {self._main}.paper_authors where paper_id between ? and ? order by paper_id, position",
            [first, last],
        ).fetchall()
        names: dict[str, list[str]] = {}
        for paper, name in rows:
            names.setdefault(paper, []).append(name)
        return names

    def _source(self, table: Table) -> str:
        if self.where and table.name in _COUNTED:
            return f"({(_SQL / f'{table.name}.sql').read_text('utf-8')})"
        return f"temp.{table.name}" if self.where else f"{self._main}.{table.name}"

    def _batches(self, table: Table, columns: str, also: str) -> Iterator[pa.Table]:
        if self.where and table.name in _COUNTED:
            yield self._table(f"select {columns} from {self._source(table)} order by {', '.join(table.key)}")
            return
        place = f"{self._main}.{table.name}"
        conditions = [f"({c})" for c in (self.where and (_condition(table) or "").format(main=self._main), also) if c]
        if not conditions:
            (top,) = self._connection.execute(f"select coalesce(max(rowid), -1) from {place}").fetchall()[0]
            for first in self._each(table, top + 1):
                yield self._table(
                    f"select {columns} from {place} where rowid between {first} and {first + BATCH - 1} order by rowid"
                )
            return
        rows = self._table(f"select rowid as row from {place} where {' and '.join(conditions)} order by row")["row"]
        for first in self._each(table, len(rows)):
            wanted = rows.slice(first, BATCH)
            self._connection.register("wanted", pa.table({"row": wanted}))
            # the range lets whole row groups be passed over
            yield self._table(
                f"select {columns} from {place} where rowid between {wanted[0]} and {wanted[-1]} "
                "and rowid in (select row from wanted) order by rowid"
            )
            self._connection.unregister("wanted")

    @staticmethod
    def _each(table: Table, rows: int) -> Iterator[int]:
        starts = range(0, rows, BATCH)
        return progress.each(starts, f"parts of {table.name}", len(starts))

    def _table(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()


def _condition(table: Table) -> str:
    """Return which rows of ``table`` are of chosen papers, as SQL; "" where rows are of none."""
    if table.tells_of_a_run:
        return ""
    papers = [c.name for c in table.published_columns if c.references == "papers"]
    if papers:
        return " and ".join(f"{name} in (select paper_id from chosen)" for name in papers)
    if table.name == "decisions":  # names mentions that need not be there
        return f"mention_id in ({_MENTIONS}) and other_mention_id in ({_MENTIONS})"
    if "mention_id" in table.key:
        return f"mention_id in ({_MENTIONS})"
    return f"dump_id in ({_DUMPS})" if "dump_id" in table.key else ""


def chosen_tables(names: list[str] | None, selection: Selection) -> tuple[Table, ...]:
    """Return the tables called ``names`` in their usual order, all that are to be had for None; ExportError if one is not."""
    there = selection.tables()
    if lacking := set(names or ()) - {table.name for table in there}:
        raise ExportError(f"{min(lacking)} tells of runs, not of papers: it cannot be had with --where")
    return tuple(table for table in there if names is None or table.name in names)


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
