"""Exports read by other programs, and sent to other places: those need a venv of their own, `make .venv-readers/ready`."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from etl_project.lake import PROJECT, Lake
from etl_project.tables import BY_NAME, TABLES
from etl_project_tests.conftest import rows_of
from etl_project_tests.data_sets import TOKEN, DataSets
from etl_project_tests.published import HARD, NAMES, hard_rows, publish

pytestmark = pytest.mark.long

_VENV = PROJECT / ".venv-readers" / "bin" / "python"


class Exports(NamedTuple):
    """One publication, exported in several ways."""

    lake: Lake
    folders: dict[str, Path]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    folder = tmp_path_factory.mktemp("exports")
    lake = publish(Lake(folder / "lake"), hard_rows())
    ways = {
        "parquet": [], "csv": ["--format", "csv"], "jsonl": ["--format", "jsonl"], "parted": ["--partition", "month"],
        "papers": ["--tables", "papers,coverage", "--format", "csv,bibtex"],
    }  # fmt: skip
    for name, options in ways.items():
        command = [
            sys.executable,
            "-m",
            "etl_project.cli",
            "export",
            "--lake",
            lake.root,
            "--to",
            folder / name,
            *options,
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=PROJECT)
    return Exports(lake, {name: folder / name for name in ways})


def _run(module: str, *arguments: object, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts in ``readers`` in its venv, which knows no network but loopback."""
    if not _VENV.exists():
        pytest.skip("the readers are not installed; make .venv-readers/ready")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "AWS_"))}
    done = subprocess.run(
        [str(_VENV), "-m", f"etl_project_tests.readers.{module}", *map(str, arguments)],
        capture_output=True, text=True, timeout=300, cwd=PROJECT, check=False, env=kept | environment,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def read(exports: Exports, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ways = [exports.folders[name] for name in ("parquet", "csv", "jsonl", "parted")]
    told = json.loads(_run("read_back", *ways, HF_HOME=str(tmp_path_factory.mktemp("hf"))).stdout)
    return {Path(folder).name: found for folder, found in told.items()}


_TYPES = {
    "text": "string", "integer": "int32", "bigint": "int64", "double": "double", "boolean": "bool",
    "date": "date32[day]", "timestamp": "timestamp[us]",
}  # fmt: skip


@pytest.mark.parametrize("way", ["parquet", "jsonl", "parted"])
def test_data_sets_of_hugging_face_have_types_and_values(way: str, exports: Exports, read: dict[str, Any]) -> None:
    found = read[way]
    assert found["default"] == "papers"
    filled = {table.name for table in TABLES if rows_of(exports.lake, f"from {table.name} limit 1")}
    assert set(found["tables"]) == filled
    for name, data in found["tables"].items():
        table = BY_NAME[name]
        for column in table.published_columns:
            if column.type != "integers":
                assert data["types"][column.name] == _TYPES[column.type], (name, column.name)
        truth = rows_of(exports.lake, f"select * from {name}")
        assert sorted(data["rows"]) == sorted([repr(value) for value in row] for row in truth), name


def test_the_datasets_example_of_the_docs_works(exports: Exports, tmp_path: Path) -> None:
    (example,) = re.findall(
        r"```python datasets\n(.*?)```", (PROJECT / "docs" / "exports.md").read_text("utf-8"), re.DOTALL
    )
    (tmp_path / "papers-export").symlink_to(exports.folders["parquet"])
    if not _VENV.exists():
        pytest.skip("the readers are not installed; make .venv-readers/ready")
    settings = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    done = subprocess.run(
        [str(_VENV), "-c", example],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **settings},
    )
    assert (done.returncode, done.stdout) == (0, f"Value('date32') {len(NAMES)}\n"), done.stderr


def test_csv_is_not_given_to_data_sets_of_hugging_face_which_would_guess_its_types(read: dict[str, Any]) -> None:
    assert "tables" not in read["csv"]


@pytest.mark.parametrize("way", ["parquet", "csv", "jsonl", "parted"])
def test_the_descriptions_are_valid_and_lead_to_every_row(way: str, exports: Exports, read: dict[str, Any]) -> None:
    found = read[way]
    assert (found["data_package"], found["croissant"]) == ([], [])
    assert found["records"] == {t.name: rows_of(exports.lake, f"select count(*) from {t.name}")[0][0] for t in TABLES}


_OLD = """
import json, sys
sys.path.insert(0, sys.argv[1])
import duckdb
read = {"version": duckdb.__version__, "types": {}, "rows": {}}
for name in sys.argv[4].split(","):
    for where, source in (("parquet", f"read_parquet('{sys.argv[2]}/{name}.parquet')"), ("database", f"d.{name}")):
        duckdb.execute(f"attach if not exists '{sys.argv[3]}' as d (read_only)")
        cursor = duckdb.execute(f"select * from {source} order by all")
        read["rows"][f"{where} {name}"] = [[repr(value) for value in row] for row in cursor.fetchall()]
parted = f"read_parquet('{sys.argv[5]}/papers/*/*.parquet', hive_partitioning = true)"
read["months"] = sorted(str(m) for (m,) in duckdb.execute(f"select published_month from {parted}").fetchall())
json.dump(read, sys.stdout)
"""


@pytest.mark.parametrize("version", ["1.4", "1.5"])
def test_older_versions_of_duckdb_read_the_same(version: str, exports: Exports, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [*command, "--target", tmp_path / "old", f"duckdb=={version}.*"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"DuckDB {version} cannot be installed here: {done.stderr.strip()[-200:]}")
    names = [table.name for table in TABLES]
    arguments = [
        tmp_path / "old",
        exports.folders["parquet"],
        exports.lake.database.resolve(),
        ",".join(names),
        exports.folders["parted"],
    ]
    read = json.loads(
        subprocess.run([sys.executable, "-c", _OLD, *arguments], capture_output=True, text=True, check=True).stdout
    )
    assert read["version"].startswith(version)
    for name in names:
        truth = [[repr(v) for v in row] for row in rows_of(exports.lake, f"select * from {name} order by all")]
        assert read["rows"][f"parquet {name}"] == read["rows"][f"database {name}"] == truth, name
    months = rows_of(exports.lake, "select date_trunc('month', published_on)::date from papers")
    # 1.4 does not know Hive's name for null, and reads it as it is
    no_month = "__HIVE_DEFAULT_PARTITION__" if version == "1.4" else "None"
    assert read["months"] == sorted(str(month or no_month) for (month,) in months)


def _r(script: str, *arguments: object) -> str:
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed (apt-get install r-base-core)")
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", script, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if "no package called" in done.stderr:
        pytest.skip(f"R has none of its packages for Parquet here: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_r_reads_the_csv(exports: Exports) -> None:
    script = (
        "file <- commandArgs(trailingOnly = TRUE); "
        "d <- read.csv(file, fileEncoding = 'UTF-8-BOM', colClasses = c(arxiv_id = 'character', title = 'character'), na.strings = ''); "
        "cat(nrow(d), sum(is.na(d$published_on)), d$arxiv_id[2], nchar(d$title[6]), names(d)[1], sep = '|')"
    )
    undated = sum(day is None for (day,) in rows_of(exports.lake, "select published_on from papers"))
    assert (
        _r(script, exports.folders["csv"] / "papers.csv") == f"{len(HARD)}|{undated}|2403.00001|{len(HARD[5])}|paper_id"
    )


@pytest.mark.parametrize("package", ["arrow", "nanoparquet"])
def test_r_reads_the_parquet(package: str, exports: Exports) -> None:
    script = (
        "file <- commandArgs(trailingOnly = TRUE); "
        f"d <- {package}::read_parquet(file); "
        "cat(nrow(d), sum(is.na(d$published_on)), d$arxiv_id[2], class(d$published_on)[1], nchar(d$title[6]), sep = '|')"
    )
    undated = sum(day is None for (day,) in rows_of(exports.lake, "select published_on from papers"))
    told = _r(script, exports.folders["parquet"] / "papers.parquet")
    assert told == f"{len(HARD)}|{undated}|2403.00001|Date|{len(HARD[5])}"


def _sums(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_s3_gets_the_same_bytes_and_only_an_export_is_replaced(exports: Exports) -> None:
    first, second = exports.folders["parted"], exports.folders["papers"]
    told = json.loads(_run("to_s3", first, second).stdout)
    assert told["first"] == _sums(first)
    assert told["second"] == _sums(second), "what the first one had is gone"
    assert "holds other files and no export's manifest.json" in told["refused"]["s3://lake/other"]
    assert "s3://nobodys/papers cannot be" in told["refused"]["s3://nobodys/papers"]
    assert not [said for said in told["refused"].values() if "\n" in said]


@pytest.fixture
def data_sets() -> Iterator[DataSets]:
    with DataSets() as service:
        yield service


@pytest.fixture
def push(data_sets: DataSets, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def push(folder: Path, name: str = "hf://org/papers", token: str = TOKEN) -> subprocess.CompletedProcess[str]:
        # Xet's own store is not spoken here: files go by LFS, as where it is switched off or not installed
        settings = {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
        return _run("to_hub", folder, name, data_sets.url, token, check=False, **settings)

    return push


def test_a_push_is_one_commit_with_all_files_and_the_next_takes_away_what_it_has_not(
    exports: Exports, data_sets: DataSets, push: Callable[..., Any]
) -> None:
    for n, way in enumerate(("parted", "papers"), 1):
        folder = exports.folders[way]
        done = push(folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{data_sets.url}/datasets/org/papers/commit/{n:040}\n"
        there = {
            name: hashlib.sha256(content).hexdigest() for name, content in data_sets.repositories["org/papers"].items()
        }
        assert there == {".gitattributes": hashlib.sha256(b"").hexdigest(), **_sums(folder)}
    assert data_sets.private == {"org/papers": True}
    first, second = data_sets.commits
    assert first["summary"] == "Publication of 2026-07-01T12:00:00Z, run the-run"
    assert first["lfs"] and first["files"] and not first["deleted"]
    assert set(second["deleted"]) == set(_sums(exports.folders["parted"])) - set(_sums(exports.folders["papers"]))
    # the address of the files' store is another's: it does not see the token
    assert {bool(token) for _, path, token in data_sets.asked if path.startswith("/objects/")} == {False}


@pytest.mark.parametrize(
    ("files", "fault", "token", "said"),
    [
        ({"notes.txt": b"mine"}, None, TOKEN, "holds notes.txt and no export's manifest.json"),
        ({}, None, "hf_" + "Other0000" * 4, "was not pushed to: "),
        ({}, ("/commit/", 403), TOKEN, "was not pushed to: "),
        ({}, ("/objects/", 403), TOKEN, "was not pushed to: "),
    ],
)  # fmt: skip
def test_a_push_that_fails_is_told_in_one_line_and_changes_nothing(
    files: dict[str, bytes],
    fault: Any,
    token: str,
    said: str,
    exports: Exports,
    data_sets: DataSets,
    push: Callable[..., Any],
) -> None:
    data_sets.repositories["org/papers"] = dict(files)
    data_sets.fault = fault
    done = push(exports.folders["papers"], token=token)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert said in done.stderr and token not in done.stderr
    assert data_sets.repositories["org/papers"] == files
    assert data_sets.commits == []
