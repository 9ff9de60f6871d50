"""What became of each paper since the publication before: told for every value, and for nothing else."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from etl_project import quality, warehouse
from etl_project.lake import Lake
from etl_project.run import Summary
from etl_project_tests.conftest import rows_of

#: For each value, what changes it for papers that have an id of arXiv.
_SOME = "paper_id in (select paper_id from papers where arxiv_id is not null)"
CHANGED = {
    "title": f"update papers set title = title || '!' where {_SOME}",
    "abstract": f"update papers set abstract = coalesce(abstract, '') || '!' where {_SOME}",
    "abstract_kind": f"update papers set abstract_kind = if(abstract_kind = 'cut', 'abstract', 'cut') where {_SOME}",
    "ai_summary": f"update papers set ai_summary = if(ai_summary is null, 'Short.', null) where {_SOME}",
    "arxiv_id": f"update papers set arxiv_id = null where {_SOME}",
    "n_authors": f"update papers set n_authors = coalesce(n_authors + 1, 1) where {_SOME}",
    "authors": f"delete from paper_authors where {_SOME}",
    "organisation": f"update papers set organisation_name = coalesce(organisation_name, '') || '!' where {_SOME}",
    "published_on": f"update papers set published_year_inferred = not published_year_inferred where {_SOME}",
    "arxiv_published_at": f"update papers set arxiv_published_at = timestamp '2001-01-01' where {_SOME}",
    "daily_on": f"update papers set daily_on = date '2001-01-01' where {_SOME}",
    "repositories": f"insert into github_links by name select paper_id, 'a/b' as repo_key from papers where {_SOME}",
}


@pytest.fixture
def tables(sample_run: tuple[Lake, Summary]) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A copy in memory of the tables that changes are read from, and the publication that they are compared with."""
    published = sample_run[0].database
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}' as source (read_only)").fetchall()
        for table in ("papers", "paper_authors", "github_links", "merged_papers", "paper_changes"):
            connection.execute(f"create table {table} as from source.{table}").fetchall()
        connection.execute("detach source").fetchall()
        yield connection, published


def had(published: Path) -> pl.DataFrame:
    return pl.DataFrame(warehouse.rows(published, "select paper_id from papers"), schema=["paper_id"], orient="row")


@pytest.mark.parametrize("field", CHANGED)
def test_each_value_that_differs_is_named_and_no_other(
    tables: tuple[duckdb.DuckDBPyConnection, Path], field: str
) -> None:
    connection, published = tables
    expected = connection.sql("select paper_id from papers where arxiv_id is not null").fetchall()
    if field == "authors":  # those that have some
        expected = connection.sql(f"select distinct paper_id from paper_authors where {_SOME}").fetchall()
    connection.execute(CHANGED[field]).fetchall()
    assert quality.record_changes(connection, published, had(published)) == {"updated": len(expected)}
    found = connection.sql("select paper_id, fields, merged_into from paper_changes").fetchall()
    assert sorted(found) == sorted((paper_id, field, None) for (paper_id,) in expected) and found


def test_counts_and_places_that_move_with_every_capture_change_nothing(
    tables: tuple[duckdb.DuckDBPyConnection, Path],
) -> None:
    connection, published = tables
    connection.execute("update papers set n_mentions = n_mentions + 1, n_dumps = n_dumps + 1").fetchall()
    connection.execute("update github_links set stars = 7, n_mentions = 9").fetchall()
    assert quality.record_changes(connection, published, had(published)) == {}


def test_new_merged_gone_and_returned_papers_are_told_apart(tables: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    connection, published = tables
    (merged, gone, kept) = (
        row[0] for row in warehouse.rows(published, "select paper_id from papers order by 1 limit 3")
    )
    connection.execute("delete from papers where paper_id in ($1, $2)", [merged, gone]).fetchall()
    connection.execute("insert into merged_papers by name select $1 as merged_paper_id, $2 as paper_id, 2 as load_number", [merged, kept]).fetchall()  # fmt: skip
    new, returned = "p" + "0" * 16, "p" + "1" * 16
    for paper_id in (new, returned):
        connection.execute(
            "insert into papers select * replace ($1 as paper_id) from papers where paper_id = $2", [paper_id, kept]
        ).fetchall()
    known = pl.concat([had(published), pl.DataFrame({"paper_id": [returned]})])
    counts = quality.record_changes(connection, published, known)
    assert counts == {"new": 1, "merged": 1, "gone": 1, "returned": 1}
    assert set(connection.sql("select paper_id, change, merged_into from paper_changes").fetchall()) == {
        (new, "new", None),
        (returned, "returned", None),
        (merged, "merged", kept),
        (gone, "gone", None),
    }


@pytest.mark.parametrize("content", [None, "not a database", "an old one"])
def test_without_a_publication_to_compare_with_only_new_papers_are_told(
    tables: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path, content: str | None
) -> None:
    connection, published = tables
    other = tmp_path / "papers.duckdb"
    if content == "an old one":
        with duckdb.connect(str(other)) as old:
            old.execute("create table papers (paper_id varchar)").fetchall()
    elif content:
        other.write_text(content, "utf-8")
    total = len(had(published))
    assert quality.record_changes(connection, other, had(published).head(10)) == {"new": total - 10}
    assert connection.sql("select count(*) from papers").fetchall() == [(total,)], "the warehouse's names are back"


def test_a_run_tells_as_many_new_papers_as_it_lists(sample_run: tuple[Lake, Summary]) -> None:
    lake, summary = sample_run
    assert rows_of(lake, "select change, count(*) from paper_changes group by change") == [
        ("new", summary.papers["new"])
    ]
