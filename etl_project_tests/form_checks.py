"""What a reading of an invented page must be: every field that the layout carries, no refusal, every line accounted for."""

import json

from etl_project.captures import REFUSAL_REASONS, Reading, Record, read_capture
from etl_project.fields import parse_printed_date
from etl_project_tests.renderer import Layout, Paper, expected, stem_of, stems_in

_FIELDS = (
    "title",
    "abstract",
    "abstract_kind",
    "arxiv_id",
    "n_authors",
    "organisation_handle",
    "organisation_name",
    "upvotes",
    "github_url",
    "github_stars",
    "github_stars_step",
)


def fields_of(record: Record) -> dict[str, object]:
    """Return the fields of a record as ``expected`` gives them: the date read, comments wherever they stood."""
    date = parse_printed_date(record.date_text) if record.date_text else None
    comments = record.comments if record.comments is not None else date.comments if date else None
    found = {name: getattr(record, name) for name in _FIELDS}
    found |= {"date": (date.month, date.day, date.year) if date else None, "comments": comments}
    return {name: value for name, value in found.items() if value is not None}


def check_account(reading: Reading, text: str) -> None:
    """Assert that every line is a field's, the page's or refused."""
    total = text.count("\n") + (not text.endswith("\n")) if text else 0
    assert reading.lines_total == total
    assert total == reading.lines_field + reading.lines_furniture + reading.lines_refused
    assert min(reading.lines_field, reading.lines_furniture, reading.lines_refused) >= 0
    for part in [*reading.records, *reading.refusals]:
        assert total == 0 or 0 < part.line_start <= part.line_end <= total
    refused = {line for refusal in reading.refusals for line in range(refusal.line_start, refusal.line_end + 1)}
    assert reading.lines_refused == len(refused - {0})
    fields = {line for record in reading.records for line in range(record.line_start, record.line_end + 1)}
    assert reading.lines_field <= len(fields - refused - {0})
    assert all(refusal.reason in REFUSAL_REASONS and refusal.detail for refusal in reading.refusals)
    for part in [*reading.records, *reading.refusals]:
        json.dumps(part).encode()
        str(part).encode("utf-8")  # no half surrogates


def check(papers: list[Paper], layout: Layout, text: str) -> Reading:
    """Assert that ``text``, the page of ``papers`` in ``layout``, is read without loss."""
    reading = read_capture(text)
    check_account(reading, text)
    refused = [(r.reason, r.line_start, r.line_end, r.text[:200]) for r in reading.refusals]
    assert not refused, refused
    wanted = [{k: v for k, v in expected(paper, layout).items() if v is not None} for paper in papers]
    assert len(reading.records) == len(wanted), (reading.form, [record.title for record in reading.records])
    for record, want in zip(reading.records, wanted, strict=True):
        found = fields_of(record)
        differing = {k: (found.get(k), want.get(k)) for k in {*found, *want} if found.get(k) != want.get(k)}
        assert not differing, (reading.form, differing)
    return reading


def is_mixed(record: Record, papers: list[Paper]) -> bool:
    """Say whether title, abstract and arXiv id of ``record`` are not all one paper's."""
    stems = stems_in(f"{record.title} {record.abstract or ''}") & {stem_of(paper.number) for paper in papers}
    owners = {paper.number for paper in papers if paper.arxiv_id == record.arxiv_id}
    named = {paper.number for paper in papers if stem_of(paper.number) in stems}
    return len(stems) > 1 or (bool(owners) and bool(named) and owners != named)
