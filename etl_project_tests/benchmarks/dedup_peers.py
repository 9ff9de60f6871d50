"""How well and how fast mentions are matched by other libraries, beside the project's own matching, in one table.

    python -m etl_project_tests.benchmarks.dedup_peers [mentions [rounds [seed]]]

Every way of matching gets the same labelled mentions, runs in processes of its own (``peer_cells``) and is measured by
``dedup_quality.measure``. Each round runs all of them one after another, so that all see the same hours of the machine;
shown are medians of the rounds. Peers get title and abstract as one text, from venvs of their own (``make bench-dedup``).
"""

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from etl_project.lake import PROJECT
from etl_project_tests.benchmarks.dedup_quality import measure
from etl_project_tests.benchmarks.labelled_mentions import frames
from etl_project_tests.benchmarks.peer_cells import WAYS

_HEADS = ("matching", "version", "precision", "recall", "F1", "seconds", "range", "to ours", "peak memory", "rounds")
#: Nothing is fetched and nobody is told.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "DO_NOT_TRACK": "1", "PYTHONHASHSEED": "0"}


class Cell(NamedTuple):
    """What one way of matching did in one round; peak memory in bytes, of all its processes."""

    precision: float
    recall: float
    seconds: float
    peak: float
    version: str

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)


def run_cell(way: str, data: Path, labelled: pl.DataFrame, most: float) -> Cell | str:
    """Return what ``way`` does in a fresh process, or why there is nothing to show; it has ``most`` seconds."""
    _, package, venv, needs = WAYS[way]
    python = PROJECT / ".venv-peers" / venv / "bin" / "python" if venv else Path(sys.executable)
    missing = f"not installed: {package}" + f" (needs {needs})" * bool(needs)
    if not python.exists():
        return missing
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command: list[str | Path] = [python, "-m", "etl_project_tests.benchmarks.peer_cells", way, data, folder]
        environment = {**os.environ, **_OFFLINE, "HF_HOME": str(folder / "hub")}
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log, process_group=0)
            try:
                peak = _watch(process, most)
            except TimeoutError:
                return f"stopped after {most:,.0f} s"
            finally:
                _end(process)
        if process.returncode:
            last = (folder / "log").read_text("utf-8", "replace").strip().rpartition("\n")[2]
            return missing if f"No module named '{way.replace('-', '_')}'" in last else f"failed: {last}"
        cell: dict[str, Any] = json.loads((folder / "cell.json").read_text("utf-8"))
    clusters = cell["clusters"]
    found = pl.DataFrame({"mention_id": list(clusters), "paper_id": [str(one) for one in clusters.values()]})
    quality = measure(labelled, found)
    return Cell(quality.precision, quality.recall, cell["seconds"], max(peak, cell["peak"]), cell["version"])


def _watch(process: subprocess.Popen[bytes], most: float) -> int:
    """Wait for a process and return the most memory that it had together with those it started."""
    started, peak = time.monotonic(), 0
    while process.poll() is None:
        if time.monotonic() - started > most:
            raise TimeoutError
        peak = max(peak, _memory(process.pid))
        time.sleep(0.5)
    return peak


def _memory(group: int) -> int:
    """Return the memory of a group of processes, in bytes."""
    pages = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[2]) == group:
            pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of a process and of those it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def table(cells: dict[str, list[Cell | str]], rounds: int) -> list[str]:
    """Return the lines of a Markdown table: a row for each way, medians of its rounds."""
    rows = [list(_HEADS)]
    ours = [cell.seconds if isinstance(cell, Cell) else None for cell in cells.get("ours", [])]
    for way, results in cells.items():
        good = [cell for cell in results if isinstance(cell, Cell)]
        why = [cell for cell in results if isinstance(cell, str)]
        if not good:
            rows.append([way, *[""] * (len(_HEADS) - 2), why[0]])
            continue
        seconds = [cell.seconds for cell in good]
        ratios = [
            cell.seconds / mine
            for cell, mine in zip(results, ours, strict=False)
            if isinstance(cell, Cell) and mine is not None
        ]
        rows.append(
            [
                way,
                good[0].version,
                f"{statistics.median(cell.precision for cell in good):.4f}",
                f"{statistics.median(cell.recall for cell in good):.4f}",
                f"{statistics.median(cell.f1 for cell in good):.4f}",
                f"{statistics.median(seconds):,.1f}",
                f"{min(seconds):,.1f} to {max(seconds):,.1f}",
                f"{statistics.median(ratios):,.2f}" if ratios else "",
                f"{statistics.median(cell.peak for cell in good) / 1e9:.2f} GB",
                "; ".join([f"{len(good)} of {rounds}" if len(good) < rounds else str(rounds), *why]),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]


def main(count: int, rounds: int, seed: int, most: float, slow: float) -> None:
    """Print the table, and each cell on stderr as it ends. A way that took over ``slow`` seconds has no more rounds."""
    cells: defaultdict[str, list[Cell | str]] = defaultdict(list)
    labelled = pl.concat(frames(count, seed))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "mentions.parquet"
        labelled.with_columns(text=pl.concat_str("title", "abstract", separator="\n")).write_parquet(data)
        for number in range(rounds):
            for way in WAYS:
                last = cells[way][-1] if cells[way] else None
                if isinstance(last, str) or (last and last.seconds > slow):
                    continue
                cell = run_cell(way, data, labelled, most)
                cells[way].append(cell)
                done = cell if isinstance(cell, str) else f"{cell.seconds:,.1f} s"
                print(f"round {number + 1}, {way}: {done}", file=sys.stderr, flush=True)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{count:,} mentions, seed {seed}, rounds: {rounds}, and none after one of over {slow:,.0f} s; {machine}\n")
    print("\n".join(table(cells, rounds)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Other libraries beside the project's own matching.")
    parser.add_argument("mentions", type=int, nargs="?", default=10_000)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("seed", type=int, nargs="?", default=11, help="the rules were made on seeds 0 to 4")
    parser.add_argument("--most", type=float, default=3_600, help="seconds after which a way is stopped")
    parser.add_argument("--slow", type=float, default=600, help="seconds after which a way has no more rounds")
    asked = parser.parse_args()
    main(asked.mentions, asked.rounds, asked.seed, asked.most, asked.slow)
