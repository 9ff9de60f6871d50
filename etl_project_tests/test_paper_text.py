"""A paper's own page, as tools write it in Markdown and text, against the paper that was rendered."""

import re
from random import Random
from textwrap import wrap

import pytest

from etl_project.captures import read_capture
from etl_project.fields import parse_printed_date
from etl_project_tests.form_checks import check_account
from etl_project_tests.pages import PAPER_TEXT_TOOLS, Paper, paper_page_of

PAPERS = [
    Paper(3, ai=True, repository=True, project=True),
    Paper(4),
    Paper(5, upvotes=0, odd=" & λ"),
    Paper(6, ai=True, seed=2),
]


def _check(record, paper, linked):
    assert (record.title, record.abstract, record.arxiv_id) == (paper.title, paper.abstract, paper.id)
    assert (record.abstract_kind, record.ai_summary) == ("abstract", paper.ai_summary)
    assert (record.authors, record.n_authors) == (paper.authors, len(paper.authors))
    date = parse_printed_date(record.date_text)
    assert (date.month, date.day, date.year) == (paper.month, paper.day, 2025)
    assert record.upvotes == paper.upvotes or (record.upvotes is None and not linked)
    if linked:
        assert (record.github_url, record.github_stars, record.project_url) == (paper.github, paper.stars, paper.page)
    else:
        assert (record.github_url, record.project_url) == (None, None)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.number)
@pytest.mark.parametrize("tool", PAPER_TEXT_TOOLS)
def test_a_papers_own_page_is_read_as_tools_write_it(tool, paper):
    text = PAPER_TEXT_TOOLS[tool](paper_page_of(paper))
    reading = read_capture(text)
    check_account(reading, text)
    assert (reading.form, reading.refusals) == ("text_paper", []), text
    _check(reading.records[0], paper, tool not in ("html2text no links", "lines"))


@pytest.mark.parametrize("tool", PAPER_TEXT_TOOLS)
def test_backslashes_of_latex_come_back(tool):
    """In text without Markdown, wrapped or not, too: nothing was escaped there."""
    odd = r" $\|x\|_2 \in \{4, 8\}$ \& $\mathcal{O}\!\left[d\,x_i\right]$ *ants*"
    paper = Paper(3, odd=odd)
    text = PAPER_TEXT_TOOLS[tool](paper_page_of(paper))
    texts = [text]
    if tool == "lines":
        texts.append("\n".join("\n".join(wrap(line, 78)) for line in text.split("\n")))
    for text in texts:
        assert [(r.title, r.abstract) for r in read_capture(text).records] == [(paper.title, paper.abstract)], text


@pytest.mark.parametrize("tool", PAPER_TEXT_TOOLS)
def test_a_suffix_and_a_comma_within_a_link_belong_to_the_name(tool):
    names = ["Ada Moss, Jr.", "Bo Fern, III", "Cy Pebble", "Dee Marsh, Sr"]
    page = paper_page_of(paper := Paper(3))
    for before, name in zip(paper.authors, names, strict=True):
        page = page.replace(f">{before}<", f">{name}<")
    assert [list(r.authors) for r in read_capture(PAPER_TEXT_TOOLS[tool](page)).records] == [names]
    if "html2text" in tool and "no links" not in tool:
        odd = page.replace("Cy Pebble", "von Pebble, Cy")
        found = read_capture(PAPER_TEXT_TOOLS[tool](odd)).records[0].authors
        assert list(found) == [*names[:2], "von Pebble, Cy", names[3]]


@pytest.mark.parametrize("tool", PAPER_TEXT_TOOLS)
def test_brackets_in_a_title_are_no_link(tool):
    paper = Paper(4, odd=" [MASK] All [You](need) Need (Almost)")
    text = PAPER_TEXT_TOOLS[tool](paper_page_of(paper))
    assert [(r.title, r.abstract) for r in read_capture(text).records] == [(paper.title, paper.abstract)], text


@pytest.mark.parametrize("tool", PAPER_TEXT_TOOLS)
def test_damage_to_a_papers_page_gives_no_value_of_another(tool):
    """The page's comments name another paper, with words of its own."""
    for seed in range(300):
        random = Random(seed)
        paper = PAPERS[seed % len(PAPERS)]
        lines = PAPER_TEXT_TOOLS[tool](paper_page_of(paper)).split("\n")
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(lines))
            change = random.randrange(3)
            if change == 0:
                del lines[at]
            elif change == 1:
                lines.insert(at, lines[at])
            else:
                lines[at] = lines[at][: random.randrange(len(lines[at]) + 1)]
        text = "\n".join(lines)
        reading = read_capture(text)
        check_account(reading, text)
        for record in reading.records:
            if record.arxiv_id != paper.id:
                continue  # a card of the other paper, in a comment
            assert record.title in paper.title or paper.title in record.title, (seed, text)
            words = set(re.findall(r"\w+", paper.abstract + " " + (paper.ai_summary or "")))
            found = set(re.findall(r"\w+", " ".join(filter(None, (record.abstract, record.ai_summary)))))
            cut = 3 + 2 * len(record.abstract or "") // 78  # words of which a cut line left a part
            assert len(found - words) <= cut, (seed, found - words, text)
            own = " ".join(paper.authors)
            for word in " ".join(record.authors or ()).split():  # a cut line leaves a part of a name, or no comma
                assert word in own, (seed, record.authors)


def test_the_id_in_the_address_of_a_page_is_used_where_its_line_is_missing():
    paper = PAPERS[0]
    page = PAPER_TEXT_TOOLS["html2text unwrapped"](paper_page_of(paper))
    body = page[page.index("# " + paper.title) :]
    header = "---\ntitle: Paper page - {}\nurl: https://huggingface.co/papers/{}\nsitename: huggingface.co\n---\n"
    text = header.format(paper.title, paper.id) + body
    reading = read_capture(text)
    check_account(reading, text)
    assert reading.refusals == []
    _check(reading.records[0], paper, linked=True)
    for other in (
        body,  # no address
        header.format(paper.title, "trending") + body,
        header.format(paper.title, "2401.99999") + body,  # not the paper of the link to arXiv
        header.format(paper.title, paper.id) + "Somebody's words.\n\n" + body,
        header.format(paper.title, paper.id) + body.replace("# " + paper.title, ""),
    ):
        assert read_capture(other).records == [], other


def test_a_page_without_the_papers_title_or_end_is_refused():
    page = PAPER_TEXT_TOOLS["html2text unwrapped"](paper_page_of(PAPERS[0]))
    no_title = page.replace("# " + PAPERS[0].title, "")
    no_end = page[: page.index("View arXiv")].replace("AI-generated summary", "") + "\n\nSomebody says more.\n"
    for text in (no_title, no_end):
        reading = read_capture(text)
        check_account(reading, text)
        assert reading.records == [] and len(reading.refusals) == 1, reading


def test_a_page_with_a_link_to_another_papers_arxiv_page_is_refused():
    text = PAPER_TEXT_TOOLS["html2text"](paper_page_of(PAPERS[0])).replace(f"/abs/{PAPERS[0].id}", "/abs/2401.99999")
    reading = read_capture(text)
    assert [refusal.reason for refusal in reading.refusals] == ["contradicting_fields"]
