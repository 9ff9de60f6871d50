"""Invented papers, and the JSON and pages that show them. Every paper has a word of its own, so that a mix shows."""

import html
import json
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import html2text
import markdownify
from bs4 import BeautifulSoup

from etl_project.fields import MONTHS

_OWN = re.compile("zz[a-p]{4}zz")
_SVG = (
    '<svg class="text-sm peer-checked:text-gray-500" xmlns="http://www.w3.org/2000/svg" width="1em" height="1em" '
    'viewBox="0 0 12 12"><path fill="currentColor" d="M5.19 2.67a.94.94 0 0 1 1.62 0l3.31 5.72a.94.94 0 0 1-.82 1.4H2.7Z"></path></svg>'
)


def own_word(number):
    return "zz" + "".join("abcdefghijklmnop"[number >> shift & 15] for shift in (12, 8, 4, 0)) + "zz"


@dataclass(frozen=True)
class Paper:
    number: int
    seed: int = 0
    organisation: bool = False
    repository: bool = False
    project: bool = False
    ai: bool = False
    comments: int = 0
    upvotes: int = 7
    odd: str = ""
    word: str = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "word", own_word(self.number))

    @property
    def id(self):
        return f"26{self.number % 6 + 1:02}.{10000 + self.number * 111:05}"

    @property
    def title(self):
        return f"{self.word.capitalize()}: How Ants{self.odd} Carry {self.word} Over the Marsh"

    @property
    def abstract(self):
        random = Random(self.number * 1000 + self.seed)
        parts = [f"We follow {self.word} ants that carry{self.odd} moss."]
        for _ in range(random.randint(5, 12)):
            parts.append(
                f"In {random.randint(2, 90)} ravines the {self.word} {random.choice(['quoll', 'otter', 'beetle'])} "
                f"{random.choice(['counts', 'mends', 'sorts'])} every {random.choice(['lantern', 'pebble', 'kettle'])}."
            )
        return " ".join(parts)

    @property
    def ai_summary(self):
        return f"A study of {self.word} ants that carry moss over a marsh." if self.ai else None

    @property
    def authors(self):
        return tuple(f"{given} {self.word.capitalize()}" for given in ("Ada", "Bo", "Cy", "Dee")[: 1 + self.number % 4])

    @property
    def org(self):
        return (f"{self.word}-lab", f"{self.word.capitalize()} Lab, Ltd.") if self.organisation else (None, None)

    @property
    def github(self):
        return f"https://github.com/{self.word}/code" if self.repository else None

    @property
    def stars(self):
        return 40 + self.number if self.repository else None

    @property
    def page(self):
        return f"https://{self.word}.github.io/" if self.project else None

    @property
    def month(self):
        return self.number % 12 + 1

    @property
    def day(self):
        return self.number % 28 + 1

    @property
    def year(self):
        return 2025

    @property
    def published(self):
        return f"2025-{self.month:02}-{self.day:02}T17:01:02.000Z"

    @property
    def daily(self):
        return f"2026-06-{self.day:02}T00:00:00.000Z"


@dataclass(frozen=True)
class Told:
    """A paper of which every word is told; its page shows nothing of what is not. Times as the API writes them."""

    id: str
    title: str
    abstract: str | None = None
    ai_summary: str | None = None
    authors: tuple[str, ...] = ()
    org: tuple[str | None, str | None] = (None, None)
    github: str | None = None
    stars: int | None = None
    page: str | None = None
    published: str | None = None
    daily: str | None = None
    comments: int = 0
    upvotes: int = 7

    @property
    def year(self):
        return int(self.published[:4])

    @property
    def month(self):
        return int(self.published[5:7])

    @property
    def day(self):
        return int(self.published[8:10])


# ---- JSON


def item_of(paper, wrapped=False):
    """Return the API's item for a paper; ``wrapped`` breaks title and abstract as arXiv does."""
    inner = {
        "id": paper.id,
        "authors": [{"_id": f"{paper.id}{i}", "name": name, "hidden": i == 1} for i, name in enumerate(paper.authors)],
        "publishedAt": paper.published,
        "submittedOnDailyAt": paper.daily,
        "title": paper.title.replace(" Over ", "\n  Over ") if wrapped else paper.title,
        "submittedOnDailyBy": {"_id": "5e", "fullname": "Ada", "user": "ada"},
        "summary": paper.abstract.replace(". ", ".\n") if wrapped else paper.abstract,
        "upvotes": paper.upvotes,
        "discussionId": paper.id.replace(".", "").zfill(24),
        "projectPage": paper.page,
        "githubRepo": paper.github,
        "ai_summary": paper.ai_summary,
        "ai_keywords": ["ants", "moss"] if paper.ai_summary else None,
        "githubStars": paper.stars,
    }
    organisation = {"_id": "5f", "name": paper.org[0], "fullname": paper.org[1], "avatar": "https://a.org/a.png"}
    if paper.org[0]:
        inner["organization"] = organisation
    inner = {name: value for name, value in inner.items() if value is not None}
    item = {
        "paper": inner,
        "publishedAt": paper.published and paper.published[:11] + "13:01:02.000Z",
        "title": paper.title,
        "summary": paper.abstract and inner["summary"],
        "thumbnail": f"https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{paper.id}.png",
        "numComments": paper.comments,
        "submittedBy": {"_id": "5e", "fullname": "Ada", "name": "ada", "followerCount": 3},
    }
    if paper.org[0]:
        item["organization"] = organisation
    return {name: value for name, value in item.items() if value is not None} | {"isAuthorParticipating": False}


def flat_item(paper, names=0, authors=0):
    """Return the same as other projects flatten it."""
    number = [
        {"id": paper.id},
        {"paper_id": paper.id + "v2"},
        {"arxivId": paper.id},
        {"url": f"https://huggingface.co/papers/{paper.id}"},
    ]
    listed = [
        list(paper.authors),
        [f"{name}," for name in paper.authors],
        [{"name": name} for name in paper.authors],
        ", ".join(paper.authors),
    ]
    return {
        **number[names % 4],
        "title": paper.title,
        ["abstract", "summary"][names % 2]: paper.abstract,
        "authors": listed[authors % 4],
        ["upvotes", "num_upvotes"][names % 2]: paper.upvotes,
        "tags": [],
    }


def to_json(value, random):
    return json.dumps(
        value,
        ensure_ascii=random.random() < 0.5,
        indent=random.choice([None, None, 1, 2, "\t"]),
        separators=random.choice([None, (",", ":")]),
    )


# ---- pages


def page_of(papers, kind="search", data=True, cards=True, seed=0, host="", day="2026-06-11", query="ants"):
    """Return the page of some papers as a browser saves it."""
    random = Random(seed)
    break_ = random.choice(["", "\n", "\n\t\t"])
    items = [item_of(paper) for paper in papers]
    props = {
        "dateString": day,
        ("searchResults" if kind == "search" else "dailyPapers"): items,
        "query": {"q": query},
        "isTrending": kind == "trending",
    }
    text = html.escape(json.dumps(props, ensure_ascii=False), quote=False).replace("&gt;", random.choice([">", "&gt;"]))
    quote = random.choice(['"', "'"])
    text = text.replace('"', "&quot;") if quote == '"' or random.random() < 0.5 else text
    text = text.replace("'", "&#39;") if quote == "'" else text
    attributes = [f"data-props={quote}{text}{quote}", 'data-target="DailyPapers"', 'class="SVELTE_HYDRATER contents"']
    random.shuffle(attributes)
    heading = "Trending Papers" if kind == "trending" else "Daily Papers"
    today = date.fromisoformat(day)
    before, after = (f"{host}/papers/date/{today + timedelta(days=n)}" for n in (-1, 1))
    return (
        f'<!doctype html>\n<html class="">\n<head>\n<meta charset="utf-8" />\n'
        f'<meta property="og:url" content="https://huggingface.co/papers/date/{day}" />\n'
        "<style>article { color: red }</style>\n<script>const a = '<article>';</script>\n</head>\n<body class=\"DailyPapersPage\">\n"
        f'<div {" ".join(attributes) if data else ""}><section>{break_}<h1 class="text-2xl">{heading}</h1>'
        f'<h2>by<a href="{host}/akhaliq"><img alt="" src="/a.png"><span>AK</span></a> and the research community</h2>{break_}'
        f'<input type="search" placeholder="Search any paper with AI" value="{html.escape(query)}">'
        f'<a href="{before}">{_SVG}</a> <div class="w-24">{MONTHS[today.month - 1]} {today.day}</div> <a href="{after}">{_SVG}</a>\n'
        + "\n".join(card_of(paper, kind, random, host) for paper in (papers if cards else []))
        + f'\n<a href="{before}">Previous</a></section></div>\n'
        f'<footer><nav><a href="{host}/models">Models</a><a href="{host}/huggingface">About</a></nav></footer>\n</body>\n</html>\n'
    )


def card_of(paper, kind, random, host=""):
    parts = _Parts(paper, random, host)
    if kind == "trending":
        blocks = [
            f'<div class="{size}">{parts.thumbnail()}{parts.title()}<div class="mb-2"><p class="line-clamp-2">{parts.text(paper.ai_summary or paper.abstract)}</p></div>'
            f"<div>{parts.owner(linked=False)}<span>·</span> <span>{on}{parts.date(year=True)}</span></div>{parts.upvotes('Upvote ')}{parts.repository()}"
            f'<a href="https://arxiv.org/abs/{paper.id}" class="btn">{_SVG} <span>arXiv Page</span></a></div>'
            for size, on in (("hidden md:flex", "Published on "), ("flex md:hidden", ""))
        ]
        inner = "".join(blocks)
    elif kind == "daily":
        inner = (
            f'{parts.thumbnail()}<div>Submitted by\n\t\t<div><img alt="ada" src="/b.svg"></div> ada</div>{parts.upvotes()}'
            f"{parts.title()}<div>{parts.owner()}{parts.stars()}{parts.comments()}</div>"
        )
    else:
        inner = (
            f'{parts.upvotes()}{parts.title()} <a {parts.href()}><p class="line-clamp-4">{parts.text(paper.abstract)}</p></a>'
            f"<div>{parts.owner()}<span>·</span> <span>{parts.date(year=False)}</span> {parts.comments()}</div>"
        )
    return f'<article class="relative rounded-xl border"><div class="flex [&>svg]:h-4">{inner}</div></article>'


@dataclass
class _Parts:
    paper: Paper
    random: Random
    host: str

    def gap(self):
        return self.random.choice(["", "", " ", "\n\t\t", "<!---->", "<!--[-1--><!--]-->"])

    def href(self, tail=""):
        parts = [
            f'href="{self.host}/papers/{self.paper.id}{tail}"',
            'class="line-clamp-3 cursor-pointer"',
            'target="_blank"',
        ]
        self.random.shuffle(parts)
        return " ".join(parts)

    def text(self, text):
        text = html.escape(text, quote=self.random.random() < 0.5)
        return text.replace(" the ", self.random.choice([" the ", "\n\t\tthe ", "<br>the "]), 1)

    def thumbnail(self):
        return f'<a {self.href()}><img alt="" src="https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/{self.paper.id}.png"/></a>{self.gap()}'

    def title(self):
        return f'<h3 class="mb-1">{self.gap()}<a {self.href()}>{self.text(self.paper.title)}</a></h3>{self.gap()}'

    def upvotes(self, word=""):
        shown = self.paper.upvotes or "-"
        return (
            f'<a class="[&>div]:h-4" href="{self.host}/login?next=%2Fpapers%2F{self.paper.id}">{self.gap()}<div class="shadow"><input disabled type="checkbox" '
            f'class="peer hidden">{_SVG} {word}<div class="leading-none">{shown}</div></div></a>{self.gap()}'
        )

    def owner(self, linked=True):
        handle, name = self.paper.org
        if handle:
            return f'<a href="{self.host}/{handle}" class="inline-flex"><img src="https://a.org/a.png" alt="{handle}"> <span>{html.escape(name)}</span></a>{self.gap()}'
        count = len(self.paper.authors)
        shown = f'<ul class="flex"><li title="{self.paper.authors[0]}"></li><li><div>· </div> {count} authors</li></ul>'
        return f"<a {self.href()}>{shown}</a>{self.gap()}" if linked else shown

    def date(self, year):
        return f"{MONTHS[self.paper.month - 1]} {self.paper.day}" + (f", {self.paper.year}" if year else "")

    def stars(self):
        return f"<a {self.href()}>{_SVG} <span>{self.paper.stars}</span></a>" if self.paper.stars else ""

    def comments(self):
        return (
            f"<a {self.href('#community')}>{_SVG}{self.gap()} {self.paper.comments}</a>" if self.paper.comments else ""
        )

    def repository(self):
        return (
            f'<a href="{self.paper.github}" class="btn">{_SVG} GitHub <span>{self.paper.stars}</span></a>'
            if self.paper.github
            else ""
        )


def paper_page_of(paper, data=False):
    """Return the page of one paper as a browser saves it, with a comment that names another paper."""
    names = " ,\n".join(
        f'<span class="author"><a href="/{name.split()[0].lower()}">{name}</a></span>' for name in paper.authors
    )
    props = html.escape(
        json.dumps({"paper": item_of(paper)["paper"], "comments": [{"id": "1", "data": "moss"}], "upvoters": []})
    )
    summary = f"<div><p>{paper.ai_summary}</p><div>AI-generated summary</div></div>" if paper.ai else ""
    github = f'<a href="{paper.github}">GitHub <span>{paper.stars}</span></a>' if paper.repository else ""
    project = f'<a href="{paper.page}">Project page</a>' if paper.project else ""
    abstract = html.escape(paper.abstract).replace("moss", '<a href="/papers?q=moss">moss</a>')
    upvote = f'<a href="/login?next=%2Fpapers%2F{paper.id}"><input type="checkbox"> Upvote <div>{paper.upvotes or "-"}</div></a>'
    return f"""<!doctype html>
<html><head><meta property="og:url" content="https://huggingface.co/papers/{paper.id}" /></head>
<body><main>
<div class="SVELTE_HYDRATER" data-target="PaperPage" {f'data-props="{props}"' if data else ""}>
<div><a href="/papers">Papers</a></div> <div>arxiv:{paper.id}</div>
<h1>{html.escape(paper.title)}</h1>
<div>Published on {MONTHS[paper.month - 1]} {paper.day}, 2025</div> · Submitted by <a href="/ada"><img alt=""> Ada</a> on Jun 3
{upvote}
<ul><li><a href="/bo" title="bo"><img alt=""></a></li><li>+26</li></ul>
<div>Authors:</div> {names}
<h2>Abstract</h2>
{summary}
<p>{abstract}</p>
<a href="https://arxiv.org/abs/{paper.id}">View arXiv page</a> {project} {github}
<h3>Community</h3>
<p>Similar: <a href="/papers/2401.00001">Another Paper About Pebbles</a></p>
{upvote}
<h2>Models citing this paper 1</h2>
<article><a href="/quoll/model"><h4>quoll/model</h4></a></article>
</div></main></body></html>
"""


# ---- the page of one paper, as tools write it


def _html2text(page, **options):
    writer = html2text.HTML2Text(bodywidth=options.pop("bodywidth", 78))
    for name, value in options.items():
        setattr(writer, name, value)
    return writer.handle(page)


def _lines(page):
    """Return the page's text as a browser copies it, a block a line."""
    tree = BeautifulSoup(page, "lxml")
    for tag in tree(["script", "style", "svg", "title"]):
        tag.decompose()
    for block in tree(["p", "div", "h1", "h2", "h3", "li", "nav", "section", "footer"]):
        block.insert_before("\n")
        block.append("\n")
    lines = (" ".join(line.split()) for line in tree.get_text().split("\n"))
    return "\n".join(line for line in lines if line) + "\n"


#: What tools write of a paper's own page.
PAPER_TEXT_TOOLS = {
    "html2text": _html2text,
    "html2text unwrapped": lambda page: _html2text(page, bodywidth=0),
    "html2text references": lambda page: _html2text(page, inline_links=False),
    "html2text no links": lambda page: _html2text(page, ignore_links=True, ignore_images=True),
    "markdownify": markdownify.markdownify,
    "markdownify headings": lambda page: markdownify.markdownify(page, heading_style="ATX"),
    "front matter": lambda page: "---\nurl: https://huggingface.co/papers\n---\n\n" + _html2text(page, bodywidth=0),
    "lines": _lines,
}


# ---- checks


def check_unmixed(reading, papers):
    """Check that no record has words of two papers, and no id that is not its own."""
    by_word = {paper.word: paper for paper in papers}
    for record in reading.records:
        words = set(_OWN.findall(str(record._replace(raw=None)).lower()))
        assert len(words & set(by_word)) <= 1, record
        ids = {by_word[word].id for word in words if word in by_word}
        assert not ids or record.arxiv_id in (None, *ids) or record.arxiv_id not in {p.id for p in papers}, record
