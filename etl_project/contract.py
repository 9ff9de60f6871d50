"""How a table is declared, and what a declaration becomes: DDL with comments, a Polars schema, documentation.

The declarations themselves stand in ``tables.py``; the Great Expectations suites that follow from them
are made in ``expectations.py``, the Dagster column schemas in ``assets.py``. Nothing is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Type = Literal["text", "integer", "bigint", "double", "boolean", "date", "timestamp", "integers"]
Stage = Literal["raw", "parsed", "papers", "derived", "quality"]
Severity = Literal["critical", "warning"]
Owner = Literal["program", "captures", "operator"]

STAGES: tuple[Stage, ...] = ("raw", "parsed", "papers", "derived", "quality")
#: Who acts when a check fails.
OWNERS: dict[Owner, str] = {
    "program": "whoever maintains the program",
    "captures": "whoever captures the pages, or looks after the scraper",
    "operator": "whoever runs the pipeline",
}

MENTION_ID = r"[0-9a-f]{16}-\d+(\.\d+)?"
#: What people decide of two mentions: whether they are of the same paper or of different ones.
VERDICTS = ("same", "different")

_SQL_TYPES: dict[Type, str] = {
    "text": "VARCHAR",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "integers": "INTEGER[]",
}


@dataclass(frozen=True)
class Column:
    """One column. ``required`` values are never null; ``one_of`` is a closed list; ``pattern`` a full-match regex (RE2).

    ``references`` names the table of whose key each value is one.
    """

    name: str
    type: Type
    description: str
    unit: str = ""
    required: bool = False
    one_of: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    pattern: str = ""
    references: str = ""

    @property
    def sql_type(self) -> str:
        """The column's type in DuckDB."""
        return _SQL_TYPES[self.type]


@dataclass(frozen=True)
class Law:
    """A rule over rows: ``failing`` is a query that returns the rows that break it, best with few columns.

    ``remedy`` tells ``owner``, one of ``OWNERS``, what to look at. A broken critical law stops publication. A column
    ``finding`` of the query says in one line what was before and what is now; it is shown in place of a number of rows.
    """

    name: str
    description: str
    failing: str
    remedy: str
    severity: Severity = "critical"
    owner: Owner = "program"


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key, its columns in order, the laws it must keep.

    ``published`` columns go to readers, the rest stay in the warehouse. ``least_rows`` below which a
    run must not be published.
    """

    name: str
    stage: Stage
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    laws: tuple[Law, ...] = ()
    unpublished: tuple[str, ...] = ()
    least_rows: int = 0

    @property
    def tells_of_a_run(self) -> bool:
        """Whether the rows tell of runs: they differ between two runs that give the same data."""
        return self.stage == "quality"

    @property
    def published_columns(self) -> tuple[Column, ...]:
        """The columns that readers get, in order."""
        return tuple(column for column in self.columns if column.name not in self.unpublished)

    @property
    def foreign_keys(self) -> dict[str, str]:
        """The columns whose values are keys of another table, each with that table; its own key refers to nothing."""
        columns = self.published_columns
        return {c.name: c.references for c in columns if c.references and c.references != self.name}

    def column(self, name: str) -> Column:
        """Return the column called ``name``; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def described(column: Column) -> str:
    """Return a column's description with its unit, as comments and dictionaries show it."""
    return f"{column.description} [{column.unit}]" if column.unit else column.description


def create_table(table: Table, schema: str = "main", published: bool = False) -> list[str]:
    """Return the statements that create ``table`` in ``schema``: DDL, then a comment on it and on each column."""
    columns = table.published_columns if published else table.columns
    name = f"{schema}.{table.name}"
    definitions = [f"{c.name} {c.sql_type}{' NOT NULL' if c.required else ''}" for c in columns]
    return [
        f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(definitions)})",
        f"COMMENT ON TABLE {name} IS {_quoted(table.grain)}",
        *(f"COMMENT ON COLUMN {name}.{c.name} IS {_quoted(described(c))}" for c in columns),
    ]


def polars_schema(table: Table) -> dict[str, pl.DataType]:
    """Return the Polars schema of a frame with ``table``'s rows, columns in order."""
    import polars as pl

    types: dict[Type, pl.DataType] = {
        "text": pl.String(),
        "integer": pl.Int32(),
        "bigint": pl.Int64(),
        "double": pl.Float64(),
        "boolean": pl.Boolean(),
        "date": pl.Date(),
        "timestamp": pl.Datetime("us"),
        "integers": pl.List(pl.Int32()),
    }
    return {column.name: types[column.type] for column in table.columns}


def data_dictionary(tables: tuple[Table, ...]) -> str:
    """Return Markdown that describes every table and column for the people who read the data."""
    lines: list[str] = []
    for stage in STAGES:
        lines += [f"## Stage: {stage}", ""]
        for table in (t for t in tables if t.stage == stage):
            lines += [f"### `{table.name}`", "", table.grain, "", f"Key: {', '.join(f'`{k}`' for k in table.key)}.", ""]
            lines += ["| column | type | null | meaning |", "|---|---|---|---|"]
            for column in table.columns:
                meaning = described(column)
                if column.one_of:
                    meaning += " One of: " + ", ".join(f"`{value}`" for value in column.one_of) + "."
                if column.name in table.unpublished:
                    meaning += " Stays in the warehouse; not published."
                null = "never" if column.required else "may be"
                lines.append(
                    f"| `{column.name}` | {column.sql_type} | {null} | {meaning.replace('|', chr(92) + '|')} |"
                )
            lines.append("")
            if table.laws:
                lines += ["Checked on every run:", ""]
                lines += [
                    f"- `{law.name}` ({law.severity}; {OWNERS[law.owner]}): {law.description}" for law in table.laws
                ]
                lines.append("")
    return "\n".join(lines)
