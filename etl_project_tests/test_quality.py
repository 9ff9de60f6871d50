"""What runs tell of themselves: each incident of a real scraper is caught as a capture through the whole job, each
reason of refusal is found again with its lines, and what readers have is what later captures are compared with.
"""

import hashlib
import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from typer.testing import CliRunner

from etl_project import drift, parse, quality, raw, warehouse
from etl_project.captures import REFUSAL_REASONS, Reading, read_capture
from etl_project.cli.main import app
from etl_project.expectations import Outcome, checks_for
from etl_project.lake import Lake, writer_lock
from etl_project.run import Summary, run_job
from etl_project.tables import BY_NAME, CHECK_RESULTS, RUN_STATISTICS
from etl_project_tests import renderer
from etl_project_tests.conftest import rows_of
from etl_project_tests.pages import Told, item_of, page_of
from etl_project_tests.refusals import FAILING, REFUSED, SMALL_LIMIT

LINK_LINES = renderer.Layout(form="link_lines", image="none")
NUMBERED = renderer.Layout(form="numbered")


def papers_of(seed: int, count: int) -> list[renderer.Paper]:
    """Invented papers of the past."""
    return [
        replace(paper, year=paper.year and min(paper.year, 2025))
        for paper in renderer.papers_of(seed, count, odd=False)
    ]


def told(seed: int, count: int, **changes: Any) -> list[Told]:
    """Invented papers as the service's JSON tells them."""
    return [
        Told(
            paper.arxiv_id,
            paper.title,
            paper.abstract,
            paper.summary,
            tuple(f"Ant{n} Of{paper.number}" for n in range(1 + paper.number % 5)),
            github=paper.github,
            stars=5 if paper.github else None,
            published=f"2025-0{paper.number % 8 + 1}-1{paper.number % 9}T01:00:00.000Z",
            daily=f"2025-09-1{paper.number % 9}T01:00:00.000Z",
            **changes,
        )
        for paper in papers_of(seed, count)
    ]


def as_json(papers: list[Told]) -> str:
    return json.dumps([item_of(paper) for paper in papers])


def as_lines(papers: list[Told]) -> str:
    return "\n".join(json.dumps(item_of(paper)) for paper in papers)


def changed(papers: list[Told], **values: Any) -> list[Told]:
    return [replace(paper, **values) for paper in papers]


def rendered(seed: int, count: int, layout: renderer.Layout = renderer.Layout()) -> str:
    return renderer.render(papers_of(seed, count), layout)


def cards(seed: int, count: int) -> str:
    return renderer.render_html(papers_of(seed, count), renderer.Layout())


def delivered(folder: Path, files: dict[str, str]) -> list[Path]:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    return [folder / name for name in files]


def usual(day: int, count: int) -> dict[str, str]:
    """A day's captures in six forms."""
    return {
        f"2025-10-{day:02}.json": as_json(told(day, count)),
        f"saved-2025-10-{day:02}.html": page_of(told(100 + day, count), "daily", day=f"2025-10-{day:02}", query=""),
        f"cards{day}.html": cards(200 + day, count),
        f"search{day}.md": rendered(300 + day, count),
        f"clipboard{day}.txt": rendered(400 + day, count, LINK_LINES),
        f"terminal{day}.txt": rendered(500 + day, count, NUMBERED),
    }


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[Summary]]:
    """A lake that has taken good captures of four days in two runs, of different sizes."""
    folder = tmp_path_factory.mktemp("good")
    lake = Lake(folder / "lake")
    runs = [
        run_job(lake, delivered(folder / "first", usual(1, 30) | usual(2, 12))),
        run_job(lake, delivered(folder / "second", usual(3, 21) | usual(4, 50))),
    ]
    return lake, runs


def test_nothing_fires_on_good_captures(good: tuple[Lake, list[Summary]]) -> None:
    for summary in good[1]:
        assert (summary.exit_code, summary.checks_failed, summary.error) == (0, [], "")


def _copy(lake: Lake, folder: Path) -> Lake:
    shutil.copytree(lake.root, folder / "lake", symlinks=True)
    return Lake(folder / "lake")


def _found(lake: Lake, run_id: str) -> dict[str, str]:
    """What the run saw, by the checks that failed, as the warehouse tells it."""
    with duckdb.connect(str(lake.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select check_name, observed from check_results where run_id = ? and not passed", [run_id]
        ).fetchall()
    return {name: _without_ids(observed) for name, observed in rows}


def _without_ids(text: str) -> str:
    """A line about a check with a sign in place of the ids of captures."""
    return re.sub(r"\b[0-9a-f]{16}\b", "…", text)


class Odd(NamedTuple):
    lake: Lake
    summary: Summary
    found: dict[str, str]


@pytest.fixture(scope="module")
def odd(good: tuple[Lake, list[Summary]], tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """One run that is given a capture for each incident that warns."""
    folder = tmp_path_factory.mktemp("odd")
    lake = _copy(good[0], folder)
    first = usual(4, 50)
    friday = told(104, 50)
    short = [replace(paper, abstract=(paper.abstract or "")[:60], github=None) for paper in told(20, 30)]
    today = f"{datetime.now(UTC):%Y-%m-%d}T02:00:00.000Z"
    furniture = [
        replace(paper, github="https://github.com/site/own" if n < 15 else None)
        for n, paper in enumerate(told(25, 20, org=("site", "The Site"), page=None))
    ]
    summary = run_job(
        lake,
        delivered(
            folder / "files",
            {
                # abstracts of 60 characters, no repository any more, and a third of the items without a title
                "2025-10-06.json": json.dumps(
                    [item_of(paper) for paper in short] + [{"paper": {"id": "2401.00002"}}] * 15
                ),
                # good ones beside it: together, the share of what is missing would not be low
                **{f"2025-10-{day:02}.json": as_json(told(20 + day, 50)) for day in (8, 9)},
                # the markup of authors changed
                "search6.md": re.sub(r"(?m)^(\[- \d+ authors|\[\[).*$", "", rendered(21, 40)),
                # the markup of dates changed
                "cards6.html": re.sub(r"[A-Z][a-z]{2} \d{1,2}(, \d{4})?(?=<)", "", cards(22, 30)),
                # a form that came in every run is not recognised today
                "clipboard6.txt": "Just a moment...\nChecking your browser.\n" * 30,
                # the weekend: Friday's page, with other counts; and with the same bytes
                "saved-2025-10-05.html": page_of(changed(friday, upvotes=99), "daily", day="2025-10-04", query=""),
                "2025-10-07.json": first["2025-10-04.json"],
                "furniture.jsonl": as_lines(changed(furniture, published=today)),
                "again.jsonl": as_lines(told(26, 9) + [replace(told(27, 1)[0], upvotes=n) for n in range(7)]),
            },
        ),
    )
    return Odd(lake, summary, _found(lake, summary.run_id))


#: What each incident is found by, and what the line about it must say.
WARNINGS = {
    "abstracts_are_as_long_as_before": "2025-10-06.json (…, api_json): abstracts have 60 characters (median); before: all 4 captures before had ",
    "links_are_there_as_before": "2025-10-06.json (…, api_json): of 30 mentions 0 have link: github_repo (0 %; before ",
    "values_are_there_as_before": "search6.md (…, markdown): of 40 mentions 0 have ",
    "authors_are_shown": "search6.md (…): none of 40 papers has authors or an organisation",
    "no_more_is_refused_than_before": "2025-10-06.json (…, api_json): 15 of 45 are refused (33 %), before 0 of ",
    "forms_are_still_read": " of the last 20 captures, none of the new ones; 1 new file gives no paper: clipboard6.txt",
    "a_day_comes_once": "saved-2025-10-05.html: lists the same 50 papers for 2025-10-05 as saved-2025-10-04.html for 2025-10-04",
    "no_content_comes_under_another_day": "2025-10-07.json holds what 2025-10-04.json held: the same bytes for 2025-10-07 as for 2025-10-04",
    "organisations_differ": 'furniture.jsonl (…): all 20 organisations are "site"',
    "dates_are_the_papers_own": "furniture.jsonl (…): all 20 papers are dated ",
    "a_link_is_on_few_papers": "https://github.com/site/own stands on 15 of ",
    "a_capture_shows_a_paper_once": "again.jsonl (…): 7 of 16 mentions are of p",
}


@pytest.mark.parametrize("name", WARNINGS)
def test_an_incident_of_the_scraper_is_told_in_one_line(name: str, odd: Odd) -> None:
    assert WARNINGS[name] in odd.found[name]
    (failed,) = [check for check in odd.summary.checks_failed if check["check"] == name]
    assert failed["severity"] == "warning"
    assert WARNINGS[name] in _without_ids(failed["why"])
    assert failed["why"].endswith(".") and failed["owner"]


def test_incidents_that_only_lose_values_publish_and_count_nothing_twice(odd: Odd) -> None:
    assert odd.summary.published
    assert {check["check"] for check in odd.summary.checks_failed} == {*WARNINGS} == {*odd.found}
    twice = "select count(*) from papers where title in (select title from papers group by title having count(*) > 1)"
    assert rows_of(odd.lake, twice) == [(0,)]
    (weekend,) = rows_of(odd.lake, "select dump_id from raw_dumps where file_name = 'saved-2025-10-05.html'")
    joined = "select count(*), count(distinct paper_id) from paper_mentions join parsed_rows using (mention_id) where dump_id = "
    assert rows_of(odd.lake, f"{joined}'{weekend[0]}'") == [(50, 50)]
    assert rows_of(odd.lake, "select min(n_dumps) from papers join paper_mentions using (paper_id) join parsed_rows using (mention_id) "
                   f"where dump_id = '{weekend[0]}'") == [(2,)]  # fmt: skip


def test_dates_that_are_gone_are_told_with_their_form(odd: Odd) -> None:
    shares = rows_of(
        odd.lake,
        f"select value, before > 0, before_low > 0.5 from run_statistics where run_id = '{odd.summary.run_id}' "
        "and measure = 'new_mentions_with' and form = 'html_cards' and dimension = 'published_on'",
    )
    assert shares == [(0.0, True, True)]


def _captures(connection: duckdb.DuckDBPyConnection, first: int, shares: list[float]) -> None:
    """Put captures of 20 mentions into the warehouse, of which so many have an abstract and a date."""
    for n, share in enumerate(shares, first):
        hashed = f"{n:064x}"
        values = {
            "raw_dumps": f"'{hashed[-16:]}' as dump_id, '{hashed}' as content_sha256, '{hashed}' as stored_sha256, 'page{n}.json' as file_name, "
            f"'' as source, timestamp '2025-10-01' as received_at, {n} as load_number, 9 as byte_count, 'none' as compression, "
            "'utf8' as encoding_basis, []::integer[] as damaged_lines, 1 as line_count",
            "captures": f"'{hashed[-16:]}' as dump_id, 'api_json' as form, 1 as form_confidence, 'none' as captured_basis, 20 as records, 0 as refusals, "
            "1 as lines_total, 1 as lines_field, 0 as lines_furniture, 0 as lines_refused, 1 as parser_version",
            "parsed_rows": f"'{hashed[-16:]}-' || range as mention_id, '{hashed[-16:]}' as dump_id, range as seq, 1 as line_start, 1 as line_end, "
            "'api_json' as form, 'A Title' as title, false as published_year_inferred, 'none' as published_basis, "
            f"if(range < {20 * share}, 'abstract', null) as abstract_kind, if(range < {20 * share}, repeat('word ', 20), null) as abstract, "
            f"if(range < {20 * share}, date '2025-09-01', null) as published_on from range(20)",
        }
        for table, row in values.items():
            connection.execute(f"insert into {table} by name select {row}").fetchall()


def _missed(lake: Lake, before: list[float], new: list[float]) -> dict[str, list[str]]:
    """What the laws about new captures find, by the law's name."""
    with warehouse.connect(lake) as connection:
        _captures(connection, 1, before)
        empty = {name: frame.clear() for name, frame in quality._NO_READERS.items()}
        readers = {**empty, "raw_dumps": connection.sql("select dump_id from raw_dumps").pl()}
        _captures(connection, 100, new)
        quality.measure(connection, "now", readers)
        laws = [law for law in BY_NAME["new_captures"].laws if law.name.endswith("_are_there_as_before")]
        found = {
            law.name: [
                _without_ids(row["finding"])
                for row in warehouse.read(connection, law.failing).sort("finding").to_dicts()
            ]
            for law in laws
        }
    return {name: lines for name, lines in found.items() if lines}


def test_a_bad_capture_does_not_hide_among_good_ones(lake: Lake) -> None:
    assert _missed(lake, [1] * 6, [1, 0, 1, 1]) == {
        "abstracts_are_there_as_before": [
            "page101.json (…, api_json): of 20 mentions 0 have abstract (0 %; before 100 %); before: what three of four of the 6 captures before reach"
        ],
        "values_are_there_as_before": [
            "page101.json (…, api_json): of 20 mentions 0 have published_on (0 %; before 100 %); before: what three of four of the 6 captures before reach"
        ],
    }


@pytest.mark.parametrize(("before", "found"), [(0, True), (4, True), (12, False)])
def test_some_bad_captures_that_were_let_through_do_not_become_what_is_usual(
    before: int, found: bool, lake: Lake
) -> None:
    assert bool(_missed(lake, [1] * (20 - before) + [0] * before, [0, 0])) is found


@pytest.mark.parametrize("before", [[], [1], [0.9, 0.1, 0, 0.2], [0] * 8])
def test_nothing_is_missed_that_was_not_usual(before: list[float], lake: Lake) -> None:
    assert _missed(lake, before, [0, 0.3]) == {}


@pytest.fixture(scope="module")
def stopped(good: tuple[Lake, list[Summary]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[Odd]]:
    """A run that is given a capture for each incident that stops publication; then one without files that accepts them."""
    folder = tmp_path_factory.mktemp("stopped")
    lake = _copy(good[0], folder)
    bare = [item_of(replace(paper, abstract=None, ai_summary=None)) for paper in told(30, 60)]
    one_title = "Get trending papers in your email inbox once a day"
    files = {
        "2025-10-06.json": json.dumps(bare),
        "2025-10-07.json": as_json(told(36, 60)),
        "titles.json": as_json(changed(told(31, 12), title=one_title)),
        "link.json": as_json(changed(told(32, 12), github="https://github.com/site/own")),
        "abstracts.jsonl": as_lines(changed(told(33, 12), abstract="Sign in to follow papers. It takes a minute.")),
        "ids.jsonl": as_lines(changed(told(34, 40), id="2401.00001")),
        "authors.jsonl": as_lines(changed(told(37, 12), authors=("Ant One", "Bee Two"))),
        "future.jsonl": as_lines(changed(told(38, 12), published="2096-11-09T01:00:00.000Z")),
    }
    first = run_job(lake, delivered(folder / "files", files))
    seen = _found(lake, first.run_id)
    readers = rows_of(lake, "select run_id from publication")
    lake.inbox.mkdir(exist_ok=True)
    checked = CliRunner().invoke(app, ["check", "--failed", "--lake", str(lake.root)])
    kept = _copy(lake, tmp_path_factory.mktemp("kept"))
    second = run_job(lake, [folder / "files" / "ids.jsonl"], drift.ACCEPTABLE)
    assert readers == [(good[1][-1].run_id,)]
    return lake, [Odd(kept, first, seen), Odd(lake, second, _found(lake, second.run_id)), checked]


STOPPING = {
    "abstracts_are_there_as_before": "2025-10-06.json (…, api_json): of 60 mentions 0 have abstract (0 %; before 100 %); before: what all 4 captures before reach",
    "titles_differ": 'titles.json (…): 12 of 12 titles are "Get trending papers',
    "abstracts_differ": 'abstracts.jsonl (…): 12 of 12 abstracts are "Sign in to follow papers.',
    "a_paper_has_few_titles": " has 40 titles",
    "a_link_is_not_on_every_paper": "link.json (…): 12 of 12 papers have https://github.com/site/own",
    "authors_differ": "authors.jsonl (…): 12 of 12 papers have the authors Ant One, Bee Two",
    "dates_have_come": "future.jsonl (…): 12 of 12 dates lie after ",
}


@pytest.mark.parametrize("name", STOPPING)
def test_an_incident_that_would_give_readers_wrong_values_stops_publication(name: str, stopped: Any) -> None:
    first = stopped[1][0]
    assert STOPPING[name] in first.found[name]
    assert ("critical", name) in {(check["severity"], check["check"]) for check in first.summary.checks_failed}
    assert (first.summary.published, first.summary.exit_code) == (False, 1)


def test_every_check_that_can_be_accepted_has_its_incident() -> None:
    assert {*drift.ACCEPTABLE} == {*STOPPING} | {"raw_store_is_loaded"}


def test_a_merge_gone_wild_is_told(stopped: Any) -> None:
    assert "a paper has 40 mentions, before " in stopped[1][0].found["no_paper_swallows_others"]


def test_captures_that_stopped_a_run_are_still_judged_in_the_next_and_published_once_accepted(stopped: Any) -> None:
    lake, (first, second, _) = stopped
    assert {*first.found} == {*second.found}, "the files were known by then, and readers had none of them"
    assert second.summary.published
    assert second.summary.exit_code == 0
    accepted = rows_of(
        lake, f"select check_name from check_results where run_id = '{second.summary.run_id}' and accepted"
    )
    assert {name for (name,) in accepted} == {*STOPPING}
    runs = rows_of(lake, "select run_id, count(*) from check_results group by all")
    assert {run for run, _ in runs} >= {first.summary.run_id, second.summary.run_id}, (
        "readers see the run that failed, too"
    )
    assert len({count for _, count in runs}) == 1


def test_papers_check_shows_the_last_run_also_if_it_published_nothing(stopped: Any, papers: Any) -> None:
    lake, (first, second, checked) = stopped
    assert checked.exit_code == 1
    assert checked.stdout.startswith(f"run {first.summary.run_id[:8]} of ")
    assert "  failed (critical): titles_differ: titles.json (…): 12 of 12 titles are" in _without_ids(checked.stdout)
    assert "    whoever captures the pages, or looks after the scraper: Words of the page are taken" in checked.stdout
    call = lambda *words: CliRunner().invoke(app, ["check", *words, "--lake", str(lake.root)])  # noqa: E731
    last = call()
    assert last.exit_code == 0
    assert "  accepted (critical): titles_differ" in last.stdout
    history = call("titles_differ", "--history").stdout.splitlines()
    assert [line.split()[3] for line in history] == ["accepted", "failed", "passed", "passed"]
    rows = json.loads(call("--json", "--failed").stdout)
    assert {row["check_name"] for row in rows} == {*second.found}
    assert all(row["remedy"] and row["observed"] for row in rows)
    assert call("no_such_check").exit_code == 4
    with writer_lock(lake, "a long run"):
        busy = papers("check", "titles_differ", lake=lake)
    assert "in use by a long run" in busy.stderr
    assert "accepted (critical): titles_differ" in busy.stdout


def test_only_checks_that_judge_by_what_is_usual_can_be_accepted(lake: Lake, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", str(tmp_path), "--accept", "key_is_unique", "--lake", str(lake.root)])
    assert done.exit_code == 2
    assert "titles_differ" in done.stderr
    assert not lake.root.exists()


@pytest.mark.long
def test_a_capture_that_stops_every_run_is_shown_left_out_and_taken_back(lake: Lake, tmp_path: Path) -> None:
    bad = changed(told(50, 12), title="Sign in to see what is trending today")
    files = delivered(tmp_path / "files", {"good.json": as_json(told(51, 12)), "bad.json": as_json(bad)})
    call = lambda *words: CliRunner().invoke(app, [*words, "--lake", str(lake.root)])  # noqa: E731
    assert run_job(lake, files[:1]).published
    first = run_job(lake, files)
    assert (first.published, [check["check"] for check in first.checks_failed]) == (False, ["titles_differ"])
    assert "papers leave-out ID --why" in first.checks_failed[0]["why"]
    dump_id = first.files[0]["dump_id"]
    shown = call("status").stdout
    assert "1 captures are taken in: a run is at work, was cut off, or did not publish" in shown
    assert f"{dump_id}  bad.json" in shown
    assert call("leave-out", "bad.json").exit_code == 2
    assert call("leave-out", "none.json", "--why", "x").exit_code == 4
    done = call("leave-out", "bad.json", "--why", "a page behind a login")
    assert f"{dump_id}  bad.json  left out from the next run on" in call("status").stdout
    assert (done.exit_code, f"bad.json ({dump_id}) is left out from the next run on" in done.stdout) == (0, True)
    second = run_job(lake, files)
    assert (second.exit_code, second.checks_failed) == (0, [])
    assert [(file["outcome"], file["records"], file["note"]) for file in second.files] == [
        ("known", 0, "left_out: a page behind a login"),
        ("known", 12, ""),
    ]
    assert rows_of(lake, "select count(*), count(distinct dump_id) from parsed_rows") == [(12, 1)]
    kept = "select dump_id, reason, detail, records from refused_records join captures using (dump_id)"
    assert rows_of(lake, kept) == [(dump_id, "left_out", "a page behind a login", 0)]
    assert "not published" not in call("status").stdout
    assert call("leave-out", dump_id[:8], "--undo").exit_code == 0
    third = run_job(lake, [])
    assert (third.published, [check["check"] for check in third.checks_failed]) == (False, ["titles_differ"])
    last = run_job(lake, [], ["titles_differ"])
    assert (last.published, last.papers["new"], last.papers["known"]) == (True, 12, 12), "they are new to readers"
    assert rows_of(lake, "select count(*), count(distinct dump_id) from parsed_rows") == [(24, 2)]


# ---------------------------------------------------------------------------------------------
# nothing vanishes


def read_or_fail(text: str, damaged: list[int]) -> Reading:
    """A reader that has a mistake."""
    if FAILING in text:
        raise IndexError("a mistake")
    return read_capture(text, damaged)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Summary]:
    """One run that is given a file for each reason of the closed list."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "files").mkdir()
    for name, content in REFUSED.values():
        (folder / "files" / name).write_bytes(content)
    lake = Lake(folder / "lake")
    name, content = REFUSED["left_out"]
    row = {"dump_id": hashlib.sha256(content).hexdigest()[:16], "file_name": name, "why": "an advertisement"}
    lake.left_out.parent.mkdir(parents=True)
    lake.left_out.write_text(json.dumps(row), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(raw, "LARGEST_OPENED", SMALL_LIMIT)
        patch.setattr(parse, "read_capture", read_or_fail)
        return lake, run_job(lake, [folder / "files"])


@pytest.mark.parametrize("reason", REFUSAL_REASONS)
def test_each_reason_of_refusal_is_told_with_file_lines_and_what_to_do(
    reason: str, refused: tuple[Lake, Summary]
) -> None:
    assert reason in REFUSED, "a reason without a capture that shows it: add one to refusals.py"
    name, content = REFUSED[reason]
    found = CliRunner().invoke(
        app, ["rejects", "--reason", reason, "--file", name, "--json", "--lake", str(refused[0].root)]
    )
    rows = json.loads(found.stdout)
    assert rows, reason
    for row in rows:
        assert (row["file_name"], row["reason"]) == (name, reason)
        assert row["detail"]
        if row["line_start"]:
            lines = content.decode("utf-8", "replace").split("\n")
            assert 1 <= row["line_start"] <= row["line_end"] <= len(lines)
            own = "\n".join(lines[row["line_start"] - 1 : row["line_end"]])
            assert row["text"].split()[0][:20] in own


def test_what_was_refused_is_all_accounted_for(refused: tuple[Lake, Summary]) -> None:
    lake, summary = refused
    assert summary.published
    assert [check for check in summary.checks_failed if check["severity"] == "critical"] == []
    ((lines, told_of, records, refusals),) = rows_of(
        lake,
        "select sum(lines_total), sum(lines_field + lines_furniture + lines_refused), sum(records), sum(refusals) from captures",
    )
    assert lines == told_of == rows_of(lake, "select sum(line_count) from raw_dumps")[0][0]
    assert (
        rows_of(lake, "select count(*) from parsed_rows")
        == rows_of(lake, "select count(*) from paper_mentions")
        == [(records,)]
    )
    assert rows_of(lake, "select count(*) from refused_records") == [(refusals,)]
    assert rows_of(lake, "select outcome, count(*) from deliveries group by all") == [("new", len(REFUSED))]
    unread = {
        reason for (reason,) in rows_of(lake, "select unread_reason from raw_dumps where unread_reason is not null")
    }
    assert unread == {*BY_NAME["raw_dumps"].column("unread_reason").one_of}


def test_rejects_counts_reasons_and_can_show_only_the_new(refused: tuple[Lake, Summary]) -> None:
    call = lambda *words: CliRunner().invoke(app, ["rejects", *words, "--lake", str(refused[0].root)])  # noqa: E731
    counted = call().stderr
    for reason in REFUSAL_REASONS:
        assert re.search(rf"^ +[1-9]\d* {reason}$", counted, re.MULTILINE), reason
    rows = [row for row in json.loads(call("--json").stdout) if row["reason"] != "left_out"]
    assert json.loads(call("--new", "--json").stdout) == rows, "what somebody left out is no news"
    assert call("--reason", "nonsense").exit_code == 2


# ---------------------------------------------------------------------------------------------
# what is kept


def _outcome(passed: bool, name: str = "not_empty") -> Outcome:
    check = next(check for check in checks_for(BY_NAME["papers"]) if check.name == name)
    return Outcome(check, passed, 0 if passed else 1, [])


def test_results_of_a_run_that_checks_again_are_replaced(lake: Lake) -> None:
    with warehouse.connect(lake) as connection:
        quality.record(connection, "a", [_outcome(True), _outcome(True, "key_is_unique")])
        quality.record(connection, "a", [_outcome(False)])
        rows = connection.execute("select check_name, passed, observed from check_results order by 1").fetchall()
    assert rows == [("key_is_unique", True, None), ("not_empty", False, "1 failing")]


def test_only_the_last_runs_are_kept(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "KEPT_RUNS", 3)
    with warehouse.connect(lake) as connection:
        for n in range(5):
            quality.record(connection, f"run{n}", [_outcome(True)])
            quality.measure(connection, f"run{n}", None)
        kept = [
            connection.execute(f"select distinct run_id from {table.name} order by 1").fetchall()
            for table in (CHECK_RESULTS, RUN_STATISTICS)
        ]
        numbers = connection.execute("select distinct run_number from run_statistics order by 1").fetchall()
    assert kept == [[("run2",), ("run3",), ("run4",)]] * 2
    assert numbers == [(3,), (4,), (5,)]


def test_a_warehouse_that_is_built_anew_takes_the_history_of_runs_from_what_readers_have(
    good: tuple[Lake, list[Summary]], lake: Lake
) -> None:
    from etl_project import publish

    readers = publish.what_readers_have(good[0])
    assert readers is not None
    with warehouse.connect(lake) as connection:
        quality.record(connection, "new", [_outcome(True)])
        for _ in range(2):
            quality.measure(connection, "new", readers)
            runs = [
                connection.execute(f"select run_id, count(*) from {table.name} group by all").fetchall()
                for table in (CHECK_RESULTS, RUN_STATISTICS)
            ]
            assert [{run for run, _ in of_table} for of_table in runs] == [
                {"new", *(run.run_id for run in good[1])}
            ] * 2
            assert sum(n for of_table in runs for run, n in of_table if run != "new") == sum(
                readers[table.name].height for table in (CHECK_RESULTS, RUN_STATISTICS)
            )


def test_measuring_again_doubles_nothing(good: tuple[Lake, list[Summary]], tmp_path: Path) -> None:
    lake = _copy(good[0], tmp_path)
    with warehouse.connect(lake) as connection:
        rows = [quality.measure(connection, "again", None) for _ in range(2)]
        ((kept,),) = connection.execute("select count(*) from run_statistics where run_id = 'again'").fetchall()
    assert kept == rows[0].height == rows[1].height < 500


def test_a_run_without_a_publication_that_can_be_read_has_nothing_before(lake: Lake) -> None:
    from etl_project import publish

    assert publish.what_readers_have(lake) is None
    lake.published.mkdir(parents=True)
    lake.database.write_bytes(b"no database")
    assert publish.what_readers_have(lake) is None
