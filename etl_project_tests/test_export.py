"""What `papers export` writes: read back by other programs, described, of one publication, whole or not at all."""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from bibtexparser import Library, parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from typer.testing import CliRunner

from etl_project.cli import export as command
from etl_project.cli.main import app
from etl_project.export import bibtex, folder, manifest, remote, workbook
from etl_project.export.model import ExportError
from etl_project.export.selection import BATCH
from etl_project.export.text_cells import safe_text
from etl_project.lake import PROJECT, Lake
from etl_project.spreadsheet import safe_cell, shown
from etl_project.tables import BY_NAME, TABLES
from etl_project_tests.conftest import FormsRun, rows_of
from etl_project_tests.published import HARD, NAMES, hard_rows, paper_id, publish

Export = Callable[..., Path]
_QUIET = {"COLUMNS": "200"}


@pytest.fixture(scope="module")
def run_export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Run the command in this process; what it would log stays out of other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "show_progress", lambda: None)
        yield lambda lake, *arguments: CliRunner(env=_QUIET).invoke(
            app, ["export", "--lake", str(lake.root), *map(str, arguments)]
        )


@pytest.fixture(scope="module")
def exported(run_export: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Export into a new folder, which is returned."""

    def export(lake: Lake, *arguments: object) -> Path:
        to = tmp_path_factory.mktemp("export") / "out"
        done = run_export(lake, "--to", to, *arguments)
        assert (done.exit_code, done.exception) == (0, None), done.output
        return to

    return export


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return publish(Lake(tmp_path_factory.mktemp("hard") / "lake"), hard_rows())


@pytest.fixture(scope="module")
def hard_export(hard: Lake, exported: Export) -> Path:
    return exported(hard, "--format", "parquet,csv,jsonl,xlsx,bibtex")


def _truth(lake: Lake, table: str) -> list[tuple[Any, ...]]:
    order = ", ".join(BY_NAME[table].key)
    return rows_of(lake, f"select * from {table} order by {order}")


def _by_polars(path: Path) -> list[tuple[Any, ...]]:
    return pl.read_parquet(path, hive_partitioning=False).rows()


def _by_arrow(path: Path) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in pq.read_table(path).columns]
    return list(zip(*columns, strict=True))


def _by_duckdb(path: Path) -> list[tuple[Any, ...]]:
    return duckdb.execute(f"from read_parquet('{path}', hive_partitioning = false)").fetchall()


def _by_pandas(path: Path) -> list[tuple[Any, ...]]:
    frame = pd.read_parquet(path, dtype_backend="pyarrow").astype(object)
    return [
        tuple(None if value is pd.NA else value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in row)
        for row in frame.itertuples(index=False)
    ]  # fmt: skip


@pytest.mark.parametrize("read", [_by_polars, _by_arrow, _by_duckdb, _by_pandas])
def test_parquet_reads_back_with_types_and_values(read: Callable[..., Any], hard: Lake, hard_export: Path) -> None:
    for table in TABLES:
        got, truth = read(hard_export / f"{table.name}.parquet"), _truth(hard, table.name)
        lists = [tuple(list(v) if hasattr(v, "tolist") else v for v in row) for row in got]
        assert lists == truth, table.name
        assert [[type(v) for v in row] for row in lists] == [[type(v) for v in row] for row in truth], table.name


def test_parquet_describes_its_columns_key_and_order(hard_export: Path) -> None:
    for table in TABLES:
        file = pq.ParquetFile(hard_export / f"{table.name}.parquet")
        schema = file.schema_arrow
        assert schema.names == [column.name for column in table.published_columns]
        for column in table.published_columns:
            told = {name.decode(): text.decode() for name, text in (schema.field(column.name).metadata or {}).items()}
            told.pop("PARQUET:field_id", None)
            assert told == {"description": column.description} | ({"unit": column.unit} if column.unit else {})
            assert schema.field(column.name).nullable is not column.required
        assert schema.metadata[b"grain"].decode() == table.grain
        assert json.loads(schema.metadata[b"key"]) == list(table.key)
        for n in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(n)
            assert [schema.names[s.column_index] for s in group.sorting_columns] == list(table.key)
            assert {group.column(c).compression for c in range(group.num_columns)} == {"ZSTD"}
            columns = {group.column(c).path_in_schema: group.column(c) for c in range(group.num_columns)}
            assert all(columns[name].has_column_index for name in table.key)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = publish(Lake(tmp_path_factory.mktemp("large") / "lake"), {})
    with duckdb.connect(str(lake.database)) as connection:
        connection.execute(
            "insert into merged_papers select format('p{:016x}', i), 'p0000000000000000', 1 from range(50000) t(i)"
        )
    return lake


def test_a_large_table_is_written_in_row_groups_in_the_order_of_its_key(exported: Export, large: Lake) -> None:
    for condition, rows in (([], 50_000), (["--where", "true"], 0)):
        file = pq.ParquetFile(exported(large, "--tables", "merged_papers", *condition) / "merged_papers.parquet")
        groups = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
        assert groups == ([BATCH, BATCH, rows - 2 * BATCH] if rows else [])
        ids = file.read()["merged_paper_id"].to_pylist()
        assert ids == sorted(ids) and len(set(ids)) == rows


def test_exports_latest_and_an_export_are_made_by_the_same_code(forms_run: FormsRun, exported: Export) -> None:
    made, latest = exported(forms_run.lake), forms_run.lake.exports
    assert {path.name for path in made.iterdir()} == {path.name for path in latest.iterdir()}
    for path in made.iterdir():
        assert path.read_bytes() == (latest / path.name).read_bytes(), path.name


def test_every_reference_of_the_tables_holds(forms_run: FormsRun, exported: Export) -> None:
    with duckdb.connect(str(forms_run.lake.database), read_only=True) as connection:
        _check_references(connection, TABLES)


@pytest.mark.parametrize(
    "condition", ["n_authors > 3 -- many", "published_on is null or false", "false", "title like '%Small%'"]
)
def test_what_is_chosen_holds_together_and_is_all_there_is_of_these_papers(
    condition: str, forms_run: FormsRun, exported: Export
) -> None:
    to = exported(forms_run.lake, "--where", condition)
    tables = [table for table in TABLES if not table.tells_of_a_run]
    assert {path.stem for path in to.glob("*.parquet")} == {table.name for table in tables}
    with duckdb.connect() as connection:
        for table in tables:
            connection.execute(f"create view {table.name} as from read_parquet('{to / table.name}.parquet')")
        _check_references(connection, tables)
        connection.execute(f"attach '{forms_run.lake.database.resolve()}' as whole (read_only)")
        (chosen_papers,) = connection.execute("select count(*) from papers").fetchall()[0]
        notes = json.loads((to / "manifest.json").read_text("utf-8")).get("notes", [])
        assert notes == ([] if chosen_papers else ["No paper fits the condition: the files are empty."])
        chosen = f"(select paper_id from whole.papers where (\n{condition}\n))"
        mentions = f"(select mention_id from whole.paper_mentions where paper_id in {chosen})"
        for table in tables:
            names = [column.name for column in table.published_columns]
            if "paper_id" in names:
                wanted = f"paper_id in {chosen}"
                if "related_paper_id" in names:
                    wanted += f" and related_paper_id in {chosen}"
            elif "mention_id" in names and table.name != "decisions":
                wanted = f"mention_id in {mentions}"
            elif "dump_id" in names:
                wanted = f"dump_id in (select dump_id from whole.parsed_rows where mention_id in {mentions})"
            else:
                continue
            for one, other in (("main", "whole"), ("whole", "main")):
                where = "" if one == "main" else f" where {wanted}"
                kept = f"select * from {other}.{table.name}" + (f" where {wanted}" if other == "whole" else "")
                assert not connection.execute(
                    f"select * from {one}.{table.name}{where} except all {kept}"
                ).fetchall(), (table.name, one)
        (papers,) = connection.execute("select count(*) from papers").fetchall()[0]
        assert connection.execute("select coalesce(sum(papers), 0) from papers_by_month").fetchall() == [(papers,)]
        assert connection.execute("select distinct papers from coverage").fetchall() == [(papers,)]


def _check_references(connection: duckdb.DuckDBPyConnection, tables: Any) -> None:
    for table in tables:
        for column, other in table.foreign_keys.items():
            (key,) = BY_NAME[other].key
            lost = f"select {column} from {table.name} where {column} not in (select {key} from {other})"
            assert connection.execute(lost).fetchall() == [], (table.name, column)


def test_a_condition_is_decided_once_even_if_it_is_random(forms_run: FormsRun, exported: Export) -> None:
    to = exported(forms_run.lake, "--where", "random() < 0.5", "--tables", "papers,author_counts")
    ids = [pl.read_parquet(to / f"{name}.parquet")["paper_id"].to_list() for name in ("papers", "author_counts")]
    assert ids[0] == ids[1]


def test_csv_has_every_cell_safe_for_spreadsheets(hard: Lake, hard_export: Path) -> None:
    for table in TABLES:
        path = hard_export / f"{table.name}.csv"
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = csv.reader(file)
        assert head == [column.name for column in table.published_columns]
        assert rows == [[_csv(value) for value in row] for row in _truth(hard, table.name)], table.name
    assert b',"",' in (hard_export / "papers.csv").read_bytes(), "an empty text is not a null"


def _csv(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return str(value)
    return "" if value is None else str(safe_cell(value))


@given(st.lists(st.text(max_size=8) | st.none()))
def test_text_made_safe_by_the_column_is_text_made_safe_one_by_one(texts: list[str | None]) -> None:
    import unicodedata

    # letters that one of the two Unicode versions does not know yet are of no matter
    known = [t and "".join(c for c in t if unicodedata.category(c) not in {"Cn", "Cs"}) for t in texts]
    frame = pl.DataFrame({"text": known}, schema={"text": pl.String})
    assert safe_text(frame)["text"].to_list() == [safe_cell(text) for text in known]


def test_csv_reads_back_in_duckdb_polars_and_pandas(hard: Lake, hard_export: Path) -> None:
    path = hard_export / "papers.csv"
    titles = [safe_cell(row[2]) for row in _truth(hard, "papers")]
    by_duckdb = duckdb.execute(f"select title from read_csv('{path}', all_varchar = true)").fetchall()
    assert [title or "" for (title,) in by_duckdb] == titles
    polars = pl.read_csv(path, infer_schema=False)
    assert [title or "" for title in polars["title"]] == titles
    pandas = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert [t.replace("\r\n", "\n") for t in pandas["title"]] == [t.replace("\r\n", "\n") for t in titles]
    assert list(pandas["arxiv_id"]) == [row[1] or "" for row in _truth(hard, "papers")], "2403.01000 keeps its zeros"


def test_json_lines_keep_types_and_write_nulls(hard: Lake, hard_export: Path) -> None:
    for table in TABLES:
        lines = (hard_export / f"{table.name}.jsonl").read_bytes().split(b"\n")
        assert lines.pop() == b""
        names = [column.name for column in table.published_columns]
        truth = [
            {n: v.isoformat() if isinstance(v, date) else v for n, v in zip(names, row, strict=True)}
            for row in _truth(hard, table.name)
        ]
        assert [json.loads(line) for line in lines] == truth, table.name


def test_a_workbook_has_a_sheet_a_table_and_never_a_formula(hard: Lake, hard_export: Path) -> None:
    book = openpyxl.load_workbook(hard_export / workbook.NAME)
    assert book.sheetnames == [table.name for table in TABLES]
    for table in TABLES:
        head, *rows = book[table.name].iter_rows()
        assert [cell.value for cell in head] == [column.name for column in table.published_columns]
        truth = _truth(hard, table.name)
        assert len(rows) == len(truth)
        for row, values in zip(rows, truth, strict=True):
            assert [_shown(cell.value) for cell in row] == [_in_excel(value) for value in values], table.name
            assert {cell.data_type for cell in row} <= {"s", "n", "b", "d", "inlineStr"}
            assert not [cell for cell in row if cell.hyperlink]


def _shown(value: Any) -> Any:
    # the library leaves Excel's own escapes as they are
    return unescape(value) if isinstance(value, str) else value or None


def _in_excel(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(microsecond=0) if value.year >= 1900 else value.isoformat()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, list):
        return str(value)
    if not isinstance(value, str):
        return value or None
    text = shown(value)
    units = len(text.encode("utf-16-le")) // 2
    return text if units <= 32_767 else text[: 32_766 if text[0] == "x" else 16_383] + "…"


def test_cut_texts_of_a_workbook_are_counted_and_told(hard_export: Path) -> None:
    # two titles and two abstracts
    for told in (manifest.NAME, "README.md"):
        assert "4 texts are longer than a cell" in (hard_export / told).read_text("utf-8")


def test_a_table_that_no_sheet_holds_is_refused_before_anything_is_written(
    hard: Lake, run_export: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workbook, "MOST_LINES", len(HARD))
    done = run_export(hard, "--format", "xlsx", "--to", tmp_path / "out")
    assert done.exit_code == 2
    assert f"papers has {len(HARD)} rows, and a sheet of Excel holds {len(HARD) - 1}" in done.output
    assert list(tmp_path.iterdir()) == []


def test_every_tables_name_fits_a_sheet() -> None:
    assert all(len(table.name) <= 31 for table in TABLES)


def test_bibtex_reads_back_with_every_letter(hard: Lake, hard_export: Path) -> None:
    text = (hard_export / bibtex.NAME).read_text("utf-8")
    raw = parse_string(text)
    assert (raw.failed_blocks, len(raw.entries)) == ([], len(HARD))
    assert list(raw.entries_dict) == [paper_id(n) for n in range(len(HARD))]
    # the library that decodes does not know these two of LaTeX's own names
    plain = text.replace(r"\textbraceleft{}", "(").replace(r"\textbraceright{}", ")")
    read: Library = parse_string(plain, append_middleware=[SeparateCoAuthors(), LatexDecodingMiddleware()])
    for row in _truth(hard, "papers"):
        paper = dict(zip([c.name for c in BY_NAME["papers"].published_columns], row, strict=True))
        entry = {field.key: field.value for field in read.entries_dict[paper["paper_id"]].fields}
        assert _letters(entry["title"]) == _letters(paper["title"])
        assert entry.get("eprint") == paper["arxiv_id"]
        assert entry.get("url") == (paper["arxiv_id"] and f"https://arxiv.org/abs/{paper['arxiv_id']}")
        day = paper["arxiv_published_at"] or paper["published_on"]
        assert entry.get("year") == (day and str(day.year))
        assert ("note" in entry) == bool(day and not paper["arxiv_published_at"] and paper["published_year_inferred"])
        assert ("author" in entry) == (paper["paper_id"] == paper_id(1))
    names = {field.key: field.value for field in read.entries_dict[paper_id(1)].fields}["author"]
    # names are taken apart, and not decoded
    assert [_letters(name).replace("\\", "") for name in names] == [_letters(name) for name in NAMES]


def _letters(text: str) -> str:
    return "".join(c for c in text.replace("ˆ", "^") if c.isalnum() or c in "#$%&_~^\\")


def test_latex_prints_what_the_title_says() -> None:
    assert bibtex.escaped("a_b {c} 50% & \\d\ne~f^g $#") == (
        r"a\_b \textbraceleft{}c\textbraceright{} 50\% \& \textbackslash{}d e\textasciitilde{}f\textasciicircum{}g \$\#"
    )


def test_papers_are_parted_by_month_and_those_without_a_date_stay_readable(hard: Lake, exported: Export) -> None:
    to = exported(hard, "--partition", "month", "--tables", "papers")
    folders = {path.name for path in (to / "papers").iterdir()}
    assert folders == {
        f"published_month={m}" for m in ("1991-08-01", "2024-01-01", "2024-12-01", "__HIVE_DEFAULT_PARTITION__")
    }
    months = sorted(
        (date(m.year, m.month, 1) if m else None for (m,) in rows_of(hard, "select published_on from papers")), key=str
    )
    files = f"{to}/papers/*/*.parquet"
    by_duckdb = duckdb.execute(
        f"select published_month, title from read_parquet('{files}', hive_partitioning = true)"
    ).fetchall()
    assert sorted((month for month, _ in by_duckdb), key=str) == months
    assert sorted(title for _, title in by_duckdb) == sorted(HARD)
    by_polars = pl.read_parquet(files, hive_partitioning=True)
    assert sorted(by_polars["published_month"].to_list(), key=str) == months
    kind = pa.dataset.partitioning(pa.schema([("published_month", pa.date32())]), flavor="hive")
    by_arrow = pa.dataset.dataset(to / "papers", partitioning=kind).to_table(columns=["published_month"])
    assert sorted(by_arrow["published_month"].to_pylist(), key=str) == months


def test_the_sums_and_the_manifest_are_those_of_the_files(hard_export: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", manifest.SUMS], cwd=hard_export, check=True)
    sums = {line[66:] for line in (hard_export / manifest.SUMS).read_text("utf-8").splitlines()}
    assert sums | {manifest.SUMS} == {path.name for path in hard_export.iterdir()}
    told = json.loads((hard_export / manifest.NAME).read_text("utf-8"))
    assert (told["run_id"], told["published_at"]) == ("the-run", "2026-07-01T12:00:00Z")
    for file in told["files"]:
        assert (hard_export / file["file"]).stat().st_size == file["bytes"]


def test_an_export_replaces_an_earlier_one_whole(hard: Lake, exported: Export, run_export: Callable[..., Any]) -> None:
    to = exported(hard, "--format", "csv")
    done = run_export(hard, "--to", to, "--tables", "papers", "--json")
    told = json.loads(done.output)
    assert [(file["file"], file["rows"]) for file in told["files"]] == [("papers.parquet", len(HARD))]
    assert told["files"][0]["bytes"] == (to / "papers.parquet").stat().st_size
    assert not list(to.glob("*.csv"))
    assert [path.name for path in to.parent.iterdir()] == ["out"]


def test_a_folder_that_holds_anything_else_is_refused_and_left(
    hard: Lake, exported: Export, run_export: Callable[..., Any], tmp_path: Path
) -> None:
    to = exported(hard, "--tables", "papers")
    (to / "notes.txt").write_text("mine", "utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / manifest.NAME).write_text("{}", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    for place, said in (
        (to, "holds notes.txt, which no export made"),
        (tmp_path / "other", "holds other files and no export's manifest.json"),
        (tmp_path / "file", "is not a folder"),
        (hard.exports, "belongs to the runs"),
    ):
        done = run_export(hard, "--to", place, "--tables", "papers")
        assert (done.exit_code, len(done.output.splitlines())) == (2, 1)
        assert said in done.output
    assert (to / "notes.txt").read_text("utf-8") == "mine"


def test_an_export_that_fails_half_way_leaves_what_was_there(
    hard: Lake, exported: Export, run_export: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    to = exported(hard, "--tables", "papers")
    before = {path.name: path.read_bytes() for path in to.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bibtex, "write", full)
    done = run_export(hard, "--to", to, "--format", "parquet,bibtex")
    assert done.exit_code == 1
    assert "the export cannot be written: No space left on device" in done.output
    assert {path.name: path.read_bytes() for path in to.iterdir()} == before
    assert [path.name for path in to.parent.iterdir()] == ["out"]


def test_what_a_killed_export_left_is_cleared_away_by_the_next_and_a_living_ones_is_not(
    hard: Lake, run_export: Callable[..., Any], tmp_path: Path
) -> None:
    script = (
        "import sys, time; from pathlib import Path; from etl_project.export import folder\n"
        "with folder.replaced(Path(sys.argv[1])) as building:\n"
        "    (building / 'half').write_text('x'); print('begun', flush=True); time.sleep(60)"
    )
    to = tmp_path / "out"
    begun = []
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", script, str(to)], stdout=subprocess.PIPE, cwd=PROJECT)
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        begun.append(process)
    try:
        os.kill(begun[0].pid, signal.SIGKILL)
        begun[0].wait()
        assert run_export(hard, "--to", to, "--tables", "papers").exit_code == 0
        assert len([path for path in tmp_path.iterdir() if path.name != "out"]) == 1, "that of the living one"
    finally:
        begun[1].kill()
        begun[1].wait()
    assert run_export(hard, "--to", to, "--tables", "papers").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_folders_are_exchanged_where_the_disk_cannot_do_it_in_one_step(
    hard: Lake, exported: Export, run_export: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    to = exported(hard, "--format", "csv")
    monkeypatch.setattr(folder, "_exchanged", lambda *_: False)
    assert run_export(hard, "--to", to, "--tables", "papers").exit_code == 0
    assert [path.name for path in to.parent.iterdir()] == ["out"]
    assert (to / "papers.parquet").exists()


def test_an_address_gets_the_same_files_and_only_an_export_is_replaced(
    hard: Lake, run_export: Callable[..., Any], exported: Export
) -> None:
    import fsspec

    files, to = fsspec.filesystem("memory"), "memory://bucket/papers"
    for formats in ("csv,bibtex", "parquet"):
        assert run_export(hard, "--to", to, "--format", formats).exit_code == 0
        there = {path.removeprefix("/bucket/papers/"): files.cat_file(path) for path in files.find("/bucket/papers")}
        assert there == {path.name: path.read_bytes() for path in exported(hard, "--format", formats).iterdir()}
    files.pipe_file("/bucket/papers/notes.txt", b"mine")
    files.pipe_file("/bucket/other/notes.txt", b"mine")
    for place, said in (
        (to, "holds notes.txt, which no export made"),
        ("memory://bucket/other", "holds other files and no export's manifest.json"),
        ("memory://", "names no place"),
        ("nonsense://bucket/x", "Protocol not known"),
        ("file://elsewhere/x", "names no folder of this machine"),
    ):
        done = run_export(hard, "--to", place)
        assert (done.exit_code, len(done.output.splitlines())) == (2, 1), done.output
        assert said in done.output
    assert files.cat_file("/bucket/papers/notes.txt") == b"mine"


def test_what_is_cut_off_on_its_way_says_that_it_is_unfinished_and_is_sent_again(
    hard_export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    place = remote.Place("memory://cut/papers")
    put, sent = files.put_file, []

    def fails_at_the_third(path: str, to: str, **options: Any) -> None:
        sent.append(to)
        if len(sent) == 3:
            raise OSError("the line is gone")
        put(path, to, **options)

    monkeypatch.setattr(type(files), "put_file", lambda self, *a, **o: fails_at_the_third(*a, **o))
    with pytest.raises(ExportError, match="cannot be written: the line is gone"):
        place.send(hard_export)
    told = json.loads(files.cat_file("/cut/papers/manifest.json"))
    assert (told["files"], "papers.csv" in told["unfinished"]) == ([], True)
    place.send(hard_export)
    assert {p.rpartition("/")[2] for p in files.find("/cut/papers")} == {p.name for p in hard_export.iterdir()}
    assert files.cat_file("/cut/papers/manifest.json") == (hard_export / manifest.NAME).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "parquet,pdf"], "there is no format 'pdf'"),
        (["--format", ","], "an empty list of names"),
        (["--tables", "papers,nonsense"], "there is no table 'nonsense'"),
        (["--tables", "paper"], "Did you mean papers"),
        (["--tables", "check_results", "--where", "true"], "tells of runs, not of papers"),
        (["--where", "stars > 3"], 'Referenced column "stars" not found'),
        (["--where", "true; select 1"], "--where: Parser Error"),
        (["--where", "title"], "--where: Conversion Error"),
        (["--where", "exists (from read_text('/etc/passwd'))"], "--where: Permission Error"),
        (["--partition", "month", "--format", "csv"], "it needs that table and --format parquet"),
        (["--push", "papers"], "is no data set's address"),
        (["--push", "hf://org/name"], "set HF_TOKEN"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    arguments: list[str],
    said: str,
    hard: Lake,
    run_export: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", sys.modules["json"])
    monkeypatch.delenv("HF_TOKEN", raising=False)
    done = run_export(hard, "--to", tmp_path / "out", *arguments)
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1), done.output
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("package", "arguments", "extra"),
    [
        ("xlsxwriter", ["--format", "xlsx"], "papers-etl[xlsx]"),
        ("fsspec", ["--to", "s3://bucket/papers"], "papers-etl[remote]"),
        ("s3fs", ["--to", "s3://bucket/papers"], "papers-etl[remote]"),
        ("huggingface_hub", ["--push", "hf://org/name"], "papers-etl[hub]"),
    ],
)
def test_a_package_that_is_not_there_is_named_with_what_installs_it(
    package: str, arguments: list[str], extra: str, hard: Lake, run_export: Callable[..., Any],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, package, None)
    done = run_export(hard, "--to", tmp_path / "out", *arguments)
    assert (done.exit_code, len(done.output.splitlines())) == (2, 1), done.output
    assert extra in done.output


def test_an_export_of_no_papers_is_whole(exported: Export, tmp_path: Path) -> None:
    lake = publish(Lake(tmp_path / "lake"), {})
    to = exported(lake, "--format", "parquet,csv,jsonl,xlsx,bibtex", "--partition", "month")
    assert pl.read_parquet(f"{to}/papers/*/*.parquet").height == 0
    assert (to / "papers.csv").read_text("utf-8-sig").splitlines() == [
        ",".join(c.name for c in BY_NAME["papers"].columns)
    ]
    subprocess.run(["sha256sum", "--check", "--quiet", manifest.SUMS], cwd=to, check=True)


def test_what_takes_long_is_told_while_it_is_at_work(large: Lake, tmp_path: Path) -> None:
    code = (
        "import etl_project.cli.progress as progress; progress._SHORT = progress._BETWEEN = {}\n"
        "from etl_project.cli.main import main; main()"
    )
    for seconds, told in ((0, True), (60, False)):
        command = [
            sys.executable,
            "-c",
            code.format(seconds),
            "export",
            "--lake",
            str(large.root),
            "--to",
            str(tmp_path / "o"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=True)
        assert ("parts of merged_papers: 2 of 3" in done.stderr) is told
        assert told or done.stderr == ""


_DOCS = (PROJECT / "docs" / "exports.md").read_text("utf-8")


def test_the_commands_and_examples_of_the_docs_work(
    forms_run: FormsRun, run_export: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```sh\n(.*?)```", _DOCS, re.DOTALL)
    for line in block.splitlines():
        arguments = shlex.split(line, comments=True)
        assert arguments[:2] == ["papers", "export"]
        done = run_export(forms_run.lake, *arguments[2:])
        assert done.exit_code == 0, done.output
    examples = re.findall(r"```python\n(.*?)```", _DOCS, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        exec(compile(example, "docs/exports.md", "exec"), {})
