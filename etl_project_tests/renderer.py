"""Pages of invented papers, laid out as tools lay out pages with links. No test and no reader here.

``render(papers, layout)`` gives the text; ``expected(paper, layout)`` the fields of a record that the layout
carries. A page is blocks of words, some of which lead somewhere; a layout says how blocks and links are written.
Every word of a paper holds a stem of its own, so a record with words of two papers shows.
"""

import re
import textwrap
from dataclasses import dataclass, fields, replace
from html import escape
from random import Random
from typing import Any

from etl_project.fields import MONTHS

SITE = "https://huggingface.co"

# ---------------------------------------------------------------------------------------------
# papers

_SYLLABLES = [a + b for a in "bdfgklmnprtvz" for b in "aeiou"]
_NOUNS = [
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
_VERBS = [
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
_MONTHS_WITHOUT_YEAR = (1, 12)


@dataclass(frozen=True)
class Paper:
    """One invented paper; ``stars`` as printed, ``organisation`` as (handle, name)."""

    number: int
    title: str
    abstract: str
    summary: str
    arxiv_id: str
    n_authors: int | None
    organisation: tuple[str, str] | None
    month: int
    day: int
    year: int | None
    comments: int
    upvotes: int
    github: str | None
    stars: str | None


def stem_of(number: int) -> str:
    """Return the beginning that all words of the paper ``number`` have: three syllables, then ``x``, which no noun has."""
    found = ""
    for _ in range(3):
        number, rest = divmod(number, len(_SYLLABLES))
        found += _SYLLABLES[rest]
    return found + "x"


def stems_in(text: str) -> set[str]:
    """Return the stems of the papers whose words stand in ``text``, halves of words left out."""
    return set(re.findall(r"(?<![a-z])((?:[bdfgklmnprtvz][aeiou]){3}x)", text.lower()))


def _sentence(random: Random, stem: str, least: int, odd: bool) -> str:
    words = [stem + random.choice(_NOUNS if i % 3 else _VERBS) for i in range(random.randint(least, least + 12))]
    words[0] = words[0].capitalize()
    if odd and random.random() < 0.6:
        words.insert(random.randrange(1, len(words)), random.choice(_ODD_WORDS).replace("@", stem))
    if random.random() < 0.3:
        words[len(words) // 2] += random.choice([",", ";", ":", " (e.g., 3.5)", " -"])
    return " ".join(words) + random.choice("...." if least > 6 else ".")


_ODD_WORDS = [
    "40\\%", "\\textbf{@moss}", 'T\\"ULU', "@snake_case", "@one_two_three", "C++", "#1", "< 5", "> 7", "@ant & @moss", "$5K",
    "10^{2}", "@moss*", "[@moss]", "([12])", "[3, 4]", "@pre- and @post-training", "state-of-the-@art", "**@bold**",
    "$x_{i}$", "@äöü", "“@cedar”", "(@marsh)", "@a|b", "`@code`", "~3", "~@ant~", "https://@.github.io/@-moss",
    "{@set}", "\\model", "@self-@made-@long-@word-@with-@hyphens", "1. @first", "2) @second", "- @dash", "+ @plus", "!",
]  # fmt: skip
_ODD_TITLES = [
    "[Re] @Ants", "@Moss^{2}", "$100K @Otters", "@Snake_Case", "@Cedar*", "C++ @Ants", "@Ant & @Moss", "@Ant <3 @Moss",
    "\\textbf{@Ant}", "@T\\\"ULU", "@ÄntΛ", "100\\% @Moss", "#1 @Quoll", "@Ravine [Draft]", "@A*-@Search", "(@Re)@Drift",
    "@Self-@Made", "@Ember: 2 @Otters", "@Two__@Under", "@Ant | @Moss", "`@Code`",
]  # fmt: skip


#: Words of the page's own, which titles end in, too.
_PAGES_WORDS = ["Models", "Datasets", "Papers", "Community", "Tasks", "2", "2024", "in May 2024"]


def title_of(random: Random, stem: str, odd: bool) -> str:
    """Return a title of two to 13 words."""
    words = [(stem + random.choice(_NOUNS)).capitalize() for _ in range(random.randint(2, 10))]
    if odd and random.random() < 0.5:
        odd_words = random.choice(_ODD_TITLES).replace("@", stem.capitalize())
        words.insert(random.choice([0, len(words), random.randrange(len(words))]), odd_words)
    if odd and random.random() < 0.2:
        words.append(random.choice(_PAGES_WORDS))
    if random.random() < 0.4:
        words[0] += ":"
    return " ".join(words) + random.choice(["", "", "", "?", "!"])


def paper_of(random: Random, number: int, odd: bool = True) -> Paper:
    """Return the paper ``number``; ``odd`` lets marks of Markdown and LaTeX into its words."""
    stem = stem_of(number)
    abstract = _sentence(random, stem, 8, odd)
    length = random.randint(330, 1500)
    while len(abstract) < length:
        abstract += " " + _sentence(random, stem, 8, odd)
    owner = random.choice(["authors", "authors", "organisation", "neither"])
    repository = random.random() < 0.7
    stars = random.choice([str(random.randint(1, 999)), f"{random.randint(10, 999) / 10:.1f}k", f"{random.randint(1, 99)}k",
                           f"{random.randint(101, 999) / 100:.2f}k"])  # fmt: skip
    if odd:  # what a tool escapes must show in a file for its escapes to be known
        abstract += f" {stem.capitalize()}sees [{stem}one] and ({stem}two)*."
    summary = re.sub(r"(?<=\w)\. ", " ", _sentence(random, stem, 12, odd).replace("1. ", ""))
    summary = " ".join(summary.replace("!", "").split())
    if odd:
        summary = summary.rstrip(".") + f" [{stem}one] ({stem}two)*."
    return Paper(
        number,
        title_of(random, stem, odd),
        abstract,
        summary,
        f"{random.randint(15, 26)}{random.randint(1, 12):02}.{number % 100_000:05}",
        random.randint(1, 400) if owner == "authors" else None,
        (f"{stem}-{random.choice(['lab', 'ai', 'org'])}", random.choice(["{} Labs", "{}", "{}, Ltd.", "{} & Co", "University of {}"]).format(stem.capitalize()))
        if owner == "organisation"
        else None,
        random.randint(1, 12),
        random.randint(1, 28),
        random.choice([None, *range(2015, 2027)]),
        random.choice([0, 0, random.randint(1, 99)]),
        random.choice([0, random.randint(1, 400)]),
        f"https://github.com/{stem}/{stem}-{random.choice(_NOUNS)}" if repository else None,
        stars if repository else None,
    )  # fmt: skip


def papers_of(seed: int, count: int, odd: bool = True) -> list[Paper]:
    """Return ``count`` papers that differ in all their words."""
    random = Random(seed)
    first = random.randrange(60_000)
    return [paper_of(random, first + i, odd) for i in range(count)]


# ---------------------------------------------------------------------------------------------
# layouts


@dataclass(frozen=True)
class Layout:
    """How a page is written. ``CHOICES`` names the values of each field that go with each form."""

    form: str = "inline"  # "inline", "references", "link_lines", "numbered"
    page: str = "search"  # "search", "daily", "trending"
    base: str = SITE  # what stands before an address of the site
    width: int = 0  # 0: not wrapped
    hyphens: bool = True  # wrapped at hyphens, too
    addresses_break: bool = False  # and within addresses
    escapes: str = "none"
    gap: int = 1  # blank lines between blocks
    tight: bool = False  # no blank lines between the lines of metadata
    list_at: str = "end"  # of references: "end", "paragraph", "missing"
    list_style: str = "dot"  # of numbers: "dot", "brackets"
    browser: str = "lynx"
    padded: bool = False  # a space at the beginning of a link's words
    bullet: str = "- "
    image: str = "words"  # an organisation's image: "words" in its place, "markdown", "none"
    envelope: str = "none"
    head: bool = True
    foot: bool = True
    votes: str = "number"
    copies: int = 1
    published: bool = True
    title_linked: bool = True
    plain_links: bool = False  # a trending page without ids and dates
    abstracts: str = "abstract"  # on trending pages: "summary" or "abstract"
    split_metadata: bool = True  # each part of metadata in a block of its own
    query: bool = False
    seed: int = 0


_COMMON: dict[str, list[Any]] = {
    "page": ["search", "search", "daily", "trending"],
    "base": [SITE, SITE, "", "https://hf-mirror.com"],
    "width": [0, 0, 60, 72, 78, 100, 120],
    "hyphens": [True, False],
    "gap": [1, 1, 2],
    "tight": [True, False],
    "bullet": ["- ", "* ", "• ", ""],
    "envelope": ["none", "none", "none", "front_matter", "header", "fence", "quote", "indent"],
    "head": [True, True, False],
    "foot": [True, False],
    "votes": ["number", "number", "Upvote", "checkbox"],
    "copies": [1, 2],
    "published": [True, False],
    "abstracts": ["summary", "abstract"],
    "query": [True, False],
    "seed": list(range(1000)),
}
_ESCAPES = ["none", "none", "turndown", "markdownify", "markdownify_all", "html2text", "html2text_all"]
CHOICES: dict[str, dict[str, list[Any]]] = {
    "inline": {
        **_COMMON,
        "escapes": _ESCAPES,
        "addresses_break": [False, True],
        "padded": [False, True],
        "image": ["words", "markdown", "none"],
        "title_linked": [True, True, False],
        "plain_links": [False, False, False, True],
        "split_metadata": [True, False],
    },
    "references": {
        **_COMMON,
        "escapes": _ESCAPES,
        "list_at": ["end", "paragraph", "missing"],
        "padded": [False, True],
        "image": ["words", "markdown", "none"],
        "split_metadata": [True, False],
    },
    "link_lines": {
        **_COMMON,
        "base": [SITE, SITE, "https://hf-mirror.com"],
        "envelope": ["none", "none", "front_matter", "header", "fence", "quote", "indent"],
        "image": ["none"],
        "padded": [False, True],
    },
    "numbered": {
        **_COMMON,
        "base": [SITE, SITE, "https://hf-mirror.com"],
        "envelope": ["none", "none", "front_matter", "header", "fence", "indent"],
        "browser": ["lynx", "w3m", "elinks", "lynx_inline"],
        "list_style": ["dot", "brackets"],
        "image": ["words", "none"],
        "split_metadata": [True, False],
    },
}


def layout_of(random: Random, form: str, **fixed: Any) -> Layout:
    """Return a layout of ``form`` that is drawn from its choices."""
    drawn = {name: random.choice(values) for name, values in CHOICES[form].items()}
    return sound(Layout(form, **{**drawn, **fixed}))


def sound(layout: Layout) -> Layout:
    """Return ``layout`` without combinations that no page and no tool has."""
    changes: dict[str, Any] = {}
    if layout.page != "trending":
        changes |= {"copies": 1, "plain_links": False, "title_linked": True}
        changes["votes"] = "number" if layout.votes == "Upvote" else layout.votes
    else:
        changes["votes"] = "checkbox" if layout.votes == "checkbox" else "Upvote"
        if layout.plain_links:
            changes |= {"title_linked": False, "image": "none"}
    if layout.page == "daily":  # without ids and abstracts it would have titles only
        changes |= {"query": False, "list_at": "end" if layout.list_at == "missing" else layout.list_at}
    if layout.page == "daily" and layout.escapes.endswith("_all"):
        changes["escapes"] = layout.escapes.removesuffix(
            "_all"
        )  # nothing but titles: "\\&" may be LaTeX's, and stays as received
    if not layout.head:
        changes["query"] = False
    return replace(layout, **changes)


assert {name for form in CHOICES.values() for name in form} < {field.name for field in fields(Layout)}

# ---------------------------------------------------------------------------------------------
# what a page holds: blocks of words


@dataclass(frozen=True)
class Words:
    """Words that stand together, the address that they lead to (None: none), and an image's words before them."""

    text: str
    to: str | None = None
    image: str | None = None


@dataclass(frozen=True)
class Block:
    """One line, or one paragraph. ``part`` says what it is."""

    words: tuple[Words, ...]
    part: str = "words"


def _head(layout: Layout) -> list[Block]:
    if not layout.head:
        return []
    name = "Trending Papers" if layout.page == "trending" else "Daily Papers"
    found = [
        Block((Words("new"),)),
        Block((Words("Get trending papers in your email inbox once a day!"),)),
        Block((Words("Get trending papers in your email inbox!"),)),
        Block((Words("Subscribe", "/login?next=%2Fpapers"),)),
        Block((Words(name),), "heading"),
        Block((Words("by "), Words("AK", "/akhaliq"), Words(" and the research community")), "byline"),
    ]
    if layout.query:
        found.append(Block((Words("quoll moss"),)))
    found += [Block((Words(period),), "item") for period in ("Daily", "Weekly", "Monthly")]
    if layout.page == "daily":
        found.append(Block((Words("", "/papers/date/2026-03-24"),)))
    if layout.page != "trending":
        found.append(Block((Words("Mar 25"),)))
    navigation = [("Models", "/models"), ("Datasets", "/datasets"), ("Log In", "/login"), ("Sign Up", "/join")]
    return [Block((Words(text, to),), "item") for text, to in navigation] + found


def _foot(layout: Layout) -> list[Block]:
    if not layout.foot:
        return []
    links = [("Previous", "/papers?p=0"), ("Next", "/papers?p=2")]
    links += [("TOS", "/terms-of-service"), ("Privacy", "/privacy"), ("About", "/huggingface")]
    return [Block((Words("System theme"),)), *(Block((Words(text, to),)) for text, to in links)]


def date_of(paper: Paper) -> str:
    """Return the paper's date as pages print it."""
    return f"{MONTHS[paper.month - 1]} {paper.day}" + (f", {paper.year}" if paper.year else "")


def _votes(paper: Paper, layout: Layout) -> Block:
    number = str(paper.upvotes) if paper.upvotes else "-"
    text = f"Upvote {number}" if layout.page == "trending" else number
    if layout.votes == "checkbox":
        text = f"[-] {text}" if layout.form == "link_lines" else f"[ ] {text}"
    return Block((Words(text, f"/login?next=%2Fpapers%2F{paper.arxiv_id}"),), "votes")


def _owner(paper: Paper, layout: Layout, to: str | None, bullet: str) -> list[Words]:
    if paper.n_authors:
        return [Words(f"{bullet}{paper.n_authors} authors", to)]
    if paper.organisation and not layout.plain_links:
        handle, name = paper.organisation
        return [Words(name, f"/{handle}", handle)]
    return []


def _cards(paper: Paper, layout: Layout) -> list[Block]:
    page = f"/papers/{paper.arxiv_id}"
    title = Block((Words(paper.title, page if layout.title_linked else None),), "title")
    submitted = Block((Words("Submitted by"),)), Block((Words("mossuser"),))
    if layout.page == "search":
        found = [_votes(paper, layout), title, Block((Words(paper.abstract, page),), "abstract")]
        owner = _owner(paper, layout, page, layout.bullet)
        date = [Words(date_of(paper))]
        if paper.comments:
            date.append(Words(str(paper.comments), page + "#community"))
        return found + _metadata(layout, owner, date)
    if layout.page == "daily":
        found = [Block((Words("", page),), "thumbnail"), *submitted, _votes(paper, layout), title]
        owner = _owner(paper, layout, page, "· ")
        rest = [Words(paper.stars, page)] if paper.stars else []
        rest += [Words(str(paper.comments), page + "#community")] if paper.comments else []
        return found + [Block((words,), "meta") for words in [*owner, *rest]]
    found = []
    for copy in range(layout.copies):
        if not layout.plain_links:
            found += [Block((Words("", page),), "thumbnail"), *submitted]
        text = paper.summary if layout.abstracts == "summary" else paper.abstract
        found += [title, Block((Words(text),), "abstract")]
        owner = _owner(paper, layout, None, layout.bullet)
        if layout.plain_links:
            found += [Block((words,), "meta") for words in owner]
        else:
            shown = replace(paper, year=paper.year or 2026)
            date = ("Published on " if layout.published and copy == 0 else "") + date_of(shown)
            found += _metadata(layout, owner, [Words(date)])
            found.append(_votes(paper, layout))
        links = []
        if paper.github and paper.stars:
            words = f"LINK: GitHub {paper.stars}" if layout.plain_links else f"GitHub {paper.stars}"
            links.append(Words(words, paper.github))
        if not layout.plain_links:
            links.append(Words("arXiv Page", f"https://arxiv.org/abs/{paper.arxiv_id}"))
        found += [Block((words,), "links") for words in links]
    return found


def _metadata(layout: Layout, owner: list[Words], date: list[Words]) -> list[Block]:
    if layout.split_metadata:
        return [Block((words,), "meta") for words in [*owner, Words("·")]] + [Block(tuple(date), "date")]
    return [Block((*owner, Words(" · " if owner else "· "), *date), "meta")]


def carries(paper: Paper, layout: Layout) -> bool:
    """Say whether the layout shows enough of the paper to be a record: something of a paper besides two texts."""
    return not layout.plain_links or paper.n_authors is not None or paper.github is not None


def expected(paper: Paper, layout: Layout) -> dict[str, Any]:
    """Return the fields that a record of ``paper`` in ``layout`` has; fields that are not named are None."""
    ids = not (layout.plain_links or (layout.form == "references" and layout.list_at == "missing"))
    trending, search = layout.page == "trending", layout.page == "search"
    found: dict[str, Any] = {"title": paper.title, "n_authors": paper.n_authors}
    found["arxiv_id"] = paper.arxiv_id if ids else None
    if layout.page != "daily":
        found["abstract"] = paper.summary if trending and layout.abstracts == "summary" else paper.abstract
        found["abstract_kind"] = "summary" if trending and layout.abstracts == "summary" else "abstract"
    if paper.organisation and not layout.plain_links:
        handle, name = paper.organisation
        found["organisation_handle"] = handle if ids or layout.image != "none" else None
        found["organisation_name"] = name
    if not layout.plain_links:
        found["upvotes"] = paper.upvotes
    if layout.page != "daily" and not layout.plain_links:
        found["date"] = (paper.month, paper.day, paper.year or (2026 if trending else None))
    if not trending and paper.comments:
        found["comments"] = paper.comments
    if trending or layout.page == "daily":
        if paper.stars:
            digits = paper.stars.removesuffix("k")
            scale = 1000 if paper.stars.endswith("k") else 1
            found["github_stars"] = round(float(digits) * scale)
            found["github_stars_step"] = scale // 10 ** len(digits.partition(".")[2])
        found["github_url"] = paper.github if trending and (ids or layout.plain_links) else None
    assert search or trending or layout.page == "daily"
    return found


# ---------------------------------------------------------------------------------------------
# how blocks are written


def render(papers: list[Paper], layout: Layout) -> str:
    """Return the page of ``papers`` as the layout writes it."""
    blocks = _head(layout)
    for paper in papers:
        blocks += _cards(paper, layout)
    blocks += _foot(layout)
    writer = {"inline": _Markdown, "references": _Markdown, "link_lines": _LinkLines, "numbered": _Numbered}[
        layout.form
    ]
    return _enclose(writer(layout).write(blocks), layout)


def address(to: str, layout: Layout) -> str:
    """Return where ``to`` leads, as the layout writes it."""
    return layout.base + to if to.startswith("/") else to


def _wrap(text: str, layout: Layout, indent: str = "", first: str = "") -> str:
    if not layout.width:
        return first + text
    kept: list[str] = []
    if not layout.addresses_break:
        # an address within a link stays whole
        text = re.sub(
            r"\]\([^()\s]*\)|\[https?:[^\s\]]*\]",
            lambda m: kept.append(m[0]) or f"\ue010{len(kept) - 1:_>{len(m[0]) - 2}}\ue011",
            text,
        )
    lines = textwrap.wrap(
        text,
        layout.width,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=layout.hyphens,
        drop_whitespace=True,
    )
    # a wrapped line must not begin like a list, a heading or a rule: tools escape it there, and we do not wrap there
    return re.sub("\ue010_*(\\d+)\ue011", lambda m: kept[int(m[1])], "\n".join(lines))


def wrapped(text: str, width: int) -> str:
    """Return ``text`` broken into lines of at most ``width``, as a page without links is."""
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def _enclose(text: str, layout: Layout) -> str:
    address = layout.base or SITE
    source = f"{address}/papers?q=quoll+moss" if layout.query else f"{address}/papers"
    if layout.envelope == "front_matter":
        return f'---\ntitle: "Daily Papers - Hugging Face"\nurl: {source}\ncreated: 2026-03-25\n---\n\n{text}'
    if layout.envelope == "header":
        return f"Title: Daily Papers - Hugging Face\n\nURL Source: {source}\n\nMarkdown Content:\n{text}"
    if layout.envelope == "fence":
        return f"```text\n{text.rstrip()}\n```\n"
    if layout.envelope == "quote":
        return "".join(f"> {line}\n" if line else ">\n" for line in text.rstrip("\n").split("\n"))
    if layout.envelope == "indent":
        return "".join(f"   {line}\n" if line else "\n" for line in text.rstrip("\n").split("\n"))
    return text


def _join(parts: list[tuple[str, str]], layout: Layout) -> str:
    """Join (written block, part) with blank lines between, none within tight metadata."""
    text = ""
    for i, (written, part) in enumerate(parts):
        text += written + "\n"
        after = parts[i + 1][1] if i + 1 < len(parts) else ""
        items = part == after == "item"
        if not items and not (layout.tight and part == "meta" and after in ("meta", "date")):
            text += "\n" * layout.gap
    return text


class _Markdown:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.numbers: dict[str, int] = {}
        self.listed: list[str] = []  # since the last list

    def write(self, blocks: list[Block]) -> str:
        parts: list[tuple[str, str]] = []
        for block in blocks:
            text = "".join(self._words(words, block.part) for words in block.words)
            if not text.strip():
                continue
            prefix = {"title": "### ", "heading": "# ", "byline": "## ", "item": "- "}.get(block.part, "")
            loose = self.layout.width and block.part == "title" and not block.words[0].to
            parts.append((_wrap(text, self.layout, "  " if loose or prefix == "- " else "", prefix), block.part))
            if self.layout.list_at == "paragraph" and self.listed and block.part != "item":
                parts.append(("\n".join(self.listed), "list"))
                self.listed = []
        if self.listed and self.layout.list_at != "missing":
            parts.append(("\n".join(self.listed), "list"))
        return _join(parts, self.layout)

    def _words(self, words: Words, part: str) -> str:
        layout = self.layout
        text = words.text
        marks = (part in ("votes", "meta", "item")) or (words.to or "").startswith("/login")
        text = text if marks and not words.image else escaped(text, layout.escapes)
        if words.to is None:
            return text
        if words.image and layout.image != "none":
            shown = {
                "words": f"[{words.image}]",
                "markdown": f"![{words.image}](https://cdn.example/a-b/{words.image}.png)",
            }
            text = f"{shown[layout.image]} {text}"
        if layout.padded and text:
            text = " " + text
        to = address(words.to, layout)
        if layout.form == "inline":
            return f"[{text}]({to})"
        if to not in self.numbers:
            self.numbers[to] = len(self.numbers) + 1
            self.listed.append(f"[{self.numbers[to]}]: {to}")
        return f"[{text}][{self.numbers[to]}]"


def escaped(text: str, style: str) -> str:
    """Return ``text`` with marks of Markdown escaped as a tool does."""
    if style == "turndown":
        text = re.sub(r"([\\*`\[\]_])", r"\\\1", text)
        text = re.sub(r"^(-|\+ |>|~~~|=+)", r"\\\1", text)
        return re.sub(r"^(\d+)\. ", r"\1\\. ", re.sub(r"^(#{1,6}) ", r"\\\1 ", text))
    if style == "markdownify":
        return re.sub(r"([*_])", r"\\\1", text)
    if style == "markdownify_all":
        text = re.sub(r"([]\\&<`>~=+|\[*_])", r"\\\1", text)
        text = re.sub(r"(\s|^)(-+(?:\s|$))", r"\1\\\2", text)
        text = re.sub(r"(\s|^)(#{1,6}(?:\s|$))", r"\1\\\2", text)
        return re.sub(r"((?:\s|^)[0-9]{1,9})([.)](?:\s|$))", r"\1\\\2", text)
    if style == "html2text":
        text = re.sub(r"^(\s*\d+)(\.)(?=\s)", r"\1\\\2", text)
        return re.sub(r"^(\s*)([-+])(?=\s)", r"\1\\\2", text)
    if style == "html2text_all":
        text = re.sub(r"(\\)(?=[\\`*_{}\[\]()#+\-.!])", r"\\\1", text)
        text = re.sub(r"([`*_{}\[\]()#!])", r"\\\1", text)
        text = re.sub(r"^(\s*\d+)(\.)(?=\s)", r"\1\\\2", text)
        return re.sub(r"^(\s*)([-+])(?=\s)", r"\1\\\2", text)
    return text


class _LinkLines:
    """Words, then the address that they lead to, a line each."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def write(self, blocks: list[Block]) -> str:
        parts: list[tuple[str, str]] = []
        for block in blocks:
            for words in block.words:
                text = words.text.strip()
                if text:
                    text = (" " if self.layout.padded else "") + text
                    parts.append((_wrap(text, self.layout), block.part))
                if words.to is not None:
                    parts.append((address(words.to, self.layout), block.part))
        return _join(parts, self.layout)


class _Numbered:
    """``[45]Title``, and the list of addresses at the end, as browsers of terminals write pages."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.listed: list[str] = []

    def write(self, blocks: list[Block]) -> str:
        layout = self.layout
        indent = "   " if layout.browser != "w3m" else ""
        parts: list[tuple[str, str]] = []
        for block in blocks:
            text = "".join(self._words(words, block.part) for words in block.words)
            outdented = block.part in ("title", "heading", "byline") or not indent
            margin = "" if outdented else indent
            first = {"item": indent + "  * "}.get(block.part, margin)
            if layout.width:
                written = "\n".join(_wrap(line, layout, margin, first) for line in text.split("\n"))
            else:
                written = "\n".join(first + line for line in text.split("\n"))
            parts.append((written, block.part))
        text = _join(parts, layout)
        if layout.browser == "lynx_inline":
            return text
        style = "{:>4}. {}" if layout.list_style == "dot" else "[{}] {}"
        listed = "\n".join(style.format(number, to) for number, to in enumerate(self.listed, 1))
        heading = {"lynx": "References\n\n   Visible links:\n", "w3m": "References:\n\n"}.get(
            layout.browser, "References\n\n"
        )
        return text + "\n" + heading + listed + "\n"

    def _words(self, words: Words, part: str) -> str:
        layout = self.layout
        if words.to is None:
            return words.text
        to = address(words.to, layout)

        def mark() -> str:
            if layout.browser == "lynx_inline":
                return f"[{to}]"
            self.listed.append(to)
            return f"[{len(self.listed)}]"

        before = " " if part in ("date", "meta") and words.to.endswith("#community") else ""
        image = ""
        if words.image and layout.image != "none":
            image = f"{mark()}{words.image} " if layout.browser == "elinks" else f"{words.image} "
            if layout.browser == "elinks":
                return f"{image}{mark()}{words.text}"
        between = "\n" if part == "abstract" and layout.browser == "lynx" and words.text else ""
        if part == "votes" and layout.votes == "checkbox":
            return f"{mark()}\n[ ]\n{words.text.removeprefix('[ ] ')}"
        return f"{before}{mark()}{between}{image}{words.text}"


# ---------------------------------------------------------------------------------------------
# the page itself


def render_html(papers: list[Paper], layout: Layout) -> str:
    """Return the page as HTML with the elements of the real one, without its JSON."""
    cards = "\n".join(f"<article><div>{_html_card(paper, layout)}</div></article>" for paper in papers)
    name = "Trending Papers" if layout.page == "trending" else "Daily Papers"
    return f"""<!doctype html><html><head><title>{name} - Hugging Face</title></head><body><main>
<div>new</div><p>Get trending papers in your email inbox!</p><a href="/login?next=%2Fpapers">Subscribe</a>
<h1>{name}</h1><h2>by <a href="/akhaliq"><img alt="" src="/front/papers-by.png"/>AK</a> and the research community</h2>
<ul><li>Daily</li><li>Weekly</li><li>Monthly</li></ul><a href="/papers/date/2026-03-24"></a><div>Mar 25</div>
<section>{cards}</section>
<nav><a href="/papers?p=0">Previous</a> <a href="/papers?p=2">Next</a></nav></main>
<footer><div>System theme</div><a href="/terms-of-service">TOS</a> <a href="/privacy">Privacy</a> <a href="/huggingface">About</a> <a href="https://apply.workable.com/huggingface/">Careers</a></footer></body></html>"""


def _html_card(paper: Paper, layout: Layout) -> str:
    page = f"/papers/{paper.arxiv_id}"
    title = f'<h3><a href="{page}">{escape(paper.title)}</a></h3>'
    thumbnail = (
        f'<a href="{page}"><img alt="" src="https://cdn.example/social-thumbnails/papers/{paper.arxiv_id}.png"/></a>'
    )
    submitted = '<div>Submitted by <div><img alt="" src="/avatars/a.svg"/> mossuser</div></div>'
    votes = f'<div><div><a href="/login?next=%2Fpapers%2F{paper.arxiv_id}"><div>{paper.upvotes or "-"}</div></a></div></div>'
    faces = '<li><img alt="" src="/avatars/a.svg"/></li>'
    owner = ""
    if paper.n_authors:
        dot = "· " if layout.page == "daily" else ""
        owner = f"<ul>{faces}{faces}<li>{dot}{paper.n_authors} authors</li></ul>"
        owner = owner if layout.page == "trending" else f'<a href="{page}">{owner}</a>'
    elif paper.organisation:
        handle, words = paper.organisation
        owner = f'<a href="/{handle}"><img alt="{handle}" src="https://cdn.example/a-b/{handle}.png"/><span>{escape(words)}</span></a>'
    comments = f'<a href="{page}#community"><span>{paper.comments}</span></a>' if paper.comments else ""
    if layout.page == "daily":
        stars = f'<a href="{page}"><span>{paper.stars}</span></a>' if paper.stars else ""
        return f"{thumbnail}{submitted}{votes}{title}<div>{owner}</div><div>{stars}</div><div>{comments}</div>"
    if layout.page == "search":
        abstract = f'<a href="{page}"><p>{escape(paper.abstract)}</p></a>'
        return f"{votes}{title}{abstract}<div>{owner}<div>·</div><div>{date_of(paper)}</div>{comments}</div>"
    text = escape(paper.summary if layout.abstracts == "summary" else paper.abstract)
    date = date_of(replace(paper, year=paper.year or 2026))
    github = f'<a href="{paper.github}"><span>GitHub</span> <span>{paper.stars}</span></a>' if paper.github else ""
    copies = [
        f"<div>{thumbnail}{submitted}{title}<p>{text}</p><div>{owner}<div>·</div><div>{published}{date}</div></div>"
        f'<a href="/login?next=%2Fpapers%2F{paper.arxiv_id}">Upvote <div>{paper.upvotes or "-"}</div></a> {github} '
        f'<a href="https://arxiv.org/abs/{paper.arxiv_id}"><span>arXiv Page</span></a></div>'
        for published in ("Published on ", "")
    ]
    return "".join(copies)
