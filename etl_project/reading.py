"""How a database is opened for reading: without loading anything. Light, since every command that asks begins with it."""

from pathlib import Path

import duckdb

#: DuckDB's share; larger work spills to disk. The rest of the memory is Polars', Great Expectations' and
#: Dagster's, in the same process.
MEMORY_LIMIT = "2GB"


def open_read_only(path: Path, alone: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a published database for reading, without loading anything; ``alone`` closes it to all other files."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": MEMORY_LIMIT,
    }
    if alone:
        config["enable_external_access"] = False
    return duckdb.connect(str(path), read_only=True, config=config)


def lacks(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what a publication lacks of what this program reads ("schema version 2: it has 1"), or ""."""
    from etl_project.tables import SCHEMA_VERSION, TABLES

    ((version,),) = connection.execute("select schema_version from publication").fetchall()
    if version != SCHEMA_VERSION:
        return f"schema version {SCHEMA_VERSION}: it has {version}"
    known = set(connection.execute("select table_name, column_name from duckdb_columns()").fetchall())
    wanted = ((table.name, column.name) for table in TABLES for column in table.published_columns)
    return next((f"the column {table}.{column}" for table, column in wanted if (table, column) not in known), "")
