"""Fixtures: a lake of its own for each test, the shipped samples with their truth, the real captures where they lie.

``forms_run`` is a lake in which papers come in all forms, with what only some forms carry; its captures are read by
a reader of the tests' own (``as_records``), so that what becomes of the values is tested apart from how they are read.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from etl_project import parse
from etl_project.captures import FORMS, Reading, Record, read_capture
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


_AS_RECORDS = "records of a capture, as they are read"


def as_records(path: Path, *records: dict[str, Any], **reading: Any) -> Path:
    """Write a capture that ``read_records`` reads as these records; ``reading`` has fields of ``Reading``."""
    lines = [json.dumps({_AS_RECORDS: reading}), *(json.dumps(record) for record in records)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def read_records(text: str, damaged: Collection[int] = ()) -> Reading:
    """Read what ``as_records`` wrote, one record a line; any other text as the program does."""
    if _AS_RECORDS not in text.partition("\n")[0]:
        return read_capture(text, damaged)
    head, *lines = text.splitlines()
    reading = json.loads(head)[_AS_RECORDS]
    reading["days"] = tuple(tuple(day) for day in reading.get("days", ()))
    records = []
    for number, line in enumerate(lines, 2):
        fields = json.loads(line)
        fields.setdefault("abstract", None)
        fields.setdefault("abstract_kind", "abstract" if fields["abstract"] else None)
        if names := fields.get("authors"):
            fields |= {"authors": tuple(names), "n_authors": len(names)}
        records.append(Record(number, number, **fields))
    return Reading(FORMS[0], 1.0, records, [], len(lines) + 1, len(lines), 1, 0, **reading)


class FormsRun(NamedTuple):
    """A lake with papers in all forms, and the ids that they had when only the text captures were in it."""

    lake: Lake
    ids_before: dict[str, str]  # title: paper_id


#: Invented papers by what becomes of them; each title is long enough to tell the paper.
EVERYWHERE = "Why Small Parts Matter Less Than Anyone Thought"
SUMMARY_ONLY = "Counting Pebbles With a Very Patient Machine"
CARD_ONLY = "On the Quiet Side of Loud Optimisers"
CONTRADICTED = "Slow Lanterns for Fast and Careless Readers"
CUT_ONLY = "A Map of All the Maps That Were Lost"
LINKED = "Every Kiosk Sells the Same Three Repositories"
MIRRORED = "Lichens Grow Along the Gradient, Not Against It"


@pytest.fixture(scope="session")
def forms_run(sample_run: tuple[Lake, Summary], tmp_path_factory: pytest.TempPathFactory) -> FormsRun:
    """The samples; then a text capture; then the same papers and others in the other forms. Read, never changed."""
    folder = tmp_path_factory.mktemp("forms")
    lake = Lake(folder / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    text = folder / "page.txt"
    text.write_text(capture((EVERYWHERE, "gravel"), (CONTRADICTED, "lantern light"), (MIRRORED, "lichen")), "utf-8")
    gravel, light, lichen = (ABSTRACT.format(topic=topic) for topic in ("gravel", "lantern light", "lichen"))
    later = [
        as_records(
            folder / "api.json",
            {
                "title": EVERYWHERE,
                "abstract": gravel,
                "arxiv_id": "2403.01001",
                "authors": ["Ada Pebble", "Bo Gravel", "Cy Sand"],
                "date_text": "2024-03-01",
                "arxiv_time": "2024-03-01T18:30:05.000Z",
                "daily_time": "2024-03-04T23:59:00.000Z",
                "upvotes": 31,
                "ai_summary": "Small parts matter less.",
                "github_url": "https://github.com/Pebble-Lab/Small.Parts",
                "github_stars": 11312,
                "github_stars_step": 1,
                "project_url": "https://pebble-lab.github.io/parts",
                "organisation_handle": "pebble-lab",
                "organisation_name": "Pebble Lab",
            },
            {
                "title": CONTRADICTED,
                "abstract": light,
                "arxiv_id": "2403.01004",
                "authors": ["Di Lamp", "Ed Wick"],
                "date_text": "2024-03-09",
                "arxiv_time": "2024-03-09T01:00:00Z",
                "daily_time": "2024-03-10T01:00:00Z",
                "github_url": "https://github.com/Lantern/Slow",
                "github_stars": 90,
            },
            {
                "title": LINKED,
                "abstract": "Code: https://github.com/Kiosk/One/tree/main/a and https://github.com/kiosk/two.",
                "arxiv_id": "2403.01007",
                "github_url": "https://github.com/kiosk/one",
                "github_stars": 5,
                "project_url": "https://github.com/kiosk/site",
            },
            {
                "title": CUT_ONLY,
                "abstract": "We look for every map that...",
                "abstract_kind": "cut",
                "arxiv_id": "2403.01005",
            },
            days=[("json", "2026-06-12")],
        ),
        as_records(
            folder / "trending.md",
            {
                "title": "Why Small Parts Matter Less than anyone Thought!",
                "abstract": "Small parts hardly matter.",
                "abstract_kind": "summary",
                "arxiv_id": "2403.01001",
                "n_authors": 4,
                "date_text": "Published on Mar 1, 2024",
                "github_url": "https://github.com/pebble-lab/small.parts",
                "github_stars": 11300,
                "github_stars_step": 100,
            },
            {
                "title": SUMMARY_ONLY,
                "abstract": "A patient machine counts pebbles.",
                "abstract_kind": "summary",
                "arxiv_id": "2403.01002",
                "organisation_handle": "pebble-lab",
            },
            {
                "title": CONTRADICTED,
                "arxiv_id": "2403.01004",
                "authors": ["Ed Wick", "Di Lamp", "Flo Tallow"],
                "arxiv_time": "2024-03-08T01:00:00Z",
                "daily_time": "2024-03-11T01:00:00Z",
                "github_url": "https://github.com/lantern/moved",
                "github_stars": 95,
            },
            captured_raw="Jun 10",
            days=[("link", "2026-06-10")],
        ),
        as_records(
            folder / "cards.html",
            {"title": EVERYWHERE, "arxiv_id": "2403.01001", "date_text": "Mar 1, 2024"},
            {"title": CARD_ONLY, "arxiv_id": "2403.01003", "n_authors": 2},
            {"title": CONTRADICTED + ", Revisited", "arxiv_id": "2403.01004", "github_stars": 7},
        ),
        as_records(
            folder / "mirror.html",
            {"title": MIRRORED, "abstract": lichen, "arxiv_id": "2403.01006"},
            {
                "title": SUMMARY_ONLY + ".",
                "abstract": "Of pebbles.",
                "arxiv_id": "2403.01002",
                "ai_summary": "Pebbles!",
            },
            mirror="hf-mirror.com",
        ),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "read_capture", read_records)
        first = run_job(lake, [text])
        assert first.published, first
        ids = dict(rows_of(lake, "select title, paper_id from papers"))
        second = run_job(lake, later)
    assert (second.exit_code, second.checks_failed, second.error) == (0, [], ""), second
    assert second.papers["merged"] == 0
    return FormsRun(lake, ids)
