"""Warehouse in, publication out: a read-only database and Parquet files of the same run, swapped in as one step.

A publication is a folder ``published/<run id>/`` with ``papers.duckdb``, ``parquet/*.parquet`` and
``parquet/manifest.json``. Readers' paths are links that never change and lead through one link,
``published/current``; moving that one link is the whole swap. A reader who has a file open keeps it.
"""

import logging
import os
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from etl_project import history, progress, search
from etl_project.contract import Table, create_table
from etl_project.lake import Lake, sync
from etl_project.reading import open_read_only
from etl_project.tables import SCHEMA_VERSION, TABLES
from etl_project.warehouse import STORAGE_VERSION, check_there, connect, scalar

log = logging.getLogger(__name__)

#: Publications kept besides the current one, so that readers that open files one by one have time to finish: the last
#: one always; others for a day after they were replaced, so many at most, and in no more than half of the free space.
_KEPT = 1
_KEPT_FOR = timedelta(days=1)
_MOST_KEPT = 12
#: Begins the name of a folder in which a publication is built; readers look for none such.
_BUILDING = ".building-"
_PUBLICATION_DDL = (
    "create table out.main.publication "
    "(run_id varchar not null, published_at timestamp not null, schema_version integer not null)"
)


class PublishError(Exception):
    """The publication that was built is not what the warehouse holds; nothing was published."""


class Publication(NamedTuple):
    """What was published: the folder, and rows and bytes of each table's Parquet file."""

    folder: Path
    rows: dict[str, int]
    bytes: dict[str, int]


def publish(lake: Lake, run_id: str) -> Publication:
    """Build a publication of ``lake``'s warehouse, audit it, make it the current one, and return what it holds.

    Raises PublishError if the closed files do not hold the warehouse's rows, OSError or duckdb.Error if
    they cannot be written; readers then keep what they had.
    """
    check_there(lake)
    lake.published.mkdir(parents=True, exist_ok=True)
    _drop_old(lake)
    # a name of its own: a run that publishes twice must not take away what readers have
    names = (run_id if n == 1 else f"{run_id}-{n}" for n in count(1))
    name = next(name for name in names if not (lake.published / name).exists())
    building, folder = lake.published / f"{_BUILDING}{name}", lake.published / name
    parquet = building / "parquet"
    parquet.mkdir(parents=True)
    published_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        with connect(lake) as connection:
            _copy_tables(connection, building / "papers.duckdb", run_id, published_at, lake.database)
            rows = {t.name: int(scalar(connection, f"select count(*) from {t.name}")) for t in TABLES}
            history.write(lake, connection)  # before readers see the ids: none that they saw is lost with the warehouse
        sizes = _write_parquet(building / "papers.duckdb", parquet)
        _audit(building, rows)
        for file in [*building.iterdir(), *parquet.iterdir(), building]:
            sync(file)
        check_there(lake)
        building.rename(folder)
        _swap(lake, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        if _current(lake) != folder.name:  # an error after the swap changes nothing for readers
            shutil.rmtree(folder, ignore_errors=True)
        raise
    with suppress(OSError):  # what is published is published
        _drop_old(lake)
    return Publication(folder, rows, sizes)


def _order(table: Table) -> str:
    return ", ".join(table.key)


def _copy_tables(
    connection: duckdb.DuckDBPyConnection, path: Path, run_id: str, published_at: datetime, before: Path
) -> None:
    connection.execute(f"attach '{_escaped(path)}' as out (storage_version '{STORAGE_VERSION}')").fetchall()
    for table in progress.each(TABLES, "tables copied", len(TABLES)):
        for statement in create_table(table, "out.main", published=True):
            connection.execute(statement).fetchall()
        columns = ", ".join(column.name for column in table.published_columns)
        connection.execute(
            f"insert into out.main.{table.name} select {columns} from {table.name} order by {_order(table)}"
        ).fetchall()
    connection.execute(_PUBLICATION_DDL).fetchall()
    connection.execute(
        "comment on table out.main.publication is 'One row: the run that made this file, and its schema version.'"
    ).fetchall()
    connection.execute(
        "insert into out.main.publication values (?, ?, ?)", [run_id, published_at, SCHEMA_VERSION]
    ).fetchall()
    _write_search(connection, before)
    connection.execute("checkpoint out").fetchall()
    connection.execute("detach out").fetchall()
    if path.with_name(path.name + ".wal").exists():  # a copy without its log would open empty
        raise PublishError(f"{path.name} was not written whole")


def _write_search(connection: duckdb.DuckDBPyConnection, before: Path) -> None:
    """Write the search index, from that of the publication ``before`` as far as it can be read, else from nothing."""
    try:
        connection.execute(f"attach '{_escaped(before.resolve())}' as before (read_only)").fetchall()
    except duckdb.Error:  # there is none, or it is damaged
        search.write(connection)
        return
    try:
        search.write(connection, before=True)
    except duckdb.Error as error:
        log.warning("search: the index of the last publication cannot be taken over (%s)", str(error).splitlines()[0])
        search.write(connection)
    finally:
        connection.execute("detach before").fetchall()


def record_ids(lake: Lake) -> None:
    """Write down the ids of what is published, in a lake without a history (of a program that kept none)."""
    if lake.database.exists() and not any(lake.ids.glob("*.parquet")):
        with open_read_only(lake.database) as connection:
            history.write(lake, connection)


def what_readers_have(lake: Lake) -> dict[str, pl.DataFrame] | None:
    """Return what later runs are compared with: ids of dumps and papers of the current publication, and what is kept of runs.

    By table: ``raw_dumps`` (without what people left out) and ``papers`` have their ids only; ``publication``,
    ``run_statistics`` and ``check_results`` are whole. None if there is no publication, or none that this program can read: then all is new.
    """
    if not lake.database.exists():
        return None
    wanted = {
        "raw_dumps": "select dump_id from raw_dumps anti join (from refused_records where reason = 'left_out') using (dump_id)",
        "papers": "select paper_id from papers",
        "publication": "from publication",
        "run_statistics": "from run_statistics",
        "check_results": "from check_results",
    }
    try:
        with open_read_only(lake.database) as connection:
            return {table: connection.sql(query).pl() for table, query in wanted.items()}
    except duckdb.Error:
        return None


def published_papers(lake: Lake) -> pl.DataFrame:
    """Return the ids of papers (``paper_id``) of the current publication, of whatever version; none if it cannot be read."""
    try:
        with open_read_only(lake.database) as connection:
            papers: pl.DataFrame = connection.sql("select paper_id from papers").pl()
            return papers
    except duckdb.Error:
        return pl.DataFrame(schema={"paper_id": pl.String})


def _write_parquet(database: Path, folder: Path) -> dict[str, int]:
    """Write each table as Parquet, with what describes them all, as `papers export` does; return the size of each file."""
    # slow to import, and who only reads needs none of it
    from etl_project.export import job
    from etl_project.export.selection import Selection

    with open_read_only(database) as connection:
        made = job.make(Selection(connection), TABLES, ["parquet"], folder)
    return {file.table.name: file.bytes for file in made.files if file.table}


def _audit(folder: Path, rows: dict[str, int]) -> None:
    """Read the closed files as a reader would, every column of every row, and compare with the warehouse."""
    with open_read_only(folder / "papers.duckdb") as connection:
        if wrong := search.check(connection):
            raise PublishError(f"{wrong}; check the disk and run again")
        for table in TABLES:
            # "year=2026" in the lake's own path is no column of ours
            parquet = _escaped(folder / "parquet" / f"{table.name}.parquet")
            sums = [
                connection.execute(f"select count(*), bit_xor(hash(t)) from {source} t").fetchall()[0]
                for source in (table.name, f"read_parquet('{parquet}', hive_partitioning = false)")
            ]
            if sums[0] != sums[1] or sums[0][0] != rows[table.name]:
                raise PublishError(
                    f"{table.name}: the warehouse has {rows[table.name]} rows, the database {sums[0][0]}, "
                    f"the Parquet file {sums[1][0]}, or their values differ; check the disk and run again"
                )


def _swap(lake: Lake, folder: Path) -> None:
    _link(lake.database, Path("current") / "papers.duckdb")
    _link(lake.exports, Path(os.path.relpath(lake.published, lake.exports.parent)) / "current" / "parquet")
    sync(lake.published)
    _link(lake.published / "current", Path(folder.name))
    sync(lake.published)


def _link(path: Path, target: Path) -> None:
    """Make ``path`` a link to ``target`` in one step, unless it is one already."""
    if path.is_symlink() and path.readlink() == target:
        return
    if path.exists() and not path.is_symlink():
        raise PublishError(f"{path} is in the way; move it elsewhere and run again")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".next")
    partial.unlink(missing_ok=True)
    partial.symlink_to(target)
    partial.replace(path)


def _current(lake: Lake) -> str | None:
    """Return the name of the folder that readers are led to, or None."""
    try:
        return str((lake.published / "current").readlink())
    except OSError:
        return None


def _drop_old(lake: Lake) -> None:
    """Delete old publications but those that are kept, and what killed runs left."""
    current = _current(lake)
    folders: list[tuple[float, Path]] = []
    for folder in lake.published.iterdir():
        if folder.is_symlink() or not folder.is_dir():
            continue
        whole = not folder.name.startswith(_BUILDING) and (folder / "parquet" / "manifest.json").exists()
        if folder.name != current and not whole:
            shutil.rmtree(folder, ignore_errors=True)  # what a killed run left; it never was a publication
        else:
            folders.append((folder.stat().st_mtime, folder))
    folders.sort(key=lambda made: (made[1].name == current, made), reverse=True)
    size, most = 0, shutil.disk_usage(lake.published).free / 2
    for n, ((replaced_at, _), (_, folder)) in enumerate(pairwise(folders), 1):
        size += sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        fits = n <= _MOST_KEPT and size <= most and time.time() - replaced_at < _KEPT_FOR.total_seconds()
        if n > _KEPT and not fits:
            shutil.rmtree(folder, ignore_errors=True)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
