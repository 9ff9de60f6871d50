"""Dumps in, parsed rows and refusals out: chooses the form, reads it, turns text into values.

Frames in, frames out, no I/O. The columns of every frame are those of its table in ``tables.py``.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from etl_project import progress
from etl_project.capture_day import CaptureDay, FileFacts, find_capture_day, publication_day
from etl_project.captures import Reading, Record, read_capture, refuse_whole
from etl_project.cleaning import SIGNS, clean_text, needs_unicode_cleaning
from etl_project.contract import polars_schema
from etl_project.fields import parse_printed_date, parse_time
from etl_project.links import SIGNS as LINK_SIGNS
from etl_project.links import Link, find_links, read_address
from etl_project.tables import CAPTURES, MENTION_AUTHORS, MENTION_LINKS, PARSED_ROWS, REFUSED_RECORDS

log = logging.getLogger("etl_project")

#: Moves when the same dump may give other rows; every dump is then read again and mentions keep their ids.
PARSER_VERSION = 6

#: What to do about a file that never became text.
UNREAD_REMEDIES = {
    "empty_file": "the file is empty; capture the page again",
    "binary_file": "the bytes are no text; give the page's text, or unpack the archive first",
    "undecodable": "its encoding cannot be told for certain, or is none that we know; save the capture as UTF-8 and give it again",
    "damaged_compression": "the compressed file is cut off or broken; copy it again",
    "opens_too_large": "opened, the file is larger than the limit of 256 MiB; split it",
    "too_complex": "more parts in one compressed file than any tool writes; unpack it and give it as one",
}


_NONE: Mapping[str, str] = MappingProxyType({})


class Parsed(NamedTuple):
    """The rows that a batch of dumps gave, one frame a table."""

    captures: pl.DataFrame
    parsed_rows: pl.DataFrame
    mention_links: pl.DataFrame
    mention_authors: pl.DataFrame
    refused_records: pl.DataFrame


def parse_dumps(dumps: pl.DataFrame, left_out: Mapping[str, str] = _NONE) -> Parsed:
    """Return the rows of ``dumps`` (columns of ``raw_dumps``), each dump read by the form its structure shows.

    Those that people left out (the reason by dump_id) are refused whole.

    A dump on which a reader fails is refused whole with the reason ``reader_failed``, and told in the log; the others
    are read. It is a mistake of this program, whatever the dump holds. Where memory ends, on one dump alone, too, that is
    no dump's mistake: MemoryError.
    """
    try:
        return _parse(dumps, _read, left_out)
    except (Exception, pl.exceptions.PanicException) as error:
        short = _is_of_memory(error)
        if dumps.height == 1:
            (name,) = dumps["file_name"]
            if short:
                raise MemoryError(f"reading {name!r} needs more memory than there is") from None
            log.exception("%s: the reader failed and gives no rows of it; please report this", name)
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail = (
                f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}: a mistake of this program; "
                "please report it with the file, which is kept in raw/"
            )
            return _parse(
                dumps, lambda content, damaged, reason: refuse_whole(content or "", "reader_failed", detail), left_out
            )
    # one of them fails: it is found by halves; not above, where the error still holds what was read so far
    half = dumps.height // 2
    parts = zip(parse_dumps(dumps[:half], left_out), parse_dumps(dumps[half:], left_out), strict=True)
    return Parsed(*(pl.concat(frames) for frames in parts))


def _is_of_memory(error: BaseException) -> bool:
    # the text of Polars' panic where Python has no memory for an object
    return isinstance(error, MemoryError) or "PyObject pointer is null" in str(error)


def _read(content: str | None, damaged: list[int], reason: str | None) -> Reading:
    if content is None:
        return refuse_whole("", reason or "", UNREAD_REMEDIES[reason or ""])
    return read_capture(content, damaged)


def _parse(
    dumps: pl.DataFrame, read: Callable[[str | None, list[int], str | None], Reading], left_out: Mapping[str, str]
) -> Parsed:
    columns = {name: dumps[name].to_list() for name in _NEEDED}
    captures: list[list[Any]] = []
    refused: list[tuple[Any, ...]] = []
    rows: dict[str, list[Any]] = {name: [] for name in (*_RECORD_FIELDS, *_DATED)}
    each = progress.each(zip(*columns.values(), strict=True), "captures read", dumps.height)
    for dump_id, name, source, content, damaged, reason, modified, received in each:
        if dump_id in left_out:
            reading = refuse_whole(content or "", "left_out", left_out[dump_id])
        else:
            reading = read(content, damaged, reason)
        records = reading.records
        file = FileFacts(name, source, modified.date() if modified else None, received.date())
        dated, on, basis = read_dates(reading, file)
        if records:
            for field, values in zip(_RECORD_FIELDS, zip(*records, strict=True), strict=False):
                rows[field] += values
            for field, values in zip(_DATED, zip(*dated, strict=True), strict=True):
                rows[field] += values
        captures.append(
            [
                dump_id, reading.form, reading.confidence, reading.heading, reading.query, reading.captured_raw,
                on, basis, reading.mirror, reading.unknown_host,
                len(records), len(reading.refusals),
                reading.lines_total, reading.lines_field, reading.lines_furniture, reading.lines_refused,
                PARSER_VERSION,
            ]
        )  # fmt: skip
        refused += [(dump_id, seq, *refusal) for seq, refusal in enumerate(reading.refusals, 1)]
    of_dump = pl.DataFrame(captures, schema=polars_schema(CAPTURES), orient="row")
    abstracts = pl.Series(rows["abstract"], dtype=pl.String)
    links = _find_links(abstracts, rows["abstract"], rows["title"])
    page_links = _page_links(rows)
    authors = rows.pop("authors")
    for name, source in _TIMES.items():
        rows[name] = [text and parse_time(text) for text in rows.pop(source)]
    schema = polars_schema(PARSED_ROWS)
    frame = _with_ids(pl.DataFrame({**rows, "abstract": abstracts}, schema_overrides=schema), of_dump).with_columns(
        _clean(abstracts, rows["abstract"], links).alias("abstract_clean"),
        # comments on a line of their own are the record's, those after a date are the date's
        comments=pl.coalesce("comments", pl.col("comments_after_date").cast(pl.Int32)),
    )
    link_rows = _link_rows(frame["mention_id"], links, page_links)
    return Parsed(
        _with_mirror(of_dump, link_rows),
        frame.select(list(schema)),
        link_rows,
        _author_rows(frame["mention_id"], authors),
        pl.DataFrame(refused, schema=polars_schema(REFUSED_RECORDS), orient="row"),
    )


class _Dated(NamedTuple):
    """What the date line of one record gave."""

    published_raw: str | None = None
    published_on: date | None = None
    published_year_inferred: bool = False
    published_basis: str = "absent"
    comments_after_date: int | None = None


_UNDATED = _Dated()


def read_dates(reading: Reading, file: FileFacts) -> tuple[list[_Dated], date | None, str]:
    """Return what each record's date gave, and the capture's day with its basis.

    Two pages pasted into one file have a day each, and the file has none.
    """
    records = reading.records
    dates = [parse_printed_date(r.date_text) if r.date_text else None for r in records]
    days = [(basis, date.fromisoformat(day)) for basis, day in reading.days]
    moments = (parse_time(r.daily_time) for r in records if r.daily_time)
    newest_shown = max((moment.date() for moment in moments if moment), default=None)
    captured: dict[str | None, CaptureDay] = {}
    told = {r.page_day for r in records}
    if told <= {None}:
        records = [r._replace(page_day=reading.captured_raw) for r in records]
        told = {reading.captured_raw}
    for page_day in told:
        printed = [d for r, d in zip(records, dates, strict=True) if d is not None and r.page_day == page_day]
        head = parse_printed_date(page_day) if page_day else None
        captured[page_day] = find_capture_day(head, printed, file, days, newest_shown)
    glued = any(d is not None and d.glued for d in dates)
    dated = [
        _UNDATED if d is None else _Dated(d.raw, *publication_day(d, captured[r.page_day], glued), d.comments)
        for r, d in zip(records, dates, strict=True)
    ]
    if len(captured) > 1:
        return dated, None, "several_pages"
    ((page_day, capture),) = captured.items()
    return dated, *((capture.on, capture.basis) if page_day or capture.on else (None, "absent"))


_NEEDED = ("dump_id", "file_name", "source", "content", "damaged_lines", "unread_reason", "modified_at", "received_at")
_RECORD_FIELDS = tuple(name for name in Record._fields if name != "page_day")
_DATED = _Dated._fields
#: Columns that are times, by the field of the record that holds them as text.
_TIMES = {"arxiv_published_at": "arxiv_time", "daily_submitted_at": "daily_time"}


def _with_ids(frame: pl.DataFrame, captures: pl.DataFrame) -> pl.DataFrame:
    """Add dump_id, form, seq and mention_id to rows that stand in the order of ``captures``.

    A mention's id is its dump and its first line, with a number where several start on one line.
    """
    each = captures.select(pl.col("dump_id", "form").repeat_by("records")).explode("dump_id", "form").drop_nulls()
    frame = frame.hstack(each)
    mention_id = pl.concat_str("dump_id", pl.lit("-"), "line_start")
    if frame.select((pl.struct("dump_id", "line_start") == pl.struct("dump_id", "line_start").shift()).any()).item():
        repeat = pl.int_range(1, pl.len() + 1).over("dump_id", "line_start")
        mention_id = pl.when(repeat > 1).then(pl.concat_str(mention_id, pl.lit("."), repeat)).otherwise(mention_id)
    return frame.with_columns(mention_id=mention_id, seq=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("dump_id"))


def _marked(texts: pl.Series, signs: tuple[str, ...]) -> pl.Series:
    """Return which texts match one of ``signs``: over a whole column at once, so that most need no other look."""
    marked = texts.str.contains(signs[0])
    for sign in signs[1:]:
        marked |= texts.str.contains(sign)
    return marked


def _find_links(abstracts: pl.Series, texts: list[str | None], titles: list[str]) -> dict[int, list[Link]]:
    """Return the links of the abstracts that have some, by row."""
    places = _marked(abstracts, LINK_SIGNS).fill_null(False).arg_true().to_list()
    return {i: found for i in places if (found := find_links(texts[i] or "", titles[i]))}


def _page_links(rows: dict[str, list[Any]]) -> dict[int, list[Link]]:
    """Return the links that the page itself gives for a paper (repository, project page), by row."""
    found: dict[int, list[Link]] = {}
    for name in ("github_url", "project_url"):
        for i, address in enumerate(rows[name]):
            link = read_address(address, rows["title"][i]) if address else None
            if link is not None:
                if name == "project_url" and link.kind == "other":
                    link = link._replace(kind="project_page")
                found.setdefault(i, []).append(link)
    return found


def _clean(abstracts: pl.Series, texts: list[str | None], links: dict[int, list[Link]]) -> pl.Series:
    """Return the cleaned abstracts; only those with a sign of damage are touched."""
    odd = [text is not None and not text.isascii() and needs_unicode_cleaning(text) for text in texts]
    marked = (_marked(abstracts, SIGNS) | pl.Series(odd, dtype=pl.Boolean)).fill_null(False).arg_true().to_list()
    places = sorted({*marked, *(i for i, found in links.items() if any(link.mirror for link in found))})
    return (
        abstracts.scatter(places, [clean_text(texts[i] or "", links.get(i, [])) for i in places])
        if places
        else abstracts
    )


def _with_mirror(captures: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Fill ``mirror`` where the page's own links do not tell: a mirror rewrites addresses in texts to its own host."""
    in_texts = (
        links.filter(pl.col("mirror").is_not_null())
        .select(dump_id=pl.col("mention_id").str.split("-").list.first(), in_texts="mirror")
        .group_by("dump_id")
        .agg(pl.col("in_texts").mode().min())
    )
    return (
        captures.join(in_texts, on="dump_id", how="left")
        .with_columns(mirror=pl.coalesce("mirror", "in_texts"))
        .select(captures.columns)
    )


def _link_rows(mention_ids: pl.Series, links: dict[int, list[Link]], page_links: dict[int, list[Link]]) -> pl.DataFrame:
    rows = []
    for i in sorted({*links, *page_links}):
        both = [("abstract", link) for link in links.get(i, [])] + [("page", link) for link in page_links.get(i, [])]
        for number, (source, link) in enumerate(both, 1):
            span = (link.start, link.end) if source == "abstract" else (None, None)
            key = f"{link.owner}/{link.repo}".lower() if link.repo else None
            rows.append(
                (
                    mention_ids[i], number, source, link.url_raw, link.url, link.kind, *span, link.mirror, link.owner,
                    link.repo, key, link.deep_path,
                )
            )  # fmt: skip
    return pl.DataFrame(rows, schema=polars_schema(MENTION_LINKS), orient="row")


def _author_rows(mention_ids: pl.Series, authors: list[tuple[str, ...] | None]) -> pl.DataFrame:
    rows = [
        (mention_ids[i], position, name)
        for i, names in enumerate(authors)
        for position, name in enumerate(names or (), 1)
    ]
    return pl.DataFrame(rows, schema=polars_schema(MENTION_AUTHORS), orient="row")
