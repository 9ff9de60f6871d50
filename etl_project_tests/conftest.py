"""Fixtures: a lake of its own for each test, the shipped samples with their truth, the real captures where they lie.

``forms_run`` is a lake in which the same papers come in text, JSON, Markdown and saved pages, each with what only
its form carries.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from etl_project.lake import PROJECT, Lake
from etl_project.run import Summary, run_job
from etl_project_tests import renderer
from etl_project_tests.pages import Told, item_of, page_of

SAMPLES = PROJECT / "data_lake" / "samples"
TRUTH = Path(__file__).parent / "fixtures" / "samples"
SHARED = PROJECT.parent / "shared"
_RECORDS = [json.loads(line) for line in (TRUTH / "records.jsonl").read_text("utf-8").splitlines()]
#: Of the samples, as they were invented.
N_FILES = len(list(SAMPLES.iterdir()))
N_MENTIONS = len(_RECORDS)
N_PAPERS = len({record["paper"] for record in _RECORDS})


def pytest_unconfigure() -> None:
    """Close the channel on which DuckDB's binding counts its own objects at exit, after all is said."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that make whole runs: else one process works alone in the end."""
    runs = {"lake", "sample_run", "papers"}
    slow = {item.path for item in items if runs & {*getattr(item, "fixturenames", ())}}
    items.sort(key=lambda item: item.path not in slow)


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


@pytest.fixture
def samples_copy(sample_run: tuple[Lake, Summary], lake: Lake) -> Lake:
    """The samples' lake to change: a run on it costs one run, not two."""
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    return lake


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of 128 MB, or with the options that a test names, if this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", getattr(request, "param", "size=128m"), "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs rights that this process has not")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody vouches for, of 127.0.0.1, with its key."""
    place = tmp_path_factory.mktemp("tls") / "self_signed.pem"
    command = [
        *(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ),
        *("-subj", "/CN=invented", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", place, "-out", f"{place}.crt"),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl, which makes the certificate, is not here")
    with place.open("ab") as both:
        both.write(Path(f"{place}.crt").read_bytes())
    return place


@pytest.fixture(scope="session")
def papers() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does, in a process of its own."""

    def call(*arguments: object, lake: Lake | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "etl_project.cli", *map(str, arguments)]
        if lake is not None:
            command += ["--lake", str(lake.root)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=PROJECT, **options)

    return call


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The machine's own Chromium, driven by Playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright comes with: make test-long")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


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


def _forms(gravel: str, light: str, lichen: str) -> dict[str, str]:
    """The text of a capture of each form, by file name; the abstracts are those that the text capture has, too."""
    api = [
        Told(
            "2403.01001",
            EVERYWHERE,
            gravel,
            "Small parts matter less.",
            ("Ada Pebble", "Bo Gravel", "Cy Sand"),
            ("pebble-lab", "Pebble Lab"),
            "https://github.com/Pebble-Lab/Small.Parts",
            11312,
            "https://pebble-lab.github.io/parts",
            "2024-03-01T18:30:05.000Z",
            "2024-03-04T23:59:00.000Z",
            upvotes=31,
        ),
        Told(
            "2403.01004",
            CONTRADICTED,
            light,
            authors=("Di Lamp", "Ed Wick"),
            github="https://github.com/Lantern/Slow",
            stars=90,
            published="2024-03-09T01:00:00.000Z",
            daily="2024-03-10T01:00:00.000Z",
        ),
        Told(
            "2403.01007",
            LINKED,
            "Code: https://github.com/Kiosk/One/tree/main/a and https://github.com/kiosk/two.",
            github="https://github.com/kiosk/one",
            stars=5,
            page="https://github.com/kiosk/site",
        ),
        Told("2403.01005", CUT_ONLY, "We look for every map that..."),
    ]
    # the summaries stand in the abstract's place
    trending = [
        renderer.Paper(
            number=1,
            title="Why Small Parts Matter Less than anyone Thought!",
            abstract="",
            summary="Most small parts of a large model hardly matter to what it does.",
            arxiv_id="2403.01001",
            n_authors=4,
            organisation=None,
            month=3,
            day=1,
            year=2024,
            comments=0,
            upvotes=30,
            github="https://github.com/pebble-lab/small.parts",
            stars="11.3k",
        ),
        renderer.Paper(
            number=2,
            title=SUMMARY_ONLY,
            abstract="",
            summary="A machine that is patient enough counts every pebble of a beach.",
            arxiv_id="2403.01002",
            n_authors=None,
            organisation=("pebble-lab", "Pebble Lab"),
            month=3,
            day=2,
            year=2024,
            comments=0,
            upvotes=8,
            github=None,
            stars=None,
        ),
    ]
    changed = Told(
        "2403.01004",
        CONTRADICTED,
        light,
        authors=("Ed Wick", "Di Lamp", "Flo Tallow"),
        github="https://github.com/lantern/moved",
        stars=95,
        published="2024-03-08T01:00:00.000Z",
        daily="2024-03-11T01:00:00.000Z",
    )
    cards = [
        Told("2403.01001", EVERYWHERE, org=("pebble-lab", "Pebble Lab"), upvotes=29),
        Told("2403.01003", CARD_ONLY, authors=("Gus Hush", "Hal Roar")),
        Told("2403.01004", CONTRADICTED + ", Revisited", org=("lantern-house", "Lantern House"), stars=7),
    ]
    mirrored = [
        Told("2403.01006", MIRRORED, lichen, authors=("Ida Moss", "Jo Fern", "Kai Fog"), published="2024-03-03T09:00:00.000Z"),
        Told("2403.01002", SUMMARY_ONLY + ".", "Of pebbles.", "Pebbles!", ("Lu Shore",), published="2024-03-02T09:00:00.000Z"),
    ]  # fmt: skip
    markdown = renderer.render(
        trending, renderer.Layout(page="trending", abstracts="summary", image="markdown", copies=2)
    )
    return {
        "api.json": json.dumps({"date": "2026-06-12", "papers": [item_of(paper) for paper in api]}, indent=1),
        "trending.md": "---\nsource: https://huggingface.co/papers/trending\ncreated: 2026-06-10\n---\n" + markdown,
        "daily.html": page_of([changed], "daily", day="2026-06-10"),
        "cards.html": page_of(cards, "daily", data=False, day="2026-06-09"),
        "mirror.html": page_of(mirrored, "search", host="https://hf-mirror.com", day="2026-06-08"),
    }


@pytest.fixture(scope="session")
def forms_run(sample_run: tuple[Lake, Summary], tmp_path_factory: pytest.TempPathFactory) -> FormsRun:
    """The samples; then a text capture; then the same papers and others in the other forms. Read, never changed."""
    folder = tmp_path_factory.mktemp("forms")
    lake = Lake(folder / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    text = folder / "page.txt"
    text.write_text(capture((EVERYWHERE, "gravel"), (CONTRADICTED, "lantern light"), (MIRRORED, "lichen")), "utf-8")
    first = run_job(lake, [text])
    assert first.published, first
    ids = dict(rows_of(lake, "select title, paper_id from papers"))
    later = _forms(*(ABSTRACT.format(topic=topic) for topic in ("gravel", "lantern light", "lichen")))
    for name, content in later.items():
        (folder / name).write_text(content, "utf-8")
    second = run_job(lake, [folder / name for name in later])
    assert (second.exit_code, second.checks_failed, second.error) == (0, [], ""), second
    assert {Path(file["file"]).name: (file["form"], file["records"]) for file in second.files} == {
        "api.json": ("api_json", 4),
        "trending.md": ("markdown_trending", 2),
        "daily.html": ("html_data", 1),
        "cards.html": ("html_cards", 3),
        "mirror.html": ("html_data", 2),
    }
    assert second.papers["merged"] == 0
    return FormsRun(lake, ids)
