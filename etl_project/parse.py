"""Dumps in, parsed rows and refusals out: chooses the form, reads it, turns text into values.

Frames in, frames out, no I/O. The columns of every frame are those of its table in ``tables.py``.
"""

from typing import Any, NamedTuple

import polars as pl

from etl_project.capture_day import find_capture_day, publication_day
from etl_project.captures import Record, read_capture, refuse_whole
from etl_project.cleaning import SIGNS, clean_text, needs_unicode_cleaning
from etl_project.contract import polars_schema
from etl_project.fields import parse_printed_date
from etl_project.links import Link, find_links
from etl_project.tables import CAPTURES, MENTION_LINKS, PARSED_ROWS, REFUSED_RECORDS

#: Moves when the same dump may give other rows; every dump is then read again and mentions keep their ids.
PARSER_VERSION = 1

#: What to do about a file that never became text.
_REMEDIES = {
    "empty_file": "the file is empty; capture the page again",
    "binary_file": "the bytes are no text; give the page's text, or unpack the archive first",
    "undecodable": "no known encoding gives text; save the capture as UTF-8 and give it again",
    "damaged_compression": "the compressed file is cut off or broken; copy it again",
    "opens_too_large": "opened, the file is larger than the limit of 512 MiB; split it",
}


class Parsed(NamedTuple):
    """The rows that a batch of dumps gave, one frame a table."""

    captures: pl.DataFrame
    parsed_rows: pl.DataFrame
    mention_links: pl.DataFrame
    refused_records: pl.DataFrame


def parse_dumps(dumps: pl.DataFrame) -> Parsed:
    """Return the rows of ``dumps`` (columns of ``raw_dumps``), each dump read by the form its structure shows."""
    columns = {name: dumps[name].to_list() for name in _NEEDED}
    captures: list[tuple[object, ...]] = []
    refused: list[tuple[object, ...]] = []
    rows: dict[str, list[Any]] = {name: [] for name in polars_schema(PARSED_ROWS) if name != "abstract_clean"}
    links: list[list[Link]] = []  # of each row
    for dump_id, name, content, damaged, reason, modified, received in zip(*columns.values(), strict=True):
        if content is None:
            reading = refuse_whole("", reason, _REMEDIES[reason])
        else:
            reading = read_capture(content, damaged)
        records = reading.records
        head = parse_printed_date(reading.captured_raw) if reading.captured_raw else None
        dates = [parse_printed_date(r.date_text) if r.date_text else None for r in records]
        capture = find_capture_day(
            head,
            [d for d in dates if d is not None],
            name,
            modified.date() if modified else None,
            received.date(),
        )
        glued = any(d is not None and d.glued for d in dates)
        days = [publication_day(d, capture, glued) for d in dates]
        found = [find_links(r.abstract, r.title) for r in records]
        links += found
        rows["mention_id"] += _mention_ids(dump_id, records)
        rows["dump_id"] += [dump_id] * len(records)
        rows["seq"] += range(1, len(records) + 1)
        rows["form"] += [reading.form] * len(records)
        rows["published_raw"] += [d.raw if d else None for d in dates]
        rows["published_on"] += [day.on for day in days]
        rows["published_year_inferred"] += [day.year_inferred for day in days]
        rows["published_basis"] += [day.basis for day in days]
        rows["comments"] += [
            r.comments if d is None or r.comments is not None else d.comments
            for r, d in zip(records, dates, strict=True)
        ]
        for field in _TAKEN_OVER:
            rows[field] += [getattr(r, field) for r in records]
        captures.append(
            (
                dump_id, reading.form, reading.confidence, reading.heading, reading.query, reading.captured_raw,
                capture.on if head else None, capture.basis if head else "absent", _mirror(found),
                len(records), len(reading.refusals),
                reading.lines_total, reading.lines_field, reading.lines_furniture, reading.lines_refused,
                PARSER_VERSION,
            )
        )  # fmt: skip
        refused += [(dump_id, *refusal) for refusal in reading.refusals]
    abstracts = pl.Series(rows["abstract"], dtype=pl.String)
    return Parsed(
        pl.DataFrame(captures, schema=polars_schema(CAPTURES), orient="row"),
        pl.DataFrame({**rows, "abstract": abstracts}, schema_overrides=polars_schema(PARSED_ROWS))
        .with_columns(_clean(abstracts, rows["abstract"], links).alias("abstract_clean"))
        .select(list(polars_schema(PARSED_ROWS))),
        _link_rows(rows["mention_id"], links),
        pl.DataFrame(refused, schema=polars_schema(REFUSED_RECORDS), orient="row"),
    )


def _mention_ids(dump_id: str, records: list[Record]) -> list[str]:
    """Return ids made of the dump and the record's first line, with a number where several start on one line."""
    ids: list[str] = []
    line, repeats = 0, 0
    for record in records:
        repeats = repeats + 1 if record.line_start == line else 1
        line = record.line_start
        ids.append(f"{dump_id}-{line}" if repeats == 1 else f"{dump_id}-{line}.{repeats}")
    return ids


def _mirror(found: list[list[Link]]) -> str | None:
    """Return the mirror that served a page: it rewrote the page's addresses to its own host."""
    mirrors = [link.mirror for links in found for link in links if link.mirror]
    return max(sorted(set(mirrors)), key=mirrors.count) if mirrors else None


def _clean(abstracts: pl.Series, texts: list[str], links: list[list[Link]]) -> pl.Series:
    """Return the cleaned abstracts. Only those with a sign of damage are touched: most have none."""
    suspect = pl.Series([not text.isascii() and needs_unicode_cleaning(text) for text in texts], dtype=pl.Boolean)
    for sign in SIGNS:
        suspect |= abstracts.str.contains(sign)
    places = suspect.arg_true().to_list()
    if not places:
        return abstracts
    return abstracts.scatter(places, [clean_text(texts[i], links[i]) for i in places])


def _link_rows(mention_ids: list[str], links: list[list[Link]]) -> pl.DataFrame:
    rows = [
        (
            mention_id, number, link.url_raw, link.url, link.kind, link.start, link.end, link.mirror, link.owner,
            link.repo, f"{link.owner}/{link.repo}".lower() if link.repo else None, link.deep_path,
        )
        for mention_id, found in zip(mention_ids, links, strict=True)
        for number, link in enumerate(found, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=polars_schema(MENTION_LINKS), orient="row")


_NEEDED = ("dump_id", "file_name", "content", "damaged_lines", "unread_reason", "modified_at", "received_at")
_TAKEN_OVER = (
    "line_start", "line_end", "title", "abstract", "arxiv_id", "n_authors", "organisation_handle", "organisation_name",
    "upvotes", "github_url", "github_stars",
)  # fmt: skip
