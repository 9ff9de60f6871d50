"""Every form that carries links, in the layouts of the tools that write it. What is ambiguous is named in ``sound``."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import escape
from random import Random
from textwrap import wrap

import html2text
import markdownify
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.capture_day import FileFacts
from etl_project.captures import read_capture
from etl_project.parse import read_dates
from etl_project_tests.benchmarks.chaos_forms import FORMS, damaged, is_mixed, leaves_no_trace
from etl_project_tests.form_checks import check, check_account
from etl_project_tests.renderer import (
    CHOICES,
    Layout,
    Paper,
    carries,
    layout_of,
    paper_of,
    papers_of,
    render,
    render_html,
    sound,
    stem_of,
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


#: What LaTeX has a backslash before, and what tools have one before, in one text.
LATEX = (
    r" The norm $\|x\|_2^2 \le \frac{1}{2}$ of $r \in \{4, 8\}$ costs $\mathcal{O}\!\left[d\,r\right]$ (2.3\% \& more)"
    r" for $x_i \sim \pi$, see \textbf{moss} \#1!"
)


@pytest.mark.parametrize("options", [*HTML2TEXT.values(), *MARKDOWNIFY.values()], ids=[*HTML2TEXT, *MARKDOWNIFY])
def test_backslashes_of_latex_come_back_from_every_tool(options):
    write = convert if options in HTML2TEXT.values() else markdownify.markdownify
    for seed in range(4):
        papers, layout, _ = html_page("search", seed, odd=False)
        papers[1:3] = [replace(paper, abstract=paper.abstract + LATEX) for paper in papers[1:3]]
        papers[2] = replace(papers[2], title=papers[2].title + r": $\ell_p$ Moss")
        check(papers, layout, write(render_html(papers, layout), **options))


@pytest.mark.parametrize("tool", [convert, markdownify.markdownify])
def test_brackets_in_a_text_are_no_link_where_no_address_follows(tool):
    papers, layout, _ = html_page("search", 0, odd=False)
    papers[1] = replace(
        papers[1], title="[MASK] Is All [You](need) Need (Almost)", abstract=papers[1].abstract + " So f[x](t) is."
    )
    check(papers, layout, tool(render_html(papers, layout)))


@pytest.mark.parametrize("tool", [convert, markdownify.markdownify])
def test_a_tag_that_no_other_closes_is_a_word_and_a_pair_is_the_pages(tool):
    papers, layout, _ = html_page("search", 0, odd=False)
    papers[1] = replace(
        papers[1], title="Ants <b> and the Tag <i>", abstract=papers[1].abstract + " We add <sup> to it."
    )
    text = tool(render_html(papers, layout))
    check(papers, layout, text)
    check(papers, layout, text.replace(papers[2].title, f"<b>{papers[2].title}</b>"))


@pytest.mark.parametrize("options", [*HTML2TEXT.values(), *MARKDOWNIFY.values()], ids=[*HTML2TEXT, *MARKDOWNIFY])
@pytest.mark.parametrize("interval", ["(1, 2]", "[0, 1)", "]0, 1]", "[0, 1[", "(0, 1] and (1, 2]"])
def test_half_open_intervals_in_texts_come_back(interval, options):
    write = convert if options in HTML2TEXT.values() else markdownify.markdownify
    papers, layout, _ = html_page("search", 3, odd=False)
    for i, paper in enumerate(papers[1:], 1):
        cut = paper.abstract.index(" ", 90 * i) + 1
        papers[i] = replace(paper, abstract=f"{paper.abstract[:cut]}${interval}$ {paper.abstract[cut:]}")
    papers[2] = replace(papers[2], title=f"{papers[2].title} On the Interval ${interval}$ and Beyond It, Further Away")
    check(papers, layout, write(render_html(papers, layout), **options))


# ---------------------------------------------------------------------------------------------
# numbered links

ABSTRACT = "The ants of 2026 · and those of 2025, too · carry moss over the marsh, and nobody who has seen them asks why they do."


def numbered_page(*cards: tuple[str, ...]) -> str:
    """Return a dump of cards, each of which tells its lines and then the addresses of the links in them."""
    text, addresses = "", []
    for n, (words, *links) in enumerate(cards):
        for link in links:
            addresses.append(link.format(n=n))
            words = words.replace("[]", f"[{len(addresses)}]", 1)
        text += words + "\n"
    listed = "".join(f"   {n}. https://huggingface.co{to}\n" for n, to in enumerate(addresses, 1))
    return f"{text}\nReferences\n\n{listed}"


@pytest.mark.parametrize("width", [60, 78, 400])
def test_middle_dots_within_texts_with_numbered_links_stay(width):
    lines = "\n   ".join(wrap(f"[]{ABSTRACT}", width))
    card = f"[]Ants · Moss · {{n}} Marshes\n\n   {lines}\n\n   5 authors · Jun 3 []4\n"
    links = ("/papers/2606.0{n}123", "/papers/2606.0{n}123", "/papers/2606.0{n}123#community")
    page = numbered_page(*[(card.format(n=n), *links) for n in range(3)])
    reading = read_capture(page)
    assert reading.refusals == []
    told = [(r.title, r.abstract, r.n_authors, r.date_text, r.comments) for r in reading.records]
    assert told == [(f"Ants · Moss · {n} Marshes", ABSTRACT, 5, "Jun 3", 4) for n in range(3)]


def test_the_words_of_the_next_card_are_no_part_of_an_organisations_name():
    card = "   Submitted by\n   ada\n   []\n   7{n}\n\n[]Ants of Ravine {n}\n\n   []moss-lab Moss Research Lab"
    links = ("/login?next=/papers/2606.0{n}123", "/papers/2606.0{n}123", "/moss-lab")
    page = numbered_page(*[(card.format(n=n), *links) for n in range(4)])
    reading = read_capture(page)
    check_account(reading, page)
    told = [(r.title, r.organisation_handle, r.organisation_name, r.upvotes) for r in reading.records]
    assert told == [(f"Ants of Ravine {n}", "moss-lab", "Moss Research Lab", 70 + n) for n in range(4)]
    assert reading.refusals == []


def test_a_backslash_that_damage_left_bare_does_not_change_how_escapes_are_read():
    titles = ["Ants in Moss", "Otters [One] Rest", "Quolls Sleep"]
    text = "".join(
        f"### [{title.replace('[', chr(92) + '[').replace(']', chr(92) + ']')}](/papers/2606.0{n}123)\n\n"
        rf"[They go \\emph {n} \\bf ways (so) \> 7. Nobody asks why.](/papers/2606.0{n}123)" + "\n\n"
        for n, title in enumerate(titles)
    )
    for page in (text, text.replace(r"\\bf", r"\bf", 1)):
        reading = read_capture(page)
        assert [record.title for record in reading.records] == titles
        assert all(record.abstract.endswith("(so) > 7. Nobody asks why.") for record in reading.records)


# ---------------------------------------------------------------------------------------------
# HTML in Markdown

TITLES = [r"Ants in $\{a, b\}$ & <i> Moss [Long Report]", "*Moss* Carried _Over_ the Marsh #1", r"$\ell_p$-Ants Rest!"]


def raw_page(titles: list[str], abstract: str = "") -> str:
    """Return a page as pandoc writes it, with HTML for links and blocks and each backslash of the text doubled."""
    text = '<div class="section">\n\n-   [Models](https://huggingface.co/models)\n\n# [Daily Papers](/papers)\n\n'
    for n, title in enumerate(titles):
        page, words = f"https://huggingface.co/papers/2606.0{n}123", escape(title).replace(" ", "\n", 1)
        text += (
            f'<div class="flex w-full">\n\n<a href="https://huggingface.co/login?next=%2Fpapers%2F2606.0{n}123"\n'
            f'class="self-start"></a>\n\n<div>\n\n4{n}\n\n</div>\n\n### <a href="{page}"\nclass="line-clamp-3 a>b">{words}</a>\n\n'
            f"[]({page})\n\nThe ants of {n} ravines carry moss. {abstract} Then they rest.\n\n"
            f'<div class="flex">\n\n<a href="https://huggingface.co/moss-lab" class="flex"><img\nsrc="/moss.png" alt="moss-lab" /> '
            f'<span\nclass="truncate">Moss &amp; Co</span></a>\n· Jun {n + 1} <a href="{page}#community"\n'
            f'class="ml-auto"><img src="data:image/svg+xml;base64,PHN2ZyB4"\nclass="text-sm" /> {n + 2}</a>\n\n</div>\n\n</div>\n\n'
        )
    return text + "</div>\n"


def test_links_of_html_in_markdown_are_read_and_nothing_in_their_words_is_an_escape():
    abstract = r"$\\|x\\|\_2 \\le \\{4\\}$ \\& 2.3\\%,"
    reading = read_capture(text := raw_page(TITLES, abstract))
    check_account(reading, text)
    assert (reading.form, reading.refusals) == ("markdown", [])
    for n, record in enumerate(reading.records):
        assert (record.title, record.arxiv_id, record.upvotes) == (TITLES[n], f"2606.0{n}123", 40 + n)
        assert (record.organisation_handle, record.organisation_name) == ("moss-lab", "Moss & Co")
        assert (record.date_text, record.comments) == (f"Jun {n + 1}", n + 2)
        told = rf"The ants of {n} ravines carry moss. $\|x\|_2 \le \{{4\}}$ \& 2.3\%, Then they rest."
        assert record.abstract == told
    assert len(reading.records) == 3


def test_blocks_of_pandocs_own_markdown_give_no_record_with_its_marks():
    page = raw_page(["Ants Rest", "Moss Grows"])
    text = page.replace('<div class="flex">', "::: {.flex}").replace("</div>", ":::")
    assert text != page
    for record in read_capture(text).records:
        assert ":::" not in record.title + (record.abstract or "")


def test_a_tag_escaped_beside_commands_of_latex_is_read():
    text = (
        r"### [Ants](/papers/2606.00123)" + "\n\n" + r"[They \<think> that $\tau$ is $\|x\|$. Why?](/papers/2606.00123)"
    )
    assert [r.abstract for r in read_capture(text).records] == [r"They <think> that $\tau$ is $\|x\|$. Why?"]


def test_cut_links_of_html_refuse_their_cards_and_give_no_title():
    whole = raw_page(["Ants Rest", "Moss Grows", "Otters Swim"])
    for cut in ("</a>\n\n[](https://huggingface.co/papers/2606.01123)", '"\nclass="line-clamp-3 a>b">Moss\nGrows</a>'):
        reading = read_capture(text := whole.replace(cut, "", 1))
        assert text != whole
        check_account(reading, text)
        assert {record.title for record in reading.records} <= {"Ants Rest", "Otters Swim"}, text
        assert reading.refusals


@pytest.mark.parametrize(
    "text", ["[\n](/login?next=%2Fpapers%2F2606.00123)", "[ ](/login?next=%2Fpapers%2F2606.00123)"]
)
def test_an_empty_link_to_votes_tells_no_number(text):
    page = f"{text}\n\n### [Ants Rest](/papers/2606.00123)\n\n[They rest. Nobody knows why.](/papers/2606.00123)\n"
    assert [record.upvotes for record in read_capture(page).records] == [None]


# ---------------------------------------------------------------------------------------------
# damage


@pytest.mark.parametrize("form", FORMS)
def test_no_damage_mixes_papers_or_loses_a_line(form):
    for number in range(300):
        page, text = damaged(form, number)
        reading, whole = read_capture(text), read_capture(page.text)
        check_account(reading, text)
        mixed = [record for record in reading.records if is_mixed(record, page, whole)]
        assert all(leaves_no_trace(record, page, text, whole) for record in mixed), (form, number, mixed)


def _titles(text: str) -> list[str]:
    return [record.title for record in read_capture(text).records]


def _page_with(change: Callable[[list[str]], None], **fixed: object) -> tuple[list[Paper], str]:
    """Return three papers and their page, of which the second card's lines were changed."""
    layout = Layout(**{"envelope": "none", "votes": "number", "split_metadata": True, **fixed})
    papers = [replace(paper, n_authors=7, organisation=None, upvotes=40) for paper in papers_of(11, 3, odd=False)]
    lines = render(papers, layout).split("\n")
    change(lines)
    return papers, "\n".join(lines)


def test_a_date_above_the_title_of_its_card_refuses_the_card():
    def change(lines: list[str]) -> None:
        place = next(i for i, line in enumerate(lines) if papers_of(11, 3, odd=False)[1].title in line)
        lines[place:place] = ["Feb 2, 2021", ""]

    papers, text = _page_with(change)
    assert papers[1].title not in _titles(text)
    assert papers[2].title in _titles(text)


def test_a_card_that_lost_its_upvotes_may_have_another_papers_date_and_is_refused():
    def change(lines: list[str]) -> None:
        del lines[next(i for i, line in enumerate(lines) if papers_of(11, 3, odd=False)[1].arxiv_id in line)]

    papers, text = _page_with(change)
    assert _titles(text) == [papers[0].title, papers[2].title]


def test_words_on_the_line_of_another_papers_link_refuse_the_card_above():
    *papers, other = papers_of(11, 3, odd=False)
    text = ""
    for paper in papers:
        address = f"/papers/{paper.arxiv_id}"
        text += f"### [{paper.title}]({address})\n\n[{paper.abstract}]({address})\n\n"
    assert len(_titles(text)) == 2
    assert _titles(f"{text}Jan 3, 2024[5](/papers/{other.arxiv_id}#community)\n") == [papers[0].title]


def test_a_numbered_link_out_of_order_refuses_the_card_that_it_was_moved_to():
    papers = papers_of(11, 3, odd=False)
    text, addresses = "", []
    for paper in papers:
        page = f"https://huggingface.co/papers/{paper.arxiv_id}"
        organisation = f"https://huggingface.co/{stem_of(paper.number)}-lab"
        addresses += [page, page, organisation]
        first = len(addresses) - 2
        text += f"[{first}]{paper.title}\n\n[{first + 1}]{paper.abstract}\n\n[{first + 2}]Labs of {stem_of(paper.number)}\n\n·\n\nMay 2, 2024\n\n"
    text += "References\n\n" + "".join(f"{number}. {to}\n" for number, to in enumerate(addresses, 1))
    assert _titles(text) == [paper.title for paper in papers]
    moved = text.replace(f"[3]Labs of {stem_of(papers[0].number)}", f"[9]Labs of {stem_of(papers[2].number)}", 1)
    assert papers[0].title not in _titles(moved)


def test_a_number_of_authors_and_an_organisation_refuse_a_card():
    paper = papers_of(11, 1, odd=False)[0]
    address = f"/papers/{paper.arxiv_id}"
    parts = [f"### [{paper.title}]({address})", f"[{paper.abstract}]({address})", f"[5 authors]({address})"]
    assert len(_titles("\n\n".join([*parts, "·", "May 2, 2024"]) + "\n")) == 1
    assert _titles("\n\n".join([*parts, "[Moss Labs](/moss-labs)", "·", "May 2, 2024"]) + "\n") == []


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


def test_a_reading_list_gives_no_abstracts_and_its_heading_is_no_title():
    text = "# Reading list\n\nSome of my favourites:\n\n" + "".join(
        f"- [Ants That {verb} Paths](https://huggingface.co/papers/2606.1{n}345) (2026-06-12): they walk and {verb.lower()}.\n"
        for n, verb in enumerate(("Follow", "Forget", "Draw"))
    )
    reading = read_capture(text)
    check_account(reading, text)
    assert all(r.abstract is None and re.fullmatch(r"Ants That \w+ Paths", r.title) for r in reading.records)


HEAD = {
    "html": '<html><body><h1>Daily Papers</h1><div><a href="/papers/date/2025-12-31">Previous</a> <time>Jan 2</time> '
    '<a href="/papers/date/2026-01-05">Next</a></div>\n<article><h3><a href="/papers/2512.10123">Ants in Winter</a></h3>'
    '<a href="/papers/2512.10123"><p>The ants rest in winter. They dream of moss. Nobody has asked them why.</p></a>'
    "<div>4 authors</div> · <span>Jan 1</span></article>\n<footer><a href='/huggingface'>About</a></footer></body></html>",
    "numbered": "[1]Daily Papers\n\n   [2]Previous Jan 2 [3]Next\n\n[4]Ants in Winter\n\n   [5]The ants rest in winter. They "
    "dream of moss. Nobody has asked them why.\n\n   4 authors · Jan 1\n\nReferences\n\n   1. https://huggingface.co/papers\n"
    "   2. https://huggingface.co/papers/date/2025-12-31\n   3. https://huggingface.co/papers/date/2026-01-05\n"
    "   4. https://huggingface.co/papers/2512.10123\n   5. https://huggingface.co/papers/2512.10123\n",
}


@pytest.mark.parametrize("form", HEAD)
def test_links_to_the_days_beside_the_page_give_the_year_and_not_the_day(form):
    reading = read_capture(HEAD[form])
    dated, on, basis = read_dates(reading, FileFacts("page", "/inbox", None, date(2026, 2, 1)))
    assert ([str(d.published_on) for d in dated], str(on), basis) == (["2026-01-01"], "2026-01-02", "link")
    assert [record.organisation_handle for record in reading.records] == [None]
    reading = read_capture(HEAD[form].replace("Jan 2", ""))
    dated, on, _ = read_dates(reading, FileFacts("page", "/inbox", None, date(2026, 2, 1)))
    assert on is None and [d.published_on for d in dated] == [None]


# ---------------------------------------------------------------------------------------------
# links by their own words, and the site's menu

MENU = """[![Hugging Face's logo](https://huggingface.co/front/logo.svg) Hugging Face](https://huggingface.co/)

  * [ Models ](https://huggingface.co/models)
  *     * Website

      * [ HuggingChat](https://huggingface.co/chat)
    * Community

      * [ Forum](https://discuss.huggingface.co/)
      * [ GitHub](https://github.com/huggingface)
    * Solutions

      * [ Team & Enterprise](https://huggingface.co/enterprise)
      * [ Hugging Face PRO](https://huggingface.co/pro)

"""
FOOT = """

System theme

Company

[TOS](/terms-of-service) [Privacy](/privacy) [About](/huggingface) [Careers](https://apply.workable.com/huggingface/)
"""


def by_own_words(text: str) -> str:
    """Return Markdown with the links of titles, pictures and counts as pandoc writes references, attributes with them."""
    defined: list[str] = []

    def shortcut(match: re.Match[str]) -> str:
        title, address = match.groups()
        defined.append(f"  [{title}]:\n    {address}\n  {{.line-clamp-3\n  .cursor-pointer}}")
        return f"### [{title}] {{#of-the-title .mb-1}}"

    def numbered(match: re.Match[str]) -> str:
        defined.append(f"  [{len(defined)}]: {match[2]} {{.flex\n  .border}}")
        return f"[{match[1]}][{len(defined) - 1}]"

    text = re.sub(r"^### \[([^\[\]]+)\]\((\S+)\)$", shortcut, text, flags=re.MULTILINE)
    text = re.sub(r"\[(\d*)\]\((\S+(?:#community|%2F\d{4}\.\d{5}))\)", numbered, text)
    return text.rstrip("\n") + "\n\n" + "\n".join(defined) + "\n"


@pytest.mark.parametrize("page", ["search", "daily"])
def test_links_by_their_own_words_and_the_menu_around_them_come_back(page):
    changed = {"titles": 0, "counts": 0}
    for seed in range(60):
        random = Random(seed)
        layout = layout_of(random, "inline", envelope="none", page=page, width=0, head=False)
        papers = [paper for paper in papers_of(random.randrange(10**9), 4, odd=False) if carries(paper, layout)]
        text = render(papers, layout)
        check(papers, layout, MENU + text + FOOT)
        worded = by_own_words(text)
        changed["titles"] += "{#of-the-title" in worded
        changed["counts"] += "{.flex" in worded
        check(papers, layout, worded)
    assert min(changed.values()) > 20, changed


def test_a_count_after_the_empty_link_to_votes_is_that_papers():
    """Pandoc takes blocks out of links."""
    layout = Layout("inline", envelope="none", votes="number", page="search")
    papers = [replace(paper, upvotes=40 + i) for i, paper in enumerate(papers_of(5, 3, odd=False))]
    text = render(papers, layout)
    for words in (r"[]\2\n\n\1", r"[]\2\n\nUpvote\n\n\1"):
        emptied = re.sub(r"\[(\d+)\](\(\S+login\?next=\S+\))", words, text)
        assert emptied != text
        check(papers, layout, emptied)
