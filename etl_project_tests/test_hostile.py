"""Hostile input: bounded time and memory, a refusal with its reason, the rest of the batch done, and nothing steers what shows it."""

import csv
import gzip
import io
import json
import os
import socket
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import polars as pl
import pytest
import zstandard
from bs4 import BeautifulSoup

from etl_project import captures, parse, raw
from etl_project.assets import _markdown
from etl_project.captures import REFUSAL_REASONS, json_scan, markdown, read_capture
from etl_project.captures.lines import join_wrapped
from etl_project.charsets import is_charset
from etl_project.cli.common import print_json
from etl_project.lake import Lake
from etl_project.parse import parse_dumps
from etl_project.printable import printable
from etl_project.run import Summary, run_job
from etl_project.spreadsheet import safe_cell
from etl_project_tests.conftest import capture, rows_of
from etl_project_tests.form_checks import check_account
from etl_project_tests.hostile import PAGES, Case, dump_of

GOOD = capture(("A Good Paper", "gravel"))
NOW = datetime(2026, 6, 12, tzinfo=UTC)
Papers = Callable[..., subprocess.CompletedProcess[str]]


def zipped(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../page.txt", content)
    return made.getvalue()


def laughs(doctype: str) -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE {doctype} [<!ENTITY l0 "ha">{entities}]>\n<html><body><h1>&l9;</h1></body></html>\n'.encode()


def card(title: str) -> str:
    return f'<article><h3><a href="/papers/2401.00001">{title}</a></h3></article>\n'


def page(body: str) -> bytes:
    return f"<!doctype html>\n<html><body><main>\n{body}</main></body></html>\n".encode()


ITEM = '{"id": "2401.00001", "title": "On Gravel", "summary": "We look at gravel."%s}'

#: name, bytes, reason, what the refusal must say
HOSTILE = [
    ("bomb.zip", zipped(bytes(1 << 24)), "binary_file", "unpack the archive first"),
    ("bomb.gz", gzip.compress(bytes(300 << 20), 1), "opens_too_large", "256 MiB"),
    ("bomb.zst", zstandard.compress(bytes(300 << 20)), "opens_too_large", "256 MiB"),
    ("members.gz", gzip.compress(b"") * 25_000, "too_complex", "unpack it"),
    ("frames.zst", zstandard.compress(b"") * 25_000, "too_complex", "unpack it"),
    ("window.zst", b"\x28\xb5\x2f\xfd\x00\xf8" + bytes(200), "damaged_compression", "copy it again"),
    ("deep.html", page(card("<b>" * 500 + "On Gravel" + "</b>" * 500)), "too_complex", "in one another"),
    ("tags.html", page(card("<i></i>" * 3_000 + "On Gravel")), "too_complex", "tags"),
    ("nested.html", b"<html>" + b"<div>" * 100_000, "no_records", "a web page without papers"),
    ("laughs.html", laughs("html"), "no_records", "a web page without papers"),
    ("laughs.xml", b'<?xml version="1.0"?>' + laughs("lolz"), "unknown_form", "does not look like"),
    ("deep.json", b'[{"a":' * 100_000, "damaged_json", "get it again"),
    ("arrays.json", b"[" * 1_000_000, "line_too_long", "1,000,000 characters"),
    ("twice.json", ("[" + ITEM % ', "title": "On Sand"' + "]").encode(), "damaged_json", "says one thing twice"),
    ("title.json", json.dumps([{"id": "2401.00001", "title": "x" * 9_000}]).encode(), "line_too_long", "9,000"),
    ("abstract.json", (ITEM % "").replace("gravel.", "gravel" * 50_000).encode(), "line_too_long", "100,000"),
    ("marks.txt", ("\u0301" * 100_000).encode(), "unknown_form", "does not look like"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "reason", "says"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_a_hostile_file_is_refused_with_its_reason_in_bounded_time(
    name: str, content: bytes, reason: str, says: str
) -> None:
    start = process_time()
    parsed = parse_dumps(dump_of(content, name, NOW))
    assert process_time() - start < 20  # a hundred times less; without bounds some of these take days
    assert parsed.parsed_rows.height == 0
    ((told, detail),) = parsed.refused_records.select("reason", "detail").unique().rows()
    assert (told, says in detail) == (reason, True), (told, detail)


def test_numbers_and_texts_that_json_can_write_and_no_database_holds_are_kept_as_text_or_replaced() -> None:
    odd = ', "a": 1e400, "b": NaN, "c": -Infinity, "d": 1%s, "e": -0, "f": "\\ud800", "g": "\\u0000", "upvotes": 1%s'
    text = "[" + ITEM % (odd % ("0" * 400, "0" * 400)) + "]"
    parsed = parse_dumps(dump_of(text.encode(), "page.json", NOW))
    ((title, upvotes, rest),) = parsed.parsed_rows.select("title", "upvotes", "raw").rows()
    assert (title, upvotes) == ("On Gravel", None)
    kept = json.loads(rest)
    assert [kept[name] for name in "abcdefg"] == ["1e400", "NaN", "-Infinity", "1" + "0" * 400, 0, "\ufffd", "\ufffd"]


def test_a_gzip_bomb_is_opened_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "LARGEST_OPENED", 1_000)
    assert raw.open_bytes(bytes(1_001)) == ("none", None, "opens_too_large")
    assert raw.open_bytes(gzip.compress(bytes(1_000)))[1] == bytes(1_000)
    for bomb in (gzip.compress(bytes(1_001)), gzip.compress(bytes(600)) * 2):
        assert raw.open_bytes(bomb) == ("gzip", None, "opens_too_large")


@pytest.mark.parametrize(
    "name", ["zlib", "bz2", "hex", "rot13", "punycode", "idna", "unicode_escape", "utf-7", "x\x00"]
)
def test_codecs_that_are_no_charsets_are_not_used(name: str) -> None:
    assert not is_charset(name)
    declared = f"<meta charset={name}>\n".encode() + b"caf\xe9 +ADw-\n" + GOOD.encode()
    assert raw.decode(declared).encoding != name
    archive = PAGES["archive"]("On Gravel", "We look at gravel and at nothing else.", "")
    reading = read_capture(archive.replace("text/html\n", f'text/html; charset="{name}"\n'))
    assert [record.title for record in reading.records] == ["On Gravel", "On Sand"]


def test_a_file_of_mostly_broken_utf8_is_judged_without_listing_its_characters() -> None:
    assert raw.decode("é".encode() * 1_000 + b"\xff").basis == "utf8_damaged"
    assert raw.decode(b"\xff\xfa\xe9" * 1_000).basis != "utf8_damaged"


def test_more_lines_than_fit_in_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "MOST_LINES", 20)
    reading = read_capture(GOOD * 3)
    assert [refusal.reason for refusal in reading.refusals] == ["too_complex"]
    check_account(reading, GOOD * 3)


@pytest.mark.parametrize("form", ["json", "html_data"])
def test_more_items_than_fit_in_memory_are_refused(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_scan, "MOST_ITEMS", 1)
    text = PAGES[form]("On Gravel", "We look at gravel.", "")
    reading = read_capture(text)
    assert [refusal.reason for refusal in reading.refusals] == ["too_complex"]
    check_account(reading, text)


def test_a_reader_that_fails_costs_its_file_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def read(text: str, damaged: object = ()) -> object:
        if "sand" in text:
            raise KeyError("a mistake")
        return read_capture(text, damaged)  # type: ignore[arg-type]

    monkeypatch.setattr(parse, "read_capture", read)
    texts = [capture((f"Paper {topic}", topic)) for topic in ("gravel", "sand", "chalk", "clay", "moss")]
    dumps = pl.concat([dump_of(text.encode(), f"{n}.txt", NOW) for n, text in enumerate(texts)])
    parsed = parse_dumps(dumps)
    assert parsed.captures["dump_id"].to_list() == dumps["dump_id"].to_list()
    assert sorted(parsed.parsed_rows["title"]) == ["Paper chalk", "Paper clay", "Paper gravel", "Paper moss"]
    ((dump, reason, detail),) = parsed.refused_records.select("dump_id", "reason", "detail").rows()
    assert (dump, reason) == (dumps["dump_id"][1], "reader_failed")
    assert "KeyError in test_hostile.py" in detail and "report" in detail
    assert "1.txt: the reader failed" in caplog.text
    assert parsed.captures["lines_refused"][1] == raw.count_lines(texts[1])


def test_what_fails_after_reading_costs_its_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(text: str, title: str = "") -> list[object]:
        raise RecursionError

    monkeypatch.setattr(parse, "find_links", find)
    texts = [capture(("Paper One", "gravel")), capture(("Paper Two", "https://moss.org/x"))]
    parsed = parse_dumps(pl.concat([dump_of(text.encode(), "page.txt", NOW) for text in texts]))
    assert parsed.parsed_rows["title"].to_list() == ["Paper One"]
    assert parsed.refused_records["reason"].to_list() == ["reader_failed"]


def test_where_memory_ends_no_file_is_refused_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = pl.concat([dump_of(capture((f"Paper {n}", f"topic {n}")).encode(), f"{n}.txt", NOW) for n in range(4)])
    hungry, read = dumps["content"][2], captures.read_capture
    scarce = True

    def short(content: str, damaged: list[int]) -> captures.Reading:
        if content == hungry and scarce:
            raise MemoryError
        return read(content, damaged)

    monkeypatch.setattr(parse, "read_capture", short)
    with pytest.raises(MemoryError, match=r"reading '2.txt' needs more memory than there is"):
        parse_dumps(dumps)
    scarce = False
    assert parse_dumps(dumps).refused_records.is_empty()


# ---------------------------------------------------------------------------------------------
# time that grows with the length alone

#: Families of which each once took the square of its length, and one for each form.
FAMILIES = [
    Case("markdown", "abstract", "sim1,", "\n"),
    Case("text", "abstract", "a-", "\n"),
    Case("text", "abstract", "- a\n", ""),
    Case("text_bare", "between", "-", "\n\n"),
    Case("text_wrapped", "between", "7", "\n"),
    Case("numbered", "between", "1", "\n"),
    Case("numbered", "abstract", "3 authors · ", ""),
    Case("link_lines", "between", "9", "\n\n"),
    Case("markdown", "between", "<img", " "),
    Case("markdown_html", "title", "<svg", "\n\n"),
    Case("markdown_html", "between", "9", "\n\n"),
    Case("markdown_references", "abstract", "[a](", ""),
    Case("markdown_references", "abstract", "[45]", " "),
    Case("markdown_references", "between", "[45]", "\n"),
    Case("markdown_references", "between", "\\[", ""),
    Case("markdown", "between", "<![CDATA[", ""),
    Case("paper_text", "abstract", "[1]", "\n"),
    Case("html_headings", "between", "<h3 ", " "),
    Case("html_cards", "abstract", "<br>", " "),
    Case("html_paper", "title", "<h3>", "\n\n"),
    Case("html_cards", "between", "<h1>", ""),
    Case("html_cards", "between", "href=", ""),
    Case("html_data", "between", "<a href=", ""),
    Case("json", "between", '{"id":"2401.00003","title":', " "),
    Case("json", "between", '{"a":[', ""),
    Case("header", "between", "a: b\n", ""),
    Case("alone", "between", "https://a.b/-\n", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: f"{case.page} {case.unit!r}{case.parting!r}")
def test_the_time_of_reading_grows_with_the_length_alone(case: Case) -> None:
    small, large = case.text(8_000), case.text(32_000)
    best = [1e9, 1e9]
    for _ in range(6):
        for at, text in enumerate((small, large)):
            start = process_time()
            read_capture(text)
            best[at] = min(best[at], process_time() - start)
        if best[1] < 6 * best[0] or best[1] < 0.02:  # four times as long; the square would be sixteen times
            return
    pytest.fail(f"{best[0]:.3f} s, and {best[1]:.3f} s for four times the length")


def test_spaces_between_listed_addresses_are_read_in_one_way_only() -> None:
    line = "1. https://moss.org/a  " * 30
    start = process_time()
    reading = read_capture(f"{line}x\n" + PAGES["numbered"]("On Gravel", "We look at gravel.", ""))
    assert process_time() - start < 5  # tried in every way, thirty of them take years
    assert reading.form == "text_numbered_links"


def test_addresses_that_were_broken_are_joined_as_by_a_search_of_all_that_was_joined() -> None:
    for lines, joined in (
        (["see https://moss.org/a-", "b/", "c and", "d"], "see https://moss.org/a-b/c and d"),
        (["see https://moss.org/", "/a"], "see https://moss.org//a"),
        (["https://", "moss.org"], "https://moss.org"),
        (["pre-", "and post-", "training", "of well-", "known"], "pre- and post-training of well-known"),
        (["a/", "b"], "a/ b"),
    ):
        assert join_wrapped(lines) == joined


def test_the_words_of_a_link_with_a_space_before_its_reference_are_its_own() -> None:
    lines = [
        "[On Gravel] [1]",
        "",
        "and [what",
        "follows] [1] it.",
        "",
        "[1]: https://huggingface.co/papers/2401.00001",
    ]
    pieces = [piece for piece in markdown.find_pieces(lines) if piece.target]
    assert [(piece.text, piece.line, piece.line_end) for piece in pieces] == [
        ("On Gravel", 1, 1),
        ("what follows", 3, 4),
    ]


# ---------------------------------------------------------------------------------------------
# files


def test_links_out_of_a_folder_are_refused_and_those_within_it_and_named_ones_read(tmp_path: Path) -> None:
    outside, inbox, store = tmp_path / "outside", tmp_path / "inbox", tmp_path / "raw"
    for folder in (outside, inbox / "sub"):
        folder.mkdir(parents=True)
    (outside / "secret.txt").write_text(GOOD, "utf-8")
    (inbox / "own.txt").write_text("own", "utf-8")
    (inbox / "sub" / "inside.txt").symlink_to("../own.txt")
    (inbox / "out.txt").symlink_to(outside / "secret.txt")
    (inbox / "up.txt").symlink_to("../outside/secret.txt")
    (inbox / "folder").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox)
    (inbox / "circle").symlink_to(inbox / "circle")
    taken = {Path(d.path).name: d for d in raw.take_all([inbox], store, NOW)}
    assert {name for name, d in taken.items() if d.outcome != "unreadable"} == {"own.txt", "inside.txt"}
    for name in ("out.txt", "up.txt", "folder"):
        assert "leads out of the folder" in taken[name].detail
    assert "leads to no file" in taken["circle"].detail
    (named,) = raw.take_all([inbox / "out.txt"], store, NOW)
    assert named.outcome == "new"


def test_the_inbox_is_walked_as_a_folder(lake: Lake, tmp_path: Path) -> None:
    lake.inbox.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text(capture(("A Secret Paper", "sand")), "utf-8")
    (lake.inbox / "out.txt").symlink_to(tmp_path / "secret.txt")
    (lake.inbox / "good.txt").write_text(GOOD, "utf-8")
    summary = run_job(lake, [])
    assert summary.exit_code == 4
    assert rows_of(lake, "select title from papers") == [("A Good Paper",)]
    assert [file["note"] for file in summary.files if file["outcome"] == "unreadable"] == [
        "a link that leads out of the folder; put the file itself there, or name it on its own"
    ]


def test_what_is_no_file_is_told_and_nothing_waits(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    names = ["a..%2f..%2fup.txt", "new\nline.txt", "\"quoted'.txt", "\u202egnp.txt", "\x1b[2J.txt", "n" * 251 + ".txt"]
    for name in names:
        (folder / name).write_text(f"{name}", "utf-8")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # a socket's name is short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        taken = list(raw.take_all([folder, Path("/dev/zero")], tmp_path / "raw", NOW))
    told = {Path(d.path).name: d.detail for d in taken if d.outcome == "unreadable"}
    assert set(told) == {"pipe", "socket", "zero"}
    assert {d.outcome for d in taken if Path(d.path).name in names} == {"new"}
    stored = [file for file in (tmp_path / "raw").rglob("*") if file.is_file()]
    assert len(stored) == 2 * len(names) and all(file.stem.isalnum() for file in stored)


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="no /proc here")
def test_a_file_without_end_is_read_no_further_than_it_was_long(tmp_path: Path) -> None:
    (endless,) = raw.take_all(
        [Path("/proc/self/mounts")], tmp_path / "raw", NOW
    )  # as a log that grows: its size is a lie
    assert endless.outcome == "unreadable" and "still being written" in endless.detail


# ---------------------------------------------------------------------------------------------
# output

STEERING = "\x1b]0;x\x07\x1b[2J \x9b31m \u202egnp.exe \u2066\u200b\x7f\x00 <script>alert(1)</script> | `x` [a](b)"


def test_nothing_that_steers_a_terminal_is_printed() -> None:
    assert printable(STEERING).replace("\u200b", "").isprintable()
    assert printable("İstanbul 文 🧪") == "İstanbul 文 🧪"


def test_json_output_is_plain_and_reads_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": STEERING, "other": "文\n🧪"})
    shown = capsys.readouterr().out
    assert shown.replace("\n", "").isprintable()
    assert json.loads(shown) == {"title": STEERING, "other": "文\n🧪"}
    assert "文" in shown


def test_markdown_in_the_ui_holds_titles_in_their_cells() -> None:
    value = _markdown(pl.DataFrame({"title": [STEERING]})).md_str
    assert value is not None
    row = value.split("\n")[-1]
    assert row.replace("\u200b", "").isprintable() and row.count("|") - row.count("\\|") == 2
    assert not BeautifulSoup(row.replace("\\<", "&lt;"), "lxml").find("script")
    assert "\\[a\\](b)" in row


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text.replace("\r", " ")


@pytest.mark.parametrize("value", [-3, -2.5, None, True, NOW, "On Gravel", "a=b", "3 - 2", ""])
def test_numbers_dates_and_other_text_stay(value: object) -> None:
    assert safe_cell(value) == value


def test_csv_that_goes_through_a_pipe_steers_no_terminal_at_its_end(
    sample_run: tuple[Lake, Summary], papers: Papers
) -> None:
    query = "select chr(27) || '[2J' || chr(8238) || 'gnp.exe' || chr(13) || 'x' as a, 'two' || chr(10) || 'lines' || chr(160) || '文🧪' as b"
    shown, exact = (
        next(csv.DictReader(io.StringIO(papers("sql", query, "-f", form, lake=sample_run[0]).stdout, newline="")))
        for form in ("csv", "csv-exact")
    )
    assert shown == {"a": " [2J gnp.exe x", "b": "two\nlines\u00a0文🧪"}
    assert exact["a"].startswith("\x1b[2J\u202egnp.exe")


def test_every_reason_is_one_of_the_list() -> None:
    assert {row[2] for row in HOSTILE} | {"reader_failed"} <= set(REFUSAL_REASONS)
