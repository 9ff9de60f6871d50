"""What Dagster's pages show of a table: some rows and small bar charts, as Markdown in which no text of a capture does anything.

Charts are Markdown, too: bars of block characters need no library, no image in the event log, and can be read and copied.
"""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from etl_project.contract import Table
from etl_project.printable import printable

MOST_ROWS = 50
#: What has fewer than 1,000 characters Dagster shows at once, else when somebody asks for it.
_MOST_BARS = 24
_MOST_TEXT = 120
#: Characters of the longest bar.
_BAR = 20
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Chart(NamedTuple):
    """Bars of a table: ``query`` gives a label and a number a row, which ``columns`` name."""

    name: str
    columns: tuple[str, str]
    query: str


def _counted(table: str, column: str, rows: str) -> dict[str, tuple[Chart, ...]]:
    """Return the chart of how many rows have which value, the most first."""
    query = f"select {column}, count(*) as n from {table} group by 1 order by n desc, 1 nulls last"
    return {table: (Chart(f"by_{column}", (column, rows), query),)}


#: By table.
CHARTS: dict[str, tuple[Chart, ...]] = {
    **_counted("deliveries", "outcome", "files"),
    **_counted("captures", "form", "captures"),
    **_counted("refused_records", "reason", "refusals"),
    **_counted("mention_links", "kind", "links"),
    **_counted("paper_mentions", "rule", "mentions"),
    **_counted("related_papers", "kind", "pairs"),
    **_counted("decisions", "state", "mentions"),
    **_counted("papers", "abstract_kind", "papers"),
    **_counted("author_counts", "basis", "papers"),
    **_counted("paper_dates", "basis", "papers"),
    **_counted("paper_links", "kind", "links"),
    **_counted("github_links", "source", "links"),
    "raw_dumps": (
        Chart("by_day", ("received", "captures"), "select cast(received_at as date), count(*) from raw_dumps group by 1 order by 1"),
    ),
    "value_sources": (
        Chart(
            "contradicted",
            ("field", "papers whose captures disagree"),
            "select field, count(case when n_values > 1 then 1 end) as n from value_sources group by 1 order by n desc, field",
        ),
    ),
    "papers_by_month": (
        Chart("by_month", ("month", "papers"), "select strftime(month, '%Y-%m'), papers from papers_by_month order by month"),
    ),
    "coverage": (
        Chart("papers_with", ("field", "share of papers, %"), "select field, round(100.0 * share, 1) from coverage order by share desc, field"),
    ),
    "check_results": (
        Chart(
            "checks_so_far",  # those of the quality tables and of the published files come after
            ("of this run, up to here", "checks"),
            "select case when passed then 'passed' when accepted then 'failed, accepted' else 'failed, ' || severity end, count(*) "
            "from check_results where run_id = (select max_by(run_id, checked_at) from check_results) group by 1 order by 2 desc, 1",
        ),
    ),
}  # fmt: skip

#: What stands in the first columns and tells people nothing.
_UNTOLD = re.compile("sha256|abstract(_clean)?$|^content$|^raw$")
#: Of tables whose first rows by key are not those that people look for.
_PREVIEWS = {
    "raw_dumps": (
        ("file_name", "source", "received_at", "load_number", "byte_count", "encoding", "line_count", "dump_id"),
        "order by received_at desc, dump_id",
    ),
    "parsed_rows": (
        ("title", "published_on", "n_authors", "organisation_name", "form", "mention_id"),
        "order by mention_id",
    ),
    "refused_records": (
        ("file_name", "line_start", "reason", "detail"),
        "join raw_dumps using (dump_id) order by file_name, line_start, seq",
    ),
    "papers": (
        ("paper_id", "arxiv_id", "title", "n_authors", "organisation_name", "published_on", "n_mentions"),
        "order by first_load desc, paper_id",
    ),
    "check_results": (
        ("table_name", "check_name", "severity", "passed", "accepted", "failing_rows", "observed", "checked_at"),
        "order by passed, checked_at desc, table_name, check_name",
    ),
    "run_statistics": (
        ("measure", "form", "dimension", "before", "value"),
        "order by run_number desc, measure, form, dimension",
    ),
}


def preview(table: Table) -> tuple[tuple[str, ...], str]:
    """Return the names of the columns of a table that are shown of its first rows, and the query for these."""
    told = tuple(column.name for column in table.columns if not _UNTOLD.search(column.name))[:8]
    names, order = _PREVIEWS.get(table.name, (told, f"order by {', '.join(table.key)}"))
    return names, f"select {', '.join(names)} from {table.name} {order} limit 10"


def cell(value: object) -> str:
    """Return a value as one cell of a Markdown table, out of which no title can break."""
    if isinstance(value, float):  # not a whole number: a year is no count
        text = number(value)
    elif isinstance(value, datetime):
        text = value.isoformat(" ", "seconds")
    else:
        text = "" if value is None else str(value)
    text = text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
    return re.sub(r"([\\`*_{}\[\]<>|#~$&!])", r"\\\1", " ".join(printable(text).split()))


def number(value: float) -> str:
    """Return a number as people read it: thousands apart, four digits of a fraction."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def table(names: Sequence[str], rows: Iterable[Sequence[Any]], total: int | None = None) -> str:
    """Return a Markdown table of the first rows; ``total`` says how many there are, if that is more."""
    shown = [row for _, row in zip(range(MOST_ROWS), rows, strict=False)]
    if not shown:
        return "No rows."
    numbers = [any(isinstance(row[n], int | float) for row in shown) for n in range(len(names))]
    lines = [" | ".join(map(cell, names)), " | ".join("---:" if right else "---" for right in numbers)]
    lines += [" | ".join(map(cell, row)) for row in shown]
    text = "\n".join(f"| {line} |" for line in lines)
    return text + (f"\n\nThe first {len(shown)} of {total:,} rows." if total and total > len(shown) else "")


def bars(names: tuple[str, str], rows: Sequence[tuple[Any, ...]], most: int = _MOST_BARS) -> str:
    """Return a bar chart as a Markdown table: a label, its number and a bar, of the last ``most`` rows.

    Bars are measured from 0, to an eighth of a character; a value above 0 is never shown as nothing.
    """
    shown = rows[-most:]
    longest = max((value for _, value in shown), default=0)
    drawn = [(label, number(value), _bar(value / longest if longest else 0)) for label, value in shown]
    if not drawn:
        return "No rows."
    lines = [f"{cell(names[0])} | {cell(names[1])} | ", "--- | ---: | ---"]
    lines += [f"{cell('(none)' if label is None else label)} | {value} | {bar}" for label, value, bar in drawn]
    text = "\n".join(f"| {line} |" for line in lines)
    return text + (f"\n\nThe last {len(shown)} of {len(rows):,}." if len(rows) > len(shown) else "")


def _bar(share: float) -> str:
    eighths = max(round(share * _BAR * 8), 1 if share > 0 else 0)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).strip()
