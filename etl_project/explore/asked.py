"""What the notebook asks of a publication: SQL and frames, nothing of marimo.

A publication is opened by the folder that the links lead to at that moment: DuckDB shares one open file among all that
name it alike in a process, so by its public name a second reader would get the first one's, long after it was replaced.
"""

import csv as csv_module
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
import polars as pl

from etl_project.lake import Lake
from etl_project.reading import lacks, open_read_only
from etl_project.spreadsheet import safe_cell

#: Rows that are handed to the browser; counts and charts are of all.
MOST_ROWS = 1_000
#: Seconds after which a query is stopped: it may join a table of a million rows with itself.
MOST_SECONDS = 60.0
ALL, NO_DATE = "all", "no date"


class Unreadable(Exception):
    """Nothing can be shown; the message says why and what to do, in one line."""


class Opened(NamedTuple):
    """A publication that is open, and which it is."""

    connection: duckdb.DuckDBPyConnection
    run_id: str
    published_at: datetime
    papers: int


class Chosen(NamedTuple):
    """What papers to show: all words must stand in title, abstract, summary, a name or the organisation, in any case."""

    words: str = ""
    year: str = ALL
    organisation: str = ALL
    code: str = ALL


#: Values of ``Chosen.code``.
CODE = (ALL, "with a repository", "without a known one")


def open_newest(lake: Lake) -> Opened:
    """Open what is published in ``lake`` now, closed to all other files; Unreadable if there is nothing that fits."""
    try:
        file = lake.database.resolve(strict=True)
    except OSError:
        raise Unreadable(
            f"Nothing is published in {lake.root} yet. Run: papers run PATH... Then open the newest."
        ) from None
    try:
        connection = open_read_only(file, alone=True)
        ((run_id, published_at),) = connection.execute("select run_id, published_at from publication").fetchall()
        if missing := lacks(connection):
            connection.close()
            raise Unreadable(f"What is published lacks {missing}. Publish anew with: papers run. Then open the newest.")
        ((papers,),) = connection.execute("select count(*) from papers").fetchall()
    except (duckdb.Error, ValueError) as error:
        raise Unreadable(f"{file} cannot be read ({_one_line(error)}). Look for damage with: papers doctor") from None
    return Opened(connection, run_id, published_at, papers)


def years(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return what there is to choose from: all, the years from the newest, and those without a date if there are any."""
    rows = connection.execute(
        "select distinct year(published_on) as y from papers order by y desc nulls last"
    ).fetchall()
    return [ALL, *(NO_DATE if year is None else str(year) for (year,) in rows)]


def organisations(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return organisations by what to show of each: name and handle, since names may be shared; those of most papers, 1,000 at most."""
    rows = connection.execute(
        f"select {_ORGANISATION} as id, min(organisation_name), min(organisation_handle) from papers "
        f"where {_ORGANISATION} is not null group by id order by count(*) desc, id limit {MOST_ROWS}"
    ).fetchall()
    return {
        ALL: ALL,
        **{f"{name or ''} ({handle or 'no handle shown'})".strip(): identity for identity, name, handle in rows},
    }


#: What tells organisations apart; a name without a handle is no handle.
_ORGANISATION = "coalesce('handle: ' || organisation_handle, 'name: ' || organisation_name)"

_TOLD = """
    p.title || ' ' || coalesce(p.abstract_clean, p.abstract, '') || ' ' || coalesce(p.ai_summary, '')
    || ' ' || coalesce(p.organisation_name, '') || ' ' || coalesce(p.organisation_handle, '')
    || ' ' || coalesce(p.arxiv_id, '') || ' ' || coalesce((select string_agg(name, ' ') from paper_authors a where a.paper_id = p.paper_id), '')
"""


def choose(connection: duckdb.DuckDBPyConnection, chosen: Chosen) -> int:
    """Make the papers that fit ``chosen`` the temporary table ``chosen`` (``paper_id``), and return how many they are.

    Unreadable if that takes too long.
    """
    conditions, values = ["true"], []
    for word in chosen.words.split():
        conditions.append(f"contains(lower(strip_accents({_TOLD})), lower(strip_accents(?)))")
        values.append(word)
    if chosen.year == NO_DATE:
        conditions.append("p.published_on is null")
    elif chosen.year != ALL:
        conditions.append("year(p.published_on) = cast(? as integer)")
        values.append(chosen.year)
    if chosen.organisation != ALL:
        conditions.append(f"{_ORGANISATION} = ?")
        values.append(chosen.organisation)
    if chosen.code != ALL:
        known = "p.paper_id in (select paper_id from github_links)"
        conditions.append(known if chosen.code == CODE[1] else f"not {known}")
    try:
        with _stopped_in_time(connection):
            connection.execute(
                f"create or replace temp table chosen as select p.paper_id from papers p where {' and '.join(conditions)}",
                values,
            ).fetchall()
    except duckdb.InterruptException:
        raise Unreadable(f"Stopped after {MOST_SECONDS:g} seconds; choose a year first, or fewer words") from None
    ((count,),) = connection.execute("select count(*) from chosen").fetchall()
    return int(count)


#: The newest of the chosen papers, as the table shows them.
_PAPERS = f"""
select p.title, p.published_on, p.n_authors as authors, coalesce(p.organisation_name, p.organisation_handle) as organisation,
    r.repositories, p.n_mentions as mentions, p.arxiv_id, p.paper_id
from papers p join chosen using (paper_id)
left join (select paper_id, string_agg(repo_key, ', ' order by repo_key) as repositories from github_links group by paper_id) r
    using (paper_id)
order by p.published_on desc nulls last, p.title, p.paper_id
limit {MOST_ROWS}
"""
_MONTHS = """
select d.published_month as month, case when d.year_inferred then 'inferred' else 'printed' end as year, count(*) as papers
from paper_dates d join chosen using (paper_id) where d.published_month is not null group by all order by all
"""
_AUTHORS = """
select least(n_authors, 21) as authors, count(*) as papers from papers join chosen using (paper_id)
where n_authors is not null group by all order by all
"""
_REPOSITORIES = """
select repo_key as repository, count(*) as papers,
    first(stars order by stars_on desc nulls last, stars desc) filter (where stars is not null) as stars, max(stars_on) as stars_on
from github_links join chosen using (paper_id) group by repo_key order by papers desc, stars desc nulls last, repo_key limit 15
"""
#: A value beside its line, and how many of the paper's mentions have it, or another.
_SOURCES = """
select v.field, r.file_name as file, m.line_start as from_line, m.line_end as to_line, v.n_mentions as mentions, v.n_values as different_values
from value_sources v join parsed_rows m using (mention_id) join raw_dumps r using (dump_id)
where v.paper_id = ? order by v.n_values <= 1, v.field
"""
_MENTIONS = """
select r.file_name as file, m.line_start as from_line, m.line_end as to_line, c.form, c.captured_on, pm.rule as joined_by, m.title,
    m.arxiv_id, m.n_authors as authors, coalesce(m.organisation_name, m.organisation_handle) as organisation, m.published_on, m.arxiv_published_at,
    m.daily_submitted_at, m.github_url, m.github_stars as stars, m.upvotes, m.mention_id
from paper_mentions pm join parsed_rows m using (mention_id) join captures c using (dump_id) join raw_dumps r using (dump_id)
where pm.paper_id = ? order by pm.rule <> 'new_paper', m.mention_id limit 1000
"""


def papers(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the newest of the chosen papers, at most ``MOST_ROWS``."""
    return _frame(connection, _PAPERS)


def months(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the chosen papers by month and by how the year is known; none without a date."""
    return _frame(connection, _MONTHS)


def authors(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the chosen papers by number of authors, 21 for more than 20; none of which it is not known."""
    return _frame(connection, _AUTHORS)


def repositories(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the 15 repositories of most of the chosen papers, with their stars on the newest day that shows them."""
    return _frame(connection, _REPOSITORIES)


def paper(connection: duckdb.DuckDBPyConnection, paper_id: str) -> dict[str, Any]:
    """Return the values of one paper, by column."""
    (row,) = _frame(connection, "from papers where paper_id = ?", [paper_id]).iter_rows(named=True)
    return row


def sources(connection: duckdb.DuckDBPyConnection, paper_id: str) -> pl.DataFrame:
    """Return where each value of one paper is from; those that captures contradict come first."""
    return _frame(connection, _SOURCES, [paper_id])


def mentions(connection: duckdb.DuckDBPyConnection, paper_id: str) -> pl.DataFrame:
    """Return what each mention of one paper says, the one that made it first."""
    return _frame(connection, _MENTIONS, [paper_id])


class Answer(NamedTuple):
    """Rows of a query (the first ``MOST_ROWS``), whether there are more, and what is wrong with it, in words."""

    rows: pl.DataFrame | None = None
    more: bool = False
    error: str = ""


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> Answer:
    """Run a query of the user's own; it can read this publication, and no file and no network."""
    if not query.strip():
        return Answer(error="An empty query; for example: from papers limit 5")
    try:
        # a connection of its own: what it begins, sets or drops changes nothing for the filters
        with connection.cursor() as own, _stopped_in_time(own):
            relation = own.sql(query)
            if relation is None:
                return Answer(error="Done; this gives no rows.")
            names = relation.columns
            if repeated := sorted({name for name in names if names.count(name) > 1}):
                return Answer(
                    error=f"Several columns are called {', '.join(repeated)}; name them: select a.x as ax, b.x as bx"
                )
            rows = relation.limit(MOST_ROWS + 1).pl()
    except duckdb.InterruptException:
        return Answer(error=f"Stopped after {MOST_SECONDS:g} seconds; ask for less, or use papers sql")
    except (duckdb.Error, pl.exceptions.PolarsError, ValueError, OverflowError) as error:
        return Answer(error=str(error).strip())
    return Answer(rows.head(MOST_ROWS), rows.height > MOST_ROWS)


def csv(rows: pl.DataFrame) -> bytes:
    """Return rows as CSV for spreadsheets: a text that one of them would run as a formula has an apostrophe before it."""
    told = io.StringIO(newline="")
    writer = csv_module.writer(told, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows([safe_cell(value) for value in row] for row in rows.iter_rows())
    return told.getvalue().encode("utf-8-sig")


@contextmanager
def _stopped_in_time(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    stop = threading.Timer(MOST_SECONDS, connection.interrupt)
    stop.daemon = True
    stop.start()
    try:
        yield
    finally:
        stop.cancel()


def _frame(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any] | None = None) -> pl.DataFrame:
    frame: pl.DataFrame = connection.sql(query, params=values).pl() if values else connection.sql(query).pl()
    return frame


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
