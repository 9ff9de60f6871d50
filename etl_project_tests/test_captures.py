import textwrap
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl_project.captures import FORMS, REFUSAL_REASONS, plain_text, read_capture, roles
from etl_project.fields import MONTHS, parse_printed_date

# ---------------------------------------------------------------------------------------------
# invented records

NOUNS = [
    "quoll",
    "ant",
    "beetle",
    "drift",
    "lantern",
    "marsh",
    "kettle",
    "harbour",
    "pebble",
    "moss",
    "otter",
    "cedar",
    "ravine",
    "glyph",
    "ember",
    "tundra",
]
VERBS = [
    "follows",
    "sorts",
    "measures",
    "carries",
    "mends",
    "counts",
    "joins",
    "learns",
    "paints",
    "opens",
    "holds",
    "turns",
]
ODD = ["Qüoll", "λ-Moss", "K^{2}-Drift", "$5K", "Non-Ant", "“Ember”", "漢字", "T2T", "13B/70B", "(Re)Drift", "C++"]


def sentence(random, least, ends=".."):
    words = [random.choice(NOUNS + VERBS) for _ in range(random.randint(least, least + 12))]
    words[0] = words[0].capitalize()
    if random.random() < 0.3:
        words[len(words) // 2] += random.choice([",", ";", ":", " (e.g., 3.5)", " -", " 40\\%"])
    return " ".join(words) + random.choice(ends)


def abstract_of(random, least):
    length = random.randint(least, 1900)
    text = sentence(random, 8)
    while len(text) < length:
        text += " " + sentence(random, 8, "...?!")
    return text if len(text) <= 1900 else text[:1890].rstrip() + " ends."


def title_of(random, ends=("", "", "", "?", "!")):
    words = [random.choice(NOUNS).capitalize() for _ in range(random.randint(2, 12))]
    if random.random() < 0.4:
        words[random.randrange(len(words))] = random.choice(ODD)
    if random.random() < 0.5:
        words[0] += ":"
    return " ".join(words)[:169].strip() + random.choice(ends)


@dataclass(frozen=True)
class Paper:
    title: str
    abstract: str
    n_authors: int | None
    organisation: tuple[str, str] | None
    month: int
    day: int
    year: int | None
    comments: int | None
    upvotes: int


@st.composite
def papers(draw, least=310):
    random = Random(draw(st.integers(0, 2**32)))
    owner = draw(st.sampled_from(["authors", "authors", "organisation", "neither"]))
    return Paper(
        title_of(random),
        abstract_of(random, least),
        draw(st.integers(1, 400)) if owner == "authors" else None,
        (
            draw(st.sampled_from(["quoll-lab", "01-q", "moss"])),
            draw(st.sampled_from(["Quoll, Ltd.", "Moss & Co", "Übach Lab"])),
        )
        if owner == "organisation"
        else None,
        draw(st.integers(1, 12)),
        draw(st.integers(1, 28)),
        draw(st.none() | st.integers(2015, 2029)),
        draw(st.none() | st.integers(1, 150)),
        draw(st.integers(0, 300)),
    )


# ---------------------------------------------------------------------------------------------
# their pages, as blocks of lines

BANNER = "Get trending papers in your email inbox!"
BANNERS = [[], [BANNER], ["Get trending papers in your email inbox once a day!", BANNER]]
BYLINES = [
    [],
    ["byAK and the research community"],
    ["by", "AK", "and the research community"],
    ["by AK and the research community"],
]
FEET = [
    [],
    [["Previous", "Next"]],
    [["Previous"], ["1"], ["2"], ["3"], ["..."], ["100"], ["Next"]],
    [["Previous", "1", "2", "Next"], ["System theme"], ["Company"], ["TOS"], ["Privacy"], ["About"], ["Careers"]],
]


@dataclass(frozen=True)
class Layout:
    metadata: bool = True
    compact: bool = False
    upvotes: bool = False
    separator: bool = True
    bullet: str = "  • "
    comments_on_own_line: bool = False
    banner: int = 1
    subscribe: str = "own"  # "own" line, "glued" to the first line of the first record, "none"
    heading: str | None = "Daily Papers"
    byline: int = 1
    period: bool = False
    captured: str | None = "Apr 20"
    foot: int = 1
    gap: int = 1
    seed: int = 0  # of trailing spaces and the sizes of gaps

    @property
    def page(self):
        return (self.banner and self.subscribe != "none") or self.heading or self.byline


def layouts(**fixed):
    free = {
        "upvotes": st.booleans(),
        "separator": st.booleans(),
        "bullet": st.sampled_from(["  • ", "• ", "- ", ""]),
        "comments_on_own_line": st.booleans(),
        "banner": st.integers(0, 2),
        "subscribe": st.sampled_from(["own", "glued", "none"]),
        "heading": st.sampled_from([None, "Daily Papers", "Trending Papers"]),
        "byline": st.integers(0, 3),
        "period": st.booleans(),
        "captured": st.sampled_from([None, "Apr 20", "Dec 31"]),
        "foot": st.integers(0, 3),
        "gap": st.integers(1, 3),
        "seed": st.integers(0, 2**32),
    }
    return st.builds(Layout, **{**free, **{name: st.just(value) for name, value in fixed.items()}})


METADATA = {"metadata": True}
PLAIN = {"metadata": False}
COMPACT = {"metadata": False, "compact": True}
# without blank lines a count on a line of its own is told apart by its neighbours alone: tested by itself
COMPACT_METADATA = {"metadata": True, "compact": True, "comments_on_own_line": False}
FORMS_OF_TEXT = [METADATA, PLAIN, COMPACT, COMPACT_METADATA]


def date_line(paper, layout):
    text = f"{MONTHS[paper.month - 1]} {paper.day}" + (f", {paper.year}" if paper.year else "")
    return text if layout.comments_on_own_line or not paper.comments else f"{text} {paper.comments}"


def blocks_of(paper, layout, lost=None):
    blocks = [[str(paper.upvotes) if paper.upvotes else "-"]] if layout.upvotes else []
    if lost != "title":
        blocks.append([paper.title])
    if lost != "abstract":
        blocks.append([paper.abstract])
    if layout.metadata:
        meta = []
        if paper.n_authors:
            meta.append(f"{layout.bullet}{paper.n_authors} authors")
        elif paper.organisation:
            meta.append(" ".join(paper.organisation))
        # a day alone, with nothing else of metadata, may be a page's: it is then refused, and rendered by no page
        alone = not meta and not paper.year and (not paper.comments or layout.comments_on_own_line)
        meta += ["·"] * (layout.separator or alone)
        meta.append(date_line(paper, layout))
        if layout.comments_on_own_line and paper.comments:
            meta.append(str(paper.comments))
        blocks.append(meta)
    return blocks


def render(found, layout, lost_at=None, lost=None):
    random = Random(layout.seed)
    head = [[line] for line in BANNERS[layout.banner]]
    if layout.subscribe == "own":
        head.append(["Subscribe"])
    if layout.heading:
        head.append([layout.heading])
    head += [[line] for line in BYLINES[layout.byline]]
    if layout.period:
        head += [["Daily"], ["Weekly"], ["Monthly"]]
    if layout.captured:
        head.append([layout.captured])
    body, spans, at = [], [], len(head)
    for number, paper in enumerate(found):
        blocks = blocks_of(paper, layout, lost if number == lost_at else None)
        spans.append((at, at + len(blocks)))
        at += len(blocks)
        body += blocks
    at_first = layout.subscribe == "glued" and not head[len(BANNERS[layout.banner]) :] and body and not layout.upvotes
    if at_first and (layout.banner or not body[0][0][0].islower()):  # "Subscribers" without a banner is a word
        body[0] = ["Subscribe" + body[0][0], *body[0][1:]]
    lines, first_line = [], []
    for block in head + body + [list(block) for block in FEET[layout.foot]]:
        first_line.append(len(lines) + 1)
        lines += [line + " " * random.choice([0, 0, 0, 1, 4]) for line in block]
        if not layout.compact:
            lines += [random.choice(["", "", " ", "\t"]) for _ in range(random.randint(1, layout.gap))]
    first_line.append(len(lines) + 1)
    return "\n".join(lines) + "\n" * random.randint(0, 1), [(first_line[a], first_line[b] - 1) for a, b in spans]


def check_account(reading, text):
    lines = text.split("\n")
    total = len(lines) - (lines[-1] == "")
    assert reading.lines_total == total
    assert reading.lines_total == reading.lines_field + reading.lines_furniture + reading.lines_refused
    assert min(reading.lines_field, reading.lines_furniture, reading.lines_refused) >= 0
    for part in [*reading.records, *reading.refusals]:
        assert total == 0 or 0 < part.line_start <= part.line_end <= total
    refused = {line for refusal in reading.refusals for line in range(refusal.line_start, refusal.line_end + 1)}
    assert reading.lines_refused == len(refused - {0})
    if reading.form in plain_text.FORMS:  # one line, one part
        last = 0
        for part in sorted([*reading.records, *reading.refusals], key=lambda part: part.line_start):
            assert last < part.line_start
            last = part.line_end
    assert all(refusal.reason in REFUSAL_REASONS and refusal.detail for refusal in reading.refusals)
    assert reading.form in FORMS and 0 <= reading.confidence <= 1


def check_record(record, paper, layout, span):
    assert (record.title, record.abstract) == (paper.title, paper.abstract)
    assert span[0] <= record.line_start <= record.line_end <= span[1]
    assert record.upvotes == (paper.upvotes if layout.upvotes else None)
    if not layout.metadata:
        assert (record.n_authors, record.organisation_handle, record.date_text, record.comments) == (None,) * 4
        return
    assert record.n_authors == paper.n_authors
    assert (record.organisation_handle, record.organisation_name) == (paper.organisation or (None, None))
    date = parse_printed_date(record.date_text)
    assert (date.month, date.day, date.year) == (paper.month, paper.day, paper.year)
    if layout.comments_on_own_line:
        assert (record.comments, date.comments) == (paper.comments, None)
    else:
        assert (record.comments, date.comments) == (None, paper.comments)


def check_page(found, layout):
    text, spans = render(found, layout)
    reading = read_capture(text)
    check_account(reading, text)
    assert [(refusal.reason, refusal.text) for refusal in reading.refusals] == []
    assert len(reading.records) == len(found)
    for record, paper, span in zip(reading.records, found, spans, strict=True):
        check_record(record, paper, layout, span)
    return reading


# ---------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.data())
@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
def test_every_field_of_every_record_comes_back(form, data):
    found = data.draw(st.lists(papers(), min_size=1, max_size=5))
    layout = data.draw(layouts(**form))
    reading = check_page(found, layout)
    wanted = "text_with_metadata" if layout.metadata else "text_compact" if layout.compact else "text_titles_abstracts"
    assert reading.form == wanted
    assert reading.heading == layout.heading
    assert reading.captured_raw == layout.captured


@settings(deadline=None, max_examples=60)
@given(st.data())
@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
def test_short_abstracts_come_back_too(form, data):
    random_titles = st.lists(papers(least=150), min_size=1, max_size=5)
    check_page(data.draw(random_titles), data.draw(layouts(**form, heading="Daily Papers")))


def sample(count, **changes):
    random = Random(7)
    return [
        replace(Paper(title_of(random), abstract_of(random, 400), 5, None, 10, 8, 2024, 2, 17), **changes)
        for _ in range(count)
    ]


@pytest.mark.parametrize("foot", range(len(FEET)))
@pytest.mark.parametrize("byline", range(len(BYLINES)))
@pytest.mark.parametrize("banner", range(len(BANNERS)))
def test_every_head_and_foot_is_furniture(banner, byline, foot):
    check_page(sample(2), Layout(banner=banner, byline=byline, foot=foot))
    check_page(sample(2), Layout(banner=banner, byline=byline, foot=foot, **PLAIN))


@pytest.mark.parametrize("form", [PLAIN, COMPACT, METADATA], ids=["plain", "compact", "metadata"])
@pytest.mark.parametrize("title", ["Can Quolls Learn?", "ΛMoss for Ants", "100 Ants", "“Ember” Counts"])
def test_subscribe_glued_to_the_first_title_is_taken_off(form, title):
    found = [replace(sample(1)[0], title=title), *sample(2)]
    layout = Layout(banner=2, subscribe="glued", heading=None, byline=0, captured=None, **form)
    text, _ = render(found, layout)
    assert f"Subscribe{title}" in text
    check_page(found, layout)


def test_a_title_that_starts_with_the_buttons_word_keeps_it():
    found = [replace(sample(1)[0], title="Subscriber Churn Among Ants"), *sample(1)]
    check_page(found, Layout(captured=None))
    check_page(found, Layout(**PLAIN, banner=0, subscribe="none", heading=None, byline=0, captured=None))


@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
@pytest.mark.parametrize("length", [3, 119, 121, 169, 299])
def test_titles_of_every_length_come_back(form, length):
    found = sample(3)
    found[1] = replace(found[1], title=("Ants and Moss " * 30)[: length - 1] + "x")
    check_page(found, Layout(**form))


def test_metadata_on_one_line_is_read():
    paper = sample(1)[0]
    text = f"Daily Papers\n\n{paper.title}\n\n{paper.abstract}\n\n  • 5 authors · Oct 8, 2024 2\n"
    record = read_capture(text).records[0]
    assert (record.n_authors, record.date_text) == (5, "Oct 8, 2024 2")
    text = text.replace("  • 5 authors", "quoll-lab Quoll, Ltd.")
    record = read_capture(text).records[0]
    assert (record.n_authors, record.organisation_handle, record.organisation_name) == (
        None,
        "quoll-lab",
        "Quoll, Ltd.",
    )


def test_a_dash_before_a_title_means_no_upvotes_and_is_not_unknown():
    found = [replace(paper, upvotes=0) for paper in sample(3)]
    lines = render(found, Layout(upvotes=True))[0].split("\n")
    assert [line.strip() for line in lines].count("-") == 3
    check_page(found, Layout(upvotes=True))


def test_an_author_count_is_unknown_and_not_zero_for_an_organisation():
    found = sample(2, n_authors=None, organisation=("quoll", "Quoll"))
    assert [record.n_authors for record in check_page(found, Layout()).records] == [None, None]


def test_the_day_of_the_capture_is_no_papers_date():
    found = sample(2)
    reading = check_page(found, Layout(captured="Apr 20", **PLAIN))
    assert reading.captured_raw == "Apr 20"
    assert {record.date_text for record in reading.records} == {None}


@pytest.mark.parametrize("query", ["quoll learning", "small language models for ants", "2024 ants"])
def test_the_search_text_is_told_and_is_no_paper(query):
    found = sample(3)
    body = render(found, Layout(banner=0, subscribe="none", heading=None, byline=0, captured=None))[0]
    reading = read_capture(
        f"Daily Papers\n\nbyAK and the research community\n\n{query}\n\nDaily\n\nWeekly\n\nMonthly\n\n{body}"
    )
    assert (reading.query, [record.title for record in reading.records]) == (query, [paper.title for paper in found])
    assert not reading.refusals


def test_the_search_text_just_before_the_day_of_the_capture_is_told():
    body = render(sample(3), Layout(banner=0, subscribe="none", heading=None, byline=0, captured=None))[0]
    reading = read_capture(f"Daily Papers\n\nbyAK and the research community\n\nquoll learning\n\nApr 20\n\n{body}")
    assert (reading.query, reading.captured_raw, len(reading.records), reading.refusals) == (
        "quoll learning",
        "Apr 20",
        3,
        [],
    )


@pytest.mark.parametrize("comments", [None, 2])
def test_upvotes_on_a_search_page_are_not_the_comments_of_the_paper_before(comments):
    found = sample(3, comments=comments)
    layout = Layout(
        banner=0, subscribe="none", heading=None, byline=0, captured=None, upvotes=True, comments_on_own_line=True
    )
    body = render(found, layout)[0]
    reading = read_capture(f"Daily Papers\n\nquoll learning\n\nDaily\n\nWeekly\n\nMonthly\n\n{body}")
    assert [(record.upvotes, record.comments) for record in reading.records] == [(17, comments)] * 3
    assert not reading.refusals


def test_blank_lines_within_the_metadata_change_nothing_for_authors():
    text = render(sample(3), Layout())[0].replace("\n", "\n\n")
    reading = read_capture(text)
    assert [(record.n_authors, record.date_text) for record in reading.records] == [(5, "Oct 8, 2024 2")] * 3
    assert not reading.refusals


def test_blank_lines_within_the_metadata_change_nothing_for_organisations():
    found = sample(3, n_authors=None, organisation=("quoll", "Quoll Lab"))
    reading = read_capture(render(found, Layout())[0].replace("\n", "\n\n"))
    assert [(record.organisation_handle, record.date_text) for record in reading.records] == [
        ("quoll", "Oct 8, 2024 2")
    ] * 3
    assert not reading.refusals


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", " " * 121, " " * 5000])
def test_a_line_of_spaces_is_a_blank_line_however_long(blank):
    found = sample(3)
    text = render(found, Layout())[0].replace("\n\n", f"\n{blank}\n")
    reading = read_capture(text)
    check_account(reading, text)
    assert [record.title for record in reading.records] == [paper.title for paper in found]
    assert not reading.refusals


@pytest.mark.parametrize(
    "line",
    [BANNER, "Subscribe", "Daily Papers", "  • 5 authors", "Oct 8, 2024 2"],
)
def test_trailing_spaces_do_not_change_what_a_line_is(line):
    found = sample(2)
    reading = read_capture(render(found, Layout())[0].replace(line, line + " " * 130))
    assert [(record.title, record.n_authors) for record in reading.records] == [(paper.title, 5) for paper in found]
    assert not reading.refusals


META = "5 authors\n·\nOct 8, 2024"


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        # before the first title, too: upvotes
        (["7", "First", "{a}", META, "9", "Second", "{a}", META], [(7, None), (9, None)]),
        # left out after the first: comments
        (
            ["First", "{a}", META, "Second", "{a}", META, "9", "Third", "{a}", META],
            [(None, None), (None, 9), (None, None)],
        ),
        # nothing tells: refused, and no paper has it
        (["First", "{a}", META, "9", "Second", "{a}", META], [(None, None), (None, None)]),
    ],
)
def test_a_count_between_two_papers_of_compact_text_belongs_to_one_only_if_something_tells(lines, counts):
    reading = read_capture("\n".join(["Daily Papers", *lines]).format(a=sample(1)[0].abstract))
    assert [(record.upvotes, record.comments) for record in reading.records] == counts
    assert len(reading.refusals) == (1 if counts == [(None, None)] * 2 else 0)


@pytest.mark.parametrize("title", ["Next", "Models", "2048", "1,000", "May 2024", "7 authors", "T5 · Oct 8, 2024"])
def test_a_title_that_looks_like_page_or_metadata_is_a_title_after_a_whole_record(title):
    text = "\n\n".join(["Daily Papers", "First", "{a}", META, title, "{a}", META, "Third", "{a}", META])
    reading = read_capture(text.format(a=sample(1)[0].abstract))
    assert [(record.title, record.n_authors, record.comments) for record in reading.records] == [
        ("First", 5, None),
        (title, 5, None),
        ("Third", 5, None),
    ]
    assert not reading.refusals


@pytest.mark.parametrize("line", ["7 authors", "Oct 8, 2024", "T5 · Oct 8, 2024"])
def test_a_line_that_is_metadata_or_the_next_title_is_given_to_neither(line):
    reading = read_capture(
        "\n\n".join(["Daily Papers", "First", "{a}", line, "{a}", "Third", "{a}"]).format(a=sample(1)[0].abstract)
    )
    assert [(record.title, record.n_authors, record.date_text) for record in reading.records] == [
        ("First", None, None),
        ("Third", None, None),
    ]
    assert [refusal.reason for refusal in reading.refusals] == ["title_or_metadata"]


def test_two_pages_in_one_file_have_a_day_each():
    text = "\n\n".join(
        ["Daily Papers", "Apr 20", "First", "{a}", META, "Next", "Daily Papers", "Apr 21", "Second", "{a}", META]
    )
    reading = read_capture(text.format(a=sample(1)[0].abstract))
    assert [record.page_day for record in reading.records] == ["Apr 20", "Apr 21"]


@pytest.mark.parametrize("width", [60, 72, 80, 100, 200])
def test_wrapped_text_is_joined_and_its_lines_are_those_of_the_file(width):
    import textwrap

    found = sample(4)
    lines, spans = ["Daily Papers", ""], []
    for paper in found:
        first = len(lines) + 1
        for text in (paper.title, paper.abstract):
            lines += [*textwrap.wrap(text, width, break_on_hyphens=False), ""]
        lines += ["  • 5 authors", "·", "Oct 8, 2024 2"]
        spans.append((first, len(lines)))
        lines += [""]
    reading = read_capture("\n".join(lines))
    assert reading.form == "text_wrapped"
    assert [(r.title, r.abstract) for r in reading.records] == [(p.title, p.abstract) for p in found]
    assert [(r.line_start, r.line_end) for r in reading.records] == spans
    check_account(reading, "\n".join(lines))


@pytest.mark.parametrize("width", [50, 70, 80, 120])
def test_wrapped_text_without_blank_lines_gives_right_records_or_none(width):
    import textwrap

    for seed in range(20):
        random = Random(seed)
        found = [Paper(title_of(random), abstract_of(random, 400), 5, None, 10, 8, 2024, 2, 17) for _ in range(4)]
        lines = [line for p in found for text in (p.title, p.abstract, META) for line in textwrap.wrap(text, width)]
        wanted = {(p.title, p.abstract) for p in found}
        assert {(r.title, r.abstract) for r in read_capture("\n".join(["Daily Papers", *lines])).records} <= wanted


@pytest.mark.parametrize(
    "letter",
    [
        "Dear all,\n\nplease find the notes of our meeting below, I hope that they are complete.\n\nBest\n\nWe have decided to move it.\n",
        "# Notes\n\nThis tool reads the Daily Papers page and keeps what it finds in a small table.\n\n## Use\n\nCall it from the shell, with the name of a file, as shown here.\n",
    ],
)
def test_letters_and_notes_are_no_captures(letter):
    assert [refusal.reason for refusal in read_capture(letter).refusals] == ["unknown_form"]


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.text(max_size=40),
        st.from_regex(roles._FURNITURE_SHAPE, fullmatch=True),
        st.from_regex(roles._AUTHORS, fullmatch=True),
        st.sampled_from(
            ["Oct 8, 2024 2", "May 29", "11.3k", "-", "·", "5 authors · Oct 8, 2024", "Trending Papers", "2024-10-08"]
        ),
    )
)
def test_the_short_look_at_a_line_says_what_the_long_one_says(line):
    text = roles.trim(line)
    if text:
        assert roles.role_of(line) == roles._role_of(text, text.casefold())


# ---- damaged records


def check_damage(found, layout, lost_at, lost, reasons):
    text, spans = render(found, layout, lost_at, lost)
    reading = read_capture(text)
    check_account(reading, text)
    whole = [number for number in range(len(found)) if number != lost_at]
    assert [record.title for record in reading.records] == [found[number].title for number in whole]
    for record, number in zip(reading.records, whole, strict=True):
        check_record(record, found[number], layout, spans[number])
    assert reading.refusals
    assert reading.refusals[0].reason in reasons
    for refusal in reading.refusals:
        assert spans[lost_at][0] <= refusal.line_start <= refusal.line_end <= spans[lost_at][1]


PAGES = {"banner": 1, "subscribe": "own", "heading": "Daily Papers"}


@settings(deadline=None, max_examples=60)
@given(st.data())
@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
def test_a_record_without_its_abstract_is_refused_alone(form, data):
    found = data.draw(st.lists(papers(), min_size=2, max_size=5))
    lost_at = data.draw(st.integers(0, len(found) - 2))
    layout = data.draw(layouts(**form, **PAGES))
    if lost_at == 0 and not found[0].organisation and not found[0].n_authors:
        layout = replace(
            layout, separator=True
        )  # a first title with nothing but a date is like a search text with the day
    check_damage(found, layout, lost_at, "abstract", {"title_without_abstract"})


@settings(deadline=None, max_examples=60)
@given(st.data())
@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
def test_a_record_without_its_title_is_refused_alone(form, data):
    found = data.draw(st.lists(papers(), min_size=2, max_size=5))
    lost_at = data.draw(st.integers(0, len(found) - 1))
    # with the separator: a line alone between two abstracts is the next one's title as well, and given to neither
    check_damage(
        found, data.draw(layouts(**form, **PAGES, separator=True)), lost_at, "title", {"abstract_without_title"}
    )


@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
def test_a_last_record_without_its_abstract_is_refused_alone(form):
    for foot in range(len(FEET)):
        check_damage(sample(3), Layout(foot=foot, **form), 2, "abstract", {"title_without_abstract"})


@pytest.mark.parametrize("form", [PLAIN, COMPACT], ids=["plain", "compact"])
def test_a_question_is_not_the_lost_abstract_of_the_paper_before(form):
    found = sample(3)
    found[1] = replace(found[1], title="Why Do Ants in a Dark Marsh Follow Every Lantern They See?")
    check_damage(found, Layout(**form), 0, "abstract", {"title_without_abstract"})


@pytest.mark.parametrize("form", [PLAIN, COMPACT], ids=["plain", "compact"])
def test_where_a_title_or_an_abstract_was_lost_and_none_can_tell_which_all_three_are_refused(form):
    found = sample(3)
    found[1] = replace(found[1], title="Small Ants. Why Do They Carry so Much of the Moss?")
    reading = read_capture(render(found, Layout(**form), 0, "abstract")[0])
    assert [record.title for record in reading.records] == [found[2].title]
    assert [refusal.reason for refusal in reading.refusals] == ["title_or_abstract"]


def test_a_first_record_without_its_abstract_is_refused_also_without_an_owner():
    found = sample(3, n_authors=None)
    check_damage(found, Layout(captured="Apr 20", separator=False), 0, "abstract", {"title_without_abstract"})


@pytest.mark.parametrize("form", FORMS_OF_TEXT, ids=["metadata", "plain", "compact", "compact_metadata"])
def test_a_line_with_undecodable_bytes_costs_its_record_only(form):
    found = sample(3)
    text, spans = render(found, Layout(**form))
    lines = text.split("\n")
    for wanted in (found[1].title, found[1].abstract):
        number = [line.strip() for line in lines].index(wanted) + 1
        reading = read_capture(text, [number])
        check_account(reading, text)
        assert [record.title for record in reading.records] == [found[0].title, found[2].title]
        assert any(refusal.reason == "damaged_bytes" for refusal in reading.refusals)
        for refusal in reading.refusals:
            assert spans[1][0] <= refusal.line_start <= refusal.line_end <= spans[1][1]


def test_a_line_longer_than_any_abstract_is_refused_alone():
    found = sample(3)
    found[1] = replace(found[1], abstract="ant " * 30_000)
    text, _ = render(found, Layout())
    reading = read_capture(text)
    check_account(reading, text)
    assert [record.title for record in reading.records] == [found[0].title, found[2].title]
    assert "line_too_long" in {refusal.reason for refusal in reading.refusals}
    assert max(len(refusal.text) for refusal in reading.refusals) <= 2_000


# ---- files that are no captures

NOVEL = "\n\n".join(sentence(Random(number), 60) for number in range(40))
UNKNOWN = {
    "prose": NOVEL,
    "wrapped prose": "\n".join(sentence(Random(number), 9, ["", "", "."]) for number in range(80)),
    "one line": sentence(Random(3), 900),
    "csv": "title,abstract,year\n"
    + "\n".join(f'"{title_of(Random(n))}","{abstract_of(Random(n), 400)}",2024' for n in range(20)),
    "short csv": "id;name;count\n" + "\n".join(f"{n};quoll;{n * 7}" for n in range(50)),
    "code": "import ants\n\n\ndef drift(quoll: int) -> int:\n    # follow the lantern\n    return quoll + 1\n\n" * 20,
    "log": "\n".join(f"2024-10-08 12:00:{n:02} INFO quoll {n} started in 0.{n} s" for n in range(60)),
    "numbers": "\n".join(str(n) for n in range(100)),
    "dates": "\n".join(f"Oct {n}, 2024" for n in range(1, 30)),
    "letter": "Dear Ann,\n\nthe quolls are well.\n\nYours,\nBob\n",
    "one word": "quoll",
    "blank": "\n\n \n\t\n",
    "empty": "",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_text_of_unknown_form_is_refused_whole(name):
    text = UNKNOWN[name]
    reading = read_capture(text)
    check_account(reading, text)
    assert reading.records == []
    assert [refusal.reason for refusal in reading.refusals] == ["unknown_form"]
    assert (reading.form, reading.lines_refused) == ("unknown", reading.lines_total)


BEHIND = "".join(
    f"ANTS AND MOSS {n} [/papers/2606.0068{n}]\n\nThey follow it. [/papers/2606.0068{n}]\n\n" for n in range(3)
)
UNSUPPORTED = {
    "links_after_words": [BEHIND],
    "latex": ["\\section{\\href{https://huggingface.co/papers/2606.00683}{Ants}}\n\nThey follow it.\n\n" * 4],
    "asciidoc": [
        "=== https://huggingface.co/papers/2606.00683[Ants]\n\nThey follow it.\n\n" * 4,
        "== https://huggingface.co/papers/2606.00683[Ants]\n\nThey follow it.\n\n" * 4
        + "See [it](https://a.example.org).",
    ],
    "org_mode": ["* [[https://huggingface.co/papers/2606.00683][Ants]]\n" * 4],
    "restructured_text": ["`Ants <https://huggingface.co/papers/2606.00683>`__\n\n" * 4],
}


@pytest.mark.parametrize(("form", "text"), [(form, text) for form, texts in UNSUPPORTED.items() for text in texts])
def test_a_form_without_a_reader_is_named_and_refused_whole(form, text):
    reading = read_capture(text)
    check_account(reading, text)
    assert reading.form == form
    assert [refusal.reason for refusal in reading.refusals] == ["form_not_supported"]
    assert reading.lines_refused == reading.lines_total


def test_a_page_without_papers_says_so():
    text = render([], Layout())[0]
    reading = read_capture(text)
    check_account(reading, text)
    assert [refusal.reason for refusal in reading.refusals] == ["no_records"]


def test_two_tags_named_in_an_abstract_do_not_make_a_capture_html():
    found = sample(3)
    found[1] = replace(found[1], abstract=found[1].abstract + " We read what <body> and <div> hold.")
    check_page(found, Layout())


@pytest.mark.parametrize("text", ["A page on <html> tags", "See [this](https://quoll.org/a)", "[1] {ants}", "{ants}"])
def test_words_about_a_form_in_an_abstract_do_not_make_a_capture_that_form(text):
    found = sample(3)
    found[1] = replace(found[1], abstract=found[1].abstract + " " + text + ".")
    check_page(found, Layout())
    check_page(found, Layout(**COMPACT))


# ---- any text at all

LINES = st.sampled_from(
    [
        BANNER,
        "Subscribe",
        "SubscribeAnts",
        "new",
        "Daily Papers",
        "byAK and the research community",
        "Apr 20",
        "Oct 8, 2024",
        "Mar 2 3",
        "May 296",
        "·",
        "-",
        "7",
        "1.2k",
        "  • 5 authors",
        "5 authors · May 29",
        "quoll-lab Quoll",
        "Previous",
        "Next",
        "",
        "",
        " ",
        "Ants and Moss",
        "Why Do All the Ants Follow the Old Lantern?",
        "A short sentence that has eight words in it.",
        "x" * 119,
        "x" * 120,
        "x" * 121,
        "x" * 300,
        "x" * 301,
        "Ants" + " " * 130,
        " " * 130,
        "<div>",
        "[a](/papers/2410.05434)",
        "{",
        abstract_of(Random(1), 200)[:250] + ".",
        abstract_of(Random(2), 700),
        "\x00",
        "\u2028",
        "\x0c",
        "\ufffd",
        "\u00a0",
        "y" * 100_001,
    ]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(LINES, max_size=25).map("\n".join), st.sets(st.integers(-1, 30), max_size=3))
def test_reading_never_fails_and_accounts_for_every_line_of_any_page(text, damaged):
    reading = read_capture(text, damaged)
    check_account(reading, text)
    if reading.form not in plain_text.FORMS:
        return
    fields = sum(len(range(record.line_start, record.line_end + 1)) for record in reading.records)
    assert reading.lines_field <= fields <= reading.lines_total


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters() | st.sampled_from("\n\n·-1,ab"), max_size=120))
@example("\n")
@example("Subscribe\n")
def test_reading_never_fails_and_accounts_for_every_line_of_any_text(text):
    check_account(read_capture(text), text)


def test_page_head_with_many_spaces_is_no_title():
    reading = read_capture("Subscribe" + " " * 120 + "\n" + abstract_of(Random(5), 500))
    assert [record.title for record in reading.records] == []


@settings(deadline=None, max_examples=300)
@given(st.lists(LINES, max_size=25).map("\n".join))
def test_no_record_is_without_title_and_abstract_or_id(text):
    for record in read_capture(text).records:
        assert record.title and (record.abstract or record.arxiv_id)
        assert record.title == record.title.strip() and (record.abstract or "") == (record.abstract or "").strip()


@settings(deadline=None, max_examples=100)
@given(st.lists(LINES, max_size=20).map("\n".join))
def test_a_records_words_stand_on_its_own_lines(text):
    lines = text.split("\n")
    for record in read_capture(text).records:
        # lines may be wrapped, and Markdown's tags are no words
        shown = " ".join(lines[record.line_start - 1 : record.line_end])
        own = " ".join(shown.split()) + "\n" + " ".join(shown.replace("<div>", "").split())
        assert " ".join(record.title.split()) in own and " ".join((record.abstract or "").split()) in own
        assert record.date_text is None or record.date_text in own


def test_organisations_printed_without_handles_are_names():
    owners = ["Northfold Research", "Tiny Lab", "Meridian Speech", "Aeon Collective"]
    found = sample(4, n_authors=None, organisation=("quoll", "Quoll"))
    text, *_ = render(found, Layout(metadata=True))
    for owner in owners:
        text = text.replace("quoll Quoll", owner, 1)
    records = read_capture(text).records
    assert [(r.organisation_handle, r.organisation_name) for r in records] == [(None, owner) for owner in owners]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_count_between_a_date_and_a_title_is_told_by_the_other_cards(gap):
    words = "Tables are hard to read for models, and rivers are not. " * 9
    cards = [
        [title, words.strip(), "3 authors", "·", "Jun 12", *([] if n is None else [str(n)])]
        for title, n in (("Alpha Nets for Tables", 4), ("Beta Trees for Texts", None), ("Gamma Ledgers for Banks", 2))
    ]
    text = "\n\n".join([gap.join(card) for card in cards])
    assert [(r.upvotes, r.comments) for r in read_capture(text).records] == [(None, 4), (None, None), (None, 2)]


# ---------------------------------------------------------------------------------------------
# lost lines that leave another paper's words


def card(paper, *metadata):
    return [paper.title, paper.abstract, "\n".join(metadata)]


WHOLE = ("5 authors", "·", "Oct 8, 2024")


@pytest.mark.parametrize("left", [("Feb 2, 2023",), ("6 authors", "Feb 2, 2023"), ("6 authors", "·"), ("6 authors",)])
def test_a_card_whose_dot_or_date_is_lost_is_refused_where_others_have_both(left):
    one, two, three, four = sample(4)
    blocks = [*card(one, *WHOLE), *card(two, *left), *card(three, *WHOLE), *card(four, *WHOLE)]
    reading = read_capture("Daily Papers\n\n" + "\n\n".join(blocks))
    assert [record.title for record in reading.records] == [one.title, three.title, four.title]
    assert [refusal.reason for refusal in reading.refusals] == ["mixed_cards"]


@pytest.mark.parametrize("left", [("6 authors",), ("6 authors", "·")])
def test_a_copy_that_ends_within_the_last_card_keeps_it(left):
    one, two, three = sample(3)
    text = "Daily Papers\n\n" + "\n\n".join([*card(one, *WHOLE), *card(two, *WHOLE), *card(three, *left)])
    assert len(read_capture(text).records) == 3


def test_a_title_above_the_pages_day_is_no_organisation_of_the_paper_before():
    one, two, three = sample(3)
    lines = [one.title, one.abstract, two.title, "Apr 20", two.abstract, three.title, three.abstract]
    for record in read_capture("\n".join(["Daily Papers", *lines])).records:
        assert (record.organisation_name, record.date_text) == (None, None)


def test_a_middle_dot_and_the_date_on_one_line_are_read():
    one, two = sample(2)
    blocks = [*card(one, "  * 11 authors", "· May 25 3"), *card(two, "  * 4 authors", "· Jul 9, 2025")]
    reading = read_capture("Daily Papers\n\n" + "\n\n".join(blocks))
    assert [(r.n_authors, r.date_text) for r in reading.records] == [(11, "May 25 3"), (4, "Jul 9, 2025")]


# ---------------------------------------------------------------------------------------------
# marks that are no part of titles


HEAD = "Daily Papers\n\n"


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("### {}", "{}"),
        ("## {} ##", "{}"),
        ("**{}**", "{}"),
        ("### **{}**", "{}"),
        ("- {}", "{}"),
        ("- **{}**", "{}"),
        ("*{}*", "{}"),
        ("{number}. {}", "{}"),
        ("{number}. **{}**", "{}"),
        ("1. {}", "{}"),
        ("Title: {}", "Abstract: {}"),
        ("**Title:** {}", "**Abstract:** {}"),
        ("**Title**: {}", "{}"),
        ("Title: {}", "{}"),
        ("{}", "Abstract: {}"),
        ("### {}", "Abstract:\n{}"),
        ("## {}", "> {}"),
        ("#{}", "{}"),
        ("## Paper {number}: {}", "{}"),
        ("[{number}] {}", "{}"),
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_marks_and_labels_of_all_titles_are_no_part_of_them(title, abstract, gap):
    found = sample(3)
    cards = [
        title.format(paper.title, number=number) + gap + abstract.format(paper.abstract)
        for number, paper in enumerate(found, 1)
    ]
    records = read_capture(HEAD + "\n\n".join(cards)).records
    assert [(r.title, r.abstract) for r in records] == [(paper.title, paper.abstract) for paper in found]


@pytest.mark.parametrize(
    "title",
    ["3D Otters", "1. Otters", "- Otters", "Abstract: Otters", "2) Otters", "__init__", "*Otters and Quolls", "**"],
)
def test_numbers_dashes_and_labels_of_one_title_stay(title):
    one, two, three = sample(3)
    text = HEAD + "\n\n".join(f"{t}\n{p.abstract}" for t, p in ((one.title, one), (title, two), (three.title, three)))
    assert [record.title for record in read_capture(text).records] == [one.title, title, three.title]


def test_one_title_that_begins_with_a_hash_keeps_it():
    one, two = sample(2)
    text = f"{HEAD}# of Layers and Otters\n\n{one.abstract}\n\n{two.title}\n\n{two.abstract}"
    assert [record.title for record in read_capture(text).records] == ["# of Layers and Otters", two.title]


def test_a_heading_that_is_a_number_is_a_title_and_no_count():
    one, two = sample(2)
    cards = [f"7\n\n### {t}\n\n{p.abstract}\n\n- 4 authors\n\n· Jun 3" for t, p in ((one.title, one), ("2048", two))]
    records = read_capture(HEAD + "\n\n".join(cards)).records
    assert [(r.title, r.upvotes, r.comments) for r in records][:1] == [(one.title, 7, None)]
    assert all(record.title in (one.title, "2048") for record in records)


@pytest.mark.parametrize("lines", [["Authors: 4"], ["Published: Jun 3, 2026", "URL: https://pebbles.example.org"]])
@pytest.mark.parametrize("label", ["", "Abstract: "])
@pytest.mark.parametrize("count", [1, 3])
def test_another_labelled_field_is_no_title(lines, label, count):
    cards = ["\n".join([f"Title: {p.title}", *lines, f"{label}{p.abstract}"]) for p in sample(count)]
    assert not read_capture(HEAD + "\n\n".join(cards)).records


def test_a_bold_label_in_a_titles_place_is_no_title():
    cards = [f"### {p.title}\n\n**Upvotes:** 33\n\n{p.abstract}" for p in sample(1)]
    assert not read_capture(HEAD + "\n\n".join(cards)).records


def test_titles_with_more_than_the_title_behind_their_bold_are_refused():
    cards = [f"**{p.title}** (41)\n{p.abstract}" for p in sample(2)]
    assert not read_capture(HEAD + "\n\n".join(cards)).records


def test_the_tools_escapes_are_undone_where_headings_show_markdown():
    one, two = sample(2)
    words = r"names such as my\_quoll and \*otters\* cost 3\% of $\alpha\_i$."
    cards = [f"MARK{one.title} \\_x\n\n{words} {one.abstract}", f"MARK{two.title}\n\n{two.abstract}"]
    text = HEAD + "\n\n".join(cards)
    marked, plain = (read_capture(text.replace("MARK", mark)).records[0] for mark in ("### ", ""))
    assert marked.title == f"{one.title} _x"
    assert marked.abstract.startswith(r"names such as my_quoll and *otters* cost 3\% of $\alpha_i$.")
    assert plain.title == f"{one.title} \\_x" and plain.abstract.startswith(words)


def test_fields_that_are_labelled_are_no_titles():
    found = sample(3)
    cards = [f"Title: {p.title}\nDate: May {n}\nAbstract: {p.abstract}" for n, p in enumerate(found, 2)]
    assert [r.title for r in read_capture(HEAD + "\n\n".join(cards)).records] == []


def test_menus_and_metadata_behind_bullets_are_read():
    one, two = sample(2)
    menu = "* Models\n* Datasets\n* ---\n* Log In\n\n# Daily Papers\n\n## byAK and the research community\n\n- Daily\n- Weekly"
    metadata = [
        ["  •", "  •", "  • 4 authors", "", "· Jun 3 4"],
        ["  • [0]", "  • [1]", "  • 2 authors", "", "· Jun 5"],
    ]
    cards = [
        f"7\n\n{p.title}\n\n{p.abstract}\n\n" + "\n".join(lines) for p, lines in zip((one, two), metadata, strict=True)
    ]
    reading = read_capture(f"{menu}\n\n" + "\n\n[ ]\n".join(cards) + "\n")
    assert [(r.n_authors, r.date_text, r.upvotes) for r in reading.records] == [(4, "Jun 3 4", 7), (2, "Jun 5", 7)]
    assert not reading.refusals


@pytest.mark.parametrize("width", [0, 72])
def test_a_picture_without_words_parts_a_date_from_its_comments(width):
    found = sample(2)
    blocks = [HEAD.strip()]
    for paper in found:
        words = textwrap.wrap(paper.abstract, width) if width else [paper.abstract]
        blocks += [paper.title, "\n".join(words), "-   []\n-   2 authors", "· Jun 1 [] 2", "[]", "-"]
    records = read_capture("\n\n".join(blocks[:-2]) + "\n").records
    assert [(r.n_authors, r.date_text) for r in records] == [(2, "Jun 1 2")] * 2


# ---------------------------------------------------------------------------------------------
# texts that are mixed or cut by the tool


def test_an_abstract_in_a_titles_place_is_refused():
    one, two, three = sample(3)
    sentences = [
        "Otters sort pebbles by size and by colour. Quolls do not, and follow the drift.",
        "We count 1 204 of them in nine rivers.",
    ]
    text = (
        f"{HEAD}{one.title}\n{one.abstract}\n{' '.join(sentences)}\n{two.abstract}\n{three.title}\n{three.abstract}\n"
    )
    for record in read_capture(text).records:
        assert record.title in (one.title, three.title)


def test_the_submitters_line_is_no_title():
    one, two, three = sample(3)
    cards = [
        f" Submitted by  wreed\n{p.title} {p.abstract}\n 4 authors · Published on Jun 3, 2026\nUpvote 41\n"
        for p in (two, three)
    ]
    reading = read_capture(
        f"Trending Papers\n{one.title}\n{one.abstract}\n4 authors\n·\nJun 3, 2026\n" + "".join(cards)
    )
    assert [record.title for record in reading.records] == [one.title]


def test_the_pages_foot_behind_metadata_is_cut_off_and_behind_an_abstract_refused():
    one, two = sample(2)
    foot = " System themeCompanyTOS Privacy About Careers WebsiteModels Datasets Spaces Pricing Docs"
    cards = [f"{p.title}\n{p.abstract}\n 2 authors · Mar 14, 2025" for p in (one, two)]
    last = read_capture(HEAD + "\n".join(cards) + foot).records[-1]
    assert (last.abstract, last.n_authors, last.date_text) == (two.abstract, 2, "Mar 14, 2025")
    glued = f"{cards[0]}\n{two.title}\n{two.abstract} 2 authors · Mar 14, 2025{foot}"
    reading = read_capture(HEAD + glued)
    assert [record.title for record in reading.records] == [one.title]
    assert [refusal.reason for refusal in reading.refusals] == ["unknown_metadata"]


def test_a_line_longer_than_the_width_of_a_wrapped_neighbour_is_not_joined_with_the_next():
    one, two, three = sample(3)
    one, two, three = (replace(p, abstract=p.abstract[:470].rsplit(" ", 1)[0] + ".") for p in (one, two, three))
    wrapped = "\n".join(textwrap.wrap(two.abstract, 90))
    cards = [
        f"{one.title}\n{one.abstract}\nNorthfold Research Lab\n·\nJun 8\n",
        f"{two.title}\n{wrapped}\n3 authors\n·\nJun 9\n",
        f"{three.title}\n{three.abstract}\nquoll Quoll\n·\nJun 7\n",
    ]
    for record in read_capture(HEAD + "".join(cards)).records:
        assert record.abstract in (one.abstract, two.abstract, three.abstract)


@pytest.mark.parametrize(
    "first", ["Otters sort pebbles", "Otters sort pebbles by size, and quolls by colour; none by age. " * 6]
)
@pytest.mark.parametrize(
    "second",
    [
        "We publish pebbles at https://example.org/pebbles.",
        "See example.org",
        "More on pebbles, rivers and the drift of otters is in the appendix.",
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_an_abstract_of_two_lines_is_refused_with_its_title(first, second, gap):
    one, two, three = sample(3)
    cards = [f"{p.title}\n{p.abstract}\n3 authors\n·\nJun 9\n" for p in (one, three)]
    reading = read_capture(
        f"{HEAD}{cards[0]}{gap}{two.title}{gap}{first.strip()}{gap}{second}{gap}3 authors\n·\nJun 9\n{cards[1]}"
    )
    assert [record.title for record in reading.records] == [one.title, three.title]


def test_a_wide_terminals_first_line_is_no_title():
    found = sample(4)
    cards = [
        f"{p.title}\n\n   {p.abstract[:185].rsplit(' ', 1)[0]}\n   Pebbles and otters and quolls are then counted by hand, at night, in all nine rivers; we find that none of them knows the others, and that the drift carries all of them away in spring.\n     * 4 authors\n\n   · Jun 3 4\n\n"
        for p in found
    ]
    for record in read_capture(HEAD + "".join(cards)).records:
        assert record.title in [p.title for p in found]


@pytest.mark.parametrize(
    ("owner", "parts"),
    [
        ("Northfold DeepMoss", (None, "Northfold DeepMoss")),
        ("Queue-Ing Lab", (None, "Queue-Ing Lab")),
        ("quoll-lab The Lab", ("quoll-lab", "The Lab")),
        ("NorthFold Northfold Research", ("NorthFold", "Northfold Research")),
    ],
)
def test_of_few_organisations_each_is_a_handle_and_a_name_only_if_it_reads_so(owner, parts):
    one, two = sample(2)
    text = HEAD + "\n".join(f"{p.title}\n{p.abstract}\n{o}\n·\nJun 9" for p, o in ((one, owner), (two, "3 authors")))
    first = read_capture(text).records[0]
    assert (first.organisation_handle, first.organisation_name) == parts


def test_an_address_on_a_line_of_its_own_is_no_abstract():
    """It ends the abstract above, of which the lines stand apart."""
    text = "Daily Papers\n\nWe release the code of our quoll at:\nhttps://quoll.example.org/code.\n13 authors\n\u00b7\nJul 9, 2025\n"
    reading = read_capture(text)
    check_account(reading, text)
    assert reading.records == [] and reading.refusals


@pytest.mark.parametrize("owner", ["3 authors", "Tiny Lab"])
def test_a_count_below_a_date_with_its_dot_is_comments_where_no_title_has_upvotes(owner):
    text = "Daily Papers\n\n"
    for n, comments in enumerate(("4", "", "11", "")):
        text += f"### A Paper on Quoll Number {n}\n\n{abstract_of(Random(n), 500)}\n\n{owner}\n\n\u00b7 Jun {n + 2}\n\n"
        text += f"{comments}\n\n" if comments else ""
    reading = read_capture(text)
    check_account(reading, text)
    assert [(r.comments, r.upvotes, r.date_text) for r in reading.records] == [
        (4, None, "Jun 2"), (None, None, "Jun 3"), (11, None, "Jun 4"), (None, None, "Jun 5"),
    ]  # fmt: skip


def test_a_heading_that_a_tool_broke_is_one_title():
    title = "Quolls That Sort Gravel by Night: A Study of Forty Winters in"
    text = (
        f"# Daily Papers\n\n### {title}\nCold Ravines\n\n{abstract_of(Random(3), 500)}\n\n3 authors\n\n\u00b7 Jun 3\n"
    )
    reading = read_capture(text)
    check_account(reading, text)
    assert [record.title for record in reading.records] == [f"{title} Cold Ravines"]


@pytest.mark.parametrize(
    "line", ["[Papers]:1]", "[1]: /papers", "[Update]: accepted", "[Note]: https://quoll.example.org"]
)
def test_what_looks_like_a_definition_in_other_text_is_no_lost_line(line):
    check_account(read_capture(line), line)
    text = f"Daily Papers\n\nQuolls That Sort Gravel\n\n{abstract_of(Random(4), 500)}\n\n{line}\n\n3 authors\n\u00b7\nJun 3\n"
    reading = read_capture(text)
    check_account(reading, text)
    held = [range(part.line_start, part.line_end + 1) for part in (*reading.records, *reading.refusals)]
    assert any(7 in lines for lines in held), "its line is a paper's or refused"
