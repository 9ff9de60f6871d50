"""The report in a real browser: it asks nothing of anyone, and all that a hand or a keyboard can do in its table works."""

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl_project.lake import Lake
from etl_project.report.write import write
from etl_project.run import Summary
from etl_project_tests.conftest import rows_of
from etl_project_tests.test_report import HOSTILE, Changed, changed, run_id_of  # noqa: F401 - a fixture

pytestmark = pytest.mark.long

Page = Any


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Open a lake's report from the disk; in the end, whatever it said or asked for fails the test."""
    heard: list[str] = []
    contexts = []

    def open_page(lake: Lake, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        shown = context.new_page()
        shown.on("console", lambda message: heard.append(f"console: {message.text}"))
        shown.on("pageerror", lambda error: heard.append(f"error: {error}"))
        shown.on("dialog", lambda dialog: heard.append("dialog"))
        own = lake.report.as_uri()
        shown.on(
            "request",
            lambda request: None if request.url.startswith((own, "blob:", "data:")) else heard.append(request.url),
        )
        shown.goto(own)
        shown.wait_for_function("document.getElementById('found').textContent")
        return shown

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


@pytest.fixture
def samples(sample_run: tuple[Lake, Summary], opened: Any) -> tuple[Lake, Page]:
    return sample_run[0], opened(sample_run[0])


def titles(shown: Page) -> list[str]:
    return [title.inner_text() for title in shown.locator("#list tbody th summary").all()]


def everything(shown: Page) -> list[str]:
    while shown.locator("#more").is_visible():
        shown.click("#more")
    return titles(shown)


def test_the_newest_papers_come_first_and_all_can_be_shown(samples: tuple[Lake, Page]) -> None:
    lake, shown = samples
    query = "select title from papers order by published_on desc nulls last, title, paper_id"
    expected = [" ".join(row[0].split()) for row in rows_of(lake, query)]
    assert titles(shown) == expected[:50]
    assert everything(shown) == expected


def test_words_are_searched_in_all_that_is_told_of_a_paper(samples: tuple[Lake, Page]) -> None:
    lake, shown = samples
    ((owner, title),) = rows_of(
        lake, "select owner, title from github_links join papers using (paper_id) order by title limit 1"
    )
    shown.fill("#q", f"{owner.upper()} {title.split()[0].lower()}")
    assert title in titles(shown)
    ((name, title),) = rows_of(
        lake, "select name, title from paper_authors join papers using (paper_id) order by name limit 1"
    )
    shown.fill("#q", name)
    assert title in titles(shown)
    shown.fill("#q", "kuste")  # without its accent
    assert len(titles(shown)) == 1
    shown.fill("#q", "<b> no such words")
    assert titles(shown) == [] and shown.inner_text("#found").startswith("0 of ")
    shown.click("button[type=reset]")
    assert len(titles(shown)) == 50


def test_phrases_and_words_to_leave_out_are_searched_as_papers_search_does(samples: tuple[Lake, Page]) -> None:
    lake, shown = samples

    def numbers(asked: str, condition: str) -> None:
        shown.fill("#q", asked)
        ((count,),) = rows_of(lake, f"select count(*) from papers where {condition}")
        assert count > 0 and shown.inner_text("#found").startswith(f"{count} of ")

    text = "lower(concat_ws(chr(10), title, coalesce(abstract_clean, abstract, ai_summary)))"
    numbers('"tool use"', f"contains({text}, 'tool use')")
    numbers('tool -"tool use"', f"contains({text}, 'tool') and not contains({text}, 'tool use')")
    numbers("“tool use” -robots", f"contains({text}, 'tool use') and not contains({text}, 'robots')")
    shown.fill("#q", "")


def test_filters_give_what_sql_gives(samples: tuple[Lake, Page]) -> None:
    lake, shown = samples
    shown.select_option("#year", "2025")
    shown.select_option("#code", "yes")
    query = "select count(*) from papers where year(published_on) = 2025 and paper_id {} (select paper_id from github_links)"
    assert len(everything(shown)) == rows_of(lake, query.format("in"))[0][0] > 0
    shown.select_option("#code", "no")
    assert len(everything(shown)) == rows_of(lake, query.format("not in"))[0][0] > 0
    shown.click("button[type=reset]")
    ((name, count),) = rows_of(
        lake,
        "select organisation_name, count(*) from papers where organisation_name is not null group by 1 order by 2 desc, 1 limit 1",
    )
    shown.select_option("#org", name)
    assert len(everything(shown)) == count


def test_each_heading_sorts_both_ways_and_what_is_not_known_stands_last(samples: tuple[Lake, Page]) -> None:
    lake, shown = samples
    known = rows_of(lake, "select count(n_authors) from papers")[0][0]
    for _ in range(2):
        shown.click("th[data-sort=authors] button")
        everything(shown)
        numbers = [cell.inner_text() for cell in shown.locator("#list tbody td[data-label=Authors]").all()]
        told = [int(number) for number in numbers[:known]]
        down = shown.get_attribute("th[data-sort=authors]", "aria-sort") == "descending"
        assert told == sorted(told, reverse=down) and set(numbers[known:]) == {""}
    for name in ("title", "organisation", "repository", "mentions", "date"):
        shown.click(f"th[data-sort={name}] button")
        assert shown.get_attribute(f"th[data-sort={name}]", "aria-sort") in ("ascending", "descending")
        assert shown.locator("th[aria-sort]").count() == 1


def test_csv_has_what_is_filtered_and_is_safe_for_spreadsheets(changed: Changed, opened: Any) -> None:  # noqa: F811
    lake = changed(
        'update papers set title = \'=HYPERLINK("http://x.example", "a, b")\' where paper_id = (select min(paper_id) from papers)'
    )
    shown = opened(lake)
    shown.select_option("#code", "yes")
    with shown.expect_download() as download:
        shown.click("#csv")
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    query = "select paper_id, n_mentions from papers where paper_id in (select paper_id from github_links)"
    assert {(row["paper_id"], int(row["n_mentions"])) for row in rows} == set(rows_of(lake, query))
    shown.click("button[type=reset]")
    shown.fill("#q", "hyperlink(")
    with shown.expect_download() as download:
        shown.click("#csv")
    (row,) = csv.DictReader(io.StringIO(Path(download.value.path()).read_bytes().decode("utf-8-sig"), newline=""))
    assert row["title"] == '\'=HYPERLINK("http://x.example", "a, b")'


def test_what_is_asked_stands_in_the_address(samples: tuple[Lake, Page], opened: Any) -> None:
    lake, shown = samples
    shown.fill("#q", "agents")
    shown.click("th[data-sort=title] button")
    expected = titles(shown)
    assert 0 < len(expected) < 50
    address = shown.evaluate("location.hash")
    again = opened(lake)
    again.evaluate("hash => { location.hash = hash }", address)
    again.wait_for_function("document.getElementById('q').value === 'agents'")
    assert titles(again) == expected


def test_a_keyboard_reaches_search_sorting_and_abstracts(samples: tuple[Lake, Page]) -> None:
    _, shown = samples
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "To the table of papers"
    shown.keyboard.press("Enter")
    for _ in range(3):  # into the search
        if shown.evaluate("document.activeElement.id") == "q":
            break
        shown.keyboard.press("Tab")
    shown.keyboard.type("budget")
    assert len(titles(shown)) < 50
    for _ in range(30):
        shown.keyboard.press("Tab")
        if shown.evaluate(
            "document.activeElement.tagName === 'SUMMARY' && document.activeElement.closest('#list') !== null"
        ):
            break
    shown.keyboard.press("Enter")
    assert shown.locator("#list details[open] p").first.is_visible()


def test_hostile_titles_do_nothing(changed: Changed, opened: Any) -> None:  # noqa: F811
    bad = HOSTILE.replace("'", "''")
    lake = changed(
        f"update papers set title = '{bad}' || title, abstract_clean = '{bad}', organisation_name = '{bad}'; update github_links set repo_key = '{bad}'"
    )
    shown = opened(lake)
    shown.locator("#list summary").first.click()
    assert shown.evaluate("window.hurt") is None and shown.locator("#papers img").count() == 0
    assert "<img" in titles(shown)[0]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_nothing_is_wider_than_the_screen_and_wcag_aa_holds(
    sample_run: tuple[Lake, Summary], opened: Any, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    shown = opened(sample_run[0], viewport={"width": width, "height": 800}, color_scheme=scheme)
    shown.evaluate("document.querySelectorAll('details').forEach((fold, n) => { fold.open = n % 3 == 0 })")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    result = Axe().run(shown, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert result.violations_count == 0, result.generate_report()


def test_print_shows_the_papers_and_no_controls(samples: tuple[Lake, Page]) -> None:
    _, shown = samples
    shown.emulate_media(media="print")
    assert not shown.locator("#ask").is_visible() and not shown.locator("nav").is_visible()
    assert shown.locator("#list tbody tr").first.is_visible() and shown.locator("svg.chart").first.is_visible()


def test_the_page_of_a_run_that_failed_has_no_errors(sample_run: tuple[Lake, Summary], lake: Lake, opened: Any) -> None:
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    write(lake, "0" * 32, published=False, error="parsed: the disk is full")
    shown = opened(lake)
    assert "the disk is full" in shown.inner_text(".state.bad")
    assert run_id_of(lake)[:8] in shown.inner_text(".state.bad")
