"""Every check catches the defect that it is for, a check that cannot run counts as failed, and none fires on good data."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from etl_project.contract import Table
from etl_project.expectations import Check, Outcome, _keep_connection_for_results, checks_for, run_checks
from etl_project.lake import Lake
from etl_project.tables import BY_NAME, TABLES
from etl_project_tests.conftest import FormsRun

#: Defects by check: SQL on a warehouse with papers of all forms. A check that is made by the contract has a
#: defect made from the contract, below; these are for the laws.
_RELATED = (
    "insert into related_papers select {}, {}, 'similar', 0.4, min(mention_id), max(mention_id) from paper_mentions"
)
_DAYS = "update raw_dumps set file_name = '2025-10-03.json'; update deliveries set outcome = 'known', path = 'inbox/2025-10-04.json'"
#: All captures are new, and are long listings.
_NEW = "delete from new_captures; insert into new_captures select dump_id, form from captures where records >= 10"
_ONE_PAPER = "update paper_mentions set paper_id = (select min(paper_id) from paper_mentions), rule = 'same_arxiv_id'"
_SAME_LINK = "insert into mention_links select mention_id, 99, 'page', u, u, 'other', null, null, null, null, null, null, null from parsed_rows cross join (select 'https://site.example/own' as u)"
_SAME_AUTHORS = "delete from mention_authors; insert into mention_authors by name select mention_id, position, name from parsed_rows cross join (values (1, 'Ant One'), (2, 'Bee Two')) as both_names (position, name)"
_WEEKEND = (
    "update captures set query = null, form = 'text_compact'; update raw_dumps set file_name = '2025-10-0' || (1 + (dump_id = (select min(dump_id) from captures))::int) || '.txt'; "
    "update paper_mentions set paper_id = 'p000000000000000' || (select seq % 6 from parsed_rows p where p.mention_id = paper_mentions.mention_id)"
)
#: Of a form of which readers have 20 captures with 100 mentions, one of 50 mentions is new.
_MEASURED = (
    "delete from run_statistics where measure like 'new_%' or measure = 'recent_captures'; delete from new_captures; delete from new_capture_values; "
    "insert into new_captures select max_by(dump_id, records), 'api_json' from captures; update captures set records = 50 where dump_id in (select dump_id from new_captures)"
)


def _before(measure: str, dimension: str, before: float, low: str = "null") -> str:
    return (
        f"insert into run_statistics select run_id, run_number, measured_at, '{measure}', 'api_json', '{dimension}', 0, {before}, {low} "
        "from run_statistics where measure = 'receipts'"
    )


_NEW_ONE = f"{_MEASURED}; {_before('new_captures', '', 20)}; {_before('new_mentions', '', 100)}; {_before('new_refusals', '', 0)}"


def _none_has(dimension: str, before: float, low: float) -> str:
    value = f"insert into new_capture_values select dump_id, '{dimension}', 0 from new_captures"
    return f"{_NEW_ONE}; {_before('new_mentions_with', dimension, before, str(low))}; {value}"


LAW_DEFECTS = {
    "raw_dumps.text_or_reason": "update raw_dumps set unread_reason = 'binary_file'",
    "captures.dump_id_in_raw_dumps": "update captures set dump_id = 'ffffffffffffffff' where dump_id = (select min(dump_id) from captures)",
    "captures.every_dump_read": "delete from captures where dump_id = (select min(dump_id) from captures)",
    "captures.every_line_accounted_for": "update captures set lines_field = lines_field - 1",
    "captures.no_unknown_host": "update captures set unknown_host = 'huggingface-papers.example' where dump_id = (select min(dump_id) from captures)",
    "captures.every_record_kept": "delete from parsed_rows where mention_id = (select min(mention_id) from parsed_rows)",
    "parsed_rows.dump_id_in_captures": "delete from captures where dump_id = (select min(dump_id) from captures)",
    "parsed_rows.lines_within_file": "update parsed_rows set line_end = line_end + 100000",
    "parsed_rows.no_year_without_a_basis": "update parsed_rows set published_basis = 'year_unknown' where published_on is not null",
    "parsed_rows.abstract_or_id": "update parsed_rows set abstract_kind = null where abstract is not null",
    "parsed_rows.date_is_plausible": "update parsed_rows set published_on = date '2150-01-01' where published_on is not null",
    "parsed_rows.abstract_is_no_furniture": "update parsed_rows set abstract = 'Sign in to follow this paper.'",
    "mention_links.mention_id_in_parsed_rows": "delete from parsed_rows",
    "mention_links.span_holds_the_link": "update mention_links set span_start = span_start + 1",
    "mention_links.no_unknown_mirror": "update mention_links set url = 'https://hf.papers.example/papers/2401.00001' where link_number = 1",
    "mention_authors.mention_id_in_parsed_rows": "delete from parsed_rows where n_authors = 3",
    "mention_authors.names_add_up": "delete from mention_authors where position = 1",
    "refused_records.dump_id_in_captures": "insert into refused_records values ('ffffffffffffffff', 1, 1, 1, 'unknown_form', 'x', 'x')",
    "paper_mentions.mention_id_in_parsed_rows": "update paper_mentions set mention_id = '0000000000000000-1' where mention_id = (select min(mention_id) from paper_mentions)",
    "paper_mentions.every_mention_in_one_paper": "delete from paper_mentions",
    "paper_mentions.one_arxiv_id_a_paper": "update parsed_rows set arxiv_id = '2401.' || lpad(cast(seq as varchar), 5, '0')",
    "paper_mentions.a_title_joins_one_paper": "update paper_mentions set rule = 'same_title', title_key = 'one title'",
    "paper_mentions.one_new_paper_each": "update paper_mentions set rule = 'same_title_and_abstract'",
    "related_papers.paper_id_in_paper_mentions": _RELATED.format("'p0000000000000001'", "max(paper_id)"),
    "related_papers.related_paper_id_in_paper_mentions": _RELATED.format("min(paper_id)", "'p0000000000000001'"),
    "related_papers.two_papers_each_once": _RELATED.format("max(paper_id)", "min(paper_id)"),
    "decisions.decisions_are_applied": "update decisions set state = 'contradicted'",
    "merged_papers.paper_id_in_paper_mentions": "insert into merged_papers values ('p0000000000000001', 'p0000000000000002', 1)",
    "merged_papers.given_up_ids_stay_given_up": "insert into merged_papers select min(paper_id), max(paper_id), 1 from papers",
    "papers.papers_are_the_mentions_papers": "delete from papers where paper_id = (select min(paper_id) from papers)",
    "papers.mentions_add_up": "update papers set n_mentions = n_mentions + 1",
    "papers.an_abstract_wins": "update papers set abstract_kind = 'summary'",
    "value_sources.paper_id_in_papers": "update value_sources set paper_id = 'p0000000000000001'",
    "value_sources.sources_are_the_papers_own": "update value_sources set mention_id = (select max(mention_id) from parsed_rows)",
    "value_sources.every_value_has_its_source": "delete from value_sources where field = 'daily_on'",
    "paper_authors.paper_id_in_papers": "update paper_authors set paper_id = 'p0000000000000001'",
    "author_counts.names_are_the_count": "delete from paper_authors where position = 1",
    "author_counts.every_paper_once": "delete from author_counts where paper_id = (select min(paper_id) from papers)",
    "author_counts.counted_or_null": "update author_counts set n_authors = 0",
    "paper_dates.every_paper_once": "delete from paper_dates where paper_id = (select min(paper_id) from papers)",
    "paper_links.paper_id_in_papers": "update paper_links set paper_id = 'p0000000000000001'",
    "paper_links.a_place_in_the_abstract": "update paper_links set span_start = null",
    "github_links.a_place_in_the_abstract": "update github_links set span_start = 0",
    "github_links.stars_are_the_pages": "update github_links set stars = 1, stars_mention_id = mention_id",
    "github_links.paper_id_in_papers": "update github_links set paper_id = 'p0000000000000001'",
    "github_links.repository_is_no_furniture": "insert into github_links select paper_id, 'hugging/site', 'hugging', 'site', 'https://github.com/hugging/site', null, 'abstract', 0, text_mention_id, 1, null, null, null, null from papers",
    "paper_metrics.paper_id_in_papers": "update paper_metrics set paper_id = 'p0000000000000001'",
    "papers_by_month.months_add_up": "update papers_by_month set papers = papers + 1",
    "deliveries.every_delivery_is_kept": "delete from raw_dumps",
    "deliveries.no_content_comes_under_another_day": _DAYS,
    "new_captures.dump_id_in_captures": "insert into new_captures values ('ffffffffffffffff', 'api_json')",
    "paper_changes.changes_are_of_papers": "insert into paper_changes values ('p0123456789abcdef', 'new', 'Lost', null, null)",
    "new_capture_values.dump_id_in_new_captures": "insert into new_capture_values values ('ffffffffffffffff', 'abstract', 1)",
    "new_captures.titles_differ": f"{_NEW}; update paper_mentions set title_key = 'one title'",
    "new_captures.abstracts_differ": f"{_NEW}; update parsed_rows set abstract = 'Sign in to follow this paper.'",
    "new_captures.authors_differ": f"{_NEW}; {_SAME_AUTHORS}",
    "new_captures.dates_have_come": f"{_NEW}; update parsed_rows set published_on = date '2096-11-09'",
    "new_captures.a_paper_has_few_titles": f"{_NEW}; {_ONE_PAPER}",
    "new_captures.a_capture_shows_a_paper_once": f"{_NEW}; {_ONE_PAPER}",
    "new_captures.a_link_is_not_on_every_paper": f"{_NEW}; {_SAME_LINK}",
    "new_captures.a_link_is_on_few_papers": f"{_NEW}; update paper_links set url = 'https://site.example/own'",
    "new_captures.organisations_differ": f"{_NEW}; update parsed_rows set organisation_name = 'The Site', organisation_handle = null; update captures set query = null",
    "new_captures.dates_are_the_papers_own": f"{_NEW}; update parsed_rows set published_on = date '2024-05-01'; update captures set captured_on = date '2024-05-01'",
    "new_captures.authors_are_shown": f"{_NEW}; update parsed_rows set organisation_name = null, organisation_handle = null, n_authors = null; update captures set records = 20",
    "new_captures.a_day_comes_once": f"{_NEW}; {_WEEKEND}",
    "new_captures.abstracts_are_there_as_before": _none_has("abstract", 100, 1),
    "new_captures.values_are_there_as_before": _none_has("n_authors", 98, 0.9),
    "new_captures.links_are_there_as_before": _none_has("link: github_repo", 30, 0.1),
    "new_captures.abstracts_are_as_long_as_before": f"{_NEW_ONE}; {_before('new_abstract_length', '', 9000, '7000')}",
    "new_captures.captures_list_as_many_as_before": f"{_NEW_ONE}; {_before('new_mentions_of_a_capture', '', 500, '400')}",
    "new_captures.no_more_is_refused_than_before": f"{_NEW_ONE}; update captures set refusals = 40",
    "run_statistics.forms_are_still_read": f"{_MEASURED}; insert into run_statistics select run_id, run_number, measured_at, 'recent_captures', 'markdown', '', 9, null, null from run_statistics where measure = 'receipts'; update captures set records = 0",
    "run_statistics.nothing_shrinks": "update run_statistics set before = 2 * value where measure = 'rows'",
    "run_statistics.no_paper_swallows_others": "update run_statistics set value = 900, before = 3 where measure = 'mentions_of_a_paper'",
    "run_statistics.papers_that_readers_know_stay": "update run_statistics set value = 1 where measure = 'papers_gone'",
    "run_statistics.raw_store_is_loaded": "update run_statistics set value = value + 1 where measure = 'receipts'",
    "check_results.failures_tell_what_was_seen": "update check_results set passed = false",
    "paper_links.every_link_is_kept": "delete from paper_links where url = (select min(url) from paper_links)",
    "github_links.every_repository_is_kept": "delete from github_links where repo_key = (select min(repo_key) from github_links)",
    "paper_metrics.every_number_is_kept": "delete from paper_metrics where mention_id = (select min(mention_id) from paper_metrics)",
    "coverage.no_more_than_all": "update coverage set with_value = papers + 1",
}


#: Laws with several conditions have a defect for each.
MORE_LAW_DEFECTS = [
    ("deliveries.every_delivery_is_kept", "update deliveries set dump_id = null, outcome = 'known'"),
    ("deliveries.every_delivery_is_kept", "update deliveries set dump_id = null, outcome = 'unfinished', detail = ''"),
    ("deliveries.every_delivery_is_kept", "update deliveries set dump_id = null, outcome = 'unreadable', detail = ''"),
    ("captures.every_line_accounted_for", "update refused_records set line_end = line_end + 1"),
    ("captures.every_line_accounted_for", "update captures set lines_total = lines_total + 1, lines_field = lines_field + 1"),
    ("parsed_rows.abstract_or_id", "update parsed_rows set abstract = null, abstract_clean = null, abstract_kind = null, arxiv_id = null"),
    ("parsed_rows.abstract_or_id", "update parsed_rows set abstract_clean = null"),
    ("mention_authors.names_add_up", "update parsed_rows set n_authors = null where n_authors = 3"),
    ("mention_authors.names_add_up", "update mention_authors set position = 9 where position = 3"),
    ("paper_mentions.a_title_joins_one_paper", "update parsed_rows set arxiv_id = '2401.' || lpad(cast(seq as varchar), 5, '0')"),
    ("value_sources.sources_are_the_papers_own", "update value_sources set n_values = n_mentions + 1"),
    ("github_links.stars_are_the_pages", "update github_links set source = 'abstract' where stars is not null"),
    ("github_links.stars_are_the_pages", "update github_links set stars = null, stars_on = null, stars_mention_id = null"),
    (
        "github_links.stars_are_the_pages",
        "update github_links set stars = null, stars_step = null, stars_on = '2026-06-12', stars_mention_id = null",
    ),
]  # fmt: skip


def _contract_defect(check: Check) -> str | None:
    """SQL that breaks what a check of the contract is for."""
    table = BY_NAME[check.table]
    match check.name:
        case "columns_as_declared":
            return f"alter table {table.name} add column intruder integer"
        case "not_empty":
            return f"delete from {table.name}"
        case "key_is_unique":
            return f"insert into {table.name} select * from {table.name}"
        case "required_values_present":
            required = [c.name for c in table.columns if c.required][-1]
            return f"alter table {table.name} alter column {required} drop not null; update {table.name} set {required} = null"
        case "values_as_declared":
            return next(_declared_defects(table))[1]
    return None


def _declared_defects(table: Table) -> Iterator[tuple[str, str]]:
    """Yield each column that declares what its values are, with SQL that puts another value there."""
    for column in table.columns:
        if column.one_of:
            yield column.name, f"update {table.name} set {column.name} = 'something else'"
        if column.least is not None:
            yield column.name, f"update {table.name} set {column.name} = {column.least} - 1"
        if column.most is not None:
            yield column.name, f"update {table.name} set {column.name} = {column.most} + 1"
        if column.pattern:
            yield column.name, f"update {table.name} set {column.name} = ' '"


ALL_CHECKS = [check for table in TABLES for check in checks_for(table)]


@pytest.fixture(scope="module")
def full_warehouse(forms_run: FormsRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of all forms, with a row in the tables that they leave empty, so that no check passes for want of rows."""
    path = tmp_path_factory.mktemp("mutants") / "warehouse.duckdb"
    shutil.copy(forms_run.lake.warehouse, path)
    with duckdb.connect(str(path)) as connection:
        dump = connection.execute("select min(dump_id) from captures where lines_furniture > 0").fetchall()[0][0]
        connection.execute(f"insert into refused_records values ('{dump}', 1, 1, 1, 'unknown_form', 'x', 'x')")
        connection.execute(
            f"update captures set refusals = 1, lines_refused = 1, lines_furniture = lines_furniture - 1 where dump_id = '{dump}'"
        )
        connection.execute("insert into merged_papers select 'p0000000000000009', min(paper_id), 1 from papers")
        mentions = "min(mention_id), max(mention_id)"
        connection.execute(
            f"insert into decisions select 1, 'same', {mentions}, 'why', now(), 'applied' from paper_mentions"
        )
        for table in TABLES:
            assert connection.execute(f"select count(*) from {table.name}").fetchall() > [(0,)], table.name
    return path


@pytest.fixture
def mutated(full_warehouse: Path, tmp_path: Path) -> Callable[[str], Path]:
    def mutate(statements: str) -> Path:
        path = tmp_path / "mutant.duckdb"
        shutil.copy(full_warehouse, path)
        with duckdb.connect(str(path)) as connection:
            connection.execute(statements)
        return path

    return mutate


def test_no_check_fires_on_good_data(full_warehouse: Path) -> None:
    failed = [outcome for outcome in run_checks(full_warehouse, ALL_CHECKS) if not outcome.passed]
    assert failed == []


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: f"{check.table}.{check.name}")
def test_a_check_fails_on_the_defect_that_it_is_for(check: Check, mutated: Callable[[str], Path]) -> None:
    defect = LAW_DEFECTS.get(f"{check.table}.{check.name}") or _contract_defect(check)
    assert defect, "a check without a known defect: add one above"
    (outcome,) = run_checks(mutated(defect), [check])
    assert not outcome.passed
    assert outcome.error == ""
    assert outcome.failing > 0


def test_a_file_that_is_left_alone_or_cannot_be_read_and_says_why_is_no_defect(mutated: Callable[[str], Path]) -> None:
    told = "dump_id = null, detail = 'still being written; the next run looks again'"
    mutant = mutated(
        f"update deliveries set outcome = 'unfinished', {told} where delivery_number = 1; "
        f"update deliveries set outcome = 'unreadable', {told} where delivery_number = 2"
    )
    assert [outcome for outcome in run_checks(mutant, checks_for(BY_NAME["deliveries"])) if not outcome.passed] == []


@pytest.mark.parametrize(("name", "defect"), MORE_LAW_DEFECTS)
def test_a_law_fails_on_each_of_its_conditions(name: str, defect: str, mutated: Callable[[str], Path]) -> None:
    (check,) = [check for check in ALL_CHECKS if f"{check.table}.{check.name}" == name]
    (outcome,) = run_checks(mutated(defect), [check])
    assert (outcome.passed, outcome.error) == (False, "")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_declared_list_bound_and_shape_is_checked(table: Table, full_warehouse: Path) -> None:
    check = next((check for check in checks_for(table) if check.name == "values_as_declared"), None)
    defects = list(_declared_defects(table))
    assert (check is None) == (not defects)
    with duckdb.connect(str(full_warehouse), config={"access_mode": "read_only"}) as connection:
        for column, defect in defects:
            # on a copy in memory: what Great Expectations does with such a query is tested above
            connection.execute(f"create or replace temp table mutant as select * from {table.name}")
            connection.execute(defect.replace(f"update {table.name} ", "update mutant "))
            query = check.arguments["unexpected_rows_query"].replace("{{", "{").replace("}}", "}")
            rows = connection.execute(query.replace(f"from {table.name} ", "from mutant ").replace("{batch}", "mutant"))
            at = [described[0] for described in rows.description].index("column_name")
            assert column in {row[at] for row in rows.fetchall()}, (column, defect)


def test_a_failing_check_shows_the_rows(mutated: Callable[[str], Path]) -> None:
    check = next(c for c in checks_for(BY_NAME["parsed_rows"]) if c.name == "values_as_declared")
    mutant = mutated("update parsed_rows set arxiv_id = '2503.213' where seq = 1")
    with duckdb.connect(str(mutant)) as connection:
        ((captures_with_records,),) = connection.execute("select count(distinct dump_id) from parsed_rows").fetchall()
    (outcome,) = run_checks(mutant, [check])
    assert outcome.failing == captures_with_records > 1
    assert {(row["column_name"], row["column_value"]) for row in outcome.sample} == {("arxiv_id", "2503.213")}


def test_a_check_that_cannot_run_counts_as_failed(mutated: Callable[[str], Path]) -> None:
    check = next(c for c in checks_for(BY_NAME["papers_by_month"]) if c.name == "months_add_up")
    (outcome,) = run_checks(mutated("drop table papers"), [check])
    assert isinstance(outcome, Outcome)
    assert not outcome.passed
    assert "papers" in outcome.error


def test_great_expectations_still_has_the_private_name_that_duckdb_needs() -> None:
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    assert isinstance(engine._PERSISTED_CONNECTION_DIALECTS, tuple), "moved: see _keep_connection_for_results"
    _keep_connection_for_results()
    assert "duckdb" in engine._PERSISTED_CONNECTION_DIALECTS


def test_the_file_can_be_opened_by_others_after_checks(full_warehouse: Path) -> None:
    run_checks(full_warehouse, ALL_CHECKS[:3])
    with duckdb.connect(str(full_warehouse), config={"threads": 1}) as connection:  # refused beside an open connection
        assert connection.execute("select count(*) from papers").fetchall() > [(0,)]


def test_a_lake_without_captures_fails_with_what_to_do(lake: Lake) -> None:
    from etl_project import warehouse

    with warehouse.connect(lake):
        pass
    check = next(c for c in checks_for(BY_NAME["raw_dumps"]) if c.name == "not_empty")
    (outcome,) = run_checks(lake.warehouse, [check])
    assert not outcome.passed
    assert "inbox" in outcome.check.remedy
