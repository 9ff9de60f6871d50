"""Every form that carries links, in the layouts of the tools that write it. What is ambiguous is named in ``sound``."""

from dataclasses import replace
from random import Random

import html2text
import markdownify
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.captures import read_capture
from etl_project_tests.benchmarks.chaos_forms import FORMS, damaged, is_mixed, leaves_no_trace
from etl_project_tests.form_checks import check, check_account
from etl_project_tests.renderer import (
    CHOICES,
    Layout,
    carries,
    layout_of,
    paper_of,
    papers_of,
    render,
    render_html,
    sound,
    stems_in,
)


@st.composite
def pages(draw, form):
    layout = sound(Layout(form, **{name: draw(st.sampled_from(values)) for name, values in CHOICES[form].items()}))
    papers = papers_of(
        draw(st.integers(0, 2**32)), draw(st.integers(1, 5)), draw(st.booleans()) or "_all" in layout.escapes
    )
    papers = [paper for paper in papers if carries(paper, layout)]
    if not papers or (layout.plain_links and not any(paper.github for paper in papers)):
        layout = sound(replace(layout, plain_links=False))
        papers = papers or papers_of(draw(st.integers(0, 2**32)), 1)
    return papers, layout


@settings(deadline=None, max_examples=150)
@given(st.data())
@pytest.mark.parametrize("form", CHOICES)
def test_every_field_of_every_layout_comes_back(form, data):
    papers, layout = data.draw(pages(form))
    reading = check(papers, layout, render(papers, layout))
    trending = layout.page == "trending" and any(paper.github for paper in papers)
    if trending and layout.list_at != "missing":
        assert reading.form.endswith("_trending")
    if layout.head:
        assert reading.heading == ("Trending Papers" if layout.page == "trending" else "Daily Papers")
        assert reading.captured_raw == (None if layout.page == "trending" else "Mar 25")
        assert reading.query == ("quoll moss" if layout.query else None)
        assert (("link", "2026-03-24") in reading.days) == (layout.page == "daily" and layout.list_at != "missing")
    if layout.base.startswith("https://hf-mirror") and not layout.plain_links and layout.list_at != "missing":
        assert reading.mirror == "hf-mirror.com"


@pytest.mark.parametrize("form", CHOICES)
@pytest.mark.parametrize("page", ["search", "daily", "trending"])
def test_no_layout_in_a_row_loses_a_field(form, page):
    for seed in range(60):
        random = Random(f"{form} {page} {seed}")
        layout = layout_of(random, form, page=page, plain_links=False)
        papers = papers_of(seed, 3)
        check(papers, layout, render(papers, layout))


# ---------------------------------------------------------------------------------------------
# the page's HTML, as converters write it

HTML2TEXT = {
    "as it comes": {},
    "whole lines": {"body_width": 0},
    "narrow": {"body_width": 60},
    "wrapped links": {"wrap_links": True, "wrap_list_items": True},
    "whole links": {"wrap_links": False},
    "references at the end": {"inline_links": False},
    "references after paragraphs": {"inline_links": False, "links_each_paragraph": True, "body_width": 0},
    "escaped": {"escape_snob": True},
    "with the site's address": {"baseurl": "https://huggingface.co"},
}


def convert(html, **options):
    converter = html2text.HTML2Text(baseurl=options.pop("baseurl", ""))
    for name, value in options.items():
        setattr(converter, name, value)
    return converter.handle(html)


MARKDOWNIFY = {
    "as it comes": {},
    "with # headings": {"heading_style": "ATX"},
    "escaping nothing": {"heading_style": "ATX", "escape_asterisks": False, "escape_underscores": False},
    "escaping all": {"heading_style": "ATX", "escape_misc": True},
    "wrapped": {"heading_style": "ATX", "wrap": True, "wrap_width": 80},
    "bullets of another kind": {"heading_style": "ATX_CLOSED", "bullets": "-"},
}
PAGES = ["search", "daily", "trending"]


def html_page(page, seed, odd):
    layout = Layout("inline", page=page, copies=2, abstracts="summary", image="markdown", published=True)
    papers = [paper_of(Random(seed * 100 + i), seed * 100 + i, odd) for i in range(4)]
    return papers, layout, render_html(papers, layout)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("options", HTML2TEXT.values(), ids=HTML2TEXT)
def test_html_as_html2text_writes_it_comes_back(options, page):
    for seed in range(8):
        papers, layout, html = html_page(page, seed, odd=False)
        check(papers, layout, convert(html, **options))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("options", MARKDOWNIFY.values(), ids=MARKDOWNIFY)
def test_html_as_markdownify_writes_it_comes_back(options, page):
    for seed in range(8):
        papers, layout, html = html_page(page, seed, odd=False)
        check(papers, layout, markdownify.markdownify(html, **options))


# ---------------------------------------------------------------------------------------------
# damage


@pytest.mark.parametrize("form", FORMS)
def test_no_damage_mixes_papers_or_loses_a_line(form):
    for number in range(400):
        page, text = damaged(form, number)
        reading, whole = read_capture(text), read_capture(page.text)
        check_account(reading, text)
        mixed = [record for record in reading.records if is_mixed(record, page, whole)]
        assert all(leaves_no_trace(record, page, text, whole) for record in mixed), (form, number, mixed)


def test_the_words_of_every_paper_are_its_own():
    papers = papers_of(5, 200)
    for paper in papers:
        assert len(stems_in(paper.title + " " + paper.abstract)) == 1
    assert len({next(iter(stems_in(paper.title))) for paper in papers}) == 200


@pytest.mark.parametrize("times", [1, 2])
def test_one_sentence_of_a_card_that_stands_twice_is_a_summary_where_nothing_else_tells(times):
    cards = [
        f"### [Ants That {verb} Their Own Paths Again](https://huggingface.co/papers/2604.0{n}123)\n\n"
        f"The ants {verb.lower()} every path that they have ever walked, and are quicker for it.\n"
        for n, verb in enumerate(("Measure", "Remember", "Forget"))
    ]
    reading = read_capture("\n".join(card for card in cards for _ in range(times)))
    assert [r.abstract_kind for r in reading.records] == ["abstract" if times == 1 else "summary"] * 3
