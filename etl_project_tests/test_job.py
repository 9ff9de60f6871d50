"""The whole job on a lake: what a second run, another order, later files and a failing check do to what readers see."""

import gzip
import hashlib
import json
import random
import shutil
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import zstandard

from etl_project import assets, warehouse
from etl_project.lake import Lake, writer_lock
from etl_project.run import Summary, run_job
from etl_project.tables import TABLES
from etl_project_tests.conftest import N_FILES, N_MENTIONS, N_PAPERS, SAMPLES, capture, rows_of

#: Tables of the data; the others tell of runs, and differ between two that give the same data.
DATA = [table for table in TABLES if not table.tells_of_a_run]


def _parquet(lake: Lake) -> dict[str, str]:
    files = [lake.exports / f"{table.name}.parquet" for table in DATA]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _tables(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """All published rows without what tells when and as which file they came."""
    times = {"received_at", "modified_at", "file_name", "source"}
    return {
        t.name: rows_of(lake, f"select {', '.join(c.name for c in t.published_columns if c.name not in times)} from {t.name} order by all")
        for t in DATA
    }  # fmt: skip


def test_the_samples_run_clean(sample_run: tuple[Lake, Summary]) -> None:
    _, summary = sample_run
    assert (summary.exit_code, summary.checks_failed, summary.error) == (0, [], "")
    assert summary.papers == {"papers": N_PAPERS, "new": N_PAPERS, "known": 0, "merged": 0, "mentions": N_MENTIONS}
    assert [file["outcome"] for file in summary.files] == ["new"] * N_FILES


@pytest.fixture(scope="module")
def again(sample_run: tuple[Lake, Summary], tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Summary]:
    """A second run on the samples' lake, with the same files and compressed copies of one of them."""
    folder = tmp_path_factory.mktemp("again")
    shutil.copytree(sample_run[0].root, folder / "lake", symlinks=True)
    first = min(SAMPLES.iterdir()).read_bytes()
    (folder / "again.txt.gz").write_bytes(gzip.compress(first))
    (folder / "again.txt.zst").write_bytes(zstandard.compress(first))
    lake = Lake(folder / "lake")
    return lake, run_job(lake, [SAMPLES, folder / "again.txt.gz", folder / "again.txt.zst"])


def test_a_second_run_changes_nothing_and_gives_the_same_bytes(
    sample_run: tuple[Lake, Summary], again: tuple[Lake, Summary]
) -> None:
    lake, summary = again
    assert summary.exit_code == 0
    assert (summary.papers["new"], summary.papers["known"], summary.papers["merged"]) == (0, N_PAPERS, 0)
    assert {file["outcome"] for file in summary.files} == {"known"}
    assert summary.run_id == rows_of(lake, "select run_id from publication")[0][0], "it published anew"
    assert _parquet(lake) == _parquet(sample_run[0])
    assert len(_parquet(lake)) == len(DATA)


def test_a_compressed_copy_of_known_content_is_known(again: tuple[Lake, Summary]) -> None:
    lake, summary = again
    outcomes = {Path(file["file"]).name: file["outcome"] for file in summary.files}
    assert len(outcomes) == N_FILES + 2
    assert (outcomes["again.txt.gz"], outcomes["again.txt.zst"]) == ("known", "known")
    assert rows_of(lake, "select count(*) from raw_dumps") == [(N_FILES,)]


def test_files_in_another_order_give_the_same_tables(sample_run: tuple[Lake, Summary], lake: Lake) -> None:
    files = sorted(SAMPLES.iterdir())
    random.Random(3).shuffle(files)
    assert run_job(lake, files).exit_code == 0
    assert _tables(lake) == _tables(sample_run[0])


def test_a_load_that_is_matched_in_batches_gives_the_same_papers(
    sample_run: tuple[Lake, Summary], lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "_MENTIONS_AT_ONCE", 20)
    summary = run_job(lake, [SAMPLES])
    assert (summary.papers["new"], summary.papers["known"], summary.papers["merged"]) == (N_PAPERS, 0, 0)
    mentions = "select list(mention_id order by mention_id) from paper_mentions group by paper_id order by 1"
    assert rows_of(lake, mentions) == rows_of(sample_run[0], mentions)


@pytest.mark.long
def test_ids_stay_when_later_files_add_mentions(lake: Lake) -> None:
    files = sorted(SAMPLES.iterdir(), reverse=True)
    ids: dict[str, str] = {}
    grown: set[str] = set()  # papers with mentions from several runs
    for n in range(4):  # each run has files of several forms
        assert run_job(lake, files[n::4]).exit_code == 0
        now = dict(rows_of(lake, "select mention_id, paper_id from paper_mentions"))
        assert {mention: now[mention] for mention in ids} == ids
        grown |= {now[mention] for mention in now.keys() - ids.keys()} & set(ids.values())
        ids = now
    assert len(set(ids.values())) == N_PAPERS
    assert rows_of(lake, "select count(*) from merged_papers") == [(0,)]
    several = {paper for (paper,) in rows_of(lake, "select paper_id from papers where n_dumps > 1")}
    assert len(grown) > 0.8 * len(several) > 10


@pytest.fixture(scope="module")
def later(
    sample_run: tuple[Lake, Summary], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lake, Summary, list[tuple[Any, ...]]]:
    """The samples' lake after a run on all that lies in it, and what a reader saw then who had opened it before."""
    lake = Lake(tmp_path_factory.mktemp("later") / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    lake.inbox.mkdir(parents=True, exist_ok=True)
    (lake.inbox / "page.txt").write_text(capture(("From the Inbox", "reed")), "utf-8")
    with duckdb.connect(str(lake.database.resolve()), read_only=True) as reader:
        summary = run_job(lake, [lake.root])
        assert summary.exit_code == 0, summary
        return lake, summary, reader.execute("select count(*) from papers").fetchall()


def test_the_lakes_own_files_are_never_taken_for_captures(later: tuple[Lake, Summary, Any]) -> None:
    _, summary, _ = later
    assert [(Path(file["file"]).name, file["outcome"]) for file in summary.files] == [("page.txt", "new")]


def test_an_open_reader_keeps_its_rows_and_does_not_stop_a_run(later: tuple[Lake, Summary, Any]) -> None:
    lake, _, seen = later
    assert seen == [(N_PAPERS,)]
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS + 1,)]


def test_the_bytes_are_kept_unchanged_with_name_time_and_source(sample_run: tuple[Lake, Summary]) -> None:
    lake, _ = sample_run
    for file in SAMPLES.iterdir():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        stored = lake.raw / digest[:2] / digest
        receipt = json.loads(stored.with_suffix(".json").read_text("utf-8"))
        assert stored.read_bytes() == file.read_bytes()
        assert stored.stat().st_mode & 0o222 == 0
        assert receipt["file_name"] == file.name
        assert receipt["source"] == str(SAMPLES)
        assert receipt["received_at"]


def test_a_failing_critical_check_leaves_readers_what_they_had(
    samples_copy: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = samples_copy
    before = lake.database.resolve().read_bytes()
    # a defect of the papers stage: half of the paper's mentions are lost
    sql = tmp_path / "sql"
    shutil.copytree(warehouse.SQL_FOLDER, sql)
    broken = (sql / "papers.sql").read_text("utf-8") + "where counted.paper_id < 'p8'\n"
    (sql / "papers.sql").write_text(broken, "utf-8")
    monkeypatch.setattr(warehouse.run_sql_file, "__defaults__", (sql,))
    more = tmp_path / "more.txt"
    more.write_text(capture(*[(f"Another Paper {n}", f"sand number {n}") for n in range(12)]), "utf-8")
    summary = run_job(lake, [more])
    assert summary.exit_code == 1
    assert not summary.published
    assert {(c["table"], c["check"]) for c in summary.checks_failed} >= {("papers", "papers_are_the_mentions_papers")}
    assert lake.database.resolve().read_bytes() == before
    monkeypatch.undo()
    assert run_job(lake, [more]).exit_code == 0
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS + 12,)]


def test_a_failing_warning_is_told_and_publishes(lake: Lake, tmp_path: Path) -> None:
    from etl_project_tests.conftest import ABSTRACT

    page = tmp_path / "page.txt"
    page.write_text(
        "\n\n".join(text for n in range(6) for text in (f"Title Number {n}", ABSTRACT.format(topic="one thing"))),
        "utf-8",
    )
    summary = run_job(lake, [page])
    assert summary.published
    assert [(c["check"], c["severity"]) for c in summary.checks_failed] == [("abstract_is_no_furniture", "warning")]


def test_database_parquet_and_manifest_are_of_one_run(sample_run: tuple[Lake, Summary]) -> None:
    lake, summary = sample_run
    manifest = json.loads((lake.exports / "manifest.json").read_text("utf-8"))
    assert manifest["run_id"] == summary.run_id == rows_of(lake, "select run_id from publication")[0][0]
    assert [file["table"] for file in manifest["files"]] == [table.name for table in TABLES]
    for file in manifest["files"]:
        path = lake.exports / file["file"]
        assert (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()) == (file["bytes"], file["sha256"])
        assert (
            pl.read_parquet(path).height == file["rows"] == rows_of(lake, f"select count(*) from {file['table']}")[0][0]
        )


def test_the_published_database_describes_itself_and_has_no_captures_text(sample_run: tuple[Lake, Summary]) -> None:
    lake, _ = sample_run
    comments = dict(rows_of(lake, "select table_name || '.' || column_name, comment from duckdb_columns()"))
    for table in TABLES:
        for column in table.published_columns:
            assert comments[f"{table.name}.{column.name}"].startswith(column.description)
    assert "raw_dumps.content" not in comments


def test_a_run_that_finds_the_lake_in_use_changes_nothing(lake: Lake, tmp_path: Path, papers: Any) -> None:
    (tmp_path / "a.txt").write_text(capture(("First Paper", "chalk")), "utf-8")
    with writer_lock(lake, "a long run"):
        done = papers("run", tmp_path / "a.txt", lake=lake)
    assert done.returncode == 3
    assert "in use by a long run" in done.stderr
    assert not lake.published.exists()
    assert not lake.raw.exists()
