"""How long the whole job takes, and how much memory: the samples in their parts, then generated captures.

python -m etl_project_tests.benchmarks.job_speed [captures]
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from etl_project.lake import PROJECT
from etl_project_tests.benchmarks.corpus import Corpus


def _timed(*arguments: object) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def main(captures: int) -> None:
    """Print seconds and peak memory of the largest process."""
    with tempfile.TemporaryDirectory() as folder:
        lake, pages = Path(folder) / "lake", Path(folder) / "pages"
        for module in ("duckdb", "polars", "dagster", "great_expectations"):
            print(f"import {module}: {_timed('-c', f'import {module}'):.1f} s")
        run = ["-m", "etl_project.cli", "run"]
        print(f"papers run on the samples: {_timed(*run, PROJECT / 'data_lake' / 'samples', '--lake', lake):.1f} s")
        print(f"again, all known: {_timed(*run, PROJECT / 'data_lake' / 'samples', '--lake', lake):.1f} s")
        pages.mkdir()
        size = 0
        for n, text in enumerate(Corpus().captures(captures)):
            size += (pages / f"{n}.txt").write_text(text, "utf-8")
        seconds = _timed(*run, pages, "--lake", Path(folder) / "large")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"papers run on {captures} captures, {size / 1e6:.0f} MB: {seconds:.0f} s, peak memory {peak:.0f} MB")
        stored = sum(f.stat().st_size for f in (Path(folder) / "large" / "warehouse").glob("*.duckdb"))
        print(f"warehouse {stored / 1e6:.0f} MB on {os.cpu_count()} cores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
