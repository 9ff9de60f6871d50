"""What of a lake's tables is not in its captures: in which load a dump came, the ids of papers, ids given up.

They would differ if the tables were made anew, so every publication first writes down what changed of them, as Parquet
files under ``raw/ids/`` that are never changed: ``raw/`` alone is enough to build the warehouse anew, with the same ids.

One row is what a file says of one ``id``, by ``kind``: a *dump* and its ``load_number``; a *mention*, its ``paper_id``, and
whether it is its ``founder`` (the mention that made the paper); an id that was *merged* into ``paper_id`` in load
``load_number``. A later file wins over an earlier one; a row with neither paper nor load takes an id back. Files are
numbered; those called ``.whole`` say everything, so that what is before them need not be read.
"""

from pathlib import Path
from typing import Any

import polars as pl

from etl_project.lake import Lake, sync

ROWS = {
    "kind": pl.String,
    "id": pl.String,
    "paper_id": pl.String,
    "load_number": pl.Int32,
    "founder": pl.Boolean,
}
_KEY = ["kind", "id"]
#: Every so many files one says everything: reading stays quick, and a lost file costs no more than those up to the next.
_WHOLE_EVERY = 100
_OF_WAREHOUSE = (
    "select 'dump' as kind, dump_id as id, null::varchar as paper_id, load_number, null::boolean as founder from {0}raw_dumps "
    "union all select 'mention', mention_id, paper_id, null, rule = 'new_paper' from {0}paper_mentions "
    "union all select 'merged', merged_paper_id, paper_id, load_number, null from {0}merged_papers"
)


class DamagedHistory(Exception):
    """A file of the history cannot be read; the message names it and says what to do."""


def read(lake: Lake) -> pl.DataFrame:
    """Return what the history says now (``ROWS``), one row a kind and id. DamagedHistory if a file of it cannot be read."""
    frames, damaged = _frames(lake)
    for file, reason in damaged.items():
        raise DamagedHistory(
            f"{file} cannot be read ({reason}); restore it from a backup. Without one, move it "
            "away and run again: ids that only it has are then given anew"
        )
    said = pl.concat([pl.DataFrame(schema=ROWS), *frames]).unique(_KEY, keep="last", maintain_order=True)
    return said.filter(pl.col("paper_id").is_not_null() | pl.col("load_number").is_not_null())


def damaged(lake: Lake) -> dict[Path, str]:
    """Return the files that ``read`` needs and that cannot be read, with the reason."""
    return _frames(lake)[1]


def _frames(lake: Lake) -> tuple[list[pl.DataFrame], dict[Path, str]]:
    files = _files(lake.ids)
    whole = max((place for place, file in enumerate(files) if ".whole." in file.name), default=0)
    frames, damaged = [], {}
    for file in files[whole:]:
        try:
            frames.append(
                pl.read_parquet(file, glob=False).select(pl.col(name).cast(kind) for name, kind in ROWS.items())
            )
        except (pl.exceptions.PolarsError, OSError) as error:
            damaged[file] = next(iter(str(error).splitlines()), type(error).__name__)
    return frames, damaged


def papers(lake: Lake) -> pl.DataFrame:
    """Return the ids of papers (``paper_id``) that were published last. DamagedHistory as ``read``."""
    return read(lake).filter(pl.col("kind") == "mention").select("paper_id").unique()


def write(lake: Lake, connection: Any, schema: str = "") -> int:
    """Write down what the tables of ``connection`` say and the history does not; return the number of rows.

    ``schema`` (with its dot) is where the tables stand. A file is there whole or not at all; where nothing changed, none
    is written. OSError if it cannot be.
    """
    before, now = read(lake), connection.sql(_OF_WAREHOUSE.format(schema)).pl().cast(ROWS)
    changed = now.join(before, on=list(ROWS), how="anti", nulls_equal=True)
    gone = before.join(now, on=_KEY, how="anti").with_columns(
        pl.lit(None, ROWS[name]).alias(name) for name in ("paper_id", "load_number", "founder")
    )
    rows = pl.concat([changed, gone]).sort(_KEY)
    if rows.is_empty():
        return 0
    number = max((int(file.name.partition(".")[0]) for file in _files(lake.ids)), default=0) + 1
    whole = number % _WHOLE_EVERY == 1
    lake.ids.mkdir(parents=True, exist_ok=True)
    path = lake.ids / f"{number:06}{'.whole' if whole else ''}.parquet"
    partial = path.with_name(path.name + ".partial")
    (now.sort(_KEY) if whole else rows).write_parquet(partial, compression="zstd")
    sync(partial)
    partial.chmod(0o444)
    partial.replace(path)
    sync(lake.ids)
    return int(rows.height)


def restore(lake: Lake, connection: Any) -> int:
    """Put what the history says beside the tables of a warehouse that holds no dump yet; return the number of rows.

    Within a transaction of the caller's. Loads and mentions wait in the schema ``restored`` until their dumps are there
    again (``load_of``, and the matching); ids given up stand in ``merged_papers`` at once.
    """
    said = read(lake)
    if said.is_empty():
        return 0
    connection.execute("create schema if not exists restored").fetchall()
    for name, kind, columns in (
        ("loads", "dump", "id as dump_id, load_number"),
        ("mention_papers", "mention", "id as mention_id, paper_id, founder"),
    ):
        connection.execute(
            f"create or replace table restored.{name} as select {columns} from said where kind = ?", [kind]
        ).fetchall()
    connection.execute("delete from merged_papers").fetchall()
    connection.execute(
        "insert into merged_papers select id, paper_id, load_number from said where kind = 'merged'"
    ).fetchall()
    return int(said.height)


def is_restored(connection: Any) -> bool:
    """Say whether loads and papers of earlier mentions wait in the schema ``restored``."""
    found = "select 1 from duckdb_tables() where schema_name = 'restored' and table_name = 'mention_papers'"
    return bool(connection.execute(found).fetchall())


def load_numbers(connection: Any) -> dict[str, int]:
    """Return the load in which each dump came that is to be there again, by dump_id."""
    if not is_restored(connection):
        return {}
    return dict(connection.execute("select dump_id, load_number from restored.loads").fetchall())


def forget(connection: Any) -> None:
    """Drop what waited, once all dumps are read and matched; ids given up for a paper that is not there any more go, too."""
    if is_restored(connection):
        connection.execute("drop schema restored cascade").fetchall()
        connection.execute(
            "delete from merged_papers where paper_id not in (select paper_id from paper_mentions)"
        ).fetchall()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.parquet"))
