"""What a reader sees: whether a publication is whole, what it holds, and how long none could be read."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from etl_project.lake import PROJECT, Lake
from etl_project.tables import TABLES


class Broken(Exception):
    """What readers have is not whole; the message says in what."""


def whole(lake: Lake) -> str:
    """Return the run id of what is published, read in full as database and as Parquet; Broken if they are not of one run."""
    folder = (lake.published / "current").resolve()
    try:
        manifest = json.loads((lake.exports / "manifest.json").read_bytes())
        if lake.exports.resolve() != folder / "parquet" or lake.database.resolve() != folder / "papers.duckdb":
            raise Broken("database and Parquet files are of two publications")
        for file in manifest["files"]:
            content = (folder / "parquet" / file["file"]).read_bytes()
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                raise Broken(f"{file['file']} is not what the manifest says")
        with duckdb.connect(str(folder / "papers.duckdb"), read_only=True) as connection:
            (run_id,) = connection.execute("select run_id from publication").fetchall()[0]
            for table in TABLES:
                parquet = str(folder / "parquet" / f"{table.name}.parquet")
                sums = [
                    connection.execute(f"select count(*), bit_xor(hash(t)) from {source} t").fetchall()[0]
                    for source in (table.name, f"read_parquet('{parquet}', hive_partitioning = false)")
                ]
                if sums[0] != sums[1]:
                    raise Broken(f"{table.name}: the database has other rows than the Parquet file")
    except (OSError, ValueError, KeyError, duckdb.Error) as error:
        raise Broken(str(error)) from error
    if run_id != manifest["run_id"]:
        raise Broken(f"the database is of run {run_id}, the Parquet files of {manifest['run_id']}")
    return str(run_id)


def content(lake: Lake) -> dict[str, Any]:
    """Return what is published, for comparison: each Parquet file's hash; of raw dumps the rows without the time of taking.

    Tables that tell of runs differ between two that give the same data, and are left out.
    """
    folder = lake.exports.resolve()
    found: dict[str, Any] = {
        table.name: hashlib.sha256((folder / f"{table.name}.parquet").read_bytes()).hexdigest()
        for table in TABLES
        if not table.tells_of_a_run
    }
    with duckdb.connect() as connection:
        found["raw_dumps"] = connection.execute(
            f"select * exclude (received_at) from read_parquet('{folder / 'raw_dumps.parquet'}', hive_partitioning = false) order by all"
        ).fetchall()
    return found


def mentions(lake: Lake) -> list[str]:
    """Return the ids of all published mentions."""
    parquet = lake.exports.resolve() / "parsed_rows.parquet"
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(f"select mention_id from read_parquet('{parquet}')").fetchall()]


class Sampler:
    """A process that reads what is published, again and again, beside what goes on.

    ``gap`` is the longest time without a publication that can be read, in seconds, ``errors`` what was said then. A
    process of its own: within one, DuckDB refuses to open a file that is open with other settings.
    """

    def __init__(self, lake: Lake) -> None:
        self.lake, self.gap, self.reads, self.errors = lake, 0.0, 0, list[str]()

    def __enter__(self) -> "Sampler":
        self._folder = tempfile.TemporaryDirectory()
        self._stop = Path(self._folder.name) / "stop"
        command = [sys.executable, "-m", "etl_project_tests.chaos.watching", str(self.lake.root), str(self._stop)]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._process.stdout
        self._process.stdout.readline()  # it is at it
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.touch()
        told = json.loads(self._process.communicate(timeout=120)[0])
        self.gap, self.reads, self.errors = told["gap"], told["reads"], told["errors"]
        self._folder.cleanup()


def _sample(lake: Lake, stop: Path) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    gap, reads, errors = 0.0, 0, []
    print("reading", flush=True)
    last, failing = time.monotonic(), False
    while not stop.exists():
        try:
            run_id, read = _read(lake.database.resolve(strict=True))
            if sums.setdefault(run_id, read) != read:
                raise Broken(f"run {run_id} shows other rows than before")
        except (OSError, duckdb.Error, Broken) as error:
            failing = True
            errors.append(str(error))
        else:
            now = time.monotonic()
            if failing:
                gap = max(gap, now - last)
            last, failing = now, False
            reads += 1
        time.sleep(0.05)
    if failing:
        gap = max(gap, time.monotonic() - last)
    return {"gap": gap, "reads": reads, "errors": errors[:20]}


def _read(path: Path) -> tuple[str, Any]:
    with duckdb.connect(str(path), read_only=True) as connection:
        (run_id,) = connection.execute("select run_id from publication").fetchall()[0]
        return str(run_id), [
            connection.execute(f"select count(*), bit_xor(hash(t)) from {name} t").fetchall()
            for name in ("papers", "parsed_rows", "author_counts")
        ]


if __name__ == "__main__":
    print(json.dumps(_sample(Lake(Path(sys.argv[1])), Path(sys.argv[2]))))
