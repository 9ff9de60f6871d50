"""The catalogue of forms: what each looks like, how it is recognised, what it carries. Data, and how it is shown as Markdown.

``papers forms``, docs/forms.md and the table of the README are made of it; a test compares it with what the
samples of each form give.
"""

from typing import NamedTuple

#: What a record can hold, by the words of the catalogue; the fields are those of ``model.Record``.
CARRIED: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "abstract": ("abstract",),
    "summary": ("ai_summary",),
    "arXiv id": ("arxiv_id",),
    "number of authors": ("n_authors",),
    "authors by name": ("authors",),
    "organisation": ("organisation_handle", "organisation_name"),
    "date": ("date_text",),
    "times": ("arxiv_time", "daily_time"),
    "upvotes": ("upvotes",),
    "comments": ("comments",),
    "repository": ("github_url",),
    "stars": ("github_stars", "github_stars_step"),
    "project page": ("project_url",),
    "anything else": ("raw",),
}


class Form(NamedTuple):
    """One form of capture. ``carries`` are keys of ``CARRIED``; ``notes`` says what to know about its values."""

    name: str
    looks: str
    known_by: str
    carries: tuple[str, ...]
    notes: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the form cannot tell."""
        return tuple(word for word in CARRIED if word not in self.carries)


_CARD = ("title", "abstract", "arXiv id", "number of authors", "organisation", "date", "upvotes", "comments", "stars")
_TRENDING = (
    "title",
    "abstract",
    "arXiv id",
    "number of authors",
    "organisation",
    "date",
    "upvotes",
    "repository",
    "stars",
)
_ITEM = tuple(CARRIED)
_NO_YEAR = "A date of the page's own year is printed without it; the year comes from the capture's day."
_KIND = "In the abstract's place may stand a one-sentence summary (`abstract_kind`)."
#: Without a day, stars and upvotes of several captures cannot be put in order.
_NO_DAY = "The page prints no day: name the file by the day of its capture (`..._2026-06-11...`)."
_DAILY = "Daily pages show neither abstract nor date."

READ: tuple[Form, ...] = (
    Form(
        "text_with_metadata",
        "text as a browser copies it, blank lines between title, abstract and authors",
        "lines in the order of a card: title, abstract, authors or organisation, middle dot, date",
        ("title", "abstract", "number of authors", "organisation", "date", "upvotes", "comments", "stars"),
        f"{_NO_YEAR} Upvotes only where the tool kept them.",
    ),
    Form(
        "text_titles_abstracts",
        "text, titles and abstracts only",
        "short and long lines in turn, blank lines between them",
        ("title", "abstract"),
    ),
    Form(
        "text_compact",
        "text without blank lines",
        "short and long lines in turn, no blank lines",
        ("title", "abstract"),
    ),
    Form(
        "text_wrapped",
        "text broken at a width (terminal browsers, converters), no links",
        "paragraphs whose lines go to one width",
        ("title", "abstract", "number of authors", "organisation", "date", "upvotes", "comments", "stars"),
        f"{_NO_YEAR} Lines are joined again; a hyphen at a line's end is kept.",
    ),
    Form(
        "markdown",
        "Markdown with links inline or by reference, wrapped or not",
        "Markdown links that lead to `/papers/<id>`, `login?next=/papers/<id>` or `#community`",
        (*_CARD, "repository"),
        f"{_NO_YEAR} {_DAILY} Without the list of references there are no ids.",
    ),
    Form(
        "markdown_trending",
        "Markdown of the trending page, every card twice",
        "the same, with repositories and `Published on` on most cards",
        (*_TRENDING, "comments"),
        f"{_KIND} Both copies of a card are one record. Without links there are no ids. {_NO_DAY}",
    ),
    Form(
        "text_link_lines",
        "text with each link on a line of its own, under its words",
        "lines that are an address and lead to papers",
        (*_CARD, "repository"),
        _NO_YEAR,
    ),
    Form(
        "text_link_lines_trending",
        "the same of the trending page",
        "the same, with repositories and `Published on` on most cards",
        (*_TRENDING, "comments"),
        f"{_KIND} {_NO_DAY}",
    ),
    Form(
        "text_numbered_links",
        "a terminal browser's dump, `[45]Title` and a list of addresses",
        "numbers in brackets whose listed addresses lead to papers",
        (*_CARD, "repository"),
        f"{_NO_YEAR} {_DAILY}",
    ),
    Form(
        "text_numbered_links_trending",
        "the same of the trending page",
        "the same, with repositories and `Published on` on most cards",
        (*_TRENDING, "comments"),
        f"{_KIND} {_NO_DAY}",
    ),
    Form(
        "text_paper",
        "Markdown or text of one paper's page",
        "one line `arxiv:<id>`, and `Abstract` below it",
        (
            "title", "abstract", "summary", "arXiv id", "number of authors", "authors by name", "date", "upvotes",
            "repository", "stars", "project page",
        ),
        f"{_NO_YEAR} {_NO_DAY} What others wrote below the links is the page's.",
    ),
    Form(
        "html_data",
        "saved HTML (or MHTML) with the page's own JSON in it",
        "an element with `data-props`, or a script with JSON, that holds papers",
        _ITEM,
        "Read from the JSON; the cards are not needed.",
    ),
    Form(
        "html_cards",
        "saved HTML (or MHTML) without that JSON",
        "`article` elements or headings with a link to `/papers/<id>`",
        (*_CARD, "repository"),
        f"{_NO_YEAR} {_DAILY} {_KIND}",
    ),
    Form(
        "html_paper",
        "saved HTML of one paper's page",
        "a page whose own address or heading is one paper's",
        _ITEM,
        _NO_DAY,
    ),
    Form(
        "api_json",
        "JSON of the API, or as other projects archive it",
        "JSON in which objects with a title and an id or an abstract stand",
        _ITEM,
        f"Three dates: the day on arXiv, the time of its announcement, the time on the daily page. {_NO_DAY}",
    ),
    Form(
        "json_lines",
        "the same, one object a line",
        "lines that are JSON objects",
        _ITEM,
        _NO_DAY,
    ),
)  # fmt: skip


def table(forms: tuple[Form, ...] = READ) -> str:
    """Return a Markdown table of the forms, one a line: its name, how it looks, what it carries, what it cannot tell."""
    rows = ["| form | how it looks | carries | cannot tell |", "|---|---|---|---|"]
    for form in forms:
        lacks = ", ".join(form.lacks) or "-"
        rows.append(f"| `{form.name}` | {form.looks} | {', '.join(form.carries)} | {lacks} |")
    return "\n".join(rows)


def document() -> str:
    """Return the text of docs/forms.md."""
    lines = [
        "# Forms of captures",
        "",
        "Made by `make dictionary` from `etl_project/captures/catalogue.py`. `papers forms` shows the same, and",
        "`papers forms FILE` how one file is recognised and which of its lines go where. Any form may be packed as `.gz`",
        "or `.zst`, in UTF-8, UTF-16 or Windows-1252, and may stand behind a front matter, a scraper's header, in a code",
        "fence or quoted.",
        "",
        table(),
        "",
        "How each is recognised, and what to know of its values:",
        "",
    ]
    lines += [f"- `{form.name}`: {form.known_by}. {form.notes}".rstrip() for form in READ]
    return "\n".join(lines) + "\n"
