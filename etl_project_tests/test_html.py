import base64
import html
import json
import quopri
import re
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.captures import read_capture
from etl_project.fields import parse_printed_date
from etl_project_tests.form_checks import check_account
from etl_project_tests.pages import (
    Paper,
    card_of,
    check_unmixed,
    page_of,
    paper_page_of,
)
from etl_project_tests.test_json_text import UNIQUE, sample

KINDS = ["daily", "search", "trending"]
HOSTS = ["", "https://huggingface.co", "https://hf-mirror.com"]


def check_card(record, paper, kind):
    """Check what a card of a kind of page shows."""
    shows_text = kind != "daily"
    summary = kind == "trending" and paper.ai
    assert (record.title, record.arxiv_id, record.upvotes) == (paper.title, paper.id, paper.upvotes)
    assert record.abstract == ((paper.ai_summary if summary else paper.abstract) if shows_text else None)
    assert record.abstract_kind == (("summary" if summary else "abstract") if shows_text else None)
    assert (record.organisation_handle, record.organisation_name) == paper.org
    assert record.n_authors == (None if paper.organisation else len(paper.authors))
    assert record.comments == (paper.comments or None if kind != "trending" else None)
    assert record.github_url == (paper.github if kind == "trending" else None)
    assert (record.github_stars, record.github_stars_step) == (
        (paper.stars, 1) if paper.repository and kind != "search" else (None, None)
    )
    if shows_text:
        date = parse_printed_date(record.date_text)
        assert (date.month, date.day, date.year) == (paper.month, paper.day, 2025 if kind == "trending" else None)
    else:
        assert record.date_text is None


@settings(deadline=None, max_examples=25)
@given(UNIQUE, st.integers(0, 2**32), st.sampled_from(HOSTS))
@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_card_comes_back(kind, papers, seed, host):
    text = page_of(papers, kind, data=False, seed=seed, host=host)
    reading = read_capture(text)
    check_account(reading, text)
    assert (reading.form, reading.refusals) == ("html_cards", [])
    assert len(reading.records) == len(papers)
    for record, paper in zip(reading.records, papers, strict=True):
        check_card(record, paper, kind)
        assert paper.word in "\n".join(text.split("\n")[record.line_start - 1 : record.line_end]).lower()
    assert reading.heading == ("Trending Papers" if kind == "trending" else "Daily Papers")
    assert (reading.query, reading.captured_raw) == ("ants", "Jun 11")
    assert reading.days == (("link", "2026-06-11"),)
    assert (reading.mirror, reading.unknown_host) == ("hf-mirror.com" if "mirror" in host else None, None)


@settings(deadline=None, max_examples=25)
@given(UNIQUE, st.integers(0, 2**32))
@pytest.mark.parametrize("kind", KINDS)
def test_the_pages_json_and_its_cards_give_the_same(kind, papers, seed):
    whole = read_capture(page_of(papers, kind, seed=seed))
    data = read_capture(page_of(papers, kind, cards=False, seed=seed))
    cards = read_capture(page_of(papers, kind, data=False, seed=seed))
    assert (whole.form, data.form, cards.form) == ("html_data", "html_data", "html_cards")
    assert [r._replace(line_start=0, line_end=0) for r in whole.records] == [
        r._replace(line_start=0, line_end=0) for r in data.records
    ]
    assert (whole.query, whole.days, whole.heading) == ("ants", (("json", "2026-06-11"),), cards.heading)
    for one, other in zip(data.records, cards.records, strict=True):
        for field in ("title", "arxiv_id", "upvotes", "comments", "n_authors", "organisation_handle", "organisation_name", "github_url", "github_stars"):  # fmt: skip
            values = {getattr(one, field), getattr(other, field)} - {None, 0}
            assert len(values) <= 1, field
        if other.abstract_kind == one.abstract_kind == "abstract":
            assert one.abstract == other.abstract
        if other.abstract_kind == "summary":
            assert other.abstract == one.ai_summary
        if other.date_text:
            dates = [parse_printed_date(record.date_text) for record in (one, other)]
            assert len({(date.month, date.day) for date in dates}) == 1


@pytest.mark.parametrize("data", [True, False])
@pytest.mark.parametrize(
    "paper", [Paper(3, ai=True, repository=True, project=True), Paper(4), Paper(5, upvotes=0, odd=" <b> & λ")]
)
def test_a_papers_own_page_is_read(paper, data):
    text = paper_page_of(paper, data)
    reading = read_capture(text)
    check_account(reading, text)
    assert (reading.form, reading.refusals) == ("html_paper", [])
    (record,) = reading.records
    assert (record.title, record.arxiv_id, record.abstract) == (paper.title, paper.id, paper.abstract)
    assert (record.abstract_kind, record.ai_summary) == ("abstract", paper.ai_summary)
    assert (record.authors, record.n_authors) == (paper.authors, len(paper.authors))
    assert (record.upvotes, record.github_url, record.github_stars) == (paper.upvotes, paper.github, paper.stars)
    assert (record.project_url, record.organisation_handle) == (paper.page, None)
    date = parse_printed_date(record.date_text)
    assert (date.month, date.day, date.year) == (paper.month, paper.day, 2025)


def test_json_in_a_script_is_read():
    found = sample(3)
    data = json.dumps({"props": {"papers": [{"id": p.id, "title": p.title, "abstract": p.abstract} for p in found]}})
    text = f'<!doctype html>\n<html><body>\n<script id="__NEXT_DATA__" type="application/json">{data}</script>\n</body></html>'
    reading = read_capture(text)
    check_account(reading, text)
    assert (reading.form, [record.title for record in reading.records]) == ("html_data", [p.title for p in found])


def test_pages_without_articles_are_read_by_their_headings():
    found = [Paper(n + 1, comments=2, organisation=n == 1) for n in range(4)]
    text = re.sub(r"</?article[^>]*>", "", page_of(found, "search", data=False)).replace("const a = '';", "")
    reading = read_capture(text)
    check_account(reading, text)
    for record, paper in zip(reading.records, found, strict=True):
        check_card(record, paper, "search")


def test_links_of_a_saved_folder_are_read():
    found = sample(2)
    text = page_of(found, "search", data=False).replace('href="/papers/', 'href="papers/')
    text = re.sub(r'(href="papers/\d+\.\d+)"', r'\1.html"', text)
    assert [record.arxiv_id for record in read_capture(text).records] == [paper.id for paper in found]


@pytest.mark.parametrize(
    ("address", "handle"),
    [
        ("https://hf.co/moss-lab", "moss-lab"),
        ("/moss-lab/", "moss-lab"),
        ("https://quoll.example/moss-lab", None),
        ("/pricing", None),
        ("/papers", None),
        ("/moss-lab/model", None),
        ("moss-lab", None),
        ("javascript:alert", None),
        ("http://[moss", None),
    ],
)
def test_an_organisation_is_a_page_of_the_site(address, handle):
    paper = Paper(2, organisation=True)
    text = page_of([paper], "search", data=False).replace(f'href="/{paper.org[0]}"', f'href="{address}"')
    assert read_capture(text).records[0].organisation_handle == handle


def test_a_host_that_is_no_known_mirror_is_told_and_not_mapped():
    reading = read_capture(page_of(sample(2), "search", data=False, host="https://hf.quoll.example"))
    assert (reading.mirror, reading.unknown_host) == (None, "hf.quoll.example")
    assert [record.arxiv_id for record in reading.records] == [paper.id for paper in sample(2)]


@pytest.mark.parametrize("data", [True, False])
@pytest.mark.parametrize("packing", ["quoted-printable", "base64", "8bit"])
def test_a_web_archive_is_read_like_its_page(packing, data):
    found = [Paper(n + 1, odd=" λ", comments=1, organisation=n == 1, ai=True) for n in range(4)]
    page = page_of(found, "search", data=data)
    body = {
        "quoted-printable": lambda: quopri.encodestring(page.encode()).decode("ascii"),
        "base64": lambda: base64.encodebytes(page.encode()).decode("ascii"),
        "8bit": lambda: page,
    }[packing]()
    text = (
        "From: <Saved>\nSnapshot-Content-Location: https://huggingface.co/papers?q=ants\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related;\n\ttype="text/html";\n\tboundary="--Ants----"\n\n\n'
        f"----Ants----\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: {packing}\n\n{body}\n"
        "----Ants----\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n----Ants------\n"
    )
    reading = read_capture(text)
    check_account(reading, text)
    plain = read_capture(page)
    assert reading.form == plain.form
    assert [r._replace(line_start=0, line_end=0) for r in reading.records] == [
        r._replace(line_start=0, line_end=0) for r in plain.records
    ]
    if packing == "quoted-printable":
        lines = text.split("\n")
        for record, paper in zip(reading.records, found, strict=True):
            own = quopri.decodestring("\n".join(lines[record.line_start - 1 : record.line_end]).encode()).decode(
                "utf-8", "replace"
            )
            assert paper.abstract.split()[-3] in own and record.line_end - record.line_start < len(lines) / 2


# ---- what is refused, and what is nothing of a paper


def test_copies_of_a_card_that_disagree_are_refused():
    found = [Paper(n + 1, ai=True) for n in range(3)]
    cards = [card_of(paper, "trending", Random(1)) for paper in found]
    for old, new in (
        ('Upvote <div class="leading-none">7', 'Upvote <div class="leading-none">8'),
        (found[1].title, "Ants"),
        (f"{len(found[1].authors)} authors", "9 authors"),
    ):
        text = page_of(found, "trending", data=False)
        broken = cards[1].replace(old, new, 1)
        for n in (0, 2):
            broken += "\n" + cards[n]
        text = f"<!doctype html>\n<html><body><h1>Trending Papers</h1>\n{broken}\n</body></html>"
        reading = read_capture(text)
        check_account(reading, text)
        assert [record.arxiv_id for record in reading.records] == [found[0].id, found[2].id]
        assert [refusal.reason for refusal in reading.refusals] == ["copies_disagree"]


@pytest.mark.parametrize("far", [False, True])
def test_two_cards_of_a_paper_are_one_record_or_refused_where_they_differ(far):
    found = [Paper(n + 1, comments=1) for n in range(3)]
    cards = [card_of(paper, "search", Random(n)) for n, paper in enumerate(found)]
    narrow = card_of(found[0], "search", Random(9))
    order = [*cards, narrow] if far else [cards[0], narrow, *cards[1:]]
    text = "<!doctype html>\n<html><body><h1>Daily Papers</h1>\n" + "\n".join(order) + "\n</body></html>"
    reading = read_capture(text)
    check_account(reading, text)
    for record, paper in zip(reading.records, found, strict=True):
        check_card(record, paper, "search")
    broken = text.replace(narrow, narrow.replace(found[0].abstract[-30:], "beetles."))
    reading = read_capture(broken)
    check_account(reading, broken)
    assert [record.arxiv_id for record in reading.records] == [paper.id for paper in found[1:]]
    assert [refusal.reason for refusal in reading.refusals] == ["copies_disagree"] * 2


def test_two_papers_of_one_title_in_a_pages_json_are_two():
    items = [{"title": "Ants", "abstract": text} for text in ("Ants carry moss.", "Ants mend kettles.")]
    text = f'<!doctype html>\n<script type="application/json">{json.dumps({"papers": items})}</script>'
    assert len(read_capture(text).records) == 2


def test_a_card_that_leads_to_two_papers_is_refused():
    found = sample(3)
    text = page_of(found, "search", data=False)
    merged = re.sub(r"</article>\s*<article[^>]*>", "", text, count=1)
    reading = read_capture(merged)
    check_account(reading, merged)
    assert [record.arxiv_id for record in reading.records] == [found[2].id]
    assert [refusal.reason for refusal in reading.refusals] == ["contradicting_fields"]


def test_cards_that_do_not_close_end_where_the_next_begins():
    found = [Paper(n + 1, comments=1) for n in range(3)]
    text = page_of(found, "search", data=False).replace("</article>", "")
    reading = read_capture(text)
    check_account(reading, text)
    for record, paper in zip(reading.records, found, strict=True):
        check_card(record, paper, "search")


def test_a_card_without_its_title_is_refused():
    text = page_of(sample(3), "search", data=False)
    without = re.sub(r"<h3.*?</h3>", "", text, count=1, flags=re.DOTALL)
    reading = read_capture(without)
    check_account(reading, without)
    assert [refusal.reason for refusal in reading.refusals] == ["incomplete_item"]
    assert len(reading.records) == 2


@pytest.mark.parametrize(
    "hide", ["<!-- {} -->", "<script>const x = `{}`</script>", "<style>{}</style>", "<template>{}</template>"]
)
def test_what_a_page_does_not_show_is_not_read(hide):
    first, second = sample(2)
    text = page_of([first], "search", data=False)
    hidden = hide.format(card_of(second, "search", Random(0)).replace("<!---->", "").replace("<!--[-1--><!--]-->", ""))
    reading = read_capture(text.replace("</section>", hidden + "</section>"))
    assert [record.arxiv_id for record in reading.records] == [first.id]


@pytest.mark.parametrize("cut", range(0, 100, 9))
def test_damaged_json_of_a_page_falls_back_on_the_cards(cut):
    found = [Paper(n + 1, comments=1) for n in range(4)]
    text = page_of(found, "search")
    value = re.search(r"data-props=(['\"])(.*?)\1", text, re.DOTALL)
    at = value.start(2) + 60 + (value.end(2) - value.start(2) - 160) * cut // 100
    broken = text[:at] + text[at + 90 :]
    reading = read_capture(broken)
    check_account(reading, broken)
    check_unmixed(reading, found)
    assert sorted(record.title for record in reading.records) == sorted(paper.title for paper in found)


@pytest.mark.parametrize(
    "text",
    [
        "<!doctype html>\n<html><body><p>Ants carry moss.</p></body></html>\n",
        "<html></html>",
        "<!DOCTYPE html>\n<html><body><article><h3>Ants</h3></article></body></html>\n",
        '<div class="a">\n<section>\n<h3>Ants</h3></section></div>',
        'From: <Saved>\nMIME-Version: 1.0\nContent-Type: multipart/related;\n\tboundary="x"\n\n<html>\n',
        "<!doctype html>",
    ],
)
def test_a_page_without_papers_is_refused_whole(text):
    reading = read_capture(text)
    check_account(reading, text)
    assert [refusal.reason for refusal in reading.refusals] == ["no_records"]
    assert reading.lines_refused == reading.lines_total


def test_a_card_on_a_damaged_line_is_refused_only_if_the_damage_is_its_own():
    found = sample(3)
    text = page_of(found, "daily", data=False)
    number = next(n for n, line in enumerate(text.split("\n"), 1) if found[1].title.split(":")[0] in line)
    assert len(read_capture(text, [number]).records) == 3
    damaged = text.replace(found[1].title[:9], found[1].title[:8] + "\ufffd")
    reading = read_capture(damaged, [number])
    check_account(reading, damaged)
    assert [record.arxiv_id for record in reading.records] == [found[0].id, found[2].id]
    assert [refusal.reason for refusal in reading.refusals] == ["damaged_bytes"]


def test_words_of_attributes_in_an_abstract_stay():
    paper = sample(1)[0]
    odd = paper.abstract + ' We set class="moss" and d="3" where a < b and x > y, in <svg> too.'
    text = page_of([paper], "search", data=False).replace(
        html.escape(paper.abstract, quote=False), html.escape(odd, quote=False)
    )
    text = re.sub(
        r"(<p class=\"line-clamp-4\">).*?(</p>)",
        lambda m: m[1] + html.escape(odd, quote=False) + m[2],
        text,
        flags=re.DOTALL,
    )
    assert read_capture(text).records[0].abstract == odd


# ---- any damage


@settings(deadline=None, max_examples=120)
@given(UNIQUE, st.integers(0, 2**32), st.data())
def test_mutated_pages_never_fail_lose_no_line_and_mix_no_papers(papers, seed, data):
    papers = [
        Paper(p.number, comments=p.number + 1, ai=p.ai, organisation=p.organisation, repository=p.repository)
        for p in papers
    ]
    kind, with_data = data.draw(st.sampled_from(KINDS)), data.draw(st.booleans())
    text = page_of(papers, kind, with_data, seed=seed)
    if data.draw(st.booleans()):
        text = re.sub(r"><(?=[a-z/])", ">\n<", text)
    for number in range(data.draw(st.integers(1, 3))):
        lines = text.split("\n")
        at, much = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(1, 30))
        place = data.draw(st.integers(0, max(len(text) - 1, 0)))
        what = data.draw(st.sampled_from([*["drop", "double", "lose"][: 0 if number else 3], "cut", "head", "flip"]))
        if what == "drop":
            del lines[at : at + much]
        elif what == "double":
            lines[at:at] = lines[at : at + much]
        text = "\n".join(lines)
        if what == "cut":
            text = text[:place]
        elif what == "head":
            text = text[place:]
        elif what == "lose":
            text = text[:place] + text[place + much :]
        elif what == "flip":
            text = text[:place] + data.draw(st.sampled_from("<>\"'&;/=x\ufffd 0\n")) + text[place + 1 :]
    reading = read_capture(text)
    if reading.form.startswith("html"):
        check_account(reading, text)
        check_unmixed(reading, papers)


PIECES = ["<", ">", "</", "<article>", "</article>", "<h3>", "</h3>", '<a href="/papers/2503.02130">', "</a>", "<p>", "Ants carry moss over the marsh.", "<!--", "-->", "<svg>", "</svg>", "<script>", "</script>", ' data-props="', "&quot;", '[{"title":"Ants","summary":', '"', "'", "\n", "3 authors", "Oct 8, 2024", "<br>", "<h1>", "Abstract", "<h2>", "&amp;", '<meta property="og:url" content="https://huggingface.co/papers/2503.02130">', "\x0c", "\ufffd"]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sets(st.integers(-1, 9), max_size=3))
def test_reading_never_fails_and_accounts_for_every_line_of_any_markup(rest, damaged):
    for start in ("<!doctype html>", "<html>\n<article><h3><a href='/papers/2503.02130'>Ants"):
        check_account(read_capture(start + rest, damaged), start + rest)


@pytest.mark.parametrize(
    "text",
    [
        "<article>" * 60_000,
        "<article><h3><a href='/papers/2503.02130'>" + "<div>" * 60_000,
        "<!--" * 60_000,
        "<h3>" * 60_000,
        "<a href='/papers/2503.02130'>" * 30_000,
        '<div data-props="' * 30_000,
        '<div data-props="title paper ' + "&quot;" * 60_000,
        "<script type='application/json'>title paper" * 10_000,
        "<svg>" * 60_000,
        "<article " + "class=" * 60_000,
        "<article><h3><a href='/papers/2503.02130'>A</a></h3>" * 3_000,
        "<h3><a href='/papers/2503.02130'>A</a></h3>" * 3_000,
        "<article><h3><a href='/papers/2503.02130'>A</a></h3>" + "<svg>" * 30_000,
        "<article><h3><a href='/papers/2503.02130'>A</a></h3>" + "<!--" * 30_000,
        "<h1>" * 60_000,
        "<script " * 60_000,
        "<meta property=og:url " * 30_000,
        "<input paper " * 30_000,
        "<h3><a " * 30_000,
        "<a href='login?next=papers/" * 30_000,
        "<h2><b>" * 30_000,
    ],
    ids=range(21),
)
def test_markup_made_to_be_slow_is_not(text):
    start = time.process_time()
    reading = read_capture("<!doctype html>" + text)
    assert time.process_time() - start < 10
    assert reading.lines_total == 1


# ---- parts of markup that were cut out


def test_a_card_that_swallows_another_cards_links_in_a_picture_is_refused():
    found = sample(2)
    text = page_of(found, "search", data=False, seed=3)
    place = text.index("</svg>", text.index("<article class"))
    damaged = text[:place] + text[place + len("</svg>") :]
    titles = [record.title for record in read_capture(damaged).records]
    assert found[0].title not in titles
    assert found[1].title in titles


def test_a_card_in_which_the_end_of_a_tag_is_left_is_refused():
    found = sample(2)
    text = page_of(found, "search", data=False, seed=3)
    title = text.index(found[0].title[:9])
    damaged = text[:title] + 'a.png" alt="moss">' + text[title:]
    assert [record.title for record in read_capture(damaged).records] == [found[1].title]


def test_the_pages_head_within_a_card_refuses_it():
    found = sample(2)
    text = page_of(found, "search", data=False, seed=3)
    place = text.index("<h3")
    damaged = text[:place] + '<h1>Daily Papers</h1><h2>by<a href="/akhaliq">AK</a></h2>' + text[place:]
    assert [record.title for record in read_capture(damaged).records] == [found[1].title]


@pytest.mark.parametrize("beside", ["<h2>Abstract</h2>\n", "<div>Authors:</div> "])
def test_a_comment_that_names_another_paper_is_no_abstract_and_no_author(beside):
    paper = sample(1)[0]
    text = paper_page_of(paper)
    damaged = text.replace(beside, beside + '<p>Similar: <a href="/papers/2401.00001">Another Paper</a></p>')
    for record in read_capture(damaged).records:
        assert "Another Paper" not in str(record._replace(raw=None))


def test_a_comment_below_the_links_of_an_abstract_is_no_part_of_it():
    paper = sample(1)[0]
    text = paper_page_of(paper).replace("<h3>Community</h3>", "")
    (record,) = read_capture(text).records
    assert record.abstract == paper.abstract
