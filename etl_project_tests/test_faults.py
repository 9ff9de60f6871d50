"""Bad input and broken surroundings: one clear line each, the rest of the batch processed, nothing published half."""

import gzip
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from etl_project.lake import Lake
from etl_project.run import run_job
from etl_project_tests.conftest import capture, rows_of

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
    """All bad files and one good one in one run of the command line."""
    folder = tmp_path_factory.mktemp("batch")
    for name, content, *_ in BAD_FILES:
        (folder / name).write_bytes(content)
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


def test_a_file_of_one_200_mb_line_is_refused_and_the_rest_goes_on(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"x" * 200_000_000)
    (tmp_path / "good.txt").write_text(GOOD, "utf-8")
    summary = run_job(lake, [tmp_path / "long.txt", tmp_path / "good.txt"])
    assert summary.published
    assert summary.exit_code == 1
    notes = {Path(file["file"]).name: file["note"] for file in summary.files}
    assert "line_too_long: line 1: 200,000,000 characters" in notes["long.txt"]
    assert rows_of(lake, "select title from papers") == [("A Good Paper",)]


def test_quotes_and_sql_in_a_title_are_text(lake: Lake, tmp_path: Path) -> None:
    titles = [
        "Robert'); DROP TABLE papers; --",
        'She said "select * from papers" {batch} {0} %s',
        "a|b `c` <script>alert(1)</script> [x](y) \\",
    ]
    (tmp_path / "odd.txt").write_text(capture(*[(title, f"thing {n}") for n, title in enumerate(titles)]), "utf-8")
    summary = run_job(lake, [tmp_path / "odd.txt"])
    assert summary.exit_code == 0
    assert sorted(row[0] for row in rows_of(lake, "select title from papers")) == sorted(titles)


def test_odd_file_names_are_kept_and_told_plainly(lake: Lake, tmp_path: Path, papers: Papers) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    names = ['it\'s "quoted".txt', "new\nline.txt", "\x1b[31mred.txt", "ünïcode 文.txt"]
    for n, name in enumerate(names):
        (folder / name).write_text(capture((f"Paper {n}", f"thing {n}")), "utf-8")
    undecodable = os.fsencode(folder) + b"/bytes\xff.txt"
    Path(os.fsdecode(undecodable)).write_text(capture(("Paper X", "thing x")), "utf-8")
    done = papers("run", folder, lake=lake)
    assert done.returncode == 0, done.stderr
    assert "\x1b[31m" not in done.stdout
    assert rows_of(lake, "select count(*) from papers") == [(5,)]
    found = {row[0] for row in rows_of(lake, "select file_name from raw_dumps")}
    assert found == {*names, "bytes\\xff.txt"}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path / "missing.txt", "no such file or folder"),
        (lambda path: (path / "empty_folder").mkdir() or path / "empty_folder", "the folder holds no files"),
        (lambda path: os.mkfifo(path / "pipe") or path / "pipe", "not a regular file"),
        (lambda path: (path / "dangling").symlink_to(path / "nowhere") or path / "dangling", "no such file or folder"),
    ],
    ids=["missing", "folder without captures", "fifo", "dangling link"],
)
def test_an_input_that_cannot_be_read_is_told_in_one_line(
    make: Callable[[Path], Path], says: str, lake: Lake, tmp_path: Path, papers: Papers
) -> None:
    path = make(tmp_path)
    alone = papers("run", path, lake=lake)
    assert alone.returncode == 4
    assert [line for line in alone.stderr.splitlines() if str(path) in line and says in line]
    assert "Traceback" not in alone.stderr
    good = tmp_path / "good.txt"
    good.write_text(GOOD, "utf-8")
    beside = run_job(lake, [path, good])
    assert beside.exit_code == 4
    assert [file for file in beside.files if file["file"] == str(path) and says in file["note"]]
    assert rows_of(lake, "select title from papers") == [("A Good Paper",)]


@pytest.mark.parametrize("content", [b"no database", b""], ids=["damaged", "empty"])
def test_a_damaged_warehouse_is_told_with_what_to_do_and_nothing_is_lost(
    content: bytes, lake: Lake, tmp_path: Path
) -> None:
    good = tmp_path / "good.txt"
    good.write_text(GOOD, "utf-8")
    lake.warehouse.parent.mkdir(parents=True)
    lake.warehouse.write_bytes(content)
    broken = run_job(lake, [good])
    assert not broken.published
    assert f"move it away and run again: it is built anew from {lake.raw}" in broken.error
    assert lake.warehouse.read_bytes() == content
    lake.warehouse.unlink()
    assert run_job(lake, [good]).exit_code == 0
    assert rows_of(lake, "select title from papers") == [("A Good Paper",)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 MB, if this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs rights that this process has not")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_readers_what_they_had_and_says_so_in_one_line(
    small_disk: Path, tmp_path: Path, papers: Papers
) -> None:
    lake = Lake(small_disk / "lake")
    good, more = tmp_path / "good.txt", tmp_path / "more.txt"
    good.write_text(GOOD, "utf-8")
    assert papers("run", good, lake=lake).returncode == 0
    before = lake.database.resolve().read_bytes()
    # the rest of the disk is taken, but for what the raw store needs
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    filler = small_disk / "filler"
    filler.write_bytes(bytes(max(0, free - 2_000_000)))
    more.write_text(capture(*[(f"Paper {n}", f"topic number {n}") for n in range(3000)]), "utf-8")
    full = papers("run", more, lake=lake)
    assert full.returncode == 1, full.stdout + full.stderr
    assert "Traceback" not in full.stdout + full.stderr
    assert "nothing was published" in full.stdout + full.stderr
    assert "space" in (full.stdout + full.stderr).lower()
    assert lake.database.resolve().read_bytes() == before
    filler.unlink()
    again = papers("run", more, lake=lake)
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows_of(lake, "select count(*) from papers") == [(3001,)]


def test_a_read_only_lake_is_told_in_one_line_and_left_alone(small_disk: Path, tmp_path: Path, papers: Papers) -> None:
    lake = Lake(small_disk / "lake")
    good = tmp_path / "good.txt"
    good.write_text(GOOD, "utf-8")
    assert papers("run", good, lake=lake).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused = papers("run", good, lake=lake)
    assert refused.returncode == 1
    assert "cannot be written: Read-only file system" in refused.stderr
    assert "Traceback" not in refused.stderr
    # reading goes on
    assert papers("sql", "select title from papers", "--format", "csv", lake=lake).stdout == "title\nA Good Paper\n"
