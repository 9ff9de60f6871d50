"""The report: every number is what its SQL gives, nothing in it is markup but its own, and a run that failed is told as one."""

import base64
import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from etl_project.lake import Lake
from etl_project.report import charts, page
from etl_project.report.write import write
from etl_project.run import Summary, run_job
from etl_project_tests.conftest import capture, rows_of

Changed = Callable[[str], Lake]


def run_id_of(lake: Lake) -> str:
    return str(rows_of(lake, "select run_id from publication")[0][0])


def soup_of(lake: Lake) -> BeautifulSoup:
    return BeautifulSoup(lake.report.read_text("utf-8"), "lxml")


def papers_in(soup: BeautifulSoup) -> list[list[Any]]:
    """The papers of the table, unpacked as the page does it."""
    return json.loads(gzip.decompress(base64.b64decode(soup.select_one("#data").text)))


@pytest.fixture
def changed(sample_run: tuple[Lake, Summary], lake: Lake) -> Changed:
    """A publication of the samples with other rows, as SQL makes them, and the report of it."""

    def make(sql: str) -> Lake:
        place = lake.published / "some"
        place.mkdir(parents=True)
        shutil.copyfile(sample_run[0].database, place / "papers.duckdb")
        with duckdb.connect(str(place / "papers.duckdb")) as connection:
            connection.execute(sql).fetchall()
        lake.database.symlink_to(place / "papers.duckdb")
        write(lake, run_id_of(lake), published=True)
        return lake

    return make


def test_a_run_writes_it_and_it_says_what_the_run_did(sample_run: tuple[Lake, Summary]) -> None:
    lake, summary = sample_run
    soup = soup_of(lake)
    assert soup.select_one(".state").text.split() == f"Published. All {summary.checks_run} checks passed.".split()
    text = " ".join(soup.select_one("#run").text.split())
    assert f"{len(summary.files)} files: {len(summary.files)} new." in text
    assert f"{summary.papers['new']} new." in text
    assert all(Path(file["file"]).name in text for file in summary.files)
    names = {row[0] for row in rows_of(lake, "select check_name from check_results")}
    assert {li.contents[0].strip() for li in soup.select(".checks li")} == names
    assert run_id_of(lake) in soup.select_one("#use").text


def test_every_number_is_what_its_sql_gives(sample_run: tuple[Lake, Summary]) -> None:
    lake, _ = sample_run
    soup = soup_of(lake)
    for tile in soup.select(".tile"):
        assert tile.strong.text == f"{rows_of(lake, tile.code.text)[0][0]:,}", tile.dt.text
    queries = [code.text for code in soup.select(".sql code")]
    assert len(queries) >= len(soup.select("h3 + .means")) + len(soup.select(".tile"))
    for query in queries:
        rows_of(lake, query)  # as it stands there, in any client
    for block in soup.select("section, figure"):
        if (table := block.select_one("table.lines")) and (sql := block.select_one(".wide + .sql code")):
            shown = [[cell.text.strip() for cell in row.select("th, td")][:2] for row in table.select("tbody tr")]
            assert [row[0] for row in shown] == [row[0] for row in rows_of(lake, sql.text)]
            assert [row[1] for row in shown] == [f"{row[1]:,}" for row in rows_of(lake, sql.text)]
    listed = next(code.text for code in soup.select("#papers .sql code"))
    told = [[str(value) if hasattr(value, "isoformat") else value for value in row] for row in rows_of(lake, listed)]
    assert papers_in(soup) == told
    assert len(told) == rows_of(lake, "select count(*) from papers")[0][0]


def test_the_table_has_the_columns_that_its_script_names(sample_run: tuple[Lake, Summary]) -> None:
    soup = soup_of(sample_run[0])
    fields = json.loads(re.search(r"const FIELDS = (\[.*\]);", soup.select("script")[-1].text)[1])
    assert {len(row) for row in papers_in(soup)} == {len(fields)}


def test_it_asks_nothing_of_any_network_and_its_policy_forbids_it(sample_run: tuple[Lake, Summary]) -> None:
    soup = soup_of(sample_run[0])
    policy = soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    assert not soup.select("[src], link[href^=http], [style], [onclick], iframe, object, form[action]")


HOSTILE = "</script><script>window.hurt = 1</script>\"'><img src=x onerror='window.hurt = 1'>\u202e\x1b[31m"


def test_nothing_of_a_capture_is_markup(changed: Changed) -> None:
    bad = HOSTILE.replace("'", "''")
    lake = changed(
        f"update papers set title = '{bad}' || title, organisation_name = '{bad}'; update paper_changes set title = '{bad}';"
        f"update deliveries set path = '/x/{bad}', detail = '{bad}'; update check_results set observed = '{bad}', passed = false;"
        f"insert into refused_records select dump_id, 1, 1, 2, 'wrapped_lines', '{bad}', '{bad}' from raw_dumps"
    )
    soup = soup_of(lake)
    assert len(soup.select("script")) == 2 and not soup.select("img")
    text = lake.report.read_text("utf-8")
    assert "\x1b" not in text and "\u202e" not in text, "what turns a line around is a space"
    assert all(HOSTILE[:20] in row[1] for row in papers_in(soup))


def test_refusals_are_told_by_file_and_line(changed: Changed) -> None:
    lake = changed(
        "insert into refused_records select dump_id, 1, 3, 7, 'wrapped_lines', 'Do this.', 'the words' from raw_dumps limit 1"
    )
    ((name,),) = rows_of(lake, "select file_name from raw_dumps join refused_records using (dump_id)")
    cells = [cell.text.strip() for cell in soup_of(lake).select("#refused details tbody tr > *")]
    assert cells[:3] == [name, "3-7", "wrapped_lines"] and "Do this." in cells[3] and "the words" in cells[3]


def test_growth_is_of_different_days_and_not_of_rounding_or_of_another_repository(changed: Changed) -> None:
    papers = "(select paper_id, row_number() over (order by paper_id) as n from papers)"
    lake = changed(
        "delete from paper_metrics; insert into paper_metrics by name "
        "select 'm' || n || d as mention_id, paper_id, 'd' as dump_id, date '2026-01-01' + d::int as captured_on, "
        # exact at both ends, rounded between; rounded at one end; no growth; the paper's page shows another one in the end
        "case n when 1 then if(d = 1, 1000, 1005 + 5 * d) when 2 then if(d = 0, 11300, 11312) when 3 then 40 "
        "when 5 then if(d = 2, 150000, 12) else null end as github_stars, "
        "case when n = 2 and d = 0 then 100 when n = 1 and d = 1 then 1000 else 1 end as github_stars_step, "
        f"case n when 4 then 9 - d end as comments from {papers} cross join range(3) r(d);"
        "create temp table own as select mention_id, 'https://github.com/o/r' || left(mention_id, 2) || (github_stars = 150000) as url "
        "from paper_metrics where github_stars is not null;"
        "insert into parsed_rows select one.* replace (own.mention_id as mention_id, own.url as github_url) "
        "from own cross join (from parsed_rows limit 1) one;"
        "insert into mention_links select one.* replace (own.mention_id as mention_id, 'page' as source, own.url as url_raw, "
        "own.url[20:] as repo_key) from own cross join (from mention_links limit 1) one"
    )
    rows = [
        [cell.text for cell in row.select("td.n")]
        for row in soup_of(lake).select("#charts figure:last-of-type table tbody tr")
    ]
    assert rows == [["1,0052026-01-01", "1,0152026-01-03", "+10"], ["92026-01-01", "72026-01-03", "-2"]]


def test_months_without_papers_stand_in_the_chart(changed: Changed) -> None:
    lake = changed(
        "delete from github_links where paper_id <> (select min(paper_id) from github_links); update papers set published_on = null;"
        "update papers set published_on = case when n <= 2 then date '2024-11-03' + n::int else date '2025-02-07' end "
        "from (select paper_id as id, row_number() over (order by paper_id in (select paper_id from github_links) desc, paper_id) "
        "as n from papers) where id = paper_id and n <= 6"
    )
    labels = [label.text for label in soup_of(lake).select_one("svg.chart").select(".label")]
    assert labels == ["2024-11", "2024-12", "2025-01", "2025-02"]
    titles = [rect.text for rect in soup_of(lake).select_one("svg.chart").select("rect")]
    assert titles == ["2024-11: 2, 1 of them marked", "2024-11: 2, 1 of them marked", "2025-02: 4"]


def test_an_empty_publication_has_a_page(sample_run: tuple[Lake, Summary], changed: Changed) -> None:
    tables = [row[0] for row in rows_of(sample_run[0], "select table_name from duckdb_tables()")]
    lake = changed("".join(f"delete from {table};" for table in tables if table != "publication"))
    soup = soup_of(lake)
    assert [strong.text for strong in soup.select(".tile strong")] == ["0"] * 5
    assert papers_in(soup) == [] and "Nothing was refused" in soup.select_one("#refused").text


def test_many_papers_give_the_newest_and_all_numbers_in_three_megabytes(changed: Changed) -> None:
    words = "list_aggregate(list_transform(range(190), lambda i: ['gravel', 'lantern', 'moss', 'tide'][1 + (hash(i, n) % 4)::int] || (hash(n, i) % 9999)), 'string_agg', ' ')"
    lake = changed(
        "create temp table one as from papers limit 1; delete from papers; insert into papers by name "
        "select one.* replace ('p' || lpad(n::varchar, 16, '0') as paper_id, 'Title ' || n as title, "
        f"{words} as abstract, {words} as abstract_clean, date '2000-01-01' + (n // 10)::int as published_on) "
        "from one cross join range(20001) r(n)"
    )
    assert lake.report.stat().st_size < 3_000_000
    soup = soup_of(lake)
    papers = papers_in(soup)
    assert (
        len(papers) == page.NEWEST and papers[0][4] == "2005-06-23" and soup.select_one(".tile strong").text == "20,001"
    )
    said = " ".join(soup.select_one("#papers .state").text.split())
    assert said.startswith("The table has the newest 5,000 of 20,001 papers, with ")
    (length,) = map(int, re.findall(r"with ([\d]+) characters", said.replace(",", "")) or [0])
    assert max(len(row[2]) for row in papers) == length + 1 and all(row[2].endswith("…") for row in papers)


def test_a_run_that_publishes_nothing_is_told_with_what_to_do_and_what_readers_have(
    samples_copy: Lake, tmp_path: Path
) -> None:
    published = run_id_of(samples_copy)
    bad = tmp_path / "bad.txt"
    bad.write_text(capture(*((f"Paper {n} of a Page That Lies", "lies") for n in range(20))), "utf-8")
    summary = run_job(samples_copy, [bad])
    assert not summary.published and summary.checks_failed
    soup = soup_of(samples_copy)
    said = soup.select_one(".state.bad").text
    assert "Nothing was published." in said and published[:8] in said
    failed = soup.select("#checks .state.bad")
    assert {block.code.text for block in failed} == {
        f"{check['table']}.{check['check']}" for check in summary.checks_failed if check["severity"] == "critical"
    }
    assert all("bad.txt" in block.text or block.text for block in failed) and "What to do" in failed[0].text
    assert "bad.txt" in soup.select_one("#run").text
    assert soup.select_one(".tile strong").text == str(rows_of(samples_copy, "select count(*) from papers")[0][0])


def test_a_first_run_that_publishes_nothing_has_a_page_too(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("", "utf-8")
    summary = run_job(lake, [tmp_path / "empty.txt"])
    assert not summary.published
    soup = soup_of(lake)
    assert "There is no publication yet." in soup.select_one(".state.bad").text
    assert "empty.txt" in soup.text and not soup.select(".tile")
    assert (
        "empty_file" in soup.select_one("#refused").text
        and "capture the page again" in soup.select_one("#refused").text
    )
    assert "So far there are none" in soup.select_one("#use").text


def test_what_cannot_be_written_leaves_the_page_before(samples_copy: Lake) -> None:
    before = samples_copy.report.read_bytes()
    samples_copy.report.with_name("latest.html.next").mkdir()
    with pytest.raises(OSError):
        write(samples_copy, run_id_of(samples_copy), published=True)
    assert samples_copy.report.read_bytes() == before


@given(st.floats(min_value=0, max_value=1e12))
def test_a_scale_holds_the_highest_and_has_four_whole_steps(highest: float) -> None:
    top = charts.scale_top(highest)
    assert highest <= top and (top / 4).is_integer() and (highest <= 4 or highest * 2.5 >= top)


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_share_never_rounds_to_all_or_nothing(some: int, others: int) -> None:
    shown = page.percent(some / (some + others))
    assert shown != "100 %" and (shown == "0 %") == (some == 0)
    assert page.percent(1) == "100 %" and page.percent(None) == "-"
