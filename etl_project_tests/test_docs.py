"""The README's words against the program: commands, tables, SQL, exit codes, sizes."""

import re
import subprocess
from itertools import chain

import duckdb
import pytest

from etl_project import raw
from etl_project.lake import PROJECT, Lake
from etl_project.tables import TABLES

README = (PROJECT / "README.md").read_text("utf-8")


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    text = (
        README
        + (PROJECT / "CONTRIBUTING.md").read_text("utf-8")
        + (PROJECT / "docs" / "dependencies.md").read_text("utf-8")
    )
    for target in set(re.findall(r"\bmake ([a-z]+)", text)) - {"sure"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_table_is_named() -> None:
    for table in TABLES:
        if table.name != "merged_papers":
            assert f"`{table.name}`" in README, table.name


@pytest.mark.parametrize("query", re.findall(r"^(select [^;]+);", README, re.MULTILINE))
def test_the_readmes_sql_runs(query: str, sample_run: tuple[Lake, object]) -> None:
    with duckdb.connect(str(sample_run[0].database), read_only=True) as connection:
        assert connection.execute(query).fetchall()


def test_the_readmes_limit_is_the_programs() -> None:
    assert f"{raw.LARGEST_OPENED >> 20} MiB" in README


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


_PROMISES = [
    line
    for table in re.findall(
        r"^\| promise \| held by \|\n\|---\|---\|\n((?:\|.*\n)+)",
        (PROJECT / "docs" / "promises.md").read_text("utf-8"),
        re.MULTILINE,
    )
    for line in table.splitlines()
]


@pytest.mark.parametrize("promise", _PROMISES)
def test_every_promise_names_tests_that_are_there(promise: str) -> None:
    named = re.findall(r"`([a-z_/]+)\.py::(\w+)`", promise)
    assert named, "no promise without a test"
    for file, test in named:
        text = (PROJECT / "etl_project_tests" / f"{file}.py").read_text("utf-8")
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), (file, test)


def test_every_dependency_is_explained() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    explained = (PROJECT / "docs" / "dependencies.md").read_text("utf-8")
    for line in chain(project["dependencies"], *project["optional-dependencies"].values()):
        name = re.match(r"[a-z0-9-]+", line)[0]
        assert re.search(rf"\b{name}\b", explained), name


def test_no_file_names_a_registry_or_a_place_of_this_machine() -> None:
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False, cwd=PROJECT).stdout.split()
    if not files:
        pytest.skip("not a git checkout")
    index = re.compile(r"--(?:extra-)?index-url|https?://[^ ]+/simple(?:/|$)|pypi\.org|pythonhosted")
    for name in files:
        path = PROJECT / name
        if (
            path.suffix in {".txt", ".jsonl", ".xz", ".png"}
            or name == "etl_project_tests/test_docs.py"
            or not path.exists()
        ):
            continue
        text = path.read_text("utf-8")
        assert not index.search(text), name
        assert str(PROJECT) not in text, name


def test_the_picture_of_the_datas_way_is_that_of_the_assets() -> None:
    from etl_project import picture

    assert picture.PATH.read_text("utf-8") == picture.draw(), "make dictionary"
