"""Which value of a paper survives, which mention it is from, and who contradicts: papers that come in all forms."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from etl_project.lake import Lake
from etl_project.run import Summary, run_job
from etl_project_tests.conftest import (
    CARD_ONLY,
    CONTRADICTED,
    CUT_ONLY,
    EVERYWHERE,
    LINKED,
    MIRRORED,
    SUMMARY_ONLY,
    FormsRun,
    rows_of,
)


def paper(run: FormsRun, title: str, columns: str, table: str = "papers") -> tuple[Any, ...]:
    (row,) = several(run, title, columns, table)
    return row


def several(run: FormsRun, title: str, columns: str, table: str, order: str = "all") -> list[tuple[Any, ...]]:
    """Rows of ``table`` for the paper called ``title``; a column that ends in mention_id is shown as its file's name."""
    shown = ", ".join(
        f"(select file_name from raw_dumps where dump_id = left(t.{c}, 16))" if c.endswith("mention_id") else f"t.{c}"
        for c in columns.split()
    )
    query = f"select {shown} from {table} t where paper_id = (select paper_id from papers where title = '{title}')"
    return rows_of(run.lake, f"{query} order by {order}")


def sources(run: FormsRun, title: str) -> dict[str, tuple[str, int, int]]:
    rows = several(run, title, "field mention_id n_mentions n_values", "value_sources")
    return {field: rest for field, *rest in rows}  # type: ignore[misc]


def test_a_paper_in_every_form_is_one_paper_with_the_id_that_the_text_gave_it(forms_run: FormsRun) -> None:
    assert paper(forms_run, EVERYWHERE, "paper_id arxiv_id n_mentions n_dumps id_mention_id")[:4] == (
        forms_run.ids_before[EVERYWHERE],
        "2403.01001",
        4,
        4,
    )
    assert dict(several(forms_run, EVERYWHERE, "mention_id rule", "paper_mentions")) == {
        "page.txt": "new_paper",
        "api.json": "same_title_and_abstract",
        "trending.md": "same_title",
        "cards.html": "same_title",
    }


def test_ids_of_all_papers_that_were_there_stay(forms_run: FormsRun) -> None:
    now = dict(rows_of(forms_run.lake, "select title, paper_id from papers"))
    assert {title: now[title] for title in forms_run.ids_before} == forms_run.ids_before
    assert set(now) - set(forms_run.ids_before) == {SUMMARY_ONLY + ".", CARD_ONLY, CUT_ONLY, LINKED}


def test_an_abstract_wins_over_a_summary_which_is_kept_as_one(forms_run: FormsRun) -> None:
    kind, summary, of_text, of_summary = paper(
        forms_run, EVERYWHERE, "abstract_kind ai_summary text_mention_id summary_mention_id"
    )
    assert (kind, of_text) == ("abstract", "api.json")
    assert (summary, of_summary) == ("Small parts matter less.", "api.json")
    assert sources(forms_run, EVERYWHERE)["ai_summary"][1:] == [2, 2]


def test_what_the_site_wrote_itself_wins_over_what_tools_made_of_its_page(tmp_path: Path) -> None:
    """The text came first, and with an earlier load; its tool has put a backslash more, lost a name, and shows no handle."""
    item = {
        "title": "Slow Lamps in Long Halls",
        "paper": {
            "id": "2404.05001",
            "title": "Slow Lamps in Long Halls",
            "summary": "We let \\{4, 8\\} lamps burn slowly. They last. " * 8,
            "authors": [{"name": "Di Lamp"}, {"name": "Ed Wick"}],
            "publishedAt": "2024-04-08T00:00:00.000Z",
        },
        "organization": {"name": "hall-lab", "fullname": "Hall Lab"},
    }
    text = item["paper"]["summary"].strip().replace("\\{", "\\\\{")
    card = f"""### [Slow Lamps in Long Halls](https://huggingface.co/papers/2404.05001)

[{text}](https://huggingface.co/papers/2404.05001)

- 1 author

·

Apr 9, 2024
"""
    lake = Lake(tmp_path / "lake")
    for name, content in (("1.md", card), ("2.json", json.dumps([item]))):
        (tmp_path / name).write_text(content, "utf-8")
        assert run_job(lake, [tmp_path / name]).exit_code == 0
    (row,) = rows_of(lake, "select abstract, n_authors, organisation_handle, published_on from papers")
    assert row == (item["paper"]["summary"].strip(), 2, "hall-lab", date(2024, 4, 8))


def test_an_abstract_from_a_mirror_wins_over_a_summary_from_the_site(forms_run: FormsRun) -> None:
    title = SUMMARY_ONLY + "."
    assert paper(forms_run, title, "abstract abstract_kind text_mention_id") == (
        "Of pebbles.",
        "abstract",
        "mirror.html",
    )
    assert paper(forms_run, MIRRORED, "text_mention_id arxiv_id id_mention_id") == (
        "page.txt",
        "2403.01006",
        "mirror.html",
    )


def test_a_card_without_abstract_is_a_paper_without_abstract(forms_run: FormsRun) -> None:
    columns = "abstract abstract_clean abstract_kind ai_summary n_authors published_on daily_on"
    assert paper(forms_run, CARD_ONLY, columns) == (None, None, None, None, 2, None, None)
    assert set(sources(forms_run, CARD_ONLY)) == {"title", "arxiv_id", "n_authors"}


def test_a_cut_abstract_is_no_value_of_the_field_abstract(forms_run: FormsRun) -> None:
    assert paper(forms_run, CUT_ONLY, "abstract abstract_kind") == ("We look for every map that...", "cut")
    assert "abstract" not in sources(forms_run, CUT_ONLY)


def test_names_win_over_a_count_and_are_never_mixed(forms_run: FormsRun) -> None:
    assert paper(forms_run, EVERYWHERE, "n_authors basis n_values mention_id", "author_counts") == (
        3,
        "listed",
        3,  # 1 in the text, 3 names, 4 on the trending page
        "api.json",
    )
    assert several(forms_run, EVERYWHERE, "position name mention_id", "paper_authors") == [
        (1, "Ada Pebble", "api.json"),
        (2, "Bo Gravel", "api.json"),
        (3, "Cy Sand", "api.json"),
    ]
    names = [row[0] for row in several(forms_run, CONTRADICTED, "name", "paper_authors", "position")]
    assert names in (["Di Lamp", "Ed Wick"], ["Ed Wick", "Di Lamp", "Flo Tallow"])
    assert paper(forms_run, CARD_ONLY, "basis n_values mention_id", "author_counts") == ("counted", 1, "cards.html")


def test_three_dates_are_kept_apart_each_with_its_mention(forms_run: FormsRun) -> None:
    columns = (
        "published_on basis n_values mention_id arxiv_published_at arxiv_time_n_values arxiv_time_mention_id "
        "daily_on daily_n_values daily_mention_id"
    )
    assert paper(forms_run, EVERYWHERE, columns, "paper_dates") == (
        date(2024, 3, 1), "printed", 1, "api.json",
        datetime(2024, 3, 1, 18, 30, 5), 1, "api.json",
        date(2024, 3, 4), 1, "api.json",
    )  # fmt: skip
    assert paper(forms_run, CARD_ONLY, columns, "paper_dates") == (
        None, "absent", 0, None, None, 0, None, None, 0, None,
    )  # fmt: skip


def test_contradictions_are_counted_value_by_value(forms_run: FormsRun) -> None:
    counted = {field: (n, different) for field, (_, n, different) in sources(forms_run, CONTRADICTED).items()}
    assert counted == {
        "title": (4, 2),  # one is called Revisited
        "abstract": (3, 1),
        "arxiv_id": (3, 1),
        "n_authors": (3, 2),
        "organisation": (1, 1),
        "published_on": (3, 3),
        "arxiv_published_at": (2, 2),
        "daily_on": (2, 2),
        "github_repository": (2, 2),
    }
    counted = {field: (n, different) for field, (_, n, different) in sources(forms_run, EVERYWHERE).items()}
    assert counted["title"] == (4, 1), "case and punctuation are no contradiction"
    assert counted["github_repository"] == (2, 1), "nor is the case of a repository"
    assert counted["project_page"] == (1, 1)
    assert counted["published_on"] == (3, 1), "nor is a day beside a time on it"


def test_a_value_from_several_mentions_of_one_load_is_the_lowest_mentions(forms_run: FormsRun) -> None:
    wrong = rows_of(
        forms_run.lake,
        "select paper_id from paper_dates join paper_mentions m using (paper_id) join parsed_rows p on m.mention_id = p.mention_id "
        "where p.daily_submitted_at is not null group by all having min(m.mention_id) <> daily_mention_id",
    )
    assert wrong == []


def test_the_query_for_contradictions_finds_them_all(forms_run: FormsRun) -> None:
    found = rows_of(
        forms_run.lake, "select title, field from value_sources join papers using (paper_id) where n_values > 1"
    )
    assert {row for row in found if row[0] in (CONTRADICTED, EVERYWHERE, LINKED, MIRRORED)} == {
        *((CONTRADICTED, field) for field in ("title", "n_authors", "published_on")),
        *((CONTRADICTED, field) for field in ("arxiv_published_at", "daily_on", "github_repository")),
        (EVERYWHERE, "ai_summary"),
        (EVERYWHERE, "n_authors"),
    }


def test_stars_are_those_of_the_newest_capture_and_of_the_pages_own_repository(forms_run: FormsRun) -> None:
    columns = "repo_key owner source span_start n_mentions stars stars_step stars_mention_id"
    ((*row, file),) = several(forms_run, EVERYWHERE, columns, "github_links")
    assert row == ["pebble-lab/small.parts", row[1], "page", None, 2, 11312, 1]
    assert file == "api.json", "of 12 June; the trending page is of 10 June"
    assert several(
        forms_run, LINKED, "repo_key owner source span_start deep_path n_mentions stars", "github_links"
    ) == [
        ("kiosk/one", "Kiosk", "both", 6, "tree/main/a", 1, 5),
        ("kiosk/site", "kiosk", "page", None, None, 1, None),
        ("kiosk/two", "kiosk", "abstract", 51, None, 1, None),
    ]
    assert several(forms_run, CONTRADICTED, "repo_key stars", "github_links") == [
        ("lantern/moved", 95),
        ("lantern/slow", 90),
    ]


def test_stars_do_not_follow_the_order_in_which_captures_come(tmp_path: Path) -> None:
    """Trending pages as JSON, which prints no day: one with its day in its name, one that is later but older, two without."""

    def page(**stars: int) -> str:
        return json.dumps(
            [
                {
                    "paper": {
                        "id": {"back": "2404.06001", "edge": "2404.06002", "side": "2404.06003"}[repo],
                        "title": f"On Looking Twice at the {repo.title()} of Things",
                        "summary": f"We look at the {repo} again, and it has moved. " * 8,
                        "publishedAt": "2024-04-08T00:00:00.000Z",
                        "githubRepo": f"https://github.com/twice/{repo}",
                        "githubStars": count,
                    }
                }
                for repo, count in stars.items()
            ]
        )

    lake = Lake(tmp_path / "lake")
    loads = (
        {"trending-2026-06-12.json": page(back=95, edge=10), "trending.json": page(back=99, edge=10, side=60)},
        {"trending_2026-06-10.json": page(back=120, edge=12), "again.json": page(side=50)},
    )
    for number, files in enumerate(loads):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content, "utf-8")
        assert run_job(lake, [folder]).exit_code == 0
    query = "select repo, stars, stars_on, file_name from github_links join parsed_rows on stars_mention_id = parsed_rows.mention_id join raw_dumps using (dump_id) order by repo"
    assert rows_of(lake, query) == [
        ("back", 95, date(2026, 6, 12), "trending-2026-06-12.json"),
        ("edge", 10, date(2026, 6, 12), "trending-2026-06-12.json"),
        ("side", 60, None, "trending.json"),
    ]


def test_links_of_abstracts_and_pages_say_which_they_are(forms_run: FormsRun) -> None:
    assert several(forms_run, LINKED, "url source span_start", "paper_links", "url") == [
        ("https://github.com/Kiosk/One/tree/main/a", "abstract", 6),
        ("https://github.com/kiosk/one", "page", None),
        ("https://github.com/kiosk/site", "page", None),
        ("https://github.com/kiosk/two", "abstract", 51),
    ]
    assert ("https://pebble-lab.github.io/parts", "page") in several(forms_run, EVERYWHERE, "url source", "paper_links")


def test_months_count_repositories_of_abstracts_only(forms_run: FormsRun) -> None:
    with_code = "select count(distinct paper_id) from github_links where source <> 'page'"
    assert rows_of(forms_run.lake, "select sum(with_github) from papers_by_month") == rows_of(forms_run.lake, with_code)


def test_coverage_counts_what_only_some_forms_carry(forms_run: FormsRun, sample_run: tuple[Lake, Summary]) -> None:
    query = "select field, with_value from coverage union all select 'papers', count(*) from papers"
    before, after = (dict(rows_of(lake, query)) for lake in (sample_run[0], forms_run.lake))
    added = {field: after[field] - before[field] for field in after}
    papers = {EVERYWHERE, CONTRADICTED, LINKED, CUT_ONLY, CARD_ONLY, SUMMARY_ONLY, MIRRORED}
    named = {EVERYWHERE, CONTRADICTED, SUMMARY_ONLY, MIRRORED}
    carried = {
        "papers": papers,
        "abstract": papers - {CARD_ONLY, CUT_ONLY},
        "ai_summary": {EVERYWHERE, SUMMARY_ONLY},
        "author_names": named,
        "n_authors": named | {CARD_ONLY},
        "arxiv_published_at": named,
        "daily_on": {EVERYWHERE, CONTRADICTED},
        "github_stars": {EVERYWHERE, CONTRADICTED, LINKED},
    }
    assert {field: added[field] for field in carried} == {field: len(titles) for field, titles in carried.items()}


def test_metrics_keep_every_capture_with_its_step(forms_run: FormsRun) -> None:
    columns = "captured_on mention_id upvotes github_stars github_stars_step"
    assert several(forms_run, EVERYWHERE, columns, "paper_metrics") == [
        (date(2026, 6, 9), "cards.html", 29, None, None),
        (date(2026, 6, 10), "trending.md", 30, 11300, 100),
        (date(2026, 6, 12), "api.json", 31, 11312, 1),
        (None, "page.txt", None, None, None),
    ]
