"""The warehouse: the only module that opens it for writing, and that runs the files of sql/ against the contract.

Readers never open this file (one open reader would stop the next run); they get the published copy.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from etl_project import history
from etl_project.contract import Table, create_table, polars_schema
from etl_project.lake import Lake, is_lost, sync
from etl_project.migrations import WAREHOUSE_VERSION, steps
from etl_project.reading import MEMORY_LIMIT
from etl_project.tables import TABLES

SQL_FOLDER = Path(__file__).resolve().parent.parent / "sql"

#: The oldest client that is to open the files: DuckDB 1.4. Files in 2.0's own format open in 2.0 alone.
STORAGE_VERSION = "v1.4.0"
#: Of every connection.
SETTINGS: dict[str, Any] = {
    "memory_limit": MEMORY_LIMIT,
    "max_temp_directory_size": "50GB",
    "threads": 2,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class WarehouseError(Exception):
    """The warehouse cannot be used as it is; the message says what to do."""


class DamagedWarehouse(WarehouseError):
    """The warehouse's file is no database, or damaged."""


@contextmanager
def connect(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse of ``lake`` for writing, its tables made if they are missing; close it in the end.

    One of an older version is migrated first, and kept beside as it was. Raises WarehouseError if the file is of a newer
    version, damaged, or open elsewhere, or if the lake that this process has locked is no longer there.
    """
    check_there(lake)
    lake.warehouse.parent.mkdir(parents=True, exist_ok=True)
    connection = _open(lake)
    try:
        version = _version(connection, lake)
        if version and version < WAREHOUSE_VERSION:
            _can_be_made_anew(connection, lake)
            connection.close()  # all of it in one file, which can be copied
            _back_up(lake, version)
            connection = _open(lake)
            _migrate(connection, version)
        _prepare(connection)
        yield connection
    finally:
        connection.close()


def _open(lake: Lake) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(
            str(lake.warehouse),
            config={
                **SETTINGS,
                "storage_compatibility_version": STORAGE_VERSION,
                "temp_directory": str(_spill(lake)),
            },
        )
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise WarehouseError(
                f"{lake.warehouse} is open in another program ({_first_line(error)}); close it there and run again. "
                f"Queries belong on {lake.database}, which never stands in a run's way"
            ) from error
        raise DamagedWarehouse(
            f"{lake.warehouse} cannot be opened ({_first_line(error)}): build it anew from {lake.raw} with papers rebuild"
        ) from error


def set_aside(lake: Lake) -> Path | None:
    """Move the warehouse away, so that the next run makes all tables anew; return where it lies now, None without one.

    Its ids are written down first, as far as it can be read. WarehouseError if it is open elsewhere or of a newer version.
    """
    if not lake.warehouse.exists():
        return None
    try:
        with connect(lake) as connection:
            if not history.is_restored(connection):  # else they stand in the history already
                history.write(lake, connection)
    except (DamagedWarehouse, duckdb.Error):
        pass  # what was published is written down already
    aside = lake.warehouse.with_name(f"{lake.warehouse.stem}.before{lake.warehouse.suffix}")
    for suffix in ("", ".wal"):
        part = lake.warehouse.with_name(lake.warehouse.name + suffix)
        gone = aside.with_name(aside.name + suffix)
        gone.unlink(missing_ok=True)
        if part.exists():
            part.replace(gone)
    return aside


def copy_rows(lake: Lake, before: Path, tables: Collection[Table]) -> None:
    """Copy the rows of ``tables`` from a warehouse that was set aside; none where they cannot be read."""
    place = str(before).replace("'", "''")
    with connect(lake) as connection:
        try:
            connection.execute(f"attach '{place}' as set_aside (read_only)").fetchall()
            with transaction(connection):
                for table in tables:
                    connection.execute(f"insert into {table.name} by name from set_aside.{table.name}").fetchall()
        except duckdb.Error:
            pass  # damaged, or of a version that had no such table


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, database: Path) -> Iterator[bool]:
    """Let unqualified names mean the tables of another ``database``; yield False, and change nothing, if it cannot be read.

    What fails inside for want of a table or column there (of an older program) is passed over.
    """
    place = str(database).replace("'", "''")
    (own,) = connection.execute("select current_database()").fetchall()[0]
    try:
        connection.execute(f"attach '{place}' as beside (read_only)").fetchall()
    except duckdb.Error:
        yield False
        return
    try:
        connection.execute("use beside").fetchall()
        yield True
    except (duckdb.BinderException, duckdb.CatalogException):
        pass
    finally:
        connection.execute(f'use "{own}"').fetchall()
        connection.execute("detach beside").fetchall()


def put_back(lake: Lake, aside: Path) -> None:
    """Undo ``set_aside``."""
    for suffix in ("", ".wal"):
        part = lake.warehouse.with_name(lake.warehouse.name + suffix)
        part.unlink(missing_ok=True)
        gone = aside.with_name(aside.name + suffix)
        if gone.exists():
            gone.replace(part)


def check_there(lake: Lake) -> None:
    """Raise WarehouseError if the lake that this process has locked is no longer at its path."""
    if is_lost(lake):
        raise WarehouseError(
            f"{lake.root} is no longer the lake that this run began with (a mount was lost, or the folder replaced); "
            "bring it back and run again"
        )


def drop_spill(lake: Lake) -> None:
    """Delete what a killed run spilled to disk; nothing else does."""
    shutil.rmtree(_spill(lake), ignore_errors=True)


def _spill(lake: Lake) -> Path:
    return lake.warehouse.parent / "spill"


def _version(connection: duckdb.DuckDBPyConnection, lake: Lake) -> int:
    """Return the version of the warehouse, 0 if it is new; WarehouseError if it is of a newer program."""
    connection.execute("create table if not exists schema_version (version integer not null)").fetchall()
    version = int(scalar(connection, "select coalesce(max(version), 0) from schema_version"))
    if version > WAREHOUSE_VERSION:
        raise WarehouseError(
            f"{lake.warehouse} is of version {version}, made by a newer program; this one knows versions up to "
            f"{WAREHOUSE_VERSION}. Nothing was changed; install the newer program, or use another lake"
        )
    return version


def _can_be_made_anew(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Raise WarehouseError if a capture stands in the warehouse alone: migrations make tables anew from raw/."""
    lost = [
        name
        for content, name in connection.execute("select content_sha256, file_name from raw_dumps").fetchall()
        if not (lake.raw / content[:2] / f"{content}.json").exists()
    ]
    if lost:
        raise WarehouseError(
            f"{lake.warehouse} is of an older version, and {len(lost)} of its captures are not in {lake.raw} any more, such "
            f"as {lost[0]!r}: nothing was changed. Restore {lake.raw} from a backup, or give these captures again"
        )


def _back_up(lake: Lake, version: int) -> None:
    """Copy the warehouse, which is closed, to a file beside it that names its version."""
    kept = lake.warehouse.with_name(f"{lake.warehouse.stem}.version_{version}{lake.warehouse.suffix}")
    partial = kept.with_name(kept.name + ".partial")
    try:
        shutil.copyfile(lake.warehouse, partial)
        sync(partial)
        partial.replace(kept)
        sync(kept.parent)
    except OSError as error:
        raise WarehouseError(
            f"{lake.warehouse} is of version {version} and was not migrated, since it cannot be copied to {kept} "
            f"({error.strerror}); nothing was changed. Make room, and run again"
        ) from error


def _migrate(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    with transaction(connection):
        for number, script in steps(version):
            connection.execute(script).fetchall()
            connection.execute("update schema_version set version = ?", [number]).fetchall()


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    known = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
    missing = [table for table in TABLES if table.name not in known]
    if not missing:
        return
    with transaction(connection):
        for table in missing:  # all, or those that came since within one version: the next run fills them
            for statement in create_table(table):
                connection.execute(statement).fetchall()
        if not scalar(connection, "select count(*) from schema_version"):
            connection.execute("insert into schema_version values (?)", [WAREHOUSE_VERSION]).fetchall()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it."""
    connection.begin()
    try:
        yield
    except BaseException:
        # after a full disk the connection is dead and rolling back fails, too; the first error counts
        try:
            connection.rollback()
        except duckdb.Error:
            pass
        raise
    connection.commit()


def append(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> None:
    """Add the rows of ``frame`` to ``table``; TypeError unless its columns and types are the table's."""
    expected = polars_schema(table)
    if dict(frame.schema) != expected:
        raise TypeError(f"rows for {table.name} have {dict(frame.schema)}, the table has {expected}")
    if frame.is_empty():
        return
    rows = frame  # noqa: F841  (DuckDB finds the frame by this name)
    connection.execute(f"insert into {table.name} select * from rows").fetchall()


def replace(connection: duckdb.DuckDBPyConnection, table: Table, frame: pl.DataFrame) -> None:
    """Put the rows of ``frame`` in place of those of ``table``; within a transaction of the caller's."""
    connection.execute(f"delete from {table.name}").fetchall()
    append(connection, table, frame)


def read(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any] | None = None) -> pl.DataFrame:
    """Return the rows of ``query`` as a frame."""
    frame: pl.DataFrame = connection.sql(query, params=parameters).pl()
    return frame


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """Return the one value of a query that gives one."""
    (row,) = connection.execute(query).fetchall()
    return row[0]


def run_sql_file(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path = SQL_FOLDER) -> int:
    """Fill ``table`` with the SELECT of its file in sql/; return the number of rows.

    TypeError if the SELECT's columns or types are not the contract's: an insert by name would null a
    forgotten column in silence.
    """
    select = (folder / f"{table.name}.sql").read_text("utf-8")
    got = [(row[0], row[1]) for row in connection.execute(f"describe {select}").fetchall()]
    expected = [(column.name, column.sql_type) for column in table.columns]
    if got != expected:
        raise TypeError(f"sql/{table.name}.sql gives {got}, the contract says {expected}")
    with transaction(connection):
        connection.execute(f"delete from {table.name}").fetchall()
        connection.execute(f"insert into {table.name} {select}").fetchall()
    return int(scalar(connection, f"select count(*) from {table.name}"))


def unparsed_batches(
    connection: duckdb.DuckDBPyConnection, parser_version: int, most_bytes: int = 1 << 26
) -> Iterator[pl.DataFrame]:
    """Yield the dumps that this parser version has not read yet, in batches of about ``most_bytes`` of text."""
    todo = connection.execute(
        "select dump_id, coalesce(opened_byte_count, 0) from raw_dumps where dump_id not in "
        "(select dump_id from captures where parser_version = ?) order by load_number, dump_id",
        [parser_version],
    ).fetchall()
    batch: list[str] = []
    size = 0
    for dump_id, byte_count in [*todo, (None, most_bytes)]:
        if batch and (dump_id is None or size + byte_count > most_bytes):
            yield read(
                connection, "select * from raw_dumps where dump_id in (select unnest(?)) order by dump_id", [batch]
            )
            batch, size = [], 0
        if dump_id is not None:
            batch.append(dump_id)
            size += byte_count


def read_again(connection: duckdb.DuckDBPyConnection, dump_ids: Collection[str]) -> None:
    """Have the next reading take these dumps up again (``unparsed_batches``); what they gave stays until then."""
    connection.execute(
        "update captures set parser_version = 0 where dump_id in (select unnest(?))", [sorted(dump_ids)]
    ).fetchall()


def forget_parsed(connection: duckdb.DuckDBPyConnection, dump_ids: list[str]) -> pl.DataFrame:
    """Delete what an older version of the parser made of these dumps; return its mentions, as ``renamed_mentions`` takes them."""
    before = read(
        connection,
        "select dump_id, mention_id, line_start, line_end from parsed_rows where dump_id in (select unnest(?))",
        [dump_ids],
    )
    found = "select 1 from duckdb_tables() where schema_name = 'matching' and table_name = 'dumps'"
    if connection.execute(found).fetchall():  # one that gave nothing before may give mentions now
        connection.execute("delete from matching.dumps where dump_id in (select unnest(?))", [dump_ids]).fetchall()
    mentions = "select mention_id from parsed_rows where dump_id in (select unnest(?))"
    for table in ("mention_links", "mention_authors"):
        connection.execute(f"delete from {table} where mention_id in ({mentions})", [dump_ids]).fetchall()
    for table in ("parsed_rows", "refused_records", "captures"):
        gone = connection.execute(f"delete from {table} where dump_id in (select unnest(?))", [dump_ids]).fetchall()
        if table == "parsed_rows" and gone[0][0]:
            forget_matching(connection)  # a mention read anew has the same id, and another title maybe
    return before


def renamed_mentions(connection: duckdb.DuckDBPyConnection, before: pl.DataFrame) -> int:
    """Give the papers of mentions that a newer parser begins at another line to the mentions on the same lines; return how many.

    ``before`` holds dump_id, mention_id, line_start and line_end of what dumps gave that were read anew since. Without
    this, a paper whose id is not that of its own text would lose its id with its mention's name.
    """
    return int(
        connection.execute(
            "with old as (select * from before anti join parsed_rows using (mention_id)), "
            "new as (select * from parsed_rows semi join before using (dump_id) anti join before using (mention_id)), "
            "pairs as (select old.mention_id as was, new.mention_id as becomes from old join new on old.dump_id = new.dump_id "
            "and old.line_start <= new.line_end and new.line_start <= old.line_end "
            "qualify count(*) over (partition by old.mention_id) = 1 and count(*) over (partition by new.mention_id) = 1) "
            "update paper_mentions set mention_id = becomes from pairs where mention_id = was"
        ).fetchall()[0][0]
    )


def forget_matching(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete what the matching stores between runs (``match_store``); the next one matches all mentions anew."""
    connection.execute("drop schema if exists matching cascade").fetchall()


def new_and_merged(connection: duckdb.DuckDBPyConnection, had: pl.DataFrame) -> dict[str, int]:
    """Return how many papers are there that readers never ``had`` (paper_id), and how many of theirs were merged into others."""
    (row,) = connection.execute(
        "select (select count(*) from papers anti join had using (paper_id)), "
        "(select count(*) from merged_papers semi join had on merged_paper_id = had.paper_id)"
    ).fetchall()
    return dict(zip(("papers_new", "papers_merged"), row, strict=True))


def texts_of(connection: duckdb.DuckDBPyConnection, mention_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return title and cleaned abstract (empty without one) of mentions, by mention_id."""
    asked = pl.DataFrame({"mention_id": sorted(mention_ids)}, schema={"mention_id": pl.String})  # noqa: F841
    # first which rows, then their columns: else the abstracts of all are read
    rows = connection.execute(
        "select mention_id, title, coalesce(abstract_clean, '') from parsed_rows "
        "where rowid in (select rowid from parsed_rows semi join asked using (mention_id))"
    ).fetchall()
    return {mention: (title, text) for mention, title, text in rows}


def mention_texts(
    connection: duckdb.DuckDBPyConnection, dump_ids: Collection[str], most_rows: int = 50_000
) -> Iterator[pl.DataFrame]:
    """Yield mention_id, arxiv_id, load_number, title, abstract_clean, abstract_kind of the mentions of dumps, in batches; at least one."""
    asked = pl.DataFrame({"dump_id": list(dump_ids)}, schema={"dump_id": pl.String})  # noqa: F841
    query = "select parsed_rows.rowid as place from parsed_rows semi join asked using (dump_id) order by 1"
    places: pl.DataFrame = connection.sql(query).pl()
    for start in range(0, max(places.height, 1), most_rows):
        batch = places[start : start + most_rows]  # noqa: F841
        yield connection.sql(
            "select mention_id, arxiv_id, load_number, title, abstract_clean, abstract_kind from parsed_rows "
            "join raw_dumps using (dump_id) semi join batch on parsed_rows.rowid = place"
        ).pl()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def fingerprints(path: Path) -> dict[str, tuple[int, int]]:
    """Return rows and a hash of all values, in any order of rows, of each table of a database, by its name.

    Every column of every row is read, so that damage anywhere in them is found; the file is opened for reading only.
    Raises WarehouseError where that cannot be done.
    """
    with _reading(path) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by schema_name, table_name"
        ).fetchall()
        found = {}
        for schema, name in names:
            table = f'"{schema}"."{name}"'
            (row,) = connection.execute(f"select count(*), coalesce(bit_xor(hash(t)), 0) from {table} t").fetchall()
            found[name if schema == "main" else f"{schema}.{name}"] = (int(row[0]), int(row[1]))
        return found


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on a database that is opened for reading only; raises as ``fingerprints``."""
    with _reading(path) as connection:
        return connection.execute(query).fetchall()


def column(path: Path, query: str) -> list[Any]:
    """Return the first column of a query; else as ``rows``."""
    return [row[0] for row in rows(path, query)]


@contextmanager
def _reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(str(path), read_only=True, config=SETTINGS) as connection:
            yield connection
    except duckdb.Error as error:
        raise WarehouseError(_first_line(error)) from error
