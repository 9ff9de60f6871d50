"""Which columns each column of a table of sql/ is made from, read out of its SELECT: ``make dictionary``.

Written into the package (``etl_project/column_lineage.json``), so that a run shows it in Dagster without parsing SQL; a
test holds it to the SQL. Only columns whose values stand in the column count: what a row is joined or chosen by does not.
"""

import json
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.lineage import Node, lineage

from etl_project.tables import BY_NAME, TABLES
from etl_project.warehouse import SQL_FOLDER

PATH = SQL_FOLDER.parent / "etl_project" / "column_lineage.json"
_SCHEMA = {table.name: {column.name: column.sql_type for column in table.columns} for table in TABLES}

Columns = dict[str, list[list[str]]]


def columns_of(select: str) -> Columns:
    """Return, by column of ``select``, the columns of declared tables that it is made from, as [table, column]."""
    tree = parse_one(select, dialect="duckdb")
    return {name: _sources(lineage(name, tree.copy(), schema=_SCHEMA, dialect="duckdb")) for name in tree.named_selects}


def _sources(node: Node) -> list[list[str]]:
    found = set()
    for leaf in node.walk():
        if not leaf.downstream and isinstance(leaf.expression, exp.Table) and leaf.expression.name in BY_NAME:
            found.add((leaf.expression.name, leaf.name.rpartition(".")[2].strip('"')))
    return [list(source) for source in sorted(found)]


def all_columns() -> dict[str, Columns]:
    """Return the lineage of every table of sql/, by table."""
    files = {table.name: SQL_FOLDER / f"{table.name}.sql" for table in TABLES}
    return {name: columns_of(file.read_text("utf-8")) for name, file in files.items() if file.exists()}


def render(found: dict[str, Columns]) -> str:
    """Return the file's text: a line for each column."""
    tables = []
    for table, columns in found.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(sources)}" for name, sources in columns.items()]
        tables.append(f" {json.dumps(table)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(tables) + "\n}\n"


if __name__ == "__main__":
    Path(PATH).write_text(render(all_columns()), "utf-8")
