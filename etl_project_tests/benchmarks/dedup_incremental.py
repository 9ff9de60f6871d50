"""What it costs to add 100 mentions to many known ones: seconds with commit, and memory.

    python -m etl_project_tests.benchmarks.dedup_incremental [known ...]

For each number of known mentions a warehouse is made once, in a file; then, round by round, in a process of its own: open
it, match 100 new mentions drawn from all papers, commit, close. In the end the papers are compared with those of matching
all at once. Keys, the reading of what is known, the writing and the checkpoint count; imports do not.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from etl_project_tests.benchmarks.dedup_quality import add_texts, match, match_into, warehouse_of
from etl_project_tests.benchmarks.labelled_mentions import frames

NEW, ROUNDS, SEED = 100, 5, 5


def main(sizes: list[int]) -> None:
    """Print a line for each number of known mentions."""
    with tempfile.TemporaryDirectory() as folder:
        for known in sizes:
            _measure(known, Path(folder))


def _measure(known: int, folder: Path) -> None:
    labelled = pl.concat(frames(known + NEW * ROUNDS, SEED)).sample(fraction=1.0, shuffle=True, seed=SEED)
    file = folder / f"{known}.duckdb"
    with warehouse_of(str(file)) as connection:
        add_texts(connection, labelled.head(known))
        match_into(connection, labelled.head(known))
    rounds = []
    for number in range(ROUNDS):
        part = folder / "part.parquet"
        labelled.slice(known + number * NEW, NEW).write_parquet(part)
        command = [sys.executable, "-m", __spec__.name, "--add", str(file), str(part)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        rounds.append([float(value) for value in done])
    with warehouse_of(str(file)) as connection:
        found = connection.sql("select mention_id, paper_id from paper_mentions").pl()
    at_once = match(labelled).paper_mentions
    both = found.join(at_once, on="mention_id", suffix="_at_once")
    same = (
        both["paper_id"].n_unique()
        == both["paper_id_at_once"].n_unique()
        == both.select("paper_id", "paper_id_at_once").n_unique()
        and both.height == labelled.height
    )
    opened, keys, matching, closed, memory = (list(column) for column in zip(*rounds, strict=True))
    whole = [sum(one[:4]) for one in rounds]
    print(
        f"{NEW} into {known:>10,}: {statistics.median(whole):.2f} s ({min(whole):.2f} to {max(whole):.2f}): "
        f"open {statistics.median(opened):.2f}, keys {statistics.median(keys):.2f}, matching and commit "
        f"{statistics.median(matching):.2f}, checkpoint {statistics.median(closed):.2f}; peak {max(memory):.2f} GB; "
        f"papers {'as' if same else 'NOT AS'} of all at once",
        flush=True,
    )


def _add(file: str, part: str) -> None:
    labelled = pl.read_parquet(part)
    with warehouse_of() as connection:  # imports and first calls are not counted
        add_texts(connection, labelled)
        match_into(connection, labelled)
    with warehouse_of(file) as connection:
        add_texts(connection, labelled)
    started = time.perf_counter()
    connection = warehouse_of(file)
    opened = time.perf_counter()
    keys, matching = match_into(connection, labelled)
    matched = time.perf_counter()
    connection.close()
    # not getrusage's: that begins with the memory of the process that started this one
    peak = next(
        int(line.split()[1]) / 1e6
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    print(opened - started, keys, matching, time.perf_counter() - matched, peak)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--add"]:
        _add(*sys.argv[2:4])
    else:
        main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
