"""What the notebook asks of a publication, and what stands before its server; the notebook itself: test_explore_browser."""

import asyncio
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from etl_project.cli.main import app
from etl_project.explore import asked, serve
from etl_project.explore.asked import ALL, CODE, NO_DATE, Chosen, Unreadable
from etl_project.lake import Lake
from etl_project.run import Summary
from etl_project.webserver import HERE, OwnPagesOnly
from etl_project_tests.conftest import FormsRun


@pytest.fixture
def opened(forms_run: FormsRun) -> Any:
    publication = asked.open_newest(forms_run.lake)
    yield publication
    publication.connection.close()


@pytest.fixture
def published(forms_run: FormsRun, lake: Lake) -> Lake:
    """The forms' publication alone, to change."""
    shutil.copytree(forms_run.lake.published, lake.published, symlinks=True)
    return lake


def change(lake: Lake, sql: str, name: str | None = None) -> None:
    """Change what is published; with a name, as a publication of its own that readers are led to."""
    folder = lake.database.resolve().parent
    if name:
        shutil.copytree(folder, lake.published / name)
        (lake.published / "current").unlink()
        (lake.published / "current").symlink_to(name)
        folder = lake.published / name
    with duckdb.connect(str(folder / "papers.duckdb")) as connection:
        connection.execute(sql).fetchall()


def empty(lake: Lake) -> None:
    with duckdb.connect(str(lake.database), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
    change(lake, "; ".join(f"delete from {name}" for name in tables if name != "publication"))


def chosen(opened: asked.Opened, **filters: str) -> set[str]:
    count = asked.choose(opened.connection, Chosen(**filters))
    ids = {paper_id for (paper_id,) in opened.connection.execute("select paper_id from chosen").fetchall()}
    assert len(ids) == count == asked.papers(opened.connection).height
    return ids


def told(opened: asked.Opened, query: str) -> list[Any]:
    """Rows by the same connection: in one process a file is opened with one configuration."""
    return opened.connection.execute(query).fetchall()


def ids(opened: asked.Opened, condition: str) -> set[str]:
    return {paper_id for (paper_id,) in told(opened, f"select paper_id from papers where {condition}")}


def test_filters_choose_what_sql_chooses(opened: asked.Opened) -> None:
    with_code = "paper_id in (select paper_id from github_links)"
    for filters, condition in (
        ({}, "true"),
        ({"year": "2025"}, "year(published_on) = 2025"),
        ({"year": NO_DATE}, "published_on is null"),
        ({"code": CODE[1]}, with_code),
        ({"code": CODE[2]}, f"not {with_code}"),
        ({"year": "2025", "code": CODE[1]}, f"year(published_on) = 2025 and {with_code}"),
    ):
        assert chosen(opened, **filters) == ids(opened, condition) != set(), filters
    for shown, identity in asked.organisations(opened.connection).items():
        if identity != ALL:
            handle = shown.rpartition("(")[2].removesuffix(")")
            assert chosen(opened, organisation=identity) == ids(opened, f"organisation_handle = '{handle}'")
    assert asked.years(opened.connection) == [ALL, "2026", "2025", "2024", NO_DATE]


def test_all_words_must_stand_in_what_is_told_of_a_paper(opened: asked.Opened) -> None:
    def plain(text: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()

    texts = {
        paper_id: plain(" ".join(filter(None, values)))
        for paper_id, *values in told(
            opened,
            "select paper_id, title, coalesce(abstract_clean, abstract), ai_summary, organisation_name, organisation_handle, "
            "arxiv_id, (select string_agg(name, ' ') from paper_authors a where a.paper_id = papers.paper_id) from papers",
        )
    }
    for words in ("AGENTS budget", "besson", "Chloé", "pebble-lab", "2403.01001", "100%_ '; drop", "🦜"):
        expected = {paper_id for paper_id, text in texts.items() if all(plain(word) in text for word in words.split())}
        assert chosen(opened, words=words) == expected, words
    assert chosen(opened, words="besson") != set()


def test_charts_count_every_chosen_paper_once(opened: asked.Opened) -> None:
    from etl_project.explore import drawn

    papers = asked.choose(opened.connection, Chosen())
    dated, counted = asked.months(opened.connection), asked.authors(opened.connection)
    assert dated["papers"].sum() == len(ids(opened, "published_on is not null"))
    assert counted["papers"].sum() == len(ids(opened, "n_authors is not null"))
    undated = len(ids(opened, "published_on is null"))
    assert f"({undated} without a date)" in drawn.by_month(dated, papers).to_json()
    for chart in (drawn.by_authors(counted, papers), drawn.by_repository(asked.repositories(opened.connection))):
        assert chart.to_json()


def test_a_selected_papers_values_lead_to_files_and_lines(opened: asked.Opened) -> None:
    ((paper_id, mentions),) = told(
        opened,
        "select paper_id, papers.n_mentions from papers join value_sources using (paper_id) where n_values > 1 and field = 'n_authors' "
        "order by paper_id limit 1",
    )
    sources = asked.sources(opened.connection, paper_id)
    assert sources["different_values"][0] > 1  # contradictions come first
    lines = told(
        opened,
        "select field, file_name, line_start, line_end from value_sources join parsed_rows using (mention_id) "
        f"join raw_dumps using (dump_id) where paper_id = '{paper_id}'",
    )
    assert set(sources.select("field", "file", "from_line", "to_line").iter_rows()) == set(lines)
    assert asked.mentions(opened.connection, paper_id).height == mentions
    assert asked.paper(opened.connection, paper_id)["paper_id"] == paper_id


def test_a_query_of_ones_own_reads_this_publication_and_nothing_else(
    opened: asked.Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", "utf-8")
    answer = asked.ask(opened.connection, "select count(*) as n from papers")
    assert answer.rows is not None and answer.rows["n"].to_list() == [opened.papers]
    for query in (
        "delete from papers",
        f"from read_csv('{secret}')",
        f"copy papers to '{tmp_path / 'out.csv'}'",
        f"attach '{tmp_path / 'new.duckdb'}'",
        "set enable_external_access = true",
        "install httpfs",
        "selec 1",
        "select 1 as n, 2 as n",
        "  ",
        "drop table chosen",
    ):
        answer = asked.ask(opened.connection, query)
        assert answer.rows is None and answer.error and "Traceback" not in answer.error, query
    assert list(tmp_path.iterdir()) == [secret]
    asked.ask(opened.connection, "begin")  # and what is begun ends with the query
    many = asked.ask(opened.connection, "select * from range(5000) t(n) order by n desc")
    assert many.rows is not None and many.more and many.rows["n"].to_list()[:2] == [4999, 4998]
    monkeypatch.setattr(asked, "MOST_SECONDS", 0.3)
    slow = asked.ask(
        opened.connection, "select count(*) from range(1000000) a, range(1000000) b where a.range % 7 = b.range % 11"
    )
    assert slow.error.startswith("Stopped after 0.3 seconds")
    assert asked.choose(opened.connection, Chosen()) == opened.papers  # and the filters go on


def test_the_newest_publication_is_opened_while_another_is_open(published: Lake) -> None:
    before = asked.open_newest(published)
    change(published, "delete from papers where title like 'A%'; update publication set run_id = 'later'", "later")
    after = asked.open_newest(published)
    assert (after.run_id, before.run_id == "later") == ("later", False)
    assert before.connection.execute("select count(*) from papers").fetchall() == [(before.papers,)]
    assert 0 < after.papers < before.papers
    for one in (before, after):
        one.connection.close()


def test_where_nothing_can_be_shown_it_is_said_in_words(lake: Lake, published: Lake) -> None:
    with pytest.raises(Unreadable, match=r"Nothing is published in .* Run: papers run"):
        asked.open_newest(Lake(lake.root / "none"))
    change(published, "update publication set schema_version = 1")
    with pytest.raises(Unreadable, match=r"lacks schema version \d: it has 1.*papers run"):
        asked.open_newest(published)
    change(published, "drop table publication")
    with pytest.raises(Unreadable, match="papers doctor"):
        asked.open_newest(published)
    published.database.resolve().write_bytes(b"no database")
    with pytest.raises(Unreadable, match=r"cannot be read .*papers doctor"):
        asked.open_newest(published)


def test_a_publication_without_papers_or_dates_is_shown(published: Lake) -> None:
    change(published, "update papers set published_on = null; update paper_dates set published_month = null")
    undated = asked.open_newest(published)
    assert asked.years(undated.connection) == [ALL, NO_DATE]
    assert chosen(undated, year=NO_DATE) == ids(undated, "true")
    assert asked.months(undated.connection).height == 0
    undated.connection.close()
    empty(published)
    nothing = asked.open_newest(published)
    assert (nothing.papers, chosen(nothing)) == (0, set())
    assert asked.years(nothing.connection) == [ALL] and asked.organisations(nothing.connection) == {ALL: ALL}
    for rows in (asked.months, asked.authors, asked.repositories):
        assert rows(nothing.connection).height == 0
    nothing.connection.close()


def test_organisations_of_one_name_or_without_a_handle_are_told_apart(published: Lake) -> None:
    change(
        published,
        "update papers set organisation_handle = null, organisation_name = null; "
        "update papers set organisation_name = 'all', organisation_handle = 'all' where paper_id = (select min(paper_id) from papers); "
        "update papers set organisation_name = 'all' where paper_id = (select max(paper_id) from papers)",
    )
    publication = asked.open_newest(published)
    organisations = asked.organisations(publication.connection)
    assert set(organisations) == {ALL, "all (all)", "all (no handle shown)"}
    assert [len(chosen(publication, organisation=one)) for one in organisations.values()] == [publication.papers, 1, 1]
    publication.connection.close()


def test_csv_of_rows_holds_no_formula(published: Lake) -> None:
    change(published, "update papers set title = '=1+1' where paper_id = (select min(paper_id) from papers)")
    publication = asked.open_newest(published)
    asked.choose(publication.connection, Chosen(words="=1+1"))
    assert asked.csv(asked.papers(publication.connection)).decode("utf-8-sig").splitlines()[1].startswith("'=1+1,")
    publication.connection.close()


def _answer(scope_headers: list[tuple[bytes, bytes]]) -> list[Any]:
    sent: list[Any] = []

    async def notebook(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"papers"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    guarded = OwnPagesOnly(serve.NobodyElse(notebook), HERE)
    asyncio.run(guarded({"type": "http", "path": "/", "headers": scope_headers}, receive, send))
    return sent


def test_the_server_answers_its_own_pages_and_lets_them_ask_nobody_else() -> None:
    (start, body) = _answer([(b"host", b"127.0.0.1:2718")])
    policy = dict(start["headers"])[b"content-security-policy"].decode()
    assert (start["status"], body["body"], dict(start["headers"])[b"x-own"]) == (200, b"papers", b"1")
    assert "default-src 'self'" in policy and "http" not in policy and "*" not in policy
    for headers in ([(b"host", b"evil.example")], [(b"host", b"127.0.0.1:2718"), (b"origin", b"http://evil.example")]):
        assert _answer(headers)[0]["status"] == 403


def test_without_the_extra_one_line_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, sample_run: tuple[Lake, Summary]
) -> None:
    monkeypatch.setattr("etl_project.cli.explore.find_spec", lambda name: None if name == "marimo" else name)
    done = CliRunner().invoke(app, ["explore", "--lake", str(sample_run[0].root)])
    assert done.exit_code == 2
    assert (
        done.output == "papers: papers explore needs marimo; install it with: .venv/bin/pip install -e '.[explore]'\n"
    )


def test_a_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch, sample_run: tuple[Lake, Summary]) -> None:
    monkeypatch.setattr("etl_project.cli.explore.find_spec", lambda name: name)
    monkeypatch.setenv("PAPERS_LAKE", "")  # which the command sets for its process
    with serve.bound(0) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["explore", "--port", str(port), "--lake", str(sample_run[0].root)])
    assert done.exit_code == 1
    assert done.output.startswith(f"papers: port {port} cannot be used") and done.output.count("\n") == 1
