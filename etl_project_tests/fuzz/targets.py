"""What must hold of any input, a function each: bytes in, AssertionError (or whatever else is raised) if it does not hold.

No fuzzer here: ``run`` drives these with mutated inputs, and the suite replays the kept corpus.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time

from etl_project import raw
from etl_project.captures import Reading, html, json_text, read_capture
from etl_project.captures.json_scan import scan
from etl_project.captures.roles import role_of
from etl_project.cleaning import SIGNS, clean_text, needs_cleaning
from etl_project.fields import (
    abstract_key,
    find_arxiv_id,
    parse_count,
    parse_count_step,
    parse_printed_date,
    parse_time,
    split_organisation,
    title_key,
)
from etl_project.links import KINDS, find_links, read_address
from etl_project.parse import parse_dumps
from etl_project_tests.form_checks import check_account
from etl_project_tests.hostile import dump_of

#: Processor seconds that an input may take, and beside them for each of its characters: many times what any page needs.
LONGEST, A_CHARACTER = 1.0, 2e-4


def readers(data: bytes) -> None:
    """Any bytes give a text or a reason; any text a reading in which every line is accounted for."""
    decoded = raw.decode(data)
    assert (decoded.text is None) == (decoded.reason is not None)
    if decoded.text is not None:
        _check(read_capture(decoded.text, decoded.damaged_lines), decoded.text)


def pages(data: bytes) -> None:
    """Saved pages and web archives, whatever ``recognise`` says of them."""
    text = _text(data)
    if text:
        _check(html.read(text), text)


def json(data: bytes) -> None:
    """JSON, whatever ``recognise`` says of it: items and broken stretches stand in the text, in order."""
    text = _text(data)
    if not text:
        return
    found = scan(text)
    for part in (*found.items, *found.broken):
        assert 0 <= part.start <= part.end <= len(text), part
    ends = 0
    for item in found.items:
        assert item.start >= ends, "items overlap"
        ends = item.end
    _check(json_text.read(text), text)


def links(data: bytes) -> None:
    """Links span their own words, do not overlap, and have a kind of the closed list; cleaning keeps every link."""
    text = data.decode("utf-8", "replace")
    found = find_links(text, text[:40])
    end = 0
    for link in found:
        assert end <= link.start < link.end <= len(text), link
        assert text[link.start : link.end] == link.url_raw, link
        assert link.kind in KINDS and link.url.startswith("https://"), link
        assert (link.repo is None) <= (link.deep_path is None), link
        end = link.end
    link = read_address(text)
    assert link is None or link.url_raw == text.strip()
    cleaned = clean_text(text, found)
    assert cleaned == clean_text(text)
    cleaned.encode()
    if not needs_cleaning(text):
        assert cleaned == text, "cleaned, though no sign of damage stands in it"


def fields(data: bytes) -> None:
    """Counts, dates, ids, organisations, keys: a value or None, and what is read comes back."""
    text = data.decode("utf-8", "replace")
    count = parse_count(text)
    assert count is None or (count >= 0 and parse_count_step(text) in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000))
    printed = parse_printed_date(text)
    assert printed is None or (1 <= printed.month <= 12 and (printed.day is None or 1 <= printed.day <= 31))
    assert printed is None or printed.comments is None or printed.comments >= 0
    parse_time(text)
    number = find_arxiv_id(text)
    assert number is None or find_arxiv_id(number) == number
    handle, name = split_organisation(text)
    assert handle is None or " " not in handle
    assert name != ""
    role_of(text)
    title_key(text).encode()
    abstract_key(text)


def rows(data: bytes) -> None:
    """A dump gives rows of the declared types, whatever is in it, and never stops the batch."""
    parsed = parse_dumps(dump_of(data, "page.txt", datetime(2026, 6, 12, tzinfo=UTC)))
    assert parsed.captures.height == 1
    (records, refusals) = parsed.captures.select("records", "refusals").row(0)
    assert (records, refusals) == (parsed.parsed_rows.height, parsed.refused_records.height)
    assert parsed.parsed_rows["mention_id"].is_unique().all()
    assert "reader_failed" not in parsed.refused_records["reason"].to_list()


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\x00", "\ufffd")


def _check(reading: Reading, text: str) -> None:
    check_account(reading, text)
    for record in reading.records:
        assert record.title.strip()
        assert (record.abstract is None) == (record.abstract_kind is None)
        assert record.abstract is not None or record.arxiv_id is not None


TARGETS: dict[str, Callable[[bytes], None]] = {
    "readers": readers,
    "pages": pages,
    "json": json,
    "links": links,
    "fields": fields,
    "rows": rows,
}
assert SIGNS  # links and cleaning look at marked texts only; ``links`` asks them of all


def timed(target: Callable[[bytes], None], data: bytes) -> None:
    """Run ``target`` and assert that its time is bounded by the length of ``data``."""
    start = process_time()
    target(data)
    taken = process_time() - start
    assert taken <= LONGEST + A_CHARACTER * len(data), f"{taken:.1f} s for {len(data):,} bytes"
