"""The report's page: numbers in, one HTML file out, which asks nothing of anyone (its own policy forbids it)."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from etl_project.contract import OWNERS, STAGES, described
from etl_project.expectations import checks_for
from etl_project.report import charts
from etl_project.report.queries import Answer, ask
from etl_project.tables import TABLES

if TYPE_CHECKING:
    import duckdb

_FOLDER = Path(__file__).parent
#: Up to so many papers, all are in the page; of more, the newest ``NEWEST``, in ``_MOST_BYTES`` at most.
ALL_PAPERS, NEWEST = 20_000, 5_000
_MOST_BYTES = 2_400_000
#: How much of a text is kept, tried in this order until the papers fit.
_TEXT_LENGTHS = (1_500, 1_000, 600, 300, 100, 0)
#: Of files, refusals and changed papers: the page is to be read, the tables have all.
MOST_SHOWN = 200


class RunFacts(NamedTuple):
    """What is told of a run: its id, whether it published, why not, and when it ended (UTC, as text)."""

    run_id: str
    published: bool
    error: str
    ended_at: str


def render(
    run: RunFacts,
    facts: Mapping[str, Any],
    of_run: "duckdb.DuckDBPyConnection",
    published: "duckdb.DuckDBPyConnection | None",
) -> str:
    """Return the page. ``of_run`` has what the run left of itself, ``published`` what readers have (None if nothing).

    ``facts`` are what the page says of its surroundings: ``database``, ``parquet`` (their places), ``sql``, ``explain`` (command
    lines), ``inputs_known`` (whether the run got as far as its files) and ``version`` (of this program).
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    page = Environment(  # every value is escaped
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page.filters["count"] = lambda value: "-" if value is None else f"{value:,.0f}"
    page.filters["percent"] = percent
    page.filters["coded"] = coded
    style, script = ((_FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js"))
    checks = ask(of_run, "checks", run_id=run.run_id)
    return page.get_template("page.html.j2").render(
        run=run,
        facts=facts,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        files=ask(of_run, "deliveries") if facts["inputs_known"] else None,
        checks=checks,
        refused=ask(of_run, "refused"),
        reasons=ask(of_run, "reasons"),
        refusals=ask(of_run, "refusals", most=MOST_SHOWN),
        failed=[row for row in checks.rows if not row["passed"]],
        checks_by_table=_by_table(checks),
        remedies=_remedies(),
        owners=OWNERS,
        most=MOST_SHOWN,
        published=None if published is None else _published(published),
        stages=[(stage, [table for table in TABLES if table.stage == stage]) for stage in STAGES],
        described=described,
    )


def percent(share: float | None) -> str:
    """Return a share as whole per cent; never 100 % where something is missing, nor 0 % where there is something."""
    if share is None:
        return "-"
    shown = round(share * 100)
    if share < 1:
        shown = min(shown, 99)
    return "under 1 %" if shown == 0 and share > 0 else f"{shown} %"


def coded(text: str) -> Markup:
    """Return a description as markup: what stands between backticks is code."""
    return Markup("").join(
        Markup("<code>{}</code>" if n % 2 else "{}").format(part) for n, part in enumerate(text.split("`"))
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _by_table(checks: Answer) -> list[tuple[str, list[dict[str, Any]]]]:
    order = {table.name: n for n, table in enumerate(TABLES)}
    rows = sorted(checks.rows, key=lambda row: (order.get(row["table_name"], len(order)), row["table_name"]))
    return [(name, list(group)) for name, group in groupby(rows, key=lambda row: str(row["table_name"]))]


def _remedies() -> dict[tuple[str, str], str]:
    return {(check.table, check.name): check.remedy for table in TABLES for check in checks_for(table)}


def _published(connection: "duckdb.DuckDBPyConnection") -> dict[str, Any]:
    """Return what is told of a publication: who made it, its numbers, and its papers."""
    cursor = connection.execute("select run_id, published_at, schema_version from publication")
    run_id, at, version = cursor.fetchall()[0]
    names = ("papers", "mentions", "captures", "repositories", "refused", "coverage", "changes", "forms",
             "code_by_year", "organisations", "top_repositories", "growth", "papers_by_month", "authors_a_paper", "undated")  # fmt: skip
    answers = {name: ask(connection, name) for name in names}
    total = answers["papers"].value
    answers["changed_papers"] = ask(connection, "changed_papers", most=MOST_SHOWN)
    answers["paper_list"] = ask(connection, "paper_list", most=total if total <= ALL_PAPERS else NEWEST)
    papers, cut = _packed(answers["paper_list"].rows, total <= ALL_PAPERS)
    return {
        "run_id": run_id,
        "at": f"{at:%Y-%m-%d %H:%M}",
        "schema_version": version,
        "answers": answers,
        "changes": {row["change"]: row["papers"] for row in answers["changes"].rows},
        "charts": _charts(answers),
        "papers": papers,
        "text_cut_at": cut,
        "listed": len(answers["paper_list"].rows),
        "total": total,
    }


#: As sql/report/authors_a_paper.sql names them.
_BANDS = [*map(str, range(11)), "11-15", "16-20", "21-50", "over 50"]


def _months(first: str, last: str) -> list[str]:
    """Return all months from ``first`` to ``last``, as ``2026-05``."""
    numbers = range(*(int(month[:4]) * 12 + int(month[5:]) - 1 + after for month, after in ((first, 0), (last, 1))))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


def _month_bar(month: str, row: Mapping[str, Any] | None) -> charts.Bar:
    return charts.Bar(month, row["papers"], row["with_code"]) if row else charts.Bar(month, 0)


def _charts(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return the charts by name; times and numbers without papers stand in them, too, or a gap would not be seen."""
    months = {row["month"][:7]: row for row in answers["papers_by_month"].rows}
    by_month = [_month_bar(month, months.get(month)) for month in _months(min(months), max(months))] if months else []
    if len(by_month) > charts.MOST_BARS:
        by_year = groupby(by_month, key=lambda bar: bar.label[:4])
        by_month = [
            charts.Bar(year, *map(sum, zip(*((bar.value, bar.part) for bar in own), strict=True)))
            for year, own in by_year
        ]
    shares = {row["year"]: row["share"] for row in answers["code_by_year"].rows}
    code = (
        [charts.Bar(str(year), shares.get(year, 0)) for year in range(min(shares), max(shares) + 1)] if shares else []
    )
    counted = {row["authors"]: row["papers"] for row in answers["authors_a_paper"].rows}
    last = max((_BANDS.index(band) for band in counted), default=-1)
    authors = [charts.Bar(band, counted.get(band, 0)) for band in _BANDS[: last + 1] if band != "0" or band in counted]
    drawn: dict[str, Any] = {
        "papers_by_month": charts.columns(by_month, answers["papers_by_month"].title),
        "authors_a_paper": charts.columns(authors, answers["authors_a_paper"].title),
        "code_by_year": charts.columns(code, answers["code_by_year"].title, share=True),
    }
    for name, value in (
        ("coverage", "with_value"),
        ("forms", "mentions"),
        ("organisations", "papers"),
        ("top_repositories", "papers"),
    ):
        rows = answers[name].rows
        most = max((row[value] or 0 for row in rows), default=0)
        whole = [row["papers"] for row in rows] if name == "coverage" else [most] * len(rows)
        drawn[name] = [charts.line((row[value] or 0) / of if of else 0) for row, of in zip(rows, whole, strict=True)]
    return drawn


def _packed(rows: Sequence[Mapping[str, Any]], all_papers: bool) -> tuple[str, int | None]:
    """Return the papers as gzip in base64 of JSON (a list a paper), and at how many characters texts were cut (None: nowhere)."""
    for longest in (None,) if all_papers else _TEXT_LENGTHS:
        papers = [
            [_cut(value, longest) if key in ("text", "names") else value for key, value in row.items()] for row in rows
        ]
        text = json.dumps(papers, ensure_ascii=False, separators=(",", ":"))
        packed = base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode()
        if all_papers or len(packed) <= _MOST_BYTES:
            break
    cut = longest is not None and any(len(row[key] or "") > longest for row in rows for key in ("text", "names"))
    return packed, longest if cut else None


def _cut(text: str | None, longest: int | None) -> str | None:
    if text is None or longest is None or len(text) <= longest:
        return text
    return text[:longest].rstrip() + "…"
