"""Readers in loops beside publications: errors, mixed states and waits are counted.

``python -m ...chaos.readers KIND LAKE STOP`` is one reader; it writes what it saw, as JSON, when the file STOP is there.
"""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from etl_project.lake import Lake

KINDS = ("link", "parquet", "holding", "resolved", "copying")


def hammer(lake: Lake, folder: Path, readers: int, publications: int, least_seconds: float = 0.0) -> dict[str, Any]:
    """Publish ``publications`` times in ``lake`` beside ``readers`` reading processes; return what these saw, added up."""
    from etl_project import warehouse
    from etl_project.lake import writer_lock
    from etl_project.publish import publish

    folder.mkdir(parents=True, exist_ok=True)
    stop = folder / "stop"
    stop.unlink(missing_ok=True)
    command = [sys.executable, "-m", "etl_project_tests.chaos.readers"]
    processes = [
        subprocess.Popen(
            [*command, KINDS[n % len(KINDS)], str(lake.root), str(stop)], stdout=subprocess.PIPE, text=True
        )
        for n in range(readers)
    ]
    try:
        time.sleep(2)  # they are at it
        begin = time.monotonic()
        for number in range(publications):
            with writer_lock(lake, "the hammer"):
                with warehouse.connect(lake) as connection:
                    # what a run changes, in all tables that readers compare: one number, the same everywhere
                    for table, column in _NUMBERED:
                        connection.execute(f"update {table} set {column} = {number}").fetchall()
                publish(lake, f"hammer-{number}")
        while time.monotonic() - begin < least_seconds:
            time.sleep(0.1)
        took = time.monotonic() - begin
    finally:
        stop.touch()
    seen = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    stop.unlink()
    return {
        "reads": sum(one["reads"] for one in seen),
        "errors": [error for one in seen for error in one["errors"]],
        "mixed": [error for one in seen for error in one["mixed"]],
        "longest_read": round(max(one["longest"] for one in seen), 2),
        "publications_seen": len({run for one in seen for run in one["runs"]}),
        "seconds": round(took, 1),
    }


#: Columns that no reader needs, which the hammer sets to the number of the publication.
_NUMBERED = (
    ("papers", "n_mentions"),
    ("parsed_rows", "upvotes"),
    ("author_counts", "n_values"),
    ("paper_links", "n_mentions"),
)


def _numbers(connection: duckdb.DuckDBPyConnection) -> tuple[str, list[tuple[Any, ...]]]:
    run = connection.execute("select run_id from publication").fetchall()[0][0]
    numbers = [
        connection.execute(f"select min({column}), max({column}), count(*) from {table}").fetchall()[0]
        for table, column in _NUMBERED
    ]
    return run, numbers


def _check(run: str, numbers: list[tuple[Any, ...]], mixed: list[str]) -> None:
    if run.startswith("hammer-") and {n for low, high, _ in numbers for n in (low, high)} != {int(run.split("-")[1])}:
        mixed.append(f"{run}: {numbers}")


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True)


def _read_database(lake: Lake, mixed: list[str]) -> str:
    with _open(lake.database) as connection:
        run, numbers = _numbers(connection)
        _check(run, numbers, mixed)
    return run


def _read_resolved(lake: Lake, mixed: list[str]) -> str:
    """As a program does that finds the file once and opens it again and again for a while."""
    path = lake.database.resolve()
    for _ in range(20):
        with _open(path) as connection:
            run, numbers = _numbers(connection)
            _check(run, numbers, mixed)
        time.sleep(0.02)
    return run


def _hold(lake: Lake, mixed: list[str]) -> str:
    """Hold the file open over publications: what it shows stays."""
    with _open(lake.database) as connection:
        first = _numbers(connection)
        for _ in range(20):
            time.sleep(0.05)
            now = _numbers(connection)
            _check(*now, mixed)
            if now != first:
                mixed.append(f"held open, {first} became {now}")
    return first[0]


def _read_parquet(lake: Lake, mixed: list[str], pause: float = 0.0) -> str:
    """Find the folder once, then read its manifest and its files one by one."""
    folder = lake.exports.resolve()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for file in manifest["files"]:
        time.sleep(pause)
        if hashlib.sha256((folder / file["file"]).read_bytes()).hexdigest() != file["sha256"]:
            mixed.append(f"{file['file']} of {manifest['run_id']} is not what the manifest says")
    return str(manifest["run_id"])


def _copy_slowly(lake: Lake, mixed: list[str]) -> str:
    return _read_parquet(lake, mixed, pause=0.25)


_READ = {
    "link": _read_database,
    "holding": _hold,
    "resolved": _read_resolved,
    "parquet": _read_parquet,
    "copying": _copy_slowly,
}


def _main(kind: str, lake: Lake, stop: Path) -> None:
    reads, longest, errors, mixed, runs = 0, 0.0, [], [], set()
    while not stop.exists():
        start = time.monotonic()
        try:
            runs.add(_READ[kind](lake, mixed))
        except (OSError, ValueError, duckdb.Error) as error:
            errors.append(f"{kind}: {error}")
        reads += 1
        if kind in ("link", "parquet"):  # the others pause within
            longest = max(longest, time.monotonic() - start)
            time.sleep(0.2)  # else the readers take all of a small machine, and publications take minutes
    told = {"reads": reads, "longest": longest, "errors": errors, "mixed": mixed, "runs": sorted(runs)}
    print(json.dumps(told))


if __name__ == "__main__":
    _main(sys.argv[1], Lake(Path(sys.argv[2])), Path(sys.argv[3]))
