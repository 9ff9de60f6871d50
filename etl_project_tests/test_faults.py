"""Bad input and broken surroundings: one clear line each, the rest of the batch processed, nothing published half."""

import gzip
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from etl_project import parse, run
from etl_project.cli.runs import print_summary
from etl_project.lake import Lake
from etl_project.run import Summary, run_job
from etl_project_tests.conftest import N_PAPERS, capture, rows_of

Papers = Callable[..., subprocess.CompletedProcess[str]]

GOOD = capture(("A Good Paper", "gravel"))


def _bad_utf8() -> bytes:
    text = capture(("Broken Inside", "sand"), ("Whole Beside It", "chalk")).encode()
    return text.replace(b"behaves", b"beh\xffaves", 1)


#: name, bytes, reason, what the line for it must say, good papers in it
BAD_FILES = [
    ("empty.txt", b"", "empty_file", "capture the page again", 0),
    ("binary.txt", bytes(range(256)) * 40, "binary_file", "the bytes are no text", 0),
    ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), "binary_file", "the bytes are no text", 0),
    ("invalid.txt", _bad_utf8(), "damaged_bytes", "line 13 is not valid", 1),
    (
        "page.txt",
        b"<!doctype html>\n<html><body><article>x</article></body></html>",
        "no_records",
        "a web page without papers",
        0,
    ),
    ("items.txt", b'[{"paper": {"id": "2401.00001", "title": "x"', "damaged_json", "breaks off", 0),
    ("prose.txt", b"Once upon a time.\nThere was a log.\n" * 30, "unknown_form", "does not look like a papers page", 0),
    ("cut.txt.gz", gzip.compress(GOOD.encode())[:-20], "damaged_compression", "cut off or broken", 0),
    (
        "head.txt",
        b"Daily Papers\n\nbyAK and the research community\n\nApr 20\n",
        "no_records",
        "copy the whole page",
        0,
    ),
]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory, papers: Papers) -> tuple[Lake, subprocess.CompletedProcess[str]]:
    """All bad files, one of a single line of 200 MB, and a good one in one run of the command line."""
    folder = tmp_path_factory.mktemp("batch")
    for name, content, *_ in BAD_FILES:
        (folder / name).write_bytes(content)
    (folder / "long.txt").write_bytes(b"x" * 200_000_000)
    (folder / "good.txt").write_text(GOOD, "utf-8")
    lake = Lake(folder.parent / "batch_lake")
    return lake, papers("run", folder, lake=lake)


@pytest.mark.parametrize(("name", "content", "reason", "says", "good"), BAD_FILES, ids=[row[0] for row in BAD_FILES])
def test_a_bad_file_is_refused_with_its_name_the_reason_and_what_to_do(
    batch: tuple[Lake, Any], name: str, content: bytes, reason: str, says: str, good: int
) -> None:
    lake, done = batch
    rows = rows_of(
        lake,
        f"select reason, detail from refused_records join raw_dumps using (dump_id) where file_name = '{name}'",
    )
    assert [row[0] for row in rows] == [reason]
    assert says in rows[0][1]
    lines = [line for line in done.stdout.splitlines() if f"{name}:" in line]
    assert len(lines) == 1
    assert reason in lines[0]
    assert says in lines[0]
    assert rows_of(
        lake, f"select count(*) from parsed_rows join raw_dumps using (dump_id) where file_name = '{name}'"
    ) == [(good,)]


def test_the_good_file_beside_them_is_published_and_the_exit_code_tells(batch: tuple[Lake, Any]) -> None:
    lake, done = batch
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    titles = {row[0] for row in rows_of(lake, "select title from papers")}
    assert titles == {"A Good Paper", "Whole Beside It"}


def test_a_file_of_one_200_mb_line_is_refused_and_the_rest_goes_on(batch: tuple[Lake, Any]) -> None:
    _, done = batch  # the rest is what the tests above find
    (line,) = [line for line in done.stdout.splitlines() if "long.txt:" in line]
    assert "line_too_long: line 1: 200,000,000 characters" in line


ODD_NAMES = ['it\'s "quoted".txt', "new\nline.txt", "\x1b[31mred.txt", "ünïcode 文.txt"]
ODD_TITLES = [
    "Robert'); DROP TABLE papers; --",
    'She said "select * from papers" {batch} {0} %s',
    "a|b `c` <script>alert(1)</script> [x](y) \\",
    "Paper 3",
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, papers: Papers) -> tuple[Lake, subprocess.CompletedProcess[str]]:
    """Files with odd names and odd titles in them, in one run of the command line."""
    folder = tmp_path_factory.mktemp("odd") / "files"
    folder.mkdir()
    for name, title in zip(ODD_NAMES, ODD_TITLES, strict=True):
        (folder / name).write_text(capture((title, f"the thing {title[:5]}")), "utf-8")
    undecodable = os.fsencode(folder) + b"/bytes\xff.txt"
    Path(os.fsdecode(undecodable)).write_text(capture(("Paper X", "thing x")), "utf-8")
    lake = Lake(folder.parent / "lake")
    done = papers("run", folder, lake=lake)
    assert done.returncode == 0, done.stderr
    return lake, done


def test_quotes_and_sql_in_a_title_are_text(odd: tuple[Lake, Any]) -> None:
    titles = sorted(row[0] for row in rows_of(odd[0], "select title from papers"))
    assert titles == sorted([*ODD_TITLES, "Paper X"])


def test_odd_file_names_are_kept_and_told_plainly(odd: tuple[Lake, Any]) -> None:
    lake, done = odd
    assert "\x1b[31m" not in done.stdout
    found = {row[0] for row in rows_of(lake, "select file_name from raw_dumps")}
    assert found == {*ODD_NAMES, "bytes\\xff.txt"}


#: name, what makes it in a folder, what the line for it must say
UNREADABLE = [
    ("missing.txt", lambda path: None, "no such file or folder"),
    ("empty_folder", Path.mkdir, "the folder holds no files"),
    ("pipe", os.mkfifo, "not a regular file"),
    ("dangling", lambda path: path.symlink_to(path.with_name("nowhere")), "no such file or folder"),
]


@pytest.mark.parametrize(
    ("name", "make", "says"), UNREADABLE, ids=["missing", "folder without captures", "fifo", "dangling link"]
)
def test_an_input_that_cannot_be_read_is_told_in_one_line(
    name: str, make: Callable[[Path], Any], says: str, lake: Lake, tmp_path: Path, papers: Papers
) -> None:
    path = tmp_path / name
    make(path)
    alone = papers("run", path, lake=lake)
    assert alone.returncode == 4
    assert [line for line in alone.stderr.splitlines() if str(path) in line and says in line]
    assert "Traceback" not in alone.stderr


def test_inputs_that_cannot_be_read_are_told_and_the_good_one_beside_them_published(lake: Lake, tmp_path: Path) -> None:
    for name, make, _ in UNREADABLE:
        make(tmp_path / name)
    (tmp_path / "good.txt").write_text(GOOD, "utf-8")
    beside = run_job(lake, [*(tmp_path / name for name, *_ in UNREADABLE), tmp_path / "good.txt"])
    assert beside.exit_code == 4
    for name, _, says in UNREADABLE:
        assert [file for file in beside.files if file["file"] == str(tmp_path / name) and says in file["note"]]
    assert rows_of(lake, "select title from papers") == [("A Good Paper",)]


def test_a_damaged_warehouse_is_told_with_what_to_do_and_nothing_is_lost(samples_copy: Lake, tmp_path: Path) -> None:
    lake, good = samples_copy, tmp_path / "good.txt"
    good.write_text(GOOD, "utf-8")
    for content in (b"no database", b""):
        lake.warehouse.write_bytes(content)
        broken = run_job(lake, [good])
        assert not broken.published
        assert f"build it anew from {lake.raw} with papers rebuild" in broken.error
        assert lake.warehouse.read_bytes() == content
    lake.warehouse.unlink()
    assert run_job(lake, [good]).exit_code == 0
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS + 1,)]


def test_a_full_disk_leaves_readers_what_they_had_and_says_so_in_one_line(
    small_disk: Path, sample_run: tuple[Lake, Summary], tmp_path: Path, papers: Papers
) -> None:
    lake = Lake(small_disk / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    more = tmp_path / "more.txt"
    before = lake.database.resolve().read_bytes()
    more.write_text(capture(*[(f"Paper {n}", f"topic number {n}") for n in range(3000)]), "utf-8")
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    filler = small_disk / "filler"
    # the rest of the disk is taken, but for what the raw store needs; then but for what Dagster's history needs, too
    for room, in_history in ((2_000_000, True), (14_000_000, False)):
        filler.write_bytes(bytes(max(0, free - room)))
        full = papers("run", more, lake=lake)
        said = full.stdout + full.stderr
        assert full.returncode == 1, said
        assert "Traceback" not in said
        assert "nothing was published" in said
        assert "no space left" in said.lower()
        assert ("the history in" in said) == in_history
        assert lake.database.resolve().read_bytes() == before
        filler.unlink()
    again = papers("run", more, lake=lake)
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS + 3000,)]


def test_a_history_that_fails_after_the_publication_is_told_as_that(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_and_fail(lake: Lake, *_: object) -> Summary:
        (lake.published / "1").mkdir(parents=True)
        lake.database.symlink_to("1/papers.duckdb")
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(run, "_run", run_and_fail)
    summary = run_job(lake, [])
    assert (summary.published, summary.exit_code) == (True, 1)
    assert "no space left" in summary.error
    print_summary(lake, summary)
    printed = capsys.readouterr().out
    assert "failed after the publication: the history in" in printed
    assert "nothing was published" not in printed


def test_where_memory_ends_it_is_told_in_one_line_and_what_was_taken_in_is_read_by_the_next_run(
    samples_copy: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, good, before = samples_copy, tmp_path / "good.txt", samples_copy.database.resolve()
    good.write_text(GOOD, "utf-8")
    with monkeypatch.context() as scarce:
        scarce.setattr(parse, "read_capture", lambda *_: bytes(1 << 60))
        broken = run_job(lake, [good])
    assert (broken.published, lake.database.resolve()) == (False, before)
    assert broken.error.startswith("parsed: memory ran out (reading 'good.txt' needs more memory than there is); ")
    assert run_job(lake, [good]).exit_code == 0
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS + 1,)]


def test_a_read_only_lake_is_told_in_one_line_and_left_alone(
    small_disk: Path, sample_run: tuple[Lake, Summary], tmp_path: Path, papers: Papers
) -> None:
    lake = Lake(small_disk / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    good = tmp_path / "good.txt"
    good.write_text(GOOD, "utf-8")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused = papers("run", good, lake=lake)
    assert refused.returncode == 1
    assert "cannot be written: Read-only file system" in refused.stderr
    assert "Traceback" not in refused.stderr
    # reading goes on
    done = papers("sql", "select count(*) as n from papers", "--format", "csv", lake=lake)
    assert done.stdout == f"n\n{N_PAPERS}\n"


def test_a_lake_that_goes_away_as_a_run_begins_is_told_in_one_line(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = run.environment

    def vanishing(lake: Lake) -> dict[str, str]:
        found = prepare(lake)
        shutil.rmtree(lake.root)
        return found

    monkeypatch.setattr(run, "environment", vanishing)
    summary = run_job(lake, [])
    assert (summary.exit_code, summary.published) == (1, False)
    assert summary.error.endswith(
        "dagster_home is gone (a mount was lost, or the folder removed); bring it back and run again"
    )
