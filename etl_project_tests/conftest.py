"""Fixtures: a lake of its own for each test, the shipped samples with their truth, the real captures where they lie."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from etl_project.lake import PROJECT, Lake
from etl_project.run import Summary, run_job

SAMPLES = PROJECT / "data_lake" / "samples"
TRUTH = Path(__file__).parent / "fixtures" / "samples"
SHARED = PROJECT.parent / "shared"


def pytest_unconfigure() -> None:
    """Close the channel on which DuckDB's binding counts its own objects at exit, after all is said."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture(scope="session")
def real_captures() -> Path:
    if not (SHARED / "captures").is_dir():
        pytest.skip(f"the real captures are not beside the project ({SHARED.name}/captures)")
    return SHARED


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Summary]:
    """The samples, run once; tests read the result and leave it as it is."""
    lake = Lake(tmp_path_factory.mktemp("samples") / "lake")
    return lake, run_job(lake, [SAMPLES])


@pytest.fixture(scope="session")
def papers() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does, in a process of its own."""

    def call(*arguments: object, lake: Lake | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "etl_project.cli", *map(str, arguments)]
        if lake is not None:
            command += ["--lake", str(lake.root)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=PROJECT, **options)

    return call


def rows_of(lake: Lake, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the published database."""
    with duckdb.connect(str(lake.database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


ABSTRACT = (
    "We study how {topic} behaves when its parts are taken away one at a time, and find that it holds up far better "
    "than expected. Our analysis covers nine settings and four sizes, and shows that most of the effect comes from a "
    "single part which has been overlooked so far. A simple change to that part gives back the lost quality at a "
    "tenth of the cost, and the same change helps in two tasks that it was not made for."
)


def capture(*papers: tuple[str, str], day: str = "Apr 20") -> str:
    """A text capture with metadata of (title, topic) pairs."""
    blocks = [
        "Get trending papers in your email inbox!",
        "Subscribe",
        "Daily Papers",
        "byAK and the research community",
        day,
    ]
    for n, (title, topic) in enumerate(papers, 1):
        blocks += [title, ABSTRACT.format(topic=topic), f"  • {n} authors\n·\nMar {1 + (n - 1) % 28}, 2024 {n}"]
    return "\n\n".join(blocks) + "\n"
