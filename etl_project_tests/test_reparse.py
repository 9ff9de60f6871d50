"""Captures that were refused or read by an older parser are read again: ids stay, and what changed is told."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl_project import parse, reparse
from etl_project.captures import Reading, Refusal
from etl_project.lake import Lake
from etl_project.run import reparse as reparse_lake
from etl_project.run import run_job
from etl_project_tests.conftest import capture, rows_of

Papers = Callable[..., Any]
KNOWN, REFUSED, LATER = "Reeds Bend Before They Break", "Stones Are Slow Readers", "A Ferry That Forgets Its River"
ALONE = "Rain Keeps No Diary of Its Own"  # its file gives the older parser nothing


def _older(text: str, damaged: list[int]) -> Reading:
    """Read as a parser would that does not know one kind of record, begins at another line, and takes no authors."""
    reading = NOW(text, damaged)
    kept = [
        r._replace(n_authors=None, line_start=r.line_start - 1)
        for r in reading.records
        if r.title not in (REFUSED, ALONE)
    ]
    gone = [r for r in reading.records if r.title in (REFUSED, ALONE)]
    refusals = [Refusal(r.line_start, r.line_end, "unplaced_text", "not understood", r.title) for r in gone]
    lines = sum(r.line_end - r.line_start + 1 for r in gone)
    return reading._replace(
        records=kept,
        refusals=[*reading.refusals, *refusals],
        lines_field=0,
        lines_furniture=reading.lines_total - lines,
        lines_refused=lines,
    )


NOW = parse.read_capture


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that an older parser filled in two loads; one paper has an id that is not that of its own text."""
    tmp_path = tmp_path_factory.mktemp("older")
    lake = Lake(tmp_path / "lake")
    (tmp_path / "z.txt").write_text(capture((KNOWN, "reeds"), (REFUSED, "stones")), "utf-8")
    revised = capture((KNOWN, "reeds"), (LATER, "ferries")).replace("nine settings", "nine other settings")
    (tmp_path / "a.txt").write_text(revised, "utf-8")
    (tmp_path / "b.txt").write_text(capture((ALONE, "rain")), "utf-8")
    with pytest.MonkeyPatch.context() as older:
        older.setattr(parse, "read_capture", _older)
        older.setattr(parse, "PARSER_VERSION", parse.PARSER_VERSION - 1)
        for names in (["z.txt"], ["a.txt", "b.txt"]):
            run_job(lake, [tmp_path / name for name in names])
    assert rows_of(lake, "select title, n_authors, n_mentions from papers order by 1") == [
        (LATER, None, 1),
        (KNOWN, None, 2),
    ]
    return lake


@pytest.fixture
def old(filled: Lake, lake: Lake) -> Lake:
    shutil.copytree(filled.root, lake.root, symlinks=True)
    return lake


@pytest.mark.long
def test_what_was_refused_and_what_is_new_in_old_records_is_read_and_ids_stay(old: Lake) -> None:
    ids = dict(rows_of(old, "select title, paper_id from papers"))
    summary = reparse_lake(old)
    assert (summary.exit_code, summary.error) == (0, "")
    papers = rows_of(old, "select title, n_authors, n_mentions from papers order by 1")
    assert papers == [(LATER, 2, 1), (ALONE, 1, 1), (KNOWN, 1, 2), (REFUSED, 2, 1)]
    now = dict(rows_of(old, "select title, paper_id from papers"))
    assert {**now, **ids} == now
    assert (
        rows_of(old, "select count(*) from merged_papers")
        == rows_of(old, "select count(*) from refused_records")
        == [(0,)]
    )
    assert summary.changes is not None
    assert summary.changes["dumps"] == 3
    assert summary.changes["refusals"] == {"new": 0, "gone": 2, "unchanged": 0}
    assert {row["title"] for row in summary.changes["examples"]} == {KNOWN, REFUSED, LATER, ALONE}


@pytest.mark.long
def test_values_that_changed_are_told_with_file_line_before_and_after(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, papers: Papers
) -> None:
    (tmp_path / "page.txt").write_text(capture((KNOWN, "reeds"), (LATER, "ferries")), "utf-8")

    def shouting(text: str, damaged: list[int]) -> Reading:
        reading = NOW(text, damaged)
        return reading._replace(records=[reading.records[0]._replace(title=KNOWN.upper()), *reading.records[1:]])

    with monkeypatch.context() as older:
        older.setattr(parse, "read_capture", shouting)
        run_job(lake, [tmp_path / "page.txt"])
    assert papers("reparse", "--json", lake=lake).returncode == 0
    done = papers("reparse", "--all", lake=lake)
    assert done.returncode == 0
    assert "read again: 1 captures; mentions: 0 new, 0 gone, 1 changed, 1 unchanged" in done.stdout
    line = rows_of(lake, f"select line_start from parsed_rows where title = '{KNOWN}'")[0][0]
    assert f"page.txt, line {line}: {KNOWN}: title: {KNOWN.upper()} -> {KNOWN}" in done.stdout


@pytest.mark.long
def test_a_run_that_fails_before_reading_again_loses_nothing(old: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk went away")

    published = rows_of(old, "select title, paper_id from papers order by 1")
    with monkeypatch.context() as patch:
        patch.setattr(parse, "parse_dumps", fail)
        summary = reparse_lake(old)
    assert not summary.published and summary.changes is None
    assert rows_of(old, "select title, paper_id from papers order by 1") == published
    assert run_job(old, []).exit_code == 0
    changes = reparse.compare(old)
    assert changes is not None and changes.refusals["gone"] == 2
